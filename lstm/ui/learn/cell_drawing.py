"""The drawing of one LSTM cell: two bands of memory, and the gates between them.

Knows nothing of where the numbers come from.
"""

import math

from lstm.lessons.cell import LONGEST, Moment
from lstm.messages import Language, text
from lstm.ui.learn import svg
from lstm.ui.words import signed

_WIDTH, _HEIGHT = 880, 440
_LONG, _SHORT, _BAND = 48, 262, 40
_GATE_Y, _GATE_W, _GATE_H = 158, 96, 54
_FORGET, _INPUT, _CANDIDATE, _OUTPUT, _USE = 190, 330, 446, 600, 720
_SUM = 388
_STRIP = 352


def cell_svg(spelled: str, moment: Moment, language: Language) -> str:
    """Return the cell at one character, and its two memories over the text so far.

    Args:
        spelled: The text as the network reads it. Hostile.
        moment: The cell.
        language: In which its parts are named.
    """

    def say(key: str) -> str:
        return text(f"learn_gates.{key}", language)

    letter = svg.named(spelled[moment.place], language)
    pieces = [
        *_long_band(moment, say("long")),
        *_short_band(moment, say("short"), f"{say('event')} {letter}"),
        _gate(_FORGET, say("forget_gate"), "f", moment.forget),
        _gate(_INPUT, say("input_gate"), "i", moment.input),
        _gate(_CANDIDATE, say("candidate"), "g", moment.candidate),
        _gate(_OUTPUT, say("output_gate"), "o", moment.output),
        *_joints(moment),
        *_strip(spelled, moment, language),
    ]
    return svg.sheet(_WIDTH, _HEIGHT, *pieces)


def _long_band(moment: Moment, said: str) -> list[str]:
    """Draw the long-term memory: before, what is kept of it, and after."""
    edges = (20, _FORGET, _SUM, _WIDTH - 20)
    pieces = [svg.left_words(20, _LONG - 10, said, size=15)]
    for left, right, name, value in zip(
        edges, edges[1:], ("c₋₁", "f · c₋₁", "c"), (moment.before, moment.kept, moment.memory),
        strict=False,
    ):  # fmt: skip
        pieces.append(svg.cell(left, _LONG, right - left, _BAND, math.tanh(value)))
        middle = (left + right) / 2
        pieces.append(
            svg.words(middle, _LONG + 26, f"{name} = {signed(value)}", "on-colour", size=16)
        )
    return [*pieces, svg.box(20, _LONG, _WIDTH - 40, _BAND)]


def _short_band(moment: Moment, said: str, event: str) -> list[str]:
    """Draw the short-term memory: before, and after; the event joins it on its way."""
    edge = 130
    pieces = [svg.left_words(20, _SHORT + _BAND + 18, said, size=15)]
    for left, right, name, value in (
        (20, edge, "h₋₁", moment.answer_before),
        (_USE - 20, _WIDTH - 20, "h", moment.answer),
    ):
        pieces.append(svg.cell(left, _SHORT, right - left, _BAND, value))
        pieces.append(svg.box(left, _SHORT, right - left, _BAND))
        middle = (left + right) / 2
        pieces.append(
            svg.words(middle, _SHORT + 26, f"{name} = {signed(value)}", "on-colour", size=16)
        )
    y = _SHORT + _BAND / 2
    pieces.append(svg.arrow(f"M{edge},{y} H{_OUTPUT + 4}"))
    pieces.append(svg.words(_SUM, _SHORT + _BAND + 18, event, "letter", size=16))
    pieces.append(svg.arrow(f"M{_SUM},{_SHORT + _BAND + 2} V{y + 3}"))
    for x in (_FORGET, _INPUT, _CANDIDATE, _OUTPUT):
        pieces.append(svg.arrow(f"M{x},{y} V{_GATE_Y + _GATE_H + 3}"))
    return pieces


def _gate(x: float, name: str, letter: str, value: float) -> str:
    """Draw a gate, filled as far as it is open; a candidate in the colour of its number."""
    left = x - _GATE_W / 2
    level = _GATE_H * min(1.0, abs(value))
    place = f'x="{left:.1f}" y="{_GATE_Y + _GATE_H - level:.1f}" width="{_GATE_W}"'
    return "".join(
        (
            svg.cell(left, _GATE_Y, _GATE_W, _GATE_H, 0.0),
            f'<rect {place} height="{level:.1f}" fill="{svg.colour(math.copysign(0.7, value))}"/>',
            svg.box(left, _GATE_Y, _GATE_W, _GATE_H, "box strong"),
            svg.words(x, _GATE_Y + 20, name, "on-colour", size=13),
            svg.words(x, _GATE_Y + 42, f"{letter} = {signed(value)}", "on-colour letter", size=15),
        )
    )


def _joints(moment: Moment) -> list[str]:
    """Draw where something is multiplied or added."""
    joint, band = _GATE_Y - 32, _LONG + _BAND
    learned = f"i · g = {signed(moment.learned)}"
    use_y = _GATE_Y + _GATE_H / 2
    return [
        svg.arrow(f"M{_FORGET},{_GATE_Y} V{band + 4}"),
        svg.words(_FORGET - 14, band + 24, "×", "letter", size=20),
        svg.arrow(f"M{_INPUT},{_GATE_Y} V{joint} H{_SUM - 3}"),
        svg.arrow(f"M{_CANDIDATE},{_GATE_Y} V{joint} H{_SUM + 3}"),
        svg.arrow(f"M{_SUM},{joint} V{band + 4}"),
        svg.words(_SUM - 14, band + 20, "+", "letter", size=20),
        svg.left_words(_SUM + 12, band + 20, learned, size=14),
        svg.arrow(f"M{_OUTPUT + _GATE_W / 2},{use_y} H{_USE - 16}"),
        svg.arrow(f"M{_USE},{band} V{use_y - 16}"),
        svg.left_words(_USE + 10, band + 34, "tanh(c)", size=14),
        svg.words(_USE, use_y + 7, "×", "letter", size=20),
        svg.arrow(f"M{_USE},{use_y + 16} V{_SHORT - 4}"),
    ]


def _strip(spelled: str, moment: Moment, language: Language) -> list[str]:
    """Draw both memories at every character so far, above the text."""
    step = (_WIDTH - 60) / LONGEST
    pieces = [svg.words(28, _STRIP + 18, "c", "letter"), svg.words(28, _STRIP + 42, "h", "letter")]
    for place, letter in enumerate(spelled[:LONGEST]):
        x = 44 + step * place
        if place <= moment.place:
            values = math.tanh(float(moment.memories[place])), float(moment.answers[place])
            pieces += [
                svg.cell(x, _STRIP + 24 * row, step, 22, value) for row, value in enumerate(values)
            ]
        kind = "letter" if place == moment.place else ""
        shown = letter if letter.strip() else "␣"
        pieces.append(svg.words(x + step / 2, _STRIP + 66, shown, kind, size=15))
        if place == moment.place:
            pieces.append(svg.box(x, _STRIP - 2, step, 74, "box strong"))
    return pieces
