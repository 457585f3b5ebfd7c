"""Holding gates and switching cells off: exactly what was asked, on a copy."""

import numpy as np
import pytest
import torch

from lstm.config import SampleConfig
from lstm.corpus import Corpus
from lstm.errors import InsightError
from lstm.insight.gates import GRUGates, LSTMGates, gates
from lstm.insight.intervention import HOLDS, Draft, Hold, held, switched_off, what_if
from lstm.insight.reading import read
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.sampling import Stepper
from tests.engine_tools import network, words
from tests.insight.insight_tools import some_ids, some_network

CORPUS = Corpus.from_text(words(600))


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("gate", ["input", "forget", "output"])
def test_a_held_lstm_gate_stays_where_it_is_held(gate: str, value: float) -> None:
    model = some_network({"num_layers": 2})
    for found in gates(held(model, Hold(gate, value)), some_ids(20)):
        assert isinstance(found, LSTMGates)
        assert np.ptp(getattr(found, gate)) == 0
        assert getattr(found, gate)[0, 0] == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize("gate", ["reset", "update"])
def test_a_held_gru_gate_stays_where_it_is_held(gate: str) -> None:
    model = some_network({"cell": "gru"})
    found = gates(held(model, Hold(gate, 1.0)), some_ids(20))[0]
    assert isinstance(found, GRUGates)
    assert (getattr(found, gate) == 1).all()


def test_one_layer_can_be_held_alone() -> None:
    model, ids = some_network({"num_layers": 2}), some_ids(20)
    first, second = gates(held(model, Hold("forget", 0.0, layer=1)), ids)
    assert isinstance(first, LSTMGates)
    assert isinstance(second, LSTMGates)
    plain = gates(model, ids)[0]
    assert isinstance(plain, LSTMGates)
    np.testing.assert_array_equal(first.forget, plain.forget)
    assert not second.forget.any()


def test_holds_add_up() -> None:
    changed = held(some_network({}), Hold("forget", 1.0), Hold("input", 0.0))
    found = gates(changed, some_ids(10))[0]
    assert isinstance(found, LSTMGates)
    assert not found.memory.any()


def test_a_switched_off_cell_stays_at_zero(model: CharModel) -> None:
    layer = model.config.num_layers - 1
    ids = some_ids(30)
    hidden = read(switched_off(model, layer, (1, 6)), ids).hidden[layer]
    assert not hidden[:, [1, 6]].any()
    assert np.abs(hidden[:, [0, 2, 3, 4, 5, 7]]).min(axis=0).max() > 0


def test_switching_no_cell_off_changes_nothing(model: CharModel) -> None:
    ids = some_ids(30)
    same = switched_off(model, 0, ())
    assert same is not model
    np.testing.assert_array_equal(surprise(same, ids).bits, surprise(model, ids).bits)


def test_the_writers_step_obeys_as_the_network_does(model: CharModel) -> None:
    holds = HOLDS[model.config.cell]
    changed = switched_off(held(model, *holds[:1]), 0, (3,))
    stepper, ids = Stepper(changed), some_ids(15).astype(np.int64)
    memory = stepper.empty()
    written = np.stack([stepper.step(character, memory).copy() for character in ids.tolist()])
    with torch.no_grad():
        wanted = changed(torch.from_numpy(ids)[None])[0][0].numpy()
    np.testing.assert_allclose(written, wanted, atol=1e-4)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_what_if_begins_with_the_network_as_it_is(cell: str) -> None:
    model = network(CORPUS.vocabulary.size, cell=cell)
    ids, draft = CORPUS.ids[:80], Draft("the cat", 12, SampleConfig(temperature=0.5), rng=3)
    holds = HOLDS[model.config.cell]
    effects = list(what_if(model, CORPUS.vocabulary, ids, holds, draft))
    assert [effect.hold for effect in effects] == [None, *holds]
    assert effects[0].bits == surprise(model, ids).mean_bits
    assert effects[0].written == draft.written_by(model, CORPUS.vocabulary)
    assert {len(effect.written) for effect in effects} == {12}
    assert all(np.isfinite(effect.bits) for effect in effects)
    assert [effect.share for effect in effects] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_what_does_not_fit_is_refused() -> None:
    lstm = some_network({})
    with pytest.raises(InsightError, match="no gates"):
        held(some_network({"cell": "rnn"}), Hold("forget", 1.0))
    for gate in ("update", "candidate"):
        with pytest.raises(InsightError, match="input, forget, output"):
            held(lstm, Hold(gate, 1.0))
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(InsightError, match="between 0"):
            held(lstm, Hold("forget", value))
    with pytest.raises(InsightError, match="no layer 3"):
        held(lstm, Hold("forget", 1.0, layer=2))
    with pytest.raises(InsightError, match="no cell 8"):
        switched_off(lstm, 0, (0, 8))
    with pytest.raises(InsightError, match="no layer"):
        switched_off(lstm, 1, ())
