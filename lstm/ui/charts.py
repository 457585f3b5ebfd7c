"""The charts of a training as plain Plotly figures: numbers go in, a dictionary comes out.

Losses come in nats per character, as the training yields them, and are shown in the unit that
the visitor chose. Colours are the ones of Okabe and Ito that stay above 3:1 against both white
and a dark page, so a figure needs no theme; every curve also differs in line style and has a
name. Text, grid and background take the page's colours in the browser. Knows nothing of runs,
stores or Streamlit.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstm.messages import Language, text

Unit = Literal["bits", "nats", "perplexity"]
Axis = Literal["epoch", "seconds"]
Span = Literal["all", "near"]
Figure = dict[str, Any]
Floats = NDArray[np.float64]

UNITS: tuple[Unit, ...] = ("bits", "nats", "perplexity")
AXES: tuple[Axis, ...] = ("epoch", "seconds")
SPANS: tuple[Span, ...] = ("all", "near")

MOST_POINTS = 500
LOSS_HEIGHT = 400
SMALL_HEIGHT = 210

TRAINING = "#0072B2"
VALIDATION = "#D55E00"
BEST = "#009E73"
REFERENCE = "#808080"
_OTHERS = ("#CC79A7", "#0072B2", "#009E73", "#D55E00")
_DASHES = ("dashdot", "dot", "longdash", "solid")

_MARGIN = {"l": 60, "r": 150, "t": 44, "b": 46}
_SMALL_MARGIN = {**_MARGIN, "t": 30, "b": 40}
_LABEL_HEIGHT = 18  # pixels that one line of a label needs
_LONGEST_NAME = 40  # characters of a run's name in a legend


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


def plain(name: str) -> str:
    """Return a name that Plotly shows as it is: its labels understand some HTML."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    short = printable if len(printable) <= _LONGEST_NAME else f"{printable[: _LONGEST_NAME - 1]}…"
    return html.escape(short)


def thin(x: Floats, y: Floats, most: int = MOST_POINTS) -> tuple[Floats, Floats]:
    """Keep at most ``most`` points: of each stretch the lowest and the highest, so spikes stay."""
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(np.int64)
    keep: list[int] = []
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        stretch = y[start:end]
        pair = (int(start + np.argmin(stretch)), int(start + np.argmax(stretch)))
        keep.extend(sorted(set(pair)))
    return x[keep], y[keep]


def smooth(x: Floats, y: Floats, weight: float = 0.9) -> tuple[Floats, Floats]:
    """Return at most 500 means of equal stretches, then an exponential moving average of them.

    The average starts without a pull towards zero (the bias correction of Adam, Kingma and Ba
    2015, arXiv:1412.6980, section 3), so the first point is the first value.
    """
    if len(x) > MOST_POINTS:
        edges = np.linspace(0, len(x), MOST_POINTS + 1).astype(np.int64)
        counts = np.diff(edges)
        x = np.add.reduceat(x, edges[:-1]) / counts
        y = np.add.reduceat(y, edges[:-1]) / counts
    smoothed = np.empty_like(y)
    running = 0.0
    for i, value in enumerate(y):
        running = weight * running + (1 - weight) * float(value)
        smoothed[i] = running / (1 - weight ** (i + 1))
    return x, smoothed


def loss_chart(
    curve: Curve,
    look: Look,
    references: Sequence[Reference] = (),
    earlier: Sequence[Curve] = (),
) -> Figure:
    """Draw one training: raw and smoothed loss, held-out loss, the best point, the ladder.

    Args:
        curve: The training in question.
        look: Unit, axis, span and language.
        references: Dashed lines with a label at the right edge; a tick marks those beaten.
        earlier: Held-out curves of other runs to compare with.
    """
    traces = [*_training(curve, look), *_validation(curve, look)]
    traces += [_other(run, look, place) for place, run in enumerate(earlier)]
    figure = _loss_figure(traces, [curve, *earlier], look, references)
    figure["layout"]["shapes"], figure["layout"]["annotations"] = _ladder(
        references, look, figure["layout"]["yaxis"]["range"], _lowest([curve])
    )
    return figure


def comparison_chart(curves: Sequence[Curve], look: Look) -> Figure:
    """Draw the held-out loss of several runs on the same axes."""
    traces = [_other(curve, look, place) for place, curve in enumerate(curves)]
    figure = _loss_figure(traces, curves, look, ())
    figure["layout"]["margin"] = {**_MARGIN, "r": 20}
    return figure


def gradient_chart(norm: Points, look: Look, clip: float = 0.0) -> Figure:
    """Draw the norm of the gradient before clipping, with the line at which it is cut."""
    figure = _small(norm, look, "gradient", TRAINING)
    # A logarithm, because one spike of a thousand would hide everything else.
    figure["layout"]["yaxis"] |= {"type": "log", "dtick": 1, "exponentformat": "none"}
    if clip > 0:
        label = look.say("clip", clip=f"{clip:g}")
        figure["layout"]["shapes"] = [_line(clip)]
        figure["layout"]["annotations"] = [_edge(label, math.log10(clip), 0.0)]
    return figure


def learning_rate_chart(rate: Points, look: Look) -> Figure:
    """Draw the learning rate as the schedule and the visitor set it."""
    figure = _small(rate, look, "learning_rate", VALIDATION)
    figure["layout"]["yaxis"] |= {"rangemode": "tozero", "tickformat": "~g"}
    return figure


def loss_summary(curve: Curve, look: Look, references: Sequence[Reference] = ()) -> str:
    """Say in a sentence or two what the loss chart shows, for those who can't see it."""
    best = _best(curve)
    if best is None:
        return look.say("summary_empty")
    points = curve.validation
    said = look.say(
        "summary",
        last=_figure_of(points.value[-1], look),
        epoch=f"{points.epoch[-1]:.3g}",
        best=_figure_of(points.value[best], look),
        best_epoch=f"{points.epoch[best]:.3g}",
        unit=look.say(f"unit_{look.unit}"),
    )
    beaten = [r for r in references if points.value[best] < r.bits * math.log(2)]
    if not beaten:
        return said
    names = look.say("list_separator").join(look.say(f"reference_{r.key}") for r in beaten)
    return f"{said} {look.say('summary_beaten', names=names)}"


def loss_table(curve: Curve, look: Look, most: int = 12) -> list[list[str]]:
    """Return the head and the last held-out values as a small table of words."""
    head = [look.say("axis_epoch"), look.say("axis_seconds"), look.say(f"unit_{look.unit}")]
    points = curve.validation
    rows = [
        [f"{epoch:.3g}", f"{seconds:.0f}", _figure_of(value, look)]
        for epoch, seconds, value in zip(
            points.epoch[-most:], points.seconds[-most:], points.value[-most:], strict=True
        )
    ]
    return [head, *rows]


def _training(curve: Curve, look: Look) -> list[Figure]:
    points = curve.training
    x, y = points.along(look.axis), in_unit(points.value, look.unit)
    raw = _trace("training-raw", look.say("raw"), *thin(x, y))
    raw |= {"line": {"color": TRAINING, "width": 1}, "opacity": 0.35, "hoverinfo": "skip"}
    raw["showlegend"] = False
    smoothed = _trace("training", look.say("training"), *_smoothed(points, look))
    smoothed |= {"line": {"color": TRAINING, "width": 3}}
    return [raw, smoothed]


def _smoothed(points: Points, look: Look) -> tuple[Floats, Floats]:
    # Averaged in nats: a mean of perplexities would be drawn up by single bad stretches.
    x, nats = smooth(points.along(look.axis), points.value)
    return x, in_unit(nats, look.unit)


def _validation(curve: Curve, look: Look) -> list[Figure]:
    points = curve.validation
    x, y = points.along(look.axis), in_unit(points.value, look.unit)
    held_out = _trace("validation", look.say("validation"), *thin(x, y))
    held_out |= {
        "mode": "lines+markers",
        "line": {"color": VALIDATION, "width": 2.5, "dash": "dot"},
        "marker": {"size": 8 if len(x) <= 60 else 4, "symbol": "circle", "color": VALIDATION},
    }
    best = _best(curve)
    star = _trace("best", look.say("best"), x[:0], y[:0])
    if best is not None:
        star = _trace("best", look.say("best"), x[best : best + 1], y[best : best + 1])
        star["text"] = [_figure_of(points.value[best], look)]
    star |= {
        "mode": "markers+text",
        "marker": {"size": 16, "symbol": "star", "color": BEST},
        "textposition": "top center",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    del star["hovertemplate"]
    return [held_out, star]


def _other(curve: Curve, look: Look, place: int) -> Figure:
    points = curve.validation
    x, y = thin(points.along(look.axis), in_unit(points.value, look.unit))
    trace = _trace(f"run-{place}", plain(curve.name), x, y)
    colour = _OTHERS[place % len(_OTHERS)]
    dash = _DASHES[(place + place // len(_OTHERS)) % len(_DASHES)]
    trace |= {
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.5, "dash": dash},
        "marker": {"size": 5, "color": colour},
    }
    return trace


def _trace(uid: str, name: str, x: Floats, y: Floats) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": uid,
        "name": name,
        "x": _numbers(x),
        "y": _numbers(y),
        "hovertemplate": "%{y:.4~g}",
    }


def _numbers(values: Floats) -> list[float | None]:
    """Five digits are more than a pixel shows; JSON has no NaN, and None leaves a gap."""
    return [float(f"{v:.5g}") if math.isfinite(v) else None for v in values.tolist()]


def _loss_figure(
    traces: list[Figure], curves: Sequence[Curve], look: Look, references: Sequence[Reference]
) -> Figure:
    y_axis: Figure = {
        "title": {"text": look.say(f"unit_{look.unit}")},
        "range": _range(curves, look, references),
        "automargin": False,
    }
    if look.unit == "perplexity":
        # Equal steps for equal factors: "half as many to choose from" is one step down.
        ticks = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200, 500, 1000, 2000, 5000]
        y_axis |= {"type": "log", "tickvals": ticks, "ticktext": [f"{v:g}" for v in ticks]}
    return {"data": traces, "layout": _layout(look, y_axis, _MARGIN)}


def _layout(look: Look, y_axis: Figure, margin: dict[str, int]) -> Figure:
    x_axis: Figure = {"title": {"text": look.say(f"axis_{look.axis}")}, "rangemode": "tozero"}
    if look.horizon is not None:
        x_axis["range"] = [0, look.horizon]
    return {
        "xaxis": x_axis,
        "yaxis": y_axis,
        "margin": margin,
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        # The zoom survives new data, and is dropped when the axes mean something else.
        "uirevision": f"{look.unit}-{look.axis}-{look.span}",
    }


def _range(curves: Sequence[Curve], look: Look, references: Sequence[Reference]) -> list[float]:
    """Return the ends of the loss axis, as its logarithm where the axis is logarithmic."""
    low, high = _extent(curves, look.span)
    if look.span == "all" and references:
        high = max(high, max(r.bits for r in references) * math.log(2))
        low = min(low, min(r.bits for r in references) * math.log(2))
    room = max(0.06 * (high - low), 0.02)
    low, high = max(low - 1.5 * room, 0.0), high + room
    if look.unit == "perplexity":
        return [low / math.log(10), high / math.log(10)]
    factor = 1.0 if look.unit == "nats" else 1 / math.log(2)
    return [low * factor, high * factor]


def _extent(curves: Sequence[Curve], span: Span) -> tuple[float, float]:
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


def _ladder(
    references: Sequence[Reference], look: Look, ends: Sequence[float], lowest: float
) -> tuple[list[Figure], list[Figure]]:
    """Return lines and labels of the references that lie within the axis."""
    logarithmic = look.unit == "perplexity"
    rungs = []
    for reference in sorted(references, key=lambda r: r.bits):
        value = float(in_unit(np.array(reference.bits * math.log(2)), look.unit))
        place = math.log10(value) if logarithmic else value
        if ends[0] <= place <= ends[1]:
            rungs.append((reference, value, place))
    pixels = LOSS_HEIGHT - _MARGIN["t"] - _MARGIN["b"]
    scale = pixels / (ends[1] - ends[0])
    shifts = spread([(place - ends[0]) * scale for _, _, place in rungs], _LABEL_HEIGHT)
    lines, labels = [], []
    for (reference, value, place), shift in zip(rungs, shifts, strict=True):
        name = look.say(f"reference_{reference.key}")
        key = "beaten" if lowest < reference.bits * math.log(2) else "unbeaten"
        lines.append(_line(value))
        labels.append(_edge(look.say(key, name=name, value=f"{value:.3g}"), place, shift))
    return lines, labels


def spread(places: Sequence[float], least: float) -> list[float]:
    """Say by how much each of the rising places must move so that neighbours keep a distance.

    Neighbours that touch form a block that is centred on the mean of its members.
    """
    blocks: list[list[float]] = []  # the wished places of the members
    for place in places:
        blocks.append([place])
        while len(blocks) > 1 and _overlap(blocks[-2], blocks[-1], least):
            last = blocks.pop()
            blocks[-1].extend(last)
    moved = [
        sum(block) / len(block) + (i - (len(block) - 1) / 2) * least
        for block in blocks
        for i in range(len(block))
    ]
    return [to - place for to, place in zip(moved, places, strict=True)]


def _overlap(lower: Sequence[float], upper: Sequence[float], least: float) -> bool:
    top = sum(lower) / len(lower) + (len(lower) - 1) / 2 * least
    bottom = sum(upper) / len(upper) - (len(upper) - 1) / 2 * least
    return bottom - top < least


def _line(value: float) -> Figure:
    return {
        "type": "line",
        "layer": "below",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": {"color": REFERENCE, "width": 1.2, "dash": "dash"},
    }


def _edge(label: str, place: float, shift: float) -> Figure:
    return {
        "name": "edge",
        "text": label,
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "y": place,
        "yshift": round(shift, 1),
        "showarrow": False,
    }


def _small(points: Points, look: Look, key: str, colour: str) -> Figure:
    x, y = thin(points.along(look.axis), points.value)
    trace = _trace(key, look.say(key), x, y) | {"line": {"color": colour, "width": 2}}
    layout = _layout(look, {"automargin": False}, _SMALL_MARGIN)
    layout["title"] = {"text": look.say(key), "x": 0, "xref": "paper", "font": {"size": 15}}
    layout["showlegend"] = False
    layout["uirevision"] = f"{key}-{look.axis}"
    return {"data": [trace], "layout": layout}


def _best(curve: Curve) -> int | None:
    values = curve.validation.value
    finite = np.isfinite(values)
    return int(np.argmin(np.where(finite, values, np.inf))) if finite.any() else None


def _lowest(curves: Sequence[Curve]) -> float:
    places = [(curve, _best(curve)) for curve in curves]
    return min((c.validation.value[i] for c, i in places if i is not None), default=math.inf)


def _figure_of(nats: float, look: Look) -> str:
    value = float(in_unit(np.array(nats), look.unit))
    return f"{value:.3f}" if look.unit != "perplexity" else f"{value:.2f}"
