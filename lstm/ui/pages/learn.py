"""The room Learn: a lesson in short chapters, alone or with a class watching.

The address names chapter, text, settings and hidden controls, so that a teacher's link opens the
same for everybody. Knows nothing of what a chapter shows.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

from lstm.errors import CharloomError
from lstm.ui import address, blocks
from lstm.ui.components.pager import LEAVE, pager
from lstm.ui.language import language, t
from lstm.ui.learn import live, source, teacher
from lstm.ui.learn.chapters import CHAPTERS, Chapter, chapter, neighbour
from lstm.ui.learn.glossary import explanations_html, keys
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.link import HIDE, PRESENT, hidden

MINUTES = 3
"""That a chapter takes, about."""

_BOOK, _HAT = ":material/menu_book:", ":material/school:"
_CHAPTER = "chapter"
_SEEN = "_learn_seen"
_HOUSE = frozenset((_CHAPTER, source.NAME, HIDE, PRESENT, "lang"))
_STYLE, _PROJECTED = (
    Path(__file__).parents[1] / "learn" / name for name in ("room.css", "presenting.css")
)


def render() -> None:
    """Draw the room."""
    blocks.style()
    st.html(_STYLE)
    address.bring_back(frozenset((HIDE, source.NAME)))
    key, presenting = _current(), address.get(PRESENT) == "1"
    hide = hidden(address.get(HIDE))
    alone = "chapters" in hide
    pager([key] if alone else CHAPTERS, key, listening=presenting, turned=_turned)
    if presenting:
        st.html(_PROJECTED)
        _chapter(key, chapter(key), _lesson(hide, presenting=True))
        _foot(key, alone=alone)
        _look_ahead(key, hide)
        return
    _top(key, hide)
    with st.container(key="learn-room", horizontal=True, gap="medium"):
        if not alone:
            with st.container(key="learn-side", width=224):
                _contents(key)
        with st.container(key="learn-main", width="stretch"):
            _chapter(key, chapter(key), _lesson(hide, presenting=False))
            if not alone:
                _onward(key)


def _lesson(hide: frozenset[str], *, presenting: bool) -> Lesson:
    return Lesson(source.text().content, language(), presenting, hide)


def _chapter(key: str, entered: Chapter, lesson: Lesson) -> None:
    """Draw a chapter with its title, its question and its words."""
    with st.container(key="learn-chapter"):
        title, question = t(f"learn_{key}.title"), escape(t(f"learn_{key}.question"))
        st.html(
            f'<div class="charloom-heading">{blocks.title_html(title)}'
            f'<p class="charloom-question">{question}</p></div>'
        )
        try:
            entered.render(lesson)
        except CharloomError as error:
            blocks.alert(error.text(language()), "info")
        words = explanations_html(entered.TERMS)
        said = escape(t("learn.words"))
        st.html(f'<details class="charloom-words-of"><summary>{said}</summary>{words}</details>')


def _look_ahead(key: str, hide: frozenset[str]) -> None:
    """Let the next chapter begin what takes time, so that nobody waits for it in class."""
    ahead = neighbour(key, 1)
    prime: Callable[[Lesson], None] | None = getattr(chapter(ahead or key), "prime", None)
    if ahead is not None and prime is not None:
        prime(_lesson(hide, presenting=True))


# ---- which chapter ----------------------------------------------------------------------------


def _current() -> str:
    """Return the chapter that the address names, and remember that it was seen."""
    asked = address.get(_CHAPTER)
    key = asked if asked in CHAPTERS else CHAPTERS[0]
    # Said anew at every drawing: what a callback says can be lost when a drawing follows at once.
    address.put(_CHAPTER, key)
    st.session_state.setdefault(_SEEN, {})[key] = True
    return key


def _go(key: str) -> None:
    """Go to a chapter: the settings of the last one leave the address."""
    live.leave()
    address.put(_CHAPTER, key)
    for name in list(st.query_params):
        if name not in _HOUSE:
            del st.query_params[name]


def _turned(asked: str) -> None:
    """Do what a key of the presenter asks for."""
    if asked == LEAVE:
        address.put(PRESENT, None)
    else:
        _go(asked)


# ---- around the chapter -----------------------------------------------------------------------


def _top(key: str, hide: frozenset[str]) -> None:
    """Draw the line above the chapter: where one is, the text, the teacher's menu, the way on."""
    with st.container(key="learn-top", horizontal=True, vertical_alignment="center", gap="small"):
        said = t("learn.chapter", place=CHAPTERS.index(key) + 1, all=len(CHAPTERS))
        st.html(f'<p class="charloom-place">{escape(said)}</p>', width="content")
        if "source" not in hide:
            label = t("learn.text", title=source.title(source.source()))
            with st.popover(label, key="learn-source", icon=":material/article:"):
                source.choose()
        _glossary()
        if "teacher" not in hide:
            label = t("learn.teacher.title")
            menu = st.popover(label, key="learn-teacher", icon=_HAT, on_change="rerun")
            if menu.open:
                with menu:
                    teacher.panel(key, chapter(key))
        if "chapters" not in hide:
            st.space("stretch")
            _turn(key, -1, "learn-back", t("learn.back"))
            _turn(key, 1, "learn-next", t("learn.next"))


def _glossary() -> None:
    words = st.popover(t("learn.glossary"), key="learn-glossary", icon=_BOOK, on_change="rerun")
    if words.open:
        with words:
            st.html(f"<p>{escape(t('learn.glossary_about'))}</p>")
            st.html(explanations_html(keys(), anchored=False))


def _turn(key: str, step: int, name: str, label: str, *, main: bool = False) -> None:
    there = neighbour(key, step)
    st.button(
        label,
        key=name,
        type="primary" if main else "secondary",
        icon=":material/arrow_forward:" if step > 0 else ":material/arrow_back:",
        icon_position="right" if step > 0 else "left",
        disabled=there is None,
        on_click=_go,
        args=(there or key,),
    )


def _contents(key: str) -> None:
    """Draw the table of contents, for wide pages as a list and for narrow ones as a menu."""
    wide, narrow = (f"learn-chapters-{shape}-{language()}" for shape in ("list", "menu"))
    st.session_state[wide] = st.session_state[narrow] = key
    label, named = t("learn.chapters"), {one: _named(one) for one in CHAPTERS}.__getitem__
    st.radio(label, CHAPTERS, format_func=named, key=wide, on_change=_chosen, args=(wide,))
    st.selectbox(
        label, CHAPTERS, format_func=named, key=narrow, on_change=_chosen, args=(narrow,),
        filter_mode=None,
    )  # fmt: skip
    seen = [one for one in CHAPTERS if one in st.session_state[_SEEN]]
    left = MINUTES * (len(CHAPTERS) - len(seen))
    values = {"seen": len(seen), "all": len(CHAPTERS), "minutes": left}
    said = t("learn.seen" if left else "learn.all_seen", **values)
    st.html(f'<p class="charloom-seen">{escape(said)}</p>')
    st.html(blocks.progress_html(len(seen) / len(CHAPTERS), said))


def _named(key: str) -> str:
    """Return what a chapter is called, with a sign if the visitor has seen it."""
    sign = " ✓" if key in st.session_state[_SEEN] else ""
    return f"{CHAPTERS.index(key) + 1}. {t(f'learn_{key}.title')}{sign}"


def _chosen(control: str) -> None:
    _go(st.session_state[control])


def _onward(key: str) -> None:
    there = neighbour(key, 1)
    if there is not None:
        label = t("learn.next_one", title=t(f"learn_{there}.title"))
        _turn(key, 1, "learn-onward", label, main=True)


def _foot(key: str, *, alone: bool) -> None:
    """Draw what is left of the frame in the presenter view."""
    with st.container(key="learn-foot", horizontal=True, vertical_alignment="center", gap="small"):
        said = t("learn.chapter", place=CHAPTERS.index(key) + 1, all=len(CHAPTERS))
        st.html(f'<p class="charloom-place">{escape(said)}</p>', width="content")
        if not alone:
            _turn(key, -1, "learn-back", t("learn.back"))
            _turn(key, 1, "learn-next", t("learn.next"))
        st.button(t("learn.leave"), key="learn-leave", on_click=_turned, args=(LEAVE,))
