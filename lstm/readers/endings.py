"""Which files are accepted, by the ending of their names.

Light, because the page asks it before anything is read; the readers themselves are in ``kinds``.
"""

from pathlib import PurePath

from lstm.errors import DocumentError
from lstm.readers.bounds import MEGABYTE, MOST_BYTES

PLAIN = (".txt", ".md")
"""Plain text: read where it is asked for."""

APART = (".pdf", ".docx", ".epub", ".html", ".htm", ".srt", ".csv")
"""Everything else: read in a process of its own."""

BUNDLE = ".zip"

ACCEPTED = (*PLAIN, *APART, BUNDLE)
"""All endings that are read, small letters, with the dot."""

_OLD = {".doc", ".odt", ".rtf", ".wps", ".pages", ".mobi", ".azw", ".azw3"}
"""Endings of files with text in them that other programs can save in an accepted kind."""


def checked_ending(name: str, data: bytes) -> str:
    """Return the ending of a file that may be read.

    Raises:
        DocumentError: Its kind is not accepted, it is empty, or it is too large.
    """
    ending = PurePath(name.replace("\0", "")).suffix.lower()
    if ending in _OLD:
        raise DocumentError("old_type", name=name)
    if ending not in ACCEPTED:
        raise DocumentError("unknown_type", name=name, accepted=" ".join(ACCEPTED))
    if not data:
        raise DocumentError("empty_file", name=name)
    if len(data) > MOST_BYTES:
        raise DocumentError("file_too_large", name=name, most=MOST_BYTES // MEGABYTE)
    return ending
