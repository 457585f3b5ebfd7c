"""File bytes to clean text, whatever the kind and the encoding, with a note of all that was done.

This is the door; the readers behind it are in ``readers``. Plain text is read at once, all else in
a process of its own. Knows nothing of vocabularies or of the network.
"""

from collections.abc import Sequence
from pathlib import Path

from lstm.errors import DocumentError
from lstm.readers.apart import ROOM
from lstm.readers.cleaning import clean, cleaned
from lstm.readers.document import Document, Note, Removed, Source
from lstm.readers.endings import ACCEPTED, PLAIN, checked_ending
from lstm.readers.plain import read_plain

__all__ = [
    "ACCEPTED",
    "Document",
    "Note",
    "Removed",
    "clean",
    "join_documents",
    "read_document",
    "read_documents",
    "read_file",
]


def read_documents(data: bytes, name: str, *, column: str | None = None) -> list[Document]:
    """Read the bytes of a file: one document, or every readable one of a .zip by name.

    Args:
        data: The bytes.
        name: The file's name; its ending chooses the reader.
        column: Which column of a .csv to read; without it, the one with the longest prose.

    Raises:
        DocumentError: The kind is not accepted, the bytes are none of that kind, they cost more
            than is allowed, or there is no text in them.
    """
    ending = checked_ending(name, data)
    source = Source(name, data, column)
    return [cleaned(read_plain(source))] if ending in PLAIN else ROOM.read(source)


def read_document(data: bytes, name: str, *, column: str | None = None) -> Document:
    """Read the bytes of a file as one document; those of a .zip are joined.

    Raises:
        DocumentError: See ``read_documents``.
    """
    documents = read_documents(data, name, column=column)
    if len(documents) == 1:
        return documents[0]
    encodings = dict.fromkeys(document.encoding for document in documents)
    notes = tuple(note for document in documents for note in document.notes)
    return Document(name, join_documents(documents), ", ".join(encodings), notes)


def read_file(path: Path) -> Document:
    """Read a file from disk.

    Raises:
        DocumentError: There is no such file, it may not be read, or it is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError("no_such_file", name=str(path)) from error
    return read_document(data, path.name)


def join_documents(documents: Sequence[Document]) -> str:
    """Return the texts in order, a blank line between two; a single one stays as it is."""
    if len(documents) == 1:
        return documents[0].text
    return "\n\n".join(document.text.strip("\n") for document in documents)
