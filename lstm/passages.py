"""Passages for the quiz "real or generated?": some stood in a text, the others a network wrote.

Both kinds are cut alike, so that nothing but how they read gives them away: line breaks and runs
of blanks become one blank, each begins with a whole word and ends wherever its length is full,
and none holds a character that the network doesn't know. A real one comes from the part of the
text that no network has learned; what a network only copied is not used. Knows nothing of
classes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lstm.corpus import UNKNOWN, Corpus

LENGTH = 140
"""Characters of a passage."""

DENSE_LENGTH = 60
"""And where a character is a word."""

DENSE_SYMBOLS = 400
"""A text with more symbols than this is written in such characters."""

SEARCHED = 300_000
"""Characters of the text that a generated passage is looked for in."""

TRIES = 12
"""Places that are tried for a passage without an unknown character."""


@dataclass(frozen=True)
class Passage:
    """A piece of text to be judged.

    Attributes:
        text: Hostile text, on one line.
        run: Id of the run that wrote it; None if it stood in a text.
    """

    text: str
    run: str | None


@dataclass(frozen=True, eq=False)
class Source:
    """Where passages come from.

    Attributes:
        run: Id of a run.
        corpus: The text that it learned.
        samples: What it wrote last.
    """

    run: str
    corpus: Corpus
    samples: tuple[str, ...]


def passages(sources: Sequence[Source], count: int, rng: random.Random) -> list[Passage]:
    """Return passages in random order: about half of them real, every run's turn equally often.

    Args:
        sources: The runs; a text may be that of several.
        count: How many passages; fewer if the runs have written little.
        rng: The dice.

    Returns:
        The passages; none if there is nothing to tell apart.
    """
    # Not always one half, or the last ones could be told by counting.
    wanted = max(1, count // 2 + rng.choice((-1, 0, 0, 1)))
    generated = _take(_generated(sources, rng), wanted)
    real = _take(_real(sources, rng), min(count - wanted, 2 * len(generated)))
    if not generated or not real:
        return []
    mixed = [*generated, *real]
    rng.shuffle(mixed)
    return mixed


def _take(found: Iterator[Passage], most: int) -> list[Passage]:
    """Return the first passages that differ."""
    taken: dict[str, Passage] = {}
    while len(taken) < most and (passage := next(found, None)) is not None:
        taken.setdefault(passage.text, passage)
    return list(taken.values())


def _generated(sources: Sequence[Source], rng: random.Random) -> Iterator[Passage]:
    """Yield one passage of each sample: of every run its first, then of every run its second."""
    order = rng.sample(list(sources), len(sources))
    for place in range(max((len(source.samples) for source in order), default=0)):
        for source in order:
            if place >= len(source.samples):
                continue
            text = _cut(source.samples[place], length_for(source.corpus), rng)
            if text is not None and text not in _flat(source.corpus.excerpt(0, SEARCHED)):
                yield Passage(text, source.run)


def _real(sources: Sequence[Source], rng: random.Random) -> Iterator[Passage]:
    """Yield passages of the texts' held-out parts, every text in turn."""
    corpora = list({source.corpus.fingerprint: source.corpus for source in sources}.values())
    for _ in range(TRIES):
        for corpus in rng.sample(corpora, len(corpora)):
            length = length_for(corpus)
            last = max(corpus.split, corpus.characters - 3 * length)
            text = _cut(corpus.excerpt(rng.randint(corpus.split, last), 3 * length), length, rng)
            if text is not None:
                yield Passage(text, None)


def length_for(corpus: Corpus) -> int:
    """Return how long a passage is in the writing of a text."""
    return DENSE_LENGTH if corpus.vocabulary.size > DENSE_SYMBOLS else LENGTH


def _cut(text: str, length: int, rng: random.Random) -> str | None:
    """Return a piece of exactly this length that begins with a word, or None."""
    flat = _flat(text)
    last = len(flat) - length
    starts = [i + 1 for i in range(max(0, last)) if flat[i] == " "]
    if not starts and " " not in flat[:length]:
        starts = list(range(1, last + 1))  # written without blanks: it may begin anywhere
    for start in rng.sample(starts, min(TRIES, len(starts))):
        piece = flat[start : start + length]
        if UNKNOWN not in piece:
            return piece
    return None


def _flat(text: str) -> str:
    return " ".join(text.split())
