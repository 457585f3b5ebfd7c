"""What a worker needs of the run store, wherever the store is.

``RunStore`` is one; ``cluster.remote`` has another for workers on other machines. Each method is
told of where ``RunStore`` has it. Knows nothing of either.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from lstm.checkpoint import Saved
from lstm.corpus import Corpus
from lstm.events import Event
from lstm.records import CommandRow, Message, Run, RunState


class Ledger(Protocol):
    """The store of one worker; every method may raise what ``RunStore``'s raises."""

    folder: Path
    """Where files lie, to be named in a sentence."""

    def run_folder(self, run_id: str) -> Path:
        """Return the folder for the signs of a worker that waits."""

    def lock_file(self, run_id: str) -> Path:
        """Return the file that the worker keeps locked."""

    def log_file(self, run_id: str) -> Path:
        """Return where the worker writes what goes wrong."""

    def run(self, run_id: str) -> Run:
        """Return the run."""

    def commands(self, run_id: str) -> list[CommandRow]:
        """Return what the visitor asked for and is not done yet."""

    def corpus(self, corpus_fingerprint: str) -> Corpus:
        """Return a text."""

    def load_checkpoint(self, run_id: str) -> tuple[Saved | None, int]:
        """Return the newest checkpoint, and how many damaged ones were passed over."""

    def begin(self, run_id: str, pid: int, pid_started: float | None) -> Run:
        """Say that this process trains the run."""

    def append(self, run_id: str, events: Iterable[Event], *, durable: bool = False) -> None:
        """Add what the training told."""

    def beat(self, run_id: str) -> None:
        """Note that the worker lives."""

    def notice(self, run_id: str, key: str, **values: str | float | None) -> None:
        """Add a sentence for the run's owner."""

    def command_done(self, run_id: str, command_id: int, step: int) -> None:
        """Note that a command took effect after a step."""

    def rewind(self, run_id: str, step: int) -> None:
        """Forget what was measured after a step."""

    def sweep_run(self, run_id: str) -> None:
        """Remove what an earlier worker left half-written."""

    def put_checkpoint(self, run_id: str, saved: Saved, best: Saved | None) -> int:
        """Write the newest checkpoint; return the bytes that the run's files take."""

    def checkpoint_written(self, run_id: str, saved: Saved, size: int) -> None:
        """Note how far the newest checkpoint reaches."""

    def halt(self, run_id: str) -> None:
        """Say that the training is saved and waits."""

    def release(self, run_id: str) -> bool:
        """Let a paused run's worker go; False if it is needed."""

    def end(self, run_id: str, state: RunState, reason: Message) -> Run:
        """Say that the worker is done with the run."""

    def shut_down(self, run_id: str) -> Run:
        """Say that the worker was told to go and has saved."""
