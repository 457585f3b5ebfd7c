"""The network's step as an ONNX graph, for programs that know nothing of PyTorch.

One character in, the logits of the next one out, and the memory handed in and out, so that a
program can write as long as it likes. Knows nothing of dice and temperatures: those are the
program's.
"""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from lstm.checkpoint import Saved
from lstm.config import ModelConfig
from lstm.export.words import name_of
from lstm.model import TiedHead

OPSET = 17
"""Version of the operators: old enough for every runtime of the last years."""

_IR_VERSION = 8  # the file format that belongs to that operator set

_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
# Where ONNX's gates lie among PyTorch's: i o f c among i f g o, z r h among r z n.
_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}

_ENDS = ((0, "start"), (1, "end"))  # of a layer's slice of the memory

Floats = npt.NDArray[np.float32]


def onnx(saved: Saved) -> bytes:
    """Return a model file in ONNX format.

    Inputs are ``ids`` (B,) int64 and the memory ``h`` and, for the LSTM, ``c``, each (L, B, H)
    float32, zeros in the beginning. Outputs are ``logits`` (B, V) float32 and the memory after
    the character, ``h_next`` and ``c_next``. The metadata holds ``vocabulary``, the code points
    of the symbols in the order of the ids as JSON, and ``lowercase``.

    Source: ONNX operator specification, LSTM-14, GRU-14 and RNN-14.
    """
    graph = _Graph(saved)
    model = helper.make_model(
        graph.build(),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="Charloom",
        doc_string="ids, h, c -> logits, h_next, c_next: one character; h and c begin with zeros.",
    )
    _describe(model, saved)
    written: bytes = model.SerializeToString()
    return written


def _describe(model: ModelProto, saved: Saved) -> None:
    helper.set_model_props(
        model,
        {
            "name": name_of(saved),
            "vocabulary": json.dumps([ord(c) for c in saved.vocabulary.characters]),
            "lowercase": json.dumps(saved.lowercase),
        },
    )


class _Graph:
    """Nodes and weights of a graph while it is put together."""

    def __init__(self, saved: Saved) -> None:
        self.config: ModelConfig = saved.model_config
        self.symbols = saved.vocabulary.size
        self.parts = ("h", "c") if self.config.cell == "lstm" else ("h",)
        model = saved.model()
        self.weights: dict[str, Floats] = {
            name: tensor.float().numpy() for name, tensor in model.state_dict().items()
        }
        self.head = model.head
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def build(self) -> GraphProto:
        """Return the whole graph."""
        value = self._embedded()
        after = []
        for layer in range(self.config.num_layers):
            after.append(self._layer(layer, value))
            value = after[-1][0]  # (1, B, H): of a single step the last output is every output
        for part, name in enumerate(self.parts):
            self._node("Concat", [outs[part] for outs in after], f"{name}_next", axis=0)
        last = self._node("Squeeze", [value, self._constant("first_axis", [0])], "last")
        self._head(last)
        return helper.make_graph(
            self.nodes, "step", self._inputs(), self._outputs(), initializer=self.constants
        )

    def _head(self, last: str) -> None:
        """Add what turns the last layer's answer (B, H) into logits (B, V)."""
        bias = self._weight("head.bias")
        if isinstance(self.head, TiedHead):
            projection = self._constant("head.matrix", self.head.matrix.detach().numpy())
            last = self._node("Gemm", [last, projection], "projected", transB=1)
            weight = "embedding.weight"  # it is there already
        else:
            weight = self._weight("head.weight")
        self._node("Gemm", [last, weight, bias], "logits", transB=1)

    def _embedded(self) -> str:
        """Add what turns ids (B,) into (1, B, E or V)."""
        if self.config.embedding_size:
            table = self._weight("embedding.weight")
            value = self._node("Gather", [table, "ids"], "embedded", axis=0)
        else:
            depth = self._constant("symbols", [self.symbols])
            off_on = self._constant("off_on", np.array([0, 1], np.float32))
            value = self._node("OneHot", ["ids", depth, off_on], "embedded")
        return self._node("Unsqueeze", [value, self._constant("time_axis", [0])], "inputs")

    def _layer(self, index: int, value: str) -> list[str]:
        """Add a recurrent layer and return its new memory, each (1, B, H)."""
        prefix, cell = f"layers.{index}.", self.config.cell
        bounds = [self._constant(f"{prefix}{end}", [index + shift]) for shift, end in _ENDS]
        axis = self._constant(f"{prefix}axis", [0])
        memory = [
            self._node("Slice", [name, *bounds, axis], f"{prefix}{name}") for name in self.parts
        ]
        biases = np.concatenate([self._gates(prefix + "bias_ih"), self._gates(prefix + "bias_hh")])
        weights = [
            self._constant(prefix + "W", self._gates(prefix + "weight_ih")[np.newaxis]),
            self._constant(prefix + "R", self._gates(prefix + "weight_hh")[np.newaxis]),
            self._constant(prefix + "B", biases[np.newaxis]),
        ]
        after = [f"{prefix}{name}_next" for name in self.parts]
        options: dict[str, Any] = {"linear_before_reset": 1} if cell == "gru" else {}
        node = helper.make_node(
            _OPERATORS[cell],
            [value, *weights, "", *memory],
            ["", *after],
            hidden_size=self.config.hidden_size,
            **options,
        )
        self.nodes.append(node)
        return after

    def _gates(self, name: str) -> Floats:
        """Return a weight of a layer with its gates in ONNX's order."""
        weight = self.weights[f"{name}_l0"]
        size = self.config.hidden_size
        gates = [weight[gate * size : (gate + 1) * size] for gate in _GATES[self.config.cell]]
        return np.concatenate(gates)

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: int) -> str:
        options: dict[str, Any] = dict(attributes)
        self.nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    def _weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def _constant(self, name: str, value: "Floats | list[int]") -> str:
        array = np.array(value, np.int64) if isinstance(value, list) else value
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _inputs(self) -> list[ValueInfoProto]:
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])
        return [ids, *self._memory("")]

    def _outputs(self) -> list[ValueInfoProto]:
        shape: list[str | int | None] = ["batch", self.symbols]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
        return [logits, *self._memory("_next")]

    def _memory(self, ending: str) -> list[ValueInfoProto]:
        shape: list[str | int | None] = [self.config.num_layers, "batch", self.config.hidden_size]
        return [
            helper.make_tensor_value_info(name + ending, TensorProto.FLOAT, shape)
            for name in self.parts
        ]
