"""How quick this machine is at training, measured once per process by a training of a moment.

Knows nothing of who wants to know.
"""

import time
from functools import cache

import numpy as np

from lstm.config import ModelConfig, TrainConfig
from lstm.corpus import Corpus
from lstm.presets import recurrent_weights

SECONDS = 0.3
"""For so long is measured, besides the first steps."""

_CHARACTERS = 20_000
_HIDDEN, _EMBEDDING = 256, 64


@cache
def measured() -> float:
    """Return what one core gets through in a second, in characters times recurrent weights.

    By the time that the processor works, not by the clock: what else it has to do passes.
    """
    from lstm.training import probe  # torch comes with it, which ``known`` does not wait for

    symbols = np.random.default_rng(1).integers(ord("a"), ord("z") + 1, _CHARACTERS)
    corpus = Corpus.from_text("".join(map(chr, symbols)), name="")
    model = ModelConfig(hidden_size=_HIDDEN, embedding_size=_EMBEDDING)
    speed = probe(corpus, model, TrainConfig(seconds=1.0), SECONDS, time.thread_time)
    return speed * recurrent_weights(_HIDDEN, _EMBEDDING)


def known() -> float | None:
    """Return the same, if somebody has measured it; never wait."""
    return measured() if measured.cache_info().currsize else None
