"""What a cell might be following: properties of each character that the text alone tells.

A probe's value at t belongs to the moment after character t was read, as a cell's does. So an
opening quote already counts as inside, its closing one no longer.
"""

from collections.abc import Callable

import numpy as np

from lstm.insight.classes import is_han
from lstm.insight.reading import Floats
from lstm.insight.sentences import sentences

LONGEST_LINE = 200
"""Positions in a line or sentence are counted up to here: no cell counts for ever."""

LONGEST_QUOTE = 600
"""An opening mark that is not closed within so many characters no longer counts as open."""

_QUOTES = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", '"': '"', "＂": "＂"}
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "〔": "〕"}
_TITLES = {"《": "》", "〈": "〉"}
_PUNCTUATION = frozenset(".,;:!?…-–—。，、；：！？·～؟،؛।")


def probe_values(text: str) -> dict[str, Floats]:
    """Return every probe's value at every character.

    Args:
        text: The text, T characters, any script.

    Returns:
        By the probe's key, (T,) float32: counts for the keys ending in ``_position``, else 0
        and 1. Probes that a text has no use for are constant.
    """
    return {key: np.fromiter(probe(text), np.float32, len(text)) for key, probe in _ALL.items()}


def _line_position(text: str) -> list[int]:
    """Count the characters since the last line break."""
    return _since(text, lambda character: character != "\n", LONGEST_LINE)


def _word_position(text: str) -> list[int]:
    """Count the letters since the word began; Chinese characters stand for themselves."""
    return _since(text, lambda character: character.isalpha() and not is_han(character), 50)


def _since(text: str, goes_on: Callable[[str], bool], most: int) -> list[int]:
    counts, count = [], 0
    for character in text:
        count = min(count + 1, most) if goes_on(character) else 0
        counts.append(count)
    return counts


def _sentence_position(text: str) -> list[int]:
    """Count the characters since the last sentence ended."""
    return [
        min(count, LONGEST_LINE)
        for part in sentences(text)
        for count in range(1, part.stop - part.start + 1)
    ]


def _inside(pairs: dict[str, str]) -> Callable[[str], list[bool]]:
    """Return a probe for being between marks; a blank line closes whatever is open."""

    def probe(text: str) -> list[bool]:
        values, closers, opened, last = [], "", 0, ""
        for place, character in enumerate(text):
            lost = place - opened > LONGEST_QUOTE or (last == character == "\n")
            if closers and (character in closers or lost):
                closers = ""
            elif not closers and character in pairs:
                closers, opened = pairs[character], place
            values.append(bool(closers))
            last = character
        return values

    return probe


def _each(test: Callable[[str], bool]) -> Callable[[str], list[bool]]:
    return lambda text: [test(character) for character in text]


_ALL: dict[str, Callable[[str], list[int] | list[bool]]] = {
    "line_position": _line_position,
    "word_position": _word_position,
    "sentence_position": _sentence_position,
    "in_quotes": _inside(_QUOTES),
    "in_brackets": _inside(_BRACKETS),
    "in_title_marks": _inside(_TITLES),
    "capital": _each(str.isupper),
    "digit": _each(str.isdigit),
    "punctuation": _each(_PUNCTUATION.__contains__),
    "space": _each(lambda character: character in " \t\u3000"),
    "after_newline": _each("\n".__eq__),
}

PROBES = tuple(_ALL)
"""The keys of all probes, in the order in which they are shown."""
