"""A loop, unrolled: a small RNN reads the learner's own word, with every number on the table."""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape

import streamlit as st

from lstm.lessons.preparing import Preparing
from lstm.lessons.unrolled import HIDDEN, LONGEST_WORD, Step, unrolled
from lstm.ui import blocks
from lstm.ui.components.drawing import drawing
from lstm.ui.language import language, t
from lstm.ui.learn import live, parts, svg
from lstm.ui.learn.lesson import Lesson
from lstm.ui.words import signed

TERMS = ("rnn", "hidden_state", "weight")
CONTROLS = ("word", "stage")

STAGES = ("trained", "fresh")

_LEAST_OFTEN = 3
_LEFT, _COLUMN, _MARGIN = 210, 100, 30
_TOP, _ROW, _FIELD = 128, 19, 46  # of the memories
_HEIGHT = 390
_LETTER_Y = 330
_BAR = 90


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    parts.style()
    left, middle, right = st.columns([6, 4, 4], gap="medium")
    with left:
        parts.prose("learn_loop.about")
    with middle:
        default = own_word(lesson.text)
        label = t("learn_loop.word", most=LONGEST_WORD)
        word = parts.typed(lesson, "word", label=label, default=default, most=LONGEST_WORD)
    with right:
        stage = parts.one_of(lesson, "stage", STAGES, label=t("learn_loop.stage"), say=_stage)

    def work(dice: int) -> Iterator[Step | Preparing]:
        return unrolled(lesson.text, word, dice, learned=stage == "trained")

    live.live(lesson, "loop", (lesson.text, word, stage), work, lambda step: _draw(word, step))


def prime(lesson: Lesson) -> None:
    """Begin what takes time."""
    word = own_word(lesson.text)

    def work(dice: int) -> Iterator[Step | Preparing]:
        return unrolled(lesson.text, word, dice)

    live.prime("loop", (lesson.text, word, STAGES[0]), work)


def own_word(text: str) -> str:
    """Return a word that a text often uses: of five letters or more, or else of three."""
    beginning = text[:20_000]
    long, often = _most_frequent(r"\b([^\W\d_]{5,9})\b", beginning)
    if often >= _LEAST_OFTEN:
        return long
    short, often = _most_frequent(r"(?=([^\W\d_]{3}))", beginning)
    return short if often else beginning.strip()[:3].strip()


def _most_frequent(pattern: str, text: str) -> tuple[str, int]:
    found = Counter(match[1] for match in re.finditer(pattern, text))
    return max(found.items(), key=lambda one: one[1], default=("", 0))


def _stage(stage: str) -> str:
    return t(f"learn_loop.stage_{stage}")


def _draw(word: str, step: Step) -> None:
    if step.word != word[: len(step.word)]:
        st.caption(t("learn_loop.replaced"))
    said = sentence(step)
    drawing(unrolled_svg(step), key="drawing-loop", said=said)
    st.html(f'<p class="charloom-said">{escape(said)}</p>')
    with st.expander(t("learn_loop.numbers")):
        st.html(blocks.table_html(t("learn_loop.numbers"), table_of(step)))
        st.latex(r"h_t = \tanh(W x_t + U h_{t-1} + b) \qquad p_t = \mathrm{softmax}(V h_t + c)")


def sentence(step: Step) -> str:
    """Return what the network has read and what it expects."""
    guesses = ", ".join(
        f"{svg.named(letter, language())} {float(chance):.0%}"
        for letter, chance in zip(step.letters, step.chances, strict=True)
    )
    read = step.word[: step.place + 1]
    return t("learn_loop.said", read=read, guesses=guesses)


def table_of(step: Step) -> list[list[str]]:
    """Return what the network remembered before and after the letter, the head first."""
    rows = [["", t("learn_loop.before"), t("learn_loop.after")]]
    for number, (before, after) in enumerate(zip(step.before, step.after, strict=True), 1):
        rows.append([f"h {number}", signed(before, 3), signed(after, 3)])
    return rows


# ---- the drawing ------------------------------------------------------------------------------


def unrolled_svg(step: Step) -> str:
    """Return the loop, and beside it the same loop unrolled up to the letter that was read."""
    columns = [_column(step, place) for place in range(len(step.word))]
    width = _LEFT + _COLUMN * (len(step.word) + 1) + _MARGIN
    return svg.sheet(width, _HEIGHT, _rolled(), _start(), *columns)


def _rolled() -> str:
    """Draw the loop as it is: one box that hands its memory on to itself."""
    top, bottom = _TOP + 40, _TOP + 110
    return "".join(
        (
            svg.words(75, 30, t("learn_loop.rolled"), "letter"),
            svg.box(45, top, 60, bottom - top, "box strong"),
            svg.words(75, top + 41, "h", "letter", size=20),
            svg.arrow(f"M75,{_LETTER_Y - 22} V{bottom + 4}"),
            svg.arrow(f"M75,{top} V{top - 52}"),
            svg.arrow(f"M105,{top + 20} C165,{top - 40} 165,{bottom + 40} 108,{bottom - 18}"),
            svg.words(75, _LETTER_Y, t("learn_loop.letter")),
            svg.words(75, top - 60, t("learn_loop.guess")),
            svg.words(62, _LETTER_Y - 52, "W"),
            svg.words(62, top - 24, "V"),
            svg.words(164, top + 41, "U"),
        )
    )


def _start() -> str:
    """Draw the empty memory before the first letter."""
    x = _LEFT + _COLUMN / 2
    return svg.words(x, 30, t("learn_loop.unrolled"), "letter") + _memory(x, [0.0] * HIDDEN, "")


def _column(step: Step, place: int) -> str:
    x = _LEFT + _COLUMN * (place + 1.5)
    middle = _TOP + _ROW * HIDDEN / 2
    here = place == step.place
    kind = "ahead" if place > step.place else ("strong" if here else "")
    letter = svg.named(step.word[place], language())
    pieces = [
        svg.arrow(f"M{x - _COLUMN + _FIELD / 2 + 3},{middle} H{x - _FIELD / 2 - 5}", kind),
        svg.arrow(f"M{x},{_LETTER_Y - 22} V{_TOP + _ROW * HIDDEN + 6}", kind),
        svg.box(x - 24, _LETTER_Y - 20, 48, 30, f"box {kind}"),
        svg.words(x, _LETTER_Y, letter, "letter", size=17 if len(letter) == 1 else 11),
    ]
    if place > step.place:
        pieces.append(svg.box(x - _FIELD / 2, _TOP, _FIELD, _ROW * HIDDEN, "box ahead"))
    else:
        pieces.append(_memory(x, step.states[place].tolist(), kind))
    if here:
        pieces += [_guesses(x, step), svg.arrow(f"M{x},{_TOP - 3} V{_TOP - 18}", kind)]
        pieces += [svg.words(x - _COLUMN / 2, middle - 8, "U"), svg.words(x - 12, 300, "W")]
    return "".join(pieces)


def _memory(x: float, values: list[float], kind: str) -> str:
    """Draw the numbers of a memory below each other."""
    fields = "".join(
        svg.cell(x - _FIELD / 2, _TOP + _ROW * row, _FIELD, _ROW, value)
        + svg.words(x, _TOP + _ROW * row + 14, signed(value), "on-colour", size=12)
        for row, value in enumerate(values)
    )
    return fields + svg.box(x - _FIELD / 2, _TOP, _FIELD, _ROW * HIDDEN, f"box {kind}")


def _guesses(x: float, step: Step) -> str:
    """Draw what may come next above a memory: a bar for each letter."""
    pieces = []
    for row, (letter, chance) in enumerate(zip(step.letters, step.chances.tolist(), strict=True)):
        y = 38 + 18 * row
        said = svg.named(letter, language())
        pieces.append(svg.words(x - 34, y + 12, said, "letter", size=14 if len(said) == 1 else 10))
        width = f'width="{max(1.0, _BAR * chance):.1f}" height="13"'
        pieces.append(f'<rect x="{x - 20:.1f}" y="{y}" {width} class="bar"/>')
        pieces.append(svg.words(x + 2 + _BAR * chance, y + 11, f"{chance:.0%}", size=11))
    return "".join(pieces)
