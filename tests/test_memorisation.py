"""Copied passages are found to the character, invented ones are not, and circles are noticed."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm.corpus import Corpus
from lstm.memorisation import WINDOW, CorpusIndex, Loop, Span, find_loop
from lstm.paths import ASSETS

RNG = random.Random(5)
NOISE = "".join(RNG.choices("abcdefghijklmnop ", k=6000))


def index_of(text: str, validation: float = 0.1) -> tuple[CorpusIndex, str]:
    corpus = Corpus.from_text(text, validation=validation)
    return CorpusIndex.of(corpus), text[: corpus.split]


@pytest.fixture(scope="module")
def noise() -> tuple[CorpusIndex, str]:
    return index_of(NOISE)


def longest_by_search(text: str, start: int, train: str) -> int:
    end = start
    while end < len(text) and text[start : end + 1] in train:
        end += 1
    return end - start


@pytest.mark.parametrize("text", [NOISE, "ab" * 200, "a" * 300 + "b" * 300, NOISE[:300] * 3])
def test_every_length_is_what_plain_search_finds(text: str) -> None:
    index, train = index_of(text)
    copied = train[40:120] + "☃" + train[7:30] + train[:90] + "b" * 50 + train[-70:]
    matches = index.matches(copied)
    for start in range(len(copied)):
        length, place = int(matches.lengths[start]), int(matches.places[start])
        assert length == longest_by_search(copied, start, train)
        assert train[place : place + length] == copied[start : start + length]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.text("abc ", min_size=200, max_size=400), st.text("abcd ", max_size=100))
def test_any_text_against_any_corpus(text: str, written: str) -> None:
    if len(set(text) - {" "}) < 2:
        text += "ab"
    index, train = index_of(text)
    lengths = index.matches(written).lengths.tolist()
    assert lengths == [longest_by_search(written, i, train) for i in range(len(written))]


def test_a_long_copy_is_one_span(noise: tuple[CorpusIndex, str]) -> None:
    index, train = noise
    written = "ZZZ" + train[1000:1500] + "ZZ" + train[50:100] + "Z"
    assert index.longest_overlap(written) == Span(3, 500, 1000)
    assert index.copied_spans(written) == (Span(3, 500, 1000), Span(505, 50, 50))
    assert index.copied_spans(written, least=100) == (Span(3, 500, 1000),)


def test_of_equal_beginnings_the_longer_passage_is_followed() -> None:
    passage = NOISE[:100]
    text = passage + "1" + NOISE[2000:2500] + passage + NOISE[300:400] + "2" + NOISE[3000:3500]
    index, train = index_of(text)
    written = passage + NOISE[300:400]
    assert index.longest_overlap(written) == Span(0, 200, train.index(written))


def test_a_longer_passage_that_begins_within_a_copied_one_is_found_whole() -> None:
    text = NOISE[:150] + "1" + NOISE[2000:2500] + "2" + NOISE[50:300] + "3" + NOISE[3000:4000]
    index, _ = index_of(text)
    span = index.longest_overlap(NOISE[:300])
    assert span is not None
    assert (span.start, span.length) == (50, 250)


def test_spans_do_not_overlap_and_together_cover_what_was_copied() -> None:
    index, _ = index_of(NOISE[:100] + "1" + NOISE[50:200] + "2" + NOISE[2000:4000])
    spans = index.copied_spans(NOISE[:200])
    assert [span.start for span in spans] == [0, 100]
    assert sum(span.length for span in spans) == 200


def test_only_the_training_part_counts(noise: tuple[CorpusIndex, str]) -> None:
    index, train = noise
    assert index.copied_spans(NOISE[len(train) :]) == ()


def test_characters_that_the_corpus_does_not_know_match_nothing(
    noise: tuple[CorpusIndex, str],
) -> None:
    index, _ = noise
    assert index.longest_overlap("☃ÄÖ") is None
    assert index.novelty("☃ÄÖ☃ÄÖ", 5) == 1.0


def test_the_unknown_symbol_matches_nothing_either() -> None:
    corpus = Corpus.from_text("abab" * 60 + "☃☃☃", cap=2, validation=0.01)
    index = CorpusIndex.of(corpus)
    assert index.matches("ab☃a").lengths.tolist() == [2, 1, 0, 1]


def test_novelty_is_the_share_of_new_ngrams(noise: tuple[CorpusIndex, str]) -> None:
    index, train = noise
    assert index.novelty(train[300:400], 20) == 0.0
    assert index.novelty("Z" * 100, 5) == 1.0
    assert index.novelty(train[:10] + "Z" * 10, 5) == pytest.approx(10 / 16)
    assert index.novelty("ab", 5) == 0.0
    assert index.novelty("", 5) == 0.0


def test_an_empty_text_has_no_overlap(noise: tuple[CorpusIndex, str]) -> None:
    assert noise[0].longest_overlap("") is None
    assert noise[0].copied_spans("") == ()


def test_a_large_corpus_is_indexed_in_part_and_says_so() -> None:
    corpus = Corpus.from_text(NOISE)
    assert CorpusIndex.of(corpus).complete
    part = CorpusIndex.of(corpus, most=1000)
    assert not part.complete
    assert part.longest_overlap(NOISE[900:1100]) == Span(0, 100, 900)


def test_every_rank_is_sorted_by_its_window(noise: tuple[CorpusIndex, str]) -> None:
    index, train = noise
    windows = [train[place : place + WINDOW] for place in index.order.tolist()]
    assert windows == sorted(windows)


class TestLoops:
    def test_a_passage_three_times_over_is_a_loop(self) -> None:
        text = "It began well, and then:\n" + "the state of the world and " * 6
        assert find_loop(text) == Loop(25, 27, 6)

    def test_a_loop_that_stopped_in_the_middle_of_a_round_is_one(self) -> None:
        text = "Once. " + "and so the king said to the queen " * 4 + "and so the"
        loop = find_loop(text)
        assert loop is not None
        assert (loop.period, loop.times) == (34, 4)

    def test_one_character_over_and_over_is_a_loop(self) -> None:
        assert find_loop("so " + "a" * 150) == Loop(3, 1, 150)

    def test_a_loop_longer_than_what_is_looked_at_is_counted_whole(self) -> None:
        assert find_loop("x" + "ab" * 5000) == Loop(1, 2, 5000)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a",
            "ha ha ha ha ha ha",
            "Chapter one\n" + "-" * 80 + "\n",
            "Row, row, row your boat, gently down the stream. " * 2,
            "A loop " * 40 + "that it got out of again, after all, to say something else.",
        ],
    )
    def test_what_is_no_loop(self, text: str) -> None:
        assert find_loop(text) is None

    @pytest.mark.parametrize("essays", ["essays-en", "essays-zh"])
    def test_prose_never_fires(self, essays: str) -> None:
        files: list[Path] = sorted((ASSETS / "corpora" / essays).glob("*.txt"))
        text = "\n\n".join(file.read_text("utf-8") for file in files)
        assert text
        for end in range(400, len(text), 997):
            assert find_loop(text[max(0, end - 1300) : end]) is None
