"""What a teacher finds beside a chapter: links with a QR code, the presenter view, the handout.

Knows nothing of what a chapter shows.
"""

from html import escape

import streamlit as st

from lstm.ui import address, rooms
from lstm.ui.blocks import alert
from lstm.ui.language import language, t
from lstm.ui.learn import live, source
from lstm.ui.learn.chapters import Chapter
from lstm.ui.learn.handout import handout
from lstm.ui.learn.link import HIDE, PRESENT, lesson_link, qr_image

FRAME = ("source", "chapters", "teacher")
"""Controls around every chapter."""

_HIDE = "learn-hide"
_PRESENT = "learn-link-presents"


def panel(key: str, entered: Chapter) -> None:
    """Draw the menu.

    Args:
        key: The chapter.
        entered: Its module.
    """
    st.button(
        t("learn.teacher.present"),
        key="learn-present",
        icon=":material/present_to_all:",
        help=t("learn.teacher.present_help"),
        on_click=address.put,
        args=(PRESENT, "1"),
    )
    rooms.link("classroom", t("classroom.to_class"))
    controls = (*FRAME, *getattr(entered, "CONTROLS", ()))
    st.multiselect(
        t("learn.teacher.hide"),
        controls,
        format_func=lambda control: _said(key, control),
        key=f"{_HIDE}-{key}-{language()}",
        filter_mode=None,
        placeholder="–",
    )
    st.toggle(t("learn.teacher.presenting"), key=_PRESENT)
    link = _link(key)
    st.html(f"<p><strong>{escape(t('learn.teacher.link'))}</strong></p>")
    st.code(link, language=None, wrap_lines=True)
    if not source.can_travel(source.source()):
        alert(t("learn.teacher.cannot_travel"), "info")
    code = qr_image(link)
    if code is None:
        alert(t("learn.teacher.too_long"), "info")
    else:
        said = escape(t("learn.teacher.qr"), quote=True)
        st.html(f'<img class="charloom-qr" src="{code}" alt="{said}">')
    st.download_button(
        t("learn.teacher.handout"),
        data=lambda: handout(key, entered.TERMS, language(), link).encode(),
        file_name=f"charloom-{key}-{language()}.html",
        mime="text/html",
        key=f"learn-handout-{key}",
        on_click="ignore",
        icon=":material/print:",
    )


def _link(key: str) -> str:
    """Return the link to the chapter with the settings that it has now."""
    query = {name: st.query_params[name] for name in st.query_params}
    query |= {"chapter": key, "lang": language()}
    for name in (HIDE, PRESENT, source.NAME):
        query.pop(name, None)
    if source.can_travel(source.source()):
        query[source.NAME] = source.source()
    if st.session_state[_PRESENT]:
        query[PRESENT] = "1"
    hide = st.session_state[f"{_HIDE}-{key}-{language()}"]
    return lesson_link(st.context.url or "", query, hide)


def _said(key: str, control: str) -> str:
    common = control in FRAME or control in live.CONTROLS
    return t(f"learn.control.{control}" if common else f"learn_{key}.{control}")
