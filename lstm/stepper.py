"""One character's step of the network in NumPy, float32: the fast way to write one stream.

A step this small is mostly the overhead of the calls around it, and NumPy's is the smallest. The
PyTorch module stays the reference; a test holds the two together. Knows nothing of drawing.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lstm.model import CharModel

Memory = list[npt.NDArray[np.float32]]
"""Per layer h, and c for the LSTM, each (H,)."""


class Weights(NamedTuple):
    """One layer's weights, those of sigmoid gates halved; all float32.

    Attributes:
        is_first: Whether characters come in, not another layer's outputs.
        inputs: First layer: table (V, gates H) with the bias in it; others: matrix (gates H, H).
        recurrent: (gates H, H).
        bias: (gates H,).
        recurrent_bias: GRU only: the part of n that r multiplies, (H,).
    """

    is_first: bool
    inputs: npt.NDArray[np.float32]
    recurrent: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    recurrent_bias: npt.NDArray[np.float32]


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
        self.hidden_size = size = model.config.hidden_size
        weights = {
            name: tensor.detach().float().cpu().numpy().copy()
            for name, tensor in model.state_dict().items()
        }
        self.layers: list[Weights] = []
        for index in range(model.config.num_layers):
            table = weights.get("embedding.weight") if index == 0 else None
            self.layers.append(self._layer(weights, index, table))
        self.head = np.ascontiguousarray(weights["head.weight"])
        self.head_bias = weights["head.bias"]
        self._one = np.float32(1.0)
        self._half = np.float32(0.5)
        self._size = size

    def _layer(
        self,
        weights: dict[str, npt.NDArray[np.float32]],
        index: int,
        embedding: npt.NDArray[np.float32] | None,
    ) -> Weights:
        size, prefix = self.hidden_size, f"layers.{index}."
        inputs = weights[prefix + "weight_ih_l0"]
        recurrent = weights[prefix + "weight_hh_l0"]
        bias = weights[prefix + "bias_ih_l0"] + weights[prefix + "bias_hh_l0"]
        scale = np.ones(len(bias), np.float32)
        recurrent_bias = np.zeros(0, np.float32)
        if self.cell == "lstm":  # i, f, g, o: all but g are sigmoid gates
            scale[:] = 0.5
            scale[2 * size : 3 * size] = 1.0
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
        """Return the empty memory: per layer h, and c for the LSTM, each (H,) float32."""
        parts = 2 if self.cell == "lstm" else 1
        return [np.zeros(self._size, np.float32) for _ in range(parts * len(self.layers))]

    def step(self, character: int, memory: Memory) -> npt.NDArray[np.float32]:
        """Read one character, change the memory in place and return the logits (V,) float32."""
        advance, values = _ADVANCE[self.cell], None
        for index, layer in enumerate(self.layers):
            if values is None:
                incoming = layer.inputs[character]
            else:
                incoming = layer.inputs.dot(values)
                incoming += layer.bias
            values = advance(self, index, layer, incoming, memory)
        assert values is not None
        return self.logits(memory)

    def logits(self, memory: Memory) -> npt.NDArray[np.float32]:
        """Return the logits (V,) that belong to a memory."""
        last = memory[-2] if self.cell == "lstm" else memory[-1]
        result: npt.NDArray[np.float32] = self.head.dot(last)
        result += self.head_bias
        return result

    def _lstm(
        self, index: int, layer: Weights, incoming: npt.NDArray[np.float32], memory: Memory
    ) -> npt.NDArray[np.float32]:
        size = self._size
        hidden, cell = memory[2 * index], memory[2 * index + 1]
        gates = layer.recurrent.dot(hidden)
        gates += incoming
        np.tanh(gates, out=gates)
        candidate = gates[2 * size : 3 * size].copy()
        gates += self._one
        gates *= self._half
        cell *= gates[size : 2 * size]
        candidate *= gates[:size]
        cell += candidate
        np.tanh(cell, out=hidden)
        hidden *= gates[3 * size :]
        return hidden

    def _gru(
        self, index: int, layer: Weights, incoming: npt.NDArray[np.float32], memory: Memory
    ) -> npt.NDArray[np.float32]:
        size, hidden = self._size, memory[index]
        recurrent = layer.recurrent.dot(hidden)
        gates = np.tanh(recurrent[: 2 * size] + incoming[: 2 * size])
        gates += self._one
        gates *= self._half
        recurrent[2 * size :] += layer.recurrent_bias
        candidate = np.tanh(incoming[2 * size :] + gates[:size] * recurrent[2 * size :])
        hidden -= candidate
        hidden *= gates[size:]
        hidden += candidate
        return hidden

    def _rnn(
        self, index: int, layer: Weights, incoming: npt.NDArray[np.float32], memory: Memory
    ) -> npt.NDArray[np.float32]:
        hidden = memory[index]
        np.tanh(layer.recurrent @ hidden + incoming, out=hidden)
        return hidden


_ADVANCE = {"lstm": Stepper._lstm, "gru": Stepper._gru, "rnn": Stepper._rnn}
