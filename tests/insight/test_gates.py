"""Gates: parity with torch's layers, and the meaning of every row."""

import math

import numpy as np
import pytest
import torch

from lstm.errors import InsightError
from lstm.insight.gates import GRUGates, LSTMGates, gates, layer_gates, saturation, sigmoid
from lstm.insight.reading import read
from lstm.model import CharModel
from tests.insight.insight_tools import SHAPES, some_ids, some_network

LSTMS = [shape for shape in SHAPES if shape["cell"] == "lstm"]
GRUS = [shape for shape in SHAPES if shape["cell"] == "gru"]


def stepwise(model: CharModel, ids: np.ndarray) -> list[list[torch.Tensor]]:
    """Every part of the memory after every character, by torch, one character at a time."""
    state = model.zero_state(1)
    parts: list[list[torch.Tensor]] = [[] for _ in state]
    with torch.no_grad():
        for character in ids.tolist():
            _, state = model(torch.tensor([[character]]), state)
            for part, value in zip(parts, state, strict=True):
                part.append(value[:, 0])
    return parts


@pytest.mark.parametrize("shape", LSTMS)
def test_lstm_memory_and_answer_are_those_of_torch(shape: dict[str, object]) -> None:
    model, ids = some_network(shape), some_ids(40)
    hidden, memory = (torch.stack(part, dim=1).numpy() for part in stepwise(model, ids))
    for layer, found in enumerate(gates(model, ids)):
        assert isinstance(found, LSTMGates)
        np.testing.assert_allclose(found.memory, memory[layer], atol=1e-5)
        np.testing.assert_allclose(found.hidden, hidden[layer], atol=1e-5)
        np.testing.assert_allclose(found.output * np.tanh(found.memory), hidden[layer], atol=1e-5)
        np.testing.assert_allclose(found.kept + found.learned, found.memory, atol=1e-5)


@pytest.mark.parametrize("shape", LSTMS)
def test_each_lstm_gate_is_the_textbook_formula(shape: dict[str, object]) -> None:
    """Written out for one cell at one character, in Python's own arithmetic."""
    model, ids = some_network(shape), some_ids(9)
    layer, cell, place = model.config.num_layers - 1, 5, 8
    found = gates(model, ids)[layer]
    assert isinstance(found, LSTMGates)
    sums = _sums(model, ids, layer, place)
    for number, name in enumerate(("input", "forget", "candidate", "output")):
        value = sums[0][number * 8 + cell] + sums[1][number * 8 + cell]
        wanted = math.tanh(value) if name == "candidate" else 1 / (1 + math.exp(-value))
        assert getattr(found, name)[place, cell] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("shape", GRUS)
def test_each_gru_gate_is_the_textbook_formula(shape: dict[str, object]) -> None:
    model, ids = some_network(shape), some_ids(9)
    layer, cell, place = model.config.num_layers - 1, 5, 8
    found = gates(model, ids)[layer]
    assert isinstance(found, GRUGates)
    below, around = _sums(model, ids, layer, place)
    reset = 1 / (1 + math.exp(-below[cell] - around[cell]))
    update = 1 / (1 + math.exp(-below[8 + cell] - around[8 + cell]))
    candidate = math.tanh(below[16 + cell] + reset * around[16 + cell])
    assert found.reset[place, cell] == pytest.approx(reset, abs=1e-5)
    assert found.update[place, cell] == pytest.approx(update, abs=1e-5)
    assert found.candidate[place, cell] == pytest.approx(candidate, abs=1e-5)
    np.testing.assert_allclose(found.kept + found.learned, found.hidden, atol=1e-5)


def _sums(
    model: CharModel, ids: np.ndarray, layer: int, place: int
) -> tuple[list[float], list[float]]:
    """``W x + b`` and ``U h + b`` of a layer at a place, from torch's own answers."""
    hidden = torch.stack(stepwise(model, ids)[0], dim=1)  # (L, T, H)
    weights = dict(model.layers[layer].named_parameters())
    with torch.no_grad():
        embedded = model.embed(torch.from_numpy(ids.astype(np.int64)))
        values = hidden[layer - 1, place] if layer else embedded[place]
        below = weights["weight_ih_l0"] @ values + weights["bias_ih_l0"]
        around = weights["weight_hh_l0"] @ hidden[layer, place - 1] + weights["bias_hh_l0"]
    return below.tolist(), around.tolist()


@pytest.mark.parametrize("shape", LSTMS + GRUS)
def test_rows_fit_their_scale(shape: dict[str, object]) -> None:
    for found in gates(some_network(shape), some_ids(25)):
        rows = found.rows()
        assert rows.shape == (len(found.ROWS), 25)
        assert rows.dtype == np.float32
        assert rows.min() >= 0
        assert rows.max() <= 1
        assert rows[2, 0] == 0  # at the first character nothing is old


def test_rows_are_what_they_are_called() -> None:
    found = gates(some_network({}), some_ids(6))[0]
    assert isinstance(found, LSTMGates)
    forget, learn, remember, use = found.rows()[:, 3]
    kept = np.abs(found.forget[3] * found.memory[2]).sum()
    learned = np.abs(found.input[3] * found.candidate[3]).sum()
    assert forget == pytest.approx(found.forget[3].mean())
    assert learn == pytest.approx(learned / 8)
    assert remember == pytest.approx(kept / (kept + learned))
    assert use == pytest.approx(np.abs(found.hidden[3]).mean())


def test_half_life_of_a_constant_gate() -> None:
    found = gates(some_network({}), some_ids(6))[0]
    assert isinstance(found, LSTMGates)
    kept = np.tile(np.array([0.5, 0.25, 0.5**0.1, 0.0, 1.0], np.float32), (6, 1))
    lives = LSTMGates(kept, kept, kept, kept, kept, kept).half_lives()
    assert lives[:3].tolist() == pytest.approx([1, 0.5, 10], rel=1e-4)
    assert np.isfinite(lives).all()
    assert GRUGates(kept, kept, kept, kept).half_lives().tolist() == lives.tolist()


def test_saturation_counts_both_ends() -> None:
    spread = saturation(np.array([[0.0, 0.05], [0.5, 1.0]], np.float32), bins=4)
    assert spread.shares.tolist() == [0.5, 0.0, 0.25, 0.25]
    assert spread.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert (spread.shut, spread.open) == (0.5, 0.25)


def test_sigmoid_does_not_overflow() -> None:
    values = sigmoid(np.array([-1e4, -1.0, 0.0, 1e4], np.float32))
    assert values.tolist() == pytest.approx([0, 1 / (1 + math.e), 0.5, 1])


def test_a_plain_rnn_says_that_it_has_none() -> None:
    model = some_network({"cell": "rnn"})
    with pytest.raises(InsightError, match="no gates"):
        gates(model, some_ids(5))
    with pytest.raises(InsightError, match="no gates"):
        layer_gates(model, read(model, some_ids(5)), 0)


def test_a_layer_must_exist() -> None:
    model = some_network({})
    with pytest.raises(InsightError, match="no layer 2"):
        layer_gates(model, read(model, some_ids(5)), 1)
