"""The parts that the tasks' networks are made of, and the moments that are read from them.

Knows nothing of tasks. Axis letters: B cases, T moments, V symbols, E embedding, H hidden.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.insight.reading import Floats

PADDING = 0
"""The symbol of places where nothing stands, and of characters never met in training."""

State = tuple[Tensor, Tensor]
"""Short-term and long-term memory, each (1, B, H)."""


class Reader(nn.Module):
    """Reads symbols one by one: an embedding and an LSTM."""

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        """Build it; see ``fresh_weights`` for its weights."""
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding)
        self.memory = nn.LSTM(embedding, hidden, batch_first=True)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return short-term memories (B, T, H) for symbols (B, T) int64, and the state after."""
        return cast(tuple[Tensor, State], self.memory(self.embedding(ids), state))


class Teller(nn.Module):
    """Says symbols one by one, and is fed what it has just said.

    Symbol 0 stands before the first and behind the last one.
    """

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        """Build it; see ``fresh_weights`` for its weights."""
        super().__init__()
        self.reader = Reader(symbols, embedding, hidden)
        self.head = nn.Linear(hidden, symbols)

    def loss(self, state: State, wanted: Tensor) -> Tensor:
        """Return the mean loss in nats when it is fed what it should have said.

        Args:
            state: Memory that it begins with.
            wanted: Symbols (B, T) int64, ended by at least one 0; what follows it does not count.
        """
        fed = nn.functional.pad(wanted[:, :-1], (1, 0))
        logits = self.head(self.reader(fed, state)[0])
        counts = torch.cumsum(wanted == 0, 1) <= 1
        return nn.functional.cross_entropy(logits[counts], wanted[counts])

    def tell(self, state: State, longest: int) -> tuple[Tensor, Tensor, Tensor]:
        """Let it speak freely, the likeliest symbol each time.

        Returns:
            Symbols (B, T) int64, their probabilities (B, T) and memories (B, T, H); T is at most
            ``longest``, and all have said their 0 before it if they do at all.
        """
        said, sure, memories = [], [], []
        ids = torch.zeros(state[0].shape[1], 1, dtype=torch.int64)
        ended = torch.zeros_like(ids, dtype=torch.bool)
        for _ in range(longest):
            memory, state = self.reader(ids, state)
            chances, ids = self.head(memory).softmax(-1).max(-1)
            said.append(ids)
            sure.append(chances)
            memories.append(memory)
            ended |= ids == 0
            if bool(ended.all()):
                break
        return torch.cat(said, 1), torch.cat(sure, 1), torch.cat(memories, 1)


class Symbols:
    """Characters and their numbers from 1; all others are 0."""

    def __init__(self, characters: str) -> None:
        """Number the characters in the order of Unicode."""
        self.characters = "".join(sorted(set(characters)))
        self._ids = {character: place for place, character in enumerate(self.characters, 1)}

    @property
    def size(self) -> int:
        """How many there are, the symbol 0 included."""
        return len(self.characters) + 1

    def ids(self, texts: Sequence[str], *, right: bool = False, least: int = 0) -> Tensor:
        """Return texts as (B, T) int64, filled up with 0.

        Args:
            texts: B texts.
            right: Whether they end together instead of beginning together.
            least: Smallest T.
        """
        width = max([least, *map(len, texts)])
        filled = [text.rjust(width, "\0") if right else text.ljust(width, "\0") for text in texts]
        return torch.tensor([[self._ids.get(c, 0) for c in text] for text in filled])

    def text(self, ids: Sequence[int]) -> str:
        """Return the characters before the first 0."""
        known = list(ids)
        end = known.index(0) if 0 in known else len(known)
        return "".join(self.characters[number - 1] for number in known[:end])


def fresh_weights(
    network: nn.Module, rng: np.random.Generator, forget_bias: float
) -> dict[str, Floats]:
    """Return weights for a network that has learned nothing.

    Glorot & Bengio (2010) for what goes in, orthogonal for what goes round (Saxe et al. 2014,
    arXiv:1312.6120), a forget-gate bias as asked for (Gers et al. 2000); drawn without torch's
    global generator, so that the same dice give the same network whoever else draws meanwhile.

    Args:
        network: Of the right shape; its own weights don't count.
        rng: Dice.
        forget_bias: Of every LSTM in it.
    """
    weights = {}
    for name, value in network.state_dict().items():
        weights[name] = _fresh(name, tuple(value.shape), rng, forget_bias)
    return weights


def _fresh(
    name: str, shape: tuple[int, ...], rng: np.random.Generator, forget_bias: float
) -> Floats:
    if len(shape) == 1:
        bias = np.zeros(shape, np.float32)
        if "bias_ih" in name:  # gate order of torch.nn.LSTM: i, f, g, o
            size = shape[0] // 4
            bias[size : 2 * size] = forget_bias
        return bias
    if "embedding" in name:
        return rng.standard_normal(shape, np.float32)
    if "weight_hh" in name:
        size = shape[1]
        blocks = [np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(4)]
        return np.concatenate(blocks).astype(np.float32)
    edge = np.sqrt(6 / (shape[0] / (4 if "weight_ih" in name else 1) + shape[1]))
    return rng.uniform(-edge, edge, shape).astype(np.float32)


def with_weights(network: nn.Module, weights: Mapping[str, npt.NDArray[np.floating]]) -> nn.Module:
    """Give a network its weights, as copies, and return it ready to read."""
    loaded = {name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()}
    network.load_state_dict(loaded, assign=True)
    return network.eval()
