"""The control that lets others watch a run: a link to copy, and the way to take it back.

Knows nothing of what the link shows.
"""

from collections.abc import Callable

import streamlit as st

from lstm.records import Run
from lstm.ui import access
from lstm.ui.language import t
from lstm.ui.services import store


def share(run: Run, token: str | None, do: Callable[[Callable[[str], object], str], None]) -> None:
    """Draw the control for a run of the visitor's own.

    Args:
        run: The run.
        token: Of its link, if it is shared.
        do: Asks something of the run with this id, and remembers what went wrong.
    """
    with st.popover(t("runs.share.title"), key=f"share-{run.id}"):
        st.caption(t("runs.share.about"))
        if token is None:
            st.button(
                t("runs.share.make"),
                key=f"share-make-{run.id}",
                on_click=do,
                args=(store().share, run.id),
            )
            return
        st.code(access.link(token), language=None, wrap_lines=True)
        st.button(
            t("runs.share.stop"),
            key=f"share-stop-{run.id}",
            on_click=do,
            args=(store().unshare, run.id),
        )
        st.caption(t("runs.share.stop_about"))
