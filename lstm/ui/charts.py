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
from typing import Any

import numpy as np

from lstm.ui.curves import (
    Curve,
    Floats,
    Look,
    Points,
    Reference,
    best_of,
    extent,
    in_unit,
    shown,
    smooth,
    thin,
)
from lstm.ui.ladder import edge, ladder, line

Figure = dict[str, Any]

LOSS_HEIGHT = 400
SMALL_HEIGHT = 224

TRAINING = "#0072B2"
VALIDATION = "#D55E00"
BEST = "#009E73"
OTHERS = ("#B5588A", "#009E73", "#0072B2", "#D55E00")
EARLIER = OTHERS[:2]  # the other two are those of the training that they lie over
_DASHES = ("dashdot", "dot", "longdash", "solid")

_MARGIN = {"l": 60, "r": 150, "t": 44, "b": 46}
_SMALL_MARGIN = {**_MARGIN, "r": 16, "t": 30, "b": 52}
_LONGEST_NAME = 40  # characters of a run's name in a legend


def plain(name: str) -> str:
    """Return a name that Plotly shows as it is: its labels understand some HTML."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    short = printable if len(printable) <= _LONGEST_NAME else f"{printable[: _LONGEST_NAME - 1]}…"
    return html.escape(short, quote=False)  # a saved picture would show what stands for a quote


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
    traces += [_other(run, look, place, EARLIER) for place, run in enumerate(earlier)]
    figure = _loss_figure(traces, [curve, *map(_held_out_alone, earlier)], look, references)
    pixels = LOSS_HEIGHT - _MARGIN["t"] - _MARGIN["b"]
    figure["layout"]["shapes"], figure["layout"]["annotations"] = ladder(
        references, look, figure["layout"]["yaxis"]["range"], _lowest(curve), pixels
    )
    return figure


def comparison_chart(curves: Sequence[Curve], look: Look) -> Figure:
    """Draw the held-out loss of several runs on the same axes."""
    traces = [_other(curve, look, place, OTHERS) for place, curve in enumerate(curves)]
    figure = _loss_figure(traces, list(map(_held_out_alone, curves)), look, ())
    figure["layout"]["margin"] = {**_MARGIN, "r": 20}
    return figure


def gradient_chart(norm: Points, look: Look, clip: float = 0.0) -> Figure:
    """Draw the norm of the gradient before clipping, with the line at which it is cut."""
    figure = _small(norm, look, "gradient", TRAINING)
    # A logarithm, because one spike of a thousand would hide everything else.
    figure["layout"]["yaxis"] |= {"type": "log", **_decades(norm.value)}
    if clip > 0:
        label = look.say("clip", clip=f"{clip:g}")
        figure["layout"]["shapes"] = [line(clip)]
        inside = {"xanchor": "right", "yanchor": "bottom"}
        figure["layout"]["annotations"] = [edge(label, math.log10(clip), 0.0) | inside]
    return figure


def learning_rate_chart(rate: Points, look: Look) -> Figure:
    """Draw the learning rate as the schedule and the visitor set it."""
    figure = _small(rate, look, "learning_rate", VALIDATION)
    figure["layout"]["yaxis"] |= {"rangemode": "tozero", "tickformat": "~g"}
    return figure


def loss_summary(curve: Curve, look: Look, references: Sequence[Reference] = ()) -> str:
    """Say in a sentence or two what the loss chart shows, for those who can't see it."""
    best = best_of(curve)
    if best is None:
        return look.say("summary_empty")
    points = curve.validation
    said = look.say(
        "summary",
        last=shown(points.value[-1] / math.log(2), look.unit),
        epoch=f"{points.epoch[-1]:.3g}",
        best=shown(points.value[best] / math.log(2), look.unit),
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
        [f"{epoch:.3g}", f"{seconds:.0f}", shown(value / math.log(2), look.unit)]
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
    best = best_of(curve)
    name, place = look.say("best"), slice(0, 0)
    if best is not None:
        name, place = (
            f"{name} {shown(points.value[best] / math.log(2), look.unit)}",
            slice(best, best + 1),
        )
    star = _trace("best", name, x[place], y[place])
    star |= {
        "mode": "markers",
        "marker": {"size": 16, "symbol": "star", "color": BEST},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    del star["hovertemplate"]
    return [held_out, star]


def _held_out_alone(curve: Curve) -> Curve:
    nothing = np.empty(0)
    return Curve(curve.name, Points(nothing, nothing, nothing), curve.validation)


def _other(curve: Curve, look: Look, place: int, colours: Sequence[str]) -> Figure:
    points = curve.validation
    x, y = thin(points.along(look.axis), in_unit(points.value, look.unit))
    trace = _trace(f"run-{place}", plain(curve.name), x, y)
    colour = colours[place % len(colours)]
    dash = _DASHES[(place + place // len(_DASHES)) % len(_DASHES)]
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
    """Return five digits of the largest: more than a pixel shows. None, for nan, leaves a gap."""
    finite = np.isfinite(values)
    largest = float(np.abs(values[finite]).max(initial=1e-9))
    rounded = np.round(values, 4 - math.floor(math.log10(max(largest, 1e-9))))
    numbers: list[float | None] = rounded.tolist()
    if finite.all():
        return numbers
    return [number if known else None for number, known in zip(numbers, finite, strict=True)]


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
    low, high = extent(curves, look.span)
    if look.span == "all" and references:
        high = max(high, max(r.bits for r in references) * math.log(2))
        low = min(low, min(r.bits for r in references) * math.log(2))
    room = max(0.06 * (high - low), 0.02)
    low, high = max(low - 1.5 * room, 0.0), high + room
    if look.unit == "perplexity":
        return [low / math.log(10), high / math.log(10)]
    factor = 1.0 if look.unit == "nats" else 1 / math.log(2)
    return [low * factor, high * factor]


def _small(points: Points, look: Look, key: str, colour: str) -> Figure:
    x, y = thin(points.along(look.axis), points.value)
    trace = _trace(key, look.say(key), x, y) | {"line": {"color": colour, "width": 2}}
    layout = _layout(look, {"automargin": False}, _SMALL_MARGIN)
    layout["title"] = {"text": look.say(key), "x": 0, "xref": "paper", "font": {"size": 15}}
    layout["showlegend"] = False
    layout["uirevision"] = f"{key}-{look.axis}"
    return {"data": [trace], "layout": layout}


def _decades(values: Floats) -> Figure:
    """Return ticks at 1, 2 and 5 of each power of ten, or at 1 alone where that is too dense."""
    positive = values[np.isfinite(values) & (values > 0)]
    spans = len(positive) > 0 and positive.max() > 50 * positive.min()
    steps = (1,) if spans else (1, 2, 5)
    ticks = [float(f"{step}e{power}") for power in range(-6, 7) for step in steps]
    return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def _lowest(curve: Curve) -> float:
    best = best_of(curve)
    return math.inf if best is None else float(curve.validation.value[best])
