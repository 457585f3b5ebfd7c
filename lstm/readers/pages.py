"""Headers, footers and page numbers: found by what repeats at the edges of printed pages.

Knows nothing of PDF itself (``pdf``) and nothing of paragraphs (``paragraphs``).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lstm.readers.document import Removed

EDGE = 3
"""Lines at the top and at the bottom of a page that may be a header or a footer."""

_REACH = 2
"""Pages between two showings of a header: left and right pages often have different ones."""

_LEAST_SHOWINGS = 3
_SAME_HEIGHT = 3.0
"""Points by which the height of a repeated line may differ."""

_DIGITS = re.compile(r"\d+")
_LONGEST_NUMBER = 40
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|seite|第)?\s*(\d{1,5}|[ivxl]{1,7})\s*页?"
    r"(?:\s*(?:/|of|von|sur|[,，]?\s*共)\s*\d{1,5}\s*页?)?\W*",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"(x{0,3}|xl|lx{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}


class Line(NamedTuple):
    """A line of a page.

    Attributes:
        text: What it says, without blanks at its ends.
        x: Where it begins, in points from the left; None if that is not known.
        y: Its height, in points from below; None if that is not known.
        size: Size of its letters in points, 0 if that is not known.
        is_set_in: Whether it begins with the wide blanks of a Chinese paragraph.
    """

    text: str
    x: float | None = None
    y: float | None = None
    size: float = 0.0
    is_set_in: bool = False


Page = list[Line]


class _Edge(NamedTuple):
    """A line near the edge of a page; ``numbers`` are those in it, ``key`` is the rest."""

    page: int
    line: int
    side: str
    key: str
    numbers: tuple[int, ...]
    y: float | None


def remove_edges(pages: Sequence[Page]) -> tuple[list[Page], list[Removed]]:
    """Take headers, footers and page numbers away.

    A line counts as one if a line that says the same stands at the same height near the edge of a
    neighbouring page, on three pages or on half of them; numbers in it may count on with the
    pages. A line that is nothing but a number is one if it counts on with the pages. A line goes
    only if all that stands further outside goes too.

    Returns:
        The pages and what was removed, in order.
    """
    edges = [_edges(number, page) for number, page in enumerate(pages)]
    every = [edge for page in edges for edge in page]
    found = {(edge.page, edge.line) for edge in _repeated(every, len(pages))}
    found |= {(edge.page, edge.line) for edge in _page_numbers(pages, every)}
    kept, removed = [], []
    for number, page in enumerate(pages):
        gone = set(_outermost(edges[number], found))
        kept.append([line for place, line in enumerate(page) if place not in gone])
        removed += [Removed(number + 1, page[place].text) for place in sorted(gone)]
    return kept, removed


def _edges(number: int, page: Page) -> list[_Edge]:
    """Return the lines at the top and at the bottom, from the outermost inwards.

    Where heights are known they decide: many programs write the header after the text.
    """
    order = list(range(len(page)))
    heights = [line.y for line in page if line.y is not None]
    if len(heights) == len(page):
        order.sort(key=lambda place: -heights[place])
    sides = (("top", order[:EDGE]), ("bottom", order[::-1][:EDGE]))
    return [_edge(number, place, side, page[place]) for side, part in sides for place in part]


def _edge(number: int, place: int, side: str, line: Line) -> _Edge:
    key = "".join(_DIGITS.sub("#", line.text).split()).casefold()
    numbers = tuple(int(digits[:9]) for digits in _DIGITS.findall(line.text))
    return _Edge(number, place, side, key, numbers, line.y)


def _repeated(edges: Iterable[_Edge], pages: int) -> Iterator[_Edge]:
    """Yield the edges that say the same as one of a neighbouring page."""
    groups: dict[tuple[str, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        groups[edge.side, edge.key].append(edge)
    for group in groups.values():
        # A group is in the order of its pages, so the neighbours of an edge stand beside it.
        alike = [
            edge
            for place, edge in enumerate(group)
            if any(_is_twin(edge, other) for other in group[max(0, place - 6) : place + 7])
        ]
        if _are_enough({edge.page for edge in alike}, pages):
            yield from alike


def _is_twin(one: _Edge, other: _Edge) -> bool:
    apart = other.page - one.page
    if not 0 < abs(apart) <= _REACH:
        return False
    if one.y is not None and other.y is not None and abs(one.y - other.y) > _SAME_HEIGHT:
        return False
    steps = (after - before for before, after in zip(one.numbers, other.numbers, strict=True))
    return all(step in {0, apart} for step in steps)


def _page_numbers(pages: Sequence[Page], edges: Iterable[_Edge]) -> Iterator[_Edge]:
    """Yield the edges that are a number which counts on with the pages, wherever they stand."""
    groups: dict[int, list[_Edge]] = defaultdict(list)
    for edge in edges:
        value = _page_number(pages[edge.page][edge.line].text)
        if value is not None:
            groups[value - edge.page].append(edge)
    for group in groups.values():
        if _are_enough({edge.page for edge in group}, len(pages)):
            yield from group


def _are_enough(showing: set[int], pages: int) -> bool:
    """Tell whether a line shows often enough: on three pages, or on half of a short text's."""
    often = len(showing)
    return often >= _LEAST_SHOWINGS or (often > 1 and 2 * often >= pages - 1)


def _page_number(text: str) -> int | None:
    found = _PAGE_NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        return None
    return int(found[1]) if found[1].isdecimal() else _roman(found[1])


def _roman(text: str) -> int | None:
    if not _ROMAN.fullmatch(text):
        return None
    values = [_ROMAN_VALUES[sign] for sign in text.lower()]
    following = [*values[1:], 0]
    return sum(
        -value if value < after else value for value, after in zip(values, following, strict=True)
    )


def _outermost(edges: Iterable[_Edge], found: set[tuple[int, int]]) -> Iterator[int]:
    """Yield the places of the lines found, as long as nothing that stays stands outside of them."""
    blocked = set()
    for edge in edges:
        if (edge.page, edge.line) not in found:
            blocked.add(edge.side)
        elif edge.side not in blocked:
            yield edge.line
