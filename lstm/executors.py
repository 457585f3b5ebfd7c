"""Where workers run: one small interface, and this machine's own processes behind it.

Another machine's are behind the same methods in ``lstm.cluster``. Knows nothing of whose turn it
is, nor of what a worker does.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

import lstm
from lstm.machines import forget
from lstm.processes import effort, is_locked, lives, started
from lstm.records import Run, RunState
from lstm.runs import RunStore


@dataclass(frozen=True)
class Room:
    """How much may go on at a time.

    Attributes:
        slots: Trainings, those included that are under way.
        here: Which runs this is for: those that are to train on this machine, or the others;
            None: all.
    """

    slots: int
    here: bool | None = None


class Executor(Protocol):
    """Where workers run: this machine, or others behind the same methods."""

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

    def sign_of_life(self, run: Run) -> object:
        """Return something that changes whenever the worker of a run does anything at all."""

    def kill(self, run: Run) -> None:
        """End a run's worker that hangs, without asking it."""

    def went_along(self, run: Run) -> bool:
        """Tell of a worker that is gone whether its whole machine is gone."""

    def rooms(self, slots: int, watched: Sequence[Run]) -> Sequence[Room]:
        """Look after the machines, and return what may go on at a time.

        Args:
            slots: Trainings at a time on this machine.
            watched: The runs that have a worker.

        Raises:
            OSError: The data folder can't be written.
        """

    def close(self) -> None:
        """Look after the machines no longer. Workers that live go on."""


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
        pid = self.spawn([run.id], log, run.train_config.threads)
        self._store.attach(run.id, pid, started(pid))

    def start_baselines(self, corpus_fingerprint: str) -> None:
        """Start ``python -m lstm worker baselines KEY``; see ``Executor``."""
        self.spawn(["baselines", corpus_fingerprint], self._store.folder / "baselines.log", 1)

    def is_alive(self, run: Run) -> bool:
        """Look at the lock that a worker holds, and before that at the process itself."""
        self._reap()
        if is_locked(self._store.lock_file(run.id)):
            return True
        booting = run.state == RunState.STARTING and run.pid is not None
        return booting and lives(run.pid or 0, run.pid_started)

    def sign_of_life(self, run: Run) -> object:
        """Look at what it last wrote and at what its process does; see ``Executor``."""
        return run.heartbeat, effort(run.pid or 0)

    def kill(self, run: Run) -> None:
        """Kill the process, unless its number is another's by now; see ``Executor``."""
        if run.pid is not None and lives(run.pid, run.pid_started):
            psutil.Process(run.pid).kill()

    def went_along(self, run: Run) -> bool:
        """Return False: this machine is still here."""
        del run
        return False

    def rooms(self, slots: int, watched: Sequence[Run]) -> Sequence[Room]:
        """Let as many train as this machine may; see ``Executor``."""
        del watched
        forget(self._store.folder)
        return (Room(slots),)

    def close(self) -> None:
        """Do nothing: there is nothing but the workers."""

    def spawn(self, words: list[str], log: Path, threads: int) -> int:
        """Start a worker process and return its number.

        Args:
            words: What to work on, as for ``lstm.worker.main``.
            log: Where to write what it prints.
            threads: Processor threads that it may use.

        Raises:
            OSError: It can't be started.
        """
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
        return child.pid

    def _reap(self) -> None:
        """Collect the exit codes of ended workers, so that none stays behind as a zombie."""
        self.children = [child for child in self.children if child.poll() is None]
