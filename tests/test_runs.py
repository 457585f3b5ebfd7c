"""The run store: what it keeps, what it allows, and what it says when it can't."""

import dataclasses
import math
import os
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.config import ModelConfig, TrainConfig
from lstm.errors import ConfigError, StoreError
from lstm.events import StopReason
from lstm.messages import LANGUAGES, text
from lstm.records import ALLOWED, Action, Message
from lstm.runs import NAME_LENGTH, Run, RunState, RunStore, corpus_key, tidy_name
from tests.store_tools import begun, epoch_end, make_run, step, tiny_corpus


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


# ---- messages -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_and_every_end_has_its_sentence(language: str) -> None:
    assert language in {"en", "zh"}
    for action in get_args(Action):
        assert text(f"errors.cannot_{action}", language)  # type: ignore[arg-type]
    for reason in get_args(StopReason):
        assert text(f"notices.finished_{reason}", language)  # type: ignore[arg-type]
