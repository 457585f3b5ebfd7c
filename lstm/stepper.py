"""One character's step of the network in NumPy, float32: the fast way to write one stream.

A step this small is mostly the overhead of the calls around it, and NumPy's is the smallest. The
PyTorch module stays the reference; a test holds the two together. The cells serve many streams
as well, see ``lstm.chorus``. Knows nothing of drawing.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from lstm.model import GATES, CharModel, TiedHead

Floats = npt.NDArray[np.float32]

_ONE, _HALF = np.float32(1.0), np.float32(0.5)


class Gates(NamedTuple):
    """The gates of a layer at one step, and the same numbers gate by gate; maybe of many streams.

    Attributes:
        all: (..., gates H).
        each: One for each gate, (..., H).
        sigmoids: Those that have a sigmoid, side by side, (..., 3 H), (..., 2 H) or nothing.
    """

    all: Floats
    each: list[Floats]
    sigmoids: Floats

    @classmethod
    def of(cls, cell: str, values: Floats) -> Self:
        """Return the views of values (..., gates H)."""
        gates = GATES[cell]
        size = values.shape[-1] // gates
        each = [values[..., size * number : size * (number + 1)] for number in range(gates)]
        bounds = {"lstm": (1, 4), "gru": (0, 2), "rnn": (0, 0)}[cell]
        first, end = (size * bound for bound in bounds)
        return cls(values, each, values[..., first:end])


class Memory:
    """What one stream remembers, and the place where its next step is computed.

    Attributes:
        parts: Per layer h, and c for the LSTM, each (H,).
        gates: Overwritten by every step.
    """

    def __init__(self, cell: str, size: int, layers: int) -> None:
        """Begin with nothing: zeros."""
        parts = layers * (2 if cell == "lstm" else 1)
        self.parts = [np.zeros(size, np.float32) for _ in range(parts)]
        self.gates = Gates.of(cell, np.zeros(GATES[cell] * size, np.float32))

    def copy(self) -> list[Floats]:
        """Return what is remembered, to be put back later."""
        return [part.copy() for part in self.parts]

    def put_back(self, parts: list[Floats]) -> None:
        """Remember what was remembered when it was copied."""
        for part, earlier in zip(self.parts, parts, strict=True):
            part[:] = earlier


class Weights(NamedTuple):
    """One layer's weights, those of sigmoid gates halved; all float32.

    The LSTM's gates come in the order g, i, f, o: those with a sigmoid side by side.

    Attributes:
        is_first: Whether characters come in, not another layer's outputs.
        inputs: First layer: table (V, gates H) with the bias in it; others: matrix (gates H, H).
        recurrent: (gates H, H).
        bias: (gates H,).
        recurrent_bias: GRU only: the part of n that r multiplies, (H,).
    """

    is_first: bool
    inputs: Floats
    recurrent: Floats
    bias: Floats
    recurrent_bias: Floats


class Stepper:
    """The network's forward step for one stream, in NumPy, float32.

    Two rearrangements make it fast. What the first layer receives from a character is looked up
    in a table (embedding times input matrix, computed once). And because
    ``sigmoid(x) = (1 + tanh(x / 2)) / 2``, the weights of sigmoid gates are halved beforehand, so
    that one tanh over all gates serves them all.
    """

    def __init__(self, model: CharModel) -> None:
        """Copy the weights out of a model; later training does not change the copy."""
        self.cell = model.config.cell
        self.hidden_size = model.config.hidden_size
        weights = {
            name: tensor.detach().float().cpu().numpy().copy()
            for name, tensor in model.state_dict().items()
        }
        self.layers: list[Weights] = []
        for index in range(model.config.num_layers):
            table = weights.get("embedding.weight") if index == 0 else None
            self.layers.append(self._layer(weights, index, table))
        # What the last layer's answer is multiplied by: (V, H), or (E, H) and then (V, E).
        if isinstance(model.head, TiedHead):
            projection = model.head.matrix.detach().float().cpu().numpy()
            self.output = [projection, weights["embedding.weight"]]
        else:
            self.output = [weights["head.weight"]]
        self.head_bias = weights["head.bias"]
        self._advance = CELLS[self.cell]

    def _layer(
        self,
        weights: dict[str, Floats],
        index: int,
        embedding: Floats | None,
    ) -> Weights:
        size, prefix = self.hidden_size, f"layers.{index}."
        inputs, recurrent = weights[prefix + "weight_ih_l0"], weights[prefix + "weight_hh_l0"]
        bias = weights[prefix + "bias_ih_l0"] + weights[prefix + "bias_hh_l0"]
        scale = np.ones(len(bias), np.float32)
        recurrent_bias = np.zeros(0, np.float32)
        if self.cell == "lstm":  # PyTorch's order is i, f, g, o
            order = np.r_[2 * size : 3 * size, : 2 * size, 3 * size : 4 * size]
            inputs, recurrent, bias = inputs[order], recurrent[order], bias[order]
            scale[size:] = 0.5
        elif self.cell == "gru":  # r, z, n: n's recurrent bias stays inside the product with r
            scale[: 2 * size] = 0.5
            recurrent_bias = weights[prefix + "bias_hh_l0"][2 * size :]
            bias[2 * size :] = weights[prefix + "bias_ih_l0"][2 * size :]
        if index == 0:
            table = inputs.T if embedding is None else embedding @ inputs.T
            inputs = np.ascontiguousarray((table + bias) * scale)
        else:
            inputs = np.ascontiguousarray(inputs * scale[:, None])
        recurrent = np.ascontiguousarray(recurrent * scale[:, None])
        return Weights(index == 0, inputs, recurrent, bias * scale, recurrent_bias)

    def empty(self) -> Memory:
        """Return the empty memory."""
        return Memory(self.cell, self.hidden_size, len(self.layers))

    def step(self, character: int, memory: Memory) -> Floats:
        """Read one character, change the memory in place and return the logits (V,) float32."""
        values: Floats | None = None
        gates, parts = memory.gates, memory.parts
        width = len(parts) // len(self.layers)
        for index, layer in enumerate(self.layers):
            if values is None:
                incoming = layer.inputs[character]
            else:
                incoming = layer.inputs.dot(values)
                incoming += layer.bias
            own = parts[width * index : width * (index + 1)]
            layer.recurrent.dot(own[0], gates.all)
            self._advance(gates, incoming, layer.recurrent_bias, own)
            values = own[0]
        assert values is not None
        return self.logits(memory)

    def logits(self, memory: Memory) -> Floats:
        """Return the logits (V,) that belong to a memory."""
        last = memory.parts[-2] if self.cell == "lstm" else memory.parts[-1]
        for matrix in self.output:
            last = matrix.dot(last)
        last += self.head_bias
        return last


# One step of each cell: gates that hold what the recurrent weights make of h, with the halved
# weights of sigmoid gates (see ``Stepper``), and the parts of the memory, which are overwritten.


def _lstm(gates: Gates, incoming: Floats, _: Floats, parts: Sequence[Floats]) -> None:
    hidden, cell = parts
    values, (candidate, write, keep, show), sigmoids = gates
    values += incoming
    np.tanh(values, values)
    sigmoids += _ONE
    sigmoids *= _HALF
    cell *= keep
    candidate *= write
    cell += candidate
    np.tanh(cell, hidden)
    hidden *= show


def _gru(gates: Gates, incoming: Floats, bias: Floats, parts: Sequence[Floats]) -> None:
    (hidden,) = parts
    _, (reset, update, candidate), sigmoids = gates
    bound = sigmoids.shape[-1]
    sigmoids += incoming[..., :bound]
    np.tanh(sigmoids, sigmoids)
    sigmoids += _ONE
    sigmoids *= _HALF
    candidate += bias
    candidate *= reset
    candidate += incoming[..., bound:]
    np.tanh(candidate, candidate)
    hidden -= candidate
    hidden *= update
    hidden += candidate


def _rnn(gates: Gates, incoming: Floats, _: Floats, parts: Sequence[Floats]) -> None:
    values = gates.all
    values += incoming
    np.tanh(values, parts[0])


CELLS: dict[str, Callable[[Gates, Floats, Floats, Sequence[Floats]], None]] = {
    "lstm": _lstm,
    "gru": _gru,
    "rnn": _rnn,
}
"""What a step does: gates, what comes in, the GRU's recurrent bias, the memory's parts."""
