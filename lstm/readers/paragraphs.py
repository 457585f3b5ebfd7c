"""Lines of printed pages to paragraphs: what was broken to fit the page is put together again.

A new paragraph shows by a gap, an indent, or a line that ended although the next word would have
fitted. Knows nothing of PDF (``pdf``) and of headers (``pages``).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from lstm.readers.lines import is_wide, needs_space, width
from lstm.readers.pages import Line, Page

_GAP = 1.35
"""Times the usual distance of two lines from which a gap shows."""

_TALLER = 1.25
"""Times the size of letters from which a line is a heading beside the other."""

_INDENT = (0.8, 6.0)
"""Least and greatest indent, in sizes of the letters; beyond that it is another column."""

_FEW = 10
"""Lines below which a page's measures say little, so the document's are taken."""

_FULL = 0.9
"""Share of the lines that are not longer than what counts as a full line."""

_ENDED = 0.05
_HARDLY_ENDED = 0.15
_NOT_ENDED = 0.4
"""Room that must have been left, as a share of a full line, for a line to have ended early: after
the end of a sentence, after none, and before a small letter. Letters differ in width, so the
room is only an estimate."""

_SENTENCE_END = tuple(".!?:;…。！？：；”’\"')」』》）】")
_BULLET = re.compile(r"[•‣◦▪●○■□◆※]\s?\S")
_LEADERS = re.compile(r"(?:[.·]\s?|…){4,}\s*\w{0,6}$")
"""The dots of a table of contents and the page number behind them."""

_TAIL = 60
"""Signs at the end of a line that are looked at; a line of a hostile file may have millions."""

_HYPHENATED = re.compile(r"([^\W\d_]{2,})[-\u2010\u00ad]$")
_HEAD = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class Running(NamedTuple):
    """Running text.

    Attributes:
        text: Paragraphs: a blank line where a gap was, else a line break.
        joined: Number of line breaks inside paragraphs that were joined.
        hyphens: Number of those inside a word.
    """

    text: str
    joined: int
    hyphens: int


class _Measure(NamedTuple):
    """What is usual on a page.

    Attributes:
        full: Width of a full line, in halves of a Chinese character.
        leading: Distance of two lines in points, 0 if not known.
        margins: Where lines usually begin, in points.
    """

    full: float
    leading: float
    margins: tuple[float, ...]


def running_text(pages: Sequence[Page]) -> Running:
    """Put the lines of all pages together."""
    words = _words(pages)
    usual = _measure([line for page in pages for line in page])
    parts: list[str] = []
    joined = hyphens = 0
    before: Line | None = None
    gaps = Counter[str]()
    for page in pages:
        measure = _measure(page) if len(page) >= _FEW else usual
        for place, line in enumerate(page):
            gap = ""
            if before is not None:
                after = page[place + 1] if place + 1 < len(page) else None
                gap = _gap(_Seam(before, line, after, place > 0), measure)
            if gap and not place:
                # A gap does not show where the page ends; take what is usual in this text.
                gap = max(("\n", "\n\n"), key=gaps.__getitem__)
            gaps[gap] += 1
            if gap or before is None:
                parts += [gap, line.text]
            else:
                joined += 1
                hyphens += _join(parts, line.text, words)
            before = line
    return Running("".join(parts), joined, hyphens)


def _join(parts: list[str], after: str, words: set[str]) -> bool:
    """Append a line to the one that it goes on from; tell whether that mended a word."""
    found = _hyphenated(parts[-1])
    if found is None or not after[0].islower():
        parts += [" ", after] if needs_space(parts[-1], after) else [after]
        return False
    head = _HEAD.match(after)
    tail = head[0] if head else ""
    if not _is_compound(found[1].lower(), tail.lower(), words):
        parts[-1] = parts[-1][:-1]
    parts.append(after)
    return True


def _is_compound(head: str, tail: str, words: set[str]) -> bool:
    """Tell whether a word has its hyphen in the middle of a line too: “forty-five”."""
    if head + tail in words:
        return False
    return f"{head}-{tail}" in words or {head, tail} <= words


def _hyphenated(text: str) -> re.Match[str] | None:
    """Return the half of a word that a line ends with, if it ends with a hyphen."""
    return _HYPHENATED.search(text[-_TAIL:])


def _words(pages: Iterable[Page]) -> set[str]:
    """Return all words that stand in one line, halves of others left out."""
    words = set()
    is_half = False
    for page in pages:
        for line in page:
            found = [word.lower() for word in _WORD.findall(line.text)]
            ends_in_half = _hyphenated(line.text) is not None
            words.update(found[int(is_half) : len(found) - ends_in_half])
            is_half = ends_in_half
    return words


def _measure(lines: Sequence[Line]) -> _Measure:
    widths = sorted(width(line.text) for line in lines)
    full = widths[int(_FULL * (len(widths) - 1))] if widths else 0
    steps = sorted(
        one.y - other.y
        for one, other in pairwise(lines)
        if one.y is not None and other.y is not None and 0 < one.y - other.y < 4 * one.size
    )
    leading = steps[len(steps) // 2] if steps else 0.0
    starts = Counter(round(line.x) for line in lines if line.x is not None)
    least = max(2, len(lines) // 20)
    return _Measure(full, leading, tuple(x for x, count in starts.items() if count >= least))


class _Seam(NamedTuple):
    """Two lines that may belong to one paragraph, and the line after them on the same page."""

    before: Line
    after: Line
    following: Line | None
    same_page: bool


def _gap(seam: _Seam, measure: _Measure) -> str:
    """Return what stands between two lines: a blank line, a line break, or nothing."""
    before, after = seam.before, seam.after
    if seam.same_page and _is_apart(before, after, measure):
        return "\n\n"
    if _hyphenated(before.text) and after.text[0].islower():
        return ""
    is_new = (
        after.is_set_in
        or _LEADERS.search(before.text[-_TAIL:])
        or _BULLET.match(after.text)
        or (seam.same_page and _differ_in_size(before, after))
        or _is_indented(seam, measure)
        or _ended_early(before, after, measure)
    )
    return "\n" if is_new else ""


def _is_apart(before: Line, after: Line, measure: _Measure) -> bool:
    if before.y is None or after.y is None or not measure.leading:
        return False
    return before.y - after.y > _GAP * measure.leading


def _differ_in_size(before: Line, after: Line) -> bool:
    small, large = sorted([before.size, after.size])
    return small > 0 and large > _TALLER * small


def _is_indented(seam: _Seam, measure: _Measure) -> bool:
    """Tell whether a line is set in as the first of a paragraph is.

    The line before is not set in, or it was short, or it ended a sentence and the line after
    is not set in: several lines set in alike are a quotation.
    """
    before, after, following = seam.before, seam.after, seam.following
    if _indent(after, measure) < _INDENT[0] or before.x is None or after.x is None:
        return False
    least = _INDENT[0] * after.size
    if after.x - before.x > least:
        return not _BULLET.match(before.text)
    if _room(before, after, measure) > _ENDED * measure.full:
        return True
    goes_back = following is not None and following.x is not None and after.x - following.x > least
    return goes_back and before.text.endswith(_SENTENCE_END)


def _ended_early(before: Line, after: Line, measure: _Measure) -> bool:
    """Tell whether the line ended although what comes next would have fitted on it."""
    if before.text.endswith(_SENTENCE_END):
        least = _ENDED
    elif after.text[0].islower():
        least = _NOT_ENDED
    else:
        least = _HARDLY_ENDED
    return _room(before, after, measure) > least * measure.full


def _room(before: Line, after: Line, measure: _Measure) -> float:
    """Return how much room the first word of a line would have left on the line before it."""
    first = _first_word(after.text)
    # A Chinese line may end one or two characters early to keep a mark off the next one's start.
    spare = 4 if is_wide(first[-1]) else 1
    used = width(before.text) + 2 * _indent(before, measure)
    return measure.full - used - width(first) - spare


def _first_word(text: str) -> str:
    """Return what would have to fit on the line before: a word, or one Chinese character."""
    for place, sign in enumerate(text):
        if is_wide(sign):
            return text[: place + 1]
        if sign.isspace():
            return text[:place]
    return text


def _indent(line: Line, measure: _Measure) -> float:
    """Return how far a line is set in from the nearest margin, in sizes of its letters."""
    if line.x is None or line.size <= 0:
        return 0.0
    steps = [(line.x - margin) / line.size for margin in measure.margins]
    return max((step for step in steps if 0 <= step <= _INDENT[1]), default=0.0)
