"""Curves before they are drawn: what was measured when, in which unit, with how many points.

Losses come in nats per character, as the training yields them. Knows nothing of Plotly, of the
store or of Streamlit.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstm.messages import Language, text

Unit = Literal["bits", "nats", "perplexity"]
Axis = Literal["epoch", "seconds"]
Span = Literal["all", "near"]
Floats = NDArray[np.float64]

UNITS: tuple[Unit, ...] = ("bits", "nats", "perplexity")
AXES: tuple[Axis, ...] = ("epoch", "seconds")
SPANS: tuple[Span, ...] = ("all", "near")

MOST_POINTS = 500
"""Points of one curve that are sent to a browser."""


@dataclass(frozen=True, eq=False)
class Points:
    """Values along a training, all arrays of the same length.

    Attributes:
        epoch: Passes over the text done, with fraction.
        seconds: Training time.
        value: What was measured then; a loss is in nats per character.
    """

    epoch: Floats
    seconds: Floats
    value: Floats

    def along(self, axis: Axis) -> Floats:
        """Return where the values stand on the given axis."""
        return self.epoch if axis == "epoch" else self.seconds


@dataclass(frozen=True, eq=False)
class Curve:
    """One training: its running loss and its held-out loss, in nats per character."""

    name: str
    training: Points
    validation: Points


@dataclass(frozen=True)
class Reference:
    """A rung of the ladder: what a simpler model reaches on the same held-out text.

    Attributes:
        key: ``uniform``, ``unigram``, ``ngram2`` to ``ngram6`` or ``xz``.
        bits: Bits per character.
    """

    key: str
    bits: float


@dataclass(frozen=True)
class Look:
    """How the visitor wants to see the curves.

    Attributes:
        language: Of the labels.
        unit: Of the loss.
        axis: What runs along the bottom.
        span: ``all`` shows the way from the blind guess down, ``near`` the later part.
        horizon: Where the axis ends while the training still runs, so that the curve grows into
            the empty space; None lets it end at the data.
    """

    language: Language = "en"
    unit: Unit = "bits"
    axis: Axis = "epoch"
    span: Span = "all"
    horizon: float | None = None

    def say(self, key: str, **values: object) -> str:
        """Return a message of the namespace ``charts``."""
        return text(f"charts.{key}", self.language, **values)


def in_unit(nats: Floats, unit: Unit) -> Floats:
    """Convert losses from nats per character; perplexity is exp(nats)."""
    if unit == "nats":
        return nats
    return nats / math.log(2) if unit == "bits" else np.exp(np.minimum(nats, 50.0))


def shown(bits: float | None, unit: Unit) -> str:
    """Return a loss, given in bits per character, as a figure in a unit; a dash for none."""
    if bits is None:
        return "–"
    value = float(in_unit(np.array(bits * math.log(2)), unit))
    return f"{value:.2f}" if unit == "perplexity" else f"{value:.3f}"


def thin(x: Floats, y: Floats, most: int = MOST_POINTS) -> tuple[Floats, Floats]:
    """Keep at most ``most`` points: of each stretch the lowest and the highest, so spikes stay."""
    if len(x) <= most:
        return x, y
    lows, highs = np.where(np.isfinite(y), y, np.inf), np.where(np.isfinite(y), y, -np.inf)
    edges = np.linspace(0, len(x), most // 2 + 1).astype(np.int64)
    keep: list[int] = []
    for start, end in itertools.pairwise(edges.tolist()):
        pair = {start + int(lows[start:end].argmin()), start + int(highs[start:end].argmax())}
        keep.extend(sorted(pair))
    return x[keep], y[keep]


def smooth(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return at most 500 means of equal stretches, smoothed without running late or early.

    Each point lies on the straight line that fits its neighbours best, so a falling loss is
    followed up to its newest point, where a moving average would still hang above it.

    Source: locally weighted regression, Cleveland 1979, with equal weights and no robust steps.
    """
    known = np.isfinite(y)
    x, y = _means(x[known]), _means(y[known])
    count = len(y)
    reach = max(2, count // 25)
    place = np.arange(count, dtype=np.float64)
    first = np.maximum(place - reach, 0).astype(np.int64)
    last = np.minimum(place + reach + 1, count).astype(np.int64)

    def mean(values: Floats) -> Floats:
        """Return the mean over each point's neighbours."""
        sums = np.concatenate(([0.0], np.cumsum(values)))
        means: Floats = (sums[last] - sums[first]) / (last - first)
        return means

    middle, level = mean(place), mean(y)
    spread = np.maximum(mean(place**2) - middle**2, 1e-12)
    slope = (mean(place * y) - middle * level) / spread
    return x, level + slope * (place - middle)


def _means(values: Floats) -> Floats:
    """Return the means of at most 500 equal stretches."""
    if len(values) <= MOST_POINTS:
        return values
    edges = np.linspace(0, len(values), MOST_POINTS + 1).astype(np.int64)
    means: Floats = np.add.reduceat(values, edges[:-1]) / np.diff(edges)
    return means


def best_of(curve: Curve) -> int | None:
    """Return the place of the lowest held-out loss, or None while there is none."""
    values = curve.validation.value
    finite = np.isfinite(values)
    return int(np.argmin(np.where(finite, values, np.inf))) if finite.any() else None


def extent(curves: Sequence[Curve], span: Span) -> tuple[float, float]:
    """Return the lowest and highest loss to be shown, in nats."""
    shown: list[Floats] = []
    for curve in curves:
        for points in (curve.training, curve.validation):
            # "near" leaves out the steep first third, where everything is still noise.
            start = len(points.value) // 3 if span == "near" else 0
            _, values = smooth(points.seconds, points.value)
            shown.append(values[min(start, max(len(values) - 1, 0)) :])
    values = np.concatenate(shown) if shown else np.empty(0)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return 0.0, math.log(64)
    return float(values.min()), float(min(values.max(), 12.0))
