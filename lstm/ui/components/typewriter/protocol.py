"""What the typewriter and the server say to each other, checked on the way in.

A request is self-sufficient: it carries the settings, the position and the text just before it,
so that a server that has forgotten everything can answer it. It comes from a browser, so every
field is checked for type, size and range before it is used. Knows nothing of networks or pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstm.config import SampleConfig
from lstm.errors import CharloomError
from lstm.telling import Written

LANES = 5
"""The writing itself, and four columns for comparing."""

LONGEST_OPENING = 2_000
LONGEST_BEFORE = 1_000
MOST_CHARACTERS = 400
"""Characters that one lane may ask for at once."""

FURTHEST = 10**9
"""Highest position."""


class RequestError(CharloomError):
    """A request is not one that the typewriter would send."""


@dataclass(frozen=True)
class Ask:
    """What one lane wants.

    Attributes:
        lane: Which one.
        position: Where to go on: the number of characters that stay.
        before: The characters just before that position, up to ``LONGEST_BEFORE``.
        count: How many more characters.
        sample: How to draw them.
        put: A character that the visitor puts at the position, or None.
    """

    lane: int
    position: int
    before: str
    count: int
    sample: SampleConfig
    put: str | None


@dataclass(frozen=True)
class Request:
    """Asks for more characters.

    Attributes:
        seq: Number of the request, which its reply repeats.
        stream: What the typewriter believes that it is writing with.
        opening: What to go on from.
        rng: Seed of the dice.
        asks: One for each lane that wants something.
    """

    seq: int
    stream: str
    opening: str
    rng: int
    asks: tuple[Ask, ...]


def read_request(value: object) -> Request:
    """Check what the browser sent.

    Raises:
        RequestError: It has not the form of a request.
        ConfigError: A setting is out of range.
    """
    fields = _fields(value)
    asks = fields.get("asks")
    if not isinstance(asks, list) or not 0 < len(asks) <= LANES:
        raise RequestError("bad_request", field="asks")
    return Request(
        seq=_whole(fields, "seq", 2**53),
        stream=_text(fields, "stream", 200),
        opening=_text(fields, "opening", LONGEST_OPENING),
        rng=_whole(fields, "rng", 2**32 - 1),
        asks=tuple(_ask(ask) for ask in asks),
    )


def _ask(value: object) -> Ask:
    fields = _fields(value)
    position = _whole(fields, "position", FURTHEST)
    before = _text(fields, "before", LONGEST_BEFORE)
    if len(before) > position:
        raise RequestError("bad_request", field="before")
    put = None if fields.get("put") is None else _text(fields, "put", 1)
    return Ask(
        lane=_whole(fields, "lane", LANES - 1),
        position=position,
        before=before,
        count=_whole(fields, "count", MOST_CHARACTERS),
        sample=SampleConfig(
            temperature=fields.get("temperature", 1.0),
            top_k=fields.get("top_k", 0),
            top_p=fields.get("top_p", 1.0),
            min_p=fields.get("min_p", 0.0),
        ),
        put=put or None,
    )


def _fields(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RequestError("bad_request", field="request")
    return value


def _whole(fields: Mapping[str, Any], name: str, most: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise RequestError("bad_request", field=name)
    return value


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise RequestError("bad_request", field=name)
    return value


def packed(lane: int, written: Sequence[Written]) -> dict[str, Any]:
    """Return written characters as one column for each of their numbers: small as JSON.

    Surprises are hundredths of bits and chances ten-thousandths, both whole numbers.
    """
    tops = [one.top for one in written]
    return {
        "lane": lane,
        "start": written[0].position if written else None,
        "text": "".join(one.character for one in written),
        "temperature": [one.temperature for one in written],
        "bits": [round(one.bits * 100) for one in written],
        "entropy": [round(one.entropy * 100) for one in written],
        "chance": [round(one.probability * 10_000) for one in written],
        "top": [top.characters for top in tops],
        "before": [[round(chance * 1e6) for chance in top.at_one] for top in tops],
        "after": [[round(chance * 10_000) for chance in top.as_drawn] for top in tops],
    }
