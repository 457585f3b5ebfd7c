"""The shape of a task as a drawing: what goes in, what is kept, what comes out, moment by moment.

Pure: an answer goes in, SVG comes out; all text in it is escaped. What has not happened yet at the
chosen moment is drawn as empty, dashed boxes. Knows nothing of tasks or of Streamlit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from lstm.insight.reading import Floats
from lstm.lessons.tasks.parts import Answer, Shape
from lstm.ui.learn import svg

COLUMNS = 9
"""Moments that are drawn at once; around the chosen one, if there are more."""

VALUES = 5
"""Numbers of the memory that are drawn as bars."""

_COLUMN, _BOX, _GUTTER = 50, 40, 74
_OUT, _KEEP, _IN = 14, 78, 148
_TALL, _HEIGHT = 44, 208
_WIDTH = _GUTTER + COLUMNS * _COLUMN + 8
_LONGEST = 7
_SHOWN = {" ": "␣", "\n": "⏎"}


@dataclass(frozen=True)
class Words:
    """The labels of a drawing.

    Attributes:
        output: Of the row above.
        memory: Of the row between.
        entry: Of the row below.
    """

    output: str
    memory: str
    entry: str


@dataclass(frozen=True, eq=False)
class _Sheet:
    """An answer with the columns that are drawn."""

    answer: Answer
    shape: Shape
    moment: int
    columns: range
    says: Mapping[str, str]

    def left(self, place: int) -> int:
        """Return where a column's boxes begin, so that few columns stand in the middle."""
        free = (COLUMNS - len(self.columns)) * _COLUMN // 2
        return _GUTTER + free + (place - self.columns.start) * _COLUMN + (_COLUMN - _BOX) // 2

    def speaks(self, place: int) -> bool:
        """Tell whether something comes out: of a verdict on the whole, at the end alone."""
        if self.shape == "many_to_one":
            return place in (self.moment, len(self.answer.said) - 1)
        return bool(self.answer.said[place])


def diagram_svg(
    answer: Answer, shape: Shape, moment: int, words: Words, says: Mapping[str, str]
) -> str:
    """Return a drawing of an answer.

    Args:
        answer: What is drawn.
        shape: How inputs and outputs go together.
        moment: Number of the moment that is running, from 0.
        words: The labels.
        says: What is written instead of some outputs, such as a word of the visitor's language.
    """
    sheet = _Sheet(answer, shape, moment, _window(len(answer.fed), moment), says)
    drawn = [_rows(words), _running(sheet)]
    drawn += [_column(sheet, place) for place in sheet.columns]
    drawn += [_cut(sheet)]
    return svg.sheet(_WIDTH, _HEIGHT, *drawn)


def bars_svg(chances: Floats, characters: str, moment: int) -> str:
    """Return a bar for every character: up for a yes, down for a no, as long as it is sure.

    Args:
        chances: Probability of the yes after each character, (T,).
        characters: T of them. Hostile.
        moment: Number of the running one, from 0.
    """
    width, step = max(1, len(characters)) * 15, 15
    parts = [f'<line class="axis" x1="0" y1="36" x2="{width}" y2="36"/>']
    for place, (chance, character) in enumerate(zip(chances.tolist(), characters, strict=True)):
        height = abs(chance - 0.5) * 64
        top = 36 - height if chance >= 0.5 else 36
        kind = ("yes" if chance >= 0.5 else "no") + (" now" if place == moment else "")
        parts.append(
            f'<rect class="{kind}" x="{place * step + 2}" y="{top:.1f}" width="11" '
            f'height="{height:.1f}"/>'
            f'<text x="{place * step + 7.5}" y="84"{" class=now" * (place == moment)}>'
            f"{escape(character)}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="92" '
        f'viewBox="0 0 {width} 92" aria-hidden="true">{"".join(parts)}</svg>'
    )


def _window(count: int, moment: int) -> range:
    start = max(0, min(moment - COLUMNS // 2, count - COLUMNS))
    return range(start, min(count, start + COLUMNS))


def _rows(words: Words) -> str:
    rows = ((words.output, _OUT), (words.memory, _KEEP), (words.entry, _IN))
    return "".join(svg.left_words(0, top + _TALL / 2 + 5, word, size=14) for word, top in rows)


def _running(sheet: _Sheet) -> str:
    left = sheet.left(sheet.moment) - 4
    return (
        f'<rect class="running" x="{left}" y="4" width="{_BOX + 8}" height="{_HEIGHT - 8}" rx="8"/>'
    )


def _column(sheet: _Sheet, place: int) -> str:
    """Draw the boxes and arrows of a moment."""
    answer, past = sheet.answer, place <= sheet.moment
    left = sheet.left(place)
    middle = left + _BOX / 2
    second = sheet.shape == "unaligned" and place >= answer.own - 1
    kind = "second" if second else "first"
    parts = [_memory(answer.memory[place] if past else None, left, kind)]
    if answer.fed[place]:
        fed_back = place >= answer.own
        parts.append(_box(left, _IN, answer.fed[place] if past else "", "fed" * fed_back))
        parts.append(_arrow(f"M{middle} {_IN}V{_KEEP + _TALL + 2}", past))
    if sheet.speaks(place):
        said = sheet.says.get(answer.said[place], answer.said[place])
        parts.append(_box(left, _OUT, said if past else "", "said"))
        parts.append(_arrow(f"M{middle} {_KEEP}V{_OUT + _TALL + 2}", past))
    if place + 1 in sheet.columns:
        on = place < sheet.moment
        parts.append(_arrow(f"M{left + _BOX} {_KEEP + 22}H{left + _COLUMN - 2}", on, "on"))
        if place + 1 >= answer.own and answer.fed[place + 1]:
            end = left + _COLUMN
            path = (
                f"M{left + _BOX} {_OUT + 34}C{end + 4} {_OUT + 50} {left + _BOX - 8} {_IN + 12} "
                f"{end - 1} {_IN + 14}"
            )
            parts.append(_arrow(path, on, "back"))
    return f'<g class="{"past" if past else "coming"}">{"".join(parts)}</g>'


def _box(left: float, top: int, text: str, kind: str) -> str:
    shown = _SHOWN.get(text, text)
    shown = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    size = 18 if len(shown) <= 2 else 12 if len(shown) <= 5 else 10
    return (
        f'<rect class="box {kind}" x="{left}" y="{top}" width="{_BOX}" height="{_TALL}" rx="6"/>'
        f'<text x="{left + _BOX / 2}" y="{top + _TALL / 2 + size * 0.35:.1f}" '
        f'font-size="{size}">{escape(shown)}</text>'
    )


def _memory(values: Floats | None, left: float, kind: str) -> str:
    """Draw a memory with its first numbers: bars up for positive, down for negative ones."""
    box = (
        f'<rect class="box memory {kind}" x="{left}" y="{_KEEP}" width="{_BOX}" '
        f'height="{_TALL}" rx="12"/>'
    )
    if values is None:
        return box
    bars = []
    middle = _KEEP + _TALL / 2
    for number, value in enumerate(np.clip(values[:VALUES], -1, 1).tolist()):
        height = max(1.0, abs(value) * (_TALL / 2 - 5))
        top = middle - height if value >= 0 else middle
        bars.append(
            f'<rect class="value" x="{left + 6 + number * 6}" y="{top:.1f}" width="4" '
            f'height="{height:.1f}"/>'
        )
    return box + "".join(bars)


def _arrow(path: str, past: bool, kind: str = "") -> str:
    return svg.arrow(path, f"arrow {kind}" + ("" if past else " coming"))


def _cut(sheet: _Sheet) -> str:
    """Draw dots where there is more than is drawn."""
    places = []
    if sheet.columns.start > 0:
        places.append(sheet.left(sheet.columns.start) - 22)
    if sheet.columns.stop < len(sheet.answer.fed):
        places.append(sheet.left(sheet.columns.stop - 1) + _BOX + 2)
    middle = _KEEP + _TALL / 2 + 5
    return "".join(f'<text class="cut" x="{left + 5}" y="{middle}">…</text>' for left in places)
