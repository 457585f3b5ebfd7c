"""How much of the error reaches back? The gradient against the number of characters, measured.

``g(k) = |d loss_T / d h_(T-k)|``, divided by g(0): how strongly the memory of k characters ago
still tells on the error at the last one. Through a plain RNN the gradient passes one matrix and
one tanh per character, so it shrinks (or grows) like a power; through an LSTM's c it is multiplied
by the forget gates alone, which may stay close to 1. What training can't see, it can't learn.

The gradient with respect to c is the whole one, its way through ``h = o tanh(c)`` included.

A fresh LSTM in torch's default setting forgets almost as fast as the RNN: its forget gates begin
at one half. The forget-gate bias (Gers et al. 2000) is what makes the difference.

Sources: Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013,
arXiv:1211.5063.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lstm.batches import Streams
from lstm.config import Cell, ModelConfig
from lstm.insight.fresh import Scheme, fresh
from lstm.insight.practice import Practice
from lstm.insight.reading import Floats, Ids, checked, differentiating, tensor
from lstm.model import CharModel

LAGS = 100
"""Characters that the gradient is followed back."""

WINDOWS = 16
"""Places of the text that are measured; the median of them is told."""

FLOOR = 1e-20
"""Smaller values are shown as this: float32 underflows to 0, which no log scale can show."""

LEAST_CHARACTERS = 40
"""A shorter text has no long lags."""

_STEPS_AT_ONCE = 10
_LEARNING_RATE = 0.005
_SEQ_LEN = 64
_STREAMS = 16


@dataclass(frozen=True, eq=False)
class LagGradient:
    """Gradient against lag, each curve divided by the last layer's value in h at lag 0.

    Attributes:
        hidden: With respect to every layer's h, (L, K + 1); index k is the lag in characters.
        memory: With respect to c, LSTM only, (L, K + 1), else ``None``.
        low: Lower quartile over the windows of the last layer's curve in h, (K + 1,).
        high: Its upper quartile.
    """

    hidden: Floats
    memory: Floats | None
    low: Floats
    high: Floats


def gradient_by_lag(
    model: CharModel, ids: Ids, lags: int = LAGS, windows: int = WINDOWS
) -> LagGradient:
    """Measure how far the gradient reaches back.

    Each window is read from an empty memory; the loss is that of the character behind it.

    Args:
        model: The network, left as it is.
        ids: The text, (T,).
        lags: Largest lag K; less if the text is short.
        windows: Places to measure, spread evenly over the text.

    Raises:
        InsightError: The text is too short.
    """
    ids = checked(ids, LEAST_CHARACTERS)
    lags = min(lags, len(ids) - 2)
    starts = np.unique(np.linspace(0, len(ids) - lags - 2, windows).astype(np.int64))
    rows = tensor(model, ids[starts[:, None] + np.arange(lags + 2)])  # (W, K + 2)
    norms = _norms(model, rows[:, :-1], rows[:, -1])  # of h and c: (parts, L, K + 1, W)
    unit = max(float(np.median(norms[0, -1, 0])), FLOOR)
    middle = _floored(np.median(norms, axis=3) / unit)
    last = norms[0, -1] / unit
    low, high = _floored(np.quantile(last, 0.25, axis=1)), _floored(np.quantile(last, 0.75, axis=1))
    return LagGradient(middle[0], middle[1] if len(middle) == 2 else None, low, high)


def _norms(model: CharModel, inputs: Tensor, targets: Tensor) -> npt.NDArray[np.float64]:
    """Return the gradient's norms by part of the memory, layer, lag and window."""
    with differentiating(model):
        nodes: list[list[Tensor]] = []
        values = model.embed(inputs).detach()  # (W, K + 1, E)
        for layer in model.layers:
            parts = unroll(layer, model.config.cell, values)
            nodes.extend(parts)
            values = torch.stack(parts[0], dim=1)
        logits = model.logits(nodes[-len(parts)][-1])
        # The windows do not touch: the gradient of the sum is each window's own.
        loss = nn.functional.cross_entropy(logits, targets, reduction="sum")
        flat = [node for part in nodes for node in part]
        gradients = torch.autograd.grad(loss, flat)
    norms = torch.stack([gradient.double().norm(dim=1) for gradient in gradients])
    shape = (model.config.num_layers, len(parts), inputs.shape[1], inputs.shape[0])
    by_place = norms.cpu().numpy().reshape(shape)
    return by_place[:, :, ::-1].swapaxes(0, 1)


def unroll(layer: nn.Module, cell: Cell, inputs: Tensor) -> list[list[Tensor]]:
    """Run one layer character by character so that every memory is a node of the graph.

    Torch's own layers hide what is between the first and the last step.

    Args:
        layer: An ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` of one layer; its weights get no gradient.
        cell: Which of them.
        inputs: (B, T, E) float32.

    Returns:
        T tensors h, each (B, H); for the LSTM also T tensors c.
    """
    names = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
    w_ih, b_ih, w_hh, b_hh = (layer.get_parameter(name).detach() for name in names)
    below = nn.functional.linear(inputs, w_ih, b_ih)  # (B, T, gates H)
    hidden = torch.zeros(len(inputs), w_hh.shape[1], device=inputs.device, requires_grad=True)
    memory = torch.zeros_like(hidden, requires_grad=True)
    answers: list[Tensor] = []
    memories: list[Tensor] = []
    for step in range(inputs.shape[1]):
        around = nn.functional.linear(hidden, w_hh, b_hh)
        if cell == "lstm":
            taken, kept, candidate, shown = (below[:, step] + around).chunk(4, dim=1)
            memory = kept.sigmoid() * memory + taken.sigmoid() * candidate.tanh()
            hidden = shown.sigmoid() * memory.tanh()
            memories.append(memory)
        elif cell == "gru":
            hidden = _gru_step(below[:, step], around, hidden)
        else:
            hidden = (below[:, step] + around).tanh()
        answers.append(hidden)
    return [answers, memories] if cell == "lstm" else [answers]


def _gru_step(below: Tensor, around: Tensor, hidden: Tensor) -> Tensor:
    (r_in, z_in, n_in), (r_h, z_h, n_h) = below.chunk(3, dim=1), around.chunk(3, dim=1)
    reset, update = (r_in + r_h).sigmoid(), (z_in + z_h).sigmoid()
    candidate = (n_in + reset * n_h).tanh()
    return (1 - update) * candidate + update * hidden


def _floored(values: npt.NDArray[np.float64]) -> Floats:
    return np.maximum(values, FLOOR).astype(np.float32)


@dataclass(frozen=True)
class Contender:
    """A network to be compared with others of its size.

    Attributes:
        cell: Its kind.
        forget_bias: Where the LSTM's forget-gate bias begins.
        gain: Factor on the fresh recurrent matrices; above 1, an RNN's gradient can explode.
        scheme: How its weights begin.
    """

    cell: Cell
    forget_bias: float = 1.0
    gain: float = 1.0
    scheme: Scheme = "charloom"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Gradients of several networks on the same windows.

    Attributes:
        contenders: The networks, M of them.
        step: Training steps that each has done.
        curves: Gradient against lag of each, M of them.
        losses: Training loss of each in the last steps, nats per character, (M,); empty at
            step 0.
        share: How much of the work is done, 0 to 1.
    """

    contenders: tuple[Contender, ...]
    step: int
    curves: tuple[LagGradient, ...]
    losses: Floats
    share: float


def compare(
    contenders: Sequence[Contender],
    ids: Ids,
    vocab_size: int,
    shape: ModelConfig,
    steps: int = 0,
    rng: int = 1,
) -> Iterator[Comparison]:
    """Measure fresh networks of equal size on the same text, and again while they learn it.

    Args:
        contenders: The networks.
        ids: The text, (T,), to measure and to learn from.
        vocab_size: Number of symbols V.
        shape: Their common shape; cell and forget-gate bias are the contenders'.
        steps: Training steps; 0 measures them fresh only.
        rng: Seed of the weights and of the order of the text.

    Yields:
        The gradients before the first step, then every few steps.

    Raises:
        InsightError: The text is too short.
    """
    ids = checked(ids, LEAST_CHARACTERS)
    models = [
        fresh(
            vocab_size,
            replace(shape, cell=one.cell, forget_bias=one.forget_bias),
            rng=rng,
            gain=one.gain,
            scheme=one.scheme,
        )
        for one in contenders
    ]
    learners = [Practice(model, _LEARNING_RATE) for model in models]
    losses = np.zeros(0, np.float32)
    batches = _lessons(ids, models[0], rng)
    for step in range(0, steps + 1, _STEPS_AT_ONCE):
        if step:
            lesson = [next(batches) for _ in range(_STEPS_AT_ONCE)]
            losses = np.array([learner.learn(lesson) for learner in learners], np.float32)
        curves = tuple(gradient_by_lag(model, ids) for model in models)
        share = (step + _STEPS_AT_ONCE) / (steps // _STEPS_AT_ONCE + 1) / _STEPS_AT_ONCE
        yield Comparison(tuple(contenders), step, curves, losses, share)


def _lessons(ids: Ids, model: CharModel, rng: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets, both (B, T) int64, without end."""
    streams = Streams(np.asarray(ids, dtype=np.uint16), _STREAMS, _SEQ_LEN, rng)
    number = 0
    device = model.device
    while True:
        for batch in streams.one_pass(number):
            yield batch.inputs.to(device), batch.targets.to(device)
        number += 1
