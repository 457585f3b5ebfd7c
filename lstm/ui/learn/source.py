"""The text of the lesson: chosen once, for all chapters.

Its key stands in the address; a text that the visitor pasted stays in the session, where Train
finds it, too. Knows nothing of chapters.
"""

import streamlit as st

from lstm import library
from lstm.errors import CorpusError
from lstm.ui import address, texts
from lstm.ui.blocks import alert
from lstm.ui.language import language, t
from lstm.ui.texts import PASTE, UPLOAD, Text

NAME = "source"
"""In the address."""

_PASTED = "_pasted"


def source() -> str:
    """Return the key of the lesson's text: what the address says, else essays to read oneself."""
    asked = address.get(NAME)
    return asked if asked in _options() else f"essays-{language()}"


def text() -> Text:
    """Return the lesson's text; the essays while what was pasted is nothing to learn from."""
    wanted = _wanted(source())
    if wanted is None or _error(wanted) is not None:
        return texts.ready_made(f"essays-{language()}")
    return wanted


def choose() -> None:
    """Draw the choice, before ``text`` is asked for what it has become."""
    key = f"learn-source-{language()}"
    st.session_state[key] = source()
    st.selectbox(
        t("learn.source.which"),
        _options(),
        format_func=_title,
        key=key,
        filter_mode=None,
        on_change=lambda: address.put(NAME, st.session_state[key]),
    )
    if source() == PASTE:
        _paste()


def title(key: str) -> str:
    """Return what a text is called."""
    return _title(key)


def can_travel(key: str) -> bool:
    """Tell whether a link can name the text: others do not have what a visitor brought."""
    return key not in {PASTE, UPLOAD}


def _options() -> list[str]:
    kept = [public.key for public in library.public() if texts.fetched(public) is not None]
    brought = [UPLOAD] if texts.draft().documents else []
    return [bundled.key for bundled in library.bundled()] + kept + brought + [PASTE]


def _title(key: str) -> str:
    own = {UPLOAD: "learn.source.upload", PASTE: "learn.source.paste"}
    own |= {one.key: one.title for one in library.bundled()}
    own |= {one.key: one.title for one in library.public()}
    return t(own[key])


def _wanted(key: str) -> Text | None:
    if key == UPLOAD:
        return texts.draft().uploaded()
    if key == PASTE:
        words = st.session_state.get(_PASTED) or ""
        return texts.draft().pasted(words, t("train.text.pasted")) if words.strip() else None
    public = next((one for one in library.public() if one.key == key), None)
    return texts.ready_made(key) if public is None else texts.fetched(public)


def _error(wanted: Text) -> CorpusError | None:
    """Return why a text is nothing to learn from."""
    try:
        texts.prepare(wanted, wanted.key, lowercase=False)
    except CorpusError as error:
        return error
    return None


def _paste() -> None:
    st.session_state.setdefault(_PASTED, "")
    pasted = st.text_area(
        t("learn.source.here"), st.session_state[_PASTED], height=160, key="learn-pasted"
    )
    st.session_state[_PASTED] = pasted
    wanted = _wanted(PASTE)
    error = None if wanted is None else _error(wanted)
    if wanted is None:
        alert(t("learn.source.nothing"), "info")
    elif error is not None:
        alert(error.text(language()))
