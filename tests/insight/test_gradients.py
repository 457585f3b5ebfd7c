"""Gradient against lag: the right Jacobians, and what the lesson says about them."""

import itertools

import numpy as np
import pytest
import torch

from lstm.config import ModelConfig
from lstm.errors import ConfigError, InsightError
from lstm.insight.fresh import fresh
from lstm.insight.gradients import FLOOR, Contender, compare, gradient_by_lag, unroll
from lstm.insight.intervention import Hold, held, switched_off
from lstm.insight.reading import read
from lstm.model import CharModel
from tests.insight.insight_tools import SYMBOLS, some_ids, some_network

SHAPE = ModelConfig(hidden_size=32, embedding_size=8)


def test_unrolled_layers_answer_as_torchs_do(model: CharModel) -> None:
    ids = torch.from_numpy(some_ids(24).astype(np.int64).reshape(2, 12))
    with torch.no_grad():
        values = model.embed(ids)
        for layer in model.layers:
            wanted, memory = layer(values)
            parts = unroll(layer, model.config.cell, values)
            np.testing.assert_allclose(torch.stack(parts[0], dim=1), wanted, atol=1e-5)
            if model.config.cell == "lstm":
                np.testing.assert_allclose(parts[1][-1], memory[1][0], atol=1e-5)
            values = wanted


def test_rnn_gradients_are_products_of_jacobians() -> None:
    """One window: d loss / d h_(T-k) by the chain rule, written out."""
    model, ids = some_network({"cell": "rnn"}), some_ids(60)
    found = gradient_by_lag(model, ids, lags=20, windows=1)
    hidden = read(model, ids[:21]).hidden[0].astype(np.float64)  # h_0 to h_20
    matrix = model.layers[0].get_parameter("weight_hh_l0").detach().double().numpy()
    head = model.head.get_parameter("weight").detach().double().numpy()
    logits = head @ hidden[-1] + model.head.bias.detach().double().numpy()
    chances = np.exp(logits - logits.max())
    chances /= chances.sum()
    chances[ids[21]] -= 1
    gradient = head.T @ chances
    norms = [np.linalg.norm(gradient)]
    for place in range(20, 0, -1):
        gradient = matrix.T @ ((1 - hidden[place] ** 2) * gradient)
        norms.append(np.linalg.norm(gradient))
    np.testing.assert_allclose(found.hidden[0], np.array(norms) / norms[0], rtol=1e-3)
    assert found.memory is None
    np.testing.assert_array_equal(found.low, found.hidden[0])
    np.testing.assert_array_equal(found.high, found.hidden[0])


def test_the_memorys_gradient_is_multiplied_by_the_forget_gate_alone() -> None:
    model = held(some_network({}), Hold("forget", 0.5))
    model.layers[0].get_parameter("weight_hh_l0").data.zero_()
    found = gradient_by_lag(model, some_ids(60), lags=10, windows=4)
    assert found.memory is not None
    ratio = found.memory[0] / found.memory[0, 0]
    np.testing.assert_allclose(ratio, 0.5 ** np.arange(11), rtol=1e-4)
    assert found.hidden[0, 0] == pytest.approx(1)
    assert (found.hidden[0, 1:] == np.float32(FLOOR)).all()


def test_the_memorys_gradient_goes_through_the_answer_too() -> None:
    """At lag 0 the loss depends on c through ``h = o tanh(c)`` alone: it must not be 0."""
    found = gradient_by_lag(some_network({}), some_ids(60), lags=5, windows=1)
    assert found.memory is not None
    assert found.memory[0, 0] > 0.01


def test_every_layer_has_its_curve(model: CharModel) -> None:
    found = gradient_by_lag(model, some_ids(80), lags=9, windows=5)
    assert found.hidden.shape == (model.config.num_layers, 10)
    assert (found.memory is not None) == (model.config.cell == "lstm")
    assert found.hidden[-1, 0] == pytest.approx(1)
    assert found.hidden.min() >= np.float32(FLOOR)
    assert (found.hidden[:, 0] > 1e-4).all()
    assert (found.low <= found.hidden[-1]).all()
    assert (found.high >= found.hidden[-1]).all()


def test_a_dead_layer_shows_as_the_floor() -> None:
    model = switched_off(some_network({"cell": "rnn"}), 0, range(8))
    found = gradient_by_lag(model, some_ids(60), lags=30, windows=2)
    assert (found.hidden[0, 1:] == np.float32(FLOOR)).all()


def test_a_short_text_has_shorter_lags() -> None:
    assert gradient_by_lag(some_network({}), some_ids(40)).hidden.shape == (1, 39)
    with pytest.raises(InsightError, match="at least 40"):
        gradient_by_lag(some_network({}), some_ids(39))


def curves(*contenders: Contender, **options: int) -> dict[Contender, np.ndarray]:
    last = list(compare(contenders, some_ids(400), SYMBOLS, SHAPE, **options))[-1]
    return {one: curve.hidden[-1] for one, curve in zip(last.contenders, last.curves, strict=True)}


def test_the_forget_bias_lets_the_gradient_reach_further() -> None:
    biases = [Contender("lstm", bias, scheme="pytorch") for bias in (0.0, 1.0, 3.0)]
    rnn = Contender("rnn", scheme="pytorch")
    found = curves(rnn, *biases)
    at_twenty = [found[one][20] for one in biases]
    assert at_twenty[0] < at_twenty[1] / 10 < at_twenty[2] / 100
    assert found[rnn][20] < 1e-3
    assert at_twenty[1] > found[rnn][20]


def test_the_recurrent_gain_makes_it_vanish_or_explode() -> None:
    gains = [Contender("rnn", gain=gain) for gain in (0.5, 1.0, 2.0)]
    found = curves(*gains)
    vanishing, plain, exploding = (found[one] for one in gains)
    assert vanishing[50] < 1e-12 < plain[50] < 1
    assert exploding[50] > 10


def test_comparing_while_they_learn() -> None:
    ids = np.tile(np.arange(5, dtype=np.uint16), 100)
    pair = (Contender("rnn"), Contender("lstm"))
    steps = list(compare(pair, ids, SYMBOLS, SHAPE, steps=20))
    assert [one.step for one in steps] == [0, 10, 20]
    assert [one.share for one in steps] == pytest.approx([1 / 3, 2 / 3, 1])
    assert steps[0].losses.size == 0
    assert (steps[2].losses < steps[1].losses).all()
    assert steps[2].losses.max() < np.log(5)
    again = list(compare(pair, ids, SYMBOLS, SHAPE, steps=20))
    for one, other in itertools.product((0, 2), (0, 1)):
        np.testing.assert_array_equal(
            steps[one].curves[other].hidden, again[one].curves[other].hidden
        )


def test_a_text_shorter_than_a_lesson_still_teaches() -> None:
    assert len(list(compare([Contender("gru")], some_ids(45), SYMBOLS, SHAPE, steps=10))) == 2


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError):
        next(compare([Contender("lstm", 99.0)], some_ids(100), SYMBOLS, SHAPE))


def test_fresh_networks_are_the_seeds_own() -> None:
    first, same, other = (fresh(SYMBOLS, SHAPE, rng=rng).state_dict() for rng in (1, 1, 2))
    assert all(torch.equal(value, same[name]) for name, value in first.items())
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_the_gain_scales_the_recurrent_matrices_alone() -> None:
    plain, wide = (fresh(SYMBOLS, SHAPE, gain=gain).state_dict() for gain in (1.0, 3.0))
    for name, value in plain.items():
        torch.testing.assert_close(wide[name], value * (3.0 if "weight_hh" in name else 1.0))


def test_torchs_scheme_keeps_the_forget_bias() -> None:
    layer = fresh(SYMBOLS, SHAPE, scheme="pytorch").layers[0]
    biases = layer.get_parameter("bias_ih_l0") + layer.get_parameter("bias_hh_l0")
    assert (biases[32:64] == 1.0).all()
    assert (biases[:32] != 0).all()
    assert layer.get_parameter("weight_hh_l0").abs().max() <= 32**-0.5
