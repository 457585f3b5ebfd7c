"""Cells: a planted one is found, and where there is none, none is found."""

import numpy as np
import pytest
import torch

from lstm.config import ModelConfig
from lstm.corpus import Corpus
from lstm.errors import InsightError
from lstm.insight.cells import UNTRAINED, activity, cost, rank
from lstm.insight.classes import CLASSES, character_classes
from lstm.insight.fresh import fresh
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.vocabulary import Vocabulary
from tests.engine_tools import network, words
from tests.insight.insight_tools import some_ids, some_network

QUOTED = "".join(f"“{words(17, seed)}” said {words(31, seed + 100)}" for seed in range(60)).replace(
    "\n", " "
)
CORPUS = Corpus.from_text(QUOTED)
SHAPE = ModelConfig(hidden_size=8, embedding_size=0, num_layers=2)


def planted(layer_cell: int) -> CharModel:
    """A network whose cell in the first layer is on from “ to ”."""
    model = fresh(CORPUS.vocabulary.size, SHAPE, rng=99)
    first = model.layers[0]
    w_ih, bias = first.get_parameter("weight_ih_l0"), first.get_parameter("bias_ih_l0")
    w_hh = first.get_parameter("weight_hh_l0")
    begin, end = CORPUS.vocabulary.encode("“”").tolist()
    taken, kept, candidate, shown = (gate * 8 + layer_cell for gate in range(4))
    with torch.no_grad():
        for row in (taken, kept, candidate, shown):
            w_ih[row] = w_hh[row] = bias[row] = 0.0
        bias[taken], w_ih[taken, begin] = -20.0, 40.0  # take the opening mark in
        bias[kept], w_ih[kept, end] = 20.0, -40.0  # keep it until the closing one
        bias[candidate] = bias[shown] = 20.0
    return model


def test_a_planted_cell_is_found() -> None:
    *_, ranking = rank(planted(5), CORPUS.vocabulary, CORPUS.ids)
    finding = ranking.finding(ranking.probes.index("in_quotes"))
    assert (finding.layer, finding.cell, finding.found) == (0, 5, True)
    assert finding.fit > 0.99
    assert finding.confirmed > 0.99
    assert finding.untrained is not None
    assert max(finding.control, finding.untrained) < 0.9
    assert ranking.findings()[0] == finding


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_an_untrained_network_has_none(cell: str) -> None:
    config = ModelConfig.from_json({**SHAPE.to_json(), "cell": cell})
    model = fresh(CORPUS.vocabulary.size, config, rng=99)
    *_, ranking = rank(model, CORPUS.vocabulary, CORPUS.ids)
    assert "in_quotes" in ranking.probes
    assert not any(finding.found for finding in ranking.findings())


def test_labels_in_step_are_moved_out_of_step() -> None:
    """In a text that repeats itself exactly, one shift of the labels would mean as much."""
    corpus = Corpus.from_text("“ab” said cd. " * 80)
    assert corpus.vocabulary.size == len(set("“ab” said cd. "))
    rankings = rank(network(corpus.vocabulary.size), corpus.vocabulary, corpus.ids)
    assert next(rankings).control.max() < 0.5


def test_the_ranking_grows_by_its_yardsticks() -> None:
    rankings = list(rank(planted(5), CORPUS.vocabulary, CORPUS.ids))
    assert [ranking.share for ranking in rankings] == pytest.approx([1 / 3, 2 / 3, 1])
    assert len(rankings) == UNTRAINED + 1
    first, second, last = rankings
    assert first.untrained is None
    assert second.untrained is not None
    assert last.untrained is not None
    assert (last.untrained >= second.untrained).all()
    assert first.fit.shape == first.confirmed.shape == (len(first.probes), 2, 8)
    assert np.abs(first.fit).max() <= 1.0001
    assert {"digit", "after_newline", "in_title_marks"} <= set(first.missing)
    assert not set(first.missing) & set(first.probes)


def test_correlations_are_numpys() -> None:
    ranking = next(rank(planted(5), CORPUS.vocabulary, CORPUS.ids))
    letters = QUOTED[: ranking.split]
    values = activity(planted(5), CORPUS.ids, 1)[: ranking.split]
    spaces = np.array([character == " " for character in letters], float)
    wanted = [np.corrcoef(spaces, values[:, cell])[0, 1] for cell in range(8)]
    found = ranking.fit[ranking.probes.index("space"), 1]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_text_without_anything_to_follow() -> None:
    vocabulary = Vocabulary.of("ab")
    *_, ranking = rank(network(2), vocabulary, np.zeros(500, np.uint16))
    assert ranking.probes == ()
    assert ranking.findings() == ()


def test_a_short_text_is_refused() -> None:
    with pytest.raises(InsightError, match="at least 400"):
        next(rank(planted(5), CORPUS.vocabulary, CORPUS.ids[:399]))


def test_activity_fits_the_colour_scale(model: CharModel) -> None:
    layer = model.config.num_layers - 1
    values = activity(model, some_ids(20), layer)
    assert values.shape == (20, 8)
    assert np.abs(values).max() <= 1
    assert values.dtype == np.float32


def test_activity_of_a_layer_that_is_not_there() -> None:
    with pytest.raises(InsightError, match="no layer"):
        activity(some_network({}), some_ids(5), 1)


def test_switching_no_cell_off_costs_nothing() -> None:
    found = cost(planted(5), CORPUS.vocabulary, CORPUS.ids[:200], 0, ())
    assert found.extra_bits == 0
    assert all(one.extra_bits == 0 for one in found.classes)


def test_the_cost_is_the_difference_of_two_surprises() -> None:
    model, ids = planted(5), CORPUS.ids[:200]
    found = cost(model, CORPUS.vocabulary, ids, 0, (5,))
    np.testing.assert_array_equal(found.bits, surprise(model, ids).bits)
    extra = found.bits_off - found.bits
    assert np.abs(extra).max() > 0
    assert found.extra_bits == pytest.approx(float(extra.mean()), abs=1e-5)
    kinds = character_classes(QUOTED[:200])
    assert sum(one.characters for one in found.classes) == 200
    for one in found.classes:
        here = kinds == CLASSES.index(one.name)
        assert one.characters == here.sum()
        assert one.extra_bits == pytest.approx(float(extra[here].mean()), abs=1e-5)
    costs = [one.extra_bits for one in found.classes]
    assert costs == sorted(costs, reverse=True)
