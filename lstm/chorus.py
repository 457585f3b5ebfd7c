"""Many texts written side by side by one network: one matrix product serves them all.

For whoever wants whole texts and no say in between: the samples of an epoch at four temperatures,
a class's worth of texts. Each text is what a ``Writer`` alone would write with the same opening,
dice and settings, but for the rounding of float32 sums, which are added in another order. Knows
nothing of pages or training. Axis letters: B texts, V vocabulary, H hidden.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lstm.config import SampleConfig
from lstm.dice import throws
from lstm.sampling import draw, mask_unknown, neutral, probabilities
from lstm.stepper import Stepper, Weights
from lstm.vocabulary import Vocabulary


class Part(NamedTuple):
    """One text to be written.

    Attributes:
        opening: What to go on from; characters that the network does not know are replaced.
        sample: How to draw.
        rng: Seed of its dice.
    """

    opening: str
    sample: SampleConfig
    rng: int = 1


def write(
    stepper: Stepper, vocabulary: Vocabulary, parts: Sequence[Part], length: int
) -> list[str]:
    """Return the texts, openings excluded, each of ``length`` characters, in the order of parts."""
    with torch.inference_mode():
        return _Chorus(stepper, vocabulary, parts).write(length)


class _Chorus:
    """The memories of B texts and the weights as matrices that all of them share."""

    def __init__(self, stepper: Stepper, vocabulary: Vocabulary, parts: Sequence[Part]) -> None:
        self.vocabulary, self.parts = vocabulary, parts
        self.advance = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}[stepper.cell]
        self.layers = [_columns(layer) for layer in stepper.layers]
        self.head = torch.from_numpy(stepper.head).t()
        self.head_bias = torch.from_numpy(stepper.head_bias)
        count, size = len(parts), stepper.hidden_size
        self.memory = [torch.zeros(count, size) for _ in stepper.empty()]
        self.inverse = torch.tensor([[1 / (part.sample.temperature or 1)] for part in parts])
        self.special = [row for row, part in enumerate(parts) if not _is_plain(part.sample)]
        self._read_openings()

    def _read_openings(self) -> None:
        """Read every opening to its end: short ones later, so that all end together."""
        spelled = [
            self.vocabulary.encode(
                self.vocabulary.substitute(part.opening)[0] or neutral(self.vocabulary)
            )
            for part in self.parts
        ]
        longest = max(map(len, spelled))
        ids = np.zeros((longest, len(spelled)), np.int64)
        for row, characters in enumerate(spelled):
            ids[longest - len(characters) :, row] = characters
        begins = torch.tensor([longest - len(characters) for characters in spelled])
        for place, column in enumerate(torch.from_numpy(ids)):
            for part in self.memory:  # nothing has been read before a text's own beginning
                part *= (begins < place)[:, None]
            self.logits = self._step(column)

    def write(self, length: int) -> list[str]:
        """Draw and read, character by character."""
        ids = torch.empty(length, len(self.parts), dtype=torch.int64)
        dice = torch.from_numpy(throws([part.rng for part in self.parts], 0, length))
        for position in range(length):
            drawn = self._draw(dice[position])
            ids[position] = drawn
            self.logits = self._step(drawn)
        rows = ids.t().numpy().astype(np.uint16)
        return [self.vocabulary.decode(row) for row in rows]

    def _draw(self, dice: Tensor) -> Tensor:
        """Return the characters (B,) on which the throws (B,) float64 fall."""
        chances = torch.softmax(self.logits.double() * self.inverse, 1).cumsum(1)
        drawn = torch.searchsorted(chances, dice[:, None] * chances[:, -1:], right=True)[:, 0]
        for row in self.special:  # greedy or filtered: rare, and told by the reference
            exact = probabilities(self.logits[row].numpy(), self.parts[row].sample)
            drawn[row] = draw(exact, float(dice[row]))
        return drawn.clamp_(max=chances.shape[1] - 1)

    def _step(self, characters: Tensor) -> Tensor:
        """Read one character (B,) in every text; return the logits (B, V)."""
        width = len(self.memory) // len(self.layers)
        values: Tensor | None = None
        for index, layer in enumerate(self.layers):
            if values is None:
                incoming = layer.inputs.index_select(0, characters)
            else:
                incoming = torch.addmm(layer.bias, values, layer.inputs)
            values = self.advance(layer, incoming, self.memory[index * width : (index + 1) * width])
        assert values is not None
        logits = torch.addmm(self.head_bias, values, self.head)
        mask_unknown(logits.numpy(), self.vocabulary)
        return logits


class _Layer(NamedTuple):
    inputs: Tensor  # first layer: table (V, gates H); others: (H, gates H)
    recurrent: Tensor  # (H, gates H)
    bias: Tensor  # (gates H,)
    recurrent_bias: Tensor  # GRU only, (H,)


def _columns(weights: Weights) -> _Layer:
    first = weights.is_first
    inputs = torch.from_numpy(weights.inputs)
    return _Layer(
        inputs if first else inputs.t(),
        torch.from_numpy(weights.recurrent).t(),
        torch.from_numpy(weights.bias),
        torch.from_numpy(weights.recurrent_bias),
    )


def _is_plain(sample: SampleConfig) -> bool:
    filtered = sample.top_k or sample.top_p < 1 or sample.min_p
    return bool(sample.temperature) and not filtered


# The three cells, with the halved weights of sigmoid gates; see ``lstm.stepper.Stepper``.


def _lstm(layer: _Layer, incoming: Tensor, memory: list[Tensor]) -> Tensor:
    hidden, cell = memory
    gates = torch.addmm(incoming, hidden, layer.recurrent).tanh_()
    write, keep, candidate, show = gates.chunk(4, 1)
    cell.mul_(keep.add_(1)).addcmul_(write.add_(1), candidate).mul_(0.5)
    torch.tanh(cell, out=hidden).mul_(show.add_(1)).mul_(0.5)
    return hidden


def _gru(layer: _Layer, incoming: Tensor, memory: list[Tensor]) -> Tensor:
    (hidden,) = memory
    size = hidden.shape[1]
    recurrent = hidden @ layer.recurrent
    gates = (recurrent[:, : 2 * size] + incoming[:, : 2 * size]).tanh_().add_(1).mul_(0.5)
    reset, update = gates.chunk(2, 1)
    inner = reset * (recurrent[:, 2 * size :] + layer.recurrent_bias)
    candidate = torch.tanh(incoming[:, 2 * size :] + inner)
    hidden.sub_(candidate).mul_(update).add_(candidate)
    return hidden


def _rnn(layer: _Layer, incoming: Tensor, memory: list[Tensor]) -> Tensor:
    (hidden,) = memory
    return hidden.copy_(torch.addmm(incoming, hidden, layer.recurrent).tanh_())
