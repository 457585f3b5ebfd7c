"""What a reader is given and what it gives back.

Knows nothing of file formats.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lstm.readers.bounds import Allowance


@dataclass(frozen=True)
class Note:
    """One thing that was done to a text on its way in.

    Attributes:
        key: Name of the message, for example ``"documents.bom"``. The sentence about a part of an
            archive that could not be read is that of its error: ``"errors.blank_file"``.
        values: The placeholders of that message.
    """

    key: str
    values: dict[str, object] = field(default_factory=dict)


class Removed(NamedTuple):
    """A line that was taken for a header, a footer or a page number.

    Attributes:
        page: Number of the page, from 1.
        line: What stood there.
    """

    page: int
    line: str


@dataclass(frozen=True)
class Document:
    r"""A file that was understood.

    Attributes:
        name: The file's name; for a part of an archive, the archive's name and its own.
        text: Its text: NFC, line ends ``\n``, no control characters but ``\n`` and ``\t``.
        encoding: What the bytes were, for example ``"GB18030"`` or ``"PDF"``.
        notes: What was done, in order.
        columns: Names of the columns that the text can come from; empty if it is no table.
        column: The one that it came from.
        removed: Lines left out of a PDF, in order, so that they can be shown.
    """

    name: str
    text: str
    encoding: str
    notes: tuple[Note, ...]
    columns: tuple[str, ...] = ()
    column: str | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True)
class Source:
    """A file to be read.

    Attributes:
        name: Its name. Hostile text.
        data: Its bytes.
        column: Name of the column to read from a table; None lets the reader choose.
        allowance: What the reading may cost, together with all else from the same upload.
    """

    name: str
    data: bytes
    column: str | None = None
    allowance: Allowance = field(default_factory=Allowance)


Reader = Callable[[Source], Document]
