"""What a component of the page has said: it comes from a browser, and may be anything.

Knows nothing of what any of them means.
"""

from collections.abc import Mapping

import streamlit as st


def said(key: str, name: str) -> object:
    """Return one value of a component's state, unchecked; None where there is none.

    Args:
        key: The component's name in the session state.
        name: The value's.
    """
    state = st.session_state.get(key)
    value = state.get(name) if isinstance(state, Mapping) else None
    return None if _is_no_text(value) else value


def _is_no_text(value: object) -> bool:
    """Tell whether a text holds halves of characters, which no page could be sent again."""
    return isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value)
