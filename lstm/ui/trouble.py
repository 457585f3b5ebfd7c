"""When the data folder can't be used: a sentence in its place, and another look by itself.

Knows nothing of what was to be drawn.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from lstm.errors import StoreError
from lstm.ui import blocks
from lstm.ui.language import language, t
from lstm.ui.services import store

if TYPE_CHECKING:
    from lstm.records import Run

LOOK = 5.0
"""Seconds until a page that could not be drawn is drawn again."""


@contextmanager
def told() -> Iterator[None]:
    """Say what the store could not do in a block; what comes after the block is drawn anyway."""
    try:
        yield
    except StoreError as error:
        blocks.alert(error.text(language()))


@contextmanager
def retried() -> Iterator[None]:
    """Say what the store could not do in a block, and draw the whole page again in a while."""
    try:
        yield
    except StoreError as error:
        blocks.style()
        blocks.alert(error.text(language()))
        st.fragment(_again, run_every=LOOK)(time.monotonic())


def _again(drawn: float) -> None:
    if time.monotonic() - drawn >= LOOK / 2:  # not in the drawing that brings the clock
        st.rerun()


def held_up(run: "Run") -> str:
    """Return why a run does not get on though nobody paused it; nothing if it does."""
    from lstm.records import RunState

    if run.state == RunState.QUEUED and store().led_elsewhere():
        return blocks.alert_html(t("notices.elsewhere"), "info")
    waits = store().waits_for(run.id) if run.state == RunState.RUNNING else None
    return blocks.alert_html(t(f"notices.waits_{waits}"), "warning") if waits else ""
