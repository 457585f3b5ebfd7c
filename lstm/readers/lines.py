"""Lines that were broken to fit a page, put together again, in any script.

Between Latin words a line break stands for a space, between Chinese characters for nothing.
Knows nothing of files.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_HANGUL = "HANGUL"
_QUOTES = "“”‘’…—·"
"""Marks that are as wide as a Chinese character beside one, and narrow beside Latin letters."""


def join_lines(lines: Iterable[str]) -> str:
    """Return lines as one, with a space between two unless Chinese or Japanese meets there."""
    parts: list[str] = []
    for line in lines:
        stripped = line.strip()
        if not stripped:
            continue
        if parts and needs_space(parts[-1], stripped):
            parts.append(" ")
        parts.append(stripped)
    return "".join(parts)


def needs_space(before: str, after: str) -> bool:
    """Tell whether a space belongs between two pieces, neither of them empty."""
    if is_wide(before[-1]) or is_wide(after[0]):
        return False
    # “春天” ends a line with a mark that is narrow by itself.
    inner = before[-2:-1] if before[-1] in _QUOTES else ""
    outer = after[1:2] if after[0] in _QUOTES else ""
    return not (inner and is_wide(inner)) and not (outer and is_wide(outer))


@lru_cache(maxsize=16_384)
def is_wide(character: str) -> bool:
    """Tell whether a character is Chinese or Japanese, or a mark used with them.

    Korean is written with spaces between words, so its letters do not count.
    """
    if unicodedata.east_asian_width(character) not in "WF":
        return False
    return not unicodedata.name(character, "").startswith(_HANGUL)


def width(text: str) -> int:
    """Return how much room a text takes, in halves of a Chinese character."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
