"""Whose turn it is: starts waiting runs, a few at a time, and looks after their workers.

All it knows lies in the store, so it may end or be killed at any time: the workers go on, and the
next scheduler finds them again. Only one per data folder acts; a second one says so in its log and
waits until the first is gone. A worker that shows no sign of life for ``CHARLOOM_HANG_SECONDS``
(default 120), not even that it works or waits, is killed and its run goes on from the last
checkpoint, as after a crash. Every ten minutes the database is copied
aside. Knows nothing of pages, nor of what a worker does.
"""

import logging
import os
import threading
import time
from pathlib import Path

from lstm.cluster.executor import ADDRESS, RayExecutor
from lstm.database import storage_errors
from lstm.errors import StoreError
from lstm.executors import Executor, LocalExecutor
from lstm.limits import Limits
from lstm.messages import text
from lstm.processes import FileLock, Silence, number_from_environment
from lstm.records import Message, Run, RunState
from lstm.runs import RunStore

__all__ = ["Executor", "LocalExecutor", "Scheduler", "serve"]

HANG_SECONDS = "CHARLOOM_HANG_SECONDS"

TICK_SECONDS = 0.3
"""How often the queue and the workers are looked at."""

BACKUP_SECONDS = 600.0
"""How often the database is copied aside."""

_PURGE_SECONDS = 60.0
_STOP_PATIENCE = 10.0
_LONGEST_PAUSE = 5.0

_log = logging.getLogger("charloom.scheduler")


class Scheduler:
    """Keeps as many trainings going as there are slots.

    Args:
        store: Where the runs live.
        slots: Trainings at a time; default: ``CHARLOOM_SLOTS``, else one for each processor
            core but one, which is left to the server.
        executor: Where workers run; default: the cluster that ``CHARLOOM_RAY_ADDRESS`` names,
            else this machine.
    """

    def __init__(
        self, store: RunStore, slots: int | None = None, executor: Executor | None = None
    ) -> None:
        """Take up no work yet; see ``start`` and ``tick``."""
        self._store = store
        self._executor = executor or _executor(store)
        self.slots = slots or Limits.now().slots
        self._lock = FileLock(store.leader_file())
        self._patience = number_from_environment(HANG_SECONDS, 120.0, 1.0)
        self._silence = Silence(most=10 * TICK_SECONDS)
        self._refused = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._purged = -_PURGE_SECONDS
        self._copied = -BACKUP_SECONDS

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
        self._executor.close()
        self._lock.release()

    def tick(self) -> None:
        """Look after the workers once, and start what may start.

        Raises:
            StoreError: The store can't be used now; the next tick may.
        """
        if not self._leads_now():
            return
        watched = self._store.watched()
        for run in watched:
            self._look_after(run)
        self._silence.forget(*(run.id for run in watched))
        self._store.step_aside(time.time() - Limits.now().aside_seconds)
        with storage_errors(self._store.folder):
            rooms = self._executor.rooms(self.slots, watched)
        for room in rooms:
            while claimed := self._store.claim(room.slots, room.here):
                self._begin(claimed)
        self._begin_baselines()
        if time.monotonic() - self._purged >= _PURGE_SECONDS:
            self._purged = time.monotonic()
            self._store.purge()
            self._store.clean_up()
        if time.monotonic() - self._copied >= BACKUP_SECONDS:
            self._copied = time.monotonic()
            self._store.back_up()

    def _leads_now(self) -> bool:
        """Take the lead if nobody else has it."""
        if self.leads:
            return True
        with storage_errors(self._store.folder):
            self._lock.acquire()
        if self.leads:
            self._store.resume_shut_down()
        elif not self._refused:
            _log.warning("%s (%s)", text("notices.elsewhere"), self._store.folder)
        self._refused = not self.leads
        return self.leads

    def _look_after(self, run: Run) -> None:
        """See whether a run's worker is gone or hangs."""
        if not self._executor.is_alive(run):
            _log.warning("worker of run %s is gone", run.id)
            self._store.lost(run.id, run.pid, blameless=self._executor.went_along(run))
        elif self._silence.look(run.id, self._executor.sign_of_life(run)) >= self._patience:
            _log.warning("worker of run %s hangs and is killed", run.id)
            self._executor.kill(run)  # the next tick finds it gone

    def _begin(self, run: Run) -> None:
        """Start a worker for a run whose turn it is.

        Raises:
            StoreError: The disk does not let it; the next tick gives the turn back.
        """
        if run.pid is not None:
            return  # its paused worker sees by itself that it is its turn again
        try:
            with storage_errors(self._store.folder):
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
        pause = TICK_SECONDS
        while not self._ended.is_set():
            try:
                self.tick()
                pause = TICK_SECONDS
            except StoreError as error:  # it may last: not the same lines over and over
                _log.warning("this tick failed; the next one tries again: %s", error)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Exception:  # one run's trouble must not end the scheduling of all others
                _log.exception("this tick failed; the next one tries again")
            self._ended.wait(pause)


def _executor(store: RunStore) -> Executor:
    address = os.environ.get(ADDRESS, "").strip()
    local = LocalExecutor(store)
    return RayExecutor(store, address, local) if address else local


def serve(ended: threading.Event, folder: Path | None = None) -> None:
    """Schedule until told to end; wait while the data folder can't be used.

    Args:
        ended: Set by whoever wants it to end.
        folder: The data folder; default: ``lstm.paths.data_folder()``.
    """
    said = ""
    while not ended.is_set():
        try:
            with RunStore(folder) as store:
                _schedule(store, ended)
        except StoreError as error:
            if str(error) != said:
                _log.error("%s", error)
            said = str(error)
            ended.wait(_LONGEST_PAUSE)


def _schedule(store: RunStore, ended: threading.Event) -> None:
    scheduler = Scheduler(store)
    scheduler.start()
    ended.wait()
    scheduler.stop()
