"""The way into a class: a code and a nickname, or a class of one's own.

Whoever has nothing but a code sees this and nothing of the class, not even whether there is one.
Knows nothing of what is inside.
"""

from html import escape

import streamlit as st

from lstm.classroom import (
    CLASS_NAME_LENGTH,
    CODE_LENGTH,
    NICKNAME_LENGTH,
    Classroom,
    tidy_code,
)
from lstm.errors import CharloomError
from lstm.ui import blocks, rooms
from lstm.ui.blocks import alert
from lstm.ui.language import language, t
from lstm.ui.services import owner, store

CODE = "code"
"""In the address: the code of the class."""

_WRONG = "_class_wrong"


def render(asked: str) -> None:
    """Draw the entrance.

    Args:
        asked: The code in the address, unchecked; maybe blank.
    """
    st.html(blocks.title_html(t("classroom.title")))
    st.html(f'<p class="charloom-class-about">{escape(t("classroom.about"))}</p>')
    join, teach = st.columns(2, gap="large")
    with join, st.container(border=True, key="class-join"):
        _join(asked)
    with teach:
        _mine()
        with st.container(border=True, key="class-open"):
            _open()


def _join(asked: str) -> None:
    st.html(blocks.title_html(t("classroom.join.title"), level=2))
    with st.form("class-join-form", border=False):
        st.text_input(
            t("classroom.join.code"),
            tidy_code(asked)[:CODE_LENGTH],
            max_chars=2 * CODE_LENGTH,
            key="class-code",
            autocomplete="off",
        )
        st.text_input(
            t("classroom.join.name"),
            max_chars=NICKNAME_LENGTH,
            key="class-name",
            autocomplete="nickname",
        )
        st.caption(t("classroom.join.seen"))
        _wrong("join")
        st.form_submit_button(t("classroom.join.button"), type="primary", on_click=_enter)


def _enter() -> None:
    code, name = st.session_state["class-code"], st.session_state["class-name"]
    try:
        found = store().join_class(code, owner(), name)
    except CharloomError as error:
        st.session_state[_WRONG] = ("join", error)
    else:
        st.query_params[CODE] = found.code


def _mine() -> None:
    """List the classes that the visitor opened or is in."""
    found = store().classes(owner())
    if not found:
        return
    st.html(blocks.title_html(t("classroom.mine"), level=2))
    for room in found:
        with st.container(key=f"class-mine-{room.code}", horizontal=True, gap="small"):
            st.html(blocks.title_html(room.name, _state(room), level=3))
            rooms.link("classroom", t("classroom.enter"), code=room.code)


def _state(room: Classroom) -> str:
    if room.closed is not None:
        return t("classroom.state.closed")
    return t("classroom.state.yours" if room.owner == owner() else "classroom.state.joined")


def _open() -> None:
    st.html(blocks.title_html(t("classroom.open.title"), level=2))
    st.html(f"<p>{escape(t('classroom.open.about'))}</p>")
    with st.form("class-open-form", border=False):
        st.text_input(
            t("classroom.open.name"), max_chars=CLASS_NAME_LENGTH, key="class-new-name",
            autocomplete="off",
        )  # fmt: skip
        _wrong("open")
        st.form_submit_button(t("classroom.open.button"), on_click=_found)


def _found() -> None:
    try:
        opened = store().open_class(owner(), st.session_state["class-new-name"])
    except CharloomError as error:
        st.session_state[_WRONG] = ("open", error)
    else:
        st.query_params[CODE] = opened.code


def _wrong(form: str) -> None:
    """Say beside a form what was wrong with what was typed into it, once."""
    which, error = st.session_state.get(_WRONG, (None, None))
    if which == form and error is not None:
        del st.session_state[_WRONG]
        alert(error.text(language()))
