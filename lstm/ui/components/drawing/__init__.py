"""Drawings in SVG that stand in the page itself, in its font and with its colours.

``st.html`` takes every SVG out of what it is given, and an image knows nothing of the page's theme.
Knows nothing of what is drawn.
"""

from pathlib import Path

import streamlit as st


def drawing(svg: str, *, key: str, said: str, kind: str = "") -> None:
    """Put a drawing on the page, or change it; where it is too wide, it scrolls by itself.

    Args:
        svg: An ``svg`` element. Everything that a visitor wrote is escaped in it.
        key: Names the place on the page.
        said: What it shows, for screen readers. May be hostile.
        kind: A class of its frame, for a style sheet.
    """
    _component(key=key, data={"svg": svg, "said": said, "kind": kind})


_component = st.components.v2.component(
    "charloom_drawing",
    js=(Path(__file__).parent / "drawing.js").read_text("utf-8"),
    isolate_styles=False,
)
