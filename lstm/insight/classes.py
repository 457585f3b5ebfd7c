"""Kinds of characters, so that a figure can say where a change hurts.

Works on any script: the kinds come from Unicode's general categories.
"""

import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt

CLASSES = ("newline", "space", "capital", "lowercase", "letter", "han", "digit", "punctuation")
"""The kinds in the order of their numbers. ``letter`` is a letter of a script without case
(Arabic, Hebrew, kana) or a mark on one; ``han`` a Chinese character; ``punctuation`` anything
else that shows."""

Classes = npt.NDArray[np.int8]

_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_BY_CATEGORY = {"Lu": "capital", "Lt": "capital", "Ll": "lowercase", "Nd": "digit"}


def character_classes(text: str) -> Classes:
    """Return the kind of each character as a place in ``CLASSES``; shape (T,) int8."""
    return np.array([_class(character) for character in text], dtype=np.int8)


def is_han(character: str) -> bool:
    """Return whether this is a Chinese character."""
    return any(first <= ord(character) <= last for first, last in _HAN)


@lru_cache(maxsize=16_384)
def _class(character: str) -> int:
    return CLASSES.index(_name(character))


def _name(character: str) -> str:
    if character in "\n\r\u2028\u2029":
        return "newline"
    if character.isspace():
        return "space"
    if is_han(character):
        return "han"
    category = unicodedata.category(character)
    if category in _BY_CATEGORY:
        return _BY_CATEGORY[category]
    return "letter" if category[0] in "LM" else "punctuation"
