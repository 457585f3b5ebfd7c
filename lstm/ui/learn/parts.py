"""What several chapters are made of: sentences with explained words, settings, figures.

A setting that the teacher has hidden keeps the value that the address says, or its default.
Knows nothing of what a chapter teaches.
"""

import re
from collections.abc import Callable, Sequence
from html import escape, unescape
from pathlib import Path
from typing import TypeVar

import streamlit as st

from lstm.ui import address
from lstm.ui.language import t
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson
from lstm.ui.look import wishes
from lstm.ui.look.context import clean

_EXPLAINED = re.compile(r"\[([^\]]+)\]\(([a-z_]+)\)")
_STYLE = Path(__file__).with_name("figures.css")
_Option = TypeVar("_Option", bound=str)


def style() -> None:
    """Put the style sheet of the figures on the page: once, before the first of them."""
    st.html(_STYLE)


def prose(*keys: str) -> None:
    """Say some sentences, each a paragraph; in them ``[words](key)`` are explained."""
    st.html("".join(f"<p>{explained_html(t(key))}</p>" for key in keys))


def explained_html(sentence: str) -> str:
    """Return a sentence of the catalogue as HTML. Never for what a visitor wrote."""
    return _EXPLAINED.sub(lambda found: term(found[2], unescape(found[1])), escape(sentence))


def number(
    lesson: Lesson, name: str, bounds: tuple[float, float, float], *, label: str, default: float
) -> float:
    """Let the learner set a number by a slider.

    Args:
        lesson: Tells whether the control is there.
        name: Of the setting in the address, and of the control.
        bounds: Least, most and step.
        label: What is set.
        default: What it is at first.
    """
    least, most, step = bounds
    if lesson.shows(name):
        return wishes.number(name, least, most, label=label, default=default, step=step)
    asked = wishes.as_number(wishes.value(name) or "")
    return default if asked is None else min(max(asked, least), most)


def one_of(
    lesson: Lesson, name: str, options: Sequence[_Option], *, label: str, say: Callable[[str], str]
) -> _Option:
    """Let the learner choose one of a few words; the first one at first."""
    if lesson.shows(name):
        return wishes.one_of(name, options, label=label, say=say)
    asked = wishes.value(name)
    return next((option for option in options if option == asked), options[0])


def typed(lesson: Lesson, name: str, *, label: str, default: str, most: int) -> str:
    """Let the learner type a short text; empty, it is the default. What comes back is hostile."""
    key = f"learn-own-{name}"
    if key not in st.session_state:
        st.session_state[key] = clean(address.get(name) or default)[:most]
    if lesson.shows(name):
        st.text_input(label, key=key, max_chars=most, on_change=_keep, args=(name, key))
    return clean(str(st.session_state[key] or "").replace("\n", " "))[:most].strip() or default


def _keep(name: str, key: str) -> None:
    address.put(name, clean(str(st.session_state[key] or "")) or None)
