"""The horizon: at full length it is the loss, and every point stands for the same places."""

import numpy as np
import pytest

from lstm.errors import InsightError
from lstm.evaluation import NATS_PER_BIT, windowed_loss
from lstm.insight.horizon import horizon, limited_bits
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from tests.insight.insight_tools import some_ids, some_network


@pytest.mark.parametrize("context", [1, 5, 19])
def test_with_everything_before_it_a_place_costs_what_it_costs(
    model: CharModel, context: int
) -> None:
    ids = some_ids(20)
    found = limited_bits(model, ids, np.array([context]), context)
    assert found[0] == pytest.approx(surprise(model, ids).bits[context], abs=1e-5)


@pytest.mark.parametrize("context", [1, 12])
def test_all_places_together_are_the_windowed_loss(model: CharModel, context: int) -> None:
    ids = some_ids(120)
    *_, found = horizon(model, ids, (1, context), places=10_000)
    first = max(1, context)
    assert found.places.tolist() == list(range(first, 120))
    loss = windowed_loss(model, ids, first, context)
    assert found.bits[-1] == pytest.approx(loss / NATS_PER_BIT, abs=1e-5)


def test_the_line_grows_over_the_same_places() -> None:
    model, ids = some_network({}), some_ids(300)
    steps = list(horizon(model, ids, (1, 4, 16), places=50))
    assert [one.contexts.tolist() for one in steps] == [[1], [1, 4], [1, 4, 16]]
    assert all(one.places is steps[0].places for one in steps)
    assert [one.share for one in steps] == pytest.approx([1 / 21, 5 / 21, 1])
    places = steps[-1].places
    assert len(places) == 50
    assert (places[0], places[-1]) == (16, 299)
    each = limited_bits(model, ids, places, 4)
    assert steps[-1].bits[1] == pytest.approx(each.mean(), abs=1e-5)
    assert steps[-1].errors[1] == pytest.approx(each.std(ddof=1) / np.sqrt(50), abs=1e-5)
    carried = surprise(model, ids).bits[places]
    assert steps[-1].carried == pytest.approx(carried.mean(), abs=1e-5)
    assert steps[-1].carried_error == pytest.approx(carried.std(ddof=1) / np.sqrt(50), abs=1e-5)


def test_a_network_without_memory_has_a_horizon_of_one() -> None:
    model = some_network({"cell": "rnn"})
    model.layers[0].get_parameter("weight_hh_l0").data.zero_()
    *_, found = horizon(model, some_ids(200), (1, 8, 64), places=100)
    assert np.ptp(found.bits) < 1e-5
    assert found.carried == pytest.approx(found.bits[0], abs=1e-5)


def test_a_short_text_has_a_shorter_line() -> None:
    *_, found = horizon(some_network({}), some_ids(100))
    assert found.contexts[-1] == 48
    assert len(found.places) == 52
    with pytest.raises(InsightError, match="at least 100"):
        next(horizon(some_network({}), some_ids(99)))
