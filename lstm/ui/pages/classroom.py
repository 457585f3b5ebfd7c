"""The class page: everyone's trainings on one chart, live, what they write, and the quiz.

With ``?code=`` in the address it shows that class to whoever opened it or is in it, and to anyone
else the way in. Knows nothing of how a training is done.
"""

from html import escape

import streamlit as st

from lstm.classroom import Classroom, ClassRun, Glance, tidy_code
from lstm.errors import StoreError
from lstm.records import RunState
from lstm.ui import blocks, charts, rooms, turn
from lstm.ui.blocks import alert
from lstm.ui.classroom import entrance, quiz, teacher
from lstm.ui.classroom.board import Board, Party, board, party, plot
from lstm.ui.classroom.doing import REDRAW, do, refused
from lstm.ui.classroom.entrance import CODE
from lstm.ui.classroom.style import style
from lstm.ui.components.liveplot import live_plot
from lstm.ui.curves import AXES, UNITS, Look, shown
from lstm.ui.language import language, t
from lstm.ui.services import owner, store
from lstm.ui.switches import choice, switch

TICK = 2.0
"""Seconds between two looks at a class: fifty look at once."""

_LONGEST = 260  # characters of a sample
_STATES = {True: "closed", False: "open"}


def render() -> None:
    """Draw the room."""
    st.session_state.pop(REDRAW, None)
    blocks.style()
    style()
    asked = st.query_params.get(CODE, "")
    glance = _glance(asked)
    if glance is None:
        entrance.render(asked)
        return
    room, now = glance.classroom, board(glance)
    teaches = glance.member is None
    if teaches and room.closed is None and st.query_params.get(teacher.SHOW) == "code":
        _projected(glance)
        return
    st.html(blocks.title_html(room.name, _state(room)))
    refused()
    if teaches:
        st.html(f'<p class="charloom-class-about">{escape(_code(room))}</p>')
        if room.closed is None:
            teacher.controls(room, now.rows)
    else:
        _membership(glance, now)
    ticking = room.closed is None or now.is_active
    st.fragment(_live, run_every=TICK if ticking else None)(room.code, _signature(glance, now))


def _glance(asked: str) -> Glance | None:
    """Return the class that the address names, if the visitor may see it."""
    code = tidy_code(asked)
    try:
        return store().glance(code, owner()) if code else None
    except StoreError:
        return None  # whether there is such a class is nobody's business: the form is shown


def _state(room: Classroom) -> str:
    if room.closed is None and room.paused is not None:
        return t("classroom.state.paused")
    return t(f"classroom.state.{_STATES[room.closed is not None]}")


def _code(room: Classroom) -> str:
    key = "classroom.over" if room.closed is not None else "classroom.code"
    return t(key, code=teacher.spelled(room.code))


def _signature(glance: Glance, now: Board) -> tuple[object, ...]:
    """Return what the part of the page that does not tick depends on."""
    room = glance.classroom
    fixed = (room.closed is None, room.paused is None, now.is_active or room.closed is None)
    if glance.member is None:
        return (*fixed, *sorted((row.run, row.hidden) for row in now.rows))
    mine = sorted(row.run for row in now.rows if row.owner == owner())
    return (*fixed, glance.member.name, *mine)


def _membership(glance: Glance, now: Board) -> None:
    """Say who one is here and what the others see of it, with the ways out."""
    assert glance.member is not None
    room, name = glance.classroom, glance.member.name
    key = "classroom.over_member" if room.closed is not None else "classroom.member"
    st.html(f'<p class="charloom-class-about">{escape(t(key, name=name))}</p>')
    mine = [row for row in now.rows if row.owner == owner()]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="class-me"):
        rooms.link("train", t("classroom.me.train"))
        with st.popover(t("classroom.me.runs", count=len(mine)), disabled=not mine):
            st.caption(t("classroom.me.runs_about"))
            for row in mine:
                _own_run(row)
        with st.popover(t("classroom.me.leave")):
            st.caption(t("classroom.me.leave_about"))
            st.button(
                t("classroom.me.leave_now"),
                key="class-leave",
                on_click=do,
                args=(store().leave_class, room.code, owner()),
            )


def _own_run(row: ClassRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"run-own-{row.run}"):
        hidden = t("classroom.me.hidden") if row.hidden else ""
        st.html(blocks.title_html(row.name, hidden, level=3))
        rooms.link("train", t("runs.open"), run=row.run)
        st.button(
            t("classroom.me.take_out"),
            key=f"class-out-{row.run}",
            on_click=do,
            args=(store().take_out, row.run, owner()),
        )


# ---- what ticks -------------------------------------------------------------------------------


def _live(code: str, signature: tuple[object, ...]) -> None:
    """Draw what changes while the class works: the body of one tick."""
    if st.session_state.pop(REDRAW, False):
        st.rerun()
    glance = _glance(code)
    if glance is None:
        st.rerun()  # the visitor was let go
    now, games = board(glance), party(glance)
    if _signature(glance, now) != signature:
        st.rerun()
    if glance.member is not None:
        turn.here()
    _settle(glance, now)
    quiz.render(glance, now, games)
    _trainings(now)
    _scores(games)


def _settle(glance: Glance, now: Board) -> None:
    """Let go on what was still about to halt when the pause ended: whoever sees it first does."""
    halted = any(row.held and row.state == RunState.PAUSED for row in now.rows)
    if glance.classroom.paused is None and halted:
        store().settle_class(glance.classroom.code)


def _trainings(now: Board) -> None:
    st.html(blocks.title_html(t("classroom.board.title"), level=2))
    if not now.shown:
        alert(t("classroom.board.empty"), "info")
        return
    if now.texts > 1:
        alert(t("classroom.board.texts", count=now.texts), "info")
    drawn, written = st.columns([5, 3], gap="large")
    with drawn:
        with st.container(horizontal=True, gap="medium", key="look"):
            unit, axis = switch("unit", UNITS), switch("axis", AXES)
        look = Look(language(), unit, axis)
        said = {"reset": look.say("reset"), "failed": look.say("failed")}
        live_plot(plot(now, look, owner()), key="plot-class", height=charts.LOSS_HEIGHT, words=said)
    with written:
        st.html(_samples_html(now))
    st.html(_table_html(now))


def _samples_html(now: Board) -> str:
    """Return what the best wrote last."""
    title = blocks.title_html(t("classroom.board.samples"), level=3)
    if not now.samples:
        return title + blocks.alert_html(t("classroom.board.no_samples"), "info")
    unit = choice("unit", UNITS)
    return title + "".join(
        f'<figure class="charloom-class-wrote"><figcaption><bdi>{escape(row.member)}</bdi> · '
        f"{escape(shown(row.best_bits, unit))}</figcaption>"
        f"<blockquote>{escape((sample.opening + sample.text)[:_LONGEST])}…</blockquote></figure>"
        for row, sample in now.samples
    )


def _table_html(now: Board) -> str:
    unit = choice("unit", UNITS)
    # What matters most comes first: a phone shows three columns without scrolling.
    names = ("member", "best", "state", "epochs", "run", "text")
    rows = [_row(place, row) for place, row in enumerate(now.shown, 1)]
    head = [t(f"classroom.board.{name}", unit=t(f"charts.unit_{unit}")) for name in names]
    table = blocks.table_html(t("classroom.board.table"), [head, *rows])
    return f'<div class="charloom-class-table">{table}</div>'


def _row(place: int, row: ClassRun) -> list[str]:
    unit = choice("unit", UNITS)
    who = t("classroom.board.you", name=row.member) if row.owner == owner() else row.member
    best = shown(row.best_bits, unit)
    return [
        who,
        f"★ {best}" if place == 1 and row.best_bits is not None else best,
        t(f"train.pending.{row.pending}" if row.pending else f"train.state.{row.state}"),
        f"{row.epoch:.1f}",
        row.name,
        row.corpus_name,
    ]


def _scores(games: Party) -> None:
    """Draw the results in the guessing game of the lesson, if there are any."""
    if not games.scores:
        return
    head = [t("classroom.quiz.member"), t("charts.unit_bits"), t("classroom.games.characters")]
    rows = [[one.name, f"{one.bits:.2f}", str(one.characters)] for one in games.scores]
    st.html(blocks.table_html(t("classroom.games.shannon"), [head, *rows]))


# ---- on the projector -------------------------------------------------------------------------


def _projected(glance: Glance) -> None:
    room = glance.classroom
    st.html(blocks.title_html(room.name, t("classroom.state.open")))
    st.button(t("classroom.desk.back"), key="class-back", on_click=_back)
    st.fragment(_coming, run_every=TICK)(room.code)


def _back() -> None:
    del st.query_params[teacher.SHOW]


def _coming(code: str) -> None:
    """Draw the code and who has come: the body of one tick."""
    glance = _glance(code)
    if glance is None or glance.classroom.closed is not None:
        st.rerun()
    st.html(teacher.code_html(code, party(glance).names))
