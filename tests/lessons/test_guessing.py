"""Shannon's game: ranks, bits and bounds, held against other ways to count them."""

import math

import numpy as np
import pytest

from lstm.baselines import baselines
from lstm.corpus import Corpus
from lstm.errors import InsightError
from lstm.insight.surprise import surprise
from lstm.lessons.guessing import (
    GUESSES,
    ORDER,
    Opinion,
    counted,
    expected,
    lower_bound,
    upper_bound,
)
from tests.engine_tools import network, words

CORPUS = Corpus.from_text(words(3_000))


def test_counting_agrees_with_the_reference_lines() -> None:
    opinion = counted(CORPUS.train, CORPUS.ids[:0], CORPUS.held_out, CORPUS.vocabulary.size)
    line = next(one for one in baselines(CORPUS, orders=(ORDER,)) if one.order == ORDER)
    assert opinion.bits.mean() == pytest.approx(line.bits)


def test_counting_looks_back_beyond_the_passage() -> None:
    size, split = CORPUS.vocabulary.size, CORPUS.split
    whole = counted(CORPUS.train, CORPUS.ids[:split], CORPUS.held_out[:40], size)
    later = counted(CORPUS.train, CORPUS.ids[: split + 10], CORPUS.held_out[10:40], size)
    assert whole.bits[10:].tolist() == later.bits.tolist()


def test_the_network_pays_what_its_surprise_says() -> None:
    model = network(CORPUS.vocabulary.size)
    before, passage = CORPUS.ids[:30], CORPUS.ids[30:60]
    opinion = expected(model, before, passage)
    bits = surprise(model, CORPUS.ids[:60]).bits[30:]
    np.testing.assert_allclose(opinion.bits, bits, rtol=1e-4)


def test_ranks_count_from_one_and_stop_at_the_guesses_that_there_are() -> None:
    chances = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    opinion = Opinion.of(chances, np.array([2, 0]))
    assert opinion.ranks.tolist() == [2, 1]
    assert opinion.order.tolist() == [[1, 2, 0], [0, 1, 2]]
    assert opinion.guesses(1) == [None, 1]
    assert opinion.bits.tolist() == pytest.approx([-math.log2(0.2), 1.0])


def test_a_perfect_guesser_pays_nothing() -> None:
    assert upper_bound([1] * 20, 80) == 0
    assert lower_bound([1] * 20) == 0


def test_guesses_that_are_all_alike_are_worth_their_entropy() -> None:
    ranks = [1, 2, 3, 4] * 10
    assert upper_bound(ranks, 80) == pytest.approx(2)
    low = lower_bound(ranks)
    assert low is not None
    assert low == pytest.approx(2)


def test_the_lower_bound_lies_below_the_upper_one() -> None:
    ranks = [1] * 12 + [2] * 5 + [3] * 2 + [5]
    low = lower_bound(ranks)
    assert low is not None
    assert 0 < low < upper_bound(ranks, 80)


def test_what_was_not_guessed_must_be_named_among_the_rest() -> None:
    size = GUESSES + 64
    assert upper_bound([None] * 8, size) == pytest.approx(6)
    assert upper_bound([1, None] * 4, size) == pytest.approx(1 + 3)
    assert lower_bound([1, None]) is None


def test_an_empty_game_has_no_figure() -> None:
    with pytest.raises(InsightError):
        upper_bound([], 80)
    with pytest.raises(InsightError):
        expected(network(CORPUS.vocabulary.size), CORPUS.ids[:5], CORPUS.ids[:0])


def test_the_context_helps_the_counting_model() -> None:
    size = CORPUS.vocabulary.size
    far, near = (
        counted(CORPUS.train, CORPUS.train, CORPUS.held_out[:200], size, order)
        for order in (1, ORDER)
    )
    assert near.bits.mean() < far.bits.mean() - 1
