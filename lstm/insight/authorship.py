"""Who wrote this? Several networks read the same text; the least surprised one knows it best.

Each network reads the text in its own spelling: what it does not know is replaced on the way in
and left out of the comparison for all. A network that was trained on lower-cased text reads it
lower-cased: it is then not asked for capitals, which makes its task a little easier.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.errors import InsightError
from lstm.insight.reading import Floats
from lstm.insight.sentences import Sentence, sentences
from lstm.insight.surprise import surprise
from lstm.model import CharModel
from lstm.vocabulary import Vocabulary

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reader:
    """A network together with what it takes to read a text as it was trained.

    Attributes:
        model: The network.
        vocabulary: Its symbols.
        lowercase: Whether its text was lower-cased.
        window: Length of its windows if it was trained by the classic recipe.
    """

    model: CharModel
    vocabulary: Vocabulary
    lowercase: bool = False
    window: int | None = None


@dataclass(frozen=True, eq=False)
class Verdict:
    """How well each of M networks predicted a text.

    Attributes:
        bits: Surprise at each character, (M, T).
        known: Whether all networks know the character, (T,) bool; the others do not count.
        sentences: The text's sentences, S of them.
        sentence_bits: Bits per character of each network on each sentence, (M, S) float64; NaN
            where a sentence has no character that counts.
        mean_bits: The same over the whole text, (M,) float64.
        winners: The least surprised network on each sentence, (S,) int64, -1 where none.
        winner: The least surprised one on the whole text.
    """

    bits: Floats
    known: npt.NDArray[np.bool_]
    sentences: tuple[Sentence, ...]
    sentence_bits: Doubles
    mean_bits: Doubles
    winners: npt.NDArray[np.int64]
    winner: int


def who_wrote(readers: Sequence[Reader], text: str) -> Verdict:
    """Let networks compete for a text.

    Args:
        readers: The networks, M of them, 2 usually.
        text: The text, T characters as the visitor typed them.

    Raises:
        InsightError: The text is empty, or no character of it is known to all.
    """
    if not text:
        raise InsightError("insight_too_short", least=1, characters=0)
    bits, known = [], np.ones(len(text), dtype=np.bool_)
    for reader in readers:
        spelled = _lowered(text) if reader.lowercase else text
        known &= reader.vocabulary.knows(spelled)
        ids = reader.vocabulary.encode(spelled)
        bits.append(surprise(reader.model, ids, window=reader.window).bits)
    if not known.any():
        raise InsightError("insight_nothing_known")
    return _judged(np.stack(bits), known, sentences(text))


def _judged(bits: Floats, known: npt.NDArray[np.bool_], parts: tuple[Sentence, ...]) -> Verdict:
    starts = [part.start for part in parts]
    counted = np.add.reduceat(known.astype(np.float64), starts)
    sums = np.add.reduceat(np.where(known, bits, 0.0).astype(np.float64), starts, axis=1)
    means = np.where(counted > 0, sums / np.maximum(counted, 1.0), np.nan)
    mean_bits = bits[:, known].mean(axis=1, dtype=np.float64)
    winners = np.where(counted > 0, sums.argmin(axis=0), -1)
    return Verdict(bits, known, parts, means, mean_bits, winners, int(mean_bits.argmin()))


def _lowered(text: str) -> str:
    """Lower-case character by character, so that the text keeps its length (İ would not)."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)
