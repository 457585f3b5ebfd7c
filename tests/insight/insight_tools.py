"""What the tests of the views share: shapes of networks to go through, and a text to read."""

import numpy as np
import numpy.typing as npt

from lstm.model import CharModel
from tests.engine_tools import network

SYMBOLS = 11

SHAPES: tuple[dict[str, object], ...] = tuple(
    {"cell": cell, "num_layers": layers, "embedding_size": size}
    for cell in ("lstm", "gru", "rnn")
    for layers, size in ((1, 5), (2, 5), (1, 0), (3, 0))
)
"""Every kind of cell, one and several layers, with an embedding and one-hot."""


def some_ids(characters: int, seed: int = 0) -> npt.NDArray[np.uint16]:
    """A random text of ``SYMBOLS`` symbols."""
    return np.random.default_rng(seed).integers(SYMBOLS, size=characters).astype(np.uint16)


def some_network(shape: dict[str, object], seed: int = 0) -> CharModel:
    return network(SYMBOLS, seed=seed, **shape)
