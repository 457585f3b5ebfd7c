"""The time machine: what the network wrote after each evaluation, with a slider through them.

The slider follows the newest evaluation until the visitor moves it. All text is put on the page
as text, never as markup. Knows nothing of runs or of the store.
"""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from lstm.ui.components.said import said

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


def stops_json(stops: Sequence[Stop]) -> str:
    """Return the places of the slider as they are sent: made once per evaluation, not per tick."""
    return json.dumps([[stop.index, stop.label] for stop in stops], ensure_ascii=False)


def chosen(key: str, stops: Container[int]) -> int | None:
    """Return the evaluation that the visitor stopped at, None to follow the newest.

    What comes from the browser is only believed if there is such a stop.
    """
    index = said(key, "index")
    return index if isinstance(index, int) and index in stops else None


def time_machine(
    stops: str, shown: int | None, pages: Sequence[Page], *, key: str, words: Mapping[str, str]
) -> None:
    """Draw or update the slider and the pages of the evaluation that is shown.

    Args:
        stops: All evaluations that have samples, oldest first, from ``stops_json``.
        shown: Which one the pages belong to; None while there is none.
        pages: Its samples, coldest first.
        key: Names the place on the page.
        words: ``slider``, ``newest``, ``previous``, ``next``, ``empty`` in the visitor's language;
            with ``play`` and ``pause`` there is a button that goes through all of them.
    """
    data = {
        "stops": stops,
        "shown": shown,
        "pages": json.dumps([asdict(page) for page in pages], ensure_ascii=False),
        "words": json.dumps(dict(words), ensure_ascii=False),
    }
    _mount(key=key, data=data, on_index_change=lambda: None)
