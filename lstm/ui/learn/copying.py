"""Did it learn or copy? Measured, and what follows for homework."""

from collections.abc import Iterator
from dataclasses import replace
from html import escape

import streamlit as st

from lstm.memorisation import LEAST_COPIED
from lstm.ui import blocks
from lstm.ui.components.tinted import tinted
from lstm.ui.desk import MANY_SYMBOLS
from lstm.ui.language import t
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson
from lstm.ui.learn.writer import before_writing, choose
from lstm.ui.look import frame, wishes
from lstm.ui.look.context import Context
from lstm.ui.look.novelty import SHOWN, Findings, compared, highlighted, table_of
from lstm.ui.watch import LEAST_COPIED_HAN, index_of

TERMS = ("overlap",)
CONTROLS = ("network", "page")

PAGES = ("measured", "homework")
HOMEWORK = ("worth", "shows", "instead")
"""The parts of the page about homework."""

_REAL = 1_000  # characters of a real essay to compare with


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    page = PAGES[0]
    if lesson.shows("page"):
        said = t("learn_copying.page")
        page = wishes.one_of(
            "page", PAGES, label=said, say=lambda one: t(f"learn_copying.pages.{one}")
        )
    if page == "homework":
        st.html(homework_html())
    else:
        _measured(lesson)


def homework_html() -> str:
    """Return the page about essays that a machine wrote."""
    parts = "".join(
        f"<section><h2>{escape(t(f'learn_copying.{part}.title'))}</h2>"
        f"<p>{escape(t(f'learn_copying.{part}.text'))}</p></section>"
        for part in HOMEWORK
    )
    joke = escape(t("learn_copying.joke"))
    return f'<div class="charloom-homework"><p class="joke">{joke}</p>{parts}</div>'


def _measured(lesson: Lesson) -> None:
    st.html(f"<p>{t('learn_copying.idea', overlap=term('overlap'))}</p>")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        choice = choose(lesson, t("learn_copying.network"))
        context = before_writing(lesson, choice, _REAL)
    with right:
        shown = wishes.one_of("shown", SHOWN, label=t("look_novelty.shown"), say=_said)
    index = index_of(choice)

    def work() -> Iterator[Findings]:
        return compared(context, index, 1)

    def show(findings: Findings) -> None:
        _draw(context, findings, SHOWN.index(shown))

    frame.in_background(context, "learn-copying", work, show)


def _draw(context: Context, findings: Findings, number: int) -> None:
    if not findings.has_text:
        blocks.alert(t("look_novelty.no_text"), "info")
        return
    usual = LEAST_COPIED_HAN if context.vocabulary.size > MANY_SYMBOLS else LEAST_COPIED
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.html(blocks.table_html(t("learn_copying.result"), short_table(findings, usual)))
    with right:
        if number < len(findings.found):
            marked = highlighted(findings.found[number], usual)
            tinted(replace(marked, lanes=marked.lanes[:1]), key="tinted-copying")


def short_table(findings: Findings, least: int) -> list[list[str]]:
    """Return for each text its longest copy and the share that was copied, the head first."""
    head, *rows = (row[:3] for row in table_of(findings.found, least))
    if rows:
        rows[0][0] = t("learn_copying.real")
    return [head, *rows]


def _said(key: str) -> str:
    if key == "text":
        return t("learn_copying.real")
    return t("look_novelty.temperature", temperature=key)
