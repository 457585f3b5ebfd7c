"""Where texts come from that the visitor did not type: unseen ones, and ones that a network writes.

Knows nothing of how they are looked at.
"""

import streamlit as st

from lstm.config import SampleConfig
from lstm.corpus import Corpus
from lstm.sampling import Writer
from lstm.ui.look.context import Context
from lstm.ui.networks import Choice, Snapshot

_MOST = 20_000
_LEAST = 2_000
_TEMPERATURE = 0.7


@st.cache_data(show_spinner=False, max_entries=16)
def _held_out(key: str, _choice: Choice) -> str:
    corpus: Corpus | None = _choice.corpus()
    if corpus is None:
        return ""
    text = corpus.vocabulary.decode(corpus.held_out[:_MOST])
    # From the start of a line, so that it does not begin in the middle of a word.
    return text[text.find("\n") + 1 :].lstrip() or text


def held_out(choice: Choice) -> str:
    """Return the part of a network's text that it was not trained on, empty if not at hand.

    Raises:
        CharloomError: The text is gone or damaged.
    """
    return _held_out(choice.key, choice)


def written(choice: Choice, length: int, rng: int = 1) -> str:
    """Return what a network writes.

    Raises:
        CharloomError: It is gone or damaged.
    """
    loaded = Snapshot.of(choice).loaded
    sample = SampleConfig(temperature=_TEMPERATURE)
    return Writer(loaded.stepper, loaded.saved.vocabulary, sample=sample, rng=rng).write_text(
        length
    )


def long_text(context: Context, most: int = 8_000) -> tuple[str, bool]:
    """Return a text that is long enough to count on, and whether the network had not seen it.

    Where its own text is not at hand, the network writes one.

    Raises:
        CharloomError: The network or its text is gone or damaged.
    """
    unseen = held_out(context.choice)[:most]
    if len(unseen) >= _LEAST:
        return unseen, True
    return context.computed("long_text", lambda: written(context.choice, most // 2), most), False
