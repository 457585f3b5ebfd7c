"""What comes earlier is worth something: on the essays that ship, in both languages."""

from itertools import pairwise

import numpy as np
import pytest

from lstm.errors import CorpusError
from lstm.lessons.order import Progress, scrambled, side_by_side
from lstm.library import read_bundled

MARGINS = {"essays-en": 0.4, "essays-zh": 0.05}
"""Bits by which remembering beats forgetting: a Chinese character is a word's worth by itself."""


@pytest.mark.parametrize("name", MARGINS)
def test_a_memory_is_worth_bits_and_order_is_worth_more(name: str) -> None:
    parts = list(side_by_side(read_bundled(name), 1))
    last = parts[-1]
    forgets, remembers, shuffled = last.bits[:, -1].tolist()
    assert remembers < forgets - MARGINS[name]
    assert remembers < shuffled - 1.0
    # Without a memory nothing beats pairs by much; without order, nothing beats single letters.
    assert forgets > last.paired - 0.15
    assert shuffled > last.alone - 0.15
    assert [part.share for part in parts] == sorted(part.share for part in parts)
    assert last.share == 1.0
    for before, after in pairwise(parts):
        np.testing.assert_array_equal(after.bits[:, :-1], before.bits)


def first_two(text: str, rng: int) -> list[Progress]:
    parts = side_by_side(text, rng)
    return [next(parts), next(parts)]


def test_the_same_dice_give_the_same_and_others_another_race() -> None:
    text = read_bundled("essays-en")[:5_000]
    one, same, other = (first_two(text, rng)[1].bits for rng in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_short_text_can_be_learned_and_a_shorter_one_is_refused() -> None:
    text = read_bundled("essays-zh")[:220]
    assert np.isfinite(first_two(text, 1)[1].bits).all()
    with pytest.raises(CorpusError):
        next(side_by_side("too short", 1))


def test_shuffling_keeps_every_letter() -> None:
    text = "a sentence, 一句话 🙂"
    assert sorted(scrambled(text, 1)) == sorted(text)
    assert scrambled(text, 1) == scrambled(text, 1) != text
