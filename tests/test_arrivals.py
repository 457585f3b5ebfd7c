"""Networks that come back into the store, and runs that start from their weights."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lstm import checkpoint
from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.errors import StoreError
from lstm.events import Checkpoint
from lstm.executors import Room
from lstm.records import RETURNED, UNTOLD
from lstm.returning import Returned, go_on_with
from lstm.runs import Run, RunState, RunStore
from lstm.scheduler import Scheduler
from lstm.training import train
from lstm.worker import run_worker
from tests.engine_tools import words
from tests.store_tools import make_run

SHAPE = ModelConfig(hidden_size=8, embedding_size=5)
CONFIG = TrainConfig(epochs=1, seconds=None, batch_size=4, seq_len=16, threads=1)
FACTS = {"name": "my words", "corpus": "words", "epoch": 2.5, "bits_per_char": 2.25}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def trained() -> Saved:
    corpus = Corpus.from_text(words(3000))
    states = [e.state for e in train(corpus, SHAPE, CONFIG) if isinstance(e, Checkpoint)]
    return Saved(SHAPE, corpus.vocabulary, states[-1], CONFIG, info=FACTS)


class Nobody:
    """Starts nothing, and tells of what it was asked to start."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def start(self, run: Run) -> None:
        self.asked.append(run.id)

    def start_baselines(self, corpus_fingerprint: str) -> None:
        self.asked.append(corpus_fingerprint)

    def is_alive(self, run: Run) -> bool:
        return True

    def sign_of_life(self, run: Run) -> object:
        return run.heartbeat

    def kill(self, run: Run) -> None:
        self.asked.append(run.id)

    def went_along(self, run: Run) -> bool:
        return False

    def rooms(self, slots: int, watched: Sequence[Run]) -> Sequence[Room]:
        return (Room(slots),)

    def close(self) -> None:
        pass


def test_a_network_that_came_back_is_a_finished_run(store: RunStore, trained: Saved) -> None:
    run = store.adopt("anna", Returned("file", trained, trained))
    assert (run.owner, run.name, run.state) == ("anna", "my words", RunState.FINISHED)
    assert (run.preset, run.corpus_name, run.symbols) == (RETURNED, "words", 18)
    assert (run.epoch, run.best_bits, run.train_config) == (2.5, 2.25, CONFIG)
    assert run.has_model
    assert not run.has_text
    assert run.size_bytes > 0
    best, last = (store.model_file(run.id, which) for which in ("best", "last"))
    assert best is not None
    assert last is not None
    assert not any(not name.startswith("model.") for name in checkpoint.load(best).state.tensors)
    assert checkpoint.load(last).state.tensors.keys() == trained.state.tensors.keys()
    assert [one.id for one in store.runs("anna")] == [run.id]


def test_without_a_text_it_is_neither_trained_longer_nor_measured(
    store: RunStore, trained: Saved
) -> None:
    run = store.adopt("anna", Returned("file", trained))
    with pytest.raises(StoreError):
        store.extend(run.id, seconds=60)
    with pytest.raises(StoreError):
        store.resume(run.id)
    nobody = Nobody()
    scheduler = Scheduler(store, executor=nobody)
    scheduler.tick()
    scheduler.stop()
    assert nobody.asked == []


def test_what_a_file_only_claims_is_left_out(store: RunStore, trained: Saved) -> None:
    facts = {"name": 5, "corpus": ["x"], "epoch": 10**400, "bits_per_char": float("nan")}
    saved = replace(trained, info={**facts, "seconds": -1, "more": "x"}, train_config=None)
    run = store.adopt("anna", Returned("a\nfile", saved))
    assert (run.name, run.corpus_name, run.preset) == ("a file", "", UNTOLD)
    assert (run.epoch, run.seconds, run.best_bits) == (0.0, 0.0, None)
    file = store.model_file(run.id)
    assert file is not None
    assert checkpoint.load(file).info == {"name": "a file", "corpus": "", "epoch": 0.0}


def test_it_is_deleted_and_purged_like_any_other(store: RunStore, trained: Saved) -> None:
    other = make_run(store)
    run = store.adopt("anna", Returned("file", trained))
    store.delete(run.id)
    assert store.undelete(run.id).deleted is None
    store.delete(run.id)
    assert store.purge(deleted_before=float("inf")) == [run.id]
    assert not store.run_folder(run.id).exists()
    assert store.corpus(other.corpus_fingerprint).characters == other.characters


# -- going on --------------------------------------------------------------------------------------

NEW = "Ünlü, dann sät ein Zöllner: Ähren!\n" * 80


def test_a_run_starts_from_the_weights_it_was_given(store: RunStore, trained: Saved) -> None:
    continuation = go_on_with(trained, NEW, name="new")
    run = store.go_on("anna", " ", continuation, CONFIG)
    assert (run.name, run.state, run.corpus_name) == ("new", RunState.QUEUED, "new")
    assert run.symbols == continuation.corpus.vocabulary.size > trained.vocabulary.size
    assert run.has_model
    assert run.has_text
    start, damaged = store.load_checkpoint(run.id)
    assert start is not None
    assert damaged == 0
    for name, value in continuation.saved.state.tensors.items():
        assert start.state.tensors[name].equal(value)
    assert start.info == {"name": "new", "corpus": "new", "epoch": 0.0}


def test_a_worker_trains_it_on(store: RunStore, trained: Saved) -> None:
    run = store.go_on("anna", "more", go_on_with(trained, words(3000)), CONFIG)
    assert store.claim(1) is not None
    assert run_worker(run.id, store)
    done = store.run(run.id)
    assert done.state == RunState.FINISHED
    assert done.step > 0
    assert [notice.message.key for notice in store.notices(run.id)] == []
    fresh = store.create("anna", "", Corpus.from_text(words(3000)), SHAPE, CONFIG, "quick")
    assert store.claim(1) is not None
    assert run_worker(fresh.id, store)
    bits = store.run(fresh.id).best_bits
    assert done.best_bits is not None
    assert bits is not None
    assert done.best_bits < bits
