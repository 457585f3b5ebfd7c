"""The rooms of the house: their order, their addresses and links between them.

A room is ``lstm/ui/pages/<name>.py`` with a ``render()``; its title is ``common.rooms.<name>``.
Knows nothing of what is in a room.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

from lstm.ui import language
from lstm.ui.language import t

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

# The order of the navigation; the first is the landing page.
ROOMS = ("write", "train", "look", "learn", "runs")

# Reached from other rooms or by a link.
SIDE_ROOMS = ("classroom",)

_ADDRESSES = {"classroom": "class"}


def pages() -> list["Page"]:
    """Return all rooms as pages."""
    return [page(name) for name in (*ROOMS, *SIDE_ROOMS)]


def page(name: str) -> "Page":
    """Return a room as a page, titled in the visitor's language."""
    title = t(f"common.rooms.{name}")
    address = _ADDRESSES.get(name, name)
    return st.Page(_render(name), title=title, url_path=address, default=name == ROOMS[0])


def link(name: str, label: str | None = None, **query: str) -> None:
    """Draw a link to a room, if it is there, without a new visit and in the same language.

    Args:
        name: The room.
        label: What it says, as Markdown, so nothing that a visitor wrote; default: its title.
        **query: What its address carries.
    """
    if name in (*ROOMS, *SIDE_ROOMS):
        st.page_link(page(name), label=label, query_params={**language.address(), **query})


def _render(name: str) -> Callable[[], None]:
    def render() -> None:
        # Imported when it is entered: the frame is on the screen before torch is loaded.
        import_module(f"lstm.ui.pages.{name}").render()

    return render
