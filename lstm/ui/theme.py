"""The look that the configuration file can't say: the header's place and a few measures.

Colours and fonts are in ``.streamlit/config.toml``. Knows nothing of what the pages contain.
"""

from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).with_name("theme.css")


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(_STYLE)
