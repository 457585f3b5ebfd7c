"""What simple methods reach on the same split, so that a network's figure means something.

From a blind guess over letter frequencies and n-grams to a file compressor, all in bits per
character of the held-out text, all having seen the training part alone. Knows nothing of
networks.
"""

import lzma
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lstm.corpus import Corpus, Ids

ORDERS = (2, 3, 4, 5, 6)
"""Orders of the n-gram models: an order of n looks n - 1 characters back."""

SAMPLE_CHARACTERS = 4_000_000
"""Most training characters that are counted; a quarter of it is the most that is scored."""

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """One reference line.

    Attributes:
        key: ``"uniform"``, ``"unigram"``, ``"ngram2"`` to ``"ngram6"`` or ``"xz"``.
        order: Order of the n-gram model, 1 for letter frequencies, None for the others.
        bits: Bits per character on the held-out text.
        sampled: Whether the text was too large to be counted and scored completely: the end
            of the training part and the beginning of the held-out part were taken instead.
    """

    key: str
    order: int | None
    bits: float
    sampled: bool


def baselines(
    corpus: Corpus,
    *,
    orders: Sequence[int] = ORDERS,
    sample_characters: int = SAMPLE_CHARACTERS,
) -> Iterator[Baseline]:
    """Yield the reference lines, cheapest first, each as soon as it is known.

    ``UNKNOWN`` counts as a symbol like any other, as it does for the network.

    Args:
        corpus: The text and its split.
        orders: Which n-gram models to yield, each at least 2.
        sample_characters: Bound on the training characters that are counted.
    """
    train = corpus.train[-sample_characters:]
    held_out = corpus.held_out[: max(1, sample_characters // 4)]
    sampled = len(train) + len(held_out) < corpus.characters
    size = corpus.vocabulary.size
    yield Baseline("uniform", None, math.log2(size), False)
    for order, bits in _ngram_bits(train, held_out, size, max(orders, default=1)):
        if order == 1:
            yield Baseline("unigram", 1, bits, sampled)
        elif order in orders:
            yield Baseline(f"ngram{order}", order, bits, sampled)
    decode = corpus.vocabulary.decode
    yield Baseline("xz", None, _xz_bits(decode(train), decode(held_out)), sampled)


def _ngram_bits(train: Ids, held_out: Ids, size: int, most: int) -> Iterator[tuple[int, float]]:
    """Yield (order, bits per character) of interpolated Witten-Bell models of rising order.

    The estimate for character w after the context h, with c the counts in the training text,
    T(h) the number of different characters seen after h and h' the context without its oldest
    character:

        p(w | h) = (c(h w) + T(h) p(w | h')) / (c(h) + T(h)),   p(w | h') where h is unseen.

    The empty context falls back on the uniform 1 / size. The first characters of the held-out
    text have shorter contexts, because the network starts there from zero, too.

    Source: Witten & Bell 1991, "The zero-frequency problem" (method C), in the interpolated
    form of Chen & Goodman 1999, "An empirical study of smoothing techniques for language
    modeling".
    """
    chance = np.full(len(held_out), 1.0 / size)
    seen = np.zeros(len(train), dtype=np.int64)  # context of each character, as a dense number
    asked = np.zeros(len(held_out), dtype=np.int64)  # the same numbers, -1 where unseen
    for order in range(1, most + 1):
        counts, seen = _Counts.of(seen, train, size)
        chance, asked = counts.interpolated(asked, held_out, chance)
        yield order, float(-np.log2(chance).mean())
        seen, asked = _moved_on(seen), _moved_on(asked)


def _moved_on(grams: Places) -> Places:
    """Turn the n-gram that ends at each place into the context of the place after it."""
    return np.concatenate(([-1], grams[:-1]))


@dataclass(frozen=True)
class _Counts:
    """N-grams of one order, each named by (context number) * size + (id of its last one).

    A context's number is the place of its own n-gram among those of the order below, so names
    stay below 2**63 however long the n-gram and however large the vocabulary.

    Attributes:
        names: Every n-gram seen, rising; shape (grams,).
        times: How often each was seen; shape (grams,).
        total: How often each context was seen; shape (contexts,).
        types: How many different characters followed it; shape (contexts,).
    """

    names: Places
    times: Places
    total: Floats
    types: Floats
    size: int

    @classmethod
    def of(cls, contexts: Places, ids: Ids, size: int) -> tuple["_Counts", Places]:
        """Count; return the counts and the number of the n-gram that ends at each place."""
        known = contexts >= 0
        spelled = contexts[known] * size + ids[known]
        names, numbers, times = np.unique(spelled, return_inverse=True, return_counts=True)
        owners = names // size
        total = np.bincount(owners, weights=times).astype(np.float64)
        grams = np.full(len(ids), -1, dtype=np.int64)
        grams[known] = numbers
        types = np.bincount(owners).astype(np.float64)
        return cls(names, times, total, types, size), grams

    def interpolated(self, contexts: Places, ids: Ids, below: Floats) -> tuple[Floats, Places]:
        """Return each place's probability and the number of the n-gram ending there, or -1.

        Args:
            contexts: Number of each place's context, -1 where it is unseen; shape (places,).
            ids: The character to be predicted at each place; shape (places,).
            below: Its probability at the order below; shape (places,).
        """
        # The last n-gram of the training text may have no successor, and so no counts.
        usable = (contexts >= 0) & (contexts < len(self.total))
        usable[usable] = self.total[contexts[usable]] > 0
        context = contexts[usable]
        spelled = context * self.size + ids[usable]
        place = np.minimum(np.searchsorted(self.names, spelled), len(self.names) - 1)
        found = self.names[place] == spelled
        times = np.where(found, self.times[place], 0)
        types = self.types[context]
        chance = below.copy()
        chance[usable] = (times + types * below[usable]) / (self.total[context] + types)
        grams = np.full(len(ids), -1, dtype=np.int64)
        grams[usable] = np.where(found, place, -1)
        return chance, grams


def _xz_bits(train: str, held_out: str) -> float:
    """Return what the held-out text adds to the xz file of the training text, per character."""
    known = _xz_size(train)
    return (_xz_size(train + held_out) - known) * 8 / len(held_out)


def _xz_size(text: str) -> int:
    return len(lzma.compress(text.encode("utf-8", "surrogatepass"), preset=6))
