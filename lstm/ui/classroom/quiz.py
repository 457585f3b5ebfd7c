"""The quiz "real or generated?": the class judges passages, its networks try to fool it.

Knows nothing of how passages are cut.
"""

import random
import secrets
from html import escape

import streamlit as st

from lstm.classroom import Glance
from lstm.errors import CorpusError, StoreError
from lstm.passages import Passage, Source, passages
from lstm.quizzes import Question, Round
from lstm.ui import blocks
from lstm.ui.blocks import alert_html, table_html
from lstm.ui.classroom.board import Board, Party, questions
from lstm.ui.classroom.doing import do
from lstm.ui.language import t
from lstm.ui.services import owner, store

PASSAGES = 8
"""In a round."""

_SOURCES = 12
"""Most runs that a round is made of, drawn by lot."""

_TEMPERATURES = (0.4, 1.05)
"""Samples between these are used: colder ones go round in circles, hotter ones misspell."""

_ROWS = 10
"""Best members who are listed."""


def render(glance: Glance, now: Board, party: Party) -> None:
    """Draw the newest round of a class, and the teacher's buttons."""
    current = party.round
    teaches = glance.member is None
    if current is None and not teaches:
        return
    with st.container(border=True, key="class-quiz"):
        st.html(blocks.title_html(t("classroom.quiz.title"), level=2))
        if teaches and glance.classroom.closed is None:
            _steer(glance, now, current)
        if current is None:
            return
        asked = questions(glance, current.id, owner())
        if current.open and not teaches:
            _judge(glance, asked, now)
        _score(current, party, now)
        if not current.open:
            with st.expander(t("classroom.quiz.truth")):
                st.html(_truth_html(asked, now))


# ---- the teacher ------------------------------------------------------------------------------


def _steer(glance: Glance, now: Board, current: Round | None) -> None:
    going = current is not None and current.open
    if current is None:
        st.html(f"<p>{escape(t('classroom.quiz.about'))}</p>")
    with st.container(horizontal=True, gap="small", key="class-quiz-desk"):
        st.button(
            t("classroom.quiz.again" if current else "classroom.quiz.start"),
            key="class-quiz-start",
            type="secondary" if going else "primary",
            on_click=_start,
            args=(glance.classroom.code, now),
        )
        if going:
            st.button(
                t("classroom.quiz.end"),
                key="class-quiz-end",
                type="primary",
                on_click=do,
                args=(store().end_round, glance.classroom.code, owner()),
            )


def _start(code: str, now: Board) -> None:
    do(lambda: store().start_round(code, owner(), _drawn(now)))


def _drawn(now: Board) -> list[Passage]:
    rng = random.Random(secrets.randbits(64))
    rows = [row for row in now.shown if row.best_bits is not None]
    found = [_source(row.run, row.corpus) for row in rng.sample(rows, min(_SOURCES, len(rows)))]
    return passages([source for source in found if source is not None], PASSAGES, rng)


def _source(run_id: str, corpus: str) -> Source | None:
    """Return a run as a source of passages; None if its text is gone or damaged."""
    low, high = _TEMPERATURES
    indices = store().sample_indices(run_id)
    rows = store().samples(run_id, indices[-1]) if indices else []
    try:
        text = store().corpus(corpus)
    except (StoreError, CorpusError):
        return None  # other runs are there to guess at
    return Source(run_id, text, tuple(row.text for row in rows if low < row.temperature < high))


# ---- the members ------------------------------------------------------------------------------


def _judge(glance: Glance, asked: tuple[Question, ...], now: Board) -> None:
    """Draw the next passage to be judged, with what the last judgement was worth."""
    done = [question for question in asked if question.said is not None]
    verdict = _verdict_html(done[-1], now) if done else ""
    left = [question for question in asked if question.said is None]
    if not left:
        st.html(verdict + alert_html(_result(asked), "good"))
        return
    question = left[0]
    place = t("classroom.quiz.place", place=len(done) + 1, all=len(asked))
    st.html(
        f'{verdict}<p class="charloom-class-place">{escape(place)}</p>'
        f'<blockquote class="charloom-class-passage">…{escape(question.text)}…</blockquote>'
    )
    with st.container(horizontal=True, gap="small", key="class-quiz-answer"):
        for name, real in (("real", True), ("generated", False)):
            st.button(
                t(f"classroom.quiz.{name}"),
                # The next passage has buttons of its own: a double click judges one only.
                key=f"class-quiz-{name}-{question.number}",
                on_click=_answer,
                args=(glance, question.number, real),
                width="stretch",
            )


def _answer(glance: Glance, number: int, real: bool) -> None:
    current = store().round(glance.classroom.code)
    if current is not None:
        do(store().answer, glance.classroom.code, owner(), (current.id, number), real)


def _verdict_html(question: Question, now: Board) -> str:
    right = question.said == question.real
    values = {"who": _author(question, now)}
    key = "right" if right else "wrong"
    return alert_html(t(f"classroom.quiz.{key}", **values), "good" if right else "warning")


def _author(question: Question, now: Board) -> str:
    """Say where a passage comes from."""
    if question.real:
        return t("classroom.quiz.from_text")
    return t("classroom.quiz.from_run", name=now.name(question.run) or t("classroom.quiz.some"))


def _result(asked: tuple[Question, ...]) -> str:
    right = sum(question.said == question.real for question in asked)
    return t("classroom.quiz.result", right=right, all=len(asked))


# ---- everybody --------------------------------------------------------------------------------


def _score(current: Round, party: Party, now: Board) -> None:
    """Draw how the class fares: its score, its best judges, its best foolers."""
    fooled, answered = current.fooled
    facts = [
        (t("classroom.quiz.judging"), f"{len(current.standings)} / {party.members}"),
        (t("classroom.quiz.fooled"), f"{fooled / answered:.0%}" if answered else "–"),
    ]
    tables = _standings_html(current) + _foolings_html(current, now)
    beside = f'<div class="charloom-class-beside">{tables}</div>'
    st.html(blocks.facts_html(facts) + (beside if tables else ""))


def _standings_html(current: Round) -> str:
    if not current.standings:
        return ""
    head = [t("classroom.quiz.member"), t("classroom.quiz.right_ones"), t("classroom.quiz.judged")]
    rows = [
        [one.name, str(one.right), f"{one.answered} / {current.passages}"]
        for one in current.standings[:_ROWS]
    ]
    return table_html(t("classroom.quiz.standings"), [head, *rows])


def _foolings_html(current: Round, now: Board) -> str:
    head = [t("classroom.quiz.network"), t("classroom.quiz.times")]
    named = [(now.name(one.run), one) for one in current.foolings]
    rows = [[name, f"{one.fooled} / {one.answered}"] for name, one in named if name is not None][
        :_ROWS
    ]
    return table_html(t("classroom.quiz.foolings"), [head, *rows]) if rows else ""


def _truth_html(asked: tuple[Question, ...], now: Board) -> str:
    head = [t("classroom.quiz.passage"), t("classroom.quiz.source")]
    rows = [[f"…{question.text}…", _author(question, now)] for question in asked]
    return table_html(t("classroom.quiz.truth"), [head, *rows])
