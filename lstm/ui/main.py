"""The page's frame: the list of rooms, the header with navigation and language, the room.

Streamlit runs this file for every visitor and every change. Knows nothing of the rooms but
their names: each is ``lstm/ui/pages/<name>.py`` with a ``render()``.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

from lstm.ui import language, theme
from lstm.ui.language import t

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

ROOMS = ("write",)
"""Names of the rooms in the order of the navigation; the first is the landing page."""


def main() -> None:
    """Draw the frame and the room that the address names."""
    st.set_page_config(page_title=t("common.name"), page_icon="🧵", layout="wide")
    language.keep_in_address()
    theme.apply()
    pages = [_page(name, default=name == ROOMS[0]) for name in ROOMS]
    room = st.navigation(pages, position="hidden")
    _header(pages)
    room.run()


def _page(name: str, *, default: bool) -> "Page":
    return st.Page(_room(name), title=t(f"common.rooms.{name}"), url_path=name, default=default)


def _room(name: str) -> Callable[[], None]:
    def render() -> None:
        # Imported when it is entered: the frame is on the screen before torch is loaded.
        import_module(f"lstm.ui.pages.{name}").render()

    return render


def _header(pages: list["Page"]) -> None:
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            st.page_link(pages[0], label=t("common.name"), query_params=language.address())
        with st.container(key="rooms", horizontal=True, gap="xsmall", width="stretch"):
            for page in pages:
                st.page_link(page, query_params=language.address())
        language.switch()


main()
