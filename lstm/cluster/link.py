"""The process that speaks to the cluster, as the scheduler has it: begun, listened to, begun anew.

Knows nothing of runs, nor of what is wished for.
"""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import lstm
from lstm.machines import Machine

SILENT_SECONDS = 10.0
"""After so long without a word the cluster counts as out of reach."""

_BEGIN_SECONDS = 60.0
_AGAIN_SECONDS = 3.0
_LATEST_AGAIN_SECONDS = 15.0  # each beginning costs a few seconds of a processor
_END_SECONDS = 5.0

_log = logging.getLogger("charloom.scheduler")


@dataclass(frozen=True)
class Sight:
    """What was seen of the cluster last.

    Attributes:
        done: Wishes that this life of the agent has done.
        names: The trainings that there are, by the names they were started under.
        machines: The machines that live.
        free_cpus: Processor cores that nobody has claimed.
        free_gpus: Graphics cards that nobody has claimed.
    """

    done: int = 0
    names: frozenset[str] = frozenset()
    machines: tuple[Machine, ...] = ()
    free_cpus: float = 0.0
    free_gpus: float = 0.0


@dataclass
class _Process:
    """One life of the agent."""

    child: subprocess.Popen[str]
    began: float
    before: int  # wishes that earlier lives were sent
    heard: float | None = None
    sight: Sight = field(default_factory=Sight)


class Link:
    """Keeps an agent going.

    Args:
        address: The cluster.
        namespace: What sets this server's trainings apart from another's on the same cluster.
        folder: The data folder.
    """

    def __init__(self, address: str, namespace: str, folder: Path) -> None:
        """Begin nothing yet; see ``keep_up``."""
        self._words = [address, namespace, str(folder)]
        self._log_file = folder / "cluster.log"
        self._process: _Process | None = None
        self._ended = -_AGAIN_SECONDS
        self._pause = _AGAIN_SECONDS
        self._sent = 0
        self._reached: float | None = None  # or, before the first time, when it was tried

    @property
    def reached(self) -> bool:
        """Whether the cluster has answered just now."""
        process = self._process
        if process is None or process.heard is None or process.child.poll() is not None:
            return False
        return time.monotonic() - process.heard < SILENT_SECONDS

    @property
    def away(self) -> float:
        """For how many seconds the cluster has not answered, since it was asked at all."""
        if self._process is not None and self._process.heard is not None:
            self._reached = self._process.heard
        if self.reached or self._reached is None:
            return 0.0
        return time.monotonic() - self._reached

    @property
    def heard(self) -> float:
        """When something was seen last, in seconds of ``time.monotonic``; 0 if nothing was."""
        return (self._process.heard if self._process else None) or 0.0

    @property
    def sight(self) -> Sight:
        """What was seen last; nothing before the first time."""
        return self._process.sight if self._process else Sight()

    @property
    def done(self) -> int:
        """How many wishes are done, or were lost with an agent that ended."""
        return self._process.before + self._process.sight.done if self._process else self._sent

    def keep_up(self) -> None:
        """Begin the agent, or begin it anew if it has ended or says nothing.

        Raises:
            OSError: It can't be begun.
        """
        process, now = self._process, time.monotonic()
        if process is not None and process.child.poll() is None:
            silent = now - (process.heard or process.began + _BEGIN_SECONDS - SILENT_SECONDS)
            if silent < SILENT_SECONDS:
                return
        if process is not None:
            if process.heard is not None:  # not over and over while it stays away
                _log.warning("the cluster is out of reach; %s tells more", self._log_file.name)
                self._pause = _AGAIN_SECONDS
            self.close()
        if now - self._ended >= self._pause:
            self._pause = min(2 * self._pause, _LATEST_AGAIN_SECONDS)
            self._begin()

    def send(self, wish: Mapping[str, object]) -> int:
        """Wish for something; return the number that ``done`` has when it is done."""
        process = self._process
        if process is None or process.child.stdin is None:
            return self._sent
        try:
            process.child.stdin.write(json.dumps(wish) + "\n")
            process.child.stdin.flush()
        except (BrokenPipeError, ValueError):
            _log.warning("the cluster is gone")  # ``reached`` tells the same
        self._sent += 1
        return self._sent

    def close(self) -> None:
        """End the agent. What it started goes on."""
        process, self._process = self._process, None
        self._ended = time.monotonic()
        if process is None:
            return
        self._reached = process.heard or self._reached
        process.child.kill()
        process.child.wait(_END_SECONDS)
        for pipe in (process.child.stdin, process.child.stdout):
            _close(pipe)

    def _begin(self) -> None:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "lstm.cluster.agent", *self._words],
                cwd=Path(lstm.__file__).parent.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # signals meant for the server do not reach it
            )
        self._process = _Process(child, time.monotonic(), self._sent)
        self._reached = self._reached or self._process.began
        threading.Thread(target=_listen, args=(self._process,), daemon=True).start()


def _listen(process: _Process) -> None:
    assert process.child.stdout is not None
    try:
        for line in process.child.stdout:
            if line.startswith("{"):  # libraries may print, too
                process.sight = _sight(json.loads(line))
                process.heard = time.monotonic()
    except ValueError:
        return  # closed meanwhile


def _sight(seen: dict[str, object]) -> Sight:
    facts = dict(seen)
    machines = facts.pop("machines")
    names = facts.pop("names")
    assert isinstance(machines, list)
    assert isinstance(names, list)
    return Sight(
        **facts,  # type: ignore[arg-type]
        names=frozenset(names),
        machines=tuple(Machine(**machine) for machine in machines),
    )


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except BrokenPipeError:
            return  # what was not read will not be
