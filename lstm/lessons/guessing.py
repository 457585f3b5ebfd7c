"""Shannon's game: how well can a text be guessed, by a person, by counting, by a network?

Whoever plays names the next character, again and again, until it is right; how many guesses it
took is the rank. A perfect twin of the player could write the text anew from the ranks alone, so
their entropy bounds that of the text. Machines give chances to all characters: the ranks follow,
and the surprise ``-log2 p`` besides.

Source: Shannon 1951, "Prediction and Entropy of Printed English", Bell System Technical Journal
30, 50-64. Knows nothing of who plays.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from lstm.errors import InsightError
from lstm.insight.reading import Ids, as_array, blocks, checked
from lstm.model import CharModel, State, evaluating

ORDER = 5
"""Of the counting model: it looks at the four characters before."""

GUESSES = 5
"""That a player has for each character before it is shown."""

Chances = npt.NDArray[np.float64]
Rank = int | None
"""Number of the guess that was right, from 1; None if none of ``GUESSES`` was."""


@dataclass(frozen=True, eq=False)
class Opinion:
    """What a machine expected of a passage of T characters.

    Attributes:
        order: Ids from the likeliest to the least likely, (T, V) int64.
        bits: Surprise at each character, (T,) float64.
        ranks: Number of guesses that it would have needed, (T,) int64, from 1.
    """

    order: npt.NDArray[np.int64]
    bits: Chances
    ranks: npt.NDArray[np.int64]

    @classmethod
    def of(cls, chances: Chances, ids: Ids) -> "Opinion":
        """Judge chances (T, V), rows summing to 1, by what came, (T,)."""
        targets = np.asarray(ids, dtype=np.int64)
        order = np.argsort(-chances, axis=1, kind="stable")
        ranks = (order == targets[:, None]).argmax(axis=1) + 1
        bits = -np.log2(chances[np.arange(len(targets)), targets])
        return cls(order, bits, ranks)

    def guesses(self, most: int = GUESSES) -> list[Rank]:
        """Return its ranks as those of a player who has so many guesses."""
        return [rank if rank <= most else None for rank in self.ranks.tolist()]


def counted(train: Ids, before: Ids, passage: Ids, size: int, order: int = ORDER) -> Opinion:
    """Return what a model expects that does nothing but count.

    The same interpolated Witten-Bell estimate as the reference lines of ``lstm.baselines``.

    Args:
        train: The text in which is counted, (N,).
        before: The characters before the passage.
        passage: The passage, (T,), T at least 1.
        size: Size V of the vocabulary.
        order: It looks ``order - 1`` characters back.

    Raises:
        InsightError: The passage is empty.
    """
    checked(passage)
    text = np.concatenate([np.asarray(before[-order:]), np.asarray(passage)]).astype(np.int64)
    first = len(text) - len(passage)
    known = np.asarray(train)
    places = range(first, len(text))
    rows = [_counted(known, text[max(0, at - order + 1) : at], size) for at in places]
    return Opinion.of(np.stack(rows), passage)


def _counted(train: Ids, context: npt.NDArray[np.int64], size: int) -> Chances:
    """Return the chances (V,) after a context, from the shortest part of it to the whole."""
    chances = np.full(size, 1.0 / size)
    places = np.arange(len(train))  # of the characters that followed this much of the context
    for back in range(len(context) + 1):
        if back:
            places = places[places >= back]
            places = places[train[places - back] == context[-back]]
        if not len(places):
            break
        times = np.bincount(train[places], minlength=size)
        kinds = np.count_nonzero(times)
        chances = (times + kinds * chances) / (len(places) + kinds)
    return chances


def expected(model: CharModel, before: Ids, passage: Ids) -> Opinion:
    """Return what a network expects that has read what stands before.

    Args:
        model: The network.
        before: The characters before the passage, at least one.
        passage: The passage, (T,), T at least 1.

    Raises:
        InsightError: One of them is empty.
    """
    text = np.concatenate([checked(before), checked(passage)])
    state: State = model.zero_state(1)
    parts = []
    with evaluating(model):
        for block in blocks(model, text[:-1]):
            logits, state = model(block[None], state)
            parts.append(as_array(torch.softmax(logits[0].float(), dim=-1)))
    chances = np.concatenate(parts)[len(before) - 1 :].astype(np.float64)
    chances = np.maximum(chances, np.finfo(np.float32).tiny)
    return Opinion.of(chances / chances.sum(axis=1, keepdims=True), passage)


def upper_bound(ranks: Sequence[Rank], size: int, most: int = GUESSES) -> float:
    """Return Shannon's upper bound in bits per character: the entropy of the ranks.

    A character that was not guessed costs, besides, to be named among those that were not tried.
    From few guesses the figure is rough, and too low rather than too high.

    Args:
        ranks: Of N characters, N at least 1.
        size: Size V of the vocabulary.
        most: Guesses that there were for each.

    Raises:
        InsightError: Nothing was guessed.
    """
    shares = _shares(ranks)
    entropy = -sum(share * math.log2(share) for share in shares.values())
    return abs(entropy) + shares.get(None, 0.0) * math.log2(max(1, size - most))


def lower_bound(ranks: Sequence[Rank]) -> float | None:
    """Return Shannon's lower bound in bits per character; None if a character was not guessed.

    ``sum_i i (q_i - q_(i+1)) log2 i`` with q the falling shares of the ranks: no player can do
    with less, if their ranks are those of a perfect guesser.

    Raises:
        InsightError: Nothing was guessed.
    """
    shares = _shares(ranks)
    if None in shares:
        return None
    falling = [*sorted(shares.values(), reverse=True), 0.0]
    return sum(
        rank * (share - after) * math.log2(rank)
        for rank, (share, after) in enumerate(pairwise(falling), 1)
    )


def _shares(ranks: Sequence[Rank]) -> dict[Rank, float]:
    if not ranks:
        raise InsightError("insight_too_short", least=1, characters=0)
    return {rank: times / len(ranks) for rank, times in Counter(ranks).items()}
