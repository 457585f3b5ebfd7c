"""A box that takes one character at a time and hands it on at once, from any keyboard.

What an input method composes (Chinese from letters, accents) counts when it is composed. Knows
nothing of what the characters are for.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from lstm.ui.components.said import said

_HERE = Path(__file__).parent


def guess_box(key: str, label: str, hint: str, guessed: Callable[[str], None]) -> None:
    """Draw the box.

    Args:
        key: Names the place on the page; the box keeps the focus while the key stays.
        label: What is asked.
        hint: Below the box.
        guessed: Called with a character.
    """

    def noted() -> None:
        character = said(key, "guess")
        if isinstance(character, str) and len(character) == 1:
            guessed(character)

    _component(key=key, data={"label": label, "hint": hint}, on_guess_change=noted)


_component = st.components.v2.component(
    "charloom_guess_box",
    css=(_HERE / "guessbox.css").read_text("utf-8"),
    js=(_HERE / "guessbox.js").read_text("utf-8"),
)
