"""Trainings on a Ray cluster, behind the same methods as processes of this machine.

Runs that their owners want on this machine, and those that began here, stay with the local
executor. Everything about a run that must outlast this process lies in the store: its worker is
known there by its lease and place. Never imports Ray.
"""

import hashlib
import math
import time
from collections.abc import Sequence

from lstm import machines
from lstm.cluster.link import Link
from lstm.executors import Executor, Room
from lstm.leases import NOT_A_PROCESS, new_lease
from lstm.machines import ANYWHERE, Cluster
from lstm.model import parameter_count
from lstm.records import Run, RunState
from lstm.runs import RunStore

ADDRESS = "CHARLOOM_RAY_ADDRESS"
"""Variable that names the cluster: ``host:port``, or ``auto`` for the one of this machine."""

AWAY_SECONDS = 30.0
"""After so long without a cluster its trainings count as gone, and wait for it again."""

VANISHED_SECONDS = 3.0
"""An actor counts as gone if the cluster was looked at for so long without seeing it. Whether its
machine or the whole cluster went along is known a moment later only, and such a run is not to
blame; nor is one that nobody could look for."""

GPU_PARAMETERS = 1_000_000
"""A network with fewer parameters gains nothing from a graphics card."""

_MEGABYTE = 2**20
_WORKER_BYTES = 600 * _MEGABYTE
_BYTES_OF_A_PARAMETER = 32  # weights, gradients, two moments, copies for a checkpoint
_BYTES_OF_A_CHARACTER = 2


class RayExecutor:
    """Workers as actors of a cluster.

    Args:
        store: Where the runs live.
        address: The cluster, as in ``CHARLOOM_RAY_ADDRESS``.
        local: For runs that train on this machine, and for reference lines.
    """

    def __init__(self, store: RunStore, address: str, local: Executor) -> None:
        """Reach for the cluster at the first look; see ``rooms``."""
        self._store, self._local = store, local
        folder = str(store.folder.resolve()).encode("utf-8")
        namespace = f"charloom-{hashlib.sha256(folder).hexdigest()[:12]}"
        self._link = Link(address, namespace, store.folder)
        self._begun: dict[str, int] = {}
        self._seen: dict[str, float] = {}
        self._promised: set[str] = set()  # actors that asked for a graphics card
        self._told: Cluster | None = None

    def start(self, run: Run) -> None:
        """Ask for an actor that trains the run, unless it is to train here; see ``Executor``."""
        if run.place == machines.HERE:
            self._local.start(run)
            return
        lease = new_lease()
        self._store.attach(run.id, lease, NOT_A_PROCESS, ANYWHERE)
        name = _name(run.id, lease)
        gpus = self._gpus(run)
        # Who has a card asks for no core: all may be taken by those who need nothing else.
        needs = {"cpus": 0 if gpus else self._cpus(run), "gpus": gpus, "memory": _memory(run)}
        wish = {"do": "start", "name": name, "run": run.id, "lease": lease, **needs}
        self._begun[name] = self._link.send(wish)
        if gpus:
            self._promised.add(name)

    def start_baselines(self, corpus_fingerprint: str) -> None:
        """Compute them beside the store, where they are needed; see ``Executor``."""
        self._local.start_baselines(corpus_fingerprint)

    def is_alive(self, run: Run) -> bool:
        """Look for its actor; while nobody can, suppose that it lives; see ``Executor``."""
        if not run.place:
            return self._local.is_alive(run)
        if run.pid is None:
            return False
        if not self._link.reached:
            return self._link.away < AWAY_SECONDS
        name, looked = _name(run.id, run.pid), self._link.heard
        if name in self._link.sight.names or self._is_beginning(name):
            self._seen[name] = looked
        return looked - self._seen.get(name, -math.inf) < VANISHED_SECONDS

    def sign_of_life(self, run: Run) -> object:
        """Look at what it last wrote; one that waits for its machine does not hang."""
        if not run.place:
            return self._local.sign_of_life(run)
        return time.monotonic() if run.state == RunState.STARTING else run.heartbeat

    def kill(self, run: Run) -> None:
        """Kill its actor; see ``Executor``."""
        if not run.place:
            self._local.kill(run)
        elif run.pid is not None:
            self._link.send({"do": "kill", "name": _name(run.id, run.pid)})

    def went_along(self, run: Run) -> bool:
        """Tell whether its machine, or the whole cluster, is gone; see ``Executor``."""
        if not run.place:
            return False
        names = {ANYWHERE, *(machine.name for machine in self._link.sight.machines)}
        return not self._link.reached or run.place not in names

    def rooms(self, slots: int, watched: Sequence[Run]) -> Sequence[Room]:
        """Let as many train as the cluster has free processors; see ``Executor``."""
        self._link.keep_up()
        away = [run for run in watched if run.place]
        running = sum(run.state == RunState.RUNNING for run in away)
        room = 0
        starting = {_name(run.id, run.pid) for run in away if run.state == RunState.STARTING}
        self._promised &= starting  # the others have theirs, so it is not among the free ones
        if self._link.reached:
            self._end_strangers(away)
            self._make_room(away)
            room = running + int(self._link.sight.free_cpus) + len(_at_the_ready(away))
        self._tell()
        return (Room(room, here=False), Room(slots, here=True))

    def close(self) -> None:
        """Let go of the cluster; its trainings go on."""
        self._link.close()
        self._local.close()

    def _is_beginning(self, name: str) -> bool:
        """Tell whether a wish for an actor may not have been heard of yet."""
        number = self._begun.get(name)
        if number is not None and self._link.done >= number:
            del self._begun[name]
            number = None
        return number is not None

    def _end_strangers(self, away: Sequence[Run]) -> None:
        """Kill actors whose run is another's by now: what they write is refused anyway."""
        known = {_name(run.id, run.pid) for run in away if run.pid is not None}
        self._seen = {name: seen for name, seen in self._seen.items() if name in known}
        for name in self._link.sight.names - known - self._begun.keys():
            self._link.send({"do": "kill", "name": name})

    def _make_room(self, away: Sequence[Run]) -> None:
        """Let a waiting worker go that keeps a processor from others."""
        if self._link.sight.free_cpus >= 1:
            return
        waits = [run for run in away if run.state == RunState.PAUSED and run.pid is not None]
        if any(run.state == RunState.STARTING for run in away):
            waits += _at_the_ready(away)  # somebody else was first
        if waits:
            self._link.send({"do": "leave", "name": _name(waits[0].id, waits[0].pid)})

    def _tell(self) -> None:
        sight = self._link.sight
        here = Cluster(self._link.reached, sight.free_cpus, sight.free_gpus, sight.machines)
        if here != self._told:
            machines.tell(self._store.folder, here)
            self._told = here

    def _cpus(self, run: Run) -> int:
        most = max((int(machine.cpus) for machine in self._link.sight.machines), default=1)
        return max(1, min(run.train_config.threads, most))

    def _gpus(self, run: Run) -> int:
        large = parameter_count(run.symbols, run.model_config) >= GPU_PARAMETERS
        return int(large and self._link.sight.free_gpus - len(self._promised) >= 1)


def _at_the_ready(away: Sequence[Run]) -> list[Run]:
    """Return runs that wait for their turn and whose paused worker has a processor already."""
    return [run for run in away if run.state == RunState.QUEUED and run.pid is not None]


def _name(run_id: str, lease: int | None) -> str:
    return f"{run_id}.{lease}"


def _memory(run: Run) -> int:
    """Return the bytes that a worker takes at most."""
    network = _BYTES_OF_A_PARAMETER * parameter_count(run.symbols, run.model_config)
    return _WORKER_BYTES + network + _BYTES_OF_A_CHARACTER * run.characters
