"""What the scheduler supposes of workers that it can't see: no cluster, nor any process."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lstm.cluster import executor as executors
from lstm.cluster.executor import RayExecutor
from lstm.cluster.link import Link, Sight
from lstm.executors import LocalExecutor
from lstm.leases import NOT_A_PROCESS
from lstm.machines import ANYWHERE, Machine
from lstm.runs import Run, RunStore
from tests.store_tools import make_run, wait_until

LEASE = 5_000_000


class Silent(Link):
    """A cluster as it is set here; what is wished for is kept."""

    def __init__(self) -> None:
        super().__init__("nowhere:1", "test", Path())
        self.seen: Sight | None = None
        self.looked = 1.0
        self.wishes: list[object] = []

    @property
    def reached(self) -> bool:
        return self.seen is not None

    @property
    def heard(self) -> float:
        return self.looked

    @property
    def sight(self) -> Sight:
        return self.seen or Sight()

    def keep_up(self) -> None:
        self._reached = self._reached or time.monotonic()

    def send(self, wish: object) -> int:
        self.wishes.append(wish)
        return 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def link() -> Silent:
    return Silent()


@pytest.fixture
def ray(store: RunStore, link: Silent) -> RayExecutor:
    made = RayExecutor(store, "nowhere:1", LocalExecutor(store))
    made._link = link
    return made


def away(store: RunStore, place: str = "one") -> Run:
    run = make_run(store)
    store.claim(9)
    store.attach(run.id, LEASE, NOT_A_PROCESS, ANYWHERE)
    return store.begin(run.id, LEASE, NOT_A_PROCESS, place)


def sight(*names: str, cpus: float = 1.0, machines: Sequence[str] = ("one",)) -> Sight:
    return Sight(0, frozenset(names), tuple(Machine(name, 1, 0) for name in machines), cpus)


def test_who_was_not_asked_for_yet_is_not_gone(
    store: RunStore, ray: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = away(store)
    monkeypatch.setattr(executors, "AWAY_SECONDS", 1e-9)
    assert ray.is_alive(run), "a server that has just taken over has seen nothing yet"
    ray.rooms(1, [run])
    wait_until(lambda: not ray.is_alive(run))
    assert ray.went_along(run)


def test_a_worker_that_died_is_told_from_a_machine_that_did(
    store: RunStore, ray: RayExecutor, link: Silent
) -> None:
    run = away(store)
    link.seen = sight(f"{run.id}.{LEASE}")
    assert ray.is_alive(run)
    link.seen = sight()
    ray.rooms(1, [run])
    assert ray.is_alive(run), "what went along is not known yet"
    link.looked += executors.VANISHED_SECONDS
    assert not ray.is_alive(run)
    assert not ray.went_along(run)
    link.seen = sight(machines=("two",))
    assert ray.went_along(run)


def test_a_worker_that_nobody_could_look_for_is_not_gone(
    store: RunStore, ray: RayExecutor, link: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = away(store)
    link.seen = sight(f"{run.id}.{LEASE}")
    assert ray.is_alive(run)
    link.seen = sight()
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    assert ray.is_alive(run), "the cluster was not looked at since, however long ago that is"


def test_actors_of_runs_that_others_have_are_killed(
    store: RunStore, ray: RayExecutor, link: Silent
) -> None:
    run = away(store)
    link.seen = sight(f"{run.id}.{LEASE}", f"{run.id}.{LEASE - 1}")
    rooms = ray.rooms(1, [run])
    assert link.wishes == [{"do": "kill", "name": f"{run.id}.{LEASE - 1}"}]
    assert [(room.slots, room.here) for room in rooms] == [(2, False), (1, True)]


def test_a_paused_worker_makes_room_only_where_there_is_none(
    store: RunStore, ray: RayExecutor, link: Silent
) -> None:
    run = away(store)
    store.halt(run.id)
    name = f"{run.id}.{LEASE}"
    for free, asked in ((1.0, []), (0.0, [{"do": "leave", "name": name}])):
        link.seen = sight(name, cpus=free)
        ray.rooms(1, [store.run(run.id)])
        assert link.wishes == asked


def test_a_resumed_run_goes_on_where_its_paused_worker_is(
    store: RunStore, ray: RayExecutor, link: Silent
) -> None:
    """On a full cluster, too: the processor that it needs is its own."""
    run = away(store)
    store.halt(run.id)
    store.resume(run.id)
    link.seen = sight(f"{run.id}.{LEASE}", cpus=0.0)
    (there, _) = ray.rooms(1, store.watched())
    assert not link.wishes
    claimed = store.claim(there.slots, there.here)
    assert claimed is not None
    assert claimed.id == run.id


def test_who_waits_with_a_worker_lets_it_go_for_who_is_first(
    store: RunStore, ray: RayExecutor, link: Silent
) -> None:
    run = away(store)
    first = make_run(store, "bert")
    store.halt(run.id)
    store.resume(run.id)
    link.seen = sight(f"{run.id}.{LEASE}", cpus=0.0)
    (there, _) = ray.rooms(1, store.watched())
    claimed = store.claim(there.slots, there.here)
    assert claimed is not None
    assert claimed.id == first.id
    assert store.claim(there.slots, there.here) is None
    ray.start(claimed)
    link.seen = sight(f"{run.id}.{LEASE}", cpus=0.0)
    ray.rooms(1, store.watched())
    assert link.wishes[1:] == [{"do": "leave", "name": f"{run.id}.{LEASE}"}]


def test_nothing_begins_on_a_cluster_out_of_reach(store: RunStore, ray: RayExecutor) -> None:
    assert [(room.slots, room.here) for room in ray.rooms(3, [])] == [(0, False), (3, True)]
    cluster = store.cluster()
    assert cluster is not None
    assert not cluster.reached
