"""The watch over a text that is being written: does it copy, does it go round in circles?

Indexing a training text takes a moment, so it happens in the background and nobody waits for
it: until it is done, the watch says nothing. Knows nothing of pages.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

import streamlit as st

from lstm.errors import CorpusError, DocumentError, StoreError
from lstm.memorisation import LEAST_COPIED, CorpusIndex, find_loop
from lstm.ui.desk import MANY_SYMBOLS
from lstm.ui.networks import Choice

LOOKED_AT = 1_300
"""Characters at the end of the text that are looked at: enough for the longest loop."""

_MOST_INDEXED = 1_000_000
_INDEXES_KEPT = 4
LEAST_COPIED_HAN = 16
"""Where a character is a word, a shorter passage is already a copy."""


def watch(choice: Choice, text: str, end: int) -> dict[str, Any]:
    """Look at the end of a text.

    Args:
        choice: The network that wrote it.
        text: The text, or its last ``LOOKED_AT`` characters.
        end: Position behind its last character.

    Returns:
        ``loop`` (start, period, times) or None; ``overlap`` (start, length), the longest
        passage that stands in the training text, or None; ``least``, from which length on
        that is a copy; ``copied``, all such passages. Positions are those of the stream.
    """
    offset = end - len(text)
    loop = find_loop(text)
    found: dict[str, Any] = {"loop": None, "overlap": None, "copied": [], "least": LEAST_COPIED}
    if loop is not None:
        found["loop"] = [loop.start + offset, loop.period, loop.times]
    index = _ready(choice)
    if index is None or not text:
        return found
    matches = index.matches(text)
    longest = matches.longest()
    if index.vocabulary.size > MANY_SYMBOLS:
        found["least"] = LEAST_COPIED_HAN
    if longest is not None:
        found["overlap"] = [longest.start + offset, longest.length]
    found["copied"] = [
        [span.start + offset, span.length] for span in matches.copied(found["least"])
    ]
    return found


def still(seen: dict[str, Any], position: int) -> dict[str, Any]:
    """Return what a look at a text saw that ends before a position: the rest was replaced."""
    loop, overlap = seen["loop"], seen["overlap"]
    return {
        "loop": loop if loop and loop[0] + loop[1] * loop[2] <= position else None,
        "overlap": overlap if overlap and sum(overlap) <= position else None,
        "copied": [span for span in seen["copied"] if sum(span) <= position],
        "least": seen["least"],
    }


def _ready(choice: Choice) -> CorpusIndex | None:
    """Return the index of a network's training text once it is there; ask for it before."""
    future = index_of(choice)
    return future.result() if future.done() else None


def index_of(choice: Choice) -> Future[CorpusIndex | None]:
    """Ask for the index of a network's training text; None if the text is not at hand."""
    # A shared network has no text here, which its owner's index must not bring back.
    own = choice.run if not choice.is_shared else None
    return _index(own.corpus_fingerprint if own else choice.key, choice)


@st.cache_resource(show_spinner=False, max_entries=_INDEXES_KEPT)
def _index(key: str, _choice: Choice) -> Future[CorpusIndex | None]:
    # Streamlit finds the result by what has no underscore: the key alone.
    return _indexer().submit(_make, _choice)


@cache
def _indexer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="index")


def _make(choice: Choice) -> CorpusIndex | None:
    try:
        corpus = choice.corpus()
    except (CorpusError, DocumentError, StoreError):
        return None  # the text is damaged or gone: nothing to compare with
    return CorpusIndex.of(corpus, _MOST_INDEXED) if corpus is not None else None
