"""The passages of the quiz: equally long, cut alike, never what a network has learned by heart."""

import random

import pytest

from lstm.corpus import UNKNOWN, Corpus
from lstm.passages import DENSE_LENGTH, LENGTH, Passage, Source, passages
from tests.engine_tools import words

TEXT = words(20_000)
CORPUS = Corpus.from_text(TEXT)
WRITTEN = words(400, seed=7)
CHINESE = "".join(chr(0x4E00 + i * 7 % 1500) + ("\n" if i % 40 == 39 else "") for i in range(9000))


def source(run: str = "run", corpus: Corpus = CORPUS, *samples: str) -> Source:
    return Source(run, corpus, samples or (WRITTEN,))


def drawn(sources: list[Source], seeds: range = range(20), count: int = 8) -> list[Passage]:
    return [passage for seed in seeds for passage in passages(sources, count, random.Random(seed))]


def flat(text: str) -> str:
    return " ".join(text.split())


def many(runs: int = 8) -> list[Source]:
    return [source(f"run {i}", CORPUS, words(400, seed=10 + i)) for i in range(runs)]


def test_all_are_cut_alike() -> None:
    found = drawn(many())
    assert {passage.run is None for passage in found} == {True, False}
    assert {len(passage.text) for passage in found} == {LENGTH}
    for passage in found:
        assert passage.text == passage.text.lstrip()
        assert "\n" not in passage.text
        assert "  " not in passage.text
    begins = {passage.text.split()[0] for passage in found}
    assert begins <= {word.strip(".") for word in flat(TEXT).split()} | set(flat(TEXT).split())


def test_real_ones_were_held_out_and_generated_ones_were_written() -> None:
    written = {one.run: flat(one.samples[0]) for one in many()}
    held_out = flat(CORPUS.excerpt(CORPUS.split, CORPUS.characters))
    for passage in drawn(many()):
        if passage.run is None:
            assert passage.text in held_out
        else:
            assert passage.text in written[passage.run]


def test_counting_tells_nothing_and_every_run_has_its_turn() -> None:
    rounds = [passages(many(), 8, random.Random(seed)) for seed in range(40)]
    generated = [[p.run for p in found if p.run is not None] for found in rounds]
    assert {len(found) for found in rounds} == {8}
    assert {len(runs) for runs in generated} == {3, 4, 5}
    assert all(len(set(runs)) == len(runs) for runs in generated)
    assert {run for runs in generated for run in runs} == {one.run for one in many()}
    places = {place for found in rounds for place, p in enumerate(found) if p.run is None}
    assert places == set(range(8))


def test_the_same_dice_give_the_same_round() -> None:
    assert passages(many(), 8, random.Random(3)) == passages(many(), 8, random.Random(3))


def test_what_was_only_copied_is_not_used() -> None:
    assert drawn([source("run", CORPUS, TEXT[1000:1400])]) == []


def test_what_holds_an_unknown_character_is_not_used() -> None:
    riddled = "".join(c + (UNKNOWN if i % 9 == 8 else "") for i, c in enumerate(WRITTEN))
    assert drawn([source("run", CORPUS, riddled)]) == []


def test_chinese_begins_anywhere_and_is_shorter() -> None:
    corpus = Corpus.from_text(CHINESE)
    wrote = "".join(random.Random(1).sample(CHINESE.replace("\n", ""), 300))
    found = drawn([source("run", corpus, wrote)])
    assert {passage.run for passage in found} == {"run", None}
    assert {len(passage.text) for passage in found} == {DENSE_LENGTH}


@pytest.mark.parametrize("sample", ["", " \n ", "short", "x" * 400, "word " * 20])
def test_little_or_odd_writing_is_no_trouble(sample: str) -> None:
    for passage in drawn([source("run", CORPUS, sample)]):
        assert len(passage.text) == LENGTH


def test_a_held_out_part_that_is_too_short_gives_no_round() -> None:
    short = Corpus.from_text(words(600))
    assert drawn([source("run", short)]) == []
    assert passages([], 8, random.Random(1)) == []
