"""A sentence for screen readers alone, said when it changes.

``st.html`` makes its contents anew whenever they change, and what is made anew is not announced:
here one node stays. Knows nothing of what is said.
"""

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "charloom_announcer",
    js=(Path(__file__).parent / "announcer.js").read_text("utf-8"),
    isolate_styles=False,
)


def announce(sentence: str, *, key: str) -> None:
    """Let a sentence be read out once the reader is silent, if it is another than before.

    Args:
        sentence: What is said. May be hostile.
        key: Names the place on the page.
    """
    _component(key=key, data={"said": sentence})
