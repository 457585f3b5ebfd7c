"""The last chapter: from the lesson to a network of one's own, with presets that Train knows."""

from html import escape

import streamlit as st

from lstm.ui import rooms
from lstm.ui.language import t
from lstm.ui.learn import source
from lstm.ui.learn.glossary import term
from lstm.ui.learn.lesson import Lesson

TERMS = ("preset",)

WAYS: dict[str, dict[str, str]] = {
    "minute": {"preset": "quick"},
    "five": {"preset": "standard"},
    "plain": {"preset": "quick", "cell": "rnn"},
    "article": {"preset": "classic"},
}
"""What each way asks of the room Train, in its address."""

AFTERWARDS = {"write": "write", "look": "look", "classroom": "class"}
"""Rooms to go to when the network has learned, and what is said of them."""


def render(lesson: Lesson) -> None:
    """Draw the chapter."""
    st.html(f"<p>{t('learn_yours.idea', preset=term('preset'))}</p>")
    with st.container(key="learn-ways", horizontal=True, gap="medium"):
        for way, asked in WAYS.items():
            _way(way, {"text": source.source(), **asked})
    st.html(f"<h2>{escape(t('learn_yours.afterwards'))}</h2>")
    for room, said in AFTERWARDS.items():
        rooms.link(room, t(f"learn_yours.{said}"))


def _way(way: str, query: dict[str, str]) -> None:
    with st.container(key=f"learn-way-{way}", border=True, width=246):
        title, about = (escape(t(f"learn_yours.{way}.{part}")) for part in ("title", "about"))
        st.html(f"<h2>{title}</h2><p>{about}</p>")
        rooms.link("train", t(f"learn_yours.{way}.go"), **query)
