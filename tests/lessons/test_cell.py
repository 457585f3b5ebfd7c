"""One cell, step by step: its numbers are the gates' and fit together."""

import math

import numpy as np
import pytest

from lstm.errors import InsightError
from lstm.lessons.cell import LONGEST, liveliest, one_cell
from tests.engine_tools import network

IDS = np.arange(50) % 7


def test_the_steps_fit_together() -> None:
    model = network(7, cell="lstm", num_layers=2)
    found = list(one_cell(model, IDS, 3))
    assert len(found) == LONGEST
    for before, now in zip([None, *found], found, strict=False):
        assert now.before == (before.memory if before else 0.0)
        assert now.answer_before == (before.answer if before else 0.0)
        assert now.memory == pytest.approx(now.kept + now.learned, abs=1e-6)
        assert now.answer == pytest.approx(now.output * math.tanh(now.memory), abs=1e-5)
    assert found[-1].share == 1.0


def test_the_liveliest_cell_changes_most() -> None:
    model = network(7, cell="lstm")
    chosen = liveliest(model, IDS)
    spread = [
        np.std([moment.memory for moment in one_cell(model, IDS, cell)])
        for cell in range(model.config.hidden_size)
    ]
    assert int(np.argmax(spread)) == chosen


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_other_networks_have_no_such_gates(cell: str) -> None:
    with pytest.raises(InsightError):
        next(one_cell(network(7, cell=cell), IDS, 0))
