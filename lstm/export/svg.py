"""Line charts as SVG text: numbers in, an element out. No script, no style of its own.

Colours come as classes of the page's style sheet, so that a chart prints and darkens with it.
Whatever is written into a chart is escaped here. Knows nothing of runs.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WIDE, NARROW = 760.0, 400.0
"""Widths of a chart in its own units, which are pixels where there is room."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 16.0, 14.0, 42.0
_LABELS = 148.0  # room on the right where lines have labels
_LINE_HEIGHT = 15.0
_NAME_WIDTH = 100.0  # of a curve, at its end


@dataclass(frozen=True, eq=False)
class Line:
    """One curve.

    Attributes:
        x: Shape (points,).
        y: Shape (points,); a value that is not finite leaves a gap.
        kind: Class of the style sheet that says what it looks like.
        dots: Whether each point has a mark.
        name: Written at its end.
    """

    x: Floats
    y: Floats
    kind: str
    dots: bool = False
    name: str = ""


@dataclass(frozen=True)
class Level:
    """A height across the chart with its name at the right edge."""

    y: float
    name: str


@dataclass(frozen=True)
class Frame:
    """What a chart says and how high it is.

    Attributes:
        title: Says to those who can't see it what it shows.
        x_name: Along the bottom.
        y_name: At the left edge.
        width: Of the element, in its own units.
        height: Of the element.
        logarithmic: Whether equal steps upwards are equal factors.
        logarithmic_x: Whether equal steps to the right are, from the first point of any line on.
        star: A point to be marked, as (x, y).
    """

    title: str
    x_name: str
    y_name: str
    width: float = WIDE
    height: float = 360.0
    logarithmic: bool = False
    logarithmic_x: bool = False
    star: tuple[float, float] | None = None


def chart(frame: Frame, lines: Sequence[Line], levels: Sequence[Level] = ()) -> str:
    """Return an ``svg`` element; an empty frame if there is nothing to draw."""
    drawing = _Drawing(frame, lines, levels)
    parts = [
        f'<svg viewBox="0 0 {frame.width:.0f} {frame.height:.0f}" role="img" class="chart"'
        f' aria-label="{html.escape(frame.title)}">',
        *drawing.grid(),
        *drawing.ladder(),
        *(mark for line in lines for mark in drawing.curve(line)),
        *drawing.names(lines),
        *drawing.star(),
        "</svg>",
    ]
    return "\n".join(parts)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from ``low`` to ``high``: multiples of 1, 2 or 5 times a power of 10."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * k for k in range(first, math.floor(high / step + 1e-9) + 1)]


def spread(places: Sequence[float], least: float, most: float) -> list[float]:
    """Move labels apart that would overlap, as little as needed and not beyond ``most``.

    Args:
        places: Where they would like to stand, rising.
        least: Room that one needs.
        most: Furthest place of the last one.
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + least) if moved else place)
    limit = most
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - least
    return moved


class _Drawing:
    """Turns values into places on the paper."""

    def __init__(self, frame: Frame, lines: Sequence[Line], levels: Sequence[Level]) -> None:
        self.frame = frame
        labelled = bool(levels) or any(line.name for line in lines)
        self.right = frame.width - (_LABELS if labelled else _RIGHT)
        self.bottom = frame.height - _BOTTOM
        ends = [float(line.x[-1]) for line in lines if len(line.x)]
        self.most_x = max([*ends, 1e-9])
        firsts = [float(line.x[0]) for line in lines if len(line.x)]
        self.least_x = min([*firsts, self.most_x / 2]) if frame.logarithmic_x else 0.0
        heights = [line.y[np.isfinite(line.y)] for line in lines]
        values = np.concatenate([*heights, np.array([level.y for level in levels])])
        if frame.logarithmic:
            values = values[values > 0]
        self.low, self.high = _ends(values, frame.logarithmic)
        self.levels = sorted(levels, key=lambda level: -level.y)

    def x(self, value: float) -> float:
        share = value / self.most_x
        if self.frame.logarithmic_x:
            share = math.log(value / self.least_x) / math.log(self.most_x / self.least_x)
        return _LEFT + (self.right - _LEFT) * share

    def y(self, value: float) -> float:
        if self.frame.logarithmic:
            value = math.log10(max(value, 1e-300))
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - (self.bottom - _TOP) * min(max(share, 0.0), 1.0)

    def grid(self) -> list[str]:
        marks = []
        for value in self._heights():
            place = self.y(value)
            marks.append(_stroke("grid", _LEFT, place, self.right, place))
            marks.append(_label(f"{value:.4g}", _LEFT - 8, place + 4, "end"))
        for value in self._places():
            place = self.x(value)
            marks.append(_stroke("axis", place, self.bottom, place, self.bottom + 5))
            marks.append(_label(f"{value:.6g}", place, self.bottom + 19, "middle"))
        marks.append(_stroke("axis", _LEFT, self.bottom, self.right, self.bottom))
        middle = (_LEFT + self.right) / 2
        marks.append(_label(self.frame.x_name, middle, self.frame.height - 6, "middle"))
        turned = f"rotate(-90 14 {(_TOP + self.bottom) / 2:.1f})"
        place = (_TOP + self.bottom) / 2
        marks.append(_label(self.frame.y_name, 14, place, "middle", turned))
        return marks

    def _heights(self) -> list[float]:
        if not self.frame.logarithmic:
            return ticks(self.low, self.high)
        return _decades(10**self.low, 10**self.high)

    def _places(self) -> list[float]:
        if not self.frame.logarithmic_x:
            return ticks(0.0, self.most_x, round(self.frame.width / 110))
        return _decades(self.least_x, self.most_x)

    def ladder(self) -> list[str]:
        places = [self.y(level.y) for level in self.levels]
        marks = []
        for level, place, at in zip(
            self.levels, places, spread(places, _LINE_HEIGHT, self.bottom), strict=True
        ):
            marks.append(_stroke("level", _LEFT, place, self.right, place))
            marks.append(_label(level.name, self.right + 8, at + 4, "start"))
        return marks

    def curve(self, line: Line) -> list[str]:
        pieces: list[list[str]] = [[]]
        dots = []
        for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True):
            if not math.isfinite(y):
                pieces.append([])
                continue
            pieces[-1].append(f"{self.x(x):.1f} {self.y(y):.1f}")
            if line.dots:
                place = f'cx="{self.x(x):.1f}" cy="{self.y(y):.1f}"'
                dots.append(f'<circle class="{line.kind}" {place} r="3"/>')
        path = "".join("M" + "L".join(piece) for piece in pieces if piece)
        return [f'<path class="{line.kind}" d="{path}"/>', *dots] if path else []

    def names(self, lines: Sequence[Line]) -> list[str]:
        """Write at the end of each line what it is called; none over another."""
        named = [line for line in lines if line.name and len(line.x)]
        ends = [(self.x(float(line.x[-1])), self.y(float(line.y[-1])), line) for line in named]
        columns: list[list[tuple[float, float, Line]]] = []
        for end in sorted(ends, key=lambda end: end[:2]):
            if columns and end[0] - columns[-1][0][0] < _NAME_WIDTH:
                columns[-1].append(end)
            else:  # so far to the right that it is in nobody's way
                columns.append([end])
        return [mark for column in columns for mark in self._column(column)]

    def _column(self, ends: list[tuple[float, float, Line]]) -> list[str]:
        ends = sorted(ends, key=lambda end: end[1])
        apart = spread([y for _, y, _ in ends], _LINE_HEIGHT, self.bottom)
        return [
            _label(line.name, x + 8, place + 4, "start")
            for (x, _, line), place in zip(ends, apart, strict=True)
        ]

    def star(self) -> list[str]:
        if self.frame.star is None:
            return []
        x, y = self.x(self.frame.star[0]), self.y(self.frame.star[1])
        tips = [(9.0 if k % 2 == 0 else 3.8, k * math.pi / 5) for k in range(10)]
        corners = [(x + r * math.sin(angle), y - r * math.cos(angle)) for r, angle in tips]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
        return [f'<polygon class="best" points="{points}"/>']


def _ends(values: Floats, logarithmic: bool) -> tuple[float, float]:
    """Return the ends of the upright axis, with a little room."""
    if len(values) == 0:
        return 0.0, 1.0
    if logarithmic:
        values = np.log10(values)
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return (low - room if logarithmic else max(0.0, low - room)), high + room


def _decades(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times every power of ten between two ends."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [value for value in steps if low <= value <= high]


def _stroke(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _label(words: str, x: float, y: float, anchor: str, turned: str = "") -> str:
    turn = f' transform="{turned}"' if turned else ""
    said = html.escape(words)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{said}</text>'
