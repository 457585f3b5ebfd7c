"""What the tests of the store, the worker and the scheduler share."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.runs import Run, RunState, RunStore

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds after which a condition that never comes true is a failure, not a slow machine."""

WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "then", "dogs", "ran", "far", "away")


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
