"""What the tests of the views share: shapes of networks to go through, and a text to read."""

import numpy as np
import numpy.typing as npt

from lstm.model import CharModel
from tests.engine_tools import network

SYMBOLS = 11

_ENDS: tuple[dict[str, object], ...] = (
    {"num_layers": 1, "embedding_size": 5},
    {"num_layers": 2, "embedding_size": 5},
    {"num_layers": 2, "embedding_size": 5, "tied": True},
    {"num_layers": 1, "embedding_size": 0},
    {"num_layers": 3, "embedding_size": 0},
)

SHAPES = tuple({"cell": cell, **ends} for cell in ("lstm", "gru", "rnn") for ends in _ENDS)
"""Every kind of cell, one and several layers, with an embedding, tied to it, and one-hot."""


def some_ids(characters: int, seed: int = 0) -> npt.NDArray[np.uint16]:
    """A random text of ``SYMBOLS`` symbols."""
    return np.random.default_rng(seed).integers(SYMBOLS, size=characters).astype(np.uint16)


def some_network(shape: dict[str, object], seed: int = 0) -> CharModel:
    return network(SYMBOLS, seed=seed, **shape)
