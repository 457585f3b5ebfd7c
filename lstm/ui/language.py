"""In which language the page speaks, and the switch that changes it.

The address (``?lang=zh``) comes first, then what the visitor chose, then what the browser kept
from an earlier visit, then the browser's own language. Knows nothing of what is said.
"""

from pathlib import Path
from typing import get_args

import streamlit as st

from lstm.messages import Language, text
from lstm.ui.components.said import said

COOKIE = "charloom_language"
NAMES: dict[Language, str] = {"en": "English", "zh": "简体中文"}

_STATE = "_language"
_FIRST = "_first_language"
_SPOKEN = "_spoken_language"
_FOLDER = Path(__file__).parent / "components" / "language_switch"


def language() -> Language:
    """Return the visitor's language, as it was found when the page was last drawn as a whole."""
    spoken: Language | None = st.session_state.get(_SPOKEN)
    return spoken or _found()


def _found() -> Language:
    """Return the visitor's language, found anew: it takes a while, and a page asks often."""
    for wish in (st.query_params.get("lang"), st.session_state.get(_STATE)):
        known = _known(wish)
        if known is not None:
            return known
    if _FIRST not in st.session_state:
        st.session_state[_FIRST] = _of_browser()
    first: Language = st.session_state[_FIRST]
    return first


def _of_browser() -> Language:
    """Return what the browser kept or speaks: asked once, because every message needs it."""
    kept = _known(st.context.cookies.to_dict().get(COOKIE))
    spoken: Language = "zh" if (st.context.locale or "en").lower().startswith("zh") else "en"
    return kept or spoken


def t(key: str, /, **values: object) -> str:
    """Return a message in the visitor's language; see ``lstm.messages.text``."""
    return text(key, language(), **values)


def address() -> dict[str, str]:
    """Return what an inner link must carry so that a language in the address stays there."""
    wish = _known(st.query_params.get("lang")) or _known(st.session_state.get(_STATE))
    return {"lang": wish} if wish else {}


def keep_in_address() -> None:
    """Put a chosen language back into the address after a change of page has emptied it."""
    in_address = _known(st.query_params.get("lang"))
    if in_address is not None:
        st.session_state[_STATE] = in_address
    elif _STATE in st.session_state:
        st.query_params["lang"] = st.session_state[_STATE]
    st.session_state[_SPOKEN] = _found()


def switch() -> None:
    """Draw the language switch."""
    _switch(
        key="language-switch",
        data={
            "label": t("common.language"),
            "current": language(),
            "choices": [{"key": key, "name": name} for key, name in NAMES.items()],
            "cookie": COOKIE,
        },
        on_chosen_change=_choose,
        width="content",
    )


def _choose() -> None:
    chosen = _known(said("language-switch", "chosen"))
    if chosen is not None:
        st.session_state[_STATE] = st.session_state[_SPOKEN] = chosen
        st.query_params["lang"] = chosen


def _known(value: object) -> Language | None:
    return next((known for known in get_args(Language) if known == value), None)


_switch = st.components.v2.component(
    "charloom_language_switch",
    css=(_FOLDER / "language_switch.css").read_text("utf-8"),
    js=(_FOLDER / "language_switch.js").read_text("utf-8"),
)
