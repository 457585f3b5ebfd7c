"""Authorship, outlook and novelty: texts held against networks and against other texts."""

import numpy as np
import pytest

from lstm.config import SampleConfig
from lstm.corpus import Corpus
from lstm.errors import InsightError
from lstm.insight.authorship import Reader, who_wrote
from lstm.insight.fresh import fresh
from lstm.insight.intervention import Draft
from lstm.insight.novelty import GRAMS, novelty, novelty_by_temperature
from lstm.insight.outlook import next_logits, outlook
from lstm.insight.surprise import surprise
from lstm.memorisation import CorpusIndex
from lstm.model import CharModel
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.engine_tools import network, words
from tests.insight.insight_tools import some_ids

CORPUS = Corpus.from_text(words(900))
ENGLISH = Reader(network(CORPUS.vocabulary.size), CORPUS.vocabulary)


def likes(text: str, favourite: str) -> Reader:
    """A network that expects one character, whatever stands before it."""
    vocabulary = Vocabulary.of(text)
    model = fresh(vocabulary.size, network(2).config)
    model.head.get_parameter("weight").data.zero_()
    model.head.bias.data[vocabulary.characters.index(favourite)] = 5.0
    return Reader(model, vocabulary)


def test_each_sentence_goes_to_whom_it_surprises_least() -> None:
    readers = [likes("ab. ", "a"), likes("ab. ", "b")]
    verdict = who_wrote(readers, "aaaa. bbbbb. aaaa.")
    assert len(verdict.sentences) == 3
    assert verdict.winners.tolist() == [0, 1, 0]
    assert verdict.winner == 0
    for number, part in enumerate(verdict.sentences):
        wanted = verdict.bits[:, part.start : part.stop].mean(axis=1)
        np.testing.assert_allclose(verdict.sentence_bits[:, number], wanted, rtol=1e-5)
    np.testing.assert_allclose(verdict.mean_bits, verdict.bits.mean(axis=1), rtol=1e-5)


def test_bits_are_each_networks_own_surprise() -> None:
    text = "the cat sat.\n"
    other = likes(text, "t")
    verdict = who_wrote([ENGLISH, other], text)
    for row, reader in zip(verdict.bits, (ENGLISH, other), strict=True):
        wanted = surprise(reader.model, reader.vocabulary.encode(text)).bits
        np.testing.assert_array_equal(row, wanted)


def test_what_one_does_not_know_counts_for_none() -> None:
    verdict = who_wrote([likes("ab字。", "a"), likes("ab. ", "b")], "aa. 字。ab.")
    assert verdict.known.tolist() == [True, True, False, False, False, False, True, True, False]
    assert len(verdict.sentences) == 3
    assert np.isnan(verdict.sentence_bits[:, 1]).all()
    assert verdict.winners[1] == -1
    np.testing.assert_allclose(verdict.mean_bits, verdict.bits[:, verdict.known].mean(axis=1))


def test_a_network_without_capitals_reads_the_text_without_them() -> None:
    low = Reader(ENGLISH.model, ENGLISH.vocabulary, lowercase=True)
    verdict = who_wrote([low, low], "The CAT")
    np.testing.assert_array_equal(verdict.bits, who_wrote([low, low], "the cat").bits)
    assert who_wrote([low, low], "İ a").bits.shape == (2, 3)  # its lower case has two characters


def test_a_classic_network_reads_in_windows() -> None:
    windowed = Reader(ENGLISH.model, ENGLISH.vocabulary, window=3)
    verdict = who_wrote([ENGLISH, windowed], "the cat sat on")
    assert (verdict.bits[0, :4] == verdict.bits[1, :4]).all()
    assert (verdict.bits[0, 4:] != verdict.bits[1, 4:]).any()


def test_nothing_to_compare() -> None:
    with pytest.raises(InsightError, match="at least 1"):
        who_wrote([ENGLISH, ENGLISH], "")
    with pytest.raises(InsightError, match="share no character"):
        who_wrote([ENGLISH, ENGLISH], "字字")


def test_the_outlook_is_what_the_network_says_next(model: CharModel) -> None:
    ids = some_ids(20)
    found = outlook(next_logits(model, ids[:-1]), SampleConfig(temperature=0.5))
    bits = surprise(model, ids)
    assert found.plain_entropy == pytest.approx(float(bits.entropy[-1]), abs=1e-4)
    assert found.plain[ids[-1]] == pytest.approx(2 ** -bits.bits[-1], rel=1e-3)
    assert found.order[:3].tolist() == bits.top[-1].tolist()
    sharpened = found.plain.astype(np.float64) ** 2
    np.testing.assert_allclose(found.shaped, sharpened / sharpened.sum(), rtol=1e-3)
    assert found.shaped_entropy < found.plain_entropy
    plain, shaped = found.others(3)
    assert plain == pytest.approx(1 - found.plain[found.order[:3]].sum(), abs=1e-6)
    assert shaped == pytest.approx(1 - found.shaped[found.order[:3]].sum(), abs=1e-6)
    assert found.others(11) == (0, 0)


def test_greedy_and_unknown() -> None:
    logits = np.array([0.0, 3.0, 1.0, 9.0], np.float32)
    found = outlook(logits, SampleConfig(temperature=0.0), unknown=3)
    assert found.shaped.tolist() == [0, 1, 0, 0]
    assert found.shaped_entropy == 0
    assert found.plain[3] == 0
    assert found.order[0] == 1
    assert logits[3] == 9
    assert UNKNOWN not in "".join(CORPUS.vocabulary.characters)


def test_the_outlook_of_nothing_is_refused() -> None:
    with pytest.raises(InsightError):
        next_logits(ENGLISH.model, some_ids(0))


INDEX = CorpusIndex.of(CORPUS)


def test_a_copied_text_is_not_new() -> None:
    text = CORPUS.excerpt(100, 120)
    found = novelty(INDEX, text)
    assert found.new == (0, 0, 0)
    assert found.copied_share == 1
    assert found.longest is not None
    assert found.longest.length == 120
    assert found.temperature is None


def test_an_invented_text_is_new() -> None:
    found = novelty(INDEX, "zq" * 30)
    assert found.new == (1, 1, 1)
    assert found.copied == ()
    assert found.copied_share == 0
    assert found.longest is None
    assert found.loop is None
    assert novelty(INDEX, "").copied_share == 0


def test_a_loop_is_told() -> None:
    found = novelty(INDEX, "the cat sat " * 20).loop
    assert found is not None
    assert found.period == 12


def test_novelty_by_temperature_keeps_opening_and_dice() -> None:
    draft = Draft("the cat", 60, SampleConfig(top_k=5), rng=4)
    found = list(novelty_by_temperature(ENGLISH.model, INDEX, draft, (0.0, 1.0, 1.5)))
    assert [one.temperature for one in found] == [0.0, 1.0, 1.5]
    assert [one.share for one in found] == pytest.approx([1 / 3, 2 / 3, 1])
    for one in found:
        assert one.temperature is not None
        sample = SampleConfig(temperature=one.temperature, top_k=5)
        wanted = Draft("the cat", 60, sample, rng=4)
        assert one.text == wanted.written_by(ENGLISH.model, CORPUS.vocabulary)
        assert one.new == tuple(INDEX.novelty(one.text, n) for n in GRAMS)
