"""The vectorised counts give what the formula says, counted the slow way."""

import math
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from lstm.baselines import SAMPLE_CHARACTERS, Baseline, baselines
from lstm.corpus import Corpus, Vocabulary

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"


def by_key(corpus: Corpus, sample_characters: int = SAMPLE_CHARACTERS) -> dict[str, Baseline]:
    return {line.key: line for line in baselines(corpus, sample_characters=sample_characters)}


def prose(characters: int, *, letters: str = "etaoin shrdlu.\n") -> str:
    """Text whose next character depends on the two before, so that orders differ."""
    rng = random.Random(1)
    follow = {a + b: rng.sample(letters, 4) for a in letters for b in letters}
    text = letters[:2]
    while len(text) < characters:
        text += rng.choices(follow[text[-2:]], (8, 4, 2, 1))[0]
    return text


def witten_bell(train: list[int], held_out: list[int], size: int, order: int) -> float:
    """Bits per character by dictionaries, straight from the formula."""
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for n in range(order):
        for i in range(n, len(train)):
            counts[tuple(train[i - n : i])][train[i]] += 1

    def chance(context: tuple[int, ...], character: int) -> float:
        below = chance(context[1:], character) if context else 1 / size
        seen = counts.get(context)
        if seen is None:
            return below
        return (seen[character] + len(seen) * below) / (seen.total() + len(seen))

    bits = 0.0
    for i, character in enumerate(held_out):
        bits -= math.log2(chance(tuple(held_out[max(0, i - order + 1) : i]), character))
    return bits / len(held_out)


@pytest.mark.parametrize("text", [prose(3000), "ab" * 150 + "c", prose(400) + "☃x汉" * 40])
def test_counts_agree_with_the_formula(text: str) -> None:
    corpus = Corpus.from_text(text, validation=0.2)
    lines = by_key(corpus)
    train, held_out = corpus.train.tolist(), corpus.held_out.tolist()
    for order in range(1, 7):
        line = lines["unigram" if order == 1 else f"ngram{order}"]
        slow = witten_bell(train, held_out, corpus.vocabulary.size, order)
        assert line.order == order
        assert line.bits == pytest.approx(slow, abs=1e-9)


def test_the_lines_come_in_order_and_cover_all() -> None:
    lines = list(baselines(Corpus.from_text(prose(2000)), orders=(2, 4)))
    assert [line.key for line in lines] == ["uniform", "unigram", "ngram2", "ngram4", "xz"]
    assert lines[0].bits == math.log2(Corpus.from_text(prose(2000)).vocabulary.size)
    assert not any(line.sampled for line in lines)


def test_what_depends_on_two_characters_is_best_told_by_order_three() -> None:
    lines = by_key(Corpus.from_text(prose(30_000)))
    assert lines["uniform"].bits > lines["unigram"].bits > lines["ngram2"].bits
    assert min(lines.values(), key=lambda line: line.bits).key == "ngram3"
    entropy = -sum(p * math.log2(p) for p in (8 / 15, 4 / 15, 2 / 15, 1 / 15))
    assert lines["ngram3"].bits == pytest.approx(entropy, abs=0.15)


def test_xz_knows_a_text_that_repeats_and_not_one_that_is_random() -> None:
    rng = random.Random(2)
    noise = "".join(rng.choices("abcdefgh", k=40_000))
    assert by_key(Corpus.from_text(noise))["xz"].bits == pytest.approx(3, abs=0.3)
    again = Corpus.from_text(noise + noise, validation=0.5)
    assert by_key(again)["xz"].bits < 0.05


def test_a_large_text_is_sampled_and_says_so() -> None:
    lines = by_key(Corpus.from_text(prose(20_000)), sample_characters=4000)
    assert not lines["uniform"].sampled
    assert lines["ngram3"].sampled
    assert lines["xz"].sampled
    assert lines["ngram3"].bits < lines["unigram"].bits


def test_unknown_and_unseen_characters_cost_bits_but_never_infinitely_many() -> None:
    corpus = Corpus.from_text(prose(2000) + "☃" * 20 + "xyz" * 60, cap=16)
    assert corpus.vocabulary.unknown is not None
    assert all(math.isfinite(line.bits) for line in baselines(corpus))


def test_names_of_long_ngrams_do_not_overflow_with_the_largest_vocabulary() -> None:
    rng = np.random.default_rng(1)
    ids = rng.integers(0, 60_000, 20_000).astype(np.uint16)
    characters = tuple(map(chr, range(0x10000, 0x10000 + 60_000)))
    corpus = Corpus("wide", np.concatenate([ids, ids]), Vocabulary(characters), 0.5, False)
    lines = by_key(corpus)
    assert lines["ngram6"].bits < lines["ngram2"].bits < lines["unigram"].bits


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora do not lie beside the project")
def test_known_values_on_tinyshakespeare() -> None:
    corpus = Corpus.from_files([CORPORA / "tinyshakespeare.txt"])
    nats = {key: line.bits * math.log(2) for key, line in by_key(corpus).items()}
    known = {"uniform": 4.17, "unigram": 3.35, "ngram2": 2.49, "ngram3": 2.05, "ngram4": 1.77}
    for key, value in (known | {"ngram5": 1.67}).items():
        assert nats[key] == pytest.approx(value, abs=0.006)
