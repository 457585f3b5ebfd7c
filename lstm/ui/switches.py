"""The switches of a chart: in which unit, along what, how much of it.

A choice stands in the address by its own name, not by its title, so that a link means the same in
every language. Knows nothing of charts.
"""

from typing import TypeVar

import streamlit as st

from lstm.messages import text
from lstm.ui import address
from lstm.ui.language import language, t

_Option = TypeVar("_Option", bound=str)


def choice(name: str, options: tuple[_Option, ...]) -> _Option:
    """Return what the address says, else what was chosen before, else the first option."""
    wish = address.get(name)
    return next((option for option in options if option == wish), options[0])


def switch(name: str, options: tuple[_Option, ...]) -> _Option:
    """Draw a switch and return what it shows: one of the options, whatever a browser sends.

    Args:
        name: Its name in the address; its title is ``train.look.<name>``.
        options: Its values; their titles are ``train.look.<option>``.
    """
    # Streamlit knows options by their titles: in another language it is another switch.
    speaks = language()  # asked once: there are many options, and a tick draws them all
    key = f"{name}-{speaks}"
    shown = st.segmented_control(
        t(f"train.look.{name}"),
        options,
        default=choice(name, options),
        required=True,
        format_func=lambda option: text(f"train.look.{option}", speaks),
        key=key,
        on_change=_keep,
        args=(name, key, options),
    )
    return shown if shown in options else choice(name, options)


def _keep(name: str, key: str, options: tuple[str, ...]) -> None:
    if st.session_state[key] in options:
        address.put(name, st.session_state[key])
