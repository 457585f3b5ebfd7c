"""One training in one process: store -> ``train()`` -> store.

Started as ``python -m lstm worker RUN``. It needs nothing but the store: while it trains, the
server may come and go. What the visitor asks for it reads from the store about twice a second.
It ends by itself: when a stop rule applies, after ``CHARLOOM_MAX_SECONDS`` seconds of training
(default 1800; counted anew when the run is resumed or extended), or when it was paused for
``CHARLOOM_PAUSE_SECONDS`` (default 600; the run stays paused and can still be resumed).

When the disk is full or can't be written to, the training waits in memory and goes on by itself
as soon as there is room; after ``CHARLOOM_MAX_SECONDS`` of that, too, the process ends, and the
run goes on from its last checkpoint later.

``python -m lstm worker baselines KEY`` computes a text's reference lines instead, in a process
of its own, so that they take nothing from the training's speed.

Knows nothing of pages, nor of who started it.
"""

import argparse
import dataclasses
import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from lstm.baselines import baselines
from lstm.config import TrainConfig
from lstm.errors import CharloomError
from lstm.events import (
    Checkpoint,
    Command,
    EpochEnd,
    Event,
    Finished,
    Sample,
    SaveNow,
    SetLearningRate,
    Step,
    Stop,
)
from lstm.keeper import Keeper
from lstm.ledger import Ledger
from lstm.limits import Limits
from lstm.patience import GaveUp, Patience
from lstm.processes import cores, lower_priority, started
from lstm.records import CommandRow, Message, Run, RunState
from lstm.runs import RunStore
from lstm.training import train
from lstm.workplace import holding, log, logging_to

FLUSH_SECONDS = 1.0
"""Measurements are gathered for so long and written in one transaction."""

_WAIT_SECONDS = 0.2
_BEAT_SECONDS = 5.0
NICE_TRAINING = 5
"""How far a training lets others go first, as of the Unix command ``nice``."""

_NICE_BASELINES = 15


class _Leave(Exception):  # noqa: N818 - not an error
    """The process must go; everything is saved."""


_GONE = (_Leave, GaveUp)


def main(arguments: Sequence[str]) -> int:
    """Run one worker.

    Args:
        arguments: The words after ``python -m lstm worker``.

    Returns:
        The exit code: 0 if the run was worked on, 1 if not.
    """
    parser = argparse.ArgumentParser(prog="python -m lstm worker")
    parser.add_argument("work", nargs="+", metavar="RUN | baselines KEY")
    work: list[str] = parser.parse_args(arguments).work
    if len(work) > 2 or (len(work) == 2 and work[0] != "baselines"):
        parser.error("RUN | baselines KEY")
    with RunStore() as store:
        if len(work) == 2:
            lower_priority(_NICE_BASELINES)
            run_baselines(work[1], store)
            return 0
        lower_priority(NICE_TRAINING)
        leave = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leave.set())
        return 0 if run_worker(work[0], store, leave) else 1


def run_baselines(corpus_fingerprint: str, store: RunStore) -> None:
    """Compute the reference lines of a text, each stored as soon as it is known.

    Raises:
        StoreError: The text is not there.
    """
    for baseline in baselines(store.corpus(corpus_fingerprint)):
        store.add_baseline(corpus_fingerprint, baseline)
    store.baselines_done(corpus_fingerprint)


def run_worker(run_id: str, store: Ledger, leave: threading.Event | None = None) -> bool:
    """Train a run until it ends, is paused for long, or ``leave`` is set.

    Whatever goes wrong is in the run's state as a sentence, and in its log with the details.

    Args:
        run_id: A run whose turn it is.
        store: Where it lives.
        leave: Set by whoever wants the process to save and go.

    Returns:
        Whether this process had the run; not if another one has it or it is not its turn.
    """
    with logging_to(store, run_id):
        patience = Patience(
            store.run_folder(run_id), leave or threading.Event(), Limits.now().max_seconds
        )
        try:
            with holding(store, run_id, patience):
                begin = partial(store.begin, run_id, os.getpid(), started(os.getpid()))
                _work(patience.insist(begin), store, patience)
        except _GONE:
            log.info("left")
        except CharloomError:
            log.exception("gave up")
            return False
    return True


def _work(run: Run, store: Ledger, patience: Patience) -> None:
    """Train, and put into the store how it ended.

    Raises:
        _Leave: The process was told to go, or was paused for long; the state is saved.
        GaveUp: The disk refused for too long, or refuses while the process is told to go.
    """
    try:
        training = _Training(run, store, patience)
        training.drive()
        ended = training.outcome()
    except _GONE:
        raise
    except CharloomError as error:
        log.exception("failed")
        ended = RunState.FAILED, Message.of_error(error)
    except Exception:
        log.exception("failed")
        ended = RunState.FAILED, Message("notices.unexpected")
    patience.insist(partial(store.end, run.id, *ended))


class _Training:
    """Drives one training: its events into the store, the visitor's commands into it."""

    def __init__(self, run: Run, store: Ledger, patience: Patience) -> None:
        self.run, self.store, self.patience = run, store, patience
        self.insist, self.leave = patience.insist, patience.leave
        self.corpus = store.corpus(run.corpus_fingerprint)
        self.keeper = Keeper(run, store, self.corpus, patience)
        self.cap = Limits.now().max_seconds
        self.linger = Limits.now().pause_seconds
        self.events: list[Event] = []
        self.commands: deque[Command] = deque()
        self.flushed = time.monotonic()
        self.store_seconds = 0.0  # time that the training waited for the store
        self.judging = self.sampling = 0.0  # time that validation and samples took
        self.told_waits = 0.0  # of it, what the run's owner was told of
        self.began_at = 0.0  # training seconds of earlier processes
        self.pausing = False
        self.stopping = False
        self.capped = False
        self.finished: Finished | None = None

    def drive(self) -> None:
        """Train to the end.

        Raises:
            _Leave: The process was told to go, or was paused for long; the state is saved.
            GaveUp: The disk refused for too long, or refuses while the process is told to go.
        """
        start = self.keeper.load()
        self.began_at = self.keeper.seconds
        command: Command | None = None
        with closing(train(self.corpus, self.run.model_config, self._config(), start)) as training:
            while True:
                try:
                    event = training.send(command)
                except StopIteration:
                    break
                taken = time.monotonic()
                self._take(event)
                self.store_seconds += time.monotonic() - taken
                command = self.commands.popleft() if self.commands else None
        self._flush()
        self.keeper.close()
        self._tell_waits()
        trained = (self.finished.seconds if self.finished else 0.0) - self.began_at
        beside = (trained, self.store_seconds, self.judging, self.sampling)
        log.info("trained for %.1f s; store %.1f s, validation %.1f s, samples %.1f s", *beside)

    def outcome(self) -> tuple[RunState, Message]:
        """Return how the training ended."""
        assert self.finished is not None, "train() ends with Finished"
        reason = self.finished.reason
        if reason == "stopped" and self.capped:
            minutes = f"{self.cap / 60:.4g}"
            return RunState.FINISHED, Message("notices.finished_time_cap", {"minutes": minutes})
        states = {"stopped": RunState.STOPPED, "diverged": RunState.FAILED}
        return states.get(reason, RunState.FINISHED), Message(f"notices.finished_{reason}")

    def _config(self) -> TrainConfig:
        """Return the settings with no more threads than leave a core to the server."""
        config = self.run.train_config
        return dataclasses.replace(config, threads=min(config.threads, max(1, cores() - 1)))

    def _take(self, event: Event) -> None:
        if isinstance(event, Checkpoint):
            # A checkpoint must never be ahead of the curve that leads to it.
            self._flush(durable=True)
            self.keeper.offer(event, asked=self.pausing or self.leave.is_set())
            self._tell_waits()
            self._rest()
        elif isinstance(event, Finished):
            self.finished = event
        else:
            self.keeper.note(event)
            self._count(event)
            self.events.append(event)
            if time.monotonic() - self.flushed >= FLUSH_SECONDS:
                self._flush()
        if isinstance(event, Step):
            self._listen(event)

    def _count(self, event: Event) -> None:
        """Add up what is not training, to be told in the log."""
        if isinstance(event, EpochEnd):
            self.judging += event.evaluation_seconds
        elif isinstance(event, Sample):
            self.sampling += event.seconds_spent

    def _flush(self, *, durable: bool = False) -> None:
        self.insist(partial(self.store.append, self.run.id, self.events, durable=durable))
        self.events.clear()
        self.flushed = time.monotonic()

    def _tell_waits(self) -> None:
        """Tell the run's owner that it had to wait for the disk, once it is over."""
        waited = self.patience.waited - self.told_waits
        if waited > 0:
            self._notice("notices.waited", seconds=math.ceil(waited))
            self.told_waits = self.patience.waited

    def _notice(self, key: str, **values: float) -> None:
        self.insist(partial(self.store.notice, self.run.id, key, **values))

    # ---- between two steps ----------------------------------------------------------------

    def _listen(self, event: Step) -> None:
        """See what the visitor, the clock or the system wants."""
        for row in self._asked():
            self._obey(row, event.step)
        budget = self.run.train_config.seconds
        ends_now = budget is not None and event.seconds >= budget
        if event.seconds - self.began_at >= self.cap and not (ends_now or self.stopping):
            self.capped = self.stopping = True
            self.commands.append(Stop())
        if self.pausing or self.leave.is_set() or self.keeper.is_due():
            self.commands.append(SaveNow())

    def _obey(self, row: CommandRow, step: int) -> None:
        if row.kind == "pause":
            self.pausing = True
        elif row.kind == "stop" and not self.stopping:
            self.stopping = True
            self.commands.append(Stop())
        elif row.kind == "learning_rate" and row.value is not None:
            self.commands.append(SetLearningRate(row.value))
            # It may only be handed in after a checkpoint at this very step: count it as later.
            self.insist(partial(self.store.command_done, self.run.id, row.id, step + 1))
            self._notice("notices.learning_rate", value=row.value)

    def _asked(self) -> list[CommandRow]:
        return self.insist(partial(self.store.commands, self.run.id))

    def _rest(self) -> None:
        """Leave or pause, now that the state is saved, if that was asked for."""
        if self.stopping:
            return
        if self.leave.is_set():
            self.insist(partial(self.store.shut_down, self.run.id))
            raise _Leave
        if self.pausing:
            self.insist(partial(self.store.halt, self.run.id))
            paused = time.monotonic()
            self._wait()
            self.store_seconds -= time.monotonic() - paused
            self.pausing = False

    def _wait(self) -> None:
        """Sleep until the run has its turn again or is stopped."""
        paused = beaten = time.monotonic()
        run_id = self.run.id
        while self.insist(partial(self.store.run, run_id)).state != RunState.STARTING:
            if any(row.kind == "stop" for row in self._asked()):
                return  # the next step reads it again and obeys
            lingered = time.monotonic() - paused >= self.linger
            going = lingered or self.leave.is_set()
            if going and self.insist(partial(self.store.release, run_id)):
                raise _Leave
            if time.monotonic() - beaten >= _BEAT_SECONDS:
                self.insist(partial(self.store.beat, run_id))
                beaten = time.monotonic()
            self.leave.wait(_WAIT_SECONDS)
        self.insist(partial(self.store.begin, run_id, os.getpid(), started(os.getpid())))
