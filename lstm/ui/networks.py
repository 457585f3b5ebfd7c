"""Which networks a visitor may write with: those that ship, their own runs, and a shared one.

A run that still trains is written with from its newest snapshot. Knows nothing of pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from lstm import library
from lstm.corpus import Corpus
from lstm.errors import StoreError
from lstm.messages import Language, text
from lstm.runs import Run
from lstm.ui.desk import Network
from lstm.ui.services import BUNDLED, Loaded, bundled, load, store
from lstm.ui.texts import public_folder

_BUNDLED = "bundled:"
_RUN = "run:"
_SHARED = "shared:"
_MOST_FACT = 1e9  # of a file's numbers: what is larger has no place on the page


@dataclass(frozen=True)
class Choice:
    """A network that can be chosen.

    Attributes:
        key: ``bundled:NAME``, ``run:ID`` or ``shared:TOKEN``; names it in addresses and in the
            session.
        run: The run, if it is one; as it was when the choice was made.
    """

    key: str
    run: Run | None = None

    @property
    def name(self) -> str:
        """The part of the key after the colon."""
        return self.key.partition(":")[2]

    @property
    def address(self) -> dict[str, str]:
        """What the page's address carries when this network writes."""
        return address_of(self.key)

    @property
    def is_shared(self) -> bool:
        """Whether it is another visitor's, seen by a link."""
        return self.key.startswith(_SHARED)

    @property
    def is_training(self) -> bool:
        """Whether newer snapshots will come."""
        return self.run is not None and self.run.is_active

    def title(self, language: Language) -> str:
        """Return what people call it. That of a run is hostile text."""
        if self.run is None:
            return text(f"write.bundled.{self.name.replace('-', '_')}", language)
        whose = "write.shared_run" if self.is_shared else "write.my_run"
        state = text("write.still_training" if self.run.is_active else whose, language)
        return f"{self.run.name} ({state})"

    def check(self) -> None:
        """Make sure that its link, if it is seen by one, still leads to it.

        Raises:
            StoreError: The link was taken back, or the run is deleted.
        """
        if self.is_shared:
            store().shared(self.name)

    def file(self) -> Path:
        """Return the model file: the newest while it trains, the best afterwards.

        Raises:
            StoreError: The run is gone or no longer shared, or has no model yet.
        """
        if self.run is None:
            return bundled(self.name)
        self.check()
        run = store().run(self.run.id)
        file = store().model_file(run.id, "last" if run.is_active else "best")
        file = file or store().model_file(run.id)
        if run.deleted is not None or file is None:
            raise StoreError("no_model")
        return file

    def corpus(self) -> Corpus | None:
        """Return the text that it learned from, if it is at hand: it is not shared with a run.

        Raises:
            StoreError: That of a run is gone.
            CorpusError: It is damaged.
            DocumentError: It can't be read.
        """
        if self.run is not None:
            key = self.run.corpus_fingerprint
            return store().corpus(key) if self.run.has_text and not self.is_shared else None
        if self.name in {collection.key for collection in library.bundled()}:
            return Corpus.from_text(library.read_bundled(self.name), name=self.name)
        return self._public_corpus()

    def _public_corpus(self) -> Corpus | None:
        """Return the public text that it learned from, if somebody has fetched it."""
        public = next((one for one in library.public() if one.key == self.name), None)
        file = library.cached(public, public_folder()) if public else None
        if public is None or file is None:
            return None
        return Corpus.from_files([file], lowercase=public.lowercase)


def choices(owner: str, shared: str | None = None) -> list[Choice]:
    """Return the networks that a visitor may write with, those that ship first.

    Args:
        owner: The visitor's key.
        shared: The token of a link that they came by. Unchecked; one that leads nowhere adds
            nothing.
    """
    shipped = [Choice(_BUNDLED + name) for name in BUNDLED if bundled(name).exists()]
    own = [Choice(_RUN + run.id, run) for run in store().runs(owner) if run.has_model]
    return shipped + own + (_shared(shared) if shared else [])


def _shared(token: str) -> list[Choice]:
    try:
        run = store().shared(token)
    except StoreError as error:
        if error.key != "unknown_share":
            raise
        return []
    return [Choice(_SHARED + token, run)] if run.has_model else []


def wished(get: Callable[[str], str | None]) -> str | None:
    """Return the key of the network that an address asks for; unchecked, and maybe none."""
    for kind in (_SHARED, _RUN):
        name = get(kind.removesuffix(":"))
        if name is not None:
            return kind + name
    return get("model")


def is_shipped(key: str) -> bool:
    """Tell whether a key, which may be anything, has not the form of a run's."""
    return not key.startswith((_SHARED, _RUN))


def address_of(key: str) -> dict[str, str]:
    """Return what an address carries that asks for a network; the inverse of ``wished``."""
    if is_shipped(key):
        return {"model": key}
    kind, _, name = key.partition(":")
    return {kind: name}


def landing(options: list[Choice], language: Language) -> Choice:
    """Return the network that writes when nobody has chosen: one in the visitor's language."""
    own_language = f"{_BUNDLED}essays-{language}"
    return next((choice for choice in options if choice.key == own_language), options[0])


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment of its training, in memory.

    Attributes:
        choice: Which network.
        loaded: Its weights.
    """

    choice: Choice
    loaded: Loaded

    @classmethod
    def of(cls, choice: Choice) -> Self:
        """Return the newest snapshot.

        Raises:
            StoreError: The run is gone, or has no model yet.
            CheckpointError: Its file is damaged.
        """
        return cls(choice, load(choice.file()))

    @cached_property
    def network(self) -> Network:
        """What the writing desk needs. Newer snapshots of a run go on with the same stream."""
        saved = self.loaded.saved
        return Network(self.choice.key, self.loaded.stepper, saved.vocabulary, saved.lowercase)

    @property
    def facts(self) -> dict[str, Any]:
        """Return plain numbers: cell, hidden size, epoch, bits (None where unknown)."""
        saved = self.loaded.saved
        return {
            "cell": saved.model_config.cell,
            "hidden": saved.model_config.hidden_size,
            "epoch": _number(saved.info.get("epoch")),
            "bits": _number(saved.info.get("bits_per_char")),
        }


def _number(value: object) -> float | None:
    """Return a number of a file's facts, which may be anything."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if -_MOST_FACT < value < _MOST_FACT else None
