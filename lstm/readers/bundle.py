"""Bundles: every readable file in a .zip, in the order of their names.

A bundle may hold bundles, but not those further ones. Knows nothing of the kinds of files: it is
told how to read one.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from lstm.errors import DocumentError
from lstm.readers.archive import Archive
from lstm.readers.document import Document, Note, Source

DEEPEST = 2
"""A bundle in a bundle."""

_MOST_TOLD = 20
"""Files that could not be read and are told one by one."""

_LITTER = re.compile(r"(?:.*/)?(?:__MACOSX/.*|\.[^/]*|thumbs\.db|desktop\.ini)", re.IGNORECASE)
"""What systems put beside the files; a bundle is not expected to be free of it."""

_OTHER = "unknown_type"
"""Pictures and the like among the texts are usual."""

_DIGITS = re.compile(r"(\d+)")


def read_bundle(
    source: Source, read: Callable[[Source, int], list[Document]], depth: int = 1
) -> list[Document]:
    """Read the files of an archive.

    What can't be read is told in the notes of the first document.

    Args:
        source: The archive.
        read: Reads one file, given the depth that it lies at.
        depth: How deep this archive lies; 1 is the outermost.

    Raises:
        DocumentError: It is damaged, costs too much, or there is nothing to read in it.
    """
    if depth > DEEPEST:
        raise DocumentError("archive_nested", name=source.name)
    archive = Archive(source)
    documents: list[Document] = []
    errors = [DocumentError("archive_unsafe", name=name) for name in archive.unsafe]
    for name in sorted(archive.names, key=_natural):
        if _LITTER.fullmatch(name):
            continue
        try:
            documents += _member(archive, source, name, read, depth)
        except DocumentError as error:
            errors.append(error)
    if not documents:
        _give_up(source, errors)
    first = documents[0]
    documents[0] = replace(first, notes=(*_notes(errors), *first.notes))
    return documents


def _member(
    archive: Archive,
    source: Source,
    name: str,
    read: Callable[[Source, int], list[Document]],
    depth: int,
) -> list[Document]:
    shown = f"{source.name}/{name}"
    if source.allowance.is_late:
        raise DocumentError("archive_late", name=shown)
    member = Source(shown, archive.read(name), allowance=source.allowance)
    return read(member, depth + 1)


def _give_up(source: Source, errors: list[DocumentError]) -> None:
    """Raise the one error there was, or say that nothing in the archive can be read."""
    if len(errors) == 1:
        raise errors[0]
    raise DocumentError("archive_without_text", name=source.name)


def _notes(errors: list[DocumentError]) -> list[Note]:
    """Return a note for each file that could not be read; other kinds of files share one."""
    others = [error for error in errors if error.key == _OTHER]
    errors = [error for error in errors if error.key != _OTHER]
    notes = [Note(f"errors.{error.key}", error.values) for error in errors[:_MOST_TOLD]]
    if len(errors) > _MOST_TOLD:
        notes.append(Note("documents.zip_more", {"count": len(errors) - _MOST_TOLD}))
    if others:
        notes.append(Note("documents.zip_others", {"count": len(others)}))
    return notes


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts “2.txt” before “10.txt”."""
    return [
        (int(part[:18]), "") if part.isdecimal() else (0, part.casefold())
        for part in _DIGITS.split(name)
    ]
