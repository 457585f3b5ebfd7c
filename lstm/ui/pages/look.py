"""The room Look inside: a network, a text, and views of what the one makes of the other.

The address names network, text, view and settings, so a link shows the same to everybody who may
use the network. Knows nothing of how a view computes.
"""

import secrets
from html import escape
from urllib.parse import quote

import streamlit as st

from lstm.errors import CharloomError
from lstm.ui import address, blocks, rooms
from lstm.ui.language import language, t
from lstm.ui.look import frame
from lstm.ui.look.context import LONGEST, Context, clean
from lstm.ui.look.material import held_out, written
from lstm.ui.look.style import style
from lstm.ui.look.views import VIEWS
from lstm.ui.look.wishes import PLAYING
from lstm.ui.networks import (
    Choice,
    Snapshot,
    address_of,
    choices,
    is_shipped,
    landing,
    wished,
)
from lstm.ui.visitor import owner

FIRST = 600
"""Characters of a text that the room brings by itself."""

_MOST_IN_ADDRESS = 6_000  # bytes; some servers and chats cut longer links
_TEXT = "look-text"
_NETWORK = "look-network"
_VIEW = "look-view"
_KEPT = "_look_text"
_NETWORKS = ("run", "shared", "model")
_HOUSE = frozenset(("lang", "view", "text", *_NETWORKS))


def render() -> None:
    """Draw the room."""
    blocks.style()
    style()
    options = choices(owner(), address.get("shared"))
    if not options:
        blocks.alert(t("write.no_network"), "info")
        rooms.link("train")
        return
    with st.container(key="look-top"):
        st.html(f"<h1>{escape(t('look.title'))}</h1><p>{escape(t('look.introduction'))}</p>")
        _refused()
        left, right = st.columns([5, 6], gap="medium")
        with left:
            choice = _choose(options)
        try:
            with right:
                text = _bring_text(choice)
        except CharloomError as error:
            blocks.alert(error.text(language()), "warning")
            return
    key = _choose_view()
    if not text:
        blocks.alert(t("look.no_text"), "info")
        return
    _look(key, choice, text)


def _look(key: str, choice: Choice, text: str) -> None:
    try:
        context = Context.of(choice, text)
    except CharloomError as error:
        blocks.alert(error.text(language()), "warning")
        return
    if context.replaced:
        pairs = "  ".join(f"{old} → {new}" for old, new in list(context.replaced.items())[:12])
        blocks.alert(t("look.replaced", pairs=pairs), "info")
    with st.container(key="look-view-frame"):
        frame.draw(key, context)


def _refused() -> None:
    """Say what went wrong when a button was pressed."""
    error: CharloomError | None = st.session_state.pop("_look_refused", None)
    if error is not None:
        blocks.alert(error.text(language()), "warning")


# ---- which network ----------------------------------------------------------------------------


def _choose(options: list[Choice]) -> Choice:
    """Draw the choice of the network and return what is chosen."""
    by_key = {choice.key: choice for choice in options}
    chosen = by_key[_asked(by_key) or landing(options, language()).key]
    st.session_state[_NETWORK] = chosen.key
    st.selectbox(
        t("look.network"),
        list(by_key),
        format_func=lambda key: by_key[key].title(language()),
        key=_NETWORK,
        on_change=_picked,
        filter_mode=None,
    )
    _about(chosen)
    with st.container(horizontal=True, key="look-network-row"):
        st.button(t("look.write_one"), key="look-write", on_click=_write, args=(chosen,))
        st.button(t("look.unseen"), key="look-unseen", on_click=_take_unseen, args=(chosen,))
        if chosen.is_training:
            st.button(t("look.newest"), key="look-newest")
    _put_network(chosen)
    return chosen


def _about(choice: Choice) -> None:
    """Say what the network is, and from when."""
    try:
        facts = Snapshot.of(choice).facts
    except CharloomError:
        return  # said where the network is used
    said = [t(f"write.cell.{facts['cell']}", hidden=facts["hidden"])]
    if facts["bits"] is not None:
        said.append(t("write.bits", bits=f"{facts['bits']:.2f}"))
    if choice.run is not None and facts["epoch"] is not None:
        said.append(t("look.from_epoch", epoch=f"{facts['epoch']:.1f}"))
    st.html(f'<p class="charloom-about">{escape(" · ".join(said))}</p>')


def _asked(known: dict[str, Choice]) -> str | None:
    wish = wished(st.query_params.get) or wished(address.get)
    if wish in known:
        return wish
    if wish is not None and not is_shipped(wish):
        blocks.alert(t("write.no_such_run"), "warning")
    return None


def _picked() -> None:
    chosen = address_of(st.session_state[_NETWORK])
    for name in _NETWORKS:
        address.put(name, chosen.get(name))
    if st.session_state.get(_KEPT, {}).get("own") is not True:
        _keep_text(None)


def _put_network(choice: Choice) -> None:
    for name, value in choice.address.items():
        if st.query_params.get(name) != value:
            address.put(name, value)


# ---- which text -------------------------------------------------------------------------------


def _bring_text(choice: Choice) -> str:
    """Draw the box with the text and return what it holds."""
    kept = st.session_state.get(_KEPT)
    text = kept["text"] if kept else address.get("text")
    if text is None:
        text = held_out(choice)[:FIRST] or written(choice, FIRST)
        st.session_state[_KEPT] = {"text": text, "own": False}
    elif not kept:
        st.session_state[_KEPT] = {"text": clean(text), "own": True}
    st.session_state[_TEXT] = clean(text)
    st.text_area(
        t("look.text", most=LONGEST), key=_TEXT, height=152, max_chars=LONGEST, on_change=_typed
    )
    if st.session_state[_KEPT].get("too_long"):
        st.caption(t("look.too_long"))
    return str(st.session_state[_TEXT] or "")


def _typed() -> None:
    _keep_text(clean(st.session_state[_TEXT] or ""))


def _keep_text(text: str | None) -> None:
    """Remember a text, and put it into the address if it fits."""
    if text is None:
        st.session_state.pop(_KEPT, None)
        address.put("text", None)
        return
    fits = len(quote(text)) <= _MOST_IN_ADDRESS
    st.session_state[_KEPT] = {"text": text, "own": True, "too_long": not fits}
    address.put("text", text if fits and text else None)


def _write(choice: Choice) -> None:
    """Let the network write the text."""
    try:
        _keep_text(written(choice, FIRST, secrets.randbelow(2**32)))
    except CharloomError as error:
        st.session_state["_look_refused"] = error


def _take_unseen(choice: Choice) -> None:
    """Take a piece of the text that the network was not trained on."""
    try:
        unseen = held_out(choice)
    except CharloomError as error:
        st.session_state["_look_refused"] = error
        return
    if unseen:
        start = secrets.randbelow(max(1, len(unseen) - FIRST))
        _keep_text(unseen[start : start + FIRST])
    else:
        _write(choice)


# ---- which view -------------------------------------------------------------------------------


def _choose_view() -> str:
    """Draw the list of views and return the chosen one's key."""
    asked = address.get("view")
    st.session_state[_VIEW] = asked if asked in VIEWS else next(iter(VIEWS))
    chosen = st.pills(
        t("look.view"),
        list(VIEWS),
        format_func=lambda key: t(f"look_{key}.name"),
        key=_VIEW,
        required=True,
        on_change=_turned,
        label_visibility="collapsed",
    )
    key = str(chosen)
    address.put("view", key)  # said anew at every drawing, as in Learn, and remembered for ticks
    return key


def _turned() -> None:
    """Go to another view: the settings of the last one leave the address, but not the memory."""
    address.put("view", st.session_state[_VIEW])
    st.session_state.pop(PLAYING, None)
    for name in list(st.query_params):
        if name not in _HOUSE:
            del st.query_params[name]
