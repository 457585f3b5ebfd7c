"""The room Write, the landing page: a network writes, the visitor turns the knobs.

Knows nothing of training.
"""

import streamlit as st

from lstm.ui.language import t


def render() -> None:
    """Draw the room."""
    st.title(t("write.sentence"))
