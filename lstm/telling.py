"""What is told of written characters: how likely each was and what else could have come.

Characters are drawn one by one, since each hangs on those before; what is to be told of them is
computed for many at once, in a fraction of the time. Knows nothing of networks and memories.
Axis letters: N characters, V vocabulary.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lstm.vocabulary import Vocabulary

Floats = npt.NDArray[np.float64]

TOP = 12
"""Alternatives that are told with each character."""

_NATS_PER_BIT = float(np.log(2.0))


class Alternatives(NamedTuple):
    """The likeliest characters at temperature 1, likeliest first."""

    characters: str
    at_one: list[float]
    """Their chances at temperature 1."""
    as_drawn: list[float]
    """Their chances in the distribution that was drawn from."""


class Written(NamedTuple):
    """One written character and how it came about."""

    position: int
    character: str
    id: int
    temperature: float
    probability: float
    """Its chance in the distribution that it was drawn from."""
    bits: float
    """Surprise at temperature 1: ``-log2 p``."""
    entropy: float
    """Bits that the network expected at temperature 1: the mean of the surprise."""
    top: Alternatives


def told(
    ids: Sequence[int],
    position: int,
    temperature: float,
    logits: npt.NDArray[np.float32],
    chances: Floats,
    vocabulary: Vocabulary,
) -> list[Written]:
    """Return what is told of successive characters.

    Args:
        ids: The characters that came, N of them.
        position: That of the first one.
        temperature: What the logits were divided by.
        logits: What the network had said before each, (N, V).
        chances: What each was drawn from, (N, V).
        vocabulary: Its symbols.
    """
    plain, log_plain = _plain(logits)
    rows = range(len(ids))
    columns = zip(
        range(position, position + len(ids)),
        [vocabulary.characters[place] for place in ids],
        ids,
        [temperature] * len(ids),
        chances[rows, ids].tolist(),
        (log_plain[rows, ids] / -_NATS_PER_BIT).tolist(),
        (np.vecdot(plain, log_plain) / -_NATS_PER_BIT).tolist(),
        _top(plain, chances, vocabulary),
        strict=True,
    )
    return list(map(Written._make, columns))


def alternatives(
    logits: npt.NDArray[np.float32], chances: Floats, vocabulary: Vocabulary
) -> Alternatives:
    """Return what could come at one place.

    Args:
        logits: What the network says there, (V,).
        chances: What would be drawn from, (V,).
        vocabulary: Its symbols.
    """
    return _top(_plain(logits[None])[0], chances[None], vocabulary)[0]


def _plain(logits: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return the distributions at temperature 1 and their natural logarithms, each (N, V)."""
    scores = logits.astype(np.float64)
    scores -= scores.max(1, keepdims=True)
    plain = np.exp(scores)
    totals = plain.sum(1, keepdims=True)
    plain /= totals
    scores -= np.log(totals)
    return plain, scores


def _top(plain: Floats, chances: Floats, vocabulary: Vocabulary) -> list[Alternatives]:
    places = _likeliest(plain, vocabulary.unknown)
    names = ["".join(map(vocabulary.characters.__getitem__, row)) for row in places.tolist()]
    at_one = np.take_along_axis(plain, places, 1).tolist()
    as_drawn = np.take_along_axis(chances, places, 1).tolist()
    return list(map(Alternatives, names, at_one, as_drawn))


def _likeliest(plain: Floats, unknown: int | None) -> npt.NDArray[np.intp]:
    """Return the places of the ``TOP`` largest of each row, largest first."""
    ranks = -plain
    count = min(TOP, ranks.shape[1])
    if unknown is not None:  # among few symbols it would come along, last
        ranks[:, unknown] = np.inf
        count = min(TOP, ranks.shape[1] - 1)
    # Sorting all for a dozen would be what costs most.
    kept = ranks.argpartition(count - 1, 1)[:, :count]
    order = np.take_along_axis(ranks, kept, 1).argsort(1)
    return np.take_along_axis(kept, order, 1)
