"""What everybody in a class sees, made once per change for all who look.

With fifty viewers every tick comes fifty times, so a tick only asks the store for a few numbers;
rows, lines and samples are made anew when these have changed, by whoever comes first. Knows
nothing of widgets.
"""

import math
import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from lstm.classroom import ClassRun, Glance
from lstm.quizzes import Question, Round, Score
from lstm.records import RunState, SampleRow
from lstm.ui.classroom.chart import class_chart, with_own
from lstm.ui.components.liveplot import Plot, figure_json
from lstm.ui.curves import Curve, Look, Points, shown
from lstm.ui.services import store

MOST_LINES = 100
"""Lines of the chart: the best ones."""

SAMPLES = 3
"""Best trainings whose newest sample is shown."""

TEMPERATURE = 0.5
"""That of the samples shown: the network is careful, but does not go round in circles."""

_NONE = Points(np.empty(0), np.empty(0), np.empty(0))
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Board:
    """The trainings of a class at one moment.

    Attributes:
        rows: All of them, best first.
        shown: Those that the teacher has not hidden.
        samples: What the best of these wrote last; with whom.
    """

    rows: tuple[ClassRun, ...]
    shown: tuple[ClassRun, ...]
    samples: tuple[tuple[ClassRun, SampleRow], ...]

    @cached_property
    def drawn(self) -> tuple[ClassRun, ...]:
        """Those that have a line in the chart."""
        return tuple(row for row in self.shown if row.best_bits is not None)[:MOST_LINES]

    @property
    def texts(self) -> int:
        """How many different texts are learned: bits compare on the same text only."""
        return len({row.corpus for row in self.shown})

    @property
    def is_active(self) -> bool:
        """Whether anything in it will change by itself."""
        return any(
            row.pending or row.state in {RunState.QUEUED, RunState.STARTING, RunState.RUNNING}
            for row in self.rows
        )

    def name(self, run_id: str | None) -> str | None:
        """Return what a run is called, if it is shown. Hostile text."""
        return next((title(row) for row in self.shown if row.run == run_id), None)


@dataclass(frozen=True, eq=False)
class Party:
    """The games of a class at one moment.

    Attributes:
        members: How many there are.
        names: What they call themselves. Hostile texts.
        round: The newest round of the quiz.
        scores: The results in Shannon's game.
    """

    members: int
    names: tuple[str, ...]
    round: Round | None
    scores: tuple[Score, ...]


def board(glance: Glance) -> Board:
    """Return the trainings of a class."""
    with _lock:
        return _board(glance.classroom.code, glance.course)


@lru_cache(maxsize=16)
def _board(code: str, _course: tuple[int, ...]) -> Board:
    rows = tuple(store().class_runs(code))
    visible = tuple(row for row in rows if not row.hidden)
    best = [row for row in visible if row.best_bits is not None][:SAMPLES]
    written = [(row, _sample(row.run, row.version)) for row in best]
    return Board(rows, visible, tuple((row, sample) for row, sample in written if sample))


def party(glance: Glance) -> Party:
    """Return the games of a class."""
    with _lock:
        return _party(glance.classroom.code, glance.classroom.version)


@lru_cache(maxsize=16)
def _party(code: str, _version: int) -> Party:
    names = tuple(member.name for member in store().members(code))
    scores = tuple(store().scores(code, "shannon"))
    return Party(len(names), names, store().round(code), scores)


def questions(glance: Glance, quiz: int, visitor: str) -> tuple[Question, ...]:
    """Return the passages of a round as a visitor may know them."""
    return _questions(quiz, visitor, glance.classroom.version)


@lru_cache(maxsize=256)
def _questions(quiz: int, visitor: str, _version: int) -> tuple[Question, ...]:
    return tuple(store().questions(quiz, visitor))


def plot(now: Board, look: Look, visitor: str) -> Plot:
    """Return the chart of a class, with the visitor's own trainings marked."""
    rows = now.drawn
    own = tuple(place for place, row in enumerate(rows) if row.owner == visitor)
    with _lock:
        return _plot(now, look, own)


@lru_cache(maxsize=128)
def _plot(now: Board, look: Look, own: tuple[int, ...]) -> Plot:
    figure = figure_json(with_own(_figure(now, look), own))
    return Plot(figure, look.say("title_class"), _summary(now.drawn, look))


@lru_cache(maxsize=32)
def _figure(now: Board, look: Look) -> dict[str, Any]:
    # What all viewers share is most of the work.
    return class_chart([_curve(row.run, row.version, title(row)) for row in now.drawn], look)


def title(row: ClassRun) -> str:
    """Return whose training it is and what it is called. Hostile text."""
    return f"{row.member}: {row.name}"


def _summary(rows: tuple[ClassRun, ...], look: Look) -> str:
    if not rows:
        return look.say("summary_empty")
    best = rows[0]
    values = {"name": title(best), "best": shown(best.best_bits, look.unit), "count": len(rows)}
    return look.say("summary_class", unit=look.say(f"unit_{look.unit}"), **values)


@lru_cache(maxsize=512)
def _curve(run_id: str, _version: int, name: str) -> Curve:
    rows = [row for row in store().epochs(run_id) if row.validation_bits is not None]
    points = Points(
        np.array([row.epoch for row in rows], dtype=np.float64),
        np.array([row.seconds for row in rows], dtype=np.float64),
        np.array([row.validation_bits for row in rows], dtype=np.float64) * math.log(2),
    )
    return Curve(name, _NONE, points)


@lru_cache(maxsize=512)
def _sample(run_id: str, _version: int) -> SampleRow | None:
    indices = store().sample_indices(run_id)
    rows = store().samples(run_id, indices[-1]) if indices else []
    return min(rows, key=lambda row: abs(row.temperature - TEMPERATURE), default=None)
