"""A lifeline for components: lets them ask for the whole page to be drawn again.

A component inside a fragment can only make that fragment run. After the server was restarted
the new one may not know the fragment (Streamlit asks for a whole run on reconnecting only if it
was in the middle of something), and its requests lead nowhere. Such a component dispatches
``charloom:lost`` on the window, and the page is drawn anew around it.

It also opens a page anew whose app is gone: if Streamlit's part in the browser fails on a message,
it takes everything away, and the visitor would look at the first words until they reload.
Nothing is lost by that, as the address and the run store have it all.
"""

from pathlib import Path

import streamlit as st


def lifeline() -> None:
    """Put the lifeline on the page; it shows nothing."""
    _component(key="lifeline", on_lost_change=_noted, height=1)


def _noted() -> None:
    """Make Streamlit take the trigger: it only does so where there is a callback."""


_component = st.components.v2.component(
    "charloom_lifeline", js=(Path(__file__).parent / "lifeline.js").read_text("utf-8")
)
