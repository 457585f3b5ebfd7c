"""The page's frame: header with navigation and language, below it the room of the address.

Streamlit runs this file for every visitor and every change. Knows nothing of the rooms.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lstm.ui import address, language, rooms, theme
from lstm.ui.components.lifeline import lifeline
from lstm.ui.language import t
from lstm.ui.trouble import retried


def main() -> None:
    """Draw the frame and the room that the address names."""
    language.keep_in_address()
    st.set_page_config(page_title=t("common.name"), page_icon="🧵", layout="wide")
    theme.apply()
    room = st.navigation(rooms.pages(), position="hidden")
    address.enter(room.url_path)
    _header()
    with st.container(key="news"):
        news = st.empty()
    with retried():
        room.run()
        if room.url_path != "runs":  # which tells all of it anyway
            _waiting(news)
    lifeline()


def _header() -> None:
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            rooms.link(rooms.ROOMS[0], t("common.name"))
        with st.container(key="rooms", horizontal=True, gap="xsmall", width="stretch"):
            for name in rooms.ROOMS:
                rooms.link(name)
        language.switch()


def _waiting(place: DeltaGenerator) -> None:
    """Say above the room how waiting trainings fare; the room has loaded what that takes."""
    from lstm.ui import turn

    with place.container():
        turn.line()


main()
