"""The third part of Train: a run, live, as its store tells it, and what its owner can do with it.

All that is drawn follows from the store, so a reload, a second tab and a closed laptop come back
to the same page. Knows nothing of processes.
"""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from lstm.errors import CharloomError, StoreError
from lstm.limits import Limits
from lstm.records import Notice, Run, RunState
from lstm.ui import blocks, charts, describe, places, rooms, turn, words
from lstm.ui.access import Ticket, ask, only_known
from lstm.ui.blocks import alert, alert_html
from lstm.ui.classroom import belonging
from lstm.ui.components.liveplot import live_plot
from lstm.ui.components.timemachine import Page, chosen, time_machine
from lstm.ui.course import (
    Course,
    course,
    horizon,
    plots,
    progress,
    samples,
    seconds_left,
    speed,
    stops,
)
from lstm.ui.curves import AXES, SPANS, UNITS, Look, Unit, shown
from lstm.ui.language import language, t
from lstm.ui.services import store
from lstm.ui.sharing import share
from lstm.ui.switches import choice, switch
from lstm.ui.takehome import take_home_run
from lstm.ui.trouble import held_up, told

TICK = 1.0
"""Seconds between two looks at a run that changes by itself."""

_SLOW_TICK = 3.0  # a paused run only changes by the owner's hand, maybe in another tab
_NOTICES = 3  # newest ones that are shown
_LONGER = (60, 300, 1800)  # seconds that a finished training can be prolonged by
_OVER = {RunState.FINISHED, RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED}


def render(ticket: Ticket) -> None:
    """Draw a run of the visitor's own, or one that was shared with them."""
    try:
        run = ticket.see()
    except StoreError as error:
        alert(error.text(language()))
        _new_training()
        return
    if run.deleted is not None:
        _deleted(run)
        return
    st.html(blocks.title_html(run.name, describe.state(run)))
    _failure()
    if ticket.is_own:
        _buttons(run)
        places.outage(run, _do)
        belonging.of_run(run)
    else:
        _guest(run, ticket)
    live = st.fragment(_live, run_every=_tick(run))
    live(ticket, _signature(run), _others(run) if ticket.is_own else None)
    with st.expander(t("train.watch.settings")):
        st.html(blocks.table_html(t("train.watch.settings"), describe.settings_rows(run)))


def _tick(run: Run) -> float | None:
    if run.is_active:
        return TICK
    return _SLOW_TICK if run.state == RunState.PAUSED else None


def _signature(run: Run) -> tuple[object, ...]:
    """Return what the part of the page that does not tick depends on."""
    whose = (run.name, run.deleted is None)
    return (run.state, run.pending, run.has_model, *whose, places.is_without_machine(run))


def _deleted(run: Run) -> None:
    alert(t("train.watch.deleted"), "warning")
    st.button(t("train.watch.undo"), key="undo", on_click=_do, args=(store().undelete, run.id))
    _new_training()


def _guest(run: Run, ticket: Ticket) -> None:
    """Say that the run is another visitor's, and where else its link leads."""
    alert(t("train.watch.shared"), "info")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-buttons"):
        if run.has_model:
            rooms.link("write", t("train.watch.write"), **ticket.address)
            rooms.link("look", **ticket.address)
        _new_training()


# ---- what the owner can do --------------------------------------------------------------------


def _buttons(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-buttons"):
        if run.allows("pause") or (run.pending == "pause"):
            _button("pause", run, store().pause, enabled=run.allows("pause"))
        elif run.allows("resume"):
            _button("resume", run, store().resume, primary=run.state != RunState.STOPPED)
        if run.allows("stop") or run.pending == "stop":
            _button("stop", run, store().stop, enabled=run.allows("stop"))
        if run.allows("set_learning_rate"):
            _learning_rate(run)
        if run.allows("extend"):
            _longer(run)
        if run.has_model:
            rooms.link("write", t("train.watch.write"), run=run.id)
            rooms.link("look", run=run.id)
        share(run, store().shares(run.owner).get(run.id), _do)
        if run.has_model:
            take_home_run(run)
            if not run.has_text:
                rooms.link("train", t("train.on.link"), **{"from": run.id})
        _new_training()


def _button(
    name: str,
    run: Run,
    act: Callable[[str], Run],
    *,
    enabled: bool = True,
    primary: bool = False,
) -> None:
    st.button(
        t(f"train.watch.{name}"),
        key=f"run-{name}",
        type="primary" if primary else "secondary",
        disabled=not enabled,
        on_click=_do,
        args=(act, run.id),
    )


def _learning_rate(run: Run) -> None:
    # Each wish gets a popover of its own, so the open one closes when it has done its work.
    wishes = st.session_state.get("_rate_wishes", 0)
    with st.popover(t("train.watch.learning_rate"), key=f"rate-{wishes}"):
        st.caption(t("settings.learning_rate"))
        st.number_input(
            t("settings.label.learning_rate"),
            value=run.train_config.learning_rate,
            step=0.001,
            format="%g",
            key="new-rate",
        )
        st.button(t("train.watch.apply"), key="apply-rate", on_click=_set_rate, args=(run.id,))


def _set_rate(run_id: str) -> None:
    rate = st.session_state["new-rate"]
    if rate is not None:
        st.session_state["_rate_wishes"] = st.session_state.get("_rate_wishes", 0) + 1
        _do(store().set_learning_rate, run_id, float(rate))


def _longer(run: Run) -> None:
    with st.popover(t("train.watch.longer")):
        st.caption(t("train.watch.longer_help"))
        most = Limits.now().max_seconds
        for seconds in sorted({min(seconds, most) for seconds in _LONGER}):
            st.button(
                words.duration(seconds, language()),
                key=f"longer-{seconds:g}",
                on_click=_extend,
                args=(run.id, float(seconds)),
            )


def _extend(run_id: str, seconds: float) -> None:
    _do(lambda which: store().extend(which, seconds=seconds), run_id)


def _new_training() -> None:
    st.button(t("train.watch.new"), key="new-training", on_click=_leave)


def _leave() -> None:
    for name in ("run", "shared"):
        st.query_params.pop(name, None)


def _do(act: Callable[..., object], run_id: str, *values: float) -> None:
    """Ask something of a run of the visitor's own; what went wrong is said at the next drawing."""
    try:
        ask(act, run_id, *values)
    except CharloomError as error:
        st.session_state["_refused"] = error


def _failure() -> None:
    error: CharloomError | None = st.session_state.pop("_refused", None)
    if error is not None:
        alert(error.text(language()))


# ---- what ticks -------------------------------------------------------------------------------


@told()
def _live(ticket: Ticket, signature: tuple[object, ...], others: dict[str, str] | None) -> None:
    """Draw what changes while the run goes on: the body of one tick.

    Args:
        ticket: What the run is seen by: a link may have been taken back since the last tick.
        signature: Of the run as the rest of the page shows it.
        others: Names of the owner's other runs by id; None for another visitor.
    """
    try:
        now = course(ticket.see().id)
    except StoreError:
        st.rerun()  # it is gone for good, or no longer to be seen; the page says so
    if _signature(now.run) != signature:
        st.rerun()
    if others is not None:
        with told():
            turn.here()
        turn.card(now.run)
    unit = choice("unit", UNITS)
    st.html(_status(now.run, unit) + held_up(now.run) + _reason(now.run) + _news(now.notices))
    look, earlier = _choose_look(now.run, others or {})
    drawn = plots(now, look, earlier)
    said = {"reset": look.say("reset"), "failed": look.say("failed")}
    live_plot(drawn.loss, key="plot-loss", height=charts.LOSS_HEIGHT, words=said)
    for column, plot, key in zip(
        st.columns(2), (drawn.gradient, drawn.rate), ("gradient", "rate"), strict=True
    ):
        with column:
            live_plot(plot, key=f"plot-{key}", height=charts.SMALL_HEIGHT, words=said)
    _samples(now, unit)


def _status(run: Run, unit: Unit) -> str:
    share = progress(run)
    best = shown(run.best_bits, unit)
    last = shown(run.last_bits, unit)
    facts = [
        (t("train.watch.best", unit=t(f"charts.unit_{unit}")), best),
        (t("train.watch.last"), last),
        (t("train.watch.epoch"), f"{run.epoch:.2f}"),
        (t("train.watch.trained"), words.duration(run.seconds, language())),
        *_ahead(run),
        (t("train.watch.speed"), _speed(run)),
    ]
    return blocks.progress_html(share, t("train.watch.progress")) + blocks.facts_html(facts)


def _speed(run: Run) -> str:
    try:
        rate = speed(run)
    except CharloomError as error:
        return error.text(language())  # the text is gone or damaged; all else can be shown
    return t("train.cost.rate", count=words.count(rate)) if rate else "–"


def _ahead(run: Run) -> list[tuple[str, str]]:
    """Say how long it still takes, or when it begins."""
    if run.state == RunState.QUEUED:
        when = turn.expected(run)
        return [(t("train.turn.start"), "–" if when is None else turn.start(when))]
    left = seconds_left(run) if run.is_active else None
    return [(t("train.watch.left"), "–" if left is None else words.duration(left, language()))]


def _reason(run: Run) -> str:
    if run.reason is None or run.state not in _OVER:
        return ""
    bad = run.state in {RunState.FAILED, RunState.INTERRUPTED}
    return alert_html(run.reason.text(language()), "warning" if bad else "good")


def _news(notices: tuple[Notice, ...]) -> str:
    newest = notices[: -_NOTICES - 1 : -1]
    return "".join(alert_html(notice.text(language()), "info") for notice in newest)


def _choose_look(run: Run, others: dict[str, str]) -> tuple[Look, tuple[str, ...]]:
    """Draw the switches, and return how the curves are to be seen and with which others."""
    with st.container(horizontal=True, gap="medium", key="look"):
        unit = switch("unit", UNITS)
        axis = switch("axis", AXES)
        span = switch("span", SPANS)
        earlier = _earlier(others)
    look = Look(language(), unit, axis, span)
    return replace(look, horizon=horizon(run, look)), earlier


def _earlier(others: dict[str, str]) -> tuple[str, ...]:
    """Let the owner lay other runs over this one."""
    if not others:
        return ()
    picked = st.multiselect(
        t("train.look.earlier"),
        list(others),
        format_func=lambda run_id: others.get(run_id, "?"),
        max_selections=4,
        key="earlier",
        placeholder=t("train.look.none"),
    )
    return only_known(picked, others)


def _others(run: Run) -> dict[str, str]:
    runs = store().runs(run.owner)
    return {r.id: r.name for r in runs if r.id != run.id and r.best_bits is not None}


def _samples(now: Course, unit: Unit) -> None:
    st.html(blocks.title_html(t("train.samples.title"), level=2))
    key = f"samples-{now.run.id}"
    index = chosen(key, now.stops)
    if index is None:
        index = next(reversed(now.stops), None)
    rows = () if index is None else samples(now, index)
    pages = [Page(_temperature(row.temperature), row.opening, row.text) for row in rows]
    names = ("slider", "newest", "previous", "next", "empty")
    said = {name: t(f"train.samples.{name}") for name in names}
    time_machine(stops(now, unit, language()), index, pages, key=key, words=said)


def _temperature(temperature: float) -> str:
    key = next(
        (
            name
            for limit, name in ((0.3, "low"), (0.8, "middle"), (1.1, "one"))
            if temperature < limit
        ),
        "high",
    )
    return t(f"train.samples.{key}", temperature=f"{temperature:g}")
