"""What a worker on another machine tells is in the store in order and once, whatever is lost."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from lstm.cluster.recorder import Recorder
from lstm.cluster.remote import RemoteStore, Tenure
from lstm.cluster.wishes import Answer, Away, Wish
from lstm.errors import StoreError
from lstm.events import Step
from lstm.leases import NOT_A_PROCESS, new_lease
from lstm.machines import ANYWHERE
from lstm.patience import GaveUp
from lstm.records import Message
from lstm.runs import Run, RunState, RunStore
from lstm.worker import run_worker
from tests.store_tools import make_run, wait_for_state, wait_for_step

LEASE = 5_000_000


class Wire:
    """A recorder in reach, on a line that loses and repeats what it carries."""

    def __init__(self, recorder: Recorder, trouble: float = 0.0) -> None:
        self.recorder, self.trouble = recorder, trouble
        self.rng = random.Random(1)
        self.lost = 0

    def write(self, wish: Wish) -> Answer:
        return self._carried(lambda: self.recorder.write(wish))

    def put(self, wish: Wish, saved: bytes, best: bytes | None) -> Answer:
        return self._carried(lambda: self.recorder.put(wish, saved, best))

    def look(self, run: str, lease: int, what: Literal["run", "commands", "checkpoint"]) -> Answer:
        return self._carried(lambda: self.recorder.look(run, lease, what))

    def corpus(self, key: str) -> Answer:
        return self._carried(lambda: self.recorder.corpus(key))

    def _carried(self, ask: Callable[[], Answer]) -> Answer:
        """Lose a wish, or the answer to it, or carry both."""
        fate = self.rng.random()
        if fate < self.trouble:
            self.lost += 1
            if fate < self.trouble / 2:
                ask()
            raise Away
        return ask()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def recorder(store: RunStore) -> Recorder:
    return Recorder(str(store.folder))


def lent(store: RunStore, **settings: int) -> Run:
    """A run whose worker is somewhere else."""
    run = make_run(store, "anna", **settings)
    store.claim(9)
    store.attach(run.id, LEASE, NOT_A_PROCESS, ANYWHERE)
    return store.run(run.id)


def remote(run: Run, wire: Wire, folder: Path, leave: threading.Event | None = None) -> RemoteStore:
    assert run.pid is not None
    tenure = Tenure(run.id, run.pid, "elsewhere", most=60.0)
    folder.mkdir(parents=True, exist_ok=True)
    return RemoteStore(tenure, wire, folder, leave or threading.Event())


def step(number: int) -> Step:
    return Step(number, number / 10, float(number), 2.0, 1.0, 0.01, 1000.0)


def told(run: Run, number: int, *steps: int) -> Wish:
    return Wish(run.id, LEASE, number, "append", ([step(n) for n in steps],))


def steps_of(store: RunStore, run: Run) -> list[float]:
    return [float(value) for value in store.steps(run.id, 1000).step]


# ---- one wish ---------------------------------------------------------------------------------


def test_what_comes_twice_is_written_once(store: RunStore, recorder: Recorder) -> None:
    run = lent(store)
    for wish in (told(run, 1, 1, 2), told(run, 1, 1, 2), told(run, 2, 3), told(run, 1, 1, 2)):
        assert recorder.write(wish).refused is None
    assert steps_of(store, run) == [1, 2, 3]
    notice = Wish(run.id, LEASE, 3, "notice", ("notices.resumed",), {"step": 3})
    recorder.write(notice)
    recorder.write(notice)
    assert len(store.notices(run.id)) == 1


def test_what_overtakes_another_one_is_refused_and_nothing_is_written(
    store: RunStore, recorder: Recorder
) -> None:
    run = lent(store)
    recorder.write(told(run, 1, 1))
    assert recorder.write(told(run, 3, 3)).refused == "wish_missing"
    assert steps_of(store, run) == [1]
    recorder.write(told(run, 2, 2))
    recorder.write(told(run, 3, 3))
    assert steps_of(store, run) == [1, 2, 3]


def test_a_wish_that_fails_half_way_leaves_nothing_and_may_come_again(
    store: RunStore, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lent(store)
    bad = replace(told(run, 1), values=([step(1), None],))
    original = RunStore.append

    def full(*values: object, **names: bool) -> None:
        original(*values, **names)  # type: ignore[arg-type]
        raise StoreError("disk_full", folder="x")

    monkeypatch.setattr(RunStore, "append", full)
    assert recorder.write(bad).refused == "disk_full"
    assert store.waits_for(run.id) == "disk_full"
    monkeypatch.setattr(RunStore, "append", original)
    assert steps_of(store, run) == []
    assert recorder.write(told(run, 1, 1)).refused is None
    assert store.waits_for(run.id) is None
    assert steps_of(store, run) == [1]


def test_only_what_is_meant_for_it_is_done(store: RunStore, recorder: Recorder) -> None:
    run = lent(store)
    wish = replace(told(run, 1, 1), word="delete", values=())  # type: ignore[arg-type]
    assert recorder.write(wish).refused == "wish_unknown"
    assert store.run(run.id).deleted is None


def test_another_recorder_goes_on_where_the_first_one_was(store: RunStore) -> None:
    run = lent(store)
    Recorder(str(store.folder)).write(told(run, 1, 1))
    second = Recorder(str(store.folder))
    second.write(told(run, 1, 1))
    second.write(told(run, 2, 2))
    assert steps_of(store, run) == [1, 2]


def test_whose_run_was_given_to_another_one_writes_nothing(
    store: RunStore, recorder: Recorder, tmp_path: Path
) -> None:
    run = lent(store)
    old = remote(run, Wire(recorder), tmp_path / "old")
    old.begin(run.id, 0, None)
    old.append(run.id, [step(1)])
    store.lost(run.id, LEASE, blameless=True)
    store.claim(9)
    store.attach(run.id, new_lease(), NOT_A_PROCESS, ANYWHERE)
    new = remote(store.run(run.id), Wire(recorder), tmp_path / "new")
    new.begin(run.id, 0, None)
    for late in (
        lambda: old.append(run.id, [step(9)]),
        lambda: old.end(run.id, RunState.FINISHED, Message("notices.finished_seconds")),
        lambda: old.load_checkpoint(run.id),
    ):
        with pytest.raises(GaveUp):
            late()
    new.append(run.id, [step(2)])
    assert steps_of(store, run) == [1, 2]
    assert store.run(run.id).state == RunState.RUNNING


def test_a_run_that_moves_on_is_not_blamed(store: RunStore) -> None:
    run = lent(store)
    store.begin(run.id, LEASE, NOT_A_PROCESS, "one")
    assert store.run(run.id).place == "one"
    for _ in range(3):
        moved = store.lost(run.id, store.run(run.id).pid, blameless=True)
        assert (moved.state, moved.attempts) == (RunState.QUEUED, 0)
        store.claim(9)
        store.attach(run.id, new_lease(), NOT_A_PROCESS, ANYWHERE)
    assert store.notices(run.id)[0].message.key == "notices.moves_on"


def test_a_run_that_comes_back_to_this_machine_is_nowhere_else(store: RunStore) -> None:
    run = lent(store)
    store.lost(run.id, LEASE)
    store.claim(9)
    assert store.begin(run.id, 1, None).place is None


# ---- a whole training over a bad line -----------------------------------------------------------


@pytest.mark.parametrize("trouble", [0.0, 0.4])
def test_a_training_far_away_is_told_as_one_beside_the_store(
    store: RunStore,
    recorder: Recorder,
    tmp_path: Path,
    trouble: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lstm.cluster.remote._FIRST_WAIT", 0.001)
    local = make_run(store, epochs=2, threads=1)
    store.claim(9)
    run_worker(local.id, store)
    wire = Wire(recorder, trouble)
    run = lent(store, epochs=2, threads=1)
    assert run_worker(run.id, remote(run, wire, tmp_path / "away"))
    assert bool(wire.lost) == bool(trouble)

    far, near = store.run(run.id), store.run(local.id)
    assert (far.state, far.place, far.pid) == (RunState.FINISHED, "elsewhere", None)
    assert (far.step, far.epoch, far.best_bits) == (near.step, near.epoch, near.best_bits)
    assert far.checkpoint_step == far.step
    assert np.all(np.diff(store.steps(run.id, 1000).step) > 0)
    assert [row.validation_bits for row in store.epochs(run.id)] == [
        row.validation_bits for row in store.epochs(local.id)
    ]
    first = store.sample_indices(run.id)[0]
    assert store.samples(run.id, first) == store.samples(local.id, first)
    assert "trained for" in store.log_file(run.id).read_text("utf-8")


def test_wishes_of_the_visitor_reach_a_training_far_away(
    store: RunStore, recorder: Recorder, tmp_path: Path
) -> None:
    run, leave = lent(store), threading.Event()
    away = remote(run, Wire(recorder), tmp_path / "away", leave)
    worker = threading.Thread(target=run_worker, args=(run.id, away, leave))
    worker.start()
    try:
        wait_for_step(store, run.id, 0)
        store.set_learning_rate(run.id, 0.002)
        store.pause(run.id)
        paused = wait_for_state(store, run.id, RunState.PAUSED)
        assert paused.pid == LEASE
        assert paused.checkpoint_step == paused.step
        store.resume(run.id)
        assert (store.claim(9) or run).pid == LEASE
        wait_for_step(store, run.id, paused.step)
        store.stop(run.id)
        wait_for_state(store, run.id, RunState.STOPPED)
    finally:
        leave.set()
        worker.join(60)
    keys = [notice.message.key for notice in store.notices(run.id)]
    assert keys.count("notices.learning_rate") == 1


def test_a_training_whose_recorder_stays_away_goes_when_it_is_told_to(
    store: RunStore, recorder: Recorder, tmp_path: Path
) -> None:
    run, leave = lent(store), threading.Event()
    leave.set()
    away = remote(run, Wire(recorder, trouble=1.0), tmp_path / "away", leave)
    assert run_worker(run.id, away, leave)
    assert store.run(run.id).step == 0


# ---- who trains here ----------------------------------------------------------------------------


def test_room_is_made_only_by_who_waits(store: RunStore, tmp_path: Path) -> None:
    run, leave = lent(store), threading.Event()
    away = remote(run, Wire(Recorder(str(store.folder))), tmp_path / "away", leave)
    away.make_room()
    assert not leave.is_set(), "it has not begun"
    away.begin(run.id, 0, None)
    away.make_room()
    assert not leave.is_set(), "it trains"
    away.halt(run.id)
    away.make_room()
    assert leave.is_set()
    store.resume(run.id)
    store.claim(9)
    away.begin(run.id, 0, None)
    assert not leave.is_set(), "it got its turn before it went"


def test_runs_that_are_wanted_here_have_a_line_of_their_own(store: RunStore) -> None:
    here, there = make_run(store, "anna"), make_run(store, "bert")
    store.train_here(here.id)
    assert store.claim(0, here=False) is None
    assert (store.claim(1, here=True) or there).id == here.id
    assert store.begin(here.id, 1, None).place == ""
    assert store.claim(1, here=True) is None
    assert (store.claim(1, here=False) or here).id == there.id
    with pytest.raises(StoreError):
        store.train_here(there.id)
