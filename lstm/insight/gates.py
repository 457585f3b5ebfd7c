"""The gates of every layer, at every character.

The LSTM's step (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)::

    i, f, o = sigmoid(W x + U h + b)      g = tanh(W x + U h + b)       h: the answer before
    c' = f * c + i * g                    h' = o * tanh(c')

In the lesson's words: **forget** is f (1 keeps, 0 erases), **learn** is i * g, **remember** is how
much of the new c' is old, and **use** is o * tanh(c'). Remember is no gate of its own, and many
count three gates, without g: we show what each factor does, not a canon.

The GRU's step (Cho et al. 2014, arXiv:1406.1078, in torch's form)::

    r, z = sigmoid(...)    n = tanh(W x + b + r * (U h + b'))    h' = (1 - z) * n + z * h

The recurrences have run in torch; everything else is computed for all characters at once from
the layers' answers. Parity with torch holds to 1e-5 and is tested.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.errors import InsightError
from lstm.insight.reading import (
    Floats,
    Ids,
    Reading,
    checked_layer,
    incoming,
    layer_weights,
    one_later,
    read,
)
from lstm.model import CharModel

_CLOSE_TO_ONE = 1e-6


@dataclass(frozen=True, eq=False)
class LSTMGates:
    """One LSTM layer's gates; every array is (T, H) float32.

    Attributes:
        forget: f, 0 to 1: the share of the memory that is kept.
        input: i, 0 to 1: how much of the candidate is let in.
        candidate: g, -1 to 1: what might be learned.
        output: o, 0 to 1: how much of the memory is shown.
        memory: c, after the character.
        hidden: h, the layer's answer.
    """

    forget: Floats
    input: Floats
    candidate: Floats
    output: Floats
    memory: Floats
    hidden: Floats

    GATES = ("forget", "input", "output")
    ROWS = ("forget", "learn", "remember", "use")

    @property
    def kept(self) -> Floats:
        """What was kept of the old memory, ``f c_(t-1)``, (T, H)."""
        return self.forget * one_later(self.memory)

    @property
    def learned(self) -> Floats:
        """What was added to it, ``i g``, (T, H)."""
        return self.input * self.candidate

    def rows(self) -> Floats:
        """Return the four rows of the heat map, (4, T), each 0 to 1, in the order of ``ROWS``.

        Mean f; mean ``|i g|``; the share of the new memory that is old; mean ``|o tanh(c)|``.
        """
        kept, learned = np.abs(self.kept), np.abs(self.learned)
        return np.stack(
            [
                self.forget.mean(1),
                learned.mean(1),
                _share(kept.sum(1), learned.sum(1)),
                np.abs(self.hidden).mean(1),
            ]
        )

    def half_lives(self) -> Floats:
        """Return after how many characters each cell has lost half of what it knew, (H,)."""
        return _half_lives(self.forget)


@dataclass(frozen=True, eq=False)
class GRUGates:
    """One GRU layer's gates; every array is (T, H) float32.

    Attributes:
        reset: r, 0 to 1: how much of the old answer the candidate sees.
        update: z, 0 to 1: the share of the old answer that is kept.
        candidate: n, -1 to 1: what might be learned.
        hidden: h, memory and answer in one.
    """

    reset: Floats
    update: Floats
    candidate: Floats
    hidden: Floats

    GATES = ("update", "reset")
    ROWS = ("update", "learn", "remember", "reset")

    @property
    def kept(self) -> Floats:
        """What was kept, ``z h_(t-1)``, (T, H)."""
        return self.update * one_later(self.hidden)

    @property
    def learned(self) -> Floats:
        """What was added, ``(1 - z) n``, (T, H)."""
        return (1 - self.update) * self.candidate

    def rows(self) -> Floats:
        """Return the four rows of the heat map, (4, T), each 0 to 1, in the order of ``ROWS``.

        Mean z; mean ``|(1 - z) n|``; the share of the new memory that is old; mean r.
        """
        kept, learned = np.abs(self.kept), np.abs(self.learned)
        return np.stack(
            [
                self.update.mean(1),
                learned.mean(1),
                _share(kept.sum(1), learned.sum(1)),
                self.reset.mean(1),
            ]
        )

    def half_lives(self) -> Floats:
        """Return after how many characters each cell has lost half of what it knew, (H,)."""
        return _half_lives(self.update)


Gates = LSTMGates | GRUGates


@dataclass(frozen=True, eq=False)
class Saturation:
    """How a gate's values are spread; a mean of 0.5 can be half shut and half open.

    Attributes:
        edges: Borders of the bins from 0 to 1, (bins + 1,).
        shares: Share of all values in each bin, (bins,), summing to 1.
        shut: Share below 0.1.
        open: Share above 0.9.
    """

    edges: Floats
    shares: Floats
    shut: float
    open: float


def gates(model: CharModel, ids: Ids) -> tuple[Gates, ...]:
    """Return every layer's gates for a text that is read from an empty memory.

    Raises:
        InsightError: The network is a plain RNN, which has none, or the text is empty.
    """
    checked_gates(model)
    reading = read(model, ids)
    return tuple(layer_gates(model, reading, layer) for layer in range(model.config.num_layers))


def checked_gates(model: CharModel) -> None:
    """Make sure that a network has gates.

    Raises:
        InsightError: It is a plain RNN.
    """
    if model.config.cell == "rnn":
        raise InsightError("insight_no_gates")


def layer_gates(model: CharModel, reading: Reading, layer: int) -> Gates:
    """Return one layer's gates.

    Args:
        model: The network.
        reading: What it answered to the text.
        layer: Number of the layer, from 0.

    Raises:
        InsightError: The network is a plain RNN, or has no such layer.
    """
    checked_gates(model)
    checked_layer(model, layer)
    below = incoming(model, reading, layer)
    weights = layer_weights(model, layer)
    hidden = reading.hidden[layer]
    around = one_later(hidden) @ weights["weight_hh"].T
    around += weights["bias_hh"]
    if model.config.cell == "lstm":
        return _lstm(below + around, hidden)
    return _gru(below, around, hidden)


def _lstm(sums: Floats, hidden: Floats) -> LSTMGates:
    """Turn W x + U h + b, (T, 4 H) in torch's order i, f, g, o, into gates and memory."""
    size = hidden.shape[1]
    taken, forget, output = (
        sigmoid(sums[:, gate * size : (gate + 1) * size]) for gate in (0, 1, 3)
    )
    candidate = np.tanh(sums[:, 2 * size : 3 * size])
    return LSTMGates(forget, taken, candidate, output, _memory(forget, taken * candidate), hidden)


def _memory(forget: Floats, learned: Floats) -> Floats:
    """Run ``c' = f c + i g`` over the text: the one thing that can't be done at once."""
    memory = np.empty_like(forget)
    now = np.zeros(forget.shape[1], np.float32)
    for step in range(len(forget)):
        now = np.multiply(forget[step], now, out=memory[step])
        now += learned[step]
    return memory


def _gru(below: Floats, around: Floats, hidden: Floats) -> GRUGates:
    size = hidden.shape[1]
    reset = sigmoid(below[:, :size] + around[:, :size])
    update = sigmoid(below[:, size : 2 * size] + around[:, size : 2 * size])
    candidate = np.tanh(below[:, 2 * size :] + reset * around[:, 2 * size :])
    return GRUGates(reset, update, candidate, hidden)


def sigmoid(values: Floats) -> Floats:
    """Return ``1 / (1 + exp(-x))``, through tanh: it can't overflow."""
    halved: Floats = np.tanh(values * np.float32(0.5))
    halved += np.float32(1)
    halved *= np.float32(0.5)
    return halved


def saturation(values: Floats, bins: int = 20) -> Saturation:
    """Return how a gate's values, any shape, 0 to 1, are spread."""
    counts, edges = np.histogram(values, bins=bins, range=(0.0, 1.0))
    return Saturation(
        edges=edges.astype(np.float32),
        shares=(counts / max(1, values.size)).astype(np.float32),
        shut=float((values < 0.1).mean()),
        open=float((values > 0.9).mean()),
    )


def _half_lives(kept: Floats) -> Floats:
    """Return ``ln 2 / -mean(ln f)`` per cell: the half-life of what was in it, in characters."""
    logs = np.log(np.clip(kept, _CLOSE_TO_ONE, 1 - _CLOSE_TO_ONE))
    lives: Floats = (-math.log(2.0) / logs.mean(axis=0)).astype(np.float32)
    return lives


def _share(part: npt.NDArray[np.float32], rest: npt.NDArray[np.float32]) -> Floats:
    """Return part / (part + rest), and 0 where there is neither."""
    whole = part + rest
    share: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share
