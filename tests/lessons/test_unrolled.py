"""The unrolled loop: its numbers are those of the formula, and it has learned something."""

import numpy as np
import pytest

from lstm.insight.reading import layer_weights
from lstm.lessons import unrolled as lesson
from lstm.lessons.preparing import Preparing
from lstm.lessons.unrolled import HIDDEN, LONGEST_WORD, Step, unrolled
from lstm.library import read_bundled

TEXT = read_bundled("essays-en")


def steps(word: str, *, learned: bool = True, rng: int = 1) -> list[Step]:
    parts = list(unrolled(TEXT, word, rng, learned=learned))
    return [part for part in parts if isinstance(part, Step)]


def test_every_step_is_the_formula() -> None:
    found = steps("there")
    model = lesson._kept[TEXT[: lesson.LONGEST], 1, lesson._STEPS]
    weights = layer_weights(model.model, 0)
    hidden = np.zeros(HIDDEN, np.float32)
    for step, letter in zip(found, model.vocabulary.encode("there"), strict=True):
        np.testing.assert_allclose(step.before, hidden, atol=1e-5)
        inside = weights["weight_ih"][:, letter] + weights["bias_ih"]
        hidden = np.tanh(inside + weights["weight_hh"] @ hidden + weights["bias_hh"])
        np.testing.assert_allclose(step.after, hidden, atol=1e-5)
        assert len(step.states) == step.place + 1
        assert (np.diff(step.chances) <= 0).all()
        assert 0 < step.chances.sum() <= 1 + 1e-6


def test_what_was_learned_beats_what_was_not() -> None:
    assert steps("th")[1].letters[0] == "e"
    fresh = steps("th", learned=False)[1]
    assert float(fresh.chances[0]) < 0.2 < float(steps("th")[1].chances[0])


def test_it_tells_of_its_work_once_and_remembers_the_network() -> None:
    first = list(unrolled(TEXT, "a", 7))
    assert isinstance(first[0], Preparing)
    assert not any(isinstance(part, Preparing) for part in unrolled(TEXT, "other", 7))


@pytest.mark.parametrize("word", ["学", "🙂é", "x" * 50])
def test_any_word_can_be_read(word: str) -> None:
    found = steps(word)
    assert len(found) == min(len(word), LONGEST_WORD)
    assert found[-1].share == 1.0
