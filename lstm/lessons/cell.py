"""One cell of an LSTM, character by character: what it forgets, learns, remembers and uses.

In the lesson's words, with the usual names (Hochreiter & Schmidhuber 1997; Gers et al. 2000)::

    forget      f * c_before             the forget gate
    learn       i * g                    the input gate and the candidate
    remember    c = f c_before + i g     the cell update
    use         h = o * tanh(c)          the output gate

Knows nothing of how it is drawn.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm.errors import InsightError
from lstm.insight.gates import LSTMGates, layer_gates
from lstm.insight.reading import Floats, Ids, read
from lstm.model import CharModel

LONGEST = 40
"""Characters that are read."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One cell at one character.

    Attributes:
        place: Number of the character, from 0.
        forget: f, 0 to 1.
        input: i, 0 to 1.
        candidate: g, -1 to 1.
        output: o, 0 to 1.
        memories: c after each character up to this one, (place + 1,).
        answers: h after each of them, (place + 1,).
        share: How much of the text is read, 0 to 1.
    """

    place: int
    forget: float
    input: float
    candidate: float
    output: float
    memories: Floats
    answers: Floats
    share: float

    @property
    def before(self) -> float:
        """The long-term memory before the character."""
        return float(self.memories[-2]) if self.place else 0.0

    @property
    def kept(self) -> float:
        """What was kept of it: f c."""
        return self.forget * self.before

    @property
    def learned(self) -> float:
        """What was added: i g."""
        return self.input * self.candidate

    @property
    def memory(self) -> float:
        """The new long-term memory: c."""
        return float(self.memories[-1])

    @property
    def answer(self) -> float:
        """The new short-term memory: h."""
        return float(self.answers[-1])

    @property
    def answer_before(self) -> float:
        """The short-term memory before the character."""
        return float(self.answers[-2]) if self.place else 0.0


def one_cell(model: CharModel, ids: Ids, cell: int) -> Iterator[Moment]:
    """Follow one cell of the last layer through a text that is read from an empty memory.

    Args:
        model: An LSTM.
        ids: The text; at most ``LONGEST`` characters of it are read.
        cell: Number of the cell, from 0.

    Raises:
        InsightError: The text is empty, or the network is no LSTM.
    """
    gates = _gates(model, ids)
    values = {
        name: getattr(gates, name)[:, cell] for name in ("forget", "input", "candidate", "output")
    }
    for place in range(len(gates.memory)):
        yield Moment(
            place=place,
            memories=gates.memory[: place + 1, cell],
            answers=gates.hidden[: place + 1, cell],
            share=(place + 1) / len(gates.memory),
            **{name: float(column[place]) for name, column in values.items()},
        )


def liveliest(model: CharModel, ids: Ids) -> int:
    """Return the cell of the last layer whose long-term memory changes most over a text.

    Raises:
        InsightError: The text is empty, or the network is no LSTM.
    """
    return int(np.argmax(_gates(model, ids).memory.std(axis=0)))


def _gates(model: CharModel, ids: Ids) -> LSTMGates:
    ids = ids[:LONGEST]
    gates = layer_gates(model, read(model, ids), model.config.num_layers - 1)
    if not isinstance(gates, LSTMGates):
        raise InsightError("insight_no_gates")
    return gates
