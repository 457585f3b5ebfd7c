"""The characters that a network knows: text to ids and back, and stand-ins for the rest.

Characters are code points. Knows nothing of files, splits or networks.
"""

import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from lstm.config import VOCABULARY_CAP
from lstm.errors import ConfigError, CorpusError

Ids = npt.NDArray[np.uint16]

UNKNOWN = "\ufffd"
"""Stands for every character that the vocabulary's cap left out. Never generated."""

MOST_SYMBOLS = 65_535
"""Ids are 16 bits wide."""

CHUNK = 1 << 20
"""Characters that are converted at a time, so that memory stays bounded on large texts."""

# A character that is not in the vocabulary is replaced by the first known one of its row.
LOOKALIKES = (
    '"“”„‟«»「」『』＂″',
    "'‘’‚‛`´′＇",
    "-–—‐‑‒―−ー～~",
    ".。．…·",
    ",，、､;；",
    ";；:：,，",
    ":：;；",
    "!！¡.。",
    "?？¿.。",
    "(（[【〔{",
    ")）]】〕}",
    "\n\u2028\u2029\r",
    "0123456789",
    "０１２３４５６７８９",
)
HARMLESS = " \n\u3000.。,，"


@dataclass(frozen=True)
class Vocabulary:
    """The characters that a network knows; a character's id is its place.

    Attributes:
        characters: Single characters in rising code-point order. ``UNKNOWN``, where the cap
            (or the text itself) brought it in, is the last one whatever its code point.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the order, since a vocabulary may come out of a foreign file.

        Raises:
            CorpusError: No characters, too many, a repeated one, or not in order.
        """
        known = self.characters[: -1 if self.unknown is not None else None]
        singles = all(isinstance(c, str) and len(c) == 1 for c in self.characters)
        if not known or len(self.characters) > MOST_SYMBOLS or not singles or UNKNOWN in known:
            raise CorpusError("bad_vocabulary")
        if any(a >= b for a, b in itertools.pairwise(known)):
            raise CorpusError("bad_vocabulary")

    @classmethod
    def of(cls, text: str, cap: int = VOCABULARY_CAP) -> Self:
        """Return the vocabulary of a text.

        Args:
            text: The text.
            cap: Most characters to keep: the most frequent ones, ties by code point. If any
                is left out, ``UNKNOWN`` is added for all of them.

        Raises:
            CorpusError: The text is empty.
            ConfigError: The cap does not fit 16-bit ids.
        """
        if not 2 <= cap < MOST_SYMBOLS:
            raise ConfigError("cap", "out_of_range", value=cap, least=2, most=MOST_SYMBOLS - 1)
        counts = _code_counts(text)
        unknown = counts[ord(UNKNOWN)] > 0
        counts[ord(UNKNOWN)] = 0
        codes = np.flatnonzero(counts)
        if len(codes) > cap:
            order = np.argsort(-counts[codes], kind="stable")[:cap]
            codes, unknown = np.sort(codes[order]), True
        return cls(tuple(map(chr, codes.tolist())) + ((UNKNOWN,) if unknown else ()))

    @property
    def size(self) -> int:
        """Number of symbols, ``UNKNOWN`` included."""
        return len(self.characters)

    @property
    def unknown(self) -> int | None:
        """Id of ``UNKNOWN``, or None if this vocabulary has none."""
        return self.size - 1 if self.characters and self.characters[-1] == UNKNOWN else None

    def encode(self, text: str) -> Ids:
        """Return the ids of a text, one for each character; shape (characters,).

        A character that is not in the vocabulary becomes ``UNKNOWN`` where there is one, else
        what ``substitute`` takes for it.
        """
        ids = np.empty(len(text), dtype=np.uint16)
        for start, codes in _code_chunks(text):
            found = self._table[np.minimum(codes, len(self._table) - 1)]
            if found.min() < 0:
                found = self._table[_codes(self.substitute(text[start : start + CHUNK])[0])]
            ids[start : start + len(codes)] = found
        return ids

    def decode(self, ids: npt.ArrayLike) -> str:
        """Return the text of an array of ids.

        Raises:
            IndexError: An id is outside the vocabulary.
        """
        places = np.asarray(ids, dtype=np.int64).reshape(-1)
        return self._codes[places].tobytes().decode("utf-32-le", "surrogatepass")

    def substitute(self, text: str) -> tuple[str, dict[str, str]]:
        """Replace each character that the network does not know by one that it does.

        Taken in this order: a look-alike (curly for straight quotes, Chinese for Western
        marks), the other case, the letter without its accent, a blank, and at last the first
        known character. The text keeps its length.

        Returns:
            The text, and what was replaced by what.
        """
        known = self._known
        replaced = {c: self._substitute_for(c) for c in sorted(set(text) - known)}
        return text.translate({ord(c): new for c, new in replaced.items()}), replaced

    def knows(self, text: str) -> npt.NDArray[np.bool_]:
        """Return, for each character of a text, whether it is in the vocabulary itself."""
        known = np.empty(len(text), dtype=np.bool_)
        for start, codes in _code_chunks(text):
            found = self._table[np.minimum(codes, len(self._table) - 1)]
            missing = -1 if self.unknown is None else self.unknown
            known[start : start + len(codes)] = found != missing
        return known

    def _substitute_for(self, character: str) -> str:
        return next(c for c in self._candidates(character) if c in self._known)

    def _candidates(self, character: str) -> Iterator[str]:
        """Yield replacements for one character, best first; the last ones are always known."""
        plain = unicodedata.normalize("NFKD", character)
        for near in dict.fromkeys((character, *plain[:1])):
            yield from (near, near.swapcase(), near.lower(), near.upper())
            yield from (c for row in LOOKALIKES if near in row for c in row)
        yield from HARMLESS
        yield self.characters[0]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.characters) - {UNKNOWN}

    @cached_property
    def _codes(self) -> npt.NDArray[np.uint32]:
        """Code point of each id."""
        return np.array([ord(c) for c in self.characters], dtype="<u4")

    @cached_property
    def _table(self) -> npt.NDArray[np.int32]:
        """Id of each code point, -1 where there is none; the last row stands for all above."""
        missing = -1 if self.unknown is None else self.unknown
        table = np.full(int(self._codes.max()) + 2, missing, dtype=np.int32)
        table[self._codes] = np.arange(self.size)
        return table


def _codes(text: str) -> npt.NDArray[np.uint32]:
    # A lone surrogate can come in by pasted text; it must not stop the whole text.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _code_chunks(text: str) -> Iterator[tuple[int, npt.NDArray[np.uint32]]]:
    for start in range(0, len(text), CHUNK):
        yield start, _codes(text[start : start + CHUNK])


def _code_counts(text: str) -> npt.NDArray[np.int64]:
    """Return how often each code point occurs; shape (1,114,112,)."""
    counts = np.zeros(0x110000, dtype=np.int64)
    for _, codes in _code_chunks(text):
        seen = np.bincount(codes)
        counts[: len(seen)] += seen
    return counts
