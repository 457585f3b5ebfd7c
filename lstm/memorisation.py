"""Does the network invent, or does it copy? And has it begun to go round in circles?

A suffix array over the training text finds, for every place of a written text, the longest
passage that stands word for word in the training text. Knows nothing of networks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from lstm.corpus import Corpus, Ids
from lstm.vocabulary import Vocabulary

MOST_INDEXED = 4_000_000
"""Training characters that are indexed at most, from the beginning: bounds time and memory."""

WINDOW = 64
"""Characters by which the suffixes are sorted; longer matches are followed up directly."""

LEAST_COPIED = 40
"""Shortest passage that counts as copied: chance and common phrases end well before."""

_CANDIDATES = 32
"""Equal passages of the training text that are followed up."""

_BATCH = 4096
"""Places of a text that are searched at a time."""

Integers = npt.NDArray[np.int64]


class Span(NamedTuple):
    """A passage of a text that stands word for word in the training text.

    Attributes:
        start: Where it begins in the text, in characters.
        length: Its characters.
        place: Where it begins in the training text.
    """

    start: int
    length: int
    place: int


@dataclass(frozen=True, eq=False)
class Matches:
    """The longest match from every place of one text.

    Attributes:
        lengths: Characters from each place on that stand in the training text; shape (T,).
        places: Where they stand there; meaningless where the length is 0; shape (T,).
    """

    lengths: Integers
    places: Integers

    def longest(self) -> Span | None:
        """Return the longest copied passage, or None if not one character is known."""
        if not len(self.lengths) or not self.lengths.max():
            return None
        return self._span(int(self.lengths.argmax()))

    def copied(self, least: int = LEAST_COPIED) -> tuple[Span, ...]:
        """Return the passages of at least so many characters, in order, none overlapping."""
        spans: list[Span] = []
        end = 0
        for start in np.flatnonzero(self.lengths >= least).tolist():
            if start + self.lengths[start] <= end:
                continue
            overlap = max(0, end - start)
            span = self._span(start)
            spans.append(Span(start + overlap, span.length - overlap, span.place + overlap))
            end = start + span.length
        return tuple(spans)

    def novelty(self, n: int) -> float:
        """Return the share of the text's n-grams that the training text does not hold, 0 to 1.

        A text shorter than n has none, and the share is 0.
        """
        grams = len(self.lengths) - n + 1
        return float((self.lengths[:grams] < n).mean()) if grams > 0 else 0.0

    def _span(self, start: int) -> Span:
        return Span(start, int(self.lengths[start]), int(self.places[start]))


@dataclass(frozen=True, eq=False)
class CorpusIndex:
    """A searchable training text: immutable, so it can be shared and cached.

    Attributes:
        vocabulary: What the ids mean.
        ids: The indexed ids and ``WINDOW`` times -1 behind them; shape (N + WINDOW,), int32.
        order: Places of the text, sorted by the ``WINDOW`` characters from there; shape (N,).
        complete: Whether the whole training text is indexed; a long one is cut.
    """

    vocabulary: Vocabulary
    ids: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32]
    complete: bool

    @classmethod
    def of(cls, corpus: Corpus, most: int = MOST_INDEXED) -> Self:
        """Index the training part of a corpus, ``most`` characters of it at most."""
        train = corpus.train[:most]
        order = _suffix_order(train, corpus.vocabulary.size).astype(np.int32)
        ids = np.concatenate([train.astype(np.int32), np.full(WINDOW, -1, dtype=np.int32)])
        return cls(corpus.vocabulary, ids, order, len(train) == corpus.split)

    def matches(self, text: str) -> Matches:
        """Return the longest match from every place of a text.

        Exact up to ``WINDOW`` characters; of longer matches, the longest among the first
        ``_CANDIDATES`` equal passages.
        """
        ids = self.vocabulary.encode(text).astype(np.int32)
        # What the training text can't hold must match nothing, not what stands in for it.
        ids[~self.vocabulary.knows(text)] = self.vocabulary.size
        padded = np.concatenate([ids, np.full(WINDOW, self.vocabulary.size, dtype=np.int32)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(ids)]
        first = np.zeros(len(ids), dtype=np.int64)
        lengths, places = first.copy(), first.copy()
        for start in range(0, len(ids), _BATCH):
            batch = slice(start, start + _BATCH)
            first[batch] = self._first_not_less(windows[batch])
            lengths[batch], places[batch] = self._nearest(windows[batch], first[batch])
        for span in self._long_spans(ids, lengths, first):
            left = np.arange(span.length)
            here = slice(span.start, span.start + span.length)
            longer = lengths[here] < span.length - left
            lengths[here][longer] = (span.length - left)[longer]
            places[here][longer] = (span.place + left)[longer]
        return Matches(lengths, places)

    def longest_overlap(self, text: str) -> Span | None:
        """Return the longest passage of a text that was copied; see ``Matches.longest``."""
        return self.matches(text).longest()

    def copied_spans(self, text: str, least: int = LEAST_COPIED) -> tuple[Span, ...]:
        """Return the copied passages of a text; see ``Matches.copied``."""
        return self.matches(text).copied(least)

    def novelty(self, text: str, n: int) -> float:
        """Return the share of a text's n-grams that are new; see ``Matches.novelty``."""
        return self.matches(text).novelty(n)

    def _first_not_less(self, windows: npt.NDArray[np.int32]) -> Integers:
        """Return the rank of the first suffix that is not below each window; shape (T,)."""
        low = np.zeros(len(windows), dtype=np.int64)
        high = np.full(len(windows), len(self.order), dtype=np.int64)
        for _ in range(len(self.order).bit_length()):
            middle = (low + high) // 2
            common, suffixes = self._compared(windows, middle)
            at = np.minimum(common, WINDOW - 1)[:, None]
            below = np.take_along_axis(suffixes, at, 1) < np.take_along_axis(windows, at, 1)
            below = below[:, 0] & (low < high)
            low = np.where(below, middle + 1, low)
            high = np.where(below, high, middle)
        return low

    def _nearest(
        self, windows: npt.NDArray[np.int32], first: Integers
    ) -> tuple[Integers, Integers]:
        """Return the longest match and its place: one of the two neighbours in the order."""
        before, after = self._compared(windows, first - 1)[0], self._compared(windows, first)[0]
        rank = np.where(after >= before, first, first - 1).clip(0, len(self.order) - 1)
        return np.maximum(before, after), self.order[rank].astype(np.int64)

    def _compared(
        self, windows: npt.NDArray[np.int32], ranks: Integers
    ) -> tuple[Integers, npt.NDArray[np.int32]]:
        """Return how many characters each window shares with a suffix, and the suffixes."""
        starts = self.order[ranks.clip(0, len(self.order) - 1)]
        suffixes = self.ids[starts[:, None] + np.arange(WINDOW)]  # (T, WINDOW)
        differ = suffixes != windows
        return np.where(differ.any(1), differ.argmax(1), WINDOW), suffixes

    def _long_spans(
        self, ids: npt.NDArray[np.int32], lengths: Integers, first: Integers
    ) -> Iterator[Span]:
        """Yield the matches of ``WINDOW`` characters and more in their full length."""
        end = 0
        for start in np.flatnonzero(lengths == WINDOW).tolist():
            if start + WINDOW <= end:
                continue
            span = self._followed(ids, start, int(first[start]))
            end = span.start + span.length
            yield span

    def _followed(self, ids: npt.NDArray[np.int32], start: int, rank: int) -> Span:
        """Follow a match of ``WINDOW`` characters up to both its ends."""
        spans = []
        for place in self.order[rank : rank + _CANDIDATES].tolist():
            right = _shared(ids[start:], self.ids[place:])
            left = _shared(ids[:start][::-1], self.ids[:place][::-1])
            if right >= WINDOW:
                spans.append(Span(start - left, left + right, place - left))
        return max(spans, key=lambda span: span.length)


@dataclass(frozen=True)
class Loop:
    """The end of a text goes round in circles.

    Attributes:
        start: Where the circle begins, in characters of the text.
        period: Characters of one round.
        times: Whole rounds.
    """

    start: int
    period: int
    times: int


def find_loop(text: str, *, longest: int = 400, least: int = 100) -> Loop | None:
    """Return the loop that a text ends in, or None.

    A loop is the same passage at least three times without a gap, ``least`` characters in all.
    Neither a ruled line nor a refrain reaches that; a network that is caught does soon.

    Args:
        text: The text; only its end is looked at.
        longest: Longest passage that is looked for, in characters.
        least: Shortest loop, in characters.
    """
    tail = text[-3 * max(longest, least) :]
    codes = np.frombuffer(tail.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    for period in range(1, min(longest, len(codes) // 3) + 1):
        same = _shared(codes[::-1], codes[::-1][period:])
        if same >= 2 * period and same + period >= least:
            whole = period + _repeats_back(text, period)
            return Loop(len(text) - whole, period, whole // period)
    return None


def _repeats_back(text: str, period: int) -> int:
    """Count the characters, from the end on, that equal the one a period before."""
    places = range(len(text) - 1, period - 1, -1)
    return next((len(text) - 1 - i for i in places if text[i] != text[i - period]), len(places))


def _shared(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> int:
    """Return how many leading elements two arrays share."""
    least = min(len(a), len(b))
    differ = a[:least] != b[:least]
    return int(differ.argmax()) if differ.any() else least


def _suffix_order(ids: Ids, size: int) -> Integers:
    """Return the places of a text, sorted by the (at least) ``WINDOW`` characters from there.

    As many characters as fit into 63 bits are ranked at once; then the sorted width doubles
    with every round. It stops at ``WINDOW``, so a text full of repetitions costs no more.

    Source: prefix doubling, Manber & Myers 1993, "Suffix arrays: a new method for on-line
    string searches".
    """
    width, ranks = _packed(ids, size + 1)
    while width < WINDOW:
        following = np.zeros_like(ranks)
        following[: len(ranks) - width] = ranks[width:] + 1
        keys = ranks * (len(ranks) + 1) + following[: len(ranks)]
        ranks = np.unique(keys, return_inverse=True)[1]
        width *= 2
    return np.argsort(ranks, kind="stable")


def _packed(ids: Ids, base: int) -> tuple[int, Integers]:
    """Rank each place by its first characters; return how many, and the ranks."""
    width = 1
    while base ** (width + 1) < 2**63 and width < len(ids):
        width += 1
    shifted = np.concatenate([ids.astype(np.int64) + 1, np.zeros(width, dtype=np.int64)])
    keys = np.zeros(len(ids), dtype=np.int64)
    for offset in range(width):
        keys = keys * base + shifted[offset : offset + len(ids)]
    return width, np.unique(keys, return_inverse=True)[1]
