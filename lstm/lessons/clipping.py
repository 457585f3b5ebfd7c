"""The gradient explodes, and what clipping does: one network learns twice, with and without.

The network is an RNN without the tanh that keeps a memory between -1 and 1: it takes what is
above zero as it is (Le, Jaitly & Hinton 2015, arXiv:1504.00941), so that nothing stops values and
gradients from growing with every character. Both copies begin alike and see the same text in the
same order, by plain gradient descent::

    w <- w - rate * g                      without
    w <- w - rate * g * min(1, c / |g|)    with the norm clipped at c

Source: Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.evaluation import NATS_PER_BIT
from lstm.insight.fresh import fresh
from lstm.insight.reading import Floats, differentiating
from lstm.lessons.material import endless
from lstm.model import CharModel

HIDDEN = 32
"""Cells of both copies."""

LONGEST = 60_000
"""Characters of the text that are used."""

_SYMBOLS = 300
_STEPS = 120
_AT_ONCE = 4
_STREAMS = 16
_SEQ_LEN = 50
_LEARNING_RATE = 0.3


@dataclass(frozen=True, eq=False)
class Descent:
    """How far the two copies have come; row 0 is without clipping, row 1 with it.

    Attributes:
        steps: Number of each training step, (N,) int64, from 1.
        bits: Training loss before each, bits per character, (2, N); inf or NaN where the copy has
            broken, and from there on.
        norms: Norm of the gradient before clipping, (2, N); the same.
        blind: Bits per character of a blind guess among all symbols.
        share: How much of the work is done, 0 to 1.
    """

    steps: npt.NDArray[np.int64]
    bits: Floats
    norms: Floats
    blind: float
    share: float

    @property
    def broke_at(self) -> tuple[int | None, int | None]:
        """The step at which each copy's loss or gradient was a number no more; None if never."""
        finite = np.isfinite(self.bits) & np.isfinite(self.norms)
        first, second = (None if row.all() else int(self.steps[row.argmin()]) for row in finite)
        return first, second


def with_and_without(text: str, gain: float, clip: float, rng: int) -> Iterator[Descent]:
    """Let both copies learn.

    Args:
        text: At most ``LONGEST`` characters of it are used.
        gain: Factor on the fresh recurrent matrix: above 1, a memory grows with every character.
        clip: Largest norm of the gradient for the copy with clipping.
        rng: Seed of the weights and of the order of the text.

    Yields:
        How they do after every few steps.

    Raises:
        CorpusError: The text is too short.
    """
    corpus = Corpus.from_text(text[:LONGEST], cap=_SYMBOLS)
    size = corpus.vocabulary.size
    copies = [_Copy(size, gain, limit, rng) for limit in (math.inf, clip)]
    lessons = endless(corpus.train, _STREAMS, _SEQ_LEN, rng)
    told: list[list[tuple[float, float]]] = []
    for step in range(1, _STEPS + 1):
        inputs, targets = next(lessons)
        told.append([copy.step(inputs, targets) for copy in copies])
        if step % _AT_ONCE == 0:
            numbers = np.array(told, np.float32)  # (N, 2, 2)
            steps = np.arange(1, step + 1)
            bits, norms = numbers[:, :, 0].T, numbers[:, :, 1].T
            yield Descent(steps, bits, norms, math.log2(size), step / _STEPS)


class _Copy:
    """One copy of the network, and how it goes down."""

    def __init__(self, size: int, gain: float, clip: float, rng: int) -> None:
        shape = ModelConfig(cell="rnn", hidden_size=HIDDEN, embedding_size=0)
        self._model = unbounded(fresh(size, shape, rng=rng, gain=gain))
        self._weights = [weight for weight in self._model.parameters() if weight.requires_grad]
        self._clip = clip
        self._broken = False

    def step(self, inputs: Tensor, targets: Tensor) -> tuple[float, float]:
        """Take one step; return the loss in bits per character and the gradient's norm."""
        if self._broken:
            return math.nan, math.nan
        with differentiating(self._model):
            logits, _ = self._model(inputs)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            gradients = torch.autograd.grad(loss, self._weights)
        norm = math.sqrt(sum(float(one.double().square().sum()) for one in gradients))
        bits = float(loss.detach()) / NATS_PER_BIT
        self._broken = not (math.isfinite(norm) and math.isfinite(bits))
        if not self._broken:
            factor = _LEARNING_RATE * min(1.0, self._clip / max(norm, 1e-12))
            with torch.no_grad():
                for weight, gradient in zip(self._weights, gradients, strict=True):
                    weight.sub_(gradient, alpha=factor)
        return bits, norm


def unbounded(model: CharModel) -> CharModel:
    """Take the tanh out of a plain RNN of one layer: its memory may grow without bound."""
    layer = model.layers[0]
    other = nn.RNN(
        model.vocab_size, model.config.hidden_size, batch_first=True, nonlinearity="relu"
    )
    other.load_state_dict(layer.state_dict())
    for name, weight in other.named_parameters():
        weight.requires_grad_(layer.get_parameter(name).requires_grad)
    model.layers[0] = other
    return model
