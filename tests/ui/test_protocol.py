"""What the browser may ask of the writing desk, and what is refused."""

from typing import Any

import pytest

from lstm.errors import CharloomError
from lstm.ui.components.typewriter.protocol import (
    FURTHEST,
    LANES,
    LONGEST_BEFORE,
    LONGEST_OPENING,
    MOST_CHARACTERS,
    read_request,
)


def ask(**changes: object) -> dict[str, Any]:
    plain = {
        "lane": 0,
        "position": 10,
        "before": "0123456789",
        "count": 30,
        "put": None,
        "temperature": 0.7,
        "top_k": 0,
        "top_p": 1,
        "min_p": 0,
    }
    return {**plain, **changes}


def request(**changes: object) -> dict[str, Any]:
    plain = {"seq": 3, "stream": "bundled:x", "opening": "Once", "rng": 7, "asks": [ask()]}
    return {**plain, **changes}


def test_a_good_request_is_read() -> None:
    read = read_request(request(asks=[ask(), ask(lane=1, put="é", temperature=0)]))
    assert (read.seq, read.stream, read.opening, read.rng) == (3, "bundled:x", "Once", 7)
    assert (read.asks[0].position, read.asks[0].count, read.asks[0].put) == (10, 30, None)
    assert (read.asks[1].put, read.asks[1].sample.temperature) == ("é", 0)


@pytest.mark.parametrize("value", [None, 3, "request", [], {}, {"asks": []}, {"seq": 1}])
def test_what_is_no_request_is_refused(value: object) -> None:
    with pytest.raises(CharloomError):
        read_request(value)


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": "3"},
        {"seq": -1},
        {"seq": 1.5},
        {"seq": True},
        {"rng": 2**32},
        {"rng": None},
        {"opening": "x" * (LONGEST_OPENING + 1)},
        {"opening": ["x"]},
        {"stream": "x" * 201},
        {"stream": None},
        {"asks": "all"},
        {"asks": [ask()] * (LANES + 1)},
        {"asks": [ask(), 7]},
    ],
)
def test_a_bad_field_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CharloomError):
        read_request(request(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"lane": LANES},
        {"lane": -1},
        {"position": -1},
        {"position": FURTHEST + 1},
        {"position": float("nan")},
        {"position": 5},  # fewer characters than are said to stand before it
        {"before": 7},
        {"position": 10_000, "before": "x" * (LONGEST_BEFORE + 1)},
        {"count": MOST_CHARACTERS + 1},
        {"count": 2.5},
        {"put": "ab"},
        {"put": 5},
        {"temperature": 2.01},
        {"temperature": float("nan")},
        {"temperature": "hot"},
        {"temperature": None},
        {"top_k": -1},
        {"top_k": 1.5},
        {"top_p": 2},
        {"min_p": [0]},
    ],
)
def test_a_bad_ask_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CharloomError):
        read_request(request(asks=[ask(**changes)]))
