"""What if? Hold a gate open or shut, or switch a cell off, and let the network go on.

The change is made to a **copy's weights**, so that everything else works on the changed network
as on any other: reading, surprise, writing. A sigmoid gate whose weights are zero is held by its
bias alone at ``sigmoid(b)``; a cell whose candidate has neither weights nor bias stays at 0.

The network was not trained for such a life: the effects show what a gate is there for, not how a
network would do that had grown up without it.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from lstm.config import Cell, SampleConfig
from lstm.errors import InsightError
from lstm.insight.reading import Ids, checked_layer
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.sampling import Writer
from lstm.vocabulary import Vocabulary

BLOCKS: dict[Cell, tuple[str, ...]] = {
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("reset", "update", "candidate"),
    "rnn": ("candidate",),
}
"""Torch's order of the blocks of H rows inside a layer's weights."""

_PARTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")

# sigmoid of this is 1, and of its negative 0, exactly, in float32.
_SURELY = 200.0


@dataclass(frozen=True)
class Hold:
    """A gate that is held.

    Attributes:
        gate: ``"forget"``, ``"input"`` or ``"output"`` of the LSTM; ``"reset"`` or ``"update"``
            of the GRU.
        value: Where, from 0 (shut) to 1 (open).
        layer: In which layer, from 0; ``None`` means in all of them.
    """

    gate: str
    value: float
    layer: int | None = None


HOLDS: dict[Cell, tuple[Hold, ...]] = {
    "lstm": (Hold("forget", 1.0), Hold("forget", 0.0), Hold("input", 1.0), Hold("output", 1.0)),
    "gru": (Hold("update", 1.0), Hold("update", 0.0), Hold("reset", 1.0), Hold("reset", 0.0)),
    "rnn": (),
}
"""What to try first. LSTM: never forget, always forget, learn everything, use everything."""


@dataclass(frozen=True)
class Draft:
    """What to let a network write, always with the same dice.

    Attributes:
        opening: What it goes on from.
        length: Characters to write.
        sample: How to draw.
        rng: Seed of the dice.
    """

    opening: str = ""
    length: int = 200
    sample: SampleConfig = field(default_factory=SampleConfig)
    rng: int = 1

    def written_by(self, model: CharModel, vocabulary: Vocabulary) -> str:
        """Return what a network writes, the opening not included."""
        writer = Writer(model, vocabulary, sample=self.sample, opening=self.opening, rng=self.rng)
        return writer.write_text(self.length)


@dataclass(frozen=True)
class Effect:
    """What became of the network.

    Attributes:
        hold: What was held; ``None`` for the network as it is.
        bits: Bits per character on the text.
        written: What it writes.
        share: How much of the work is done, 0 to 1.
    """

    hold: Hold | None
    bits: float
    written: str
    share: float


def what_if(
    model: CharModel,
    vocabulary: Vocabulary,
    ids: Ids,
    holds: Sequence[Hold],
    draft: Draft,
) -> Iterator[Effect]:
    """Try holds one after the other, on the same text and with the same dice.

    Args:
        model: The network, left as it is.
        vocabulary: Its symbols.
        ids: The text to be judged on, (T,).
        holds: What to try; see ``HOLDS``.
        draft: What to write.

    Yields:
        The effect of no hold, then of each hold alone.

    Raises:
        InsightError: The text is empty, or a hold does not fit the network.
    """
    tries: list[Hold | None] = [None, *holds]
    for number, one in enumerate(tries):
        network = model if one is None else held(model, one)
        bits = surprise(network, ids).mean_bits
        written = draft.written_by(network, vocabulary)
        yield Effect(one, bits, written, (number + 1) / len(tries))


def held(model: CharModel, *holds: Hold) -> CharModel:
    """Return a copy of a network whose gates are held.

    Raises:
        InsightError: The network has no gates, no such gate or no such layer, or the value is
            not within 0 and 1.
    """
    changed = _copy(model)
    for hold in holds:
        _hold(changed, hold)
    return changed


def _hold(model: CharModel, hold: Hold) -> None:
    blocks = BLOCKS[model.config.cell]
    gates = tuple(name for name in blocks if name != "candidate")
    if not gates:
        raise InsightError("insight_no_gates")
    if hold.gate not in gates:
        raise InsightError("insight_no_such_gate", gate=hold.gate, gates=", ".join(gates))
    bias = _logit(hold.value)
    layers = range(model.config.num_layers) if hold.layer is None else (hold.layer,)
    for layer in layers:
        for name, rows in _rows(model, checked_layer(model, layer), hold.gate).items():
            rows.fill_(bias if name == "bias_ih_l0" else 0.0)


def _logit(value: float) -> float:
    """Return the number whose sigmoid is the value.

    Raises:
        InsightError: The value is not within 0 and 1.
    """
    if not 0.0 <= value <= 1.0:
        raise InsightError("insight_gate_value", value=value)
    if value in (0.0, 1.0):
        return _SURELY if value else -_SURELY
    return math.log(value / (1 - value))


def switched_off(model: CharModel, layer: int, cells: Sequence[int]) -> CharModel:
    """Return a copy of a network in which some cells stay at 0.

    Args:
        model: The network.
        layer: Number of the layer, from 0.
        cells: Numbers of the cells, from 0; none gives an equal copy.

    Raises:
        InsightError: There is no such layer or cell.
    """
    size = model.config.hidden_size
    for cell in cells:
        if not 0 <= cell < size:
            raise InsightError("insight_no_such_cell", cell=cell, last=size - 1)
    changed = _copy(model)
    for rows in _rows(changed, checked_layer(model, layer), "candidate").values():
        rows[list(cells)] = 0.0
    return changed


def _copy(model: CharModel) -> CharModel:
    """Return the same network on its own, in evaluation mode, never to be trained."""
    return copy.deepcopy(model).eval().requires_grad_(False)


def _rows(model: CharModel, layer: int, block: str) -> dict[str, Tensor]:
    """Return views of a gate's rows in all the weights of a layer: (H, in), (H, H), (H,), (H,)."""
    size = model.config.hidden_size
    first = BLOCKS[model.config.cell].index(block) * size
    weights = {name: model.layers[layer].get_parameter(name) for name in _PARTS}
    return {name: weight.data[first : first + size] for name, weight in weights.items()}
