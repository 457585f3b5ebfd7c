"""Cutting a text into sentences, in English, in Chinese and in most other scripts.

Rules, no dictionary: a terminator, the closing quotes and brackets behind it, and the blanks
after them end a sentence. Where blanks part words, a full stop needs one behind it, must not
belong to a title or to an initial, and, in a text that has capitals, must not be followed by a
small letter. A line break always ends one.
"""

import re
from typing import NamedTuple

_CLOSERS = "\"'”’»)]}」』）】》〉〕"
_WIDE = "。！？｡؟۔।॥"
_NARROW = ".!?…"

_END = re.compile(
    rf"(?P<wide>[{_WIDE}]+[{_WIDE}{re.escape(_NARROW)}]*[{re.escape(_CLOSERS)}]*\s*)"
    rf"|(?P<narrow>[{re.escape(_NARROW)}]+[{re.escape(_CLOSERS)}]*(?:\s+|$))"
    r"|(?P<line>\s*[\n\u2028\u2029]\s*)"
)

_ABBREVIATIONS = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "e.g", "i.e", "cf", "vol", "fig")
)


class Sentence(NamedTuple):
    """Where a sentence stands in a text: from ``start`` to before ``stop``, in characters.

    The blanks after it belong to it, so that the sentences of a text leave no gap.
    """

    start: int
    stop: int


def sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a text into its sentences; together they are the whole text."""
    found: list[Sentence] = []
    start = 0
    cased = any(character.isupper() for character in text)
    for match in _END.finditer(text):
        if match["narrow"] is not None and not _ends(text, start, match, cased):
            continue
        if not text[start : match.end()].strip() and found:
            found[-1] = Sentence(found[-1].start, match.end())
        else:
            found.append(Sentence(start, match.end()))
        start = match.end()
    if start < len(text):
        found.append(Sentence(start, len(text)))
    return tuple(found)


def _ends(text: str, start: int, match: re.Match[str], cased: bool) -> bool:
    """Return whether a Western terminator with a blank behind it ends the sentence."""
    after = text[match.end() : match.end() + 1]
    if "\n" in match.group() or not after:
        return True
    if cased and after.islower():
        return False  # a quotation inside a sentence: "Why?" he asked.
    if match.group()[0] in "!?":
        return True
    word = text[start : match.start()].split()[-1:]
    last = word[0].strip(_CLOSERS + "“‘«([{") if word else ""
    is_initial = len(last) == 1 and last.isupper() and last != "I"
    return not (is_initial or last.lower() in _ABBREVIATIONS)
