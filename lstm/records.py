"""What the run store hands out: frozen values, and which actions a run's state allows.

Everything that a page shows about a run, down to which buttons are there, follows from these
values alone. Knows nothing of SQL files or processes.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from lstm.config import ModelConfig, TrainConfig
from lstm.errors import CharloomError, ConfigError, StoreError
from lstm.messages import Language, text

Column = npt.NDArray[np.float64]


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    """Waits for its turn."""
    STARTING = "starting"
    """It is its turn; its process is being started."""
    RUNNING = "running"
    PAUSED = "paused"
    """Its state is saved and it waits for the visitor."""
    FINISHED = "finished"
    """One of its stop rules applied."""
    STOPPED = "stopped"
    """The visitor stopped it; what it learned by then is kept."""
    INTERRUPTED = "interrupted"
    """Its process died; it can go on from its last checkpoint."""
    FAILED = "failed"
    """It could not go on; ``reason`` says why."""


RETURNED = "returned"
"""In place of a preset's name: the network came out of a file or of another run."""

UNTOLD = "untold"
"""Likewise, and the file does not say how it was trained: the run's recipe means nothing."""

Action = Literal["pause", "resume", "stop", "set_learning_rate", "extend"]

ALLOWED: dict[Action, frozenset[RunState]] = {
    "pause": frozenset({RunState.QUEUED, RunState.STARTING, RunState.RUNNING}),
    "resume": frozenset({RunState.PAUSED, RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED}),
    "stop": frozenset(
        {
            RunState.QUEUED,
            RunState.STARTING,
            RunState.RUNNING,
            RunState.PAUSED,
            RunState.INTERRUPTED,
        }
    ),
    "set_learning_rate": frozenset(
        {RunState.QUEUED, RunState.STARTING, RunState.RUNNING, RunState.PAUSED}
    ),
    "extend": frozenset({RunState.FINISHED, RunState.STOPPED}),
}
"""The states in which each action of the visitor makes sense."""


@dataclass(frozen=True)
class Message:
    """A sentence of the catalogue with its values, so that it can be read in every language.

    Attributes:
        key: Dotted name in the catalogue, for example ``"notices.resumed"``.
        values: Its placeholders; JSON values.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def text(self, language: Language = "en") -> str:
        """Return the sentence in the given language."""
        return text(self.key, language, **self.values)

    def to_json(self) -> str:
        """Return the message as one JSON object."""
        return json.dumps({"key": self.key, "values": self.values}, ensure_ascii=False)

    @classmethod
    def of_error(cls, error: CharloomError) -> Self:
        """Return the sentence of an error."""
        return cls(f"errors.{error.key}", {name: str(v) for name, v in error.values.items()})

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """Return the message that ``to_json`` wrote."""
        return cls(**json.loads(stored))


@dataclass(frozen=True)
class Run:
    """One training as the store knows it at one moment.

    Times of day are Unix seconds, losses are bits per character. Progress fields are those of
    the last measurement and None before the first.

    Attributes:
        id: Unguessable; safe in a URL.
        owner: Key of the visitor whom it belongs to.
        name: What the visitor calls it. Hostile text, like ``corpus_name``.
        state: Where it is in its life.
        pending: What the visitor asked for and the worker has not done yet.
        preset: Name of the preset that it was made from, or ``RETURNED``, or ``UNTOLD``.
        corpus_fingerprint: Key of its text (with split) for ``corpus``, ``baselines``.
        corpus_name: What the visitor called the text.
        characters: Length of the text, the held-out part included; 0: it is not at hand.
        symbols: Size of its vocabulary.
        model_config: Shape of the network.
        train_config: How it is trained, with the budget as extended so far.
        created: When it was made.
        seen: When its owner last had a page open.
        started: When its training first began.
        finished: When it ended.
        deleted: When its owner deleted it; it can be brought back for a while.
        kept: Whether it is exempt from cleaning up.
        reason: Why it ended, failed or was interrupted.
        attempts: How often it went on by itself after its process died.
        pid: Number of its living process.
        pid_started: When that process began: tells it from a later one of the same number.
        heartbeat: Last sign of life of that process.
        step: Optimizer steps done.
        epoch: Passes over the training text done.
        seconds: Training time so far; validation, samples and pauses are not counted.
        learning_rate: That of the last step.
        chars_per_second: Training speed of the last stretch.
        train_bits: Training loss before the last evaluation.
        last_bits: Held-out loss at the last evaluation.
        best_bits: Lowest held-out loss.
        best_epoch: Epoch at which it was reached.
        checkpoint_step: Step of the saved snapshot; None: there is no model yet.
        checkpoint_epoch: Epoch of the saved snapshot.
        size_bytes: Room that its files take on the disk, the text excluded.
        aside: Since when it lets others pass, because its owner has no page open; None: not so.
        place: The machine of a cluster that it trains on; None: this one.
        version: As from ``RunStore.version``.
    """

    id: str
    owner: str
    name: str
    state: RunState
    pending: Literal["pause", "stop"] | None
    preset: str
    corpus_fingerprint: str
    corpus_name: str
    characters: int
    symbols: int
    model_config: ModelConfig
    train_config: TrainConfig
    created: float
    seen: float
    started: float | None
    finished: float | None
    deleted: float | None
    kept: bool
    reason: Message | None
    attempts: int
    pid: int | None
    pid_started: float | None
    heartbeat: float | None
    step: int
    epoch: float
    seconds: float
    learning_rate: float | None
    chars_per_second: float | None
    train_bits: float | None
    last_bits: float | None
    best_bits: float | None
    best_epoch: float | None
    checkpoint_step: int | None
    checkpoint_epoch: float | None
    size_bytes: int
    aside: float | None
    place: str | None
    version: int

    def allows(self, action: Action) -> bool:
        """Tell whether the visitor can do this now, so whether its button is there."""
        if self.deleted is not None or self.state not in ALLOWED[action]:
            return False
        if self.pending == "stop" or (self.pending == "pause" and action == "pause"):
            return False
        return action != "extend" or (self.has_model and self.has_text)

    @property
    def has_model(self) -> bool:
        """Whether there is something to write with."""
        return self.checkpoint_step is not None

    @property
    def has_text(self) -> bool:
        """Whether its text is in the store; not if its network came back in a file."""
        return self.characters > 0

    @property
    def is_active(self) -> bool:
        """Whether it will change without the visitor doing anything."""
        return self.state in {RunState.QUEUED, RunState.STARTING, RunState.RUNNING} or (
            self.pending is not None
        )


RUN_COLUMNS = """
    runs.*, corpora.characters, corpora.symbols,
    (SELECT kind FROM commands
     WHERE run = runs.id AND done_at_step IS NULL AND kind IN ('pause', 'stop')
     ORDER BY kind = 'stop' DESC LIMIT 1) AS pending
"""
"""What a query must select, from ``runs JOIN corpora``, for ``run_of``."""


def run_of(row: sqlite3.Row) -> Run:
    """Return the run of a database row that has ``RUN_COLUMNS``.

    Raises:
        StoreError: The row holds settings or a state that are none.
    """
    try:
        return _run_of(dict(row))
    except (ConfigError, AttributeError, TypeError, ValueError) as error:
        raise StoreError("run_damaged", run=row["id"]) from error


def runs_of(rows: Iterable[sqlite3.Row]) -> list[Run]:
    """Return the runs of rows; a damaged one must not hide the others and is left out."""
    return [run_of(row) for row in rows if not is_damaged(row)]


def is_damaged(row: sqlite3.Row) -> bool:
    """Tell whether a row is no run; see ``run_of``."""
    try:
        run_of(row)
    except StoreError:
        return True
    return False


def _run_of(values: dict[str, Any]) -> Run:
    values["corpus_fingerprint"] = values.pop("corpus")
    del values["turn"]  # the order in the queue; ``RunStore.queue_place`` tells the place
    del values["recorded"]  # for whoever writes events that come from another machine
    values["state"] = RunState(values["state"])
    values["model_config"] = ModelConfig.from_json(json.loads(values["model_config"]))
    values["train_config"] = TrainConfig.from_json(json.loads(values["train_config"]))
    values["kept"] = bool(values["kept"])
    values["reason"] = Message.from_json(values["reason"]) if values["reason"] else None
    return Run(**values)


@dataclass(frozen=True, eq=False)
class Curve:
    """The course of a run, thinned out: one row for each point of a chart.

    All arrays have shape (points,) and dtype float64.

    Attributes:
        step: Optimizer steps done at the end of the stretch.
        epoch: Passes over the training text done.
        seconds: Training time so far.
        loss: Mean training loss of the stretch, in **nats** per character; nan if it was none.
        grad_norm: Largest norm of the gradient in the stretch, so that spikes stay visible.
        learning_rate: Mean learning rate.
        chars_per_second: Mean training speed.
    """

    step: Column
    epoch: Column
    seconds: Column
    loss: Column
    grad_norm: Column
    learning_rate: Column
    chars_per_second: Column


@dataclass(frozen=True)
class EpochRow:
    """One evaluation on the held-out text.

    Attributes:
        index: Number of the evaluation, from 1.
        step: Optimizer steps done.
        epoch: Passes over the training text done.
        seconds: Training time so far.
        train_bits: Training loss since the last evaluation, bits per character.
        validation_bits: Held-out loss, bits per character.
        best: Whether it was the lowest so far.
    """

    index: int
    step: int
    epoch: float
    seconds: float
    train_bits: float | None
    validation_bits: float | None
    best: bool


@dataclass(frozen=True)
class SampleRow:
    """What the network wrote after an evaluation, at one temperature. Hostile text.

    Attributes:
        index: Number of the evaluation.
        epoch: As in that evaluation.
        temperature: One of ``lstm.config.SAMPLE_TEMPERATURES``.
        opening: The characters that it was given.
        text: What it wrote, opening excluded.
    """

    index: int
    epoch: float
    temperature: float
    opening: str
    text: str


@dataclass(frozen=True)
class Notice:
    """Something that happened to a run and that its owner should know.

    Attributes:
        id: Rises with time.
        created: When, in Unix seconds.
        step: Optimizer steps done by then.
        message: What happened.
    """

    id: int
    created: float
    step: int
    message: Message

    def text(self, language: Language = "en") -> str:
        """Return the sentence in the given language."""
        return self.message.text(language)


@dataclass(frozen=True)
class CommandRow:
    """Something that the visitor asked of a running training.

    Attributes:
        id: Rises with time.
        kind: ``"pause"``, ``"stop"`` or ``"learning_rate"``.
        value: The new learning rate.
    """

    id: int
    kind: Literal["pause", "stop", "learning_rate"]
    value: float | None
