"""The room Runs: what the visitor has trained, to open, rename, delete, compare and take home.

Knows nothing of how a training is done.
"""

import time
from collections.abc import Callable

import streamlit as st

from lstm.errors import CharloomError
from lstm.housekeeping import TIGHT, kept_until
from lstm.limits import Limits
from lstm.records import Run, RunState
from lstm.ui import blocks, charts, describe, places, rooms, turn, words
from lstm.ui.access import ask
from lstm.ui.blocks import alert
from lstm.ui.components.liveplot import live_plot
from lstm.ui.course import comparison
from lstm.ui.curves import AXES, UNITS, Look, shown
from lstm.ui.homecoming import bring_back
from lstm.ui.language import language, t
from lstm.ui.services import owner, store
from lstm.ui.sharing import share
from lstm.ui.switches import switch
from lstm.ui.takehome import take_home_run
from lstm.ui.trouble import told

TICK = 3.0
"""Seconds between two looks at the list while something in it goes on."""

PAGE = 20
"""Runs that are listed at first, and that each wish for more adds."""

_MOST_COMPARED = 8
_MOST_TOLD = 5  # sentences about what was cleaned away
_COMPARED = "compare"
_REDRAW = "_redraw"


def render() -> None:
    """Draw the room."""
    st.session_state.pop(_REDRAW, None)
    blocks.style()
    st.html(blocks.title_html(t("runs.title")))
    rooms.link("classroom", t("classroom.to_class"))
    runs = store().runs(owner(), include_deleted=True)
    alive = [run for run in runs if run.deleted is None]
    _refused()
    for run_id, name in store().damaged(owner()):
        alert(t("runs.damaged", name=name, run=run_id))
    _cleaned(alive)
    bring_back()
    _deleted([run for run in runs if run.deleted is not None])
    if not alive:
        alert(t("runs.empty"), "info")
        rooms.link("train", t("runs.to_train"))
        return
    active = any(run.is_active for run in alive)
    st.fragment(_list, run_every=TICK if active else None)(active=active)
    _compare([run for run in alive if _is_compared(run)])


# ---- the list ---------------------------------------------------------------------------------


@told()
def _list(*, active: bool) -> None:
    """Draw the list: the body of one tick."""
    if st.session_state.pop(_REDRAW, False):
        st.rerun()  # what was done here shows outside of the list, too
    with told():
        turn.here()
    runs = store().runs(owner())
    if any(run.is_active for run in runs) != active:
        st.rerun()  # the ticking begins or ends
    places.view()
    shares = store().shares(owner())
    most = st.session_state.setdefault("_runs_shown", PAGE)
    for run in runs[:most]:
        with st.container(border=True, key=f"run-{run.id}"):
            _row(run, shares.get(run.id))
    if len(runs) > most:
        st.button(t("runs.more", count=len(runs) - most), on_click=_show_more, key="more")


def _show_more() -> None:
    st.session_state["_runs_shown"] += PAGE


def _row(run: Run, token: str | None) -> None:
    st.html(blocks.title_html(run.name, describe.state(run), level=2))
    st.html(blocks.facts_html(_facts(run)))
    places.outage(run, _do)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        rooms.link("train", t("runs.open"), run=run.id)
        if run.has_model:
            rooms.link("write", t("runs.write"), run=run.id)
            rooms.link("look", run=run.id)
            if not run.is_active:
                rooms.link("train", t("train.on.link"), **{"from": run.id})
        _rename(run)
        share(run, token, _do)
        take_home_run(run)
        st.button(
            t("runs.delete"), key=f"delete-{run.id}", on_click=_do, args=(store().delete, run.id)
        )
        _keep(run)
        st.checkbox(
            t("runs.compare"),
            value=_is_compared(run),
            key=f"compare-{run.id}",
            disabled=run.best_bits is None,
            on_change=_pick,
            args=(run.id,),
        )


def _facts(run: Run) -> list[tuple[str, str]]:
    return [
        (t("runs.best", unit=t("charts.unit_bits")), shown(run.best_bits, "bits")),
        (t("runs.epochs"), f"{run.epoch:.1f}"),
        (t("runs.trained"), words.duration(run.seconds, language())),
        (t("runs.preset"), t(f"train.preset.{run.preset}")),
        (t("runs.size"), words.size(run.size_bytes)),
        (t("runs.made"), words.ago(time.time() - run.created, language())),
        *places.facts(run),
        *_fate(run),
    ]


def _fate(run: Run) -> list[tuple[str, str]]:
    """Say when a run will begin, or how long it is kept."""
    if run.state == RunState.QUEUED:
        return [(t("runs.turn"), turn.said(run))]
    limits = Limits.now()
    until = kept_until(run, limits)
    if until is not None:
        return [(t("runs.kept"), t("runs.until", day=words.day(until, language())))]
    return [(t("runs.kept"), t("runs.for_good"))] if run.kept and limits.clean_up else []


def _keep(run: Run) -> None:
    """Draw the switch that exempts a run from cleaning up, where there is such a thing."""
    if Limits.now().clean_up:
        key = f"keep-{run.id}"
        st.session_state[key] = run.kept  # as it is by now: another tab may have changed it
        st.toggle(t("runs.keep"), key=key, on_change=_do, args=(_kept(not run.kept), run.id))


def _kept(kept: bool) -> Callable[[str], Run]:
    return lambda run_id: store().keep(run_id, kept)


def _rename(run: Run) -> None:
    # Each wish gets a popover of its own, so the open one closes when it has done its work.
    wishes = st.session_state.get("_name_wishes", 0)
    with st.popover(t("runs.rename"), key=f"rename-{run.id}-{wishes}"):
        key = f"name-{run.id}"
        st.text_input(t("runs.new_name"), run.name, max_chars=80, key=key)
        st.button(t("runs.save"), key=f"save-{run.id}", on_click=_save_name, args=(run.id, key))


def _save_name(run_id: str, key: str) -> None:
    name = st.session_state[key]
    st.session_state["_name_wishes"] = st.session_state.get("_name_wishes", 0) + 1
    _do(lambda which: store().rename(which, name), run_id)


# ---- cleaned away ones ------------------------------------------------------------------------


def _cleaned(mine: list[Run]) -> None:
    """Say what was cleaned away, and what will be soon."""
    removals = store().removals(owner())
    if removals:
        for removal in removals[:_MOST_TOLD]:
            day = words.day(removal.removed, language())
            key = f"runs.removed_{removal.reason}"
            alert(t(key, name=removal.name, day=day), "warning")
        if len(removals) > _MOST_TOLD:
            alert(t("runs.removed_more", count=len(removals) - _MOST_TOLD), "warning")
        st.button(t("runs.read"), key="read", on_click=_read, args=(removals[0].id,))
    _tight(mine)


def _read(last: int) -> None:
    store().removals_read(owner(), last)


def _tight(mine: list[Run]) -> None:
    taken, budget = store().room_taken(), Limits.now().disk_bytes
    if not mine or taken < TIGHT * budget:
        return
    sentence = t("runs.tight", taken=words.size(taken), budget=words.size(budget))
    first = store().first_to_go()
    named = [t("runs.next_to_go", name=run.name) for run in mine if run.id == first]
    alert(" ".join([sentence, *named]), "warning")


# ---- deleted ones -----------------------------------------------------------------------------


def _deleted(runs: list[Run]) -> None:
    """Offer to bring back what was deleted a while ago."""
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center", key=f"gone-{run.id}"):
            st.html(blocks.alert_html(t("runs.deleted", name=run.name), "warning"))
            st.button(
                t("runs.undo"), key=f"undo-{run.id}", on_click=_do, args=(store().undelete, run.id)
            )


def _do(act: Callable[[str], object], run_id: str) -> None:
    """Ask something of a run of the visitor's own; what went wrong is said at the next drawing."""
    st.session_state[_REDRAW] = True
    try:
        ask(act, run_id)
    except CharloomError as error:
        st.session_state["_refused"] = error


def _refused() -> None:
    error: CharloomError | None = st.session_state.pop("_refused", None)
    if error is not None:
        alert(error.text(language()))


# ---- several at once --------------------------------------------------------------------------


def _compared() -> list[str]:
    return [part for part in st.query_params.get(_COMPARED, "").split(",") if part]


def _is_compared(run: Run) -> bool:
    return run.id in _compared() and run.best_bits is not None


def _pick(run_id: str) -> None:
    st.session_state[_REDRAW] = True
    picked = [other for other in _compared() if other != run_id]
    if st.session_state[f"compare-{run_id}"]:
        picked = [*picked, run_id][-_MOST_COMPARED:]
    if picked:
        st.query_params[_COMPARED] = ",".join(picked)
    else:
        del st.query_params[_COMPARED]


def _compare(runs: list[Run]) -> None:
    if len(runs) < 2:
        return
    st.html(blocks.title_html(t("runs.comparison"), level=2))
    with st.container(horizontal=True, gap="medium"):
        unit, axis = switch("unit", UNITS), switch("axis", AXES)
    look = Look(language(), unit, axis)
    said = {"reset": look.say("reset"), "failed": look.say("failed")}
    plot = comparison(tuple(run.id for run in runs), look)
    live_plot(plot, key="plot-comparison", height=charts.LOSS_HEIGHT, words=said)
    st.html(blocks.table_html(t("runs.results"), _results(runs)))
    rows = describe.differing_rows(runs)
    if len(rows) > 1:
        st.html(blocks.table_html(t("runs.differences"), rows))
    else:
        alert(t("runs.same"), "info")


def _results(runs: list[Run]) -> list[list[str]]:
    each = [dict(_facts(run)) for run in runs]
    head = [t("runs.result"), *(run.name for run in runs)]
    return [head, *([name, *(facts.get(name, "–") for facts in each)] for name in each[0])]
