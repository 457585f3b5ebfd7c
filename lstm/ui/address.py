"""What a page keeps in its address, and a memory of it for when the visitor changes rooms.

Streamlit empties the address when another page is entered; a visitor who looks into another room
and comes back should find everything as it was. Each room remembers for itself: two rooms may call
different things by one name. Knows nothing of what is kept.
"""

from typing import NoReturn

import streamlit as st

_STATE = "_address"
_ROOM = "_address_room"


def enter(room: str) -> None:
    """Say which room the visitor is in, before it is drawn; callbacks belong to it, too."""
    st.session_state[_ROOM] = room


def get(name: str) -> str | None:
    """Return what the address says, else what it said when the visitor was here before."""
    value = st.query_params.get(name)
    return value if value is not None else _memory().get(name)


def put(name: str, value: str | None) -> None:
    """Keep a value in the address, or no longer."""
    if value is None:
        _memory().pop(name, None)
        if name in st.query_params:
            del st.query_params[name]
    else:
        _memory()[name] = value
        st.query_params[name] = value


def bring_back(names: frozenset[str]) -> None:
    """Put remembered values back into the address, and remember what it says."""
    for name in names:
        value = get(name)
        if value is not None:
            put(name, value)


def catch_up(*names: str) -> None:
    """Have the address say what clicks made of it, before anything else is put there.

    What a part of the page asks for that draws itself from time to time may have been on its way
    before a click was answered: the address that came along is that from before the click, and
    must not undo it.

    Args:
        names: What clicks change.
    """
    for name in names:
        value = _memory().get(name)
        if value is not None and st.query_params.get(name) != value:
            st.query_params[name] = value


def redraw(*names: str) -> NoReturn:
    """Draw the whole page anew from a part of it that draws itself from time to time.

    Args:
        names: What clicks change, see ``catch_up``.
    """
    catch_up(*names)
    st.rerun()


def _memory() -> dict[str, str]:
    memories: dict[str, dict[str, str]] = st.session_state.setdefault(_STATE, {})
    return memories.setdefault(st.session_state.get(_ROOM, ""), {})
