"""What the other rooms say about the class that a visitor is in, and the way out of it for a run.

Knows nothing of what the class page shows.
"""

import streamlit as st

from lstm.records import Run
from lstm.ui import rooms
from lstm.ui.blocks import alert_html
from lstm.ui.classroom.doing import do, refused
from lstm.ui.language import t
from lstm.ui.services import owner, store


def before_training() -> None:
    """Say that what is begun now will be seen by the class, if the visitor is in one."""
    found = store().class_of(owner())
    if found is None:
        return
    key = "classroom.belongs.will" if found.paused is None else "classroom.belongs.will_wait"
    with st.container(horizontal=True, vertical_alignment="center", key="run-class"):
        st.html(alert_html(t(key, name=found.name), "info"))
        rooms.link("classroom", t("classroom.belongs.open"), code=found.code)


def of_run(run: Run) -> None:
    """Say that a run of the visitor's own belongs to a class, and let them take it out."""
    refused()
    found = store().class_of_run(run.id)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="run-class"):
        st.html(alert_html(t("classroom.belongs.does", name=found.name), "info"))
        rooms.link("classroom", t("classroom.belongs.open"), code=found.code)
        st.button(
            t("classroom.belongs.take_out"),
            key="class-take-out",
            on_click=do,
            args=(store().take_out, run.id, owner()),
        )
