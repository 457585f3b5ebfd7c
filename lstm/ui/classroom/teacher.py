"""What the teacher can do with a class: halt its trainings, hide one, let someone go, close it.

Knows nothing of what the class page shows.
"""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from lstm.classroom import Classroom, ClassRun, Member
from lstm.ui.access import only_known
from lstm.ui.classroom.board import title
from lstm.ui.classroom.doing import do
from lstm.ui.classroom.entrance import CODE
from lstm.ui.language import language, t
from lstm.ui.learn.link import lesson_link, qr_image
from lstm.ui.services import owner, store

SHOW = "show"
"""In the address: ``code`` shows the code large, for a projector."""


def controls(room: Classroom, runs: tuple[ClassRun, ...]) -> None:
    """Draw the teacher's buttons for an open class."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="class-desk"):
        st.button(
            t("classroom.desk.show"),
            key="class-show",
            icon=":material/qr_code:",
            on_click=_show,
        )
        if room.paused is None:
            _button("pause", store().pause_class, room)
        else:
            _button("resume", store().resume_class, room)
        _hide(room, runs)
        _members(room)
        with st.popover(t("classroom.desk.close")):
            st.caption(t("classroom.desk.close_about"))
            _button("close_now", store().close_class, room)


def _button(name: str, act: object, room: Classroom) -> None:
    st.button(
        t(f"classroom.desk.{name}"),
        key=f"class-{name}",
        on_click=do,
        args=(act, room.code, owner()),
    )


def _show() -> None:
    st.query_params[SHOW] = "code"


def _hide(room: Classroom, runs: tuple[ClassRun, ...]) -> None:
    with st.popover(t("classroom.desk.hide"), disabled=not runs):
        names = {run.run: title(run) for run in runs}
        st.session_state["class-hidden"] = [run.run for run in runs if run.hidden]
        st.multiselect(
            t("classroom.desk.hidden"),
            list(names),
            format_func=lambda run: names.get(run, "?"),
            key="class-hidden",
            placeholder=t("classroom.desk.none"),
            on_change=_hidden,
            args=(room.code, runs),
        )
        st.caption(t("classroom.desk.hide_about"))


def _hidden(code: str, runs: tuple[ClassRun, ...]) -> None:
    chosen = only_known(st.session_state["class-hidden"], [run.run for run in runs])
    for run in runs:
        if run.hidden != (run.run in chosen):
            do(store().hide_run, code, owner(), run.run, run.run in chosen)


def _members(room: Classroom) -> None:
    members = store().members(room.code)
    with st.popover(t("classroom.desk.members"), disabled=not members):
        if not members:
            return
        names = {member.number: member.name for member in members}
        st.selectbox(
            t("classroom.desk.member"),
            list(names),
            format_func=lambda number: names.get(number, "?"),
            key="class-member",
        )
        st.caption(t("classroom.desk.remove_about"))
        st.button(
            t("classroom.desk.remove"),
            key="class-remove",
            on_click=_remove,
            args=(room.code, members),
        )


def _remove(code: str, members: list[Member]) -> None:
    number = st.session_state["class-member"]
    if number in {member.number for member in members}:
        do(store().remove_member, code, owner(), number)


# ---- on the projector -------------------------------------------------------------------------


def spelled(code: str) -> str:
    """Return a code in two halves, as one says it."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}"


def address(code: str) -> str:
    """Return the link that leads into a class, as the teacher's browser would spell it."""
    here = st.context.url or "/"
    query = {CODE: code} | ({"lang": language()} if "lang" in st.query_params else {})
    return lesson_link(here, query)


def code_html(code: str, members: tuple[str, ...]) -> str:
    """Return the code as large as the page allows, with the QR code and who is there already."""
    link = address(code)
    said = _safe(t("classroom.desk.qr"))
    drawn = f'<img alt="{said}" src="{_safe(qr_image(link, scale=8) or "")}">'
    words = link.removeprefix(f"{urlsplit(link).scheme}://")
    come = "".join(f"<li><bdi>{_safe(name)}</bdi></li>" for name in members)
    return (
        '<div class="charloom-class-big">'
        f'<div class="charloom-class-qr">{drawn}</div>'
        f"<div><p>{_safe(t('classroom.desk.go_to'))}</p>"
        f'<p class="charloom-class-url">{_safe(words)}</p>'
        f"<p>{_safe(t('classroom.desk.type'))}</p>"
        f'<p class="charloom-class-code">{_safe(spelled(code))}</p>'
        f"<p>{_safe(t('classroom.desk.come', count=len(members)))}</p>"
        f'<ul class="charloom-class-come">{come}</ul></div></div>'
    )


def _safe(words: str) -> str:
    return escape(words, quote=True)
