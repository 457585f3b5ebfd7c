"""The run store: what it keeps, what it allows, and what it says when it can't."""

import dataclasses
import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.baselines import Baseline
from lstm.config import ModelConfig, TrainConfig
from lstm.errors import ConfigError, StoreError
from lstm.events import Diverged, EpochEnd, Sample, Step, StopReason
from lstm.journal import CURVE_POINTS
from lstm.messages import LANGUAGES, text
from lstm.records import ALLOWED, Action, Message
from lstm.runs import NAME_LENGTH, Run, RunState, RunStore, corpus_key, tidy_name
from lstm.schema import MIGRATIONS
from tests.store_tools import make_run, tiny_corpus


def step(number: int, loss: float = 2.0, grad_norm: float = 1.0) -> Step:
    return Step(number, number / 100, number / 10, loss, grad_norm, 0.01, 1000.0)


def epoch_end(index: int, number: int, nats: float, *, best: bool = True) -> EpochEnd:
    return EpochEnd(index, number, number / 100, number / 10, nats + 0.1, nats, best, 0.1)


def begun(store: RunStore) -> Run:
    """A run that says it trains in this very process."""
    run = make_run(store)
    assert store.claim(1) is not None
    return store.begin(run.id, os.getpid(), None)


def put_into(store: RunStore, run_id: str, state: RunState) -> Run:
    """Bring a waiting run into a state by the moves that lead there."""
    if state == RunState.QUEUED:
        return store.run(run_id)
    store.claim(1)
    if state == RunState.STARTING:
        return store.run(run_id)
    store.begin(run_id, os.getpid(), None)
    if state == RunState.PAUSED:
        store.halt(run_id)
    elif state == RunState.INTERRUPTED:
        store.shut_down(run_id)
    elif state != RunState.RUNNING:
        store.saved(run_id, 1, 0.1, 10)
        store.end(run_id, state, Message("notices.finished_stopped"))
    return store.run(run_id)


# ---- runs ---------------------------------------------------------------------------------


def test_a_new_run_waits_and_keeps_its_settings(store: RunStore) -> None:
    corpus = tiny_corpus()
    network, config = ModelConfig(hidden_size=16), TrainConfig(seconds=5, learning_rate=0.02)
    run = store.create("anna", "  First \n run\t", corpus, network, config, "quick")
    assert run == store.run(run.id)
    assert (run.name, run.owner, run.preset) == ("First run", "anna", "quick")
    assert (run.state, run.pending, run.reason) == (RunState.QUEUED, None, None)
    assert (run.model_config, run.train_config) == (network, config)
    assert (run.characters, run.symbols) == (corpus.characters, corpus.vocabulary.size)
    assert (run.step, run.best_bits, run.has_model, run.is_active) == (0, None, False, True)


def test_a_blank_name_becomes_the_texts_name(store: RunStore) -> None:
    run = store.create("a", " \n", tiny_corpus(), ModelConfig(), TrainConfig(seconds=5), "quick")
    assert run.name == "words"


@given(st.text())
def test_a_name_is_one_printable_line(name: str) -> None:
    tidy = tidy_name(name)
    assert len(tidy) <= NAME_LENGTH
    assert tidy.isprintable()
    assert tidy == tidy.strip() == tidy_name(tidy)


def test_ids_are_distinct_and_fit_a_url(store: RunStore) -> None:
    ids = {make_run(store, f"visitor {number}").id for number in range(50)}
    assert len(ids) == 50
    assert all(run_id.isalnum() and run_id.isascii() for run_id in ids)


def test_runs_of_a_visitor_newest_first_and_nobody_elses(store: RunStore) -> None:
    mine = [make_run(store, "anna").id for _ in range(3)]
    make_run(store, "ben")
    assert [run.id for run in store.runs("anna")] == mine[::-1]
    assert store.runs("nobody") == []


def test_an_unknown_run_is_a_sentence(store: RunStore) -> None:
    for call in (store.run, store.pause, store.delete, store.version, store.beat):
        with pytest.raises(StoreError, match="no such run"):
            call("missing")
    with pytest.raises(StoreError, match="no such run"):
        store.rename("missing", "x")


def test_rename(store: RunStore) -> None:
    run = make_run(store)
    assert store.rename(run.id, "天气 & <b>").name == "天气 & <b>"
    with pytest.raises(StoreError, match="needs a name"):
        store.rename(run.id, "\u200b\n")


def test_a_text_is_kept_once_for_all_runs_but_its_split_counts(store: RunStore) -> None:
    corpus = tiny_corpus()
    key = store.add_corpus(corpus, {"encoding": "utf-8"})
    assert make_run(store, "anna").corpus_fingerprint == key
    assert make_run(store, "ben").corpus_fingerprint == key == corpus_key(corpus)
    assert store.report(key) == {"encoding": "utf-8"}
    other = dataclasses.replace(corpus, validation=0.2)
    assert store.add_corpus(other) != key
    loaded = store.corpus(key)
    assert np.array_equal(loaded.ids, corpus.ids)
    assert loaded.vocabulary == corpus.vocabulary
    assert store.report(corpus_key(other)) is None


def test_a_missing_text_is_a_sentence(store: RunStore) -> None:
    with pytest.raises(StoreError, match="no longer there"):
        store.corpus("missing")


# ---- the queue ----------------------------------------------------------------------------


def test_the_queue_is_served_in_order_within_the_slots(store: RunStore) -> None:
    first, second, third = (make_run(store, owner).id for owner in ("anna", "ben", "carl"))
    assert [store.queue_place(run_id) for run_id in (first, second, third)] == [1, 2, 3]
    store.stop(second)
    assert store.queue_place(second) is None
    assert store.queue_place(third) == 2
    claimed = store.claim(1)
    assert claimed is not None
    assert (claimed.id, claimed.state) == (first, RunState.STARTING)
    assert store.claim(1) is None
    store.begin(first, os.getpid(), None)
    assert store.claim(1) is None
    again = store.claim(2)
    assert again is not None
    assert again.id == third


def test_a_paused_run_gives_its_slot_away_and_takes_its_old_place(store: RunStore) -> None:
    first = begun(store)
    second = make_run(store)
    assert store.pause(first.id).pending == "pause"
    store.halt(first.id)
    assert store.run(first.id).pending is None
    assert store.resume(first.id).state == RunState.QUEUED
    assert store.queue_place(first.id) == 1
    assert store.queue_place(second.id) == 2
    claimed = store.claim(1)
    assert claimed is not None
    assert (claimed.id, claimed.pid) == (first.id, os.getpid())


# ---- what each state allows ---------------------------------------------------------------


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("action", get_args(Action))
def test_every_action_in_every_state(store: RunStore, state: RunState, action: Action) -> None:
    run = put_into(store, make_run(store).id, state)
    calls = {
        "pause": lambda: store.pause(run.id),
        "resume": lambda: store.resume(run.id),
        "stop": lambda: store.stop(run.id),
        "set_learning_rate": lambda: store.set_learning_rate(run.id, 0.001),
        "extend": lambda: store.extend(run.id, seconds=5),
    }
    assert run.state == state
    assert run.allows(action) == (state in ALLOWED[action])
    if run.allows(action):
        calls[action]()
        assert store.version(run.id) > run.version
    else:
        with pytest.raises(StoreError) as refusal:
            calls[action]()
        assert all(refusal.value.text(language) for language in LANGUAGES)
        assert store.run(run.id) == run


def test_wishes_to_a_training_are_rows_for_its_worker(store: RunStore) -> None:
    run = begun(store)
    store.set_learning_rate(run.id, 0.001)
    asked = store.pause(run.id)
    assert (asked.state, asked.pending) == (RunState.RUNNING, "pause")
    assert not asked.allows("pause")
    stopping = store.stop(run.id)
    assert stopping.pending == "stop"
    assert not any(stopping.allows(action) for action in get_args(Action))
    rows = store.commands(run.id)
    assert [row.kind for row in rows] == ["learning_rate", "pause", "stop"]
    store.command_done(run.id, rows[0].id, 10)
    assert [row.kind for row in store.commands(run.id)] == ["pause", "stop"]
    ended = store.end(run.id, RunState.STOPPED, Message("notices.finished_stopped"))
    assert (ended.pending, ended.pid, store.commands(run.id)) == (None, None, [])


def test_a_learning_rate_out_of_range_changes_nothing(store: RunStore) -> None:
    run = begun(store)
    with pytest.raises(ConfigError):
        store.set_learning_rate(run.id, 7.0)
    assert store.commands(run.id) == []


def test_train_longer_adds_to_what_was_trained(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(30)])
    store.saved(run.id, 30, 0.3, 10)
    store.end(run.id, RunState.FINISHED, Message("notices.finished_plateau"))
    longer = store.extend(run.id, seconds=60)
    assert longer.state == RunState.QUEUED
    assert (longer.train_config.seconds, longer.train_config.epochs) == (63.0, None)
    store.stop(run.id)
    epochs = store.extend(run.id, epochs=2).train_config
    assert (epochs.seconds, epochs.epochs, epochs.patience) == (None, 2, None)
    store.stop(run.id)
    with pytest.raises(ConfigError):
        store.extend(run.id)


def test_a_run_without_a_model_has_nothing_to_train_longer(store: RunStore) -> None:
    run = store.stop(make_run(store).id)
    assert run.state == RunState.STOPPED
    assert not run.allows("extend")
    assert run.allows("resume")


# ---- deleting -----------------------------------------------------------------------------


def test_delete_and_undo(store: RunStore) -> None:
    run = make_run(store)
    store.delete(run.id)
    assert store.runs("anna") == []
    assert [r.id for r in store.runs("anna", include_deleted=True)] == [run.id]
    assert store.claim(1) is None
    assert not any(store.run(run.id).allows(action) for action in get_args(Action))
    back = store.undelete(run.id)
    assert (back.deleted, back.state) == (None, RunState.STOPPED)
    assert [r.id for r in store.runs("anna")] == [run.id]


def test_deleting_a_training_asks_it_to_stop_and_keeps_its_files_until_then(
    store: RunStore,
) -> None:
    run = begun(store)
    store.delete(run.id)
    assert store.delete(run.id).pending == "stop"
    assert store.purge(math.inf) == []
    store.end(run.id, RunState.STOPPED, Message("notices.finished_stopped"))
    assert store.purge(math.inf) == [run.id]


def test_purging_takes_files_and_unused_texts_of_long_deleted_runs_only(store: RunStore) -> None:
    gone, kept = make_run(store), make_run(store)
    folder = store.run_folder(gone.id)
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("x", "utf-8")
    store.append(gone.id, [step(1), epoch_end(1, 1, 2.0)])
    store.delete(gone.id)
    assert store.purge() == []
    assert folder.exists()
    assert store.purge(math.inf) == [gone.id]
    assert not folder.exists()
    with pytest.raises(StoreError):
        store.run(gone.id)
    assert store.epochs(gone.id) == []
    assert store.corpus(kept.corpus_fingerprint).characters == 20_000
    store.delete(kept.id)
    store.purge(math.inf)
    with pytest.raises(StoreError):
        store.corpus(kept.corpus_fingerprint)


# ---- measurements -------------------------------------------------------------------------


def test_what_a_training_tells_is_read_back(store: RunStore) -> None:
    run = begun(store)
    sample = Sample(1, 0.2, 0.5, "the ", "cat <b>\u202e sat", 0.1)
    store.append(run.id, [step(10), step(20), epoch_end(1, 20, math.log(4)), sample])
    now = store.run(run.id)
    assert (now.step, now.seconds, now.epoch) == (20, 2.0, 0.2)
    assert now.best_bits == now.last_bits == pytest.approx(2.0)
    assert now.best_epoch == 0.2
    (row,) = store.epochs(run.id)
    assert (row.index, row.step, row.best) == (1, 20, True)
    assert row.validation_bits == pytest.approx(2.0)
    assert store.sample_indices(run.id) == [1]
    (read,) = store.samples(run.id, 1)
    assert (read.opening, read.text, read.temperature) == ("the ", "cat <b>\u202e sat", 0.5)
    assert store.samples(run.id, 2) == []


def test_a_worse_evaluation_leaves_the_best(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [epoch_end(1, 10, 1.0), epoch_end(2, 20, 2.0, best=False)])
    now = store.run(run.id)
    assert now.best_bits == pytest.approx(1.0 / math.log(2))
    assert now.last_bits == pytest.approx(2.0 / math.log(2))
    assert now.best_epoch == 0.1


def test_a_loss_that_is_no_number_is_a_gap(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10, loss=math.nan), step(20, grad_norm=math.inf)])
    curve = store.steps(run.id)
    assert math.isnan(curve.loss[0])
    assert math.isnan(curve.grad_norm[1])
    assert curve.loss[1] == 2.0


def test_an_empty_curve(store: RunStore) -> None:
    curve = store.steps(make_run(store).id)
    assert all(len(column) == 0 for column in vars(curve).values())


@pytest.mark.parametrize("count", [1, 2, 3, 499, 500, 501, 1000, 3601])
@pytest.mark.parametrize("most", [3, 50, CURVE_POINTS])
def test_a_thinned_curve_keeps_its_ends_and_its_spikes(
    store: RunStore, count: int, most: int
) -> None:
    run = begun(store)
    spike = count // 2
    store.append(run.id, [step(i + 1, grad_norm=99.0 if i == spike else 1.0) for i in range(count)])
    curve = store.steps(run.id, most)
    assert len(curve.step) <= most
    assert (curve.step[0], curve.step[-1]) == (1, count)
    assert curve.grad_norm.max() == 99.0
    assert np.all(np.diff(curve.step) > 0)
    assert np.all(np.diff(curve.seconds) > 0)
    if count <= most:
        assert len(curve.step) == count


def test_a_growing_curve_leaves_its_older_points_alone(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(i + 1) for i in range(600)])
    before = store.steps(run.id, 100)
    store.append(run.id, [step(i + 1) for i in range(600, 640)])
    after = store.steps(run.id, 100)
    shared = len(before.step) - 2  # the last group may still grow, the last point moves
    assert np.array_equal(before.step[:shared], after.step[:shared])
    assert np.array_equal(before.loss[:shared], after.loss[:shared])


def test_going_back_forgets_what_came_after(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10), epoch_end(1, 10, 1.0), Sample(1, 0.1, 0.5, "a", "b", 0.1)])
    store.append(run.id, [step(20), epoch_end(2, 20, 0.5), Sample(2, 0.2, 0.5, "a", "b", 0.1)])
    store.set_learning_rate(run.id, 0.001)
    (command,) = store.commands(run.id)
    store.command_done(run.id, command.id, 15)
    store.rewind(run.id, 10)
    now = store.run(run.id)
    assert (now.step, now.seconds, now.epoch) == (10, 1.0, 0.1)
    assert now.best_bits == now.last_bits == pytest.approx(1.0 / math.log(2))
    assert store.sample_indices(run.id) == [1]
    assert [row.index for row in store.epochs(run.id)] == [1]
    assert store.commands(run.id) == [command], "a wish that was forgotten is given again"
    store.append(run.id, [step(11), epoch_end(2, 20, 0.4)])
    assert store.steps(run.id).step.tolist() == [10, 11]
    store.rewind(run.id, 0)
    empty = store.run(run.id)
    assert (empty.step, empty.seconds, empty.best_bits, empty.last_bits) == (0, 0.0, None, None)


def test_a_rollback_is_a_notice_and_the_curve_has_one_branch(store: RunStore) -> None:
    run = begun(store)
    store.append(run.id, [step(10), step(20), Diverged(25, "collapse", 10, 0.5), step(12)])
    assert store.steps(run.id).step.tolist() == [10, 12]
    (notice,) = store.notices(run.id)
    assert "25" in notice.text()
    assert "25" in notice.text("zh")


def test_the_version_tells_a_change_from_a_sign_of_life(store: RunStore) -> None:
    run = begun(store)
    before = store.version(run.id)
    store.beat(run.id)
    store.touch(run.owner)
    assert store.version(run.id) == before
    changes: list[Callable[[], object]] = [
        lambda: store.append(run.id, [step(1)]),
        lambda: store.notice(run.id, "notices.resumed", step=1),
        lambda: store.rename(run.id, "other"),
        lambda: store.add_baseline(run.corpus_fingerprint, Baseline("uniform", None, 4.0, False)),
        lambda: store.pause(run.id),
    ]
    for change in changes:
        change()
        assert store.version(run.id) > before
        before = store.version(run.id)


def test_baselines_are_claimed_once(store: RunStore) -> None:
    run = make_run(store)
    assert store.claim_baselines() == run.corpus_fingerprint
    assert store.claim_baselines() is None
    line = Baseline("ngram2", 2, 3.0, True)
    store.add_baseline(run.corpus_fingerprint, line)
    store.add_baseline(run.corpus_fingerprint, dataclasses.replace(line, bits=2.5))
    store.add_baseline(run.corpus_fingerprint, Baseline("uniform", None, 4.0, False))
    assert [b.bits for b in store.baselines(run.corpus_fingerprint)] == [4.0, 2.5]
    assert store.baselines(run.corpus_fingerprint)[1] == dataclasses.replace(line, bits=2.5)


# ---- messages -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_and_every_end_has_its_sentence(language: str) -> None:
    assert language in {"en", "zh"}
    for action in get_args(Action):
        assert text(f"errors.cannot_{action}", language)  # type: ignore[arg-type]
    for reason in get_args(StopReason):
        assert text(f"notices.finished_{reason}", language)  # type: ignore[arg-type]


# ---- several at once, and files that are not what they should be --------------------------

_APPEND = """
import sys
from pathlib import Path
from lstm.events import Step
from lstm.runs import RunStore
with RunStore(Path(sys.argv[1])) as store:
    for number in range(100):
        store.append(sys.argv[2], [Step(number, 0.0, 0.0, 1.0, 1.0, 0.1, 1.0)])
"""


def test_processes_and_threads_write_at_once(store: RunStore) -> None:
    run = begun(store)
    words = [sys.executable, "-c", _APPEND, str(store.folder), run.id]
    children = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(2)]
    threads = [
        threading.Thread(
            target=lambda: [store.rename(run.id, f"name {i}") for i in range(100)],
        )
        for _ in range(2)
    ]
    before = store.version(run.id)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors.decode()
    assert len(store.steps(run.id).step) == 200
    assert store.version(run.id) == before + 400


def test_a_store_is_found_again(tmp_path: Path) -> None:
    with RunStore(tmp_path) as first:
        run = make_run(first)
    with RunStore(tmp_path) as second:
        assert second.run(run.id) == run


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
def test_a_database_of_any_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    old = sqlite3.connect(tmp_path / "charloom.sqlite3")
    for statements in MIGRATIONS[:version]:
        for statement in statements:
            old.execute(statement)
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()
    with RunStore(tmp_path) as store:
        assert store.run(make_run(store).id).state == RunState.QUEUED


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    newer = sqlite3.connect(tmp_path / "charloom.sqlite3")
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match="newer Charloom"):
        RunStore(tmp_path)


def test_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "charloom.sqlite3").write_bytes(b"no database at all, " * 500)
    with pytest.raises(StoreError, match="damaged"):
        RunStore(tmp_path)


def test_a_failed_transaction_leaves_nothing_behind(store: RunStore) -> None:
    run = begun(store)
    with pytest.raises(StoreError, match="no such run"):
        store.append("missing", [])
    with pytest.raises(sqlite3.IntegrityError):  # a bug, which must not pass as a full disk
        store.append(run.id, [step(1), dataclasses.replace(step(2), learning_rate=math.nan)])
    assert len(store.steps(run.id).step) == 0
