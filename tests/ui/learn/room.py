"""A chapter of the lesson under test, drawn without a browser."""

from streamlit.testing.v1 import AppTest

from lstm.messages import Language
from tests.ui.page_tools import ANNA, PATIENCE


def script() -> None:
    import streamlit as st

    from lstm.library import read_bundled
    from lstm.ui.language import language
    from lstm.ui.learn.chapters import chapter
    from lstm.ui.learn.lesson import Lesson

    text = st.session_state["text"] or read_bundled(f"essays-{language()}")
    hidden = frozenset(st.session_state["hidden"])
    chapter(st.session_state["chapter"]).render(Lesson(text, language(), hidden=hidden))


def open_chapter(
    key: str, language: Language = "en", text: str = "", hidden: tuple[str, ...] = (), **query: str
) -> AppTest:
    """Draw a chapter on a text, the essays if there is none, at an address."""
    page = AppTest.from_function(script, default_timeout=PATIENCE)
    page.session_state["_visitor"] = ANNA
    page.session_state["chapter"], page.session_state["text"] = key, text
    page.session_state["hidden"] = hidden
    page.query_params["lang"] = language
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()
