"""The style sheet of the class page."""

from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).with_name("room.css")


def style() -> None:
    """Put the style sheet on the page: once, before the first part."""
    st.html(_STYLE)
