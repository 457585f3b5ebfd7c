"""Trainings on a real cluster of several machines, some of which are killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lstm.cluster import executor as executors
from lstm.cluster import link
from lstm.cluster.executor import RayExecutor
from lstm.config import ModelConfig
from lstm.machines import Cluster
from lstm.model import parameter_count
from lstm.runs import Run, RunState, RunStore
from lstm.scheduler import LocalExecutor, Scheduler
from tests.cluster.machines import Machines, machines
from tests.store_tools import make_run, tiny_corpus, wait_for_state, wait_for_step, wait_until

ENDED = (RunState.FINISHED, RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED)

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    with machines("one", "two") as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "data") as opened:
        yield opened


@contextmanager
def scheduling(store: RunStore, address: str, *, end: bool = True) -> Iterator[Scheduler]:
    """A server's scheduler; at the end no training of its is left, unless the server is killed."""
    local = LocalExecutor(store)
    scheduler = Scheduler(store, 1, RayExecutor(store, address, local))
    scheduler.start()
    try:
        yield scheduler
        if end:
            for run in store.watched():
                store.delete(run.id)
            wait_until(lambda: not store.watched())
            wait_until(lambda: is_free(store))
    finally:
        scheduler.stop()
        for child in local.children:
            child.kill()
            child.wait()


def seen(store: RunStore) -> Cluster:
    """The cluster as the pages know it."""
    return store.cluster() or Cluster(reached=False)


def is_free(store: RunStore) -> bool:
    cluster = seen(store)
    return not cluster.reached or cluster.free_cpus == cluster.cpus


def assert_joined(store: RunStore, run_id: str) -> None:
    """The curve has one branch, whatever happened to its workers."""
    curve, rows = store.steps(run_id, 100_000), store.epochs(run_id)
    assert np.all(np.diff(curve.step) > 0)
    assert np.all(np.diff(curve.seconds) > 0)
    assert [row.index for row in rows] == list(range(1, len(rows) + 1))


def keys(store: RunStore, run_id: str) -> list[str]:
    return [notice.message.key for notice in store.notices(run_id)]


def repeated(store: RunStore, before: Run) -> float:
    """Seconds of training that were done twice by the run's next worker."""
    resumed = [
        notice.message.values["step"]
        for notice in store.notices(before.id)
        if notice.message.key == "notices.resumed"
    ]
    curve = store.steps(before.id, 100_000)
    return before.seconds - float(curve.seconds[curve.step <= resumed[-1]].max(initial=0.0))


def test_the_life_of_a_run_on_another_machine(store: RunStore, cluster: Machines) -> None:
    run = make_run(store, threads=2)
    with scheduling(store, cluster.address):
        training = wait_for_step(store, run.id, 0)
        assert training.place in ("one", "two")
        store.set_learning_rate(run.id, 0.002)
        wait_until(lambda: "notices.learning_rate" in keys(store, run.id))
        store.pause(run.id)
        paused = wait_for_state(store, run.id, RunState.PAUSED)
        assert paused.pid == training.pid
        store.resume(run.id)
        assert wait_for_step(store, run.id, paused.step).pid == training.pid
        store.stop(run.id)
        stopped = wait_for_state(store, run.id, *ENDED)
        assert (stopped.state, stopped.pid) == (RunState.STOPPED, None)
        store.extend(run.id, epochs=1)
        ended = wait_for_state(store, run.id, RunState.FINISHED, RunState.FAILED)
        assert ended.reason is not None
        assert ended.reason.key == "notices.finished_epochs"
        assert ended.step > stopped.step
    assert_joined(store, run.id)
    assert "trained for" in store.log_file(run.id).read_text("utf-8")


def test_who_finds_no_room_waits_and_is_told_the_place(store: RunStore, cluster: Machines) -> None:
    runs = [make_run(store, owner) for owner in ("anna", "bert", "cleo")]
    with scheduling(store, cluster.address):
        for run in runs[:2]:
            wait_for_step(store, run.id, 0)
        assert {store.run(run.id).place for run in runs[:2]} == {"one", "two"}
        wait_until(lambda: seen(store).free_cpus == 0)
        assert store.run(runs[2].id).state == RunState.QUEUED
        assert store.queue_place(runs[2].id) == 1
        assert store.slots_now() == 2
        store.pause(runs[0].id)  # and its worker makes room for the one that waits
        wait_for_step(store, runs[2].id, 0)
        assert store.run(runs[0].id).state == RunState.PAUSED


def test_a_killed_server_leaves_the_run_and_the_next_one_finds_it(
    store: RunStore, cluster: Machines
) -> None:
    run = make_run(store)
    with scheduling(store, cluster.address, end=False):
        training = wait_for_step(store, run.id, 0)
    with scheduling(store, cluster.address):
        found = wait_for_step(store, run.id, store.run(run.id).step)
        assert (found.pid, found.attempts) == (training.pid, 0)
        assert store.notices(run.id) == []
        assert_joined(store, run.id)


def test_a_machine_that_fails_loses_little(store: RunStore, cluster: Machines) -> None:
    run = make_run(store)
    cluster.join("three")
    cluster.join("four")
    with scheduling(store, cluster.address):
        before = wait_for_step(store, run.id, 100)
        assert before.place is not None
        if before.place in ("one", "two"):  # they are needed by others
            cluster.join(f"{before.place}-again")
        cluster.fail(before.place)
        before = store.run(run.id)
        wait_until(lambda: "notices.resumed" in keys(store, run.id))
        again = wait_for_step(store, run.id, before.step)
        assert again.place != before.place
        assert again.attempts == 0
        assert repeated(store, before) <= 30.0
        assert_joined(store, run.id)


def test_a_large_network_asks_for_a_graphics_card(
    store: RunStore, cluster: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_run(store, "anna")
    network = ModelConfig(hidden_size=64, embedding_size=8)
    config = small.train_config
    large = [
        store.create(owner, "large", tiny_corpus(), network, config, "quick")
        for owner in ("bert", "cleo")
    ]
    cluster.join("graphics", num_gpus=1)
    monkeypatch.setattr(executors, "GPU_PARAMETERS", parameter_count(large[0].symbols, network))
    with scheduling(store, cluster.address):
        wait_for_step(store, small.id, 0)
        places = {wait_for_step(store, run.id, 0).place for run in large}
        assert store.run(small.id).place != "graphics"
        assert "graphics" in places, "the one that came first has it"
        assert len(places) == 2, "the other one trains on a processor"
    cluster.fail("graphics")


def test_without_its_cluster_a_run_waits_or_trains_here(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "SILENT_SECONDS", 3.0)
    monkeypatch.setattr(executors, "AWAY_SECONDS", 3.0)
    waits, moves = make_run(store, "anna"), make_run(store, "bert")
    with machines("one", "two") as first, scheduling(store, first.address):
        port = int(first.address.rsplit(":", 1)[1])
        for run in (waits, moves):
            wait_for_step(store, run.id, 0)
        first.end()
        for run in (waits, moves):
            wait_for_state(store, run.id, RunState.QUEUED)
            assert store.run(run.id).attempts == 0
        wait_until(lambda: not seen(store).reached)
        step = store.run(moves.id).step
        store.train_here(moves.id)
        here = wait_for_step(store, moves.id, step)
        assert here.place == ""
        with machines("three", port=port):
            back = wait_for_step(store, waits.id, store.run(waits.id).step)
            assert back.place == "three"
            assert store.run(moves.id).pid == here.pid, "one that trains here stays here"
            assert_joined(store, waits.id)
            store.delete(moves.id)
            wait_for_state(store, moves.id, *ENDED)
            store.delete(waits.id)
            wait_for_state(store, waits.id, *ENDED)
    assert_joined(store, moves.id)
