"""Attribution: nothing from the future, and the numbers that were asked for."""

import math

import numpy as np
import pytest
import torch

from lstm.errors import InsightError
from lstm.insight import attribution as module
from lstm.insight.attribution import attribution, attribution_map, blank_id, rank_correlation
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.vocabulary import Vocabulary
from tests.insight.insight_tools import some_ids, some_network


def test_the_future_has_no_part_in_it(model: CharModel) -> None:
    found = attribution(model, some_ids(30), 12, blank=0)
    assert not found.gradient[12:].any()
    assert not found.occlusion[12:].any()
    assert found.gradient[:12].all()


def test_the_future_has_no_part_in_the_map(model: CharModel) -> None:
    *_, found = attribution_map(model, some_ids(30))
    assert not np.triu(found.gradient).any()
    assert np.tril(found.gradient, -1)[1:, 0].all()


def test_the_gradient_is_that_of_finite_differences() -> None:
    model, ids = some_network({"embedding_size": 3}).double(), some_ids(8).astype(np.int64)
    target, step = 6, 1e-5
    with torch.no_grad():
        values = model.embed(torch.from_numpy(ids)[None])

        def log_chance(moved: torch.Tensor) -> float:
            outputs = model.layers[0](moved)[0]
            return float(model.logits(outputs)[0, target - 1].log_softmax(-1)[ids[target]])

        wanted = []
        for place in range(target):
            slopes = []
            for part in range(3):
                moved = values.clone()
                moved[0, place, part] += step
                up = log_chance(moved)
                moved[0, place, part] -= 2 * step
                slopes.append((up - log_chance(moved)) / (2 * step))
            wanted.append(math.hypot(*slopes))
    found = attribution(model.float(), ids, target, blank=0)
    np.testing.assert_allclose(found.gradient[:target], wanted, rtol=1e-3)


def test_occlusion_is_the_difference_of_two_surprises(model: CharModel) -> None:
    ids, target, blank = some_ids(20), 15, 4
    found = attribution(model, ids, target, blank)
    plain = surprise(model, ids).bits[target]
    assert found.chance == pytest.approx(2**-plain, rel=1e-4)
    for place in range(target):
        blanked = ids.copy()
        blanked[place] = blank
        lost = surprise(model, blanked).bits[target] - plain
        assert found.occlusion[place] == pytest.approx(lost, abs=1e-4)
    assert not found.occlusion[:target][ids[:target] == blank].any()


def test_a_span_leaves_what_is_before_it_as_it_was(model: CharModel) -> None:
    ids = some_ids(40)
    whole, part = attribution(model, ids, 30, 0, span=99), attribution(model, ids, 30, 0, span=8)
    assert (whole.first, part.first) == (0, 22)
    assert not part.gradient[:22].any()
    assert not part.occlusion[:22].any()
    np.testing.assert_allclose(part.gradient[22:], whole.gradient[22:], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(part.occlusion[22:], whole.occlusion[22:], atol=1e-4)
    assert part.chance == pytest.approx(whole.chance, rel=1e-4)


def test_rows_of_the_map_are_single_attributions(
    model: CharModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TARGETS_AT_ONCE", 7)
    ids = some_ids(20)
    maps = list(attribution_map(model, ids))
    assert [found.done for found in maps] == [8, 15, 20]
    assert maps[-1].share == 1
    assert not maps[0].gradient[8:].any()
    for target in (1, 8, 19):
        wanted = attribution(model, ids, target, 0).gradient
        np.testing.assert_allclose(maps[-1].gradient[target], wanted, rtol=1e-3, atol=1e-6)
    scaled = maps[-1].scaled()
    assert scaled[1:].max(axis=1).tolist() == pytest.approx([1.0] * 19)
    assert not scaled[0].any()


def test_the_strongest_is_told() -> None:
    found = attribution(some_network({}), some_ids(30), 12, 0)
    assert found.strongest == found.gradient.max()
    assert -1 <= found.agreement <= 1


@pytest.mark.parametrize("target", [-1, 0, 30])
def test_something_must_stand_before_the_target(target: int) -> None:
    with pytest.raises(InsightError, match="no character"):
        attribution(some_network({}), some_ids(30), target, 0)


def test_a_text_of_one_character_explains_nothing() -> None:
    with pytest.raises(InsightError, match="at least 2"):
        next(attribution_map(some_network({}), some_ids(1)))


def test_the_second_character_has_one_cause() -> None:
    found = attribution(some_network({}), some_ids(2), 1, 0)
    assert found.gradient[0] > 0
    assert found.agreement == 0


@pytest.mark.parametrize(("known", "blank"), [("a b", " "), ("\nab", "\n"), ("字。文", "。")])
def test_what_blanks_out(known: str, blank: str) -> None:
    vocabulary = Vocabulary.of(known)
    assert vocabulary.characters[blank_id(vocabulary)] == blank


def test_rank_correlation() -> None:
    rising = np.array([1, 2, 3, 9], np.float32)
    assert rank_correlation(rising, rising**3) == pytest.approx(1)
    assert rank_correlation(rising, -rising) == pytest.approx(-1)
    # By hand: ranks 1 2.5 2.5 4 against 1 2 3 4.
    tied = rank_correlation(np.array([0, 5, 5, 7], np.float32), rising)
    assert tied == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert rank_correlation(rising, np.zeros(4, np.float32)) == 0
    assert rank_correlation(rising[:2], rising[:2]) == 0
