"""The settings of a view: widgets whose values stand in the address and survive a visit elsewhere.

A value that comes from an address is only believed if it is one of those that can be chosen.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from lstm.ui import address
from lstm.ui.language import t

PLAYING = "_look_playing"
"""In the session: whether a view goes on by itself. Leaving the view ends that."""

_MOST_DIGITS = 9
_Option = TypeVar("_Option", bound=str)


def one_of(
    name: str,
    options: Sequence[_Option],
    *,
    label: str,
    say: Callable[[_Option], str],
    default: _Option | None = None,
) -> _Option:
    """Let the visitor choose one of a few words.

    Args:
        name: Of the setting in the address; the same for all views that share it.
        options: At least one.
        label: What is chosen.
        say: An option in words.
        default: What is chosen at first; the first option if None.
    """
    start = default if default is not None else options[0]
    key = _remember_one(name, start, options)
    chosen = st.segmented_control(
        label, options, format_func=say, key=key, required=True, on_change=_keep, args=(name,)
    )
    return chosen if chosen is not None else start


def one_of_many(
    name: str, options: Sequence[_Option], *, label: str, say: Callable[[_Option], str]
) -> _Option:
    """Let the visitor choose from a list."""
    key = _remember_one(name, options[0], options)
    chosen: _Option = st.selectbox(
        label, options, format_func=say, key=key, filter_mode=None, on_change=_keep, args=(name,)
    )
    return chosen


def whole(name: str, least: int, most: int, *, label: str, default: int, box: bool = False) -> int:
    """Let the visitor set a whole number, by a slider or in a box. ``least`` is below ``most``."""
    key = _remember(name, default, as_whole)
    st.session_state[key] = min(max(int(st.session_state[key] or least), least), most)
    draw = st.number_input if box else st.slider
    chosen = draw(label, least, most, key=key, on_change=_keep, args=(name,), step=1)
    return int(chosen)


def number(
    name: str, least: float, most: float, *, label: str, default: float, step: float = 0.05
) -> float:
    """Let the visitor set a number by a slider."""
    key = _remember(name, default, as_number)
    st.session_state[key] = min(max(float(st.session_state[key]), least), most)
    chosen = st.slider(label, least, most, key=key, step=step, on_change=_keep, args=(name,))
    return float(chosen)


def switch(name: str, *, label: str, default: bool = False) -> bool:
    """Let the visitor turn something on or off."""
    key = _remember(name, default, lambda value: value == "True")
    return bool(st.toggle(label, key=key, on_change=_keep, args=(name,)))


def value(name: str) -> str | None:
    """Return a setting that no widget shows, as the address says it."""
    return address.get(name)


def put(name: str, wish: object | None) -> None:
    """Set a value from within, for example after a click in a figure. Before its widget is drawn.

    Args:
        name: Of the setting.
        wish: Its value; None forgets it.
    """
    st.session_state.pop(_key(name), None)
    address.put(name, None if wish is None else str(wish))


def _remember(name: str, default: object, read: Callable[[str], object | None]) -> str:
    """Give a widget its value before it is drawn: the address's, or the default."""
    key = _key(name)
    if key not in st.session_state:
        said = address.get(name)
        wish = None if said is None else read(said)
        st.session_state[key] = default if wish is None else wish
    return key


def _remember_one(name: str, default: str, options: Sequence[str]) -> str:
    """Do so for one of a few words, and again if what the widget says is none of them."""
    if st.session_state.get(_key(name)) not in options:
        st.session_state.pop(_key(name), None)
    return _remember(name, default, lambda value: value if value in options else None)


def _keep(name: str) -> None:
    """Keep what a visitor chose: never nothing, which a widget says that is not yet drawn.

    A tick of the last view, if it comes late, still says what that view's widgets say.
    """
    chosen = st.session_state[_key(name)]
    if chosen is not None:
        address.catch_up("view")
        address.put(name, str(chosen))


def _key(name: str) -> str:
    return f"look-{name}"


def as_whole(said: str) -> int | None:
    """Return the number from 0 that an address says; None if it says none, or an absurd one."""
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def as_number(said: str) -> float | None:
    """Return the number that an address says; None if it says none."""
    try:
        wish = float(said)
    except ValueError:
        return None
    return wish if -1e9 < wish < 1e9 else None


def layer(layers: int) -> int:
    """Let the visitor choose a layer, counted from 1 on the page and from 0 here."""
    if layers == 1:
        return 0
    options = [str(number) for number in range(1, layers + 1)]
    chosen = one_of("layer", options, label=t("look.layer"), say=str, default=options[-1])
    return int(chosen) - 1
