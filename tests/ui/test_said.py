"""What components say is taken for what it is: anything."""

import pytest
import streamlit as st

from lstm.ui.components.said import said


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ({"part": {"name": "text"}}, "text"),
        ({"part": {"name": "\U0001f600\ufffd"}}, "\U0001f600\ufffd"),
        ({"part": {"name": [1]}}, [1]),
        ({"part": {"name": 0}}, 0),
        ({"part": {"name": "half \ud83d"}}, None),
        ({"part": {"other": "text"}}, None),
        ({"part": ["name"]}, None),
        ({"part": "name"}, None),
        ({"part": None}, None),
        ({}, None),
    ],
)
def test_a_value_is_there_or_none(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, object], value: object
) -> None:
    monkeypatch.setattr(st, "session_state", state)
    assert said("part", "name") == value
