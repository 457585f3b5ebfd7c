"""Which checkpoints of a training go to the disk, and which one it goes on from.

A checkpoint is written every few seconds, so that a crash costs little and the page can write
with a young model, but never so often that the training is held up. Knows nothing of processes
or of what the visitor asks for.
"""

import time
from functools import partial

from lstm.checkpoint import Saved
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT
from lstm.events import Checkpoint, EpochEnd, Event, Step, TrainingState
from lstm.ledger import Ledger
from lstm.patience import Patience
from lstm.records import Run

SAVE_SECONDS = 5.0
"""A checkpoint is written about so often, and less often if writing it takes long."""

LATEST_SAVE_SECONDS = 15.0
"""But never less often than this, so that a crash costs little."""

SAVE_SHARE = 0.05
"""Share of the time that writing checkpoints may take."""


class Keeper:
    """Decides which checkpoints go to the disk, and finds the one to go on from.

    Args:
        run: The run that trains.
        store: Where it lives.
        corpus: Its text.
        patience: For a disk that refuses.
    """

    def __init__(self, run: Run, store: Ledger, corpus: Corpus, patience: Patience) -> None:
        """Know nothing of earlier checkpoints yet; see ``load``."""
        self.insist = patience.insist
        self.run, self.store, self.corpus = run, store, corpus
        self.seconds = 0.0
        self.facts: dict[str, float | str | None] = {
            "name": run.name,
            "corpus": run.corpus_name,
            "epoch": 0.0,
        }
        self.newest: Saved | None = None
        self.best: Saved | None = None
        self.written = -LATEST_SAVE_SECONDS
        self.cost = 0.0

    def load(self) -> TrainingState | None:
        """Return the state to go on from, and forget what the store knows beyond it.

        Raises:
            StoreError: The store can't be used, for a reason that does not pass.
            GaveUp: It could not be used for too long.
        """
        self.insist(partial(self.store.sweep_run, self.run.id))
        saved, damaged = self.insist(partial(self.store.load_checkpoint, self.run.id))
        step = int(saved.state.numbers.get("step") or 0) if saved else 0
        if saved is not None:
            self.seconds = float(saved.state.numbers.get("seconds") or 0.0)
            self.facts |= saved.info
        if self.run.step or damaged:
            self.insist(partial(self.store.rewind, self.run.id, step))
            self._tell(damaged, step if saved else None)
        return saved.state if saved else None

    def _tell(self, damaged: int, step: int | None) -> None:
        if damaged:
            key = "damaged_checkpoints" if step is None else "damaged_checkpoint"
        else:
            key = "restarted" if step is None else "resumed"
        self.insist(partial(self.store.notice, self.run.id, f"notices.{key}", step=step))

    def note(self, event: Event) -> None:
        """Remember what a later checkpoint should say of itself."""
        if isinstance(event, Step | EpochEnd):
            self.facts["epoch"] = event.epoch
            self.facts["seconds"] = event.seconds
        if isinstance(event, EpochEnd):
            self.facts["bits_per_char"] = event.validation_loss / NATS_PER_BIT

    def is_due(self) -> bool:
        """Tell whether it is time to ask for a checkpoint."""
        return time.monotonic() - self.written >= max(SAVE_SECONDS, self._pause())

    def offer(self, event: Checkpoint, *, asked: bool) -> None:
        """Take a checkpoint, and write it unless the last one was written just now.

        Its tensors are a copy of the training's, so they may also be written later.
        """
        saved = Saved(
            model_config=self.run.model_config,
            vocabulary=self.corpus.vocabulary,
            state=event.state,
            train_config=self.run.train_config,
            lowercase=self.corpus.lowercase,
            info=dict(self.facts),
        )
        self.newest = saved
        if event.best:
            self.best = saved
        if asked or time.monotonic() - self.written >= self._pause():
            self._write(saved)

    def close(self) -> None:
        """Write what is not written yet."""
        if self.newest is not None:
            self._write(self.newest)

    def _write(self, saved: Saved) -> None:
        began = time.monotonic()
        # Two things, each of which may be repeated: a second copy would push the older one out.
        size = self.insist(partial(self.store.put_checkpoint, self.run.id, saved, self.best))
        self.insist(partial(self.store.checkpoint_written, self.run.id, saved, size))
        self.newest = self.best = None
        self.written = time.monotonic()
        self.cost = self.written - began

    def _pause(self) -> float:
        """Return the least time between two checkpoints, in seconds."""
        return min(max(1.0, self.cost / SAVE_SHARE), LATEST_SAVE_SECONDS)
