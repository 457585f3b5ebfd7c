"""Turns the pages of the lesson by keyboard, and shows each new page from its top.

Arrow keys and the page keys that remote controls send, where nobody is typing or moving a slider.
Knows nothing of chapters.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from lstm.ui.components.said import said

_KEY = "pager"
LEAVE = "leave"
"""Said in place of a page when the escape key was pressed."""


def pager(
    pages: Sequence[str], page: str, *, listening: bool, turned: Callable[[str], None]
) -> None:
    """Put the pager on the page; it shows nothing.

    Args:
        pages: The names of all pages that the keys lead to, in order.
        page: The one that is shown; when it changes, the browser goes to its top.
        listening: Whether the keys turn pages.
        turned: Called with the page to go to, or with ``LEAVE``. It may be called again with the
            same one until that page is shown, since a question to the server can be overtaken.
    """

    def noted() -> None:
        asked = said(_KEY, "turn")
        if isinstance(asked, str) and asked in (*pages, LEAVE):
            turned(asked)

    data = {"pages": list(pages), "page": page, "listening": listening}
    _component(key=_KEY, data=data, on_turn_change=noted, height=1)


_component = st.components.v2.component(
    "charloom_pager", js=(Path(__file__).parent / "pager.js").read_text("utf-8")
)
