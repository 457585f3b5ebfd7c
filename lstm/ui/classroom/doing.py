"""How the parts of the class page ask something of the store, and say when it refuses.

Knows nothing of what is asked.
"""

from collections.abc import Callable

import streamlit as st

from lstm.errors import CharloomError
from lstm.ui.blocks import alert
from lstm.ui.language import language

_REFUSED = "_class_refused"
REDRAW = "_class_redraw"
"""In the session: something that ticks was refused, and the sentence stands outside of it."""


def do(act: Callable[..., object], *values: object) -> None:
    """Ask something of the store; what went wrong is said at the next drawing, in its place."""
    try:
        act(*values)
    except CharloomError as error:
        st.session_state[_REFUSED] = error
        st.session_state[REDRAW] = True


def refused() -> None:
    """Say what went wrong, once."""
    error: CharloomError | None = st.session_state.pop(_REFUSED, None)
    if error is not None:
        alert(error.text(language()))
