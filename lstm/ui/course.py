"""The course of a run as the page shows it: read once per change, whoever and however many look.

A run's version changes with everything that is shown of it, so what was made for one version is
good for every tick and every visitor until the next. Knows nothing of widgets.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lstm.messages import Language, text
from lstm.records import Curve as Steps
from lstm.records import EpochRow, Notice, Run, RunState, SampleRow
from lstm.training import OVERHEAD
from lstm.ui import charts
from lstm.ui.components.liveplot import Plot, figure_json
from lstm.ui.components.timemachine import Stop, stops_json
from lstm.ui.curves import Curve, Floats, Look, Points, Reference, Unit, shown
from lstm.ui.services import store

_ONGOING = {RunState.QUEUED, RunState.STARTING, RunState.RUNNING, RunState.PAUSED}


@dataclass(frozen=True, eq=False)
class Course:
    """All that was measured of a run, at one version of it.

    Attributes:
        run: The run.
        curve: Its losses, in nats per character.
        gradient: The gradient's norm.
        rate: The learning rate.
        references: What simpler models reach on the same text.
        epochs: Its evaluations, oldest first.
        stops: Numbers of those of them that have samples, in order.
        notices: What happened, oldest first.
    """

    run: Run
    curve: Curve
    gradient: Points
    rate: Points
    references: tuple[Reference, ...]
    epochs: tuple[EpochRow, ...]
    stops: dict[int, None]
    notices: tuple[Notice, ...]


def course(run_id: str) -> Course:
    """Return the course of a run as it is now.

    Raises:
        StoreError: No such run.
    """
    return _course(run_id, store().version(run_id))


@lru_cache(maxsize=64)
def _course(run_id: str, _version: int) -> Course:
    run, steps, epochs = store().run(run_id), store().steps(run_id), store().epochs(run_id)
    baselines = store().baselines(run.corpus_fingerprint)
    return Course(
        run=run,
        curve=Curve(run.name, _points(steps, steps.loss), _held_out(epochs)),
        gradient=_points(steps, steps.grad_norm),
        rate=_points(steps, steps.learning_rate),
        references=tuple(Reference(b.key, b.bits) for b in baselines),
        epochs=tuple(epochs),
        stops=dict.fromkeys(store().sample_indices(run_id)),
        notices=tuple(store().notices(run_id)),
    )


def samples(course: Course, index: int) -> tuple[SampleRow, ...]:
    """Return what was written after one evaluation, coldest first."""
    return _samples(course.run.id, course.run.version, index)


@lru_cache(maxsize=256)
def _samples(run_id: str, _version: int, index: int) -> tuple[SampleRow, ...]:
    return tuple(store().samples(run_id, index))


@lru_cache(maxsize=64)
def stops(course: Course, unit: Unit, language: Language) -> str:
    """Return the slider through the samples of a run, each place named by epoch and loss."""
    name = text(f"charts.unit_{unit}", language)
    return stops_json(
        [
            Stop(
                row.index,
                text(
                    "train.samples.stop",
                    language,
                    epoch=f"{row.epoch:.2f}",
                    value=shown(row.validation_bits, unit),
                    unit=name,
                ),
            )
            for row in course.epochs
            if row.index in course.stops
        ]
    )


@dataclass(frozen=True)
class Plots:
    """The three charts of a run, ready to be sent."""

    loss: Plot
    gradient: Plot
    rate: Plot


def plots(course: Course, look: Look, earlier: tuple[str, ...] = ()) -> Plots:
    """Return the charts of a run.

    Args:
        course: The run.
        look: How the visitor wants to see it.
        earlier: Ids of other runs that are drawn along.
    """
    versions = tuple(store().version(other) for other in earlier)
    return _plots(course, look, earlier, versions)


@lru_cache(maxsize=64)
def _plots(
    course: Course, look: Look, earlier: tuple[str, ...], _versions: tuple[int, ...]
) -> Plots:
    others = [_course(*which).curve for which in zip(earlier, _versions, strict=True)]
    curve, references = course.curve, course.references
    loss = charts.loss_chart(curve, look, references, others)
    gradient = charts.gradient_chart(course.gradient, look, course.run.train_config.clip)
    rate = charts.learning_rate_chart(course.rate, look)
    return Plots(
        Plot(
            figure_json(loss),
            look.say("title_loss"),
            charts.loss_summary(curve, look, references),
            charts.loss_table(curve, look),
        ),
        Plot(figure_json(gradient), look.say("title_gradient")),
        Plot(figure_json(rate), look.say("title_learning_rate")),
    )


def comparison(run_ids: tuple[str, ...], look: Look) -> Plot:
    """Return one chart with the held-out losses of several runs."""
    return _comparison(run_ids, tuple(store().version(run_id) for run_id in run_ids), look)


@lru_cache(maxsize=32)
def _comparison(run_ids: tuple[str, ...], _versions: tuple[int, ...], look: Look) -> Plot:
    curves = [_course(*which).curve for which in zip(run_ids, _versions, strict=True)]
    figure = charts.comparison_chart(curves, look)
    return Plot(figure_json(figure), look.say("title_comparison"))


def progress(run: Run) -> float:
    """Return the share of a run's budget that is used up, 0 to 1."""
    config = run.train_config
    shares = [0.0]
    if config.seconds is not None:
        shares.append(run.seconds / config.seconds)
    if config.epochs is not None:
        shares.append(run.epoch / config.epochs)
    return min(1.0, max(shares))


def seconds_left(run: Run) -> float | None:
    """Return how long a run will still take, validation and samples included, if it is known."""
    config, left = run.train_config, [math.inf]
    if config.seconds is not None:
        left.append(config.seconds - run.seconds)
    if config.epochs is not None and run.epoch > 0:
        left.append((config.epochs - run.epoch) * run.seconds / run.epoch)
    least = min(left)
    return None if math.isinf(least) else max(0.0, least) / (1 - OVERHEAD)


def speed(run: Run) -> float | None:
    """Return characters trained on per second, if known.

    While a run goes on that is what its last stretch did. Afterwards it is the mean over all its
    training, because the last stretch may have been a very short one.
    """
    if run.state in _ONGOING or run.seconds <= 0 or not run.has_text:
        return run.chars_per_second
    return run.epoch * _training_characters(run.corpus_fingerprint) / run.seconds


@lru_cache(maxsize=64)
def _training_characters(fingerprint: str) -> int:
    """Return the length of a text without its held-out part.

    Raises:
        StoreError: The text is gone.
        CorpusError: It is damaged.
    """
    return store().corpus(fingerprint).split


def horizon(run: Run, look: Look) -> float | None:
    """Return where the bottom axis ends while a run goes on: at the end of its budget."""
    if not run.is_active:
        return None
    config = run.train_config
    if look.axis == "seconds":
        return config.seconds
    if config.epochs is not None:
        return float(config.epochs)
    share = progress(run)
    # Rounded up to quarters of a power of two, so that the axis does not crawl at every tick.
    return _rounded_up(run.epoch / share) if share > 0.05 else None


def _rounded_up(value: float) -> float:
    step = 2.0 ** (math.floor(math.log2(value)) - 2)
    return math.ceil(value / step) * step


def _points(steps: Steps, values: Floats) -> Points:
    return Points(steps.epoch, steps.seconds, values)


def _held_out(epochs: list[EpochRow]) -> Points:
    rows = [row for row in epochs if row.validation_bits is not None]
    return Points(
        np.array([row.epoch for row in rows], dtype=np.float64),
        np.array([row.seconds for row in rows], dtype=np.float64),
        np.array([row.validation_bits for row in rows], dtype=np.float64) * math.log(2),
    )
