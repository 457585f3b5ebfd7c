"""Whose turn it is: starts waiting runs, a few at a time, and looks after their workers.

All it knows lies in the store, so it may end or be killed at any time: the workers go on, and the
next scheduler finds them again. Only one per data folder acts; a second one waits until the first
is gone. Knows nothing of pages, nor of what a worker does.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Protocol

import lstm
from lstm.processes import (
    FileLock,
    cores,
    is_locked,
    lives,
    number_from_environment,
    started,
)
from lstm.records import Message, Run, RunState
from lstm.runs import RunStore

SLOTS = "CHARLOOM_SLOTS"

TICK_SECONDS = 0.3
"""How often the queue and the workers are looked at."""

_PURGE_SECONDS = 60.0
_STOP_PATIENCE = 10.0

_log = logging.getLogger("charloom.scheduler")


class Executor(Protocol):
    """Where workers run: this machine, or others behind the same three methods."""

    def start(self, run: Run) -> None:
        """Start a worker for a run and note it in the store.

        Raises:
            OSError: It can't be started.
        """

    def start_baselines(self, corpus_fingerprint: str) -> None:
        """Start the process that computes a text's reference lines.

        Raises:
            OSError: It can't be started.
        """

    def is_alive(self, run: Run) -> bool:
        """Tell whether a run's worker lives or is just being started."""


class LocalExecutor:
    """Workers as processes of this machine, each in a session of its own.

    Args:
        store: Where the runs live.
    """

    def __init__(self, store: RunStore) -> None:
        """Start workers for the runs of this store."""
        self._store = store
        self.children: list[subprocess.Popen[bytes]] = []
        """The processes that this executor started and that have not been seen to end."""

    def start(self, run: Run) -> None:
        """Start ``python -m lstm worker RUN``; see ``Executor``."""
        log = self._store.log_file(run.id)
        child = self._spawn([run.id], log, run.train_config.threads)
        self._store.attach(run.id, child.pid, started(child.pid))

    def start_baselines(self, corpus_fingerprint: str) -> None:
        """Start ``python -m lstm worker --baselines KEY``; see ``Executor``."""
        self._spawn(["baselines", corpus_fingerprint], self._store.folder / "baselines.log", 1)

    def is_alive(self, run: Run) -> bool:
        """Look at the lock that a worker holds, and before that at the process itself."""
        self._reap()
        if is_locked(self._store.lock_file(run.id)):
            return True
        booting = run.state == RunState.STARTING and run.pid is not None
        return booting and lives(run.pid or 0, run.pid_started)

    def _spawn(self, words: list[str], log: Path, threads: int) -> subprocess.Popen[bytes]:
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "CHARLOOM_DATA": str(self._store.folder),
            "OMP_NUM_THREADS": str(threads),
            "PYTHONUNBUFFERED": "1",
        }
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "lstm", "worker", *words],
                cwd=Path(lstm.__file__).parent.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # signals meant for the server do not reach it
            )
        self.children.append(child)
        return child

    def _reap(self) -> None:
        """Collect the exit codes of ended workers, so that none stays behind as a zombie."""
        self.children = [child for child in self.children if child.poll() is None]


class Scheduler:
    """Keeps as many trainings going as there are slots.

    Args:
        store: Where the runs live.
        slots: Trainings at a time; default: ``CHARLOOM_SLOTS``, else one for each processor
            core but one, which is left to the server.
        executor: Where workers run; default: this machine.
    """

    def __init__(
        self, store: RunStore, slots: int | None = None, executor: Executor | None = None
    ) -> None:
        """Take up no work yet; see ``start`` and ``tick``."""
        self._store = store
        self._executor = executor or LocalExecutor(store)
        default = max(1, cores() - 1)
        self.slots = slots or int(number_from_environment(SLOTS, default, 1))
        self._lock = FileLock(store.folder / "scheduler.lock")
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._purged = -_PURGE_SECONDS

    @property
    def leads(self) -> bool:
        """Whether this is the scheduler that acts on the data folder."""
        return self._lock.held

    def start(self) -> None:
        """Tick in a thread of its own until ``stop``."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tick no more. Workers that live go on."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_STOP_PATIENCE)
            self._thread = None
        self._lock.release()

    def tick(self) -> None:
        """Look after the workers once, and start what may start.

        Raises:
            StoreError: The store can't be used now; the next tick may.
        """
        if not self._leads_now():
            return
        for run in self._store.watched():
            if not self._executor.is_alive(run):
                _log.warning("worker of run %s is gone", run.id)
                self._store.lost(run.id, run.pid)
        while claimed := self._store.claim(self.slots):
            self._begin(claimed)
        self._begin_baselines()
        if time.monotonic() - self._purged >= _PURGE_SECONDS:
            self._purged = time.monotonic()
            self._store.purge()

    def _leads_now(self) -> bool:
        """Take the lead if nobody else has it."""
        if not self.leads and self._lock.acquire():
            self._store.resume_shut_down()
        return self.leads

    def _begin(self, run: Run) -> None:
        if run.pid is not None:
            return  # its paused worker sees by itself that it is its turn again
        try:
            self._executor.start(run)
        except OSError as error:
            _log.exception("no worker for run %s", run.id)
            values = {"reason": error.strerror}
            message = Message("errors.worker_not_started", values)
            self._store.end(run.id, RunState.FAILED, message)

    def _begin_baselines(self) -> None:
        """Start one text's reference lines; a failure costs a run nothing and is tried again."""
        key = self._store.claim_baselines()
        if key is None:
            return
        try:
            self._executor.start_baselines(key)
        except OSError:
            _log.exception("no process for the baselines of text %s", key)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.tick()
            except Exception:  # one run's trouble must not end the scheduling of all others
                _log.exception("this tick failed; the next one tries again")
            self._ended.wait(TICK_SECONDS)
