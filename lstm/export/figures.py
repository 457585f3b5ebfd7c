"""The figures of a report: a training's numbers as charts with a sentence below each."""

import html
import math
from collections.abc import Sequence

import numpy as np

from lstm.baselines import Baseline
from lstm.export.svg import NARROW, Floats, Frame, Level, Line, chart
from lstm.messages import Language, text
from lstm.records import Curve, EpochRow

_LOW = 220.0  # height of the small charts
_SMOOTHED_OVER = 25  # the share of the curve that one smoothed point averages: one 25th


def loss_figure(
    curve: Curve, epochs: Sequence[EpochRow], baselines: Sequence[Baseline], language: Language
) -> str:
    """Return the loss while training, in bits per character, with what simple methods reach."""
    training = curve.loss / math.log(2)
    x = np.array([row.epoch for row in epochs])
    held_out = np.array(
        [math.nan if row.validation_bits is None else row.validation_bits for row in epochs]
    )
    known = np.isfinite(held_out)
    best = int(np.argmin(np.where(known, held_out, np.inf))) if known.any() else None
    frame = Frame(
        title=text("charts.title_loss", language),
        x_name=text("charts.axis_epoch", language),
        y_name=text("charts.unit_bits", language),
        star=None if best is None else (float(x[best]), float(held_out[best])),
    )
    lines = [
        Line(curve.epoch, training, "raw"),
        Line(curve.epoch, smoothed(training), "training"),
        Line(x, held_out, "validation", dots=len(x) <= 40),
    ]
    levels = [
        Level(one.bits, f"{text(f'charts.reference_{one.key}', language)} {one.bits:.2f}")
        for one in baselines
    ]
    keys = ["training", "validation"] + ([] if best is None else ["best"])
    return _figure(
        chart(frame, lines, levels), keys, _summary(x, held_out, best, language), language
    )


def gradient_figure(curve: Curve, clip: float, language: Language) -> str:
    """Return the norm of the gradient, on a logarithmic axis, with the line where it is cut."""
    frame = Frame(
        title=text("charts.title_gradient", language),
        x_name=text("charts.axis_epoch", language),
        y_name=text("charts.gradient", language),
        width=NARROW,
        height=_LOW,
        logarithmic=True,
    )
    norm = np.where(curve.grad_norm > 0, curve.grad_norm, np.nan)
    caption = frame.title
    lines = [Line(curve.epoch, norm, "raw"), Line(curve.epoch, smoothed(norm), "training")]
    if clip > 0 and len(curve.epoch):
        ends = np.array([0.0, float(curve.epoch[-1])])
        lines.append(Line(ends, np.full(2, clip), "level"))
        caption += f" · {text('charts.clip', language, clip=f'{clip:g}')}"
    return _figure(chart(frame, lines), [], caption, language)


def learning_rate_figure(curve: Curve, language: Language) -> str:
    """Return the learning rate as the schedule and the visitor set it."""
    frame = Frame(
        title=text("charts.title_learning_rate", language),
        x_name=text("charts.axis_epoch", language),
        y_name=text("charts.learning_rate", language),
        width=NARROW,
        height=_LOW,
    )
    lines = [Line(curve.epoch, curve.learning_rate, "training")]
    return _figure(chart(frame, lines), [], frame.title, language)


def smoothed(values: Floats) -> Floats:
    """Return the mean of each value and its neighbours; gaps are passed over.

    The window shrinks towards both ends, so the curve neither lags nor loses its first points.
    """
    reach = len(values) // (2 * _SMOOTHED_OVER)
    places = np.arange(len(values))
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    near = np.minimum(np.minimum(places, len(values) - 1 - places), reach)
    start, stop = places - near, places + near + 1
    number = counts[stop] - counts[start]
    means: Floats = np.full(len(values), np.nan)
    np.divide(sums[stop] - sums[start], number, out=means, where=number > 0)
    return means


def _summary(x: Floats, held_out: Floats, best: int | None, language: Language) -> str:
    if best is None:
        return text("charts.summary_empty", language)
    known = np.flatnonzero(np.isfinite(held_out))
    return text(
        "charts.summary",
        language,
        last=f"{held_out[known[-1]]:.3f}",
        epoch=f"{x[known[-1]]:.4g}",
        best=f"{held_out[best]:.3f}",
        best_epoch=f"{x[best]:.4g}",
        unit=text("charts.unit_bits", language),
    )


def _figure(drawing: str, keys: Sequence[str], caption: str, language: Language) -> str:
    shown = "".join(
        f'<span class="key {key}">{html.escape(text(f"charts.{key}", language))}</span>'
        for key in keys
    )
    legend = f'<div class="keys">{shown}</div>' if shown else ""
    said = html.escape(caption)
    return (
        f'<figure>{legend}<div class="drawing" tabindex="0" role="group" aria-label="{said}">'
        f"{drawing}</div><figcaption>{said}</figcaption></figure>"
    )
