"""The typewriter: a component that plays characters and asks for more before it runs out.

The browser animates, the server thinks ahead. A move of a control discards what was not shown
yet and asks again from exactly that point, so nothing that stands there changes. Knows nothing
of networks: see ``protocol`` for what goes back and forth.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from lstm.messages import Language, catalogue
from lstm.ui.components.said import said
from lstm.ui.language import language

__all__ = ["last_request", "typewriter"]

_FOLDER = Path(__file__).parent
# One module for the browser, in several files for the reader; later ones use earlier ones.
_SCRIPTS = ("dom", "tint", "lane", "sheet", "odds", "controls", "wire", "typewriter")
_LABELS = "write.typewriter."


def last_request(key: str) -> object:
    """Return what the typewriter asked for last, unchecked; None if nothing yet."""
    return said(key, "request")


def typewriter(key: str, data: Mapping[str, Any]) -> None:
    """Draw the typewriter; its next request makes the surrounding fragment run again.

    Args:
        key: Its name in the session state.
        data: ``visit`` (names what it goes on with when it is mounted again), ``stream`` (the
            network's name), ``settings`` (what it begins with), ``about`` (a line on the
            network), ``dense`` (whether one of its characters is about a word), ``reply`` (to
            its last request).
    """
    _component(key=key, data={**data, "labels": _labels(language())}, on_request_change=_noted)


def _noted() -> None:
    """Make Streamlit keep the request: it only does so where there is a callback."""


@lru_cache(maxsize=4)
def _labels(language: Language) -> dict[str, str]:
    return {
        key.removeprefix(_LABELS): text
        for key, text in catalogue(language).items()
        if key.startswith(_LABELS)
    }


_component = st.components.v2.component(
    "charloom_typewriter",
    css=(_FOLDER / "typewriter.css").read_text("utf-8"),
    js="\n".join((_FOLDER / f"{name}.js").read_text("utf-8") for name in _SCRIPTS),
)
