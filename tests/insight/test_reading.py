"""Reading: the same answers as torch's, wherever the blocks are cut."""

import numpy as np
import pytest
import torch

from lstm.errors import InsightError
from lstm.insight import reading
from lstm.insight.reading import checked_layer, differentiating, incoming, read
from lstm.model import CharModel
from tests.insight.insight_tools import some_ids, some_network


def test_answers_are_those_of_the_network(model: CharModel) -> None:
    ids = some_ids(30)
    with torch.no_grad():
        last, state = model.recur(model.embed(torch.from_numpy(ids.astype(np.int64))[None]), None)
    found = read(model, ids)
    assert found.hidden.shape == (model.config.num_layers, 30, 8)
    assert found.hidden.dtype == np.float32
    np.testing.assert_allclose(found.hidden[-1], last[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(found.hidden[:, -1], state[0][:, 0].numpy(), atol=1e-5)


def test_blocks_leave_no_seam(model: CharModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = some_ids(30)
    whole = read(model, ids).hidden
    monkeypatch.setattr(reading, "_BLOCK", 7)
    np.testing.assert_allclose(read(model, ids).hidden, whole, atol=1e-5)


def test_large_vocabulary_gets_shorter_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BLOCK_NUMBERS", 33)
    model = some_network({})
    assert [len(block) for block in reading.blocks(model, some_ids(8))] == [3, 3, 2]


def test_what_comes_from_below_is_what_the_layer_multiplies(model: CharModel) -> None:
    ids = some_ids(12)
    found = read(model, ids)
    for layer, module in enumerate(model.layers):
        with torch.no_grad():
            values = model.embed(torch.from_numpy(ids.astype(np.int64)))
            below = torch.from_numpy(found.hidden[layer - 1]) if layer else values
            wanted = below @ module.get_parameter("weight_ih_l0").T
            wanted += module.get_parameter("bias_ih_l0")
        np.testing.assert_allclose(incoming(model, found, layer), wanted.numpy(), atol=1e-5)


def test_one_earlier_begins_empty() -> None:
    found = read(some_network({}), some_ids(5))
    assert not found.before(0)[0].any()
    np.testing.assert_array_equal(found.before(0)[1:], found.hidden[0][:-1])


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(InsightError, match="at least 1"):
        read(some_network({}), some_ids(0))


@pytest.mark.parametrize("layer", [-1, 2])
def test_a_layer_must_exist(layer: int) -> None:
    with pytest.raises(InsightError, match="no layer"):
        checked_layer(some_network({"num_layers": 2}), layer)


@pytest.mark.parametrize("mode", [True, False])
def test_differentiating_restores_the_mode(mode: bool) -> None:
    model = some_network({}).train(mode)
    with torch.no_grad(), differentiating(model):
        assert torch.is_grad_enabled()
        assert not model.training
    assert model.training is mode
