"""The room Write, the landing page: a network writes, the visitor turns the knobs.

Knows nothing of how a network came to be.
"""

import secrets
from dataclasses import dataclass, field
from html import escape
from time import monotonic
from typing import Any

import streamlit as st

from lstm.config import SampleConfig
from lstm.errors import CharloomError, ConfigError
from lstm.limits import Limits
from lstm.ui import rooms, turn
from lstm.ui.components.typewriter import last_request, typewriter
from lstm.ui.components.typewriter.protocol import LONGEST_OPENING, Request, read_request
from lstm.ui.desk import Desk
from lstm.ui.language import language, t
from lstm.ui.networks import (
    Choice,
    Snapshot,
    address_of,
    choices,
    is_shipped,
    landing,
    wished,
)
from lstm.ui.services import ration
from lstm.ui.takehome import take_home_model, take_home_run
from lstm.ui.visitor import owner
from lstm.ui.watch import LOOKED_AT, still, watch

_KEY = "typewriter"
_CHOICE = "write-network"
_FOLLOW = "write-follow"
_VISIT = "_write"

_FIRST_PAGE = 150
"""Characters that come with the page itself, so that it writes without asking."""

_MOST_DIGITS = 10  # of the dice in an address: enough for the largest

_FOLLOW_EVERY = 2.0
"""Seconds between two looks for a newer snapshot."""

_WATCH_EVERY = 1.0
"""Seconds between two looks for copies and loops: a drag asks many times a second."""


@dataclass
class _Visit:
    """What the room remembers of a visitor as long as the session lasts."""

    settings: dict[str, Any]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    chosen: str | None = None
    follow: bool = True
    desk: Desk | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    reply: dict[str, Any] | None = None
    looked: float = 0.0
    seen: dict[str, Any] | None = None
    watched: float = 0.0


def render() -> None:
    """Draw the room."""
    visit = _visit()
    options = choices(owner(), st.query_params.get("shared"))
    with st.container(key="write-top", horizontal=True, vertical_alignment="bottom"):
        with st.container(key="write-welcome", gap=None):
            _welcome()
            rooms.link("train", t("write.train_link"))
        chosen = _choose(visit, options) if options else None
    if chosen is None:
        st.info(t("write.no_network"))
    else:
        _writing(chosen)
        _take_home(chosen)


def _welcome() -> None:
    sentence, introduction = escape(t("write.sentence")), escape(t("write.introduction"))
    st.html(f"<h1>{sentence}</h1><p>{introduction}</p>")


def _take_home(choice: Choice) -> None:
    if choice.run is None:
        take_home_model(choice.file(), choice.title(language()))
    elif not choice.is_shared:
        take_home_run(choice.run)


def _visit() -> _Visit:
    if _VISIT not in st.session_state:
        st.session_state[_VISIT] = _Visit(_first_settings())
    visit: _Visit = st.session_state[_VISIT]
    return visit


def _first_settings() -> dict[str, Any]:
    """Return what the typewriter begins with: from the address, where that makes sense."""
    asked = st.query_params
    settings = {"rng": secrets.randbelow(9_999) + 1, "temperature": 0.7, "opening": ""}
    rng = asked.get("rng", "")
    if rng.isdecimal() and len(rng) <= _MOST_DIGITS and int(rng) < 2**32:
        settings["rng"] = int(rng)
    settings["opening"] = asked.get("opening", "")[:LONGEST_OPENING]
    try:
        wish = float(asked.get("temperature", 0.7))
        settings["temperature"] = SampleConfig(temperature=wish).temperature
    except (ValueError, ConfigError):
        settings["temperature"] = 0.7
    return settings


def _choose(visit: _Visit, options: list[Choice]) -> Choice:
    """Draw the choice of the network and return what is chosen."""
    by_key = {choice.key: choice for choice in options}
    chosen = by_key[_chosen(visit, by_key) or landing(options, language()).key]
    # What is chosen lives in the visit: a widget's state is gone after a change of page.
    st.session_state[_CHOICE] = chosen.key
    with st.container(key="write-choice", gap="small", width=365):
        st.selectbox(
            t("write.network"),
            list(by_key),
            format_func=lambda key: by_key[key].title(language()),
            key=_CHOICE,
            on_change=_picked,
            filter_mode=None,
        )
        if chosen.is_training:
            st.session_state[_FOLLOW] = visit.follow
            st.toggle(t("write.follow"), key=_FOLLOW, on_change=_followed)
    visit.chosen = chosen.key
    return chosen


def _chosen(visit: _Visit, known: dict[str, Choice]) -> str | None:
    """Return the key of the network that was asked for, or None."""
    wish = wished(st.query_params.get)
    if wish is not None and wish not in known and not is_shipped(wish):
        st.warning(t("write.no_such_run"))
    return next((one for one in (wish, visit.chosen) if one in known), None)


def _picked() -> None:
    key = st.session_state[_CHOICE]
    _visit().chosen = key
    for name in ("run", "shared", "model"):
        st.query_params.pop(name, None)
    st.query_params.update(address_of(key))


def _followed() -> None:
    _visit().follow = st.session_state[_FOLLOW]


@st.fragment
def _writing(choice: Choice) -> None:
    """Draw the typewriter and answer it; its requests make this alone run again."""
    visit = _visit()
    try:
        turn.here()
        _sit_down(visit, choice)
        _answer(visit, choice)
    except CharloomError as error:
        visit.reply = {**_numbered(), "error": error.text(language())}
    data = {
        "visit": visit.id,
        "stream": choice.key,
        "settings": visit.settings,
        "about": _about(visit, choice),
        "dense": visit.desk is not None and visit.desk.network.dense,
        "reply": visit.reply,
    }
    typewriter(_KEY, data)


def _sit_down(visit: _Visit, choice: Choice) -> None:
    """Make sure that the desk has the chosen network, in its newest snapshot if followed.

    Raises:
        CharloomError: The network is gone or damaged.
    """
    choice.check()
    desk = visit.desk
    if desk is None or desk.network.stream != choice.key:
        snapshot = Snapshot.of(choice)
        visit.desk, visit.facts, visit.seen = Desk(snapshot.network), snapshot.facts, None
        visit.reply = _first_page(visit, visit.desk)
    elif choice.is_training and visit.follow and monotonic() - visit.looked > _FOLLOW_EVERY:
        snapshot = Snapshot.of(choice)
        if snapshot.network.stepper is not desk.network.stepper:
            desk.change(snapshot.network)
            visit.facts = snapshot.facts
        visit.looked = monotonic()


def _first_page(visit: _Visit, desk: Desk) -> dict[str, Any]:
    """Write what the typewriter would ask for first, with the settings that it has now."""
    request = _request()
    opening, rng = visit.settings["opening"], visit.settings["rng"]
    sample = SampleConfig(temperature=visit.settings["temperature"])
    if request is not None:
        opening, rng, sample = request.opening, request.rng, request.asks[0].sample
    first = desk.first_page(opening, rng, sample, _FIRST_PAGE)
    return desk.answer(first)


def _answer(visit: _Visit, choice: Choice) -> None:
    """Answer the typewriter's last request, unless it was answered already.

    Raises:
        CharloomError: The request makes no sense, or the visitor has had more than their share.
    """
    request = _request()
    answered = visit.reply is not None and visit.reply["seq"]
    if request is None or visit.desk is None or request.seq == answered:
        return
    if request.stream != choice.key:
        return  # from before the network was changed; the first page is there already
    limits = Limits.now()
    cost = visit.desk.cost(request)
    ration().take(owner(), cost, each=limits.writing_each, together=limits.writing)
    visit.reply = visit.desk.answer(request)
    if request.asks[0].lane == 0:
        visit.reply["watch"] = _watch(visit, visit.desk, choice, request.asks[0].position)


def _watch(visit: _Visit, desk: Desk, choice: Choice, position: int) -> dict[str, Any]:
    """Look for copies and loops in what was written, or tell what holds of the last look."""
    now = monotonic()
    if visit.seen is None or now - visit.watched >= _WATCH_EVERY:
        visit.seen, visit.watched = watch(choice, *desk.recent(0, LOOKED_AT)), now
    else:
        visit.seen = still(visit.seen, position)
    return visit.seen


def _request() -> Request | None:
    """Return the typewriter's last request, checked.

    Raises:
        CharloomError: It makes no sense.
    """
    value = last_request(_KEY)
    return None if value is None else read_request(value)


def _numbered() -> dict[str, Any]:
    """Return the number of a request that could not be answered, if it has one."""
    value = last_request(_KEY)
    seq = value.get("seq") if isinstance(value, dict) else None
    return {"seq": seq if isinstance(seq, int) and 0 <= seq < 2**53 else 0}


def _about(visit: _Visit, choice: Choice) -> str:
    """Return a line on the network: what it is and how much it has learned."""
    facts = visit.facts
    if not facts:
        return ""
    parts = [t(f"write.cell.{facts['cell']}", hidden=facts["hidden"])]
    if facts["bits"] is not None:
        parts.append(t("write.bits", bits=f"{facts['bits']:.2f}"))
    if choice.run is not None and facts["epoch"] is not None:
        parts.append(t("write.from_epoch", epoch=f"{facts['epoch']:.1f}"))
    return " · ".join(parts)
