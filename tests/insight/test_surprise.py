"""Surprise: it sums to the loss, and it knows nothing of what comes later."""

import math

import numpy as np
import pytest
import torch

from lstm.evaluation import NATS_PER_BIT, carried_loss, windowed_loss
from lstm.insight import reading
from lstm.insight.surprise import TOP, surprise
from lstm.model import CharModel
from tests.engine_tools import network
from tests.insight.insight_tools import some_ids, some_network


def test_its_mean_is_the_loss(model: CharModel) -> None:
    ids = some_ids(60)
    assert surprise(model, ids).mean_bits == pytest.approx(
        carried_loss(model, ids) / NATS_PER_BIT, abs=1e-5
    )


def test_blocks_do_not_change_it(model: CharModel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = surprise(model, some_ids(40))
    monkeypatch.setattr(reading, "_BLOCK", 9)
    pieces = surprise(model, some_ids(40))
    np.testing.assert_allclose(pieces.bits, whole.bits, atol=1e-5)
    np.testing.assert_array_equal(pieces.top, whole.top)


def test_each_number_comes_from_the_distribution(model: CharModel) -> None:
    ids = some_ids(20).astype(np.int64)
    found = surprise(model, ids)
    with torch.no_grad():
        empty = model.logits(torch.zeros(1, 8))
        logits = torch.cat([empty, model(torch.from_numpy(ids)[None])[0][0, :-1]]).double()
    for place, row in enumerate(logits.tolist()):
        weights = [math.exp(score - max(row)) for score in row]
        chances = [weight / sum(weights) for weight in weights]
        order = sorted(range(len(row)), key=lambda one: -chances[one])[:TOP]
        entropy = -sum(chance * math.log2(chance) for chance in chances)
        assert found.bits[place] == pytest.approx(-math.log2(chances[ids[place]]), abs=1e-4)
        assert found.entropy[place] == pytest.approx(entropy, abs=1e-4)
        assert found.top[place].tolist() == order
        assert found.chances[place].tolist() == pytest.approx([chances[i] for i in order], abs=1e-5)


def test_later_characters_do_not_matter(model: CharModel) -> None:
    ids = some_ids(30)
    other = ids.copy()
    other[20:] = (other[20:] + 1) % 11
    np.testing.assert_array_equal(surprise(model, ids).bits[:20], surprise(model, other).bits[:20])


@pytest.mark.parametrize("window", [1, 6])
def test_windows_judge_as_the_classic_recipe_does(model: CharModel, window: int) -> None:
    ids = some_ids(50)
    bits = surprise(model, ids, window=window).bits
    assert bits.shape == (50,)
    loss = windowed_loss(model, ids, window, window)
    assert bits[window:].mean() == pytest.approx(loss / NATS_PER_BIT, abs=1e-5)
    np.testing.assert_allclose(
        bits[: window + 1], surprise(model, ids[: window + 1]).bits, atol=1e-5
    )


@pytest.mark.parametrize("length", [1, 2, 5, 6, 7])
def test_a_text_shorter_than_the_window_is_simply_read(length: int) -> None:
    model, ids = some_network({}), some_ids(length)
    bits = surprise(model, ids, window=6).bits
    np.testing.assert_allclose(bits, surprise(model, ids).bits, atol=1e-5)


def test_what_can_not_be_is_no_reason_for_nan() -> None:
    model = some_network({})
    with torch.no_grad():
        model.head.bias[3] = -1e4
    found = surprise(model, np.array([1, 3, 1]))
    assert np.isfinite(found.bits).all()
    assert np.isfinite(found.entropy).all()
    assert found.bits[1] > 1000


def test_a_tiny_vocabulary_has_fewer_favourites() -> None:
    found = surprise(network(2), np.array([0, 1, 0]))
    assert found.top.shape == found.chances.shape == (3, 2)
