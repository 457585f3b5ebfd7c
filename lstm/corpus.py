"""Text in, numbers out: the ids, the split, and a verdict on the text.

A corpus is one long array of character ids (code points, not bytes) whose last part is held
out. It is immutable and may lie on disk as a memory map. Knows nothing of file encodings
(``documents``), of where runs live (``runs``) or of tensors.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from lstm.config import VALIDATION_SHARE, VOCABULARY_CAP
from lstm.documents import join_documents, read_file
from lstm.errors import ConfigError, CorpusError
from lstm.files import whole_file
from lstm.vocabulary import CHUNK, UNKNOWN, Ids, Vocabulary

__all__ = ["UNKNOWN", "Corpus", "Diagnosis", "Ids", "Vocabulary", "diagnose", "symbol_counts"]

LEAST_CHARACTERS = 200
"""A text below this can't be split and learned from."""

Verdict = Literal["tiny", "small", "fine", "large"]


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as ids, with its vocabulary and its split.

    Attributes:
        name: What the visitor calls it.
        ids: Shape (characters,), uint16, read-only; may be a memory map.
        vocabulary: What the ids mean.
        validation: Share of the text, at its end, that is held out.
        lowercase: Whether the text was lower-cased, so that openings must be too.
    """

    name: str
    ids: Ids
    vocabulary: Vocabulary
    validation: float
    lowercase: bool

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        name: str = "text",
        lowercase: bool = False,
        validation: float = VALIDATION_SHARE,
        cap: int = VOCABULARY_CAP,
    ) -> Self:
        """Turn a text (already cleaned, see ``documents.clean``) into a corpus.

        Lower-casing comes before the vocabulary is made; it may change the length.

        Raises:
            CorpusError: The text is empty, too short, or one character repeated.
            ConfigError: ``validation`` or ``cap`` is out of range.
        """
        _check_validation(validation)
        text = text.lower() if lowercase else text
        vocabulary = _checked_vocabulary(text, cap)
        ids = vocabulary.encode(text)
        ids.flags.writeable = False
        return cls(name, ids, vocabulary, validation, lowercase)

    @classmethod
    def from_files(
        cls,
        paths: Iterable[Path | str],
        *,
        lowercase: bool = False,
        validation: float = VALIDATION_SHARE,
    ) -> Self:
        """Read one or several files, in the given order, into one corpus.

        Raises:
            DocumentError: A file can't be read as text.
            CorpusError: The text is no corpus; see ``from_text``.
        """
        documents = [read_file(Path(path)) for path in paths]
        name = documents[0].name if documents else "text"
        if len(documents) > 1:
            name = f"{name} + {len(documents) - 1}"
        text = join_documents(documents)
        return cls.from_text(text, name=name, lowercase=lowercase, validation=validation)

    @property
    def characters(self) -> int:
        """Number of characters."""
        return len(self.ids)

    @property
    def split(self) -> int:
        """Where the held-out part begins."""
        return int(self.characters * (1 - self.validation))

    @property
    def train(self) -> Ids:
        """The ids to learn from: a view."""
        return self.ids[: self.split]

    @property
    def held_out(self) -> Ids:
        """The ids to be judged on, the last in reading order: a view."""
        return self.ids[self.split :]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of vocabulary and ids, as hexadecimal digits."""
        digest = hashlib.sha256(
            "".join(self.vocabulary.characters).encode("utf-8", "surrogatepass")
        )
        digest.update(b"\0")
        for start in range(0, self.characters, CHUNK):
            digest.update(self.ids[start : start + CHUNK].astype("<u2").tobytes())
        return digest.hexdigest()

    def excerpt(self, start: int, length: int) -> str:
        """Return the characters from ``start`` on, fewer at the text's end."""
        return self.vocabulary.decode(self.ids[max(0, start) : max(0, start + length)])

    def save(self, folder: Path) -> None:
        """Write the corpus into a folder, which is made if need be.

        Each file gets its name only when it is complete, and ``corpus.json`` comes last, so a
        folder with that file holds a whole corpus.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "ids.u16", self._id_bytes())
        about = {
            "name": self.name,
            "characters": self.characters,
            "vocabulary": [ord(c) for c in self.vocabulary.characters],
            "validation": self.validation,
            "lowercase": self.lowercase,
        }
        _write(folder / "corpus.json", [json.dumps(about).encode()])

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a saved corpus; its ids stay on disk, memory-mapped.

        Raises:
            CorpusError: The folder holds no whole corpus.
        """
        try:
            about = json.loads((folder / "corpus.json").read_bytes())
            vocabulary = Vocabulary(tuple(map(chr, about["vocabulary"])))
            ids = np.memmap(folder / "ids.u16", dtype="<u2", mode="r")
            _check_ids(ids, about, vocabulary)
            name, validation = str(about["name"]), float(about["validation"])
            _check_validation(validation)
            return cls(name, ids, vocabulary, validation, bool(about["lowercase"]))
        except (ConfigError, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise CorpusError("damaged_corpus") from error

    def _id_bytes(self) -> Iterator[bytes]:
        for start in range(0, self.characters, CHUNK):
            yield self.ids[start : start + CHUNK].astype("<u2").tobytes()


@dataclass(frozen=True)
class Diagnosis:
    """What the corpus doctor found.

    Attributes:
        characters: Number of characters, of which ``train_characters`` are learned from.
        train_characters: Characters before the split.
        symbols: Size of the vocabulary, ``UNKNOWN`` included.
        verdict: Whether there is enough: a message exists for each (``corpus.verdict_*``).
        rare_characters: Known characters that occur fewer than ``RARE`` times, rarest first.
        unknown_share: Share of the text that became ``UNKNOWN``, 0 to 1.
        common_characters: The most frequent characters and their shares, most frequent first.
    """

    characters: int
    train_characters: int
    symbols: int
    verdict: Verdict
    rare_characters: tuple[str, ...]
    unknown_share: float
    common_characters: tuple[tuple[str, float], ...]


RARE = 5
"""A character seen fewer times than this is hardly learned."""

COMMON = 12
"""Characters that the diagnosis lists as the most frequent ones."""

_VERDICTS: tuple[tuple[int, Verdict], ...] = ((20_000, "tiny"), (200_000, "small"))
_LARGE = 20_000_000


def diagnose(corpus: Corpus) -> Diagnosis:
    """Judge a corpus: whether it is enough, and what is odd about it."""
    counts = symbol_counts(corpus.ids, corpus.vocabulary.size)
    characters, unknown = corpus.vocabulary.characters, corpus.vocabulary.unknown
    order = [i for i in np.argsort(counts, kind="stable").tolist() if i != unknown and counts[i]]
    return Diagnosis(
        characters=corpus.characters,
        train_characters=corpus.split,
        symbols=corpus.vocabulary.size,
        verdict=_verdict(corpus.characters),
        rare_characters=tuple(characters[i] for i in order if counts[i] < RARE),
        unknown_share=0.0 if unknown is None else float(counts[unknown] / corpus.characters),
        common_characters=tuple(
            (characters[i], float(counts[i] / corpus.characters)) for i in order[: -COMMON - 1 : -1]
        ),
    )


def symbol_counts(ids: Ids, size: int) -> npt.NDArray[np.int64]:
    """Return how often each id occurs; shape (size,). Memory stays bounded on a memory map."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(ids), CHUNK):
        counts += np.bincount(ids[start : start + CHUNK], minlength=size)
    return counts


def _verdict(characters: int) -> Verdict:
    for below, verdict in _VERDICTS:
        if characters < below:
            return verdict
    return "fine" if characters < _LARGE else "large"


def _checked_vocabulary(text: str, cap: int) -> Vocabulary:
    """Return the text's vocabulary, or raise CorpusError if it is nothing to learn from."""
    if not text or text.isspace():
        raise CorpusError("empty_text")
    if len(text) < LEAST_CHARACTERS:
        raise CorpusError("too_short", characters=len(text), least=LEAST_CHARACTERS)
    vocabulary = Vocabulary.of(text, cap)
    if sum(not c.isspace() for c in vocabulary.characters) < 2:
        raise CorpusError("one_character")
    return vocabulary


def _check_validation(share: float) -> None:
    if not 0.01 <= share <= 0.5:
        raise ConfigError("validation", "out_of_range", value=share, least=0.01, most=0.5)


def _check_ids(ids: Ids, about: dict[str, Any], vocabulary: Vocabulary) -> None:
    if len(ids) != about["characters"] or int(ids.max()) >= vocabulary.size:
        raise CorpusError("damaged_corpus")


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with whole_file(path) as file:
        file.writelines(parts)
