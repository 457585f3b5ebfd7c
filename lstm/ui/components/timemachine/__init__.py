"""The time machine: what the network wrote after each evaluation, with a slider through them.

The slider follows the newest evaluation until the visitor moves it. All text is put on the page
as text, never as markup. Knows nothing of runs or of the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "charloom.timemachine",
    js=(_HERE / "timemachine.js").read_text("utf-8"),
    css=(_HERE / "timemachine.css").read_text("utf-8"),
)


@dataclass(frozen=True)
class Stop:
    """One place of the slider.

    Attributes:
        index: Number of the evaluation.
        label: What is said about it, for example its epoch and loss.
    """

    index: int
    label: str


@dataclass(frozen=True)
class Page:
    """What was written at one temperature.

    Attributes:
        title: The temperature in words.
        opening: The characters that were given. Hostile text.
        text: What the network wrote. Hostile text.
    """

    title: str
    opening: str
    text: str


def chosen(key: str, stops: Sequence[Stop]) -> int | None:
    """Return the evaluation that the visitor stopped at, None to follow the newest.

    What comes from the browser is only believed if there is such a stop.
    """
    state = st.session_state.get(key)
    index = state.get("index") if isinstance(state, Mapping) else None
    return index if any(index == stop.index for stop in stops) else None


def time_machine(
    stops: Sequence[Stop],
    shown: int | None,
    pages: Sequence[Page],
    *,
    key: str,
    words: dict[str, str],
) -> None:
    """Draw or update the slider and the pages of the evaluation that is shown.

    Args:
        stops: All evaluations that have samples, oldest first.
        shown: Which one the pages belong to; None while there is none.
        pages: Its samples, coldest first.
        key: Names the place on the page.
        words: ``slider``, ``newest``, ``previous``, ``next``, ``empty`` in the visitor's language.
    """
    data = {
        "stops": [[stop.index, stop.label] for stop in stops],
        "shown": shown,
        "pages": [asdict(page) for page in pages],
        "words": words,
    }
    _mount(key=key, data=data, on_index_change=lambda: None)
