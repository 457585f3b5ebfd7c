"""What a widget says before it is drawn takes nothing away from what the visitor chose."""

import pytest
import streamlit as st

from lstm.ui import address
from lstm.ui.look import wishes

DELAYS = ("20", "80")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the address says, in place of a browser's."""
    said = {"delay": "80"}
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", said)
    return said


def test_a_widget_that_says_nothing_changes_nothing(kept: dict[str, str]) -> None:
    key = wishes._remember_one("delay", "20", DELAYS)
    st.session_state[key] = None
    wishes._keep("delay")
    assert kept == {"delay": "80"}
    assert st.session_state[wishes._remember_one("delay", "20", DELAYS)] == "80"


def test_a_choice_is_kept(kept: dict[str, str]) -> None:
    key = wishes._remember_one("delay", "20", DELAYS)
    st.session_state[key] = "20"
    wishes._keep("delay")
    assert kept == {"delay": "20"}


def test_a_late_tick_of_the_last_view_does_not_bring_it_back(kept: dict[str, str]) -> None:
    address.put("view", "novelty")
    kept["view"] = "horizon"
    st.session_state[wishes._remember_one("delay", "20", DELAYS)] = "20"
    wishes._keep("delay")
    assert kept == {"delay": "20", "view": "novelty"}
