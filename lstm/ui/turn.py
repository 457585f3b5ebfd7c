"""When it is whose turn, as the page tells it, and that a visitor is here at all.

While something of a visitor's waits, a line in every room but its own says how it fares, so that
they can play elsewhere meanwhile. Knows nothing of how the order is decided.
"""

import time
from collections.abc import Iterable
from functools import lru_cache

import streamlit as st

from lstm.errors import StoreError
from lstm.limits import Limits
from lstm.records import Run, RunState
from lstm.runs import RunStore
from lstm.turns import Expected
from lstm.ui import blocks, rooms, words
from lstm.ui.language import language, t
from lstm.ui.services import owner, store

TICK = 5.0
"""Seconds between two looks at the queue from another room."""

SOON = 3.0
"""Below so many seconds there is nothing to wait for."""

_TOUCH = 20.0  # seconds after which the store is told again that the visitor is here
_TOUCHED = "_here"
_AWAITED = "_awaited"


def here() -> None:
    """Tell the store that the visitor has a page open, now and then.

    Raises:
        StoreError: It can't be told.
    """
    last: tuple[str, float] | None = st.session_state.get(_TOUCHED)
    if last is None or last[0] != owner() or time.monotonic() - last[1] > _often():
        store().touch(owner())
        st.session_state[_TOUCHED] = (owner(), time.monotonic())


def _often() -> float:
    """Return after how many seconds the store must hear again that the visitor is here."""
    return min(_TOUCH, Limits.now().aside_seconds / 3)


def expected(run: Run) -> Expected | None:
    """Return when a waiting run will start; None if it does not wait in the line."""
    if run.state != RunState.QUEUED or run.aside is not None:
        return None
    # Hundreds may look at the same queue: it is played through once a second.
    known = _forecast(store(), int(time.monotonic()))
    return known.get(run.id) or store().forecast().get(run.id)


def start(when: Expected) -> str:
    """Say in how long a run will start."""
    if when.seconds < SOON:
        return t("train.turn.now")
    return t("train.turn.about", duration=words.duration(when.seconds, language()))


def said(run: Run) -> str:
    """Say a waiting run's place and start in few words; a dash if nothing is known."""
    when = expected(run)
    if when is None:
        return "–"
    return t("train.turn.short", place=when.place, start=start(when))


def card(run: Run) -> None:
    """Draw what the page of a waiting run says of its turn, and what to do meanwhile."""
    when = expected(run)
    if when is None or when.seconds < SOON:
        return
    minutes = words.duration(Limits.now().aside_seconds, language())
    with st.container(border=True, key="turn"):
        st.html(
            blocks.title_html(t("train.turn.place", place=when.place), start(when), level=2)
            + blocks.list_html([*_why(run), t("train.turn.away", duration=minutes)])
        )
        rooms.link("write", t("train.turn.play"))


def line() -> None:
    """Draw how the visitor's waiting trainings fare, if they have any that wait."""
    try:
        here()
        waits = _awaited()
    except StoreError:
        return  # the room itself says what is wrong with the store
    if waits:
        st.fragment(_line, run_every=min(TICK, _often()))()


def _line() -> None:
    try:
        here()
        runs = _awaited()
    except StoreError:
        return
    told = [run for run in runs if run.id != st.query_params.get("run")]
    if not told:
        return
    blocks.style()  # not every room has it
    first = min(told, key=_soonest)
    with st.container(key="turn-line", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(blocks.alert_html(_news(first, len(told) - 1), "info"), width="stretch")
        rooms.link("train", t("train.turn.open"), run=first.id)


def _news(run: Run, others: int) -> str:
    if run.state != RunState.QUEUED:
        sentence = t("train.turn.began", name=run.name)
    else:
        sentence = t("train.turn.waits", name=run.name, turn=said(run))
    return f"{sentence} {t('train.turn.more', count=others)}" if others else sentence


def _awaited() -> list[Run]:
    """Return the visitor's runs that wait, and those that have begun since they were told so."""
    runs = store().under_way(owner())
    known: set[str] = st.session_state.setdefault(_AWAITED, set())
    known |= {run.id for run in runs if run.state == RunState.QUEUED}
    known &= {run.id for run in runs}
    return [run for run in runs if run.id in known]


def _soonest(run: Run) -> tuple[bool, float]:
    when = expected(run)
    return run.state == RunState.QUEUED, when.place if when else 0.0


def _why(run: Run) -> Iterable[str]:
    yield t("train.turn.fair", slots=store().slots_now())
    if any(other.state != RunState.QUEUED for other in store().under_way(run.owner)):
        yield t("train.turn.own")


@lru_cache(maxsize=2)
def _forecast(store: RunStore, _second: int) -> dict[str, Expected]:
    return store.forecast()
