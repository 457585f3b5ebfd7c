"""Turns the pages of the lesson by keyboard, and shows each new page from its top.

Arrow keys and the page keys that remote controls send, where nobody is typing or moving a slider.
Knows nothing of chapters.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from lstm.ui.components.said import said

_KEY = "pager"
_TURNS = ("next", "back", "leave")


def pager(page: str, *, listening: bool, turned: Callable[[str], None]) -> None:
    """Put the pager on the page; it shows nothing.

    Args:
        page: Names what is shown; when it changes, the page goes to its top.
        listening: Whether the keys turn pages.
        turned: Called with ``next``, ``back`` or ``leave`` (the escape key).
    """

    def noted() -> None:
        asked = said(_KEY, "turn")
        if isinstance(asked, str) and asked in _TURNS:
            turned(asked)

    data = {"page": page, "listening": listening}
    _component(key=_KEY, data=data, on_turn_change=noted, height=1)


_component = st.components.v2.component(
    "charloom_pager", js=(Path(__file__).parent / "pager.js").read_text("utf-8")
)
