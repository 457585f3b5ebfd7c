"""Two servers on one data folder, clocks that jump, numbers used again, workers that hang."""

import os
import signal
import sqlite3
import time

import psutil
import pytest

from lstm.processes import Silence, effort, is_locked, lives, started
from lstm.runs import RunState, RunStore
from lstm.scheduler import LocalExecutor, Scheduler
from tests.faults.fault_tools import Nursery, kill, nothing_is_lost, server_log, trains
from tests.store_tools import make_run, wait_for_state, wait_for_step, wait_until

HOURS = 3 * 3600.0
ELSEWHERE = "Another server works on the same data folder"


# ---- two servers --------------------------------------------------------------------------


def test_the_second_server_says_so_and_takes_over(nursery: Nursery, store: RunStore) -> None:
    assert not store.led_elsewhere()
    first = nursery.server(store)
    wait_until(store.led_elsewhere)
    second = nursery.server(store)
    wait_until(lambda: ELSEWHERE in server_log(store))
    assert f"{second} {ELSEWHERE}" in server_log(store)
    assert f"{first} {ELSEWHERE}" not in server_log(store)
    run = make_run(store)
    training = trains(store, run.id)
    kill(first)
    wait_until(store.led_elsewhere)
    after = wait_for_step(store, run.id, store.run(run.id).step)
    assert (after.pid, after.attempts) == (training.pid, 0), "the trainings go on"
    store.stop(run.id)
    other = make_run(store, epochs=1)
    assert wait_for_state(store, other.id, RunState.FINISHED).attempts == 0
    assert server_log(store).count(ELSEWHERE) == 1


def test_the_leader_knows_that_it_is_the_leader(store: RunStore) -> None:
    scheduler = Scheduler(store, 1)
    scheduler.tick()
    assert is_locked(store.leader_file())
    assert not store.led_elsewhere()
    scheduler.stop()


# ---- clocks and numbers -------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_a_clock_that_jumps_changes_nothing(
    nursery: Nursery, store: RunStore, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """The clock jumps while a run trains: for the server, the pages and the next worker."""
    run, waiting = make_run(store), make_run(store, "bert", epochs=1)
    server = nursery.server(store)
    wait_for_step(store, run.id, 0)
    wait_for_state(store, waiting.id, RunState.FINISHED)
    before = store.run(run.id)
    kill(server)
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + jump)
    nursery.server(store, clock=jump)
    late = make_run(store, "carla", epochs=1)
    ended = wait_for_state(
        store, late.id, RunState.FINISHED, tick=lambda: store.touch("carla")
    )  # whose page is open
    assert ended.attempts == 0
    after = wait_for_step(store, run.id, before.step)
    assert (after.pid, after.attempts) == (before.pid, 0)
    assert before.pid is not None
    kill(before.pid)
    resumed = trains(store, run.id, before.pid)
    assert wait_for_step(store, run.id, before.step).pid == resumed.pid
    store.stop(run.id)
    wait_for_state(store, run.id, RunState.STOPPED)
    nothing_is_lost(store.folder, [run.id, waiting.id, late.id])


def test_a_number_that_is_another_s_by_now_is_neither_waited_for_nor_killed(
    nursery: Nursery, store: RunStore
) -> None:
    stranger = nursery.worker(store, make_run(store).id)
    run = make_run(store, "bert", epochs=1)
    store.claim(99)
    began = started(stranger)
    assert began is not None
    store.attach(run.id, stranger, began - 1000)
    assert lives(stranger, began)
    executor = LocalExecutor(store)
    assert not executor.is_alive(store.run(run.id))
    executor.kill(store.run(run.id))
    assert lives(stranger, began)
    nursery.server(store)
    assert wait_for_state(store, run.id, RunState.FINISHED).attempts == 1


# ---- workers that hang --------------------------------------------------------------------


def test_a_worker_that_hangs_is_killed_and_its_run_goes_on(
    nursery: Nursery, store: RunStore
) -> None:
    run = make_run(store)
    nursery.server(store)
    hung = wait_for_step(store, run.id, 0)
    assert hung.pid is not None
    os.kill(hung.pid, signal.SIGSTOP)
    assert is_locked(store.lock_file(run.id)), "its lock alone would not tell"
    wait_until(lambda: started(hung.pid or 0) is None)
    assert "hangs and is killed" in server_log(store)
    again = wait_for_step(store, run.id, hung.step)
    assert (again.attempts, again.pid != hung.pid) == (1, True)
    store.stop(run.id)
    wait_for_state(store, run.id, RunState.STOPPED)
    nothing_is_lost(store.folder, [run.id])


def test_whoever_works_or_waits_shows_signs_of_life(nursery: Nursery, store: RunStore) -> None:
    """A paused worker and one that waits for the store sleep most of the time."""
    run = make_run(store)
    nursery.server(store)
    pid = wait_for_step(store, run.id, 0).pid
    assert pid is not None
    store.pause(run.id)
    wait_for_state(store, run.id, RunState.PAUSED)
    signs = {effort(pid)}
    wait_until(lambda: signs.add(effort(pid)) or len(signs) > 3)  # type: ignore[func-returns-value]
    with sqlite3.connect(store.folder / "charloom.sqlite3") as db:
        db.execute("BEGIN IMMEDIATE")  # nobody else can write a heartbeat now
        beat = store.run(run.id).heartbeat
        signs = {effort(pid)}
        wait_until(lambda: signs.add(effort(pid)) or len(signs) > 3)  # type: ignore[func-returns-value]
        assert store.run(run.id).heartbeat == beat
    db.close()
    os.kill(pid, signal.SIGSTOP)
    stopped = psutil.STATUS_STOPPED  # which the kernel brings about when it comes to it
    wait_until(lambda: psutil.Process(pid).status() == stopped)
    first = effort(pid)
    for _ in range(3):
        assert effort(pid) == first
    kill(pid)
    assert effort(pid) is None


def test_silence_is_counted_only_while_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("lstm.processes.time.monotonic", lambda: now)
    silence = Silence(most=1.0)
    assert silence.look("run", "a") == 0.0
    now = 0.5
    assert silence.look("run", "a") == 0.5
    now = 5000.0  # the listener slept, and so did the computer
    assert silence.look("run", "a") == 1.5
    assert silence.look("run", "b") == 0.0
    now += 1.0
    assert silence.look("run", "b") == 1.0
    silence.forget("other")
    assert silence.look("run", "b") == 0.0
