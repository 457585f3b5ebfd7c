"""What the tests of the store, the worker and the scheduler share."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from lstm.checkpoint import Saved
from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.events import EpochEnd, Step
from lstm.runs import Run, RunState, RunStore
from lstm.worker import run_worker
from tests.engine_tools import WORDS, bare_state, network

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which a condition that never comes true is a failure, not a slow machine."""


def tiny_corpus(characters: int = 20_000, seed: int = 1) -> Corpus:
    """A text of random words: there is something to learn, and it is learned in seconds."""
    rng = random.Random(seed)
    text = ""
    while len(text) < characters:
        text += " ".join(rng.choice(WORDS) for _ in range(200)) + ".\n"
    return Corpus.from_text(text[:characters], name="words")


def make_run(store: RunStore, owner: str = "anna", **settings: float | int | str) -> Run:
    """Queue a run of a tiny network; ``settings`` are those of TrainConfig."""
    if "seconds" not in settings and "epochs" not in settings:
        settings["seconds"] = 3600.0  # as good as for ever; the test ends it
    config = TrainConfig.from_json({"batch_size": 8, "seq_len": 32, **settings})
    network = ModelConfig(hidden_size=16, embedding_size=8)
    return store.create(owner, "my run", tiny_corpus(), network, config, "quick")


def begun(store: RunStore) -> Run:
    """A run that says it trains in this very process."""
    run = make_run(store)
    assert store.claim(1) is not None
    return store.begin(run.id, os.getpid(), None)


def step(number: int, loss: float = 2.0, grad_norm: float = 1.0) -> Step:
    """What a training tells of its steps up to this one."""
    return Step(number, number / 100, number / 10, loss, grad_norm, 0.01, 1000.0)


def epoch_end(index: int, number: int, nats: float, *, best: bool = True) -> EpochEnd:
    """What a training tells of an evaluation."""
    return EpochEnd(index, number, number / 100, number / 10, nats + 0.1, nats, best, 0.1)


def save_network(
    store: RunStore, run_id: str, *, seed: int = 0, epoch: float = 3.0, **shape: object
) -> None:
    """Give a run a tiny network; ``shape`` are fields of ModelConfig."""
    vocabulary = store.corpus(store.run(run_id).corpus_fingerprint).vocabulary
    model = network(vocabulary.size, seed=seed, **shape)
    state = bare_state(model)
    state.numbers.update(step=10)
    saved = Saved(model.config, vocabulary, state, info={"epoch": epoch, "bits_per_char": 2.5})
    store.save_checkpoint(run_id, saved, saved)


def wait_until(condition: Callable[[], T], tick: Callable[[], None] = lambda: None) -> T:
    """Wait for a condition and return what it gave; ``tick`` runs in between."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        tick()
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError("the condition did not come true")


def wait_for_state(
    store: RunStore, run_id: str, *states: RunState, tick: Callable[[], None] = lambda: None
) -> Run:
    """Wait until a run is in one of these states."""
    wait_until(lambda: store.run(run_id).state in states, tick)
    return store.run(run_id)


def wait_for_step(
    store: RunStore, run_id: str, step: int, tick: Callable[[], None] = lambda: None
) -> Run:
    """Wait until a run trains, has a checkpoint, and is further than this step."""

    def far_enough() -> bool:
        run = store.run(run_id)
        return run.state == RunState.RUNNING and run.has_model and run.step > step

    wait_until(far_enough, tick)
    return store.run(run_id)


@contextmanager
def working(store: RunStore, run_id: str) -> Iterator[threading.Event]:
    """Let a worker train a run in a thread; the event tells it to go, the end waits for it."""
    leave = threading.Event()
    store.claim(9)
    worker = threading.Thread(target=run_worker, args=(run_id, store, leave))
    worker.start()
    try:
        yield leave
        worker.join(60)
        assert not worker.is_alive()
    finally:
        leave.set()
        worker.join(60)
