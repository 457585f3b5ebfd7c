"""Word files: the paragraphs of a .docx in order, with those of its tables and text boxes.

Text that was deleted with changes tracked is left out, inserted text is kept; headers, footers,
footnotes and comments lie in other parts of the file and are not read. Knows nothing of layout.

Source: ECMA-376, part 1, sections 11 and 17.
"""

import io
from collections.abc import Iterator
from typing import Any

import docx
from lxml import etree

from lstm.errors import DocumentError
from lstm.readers.archive import Archive
from lstm.readers.bounds import MOST_MARKUP, damaged
from lstm.readers.document import Document, Note, Source

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

_SKIPPED = {f"{_MAIN}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sectPr", "tblPr")}
_SKIPPED.add(_FALLBACK)
"""Deleted text, settings, and the second copy of a text box for older programs."""

_SIGNS = {
    f"{_MAIN}tab": "\t",
    f"{_MAIN}br": "\n",
    f"{_MAIN}cr": "\n",
    f"{_MAIN}noBreakHyphen": "-",
}
_TEXT, _PARAGRAPH = f"{_MAIN}t", f"{_MAIN}p"
_CELL, _ROW, _BOX = f"{_MAIN}tc", f"{_MAIN}tr", f"{_MAIN}txbxContent"
_DELETED, _FOOTNOTE = f"{_MAIN}del", f"{_MAIN}footnoteReference"


def read_word(source: Source) -> Document:
    """Read a .docx file.

    Raises:
        DocumentError: It is no Word file, is damaged or asks for a password.
    """
    if source.data.startswith(_OLD_OFFICE):
        raise DocumentError("word_locked_or_old", name=source.name)
    _check(source)
    with damaged(source.name):
        body = docx.Document(io.BytesIO(source.data)).element.body
    text = _text(body)
    counts = {
        "documents.word_deleted": sum(1 for _ in body.iter(_DELETED)),
        "documents.word_footnotes": sum(1 for _ in body.iter(_FOOTNOTE)),
    }
    notes = tuple(Note(key, {"count": count}) for key, count in counts.items() if count)
    return Document(source.name, text, "Word", notes)


def _check(source: Source) -> None:
    """Refuse what would cost too much or declares entities, before the library unpacks it."""
    archive = Archive(source)
    for name in archive.names:
        archive.check(name)
        if not name.endswith((".xml", ".rels")):
            continue
        # No part of an Office file has a document type; without zeros UTF-16 reads like ASCII.
        if b"<!DOCTYPE" in archive.read(name, MOST_MARKUP).replace(b"\0", b""):
            raise DocumentError("damaged_file", name=source.name)


def _text(body: Any) -> str:  # noqa: ANN401 - lxml's tree is untyped
    writer = _Writer()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "start" and element.tag in _SKIPPED:
            walk.skip_subtree()
        elif event == "start":
            writer.start(element.tag, element.text or "")
        elif element.tag not in _SKIPPED:
            writer.end(element.tag)
    return "\n".join(writer.lines()).strip("\n")


class _Writer:
    """Gathers paragraphs; cells and boxes inside of one are gathered apart."""

    def __init__(self) -> None:
        self._open: list[list[str]] = [[]]
        self._boxes: list[str] = []

    def start(self, tag: str, text: str) -> None:
        if tag == _TEXT:
            self._open[-1].append(text)
        elif tag in _SIGNS:
            self._open[-1].append(_SIGNS[tag])
        elif tag in {_PARAGRAPH, _CELL, _ROW, _BOX}:
            self._open.append([])

    def end(self, tag: str) -> None:
        if tag not in {_PARAGRAPH, _CELL, _ROW, _BOX}:
            return
        inside = self._open.pop()
        if tag == _PARAGRAPH:
            # The paragraphs of a box come after the one that it hangs on.
            self._open[-1] += ["".join(inside) + "\n", *self._boxes]
            self._boxes = []
        elif tag == _CELL:
            self._open[-1].append(" ".join("".join(inside).split("\n")).strip())
        elif tag == _ROW:
            self._open[-1].append("\t".join(inside) + "\n")
        else:
            self._boxes += inside

    def lines(self) -> Iterator[str]:
        """Yield the lines, at most one blank one between two."""
        was_blank = True
        for line in "".join(self._open[0]).split("\n"):
            is_blank = not line.strip()
            if not (is_blank and was_blank):
                yield line.rstrip()
            was_blank = is_blank
