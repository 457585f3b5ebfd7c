"""One worker: its events in the store, the visitor's wishes in its training, its last words."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lstm import checkpoint
from lstm.config import SAMPLE_TEMPERATURES
from lstm.keeper import Keeper
from lstm.processes import FileLock, held_here, is_locked, lives, number_from_environment, started
from lstm.runs import Run, RunState, RunStore
from lstm.worker import main, run_baselines, run_worker
from tests.store_tools import make_run, wait_for_state, wait_for_step, wait_until, working


def work(store: RunStore, run_id: str) -> Run:
    """Let a worker train a run to its end."""
    store.claim(9)
    assert run_worker(run_id, store)
    return store.run(run_id)


def keys(store: RunStore, run_id: str) -> list[str]:
    return [notice.message.key for notice in store.notices(run_id)]


def curve_is_one_line(store: RunStore, run_id: str) -> bool:
    curve, rows = store.steps(run_id, 10_000), store.epochs(run_id)
    rising = np.all(np.diff(curve.step) > 0) and np.all(np.diff(curve.seconds) > 0)
    return bool(rising) and [row.index for row in rows] == list(range(1, len(rows) + 1))


# ---- from the beginning to the end --------------------------------------------------------


def test_a_run_is_trained_to_its_end(store: RunStore) -> None:
    run = work(store, make_run(store, epochs=2).id)
    assert run.state == RunState.FINISHED
    assert run.reason is not None
    assert run.reason.key == "notices.finished_epochs"
    assert (run.pid, run.pending) == (None, None)
    assert run.epoch == 2.0
    assert run.checkpoint_step == run.step > 0
    assert run.best_bits is not None
    assert run.best_bits == min(row.validation_bits or 99 for row in store.epochs(run.id))
    for index in store.sample_indices(run.id):
        samples = store.samples(run.id, index)
        assert tuple(sample.temperature for sample in samples) == SAMPLE_TEMPERATURES
    assert curve_is_one_line(store, run.id)


def test_the_models_files_are_whole_and_say_what_they_are(store: RunStore) -> None:
    run = work(store, make_run(store, epochs=2).id)
    last, best = store.model_file(run.id), store.model_file(run.id, "best")
    assert last is not None
    assert best is not None
    saved = checkpoint.load(last)
    assert saved.info["name"] == "my run"
    assert saved.info["epoch"] == 2.0
    assert saved.state.numbers["step"] == run.step
    names = checkpoint.load(best).state.tensors
    assert all(name.startswith("model.") for name in names)
    assert run.size_bytes >= last.stat().st_size + best.stat().st_size


def test_no_model_before_the_first_checkpoint(store: RunStore) -> None:
    assert store.model_file(make_run(store).id) is None


def test_the_command_line_starts_a_worker(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLOOM_DATA", str(store.folder))
    monkeypatch.setattr("lstm.worker.lower_priority", lambda _: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    run = make_run(store, epochs=1)
    assert main([run.id]) == 0
    assert store.run(run.id).state == RunState.FINISHED
    assert main([run.id]) == 1, "it has ended: there is nothing to work on"
    assert main(["baselines", run.corpus_fingerprint]) == 0
    assert {b.key for b in store.baselines(run.corpus_fingerprint)} >= {"uniform", "ngram2", "xz"}


def test_baselines_are_done_once(store: RunStore) -> None:
    run = make_run(store)
    run_baselines(run.corpus_fingerprint, store)
    assert store.claim_baselines() is None


# ---- what the visitor wants ---------------------------------------------------------------


def test_pause_resume_learning_rate_and_stop(store: RunStore) -> None:
    run = make_run(store, schedule="constant", warmup=0.0)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.pause(run.id)
        paused = wait_for_state(store, run.id, RunState.PAUSED)
        assert paused.checkpoint_step == paused.step
        assert paused.pid == os.getpid()
        store.set_learning_rate(run.id, 0.00123)
        store.resume(run.id)
        assert store.claim(1) is not None
        wait_for_step(store, run.id, paused.step)
        wait_until(lambda: store.run(run.id).learning_rate == pytest.approx(0.00123))
        store.stop(run.id)
    stopped = store.run(run.id)
    assert stopped.state == RunState.STOPPED
    assert stopped.checkpoint_step == stopped.step > paused.step
    assert keys(store, run.id) == ["notices.learning_rate"]
    assert curve_is_one_line(store, run.id)


def test_a_paused_run_can_be_stopped(store: RunStore) -> None:
    run = make_run(store)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.pause(run.id)
        wait_for_state(store, run.id, RunState.PAUSED)
        store.stop(run.id)
    assert store.run(run.id).state == RunState.STOPPED


def test_after_a_long_pause_the_process_goes_and_the_run_stays(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARLOOM_PAUSE_SECONDS", "0")
    run = make_run(store)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.pause(run.id)
    left = store.run(run.id)
    assert (left.state, left.pid) == (RunState.PAUSED, None)
    store.resume(run.id)
    with working(store, run.id):
        wait_for_step(store, run.id, left.step)
        store.stop(run.id)
    assert keys(store, run.id) == ["notices.resumed"]
    assert curve_is_one_line(store, run.id)


def test_train_longer_goes_on_from_the_end(store: RunStore) -> None:
    first = work(store, make_run(store, epochs=1).id)
    store.extend(first.id, epochs=2)
    longer = work(store, first.id)
    assert longer.state == RunState.FINISHED
    assert longer.epoch == 3.0
    assert longer.step == 3 * first.step
    assert longer.seconds > first.seconds
    assert curve_is_one_line(store, first.id)


def test_a_stopped_run_uses_up_the_rest_of_its_budget(store: RunStore) -> None:
    run = make_run(store)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.stop(run.id)
    step = store.run(run.id).step
    store.resume(run.id)
    with working(store, run.id):
        wait_for_step(store, run.id, step)
        store.stop(run.id)
    assert store.run(run.id).reason is not None
    assert curve_is_one_line(store, run.id)


# ---- what the system wants ----------------------------------------------------------------


def test_told_to_go_it_saves_and_the_next_server_goes_on(store: RunStore) -> None:
    run = make_run(store)
    with working(store, run.id) as leave:
        wait_for_step(store, run.id, 0)
        leave.set()
    gone = store.run(run.id)
    assert gone.state == RunState.INTERRUPTED
    assert gone.checkpoint_step == gone.step
    assert gone.reason is not None
    assert gone.reason.text("zh")
    store.resume_shut_down()
    assert store.run(run.id).state == RunState.QUEUED


def test_told_to_go_while_paused_it_just_goes(store: RunStore) -> None:
    run = make_run(store)
    with working(store, run.id) as leave:
        wait_for_step(store, run.id, 0)
        store.pause(run.id)
        wait_for_state(store, run.id, RunState.PAUSED)
        leave.set()
    assert (store.run(run.id).state, store.run(run.id).pid) == (RunState.PAUSED, None)


def test_no_training_is_for_ever(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLOOM_MAX_SECONDS", "1")
    run = work(store, make_run(store).id)
    assert run.state == RunState.FINISHED
    assert run.reason is not None
    assert run.reason.key == "notices.finished_time_cap"
    assert "0.01667" in run.reason.text()


def test_one_run_has_one_worker(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm.workplace.LOCK_PATIENCE", 0.0)
    run = make_run(store)
    store.claim(1)
    lock = FileLock(store.lock_file(run.id))
    assert lock.acquire()
    assert not run_worker(run.id, store)
    lock.release()
    assert store.run(run.id).state == RunState.STARTING
    assert "already at work" in store.log_file(run.id).read_text("utf-8")


# ---- what goes wrong ----------------------------------------------------------------------


def trained(store: RunStore) -> Run:
    """A stopped run with two generations of checkpoints."""
    run = make_run(store)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.stop(run.id)
    assert (store.run_folder(run.id) / "previous.safetensors").exists()
    return store.run(run.id)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(store: RunStore) -> None:
    run = trained(store)
    last = store.model_file(run.id)
    assert last is not None
    half_written = last.with_name(".last.safetensors.x1y2z3")
    half_written.write_bytes(b"half")
    previous = checkpoint.load(store.run_folder(run.id) / "previous.safetensors")
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    store.resume(run.id)
    with working(store, run.id):
        wait_for_step(store, run.id, run.step)
        store.stop(run.id)
    assert not half_written.exists()
    (notice,) = store.notices(run.id)
    assert notice.message.key == "notices.damaged_checkpoint"
    assert notice.message.values == {"step": previous.state.numbers["step"]}
    assert curve_is_one_line(store, run.id)


def test_with_every_checkpoint_damaged_it_begins_again(store: RunStore) -> None:
    run = trained(store)
    for file in store.run_folder(run.id).glob("*.safetensors"):
        file.write_bytes(b"torn")
    store.resume(run.id)
    with working(store, run.id):
        wait_for_step(store, run.id, 0)
        store.stop(run.id)
    assert keys(store, run.id) == ["notices.damaged_checkpoints"]
    assert store.epochs(run.id)[0].index == 1
    assert curve_is_one_line(store, run.id)


def test_a_missing_text_fails_with_a_sentence(store: RunStore) -> None:
    run = make_run(store)
    store.remove_corpus(run.corpus_fingerprint)
    failed = work(store, run.id)
    assert failed.state == RunState.FAILED
    assert failed.reason is not None
    assert "no longer there" in failed.reason.text()


def fails_with(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_bug_is_a_sentence_in_the_state_and_a_traceback_in_the_log(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keeper, "offer", fails_with(ZeroDivisionError("a bug")))
    failed = work(store, make_run(store).id)
    assert failed.state == RunState.FAILED
    assert failed.reason is not None
    assert failed.reason.key == "notices.unexpected"
    log = store.log_file(failed.id).read_text("utf-8")
    assert "Traceback" in log
    assert "ZeroDivisionError: a bug" in log
    assert failed.allows("resume")


# ---- processes and locks ------------------------------------------------------------------


def test_a_lock_is_held_by_one_and_seen_by_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.lock"
    first, second = FileLock(path), FileLock(path)
    assert not is_locked(path)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert is_locked(path)
    assert held_here(path)
    first.release()
    assert not is_locked(path)
    assert not held_here(path)
    assert second.acquire()
    second.release()


def test_a_process_is_known_by_number_and_start() -> None:
    now = started(os.getpid())
    assert now is not None
    assert lives(os.getpid(), now)
    assert not lives(os.getpid(), now - 1000), "a reused number"
    assert started(2**22 + 1) is None
    assert not lives(2**22 + 1, None)


def test_numbers_of_the_operator_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert number_from_environment("CHARLOOM_NONE", 5, 1) == 5
    monkeypatch.setenv("CHARLOOM_NONE", "7.5")
    assert number_from_environment("CHARLOOM_NONE", 5, 1) == 7.5
    for wrong in ("many", "0", "-1", "nan"):
        monkeypatch.setenv("CHARLOOM_NONE", wrong)
        with pytest.raises(Exception, match="CHARLOOM_NONE"):
            number_from_environment("CHARLOOM_NONE", 5, 1)
