"""Clean text from whatever a reader found: one line end, no control characters, NFC.

Knows nothing of file formats.
"""

import re
import unicodedata
from dataclasses import replace

from lstm.errors import DocumentError
from lstm.readers.document import Document, Note

LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, byte order marks in the middle, halves of surrogate pairs, noncharacters.
UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]+")


def clean(text: str) -> tuple[str, tuple[Note, ...]]:
    """Normalise line ends, remove control characters, compose accents (NFC).

    Cleaning a clean text changes nothing and returns no notes. Pasted text needs only this.

    Returns:
        The text and what was done to it.
    """
    notes = []
    text, ends = LINE_ENDS.subn("\n", text) if _has_line_ends(text) else (text, 0)
    if ends:
        notes.append(Note("documents.line_ends", {"count": ends}))
    before = len(text)
    text = UNWANTED.sub("", text)
    if len(text) < before:
        notes.append(Note("documents.control", {"count": before - len(text)}))
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        notes.append(Note("documents.nfc"))
    return text, tuple(notes)


def cleaned(document: Document) -> Document:
    """Return a document with clean text.

    Raises:
        DocumentError: Nothing but blanks is left.
    """
    text, notes = clean(document.text)
    if is_blank(text):
        raise DocumentError("blank_file", name=document.name)
    return replace(document, text=text, notes=(*document.notes, *notes))


def is_blank(text: str) -> bool:
    """Tell whether there is nothing to read in a text."""
    return not text or text.isspace()


def _has_line_ends(text: str) -> bool:
    # A plain scan for one character is far faster than the pattern on a large clean text.
    return any(end in text for end in "\r\x0b\x0c\x85\u2028\u2029")
