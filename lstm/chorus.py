"""Many texts written side by side by one network: one matrix product serves them all.

For whoever wants whole texts and no say in between: the samples of an epoch at four temperatures,
a class's worth of texts. Each text is what a ``Writer`` alone would write with the same opening,
dice and settings, but for the rounding of float32 sums, which are added in another order. Knows
nothing of pages or training. Axis letters: B texts, V vocabulary, H hidden.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from lstm.config import SampleConfig
from lstm.dice import throws
from lstm.products import product
from lstm.sampling import COLDEST, draw, mask_unknown, neutral, probabilities
from lstm.stepper import CELLS, Gates, Stepper, Weights
from lstm.vocabulary import Vocabulary

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

# What the methods of these names do, in less time on so few numbers.
_maximum, _running_sum = np.maximum.reduce, np.add.accumulate

_SMALL = 2**14
"""Below so many weights NumPy has multiplied before PyTorch has begun."""


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
        count, size = len(parts), stepper.hidden_size
        self.cell = stepper.cell
        self.layers = [_shared(layer, count) for layer in stepper.layers]
        self.output = [_product(matrix, count) for matrix in stepper.output]
        self.head_bias = stepper.head_bias
        self.memory = [np.zeros((count, size), np.float32) for _ in stepper.empty().parts]
        self.inverse = np.array([[1 / max(part.sample.temperature, COLDEST)] for part in parts])
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
        begins = np.array([longest - len(characters) for characters in spelled])
        for place, column in enumerate(ids):
            for part in self.memory:  # nothing has been read before a text's own beginning
                part *= (begins < place)[:, None]
            self.logits = self._step(column)

    def write(self, length: int) -> list[str]:
        """Draw and read, character by character."""
        dice = throws([part.rng for part in self.parts], 0, length)
        drawn = np.empty((length, len(self.parts)), np.int64)
        for row, thrown in zip(drawn, dice, strict=True):
            row[:] = self._draw(thrown)
            self.logits = self._step(row)
        return [self.vocabulary.decode(column) for column in drawn.T.astype(np.uint16)]

    def _draw(self, dice: npt.NDArray[np.float64]) -> Ids:
        """Return the characters (B,) on which the throws (B,) fall."""
        scores = self.logits * self.inverse  # (B, V) float64
        scores -= _maximum(scores, 1, keepdims=True)
        np.exp(scores, scores)
        total = _running_sum(scores, 1, out=scores)
        fallen = total <= (dice * total[:, -1])[:, None]
        fallen[:, -1] = False  # the product above can round up to the total itself
        drawn: Ids = fallen.argmin(1)  # the first on which it did not fall
        for row in self.special:  # greedy or filtered: rare, and told by the reference
            exact = probabilities(self.logits[row], self.parts[row].sample)
            drawn[row] = draw(exact, float(dice[row]))
        return drawn

    def _step(self, characters: Ids) -> Floats:
        """Read one character (B,) in every text; return the logits (B, V)."""
        width = len(self.memory) // len(self.layers)
        values: npt.NDArray[Any] = characters
        for index, layer in enumerate(self.layers):
            own = self.memory[width * index : width * (index + 1)]
            gates = Gates.of(self.cell, layer.recurrent(own[0]))
            CELLS[self.cell](gates, layer.incoming(values), layer.recurrent_bias, own)
            values = own[0]
        for multiply in self.output:
            values = multiply(values)
        values += self.head_bias
        return mask_unknown(values, self.vocabulary.unknown)


_Product = Callable[[Floats], Floats]


def _product(matrix: Floats, count: int) -> _Product:
    """Return the product of ``count`` rows with a matrix (M, N): (B, N) to a new (B, M)."""
    if matrix.size < _SMALL:
        columns = np.ascontiguousarray(matrix.T)
        return lambda rows: rows @ columns
    multiply = product(torch.from_numpy(matrix), count)

    def multiplied(rows: Floats) -> Floats:
        result: Floats = multiply(torch.from_numpy(rows)).numpy()
        return result

    return multiplied


class _Layer(NamedTuple):
    incoming: Callable[[npt.NDArray[Any]], Floats]  # characters (B,), or (B, H): to (B, gates H)
    recurrent: _Product  # (B, H) to (B, gates H)
    recurrent_bias: Floats  # GRU only, (H,)


def _shared(weights: Weights, count: int) -> _Layer:
    recurrent, table = _product(weights.recurrent, count), weights.inputs
    if weights.is_first:
        return _Layer(lambda ids: table.take(ids, 0), recurrent, weights.recurrent_bias)
    inputs = _product(weights.inputs, count)
    return _Layer(lambda rows: inputs(rows) + weights.bias, recurrent, weights.recurrent_bias)


def _is_plain(sample: SampleConfig) -> bool:
    filtered = sample.top_k or sample.top_p < 1 or sample.min_p
    return bool(sample.temperature) and not filtered
