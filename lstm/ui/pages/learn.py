"""The room Learn: a lesson in short chapters, alone or with a class watching.

The address names chapter, text and hidden controls. Knows nothing of what a chapter shows.
"""

from html import escape

import streamlit as st

from lstm.ui import address, blocks, texts
from lstm.ui.language import language, t
from lstm.ui.learn.chapters import CHAPTERS, chapter
from lstm.ui.learn.glossary import explanations_html
from lstm.ui.learn.lesson import Lesson


def render() -> None:
    """Draw the room."""
    blocks.style()
    asked = address.get("chapter")
    key = asked if asked in CHAPTERS else CHAPTERS[0]
    lesson = Lesson(texts.ready_made(f"essays-{language()}").content, language())
    entered = chapter(key)
    st.html(blocks.title_html(t(f"learn_{key}.title")))
    st.html(f"<p>{escape(t(f'learn_{key}.question'))}</p>")
    entered.render(lesson)
    st.html(explanations_html(entered.TERMS))
