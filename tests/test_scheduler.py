"""The scheduler with real worker and server processes, some of which are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

import lstm
from lstm.errors import StoreError
from lstm.processes import cores, is_locked, started
from lstm.runs import Run, RunState, RunStore
from lstm.scheduler import LocalExecutor, Scheduler
from tests.store_tools import make_run, wait_for_state, wait_for_step, wait_until

ENDED = (RunState.FINISHED, RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED)

_SERVER = """
import sys, threading
from pathlib import Path
from lstm.runs import RunStore
from lstm.scheduler import Scheduler
Scheduler(RunStore(Path(sys.argv[1])), slots=1).start()
threading.Event().wait()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store; the workers that a test leaves behind are ended."""
    with RunStore(tmp_path / "data") as opened:
        yield opened
        for run in opened.watched():
            if run.pid is not None and started(run.pid) is not None:
                os.kill(run.pid, signal.SIGKILL)
            wait_until(lambda run=run: not is_locked(opened.lock_file(run.id)))  # type: ignore[misc]


@contextmanager
def scheduling(store: RunStore, slots: int = 1) -> Iterator[Scheduler]:
    """A scheduler in this process; at the end its workers have ended."""
    executor = LocalExecutor(store)
    scheduler = Scheduler(store, slots, executor)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()
        for child in executor.children:
            if child.poll() is None:
                child.kill()
            child.wait()


@contextmanager
def server(store: RunStore) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler in a process of its own."""
    folder = Path(lstm.__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(store.folder)], cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill_worker(store: RunStore, run: Run) -> Run:
    """Kill the worker of a run as the system would, and return what the store knew by then."""
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not is_locked(store.lock_file(run.id)))
    return store.run(run.id)


def assert_joined(store: RunStore, run_id: str) -> None:
    """The curve has one branch, whatever happened to its workers."""
    curve, rows = store.steps(run_id, 100_000), store.epochs(run_id)
    assert np.all(np.diff(curve.step) > 0)
    assert np.all(np.diff(curve.seconds) > 0)
    assert [row.index for row in rows] == list(range(1, len(rows) + 1))


# ---- the usual course ---------------------------------------------------------------------


def test_waiting_runs_are_trained_one_after_the_other(store: RunStore) -> None:
    runs = [make_run(store, epochs=1) for _ in range(2)]
    with scheduling(store):
        ended = [wait_for_state(store, run.id, *ENDED) for run in runs]
        wait_until(lambda: len(store.baselines(runs[0].corpus_fingerprint)) == 8)
    assert [run.state for run in ended] == [RunState.FINISHED] * 2
    first, second = ended
    assert (first.finished or 0) <= (second.started or 0)
    assert store.log_file(first.id).exists()


def test_a_worker_is_a_session_of_its_own_and_lets_others_go_first(store: RunStore) -> None:
    run = make_run(store)
    with scheduling(store):
        training = wait_for_step(store, run.id, 0)
        assert training.pid is not None
        assert os.getsid(training.pid) == training.pid
        assert psutil.Process(training.pid).nice() > psutil.Process().nice()
        assert training.pid_started == pytest.approx(started(training.pid))
        store.stop(run.id)
        assert wait_for_state(store, run.id, *ENDED).state == RunState.STOPPED


def test_pause_and_resume_through_the_queue(store: RunStore) -> None:
    paused, other = make_run(store), make_run(store)
    with scheduling(store):
        wait_for_step(store, paused.id, 0)
        store.pause(paused.id)
        worker = wait_for_state(store, paused.id, RunState.PAUSED).pid
        wait_for_step(store, other.id, 0)
        store.resume(paused.id)
        assert store.queue_place(paused.id) == 1
        store.stop(other.id)
        step = store.run(paused.id).step
        assert wait_for_step(store, paused.id, step).pid == worker
        store.delete(paused.id)
        assert wait_for_state(store, paused.id, *ENDED).state == RunState.STOPPED
    assert_joined(store, paused.id)


# ---- workers that die ---------------------------------------------------------------------


def test_a_killed_worker_goes_on_by_itself_once_and_then_by_the_button(store: RunStore) -> None:
    run = make_run(store)
    with scheduling(store):
        before = kill_worker(store, wait_for_step(store, run.id, 300))
        again = wait_for_step(store, run.id, before.step)
        assert again.attempts == 1
        (notice, resumed) = store.notices(run.id)
        assert notice.message.key == "notices.resumes_itself"
        assert resumed.message.key == "notices.resumed"
        went_on_at = resumed.message.values["step"]
        assert went_on_at == before.checkpoint_step
        curve = store.steps(run.id, 100_000)
        joint = curve.seconds[curve.step <= went_on_at].max(initial=0.0)
        assert before.seconds - joint <= 30.0
        assert_joined(store, run.id)

        second = kill_worker(store, again)
        interrupted = wait_for_state(store, run.id, RunState.INTERRUPTED)
        assert interrupted.reason is not None
        assert interrupted.reason.key == "notices.interrupted"
        assert interrupted.pid is None
        assert interrupted.allows("resume")

        store.resume(run.id)
        wait_for_step(store, run.id, second.step)
        store.stop(run.id)
        assert wait_for_state(store, run.id, *ENDED).state == RunState.STOPPED
    assert_joined(store, run.id)


def test_a_worker_killed_while_paused_costs_nothing(store: RunStore) -> None:
    run = make_run(store)
    with scheduling(store):
        wait_for_step(store, run.id, 0)
        store.pause(run.id)
        paused = kill_worker(store, wait_for_state(store, run.id, RunState.PAUSED))
        wait_until(lambda: store.run(run.id).pid is None)
        assert store.run(run.id).state == RunState.PAUSED
        store.resume(run.id)
        assert wait_for_step(store, run.id, paused.step).attempts == 0
        store.stop(run.id)
        wait_for_state(store, run.id, *ENDED)
    assert_joined(store, run.id)


def test_a_worker_that_dies_after_it_was_told_to_stop_has_stopped(store: RunStore) -> None:
    run = make_run(store)
    store.claim(1)
    store.begin(run.id, 2**22 + 1, 1.0)
    store.stop(run.id)
    with scheduling(store):
        assert wait_for_state(store, run.id, *ENDED).state == RunState.STOPPED


def test_a_terminated_worker_saves_and_goes_on_with_the_next_server(store: RunStore) -> None:
    run = make_run(store)
    with scheduling(store):
        pid = wait_for_step(store, run.id, 0).pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        gone = wait_for_state(store, run.id, RunState.INTERRUPTED)
        assert gone.checkpoint_step == gone.step
    with scheduling(store):
        assert wait_for_step(store, run.id, gone.step).attempts == 0
        store.stop(run.id)
        wait_for_state(store, run.id, *ENDED)
    assert_joined(store, run.id)


def test_a_worker_that_cannot_be_started_is_a_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(store)
    monkeypatch.setattr(sys, "executable", str(store.folder / "no-python"))
    with scheduling(store):
        failed = wait_for_state(store, run.id, *ENDED)
    assert failed.state == RunState.FAILED
    assert failed.reason is not None
    assert "No such file" in failed.reason.text()


# ---- servers that die ---------------------------------------------------------------------


def test_a_killed_server_leaves_the_run_and_the_next_one_finds_it(store: RunStore) -> None:
    run = make_run(store)
    with server(store) as first:
        training = wait_for_step(store, run.id, 0)
        first.kill()
        first.wait()
    wait_for_step(store, run.id, store.run(run.id).step)
    with server(store):
        waiting = make_run(store, epochs=1)
        found = wait_for_step(store, run.id, store.run(run.id).step)
        assert (found.pid, found.attempts) == (training.pid, 0)
        assert store.run(waiting.id).state == RunState.QUEUED, "the old worker has the slot"
        store.stop(run.id)
        assert wait_for_state(store, run.id, *ENDED).state == RunState.STOPPED
        assert wait_for_state(store, waiting.id, *ENDED).state == RunState.FINISHED
    assert store.notices(run.id) == []
    assert_joined(store, run.id)


def test_a_server_that_died_between_a_turn_and_its_worker_costs_nothing(store: RunStore) -> None:
    run = make_run(store, epochs=1)
    store.claim(1)  # and then it died
    with scheduling(store):
        ended = wait_for_state(store, run.id, *ENDED)
    assert (ended.state, ended.attempts) == (RunState.FINISHED, 0)


def test_only_one_scheduler_acts_and_the_second_takes_over(store: RunStore) -> None:
    first, second = Scheduler(store, 1), Scheduler(store, 1)
    first.tick()
    make_run(store)
    second.tick()
    assert (first.leads, second.leads) == (True, False)
    assert store.claim_baselines() is not None, "the second one did nothing"
    first.stop()
    assert second._leads_now()
    second.stop()


def test_a_tick_that_fails_is_not_the_last(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = store.watched

    def fail_once() -> list[Run]:
        monkeypatch.setattr(store, "watched", watched)
        raise StoreError("store_busy", folder=store.folder)

    monkeypatch.setattr(store, "watched", fail_once)
    run = make_run(store, epochs=1)
    with scheduling(store):
        assert wait_for_state(store, run.id, *ENDED).state == RunState.FINISHED
    assert "this tick failed" in caplog.text


def test_one_core_is_left_to_the_server(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scheduler(store).slots == max(1, cores() - 1)
    monkeypatch.setenv("CHARLOOM_SLOTS", "5")
    assert Scheduler(store).slots == 5
