"""What every view is given: a network, a text as that network reads it, and a memory for results.

Knows nothing of how a view looks.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar, cast

import numpy as np
import numpy.typing as npt
import streamlit as st

from lstm.checkpoint import Saved
from lstm.insight.authorship import Reader
from lstm.model import CharModel
from lstm.ui.networks import Choice
from lstm.ui.services import Loaded, load
from lstm.vocabulary import Vocabulary

LONGEST = 4_000
"""Characters of a text that are looked at."""

_RESULTS_KEPT = 64
_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Context:
    """A network and a text.

    Attributes:
        choice: Which network; its run, if it is one, is the visitor's own.
        network: Names these very weights: changes with every newer snapshot.
        loaded: The weights.
        text: What the visitor sees, at most ``LONGEST`` characters. Hostile.
        spelled: The same as the network reads it, character by character.
        replaced: Which characters it does not know, and what it reads instead.
    """

    choice: Choice
    network: str
    loaded: Loaded
    text: str
    spelled: str
    replaced: dict[str, str]

    @classmethod
    def of(cls, choice: Choice, text: str) -> Self:
        """Bring a network and a text together.

        Raises:
            StoreError: The run is gone, or has no model yet.
            CheckpointError: Its file is damaged.
        """
        file = choice.file()
        loaded = load(file)
        text = clean(text)
        spelled, replaced = loaded.saved.vocabulary.substitute(_lowered(text, loaded.saved))
        name = f"{choice.key}@{file}:{file.stat().st_mtime_ns}"
        return cls(choice, name, loaded, text, spelled, replaced)

    @property
    def saved(self) -> Saved:
        """The network with all that is known of it."""
        return self.loaded.saved

    @property
    def vocabulary(self) -> Vocabulary:
        """Its symbols."""
        return self.saved.vocabulary

    @property
    def model(self) -> CharModel:
        """The network, in evaluation mode; shared, so never to be changed."""
        return self.loaded.model

    @property
    def window(self) -> int | None:
        """How far a network of the classic recipe looks back; None carries its memory on."""
        training = self.saved.train_config
        return training.seq_len if training and training.recipe == "classic" else None

    @property
    def reader(self) -> Reader:
        """The network with what it takes to read a text as it was trained."""
        return Reader(self.model, self.vocabulary, self.saved.lowercase, self.window)

    @cached_property
    def ids(self) -> npt.NDArray[np.uint16]:
        """The text as the network reads it, (T,)."""
        return self.vocabulary.encode(self.spelled)

    def computed(self, name: str, work: Callable[[], _Result], *settings: object) -> _Result:
        """Return what a function computes of this network and this text, from memory if it can.

        Args:
            name: Of the computation.
            work: Does it. Its result is shared with other visitors: never change it.
            *settings: All else that the result depends on.

        Raises:
            CharloomError: What ``work`` raises; this is not remembered.
        """
        text = digest(self.spelled)
        return cast(_Result, _computed(name, self.network, text, repr(settings), work))

    def name(self, key: int) -> str:
        """Return a character by its id."""
        return self.vocabulary.characters[key]


def clean(text: str) -> str:
    """Return a text that can be sent and looked at: bounded, without halves of characters."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return whole[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def digest(text: str) -> str:
    """Return a short name for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _lowered(text: str, saved: Saved) -> str:
    """Lower-case character by character, so that the text keeps its length (İ would not)."""
    if not saved.lowercase:
        return text
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


@st.cache_resource(show_spinner=False, max_entries=_RESULTS_KEPT)
def _computed(
    name: str, network: str, text: str, settings: str, _work: Callable[[], object]
) -> object:
    # Streamlit finds the result by what has no underscore.
    return _work()
