"""PDF files: the text of their pages, without what printing added to it.

Knows nothing of how lines become paragraphs (``paragraphs``) and what a header is (``pages``).
"""

import io
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from lstm.errors import DocumentError
from lstm.readers.bounds import MOST_PAGES, damaged
from lstm.readers.cleaning import is_blank
from lstm.readers.document import Document, Note, Source
from lstm.readers.glyphs import is_marks, marks_in_place, plain_glyphs, unknown_share
from lstm.readers.pages import Line, Page, remove_edges
from lstm.readers.paragraphs import running_text

_MARK = b"%PDF-"
_MARK_WITHIN = 1024
_MOST_UNKNOWN = 0.2
"""Share of signs without a meaning from which a text can't be used."""

_WIDE_BLANK = "\u3000"
_STAMP = 60
"""Signs a page that a scanner's program may stamp on it: repeated alone, they are no text."""

_MOST_REMOVED = 1000
"""Removed lines that are kept to be shown."""


class _Read(NamedTuple):
    pages: list[Page]
    notes: list[Note]


def read_pdf(source: Source) -> Document:
    """Read a .pdf file.

    Raises:
        DocumentError: It is no PDF, is damaged, asks for a password, or holds pictures of text.
    """
    if _MARK not in source.data[:_MARK_WITHIN]:
        raise DocumentError("not_a_pdf", name=source.name)
    pages, notes = _read(source)
    kept, removed = remove_edges(pages)
    if not any(kept) and sum(map(_characters, pages)) > _STAMP * len(pages):
        kept, removed = pages, []  # all pages are the same, edges and all
    running = running_text(kept)
    if is_blank(running.text):
        raise DocumentError("pdf_scanned", name=source.name, pages=len(pages))
    if unknown_share(running.text) > _MOST_UNKNOWN:
        raise DocumentError("pdf_without_letters", name=source.name)
    text, replaced = plain_glyphs(running.text)
    counts = {
        "documents.pdf_edges": len(removed),
        "documents.pdf_joined": running.joined,
        "documents.pdf_hyphens": running.hyphens,
        "documents.pdf_glyphs": replaced,
    }
    notes += [Note(key, {"count": count}) for key, count in counts.items() if count]
    shown = tuple(removed[:_MOST_REMOVED])
    return Document(source.name, text, "PDF", tuple(notes), removed=shown)


def _read(source: Source) -> _Read:
    """Return the lines of all pages that can be read in the time there is."""
    with damaged(source.name):
        reader = _open(source)
        count = len(reader.pages)
    pages: list[Page] = []
    unread = 0
    for number in range(min(count, MOST_PAGES)):
        if source.allowance.is_late:
            break
        try:
            with damaged(source.name):
                pages.append(_lines(reader.pages[number]))
        except DocumentError:
            unread += 1  # told in a note; one broken page does not cost the rest
            pages.append([])
    if count and not pages:
        raise DocumentError("reading_took_too_long", name=source.name)
    if unread == len(pages):
        raise DocumentError("damaged_file", name=source.name)
    counts = {
        "documents.pdf_unread": unread,
        "documents.pdf_late": count - len(pages),
        "documents.pdf_empty": sum(not page for page in pages) - unread,
    }
    notes = [Note("documents.pdf_pages", {"count": len(pages)})]
    notes += [Note(key, {"count": number}) for key, number in counts.items() if number]
    return _Read(pages, notes)


def _characters(page: Page) -> int:
    return sum(len(line.text) for line in page)


def _open(source: Source) -> PdfReader:
    reader = PdfReader(io.BytesIO(source.data), strict=False)
    if not reader.is_encrypted:
        return reader
    # Many files are encrypted only to forbid changes; those open with an empty password.
    try:
        is_open = bool(reader.decrypt(""))
    except (DependencyError, NotImplementedError) as error:
        raise DocumentError("pdf_locked", name=source.name) from error
    if not is_open:
        raise DocumentError("pdf_locked", name=source.name)
    return reader


def _lines(page: PageObject) -> Page:
    """Return the lines of a page in the order in which the file draws them."""
    lines = _Lines()
    page.extract_text(visitor_text=lines.add)
    return list(lines.finished())


class _Piece(NamedTuple):
    """Text that is drawn at once, where it begins and how large it is, in points."""

    text: str
    x: float
    y: float
    size: float


class _Lines:
    """Puts the pieces of text that a page draws together to lines."""

    def __init__(self) -> None:
        self._lines: list[list[_Piece]] = [[]]

    def add(self, text: str, page: Sequence[float], line: Sequence[float], *font: Any) -> None:  # noqa: ANN401
        """Take a piece of text with its two matrices and, last in ``font``, its size.

        The line's matrix maps to the page's, which maps to points.
        """
        first, *more = text.split("\n")
        self._lines[-1].append(_piece(first, page, line, font[-1]))
        self._lines += [[_piece(part, page, line, font[-1])] for part in more]

    def finished(self) -> Iterator[Line]:
        """Yield the lines that are not blank."""
        for pieces in self._lines:
            drawn = [piece for piece in pieces if not is_blank(piece.text)]
            if drawn:
                text = _text(pieces)
                x = min(piece.x for piece in drawn)
                is_set_in = text.startswith(_WIDE_BLANK)
                text = " ".join(text.split())
                yield Line(text, x, drawn[0].y, drawn[0].size, is_set_in)


def _text(pieces: Sequence[_Piece]) -> str:
    """Return a line's text, with marks that were drawn too early in their places."""
    marks = list(takewhile(lambda piece: is_marks(piece.text), pieces))
    rest = pieces[len(marks) :]
    early, line = ("".join(piece.text for piece in part) for part in (marks, rest))
    if is_blank(early) or is_blank(line):
        return early + line
    first, second = (
        next(piece for piece in part if not is_blank(piece.text)) for part in (marks, rest)
    )
    return marks_in_place(early, line, leads=first.x < second.x)


def _piece(text: str, page: Sequence[float], line: Sequence[float], size: float) -> _Piece:
    x = line[4] * page[0] + line[5] * page[2] + page[4]
    y = line[4] * page[1] + line[5] * page[3] + page[5]
    # The letters' vertical axis after both maps.
    up_x = line[2] * page[0] + line[3] * page[2]
    up_y = line[2] * page[1] + line[3] * page[3]
    return _Piece(text, x, y, size * (up_x**2 + up_y**2) ** 0.5)
