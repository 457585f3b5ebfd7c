"""What a file may cost: bytes, entries, pages, seconds.

An honest book stays far below each bound; a file made to fill the memory or to keep the
processor busy for hours does not. Knows nothing of file formats.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lstm.errors import DocumentError

MEGABYTE = 1_000_000

MOST_BYTES = 110 * MEGABYTE
"""Largest file that is read: as much as the page lets through."""

MOST_UNPACKED = 160 * MEGABYTE
"""Bytes that one upload may unpack to, with all that is nested in it."""

MOST_MARKUP = 32 * MEGABYTE
"""Largest part of a Word file: its tree takes ten times as much memory."""

MOST_RATIO = 200
"""An entry that grows more than this is refused: prose packed by deflate grows three- to fivefold,
the most repetitive markup about fiftyfold, deflate's utmost is 1032."""

RATIO_MATTERS = MEGABYTE
"""Unpacked size below which the ratio says nothing."""

MOST_ENTRIES = 2000
"""Files in one archive."""

MOST_PAGES = 3000
"""Pages of a PDF that are read."""

MOST_COLUMNS = 500
"""Columns of a table."""

SECONDS = 45.0
"""Time after which no further page, chapter or archive entry is begun."""


class Allowance:
    """What is left of an upload's bytes and seconds.

    Args:
        unpacked: Bytes that may be unpacked.
        seconds: Time from now until ``is_late``.
        clock: Returns the time in seconds.
    """

    def __init__(
        self,
        unpacked: int = MOST_UNPACKED,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock."""
        self.unpacked = unpacked
        self._clock = clock
        self._until = clock() + seconds

    @property
    def is_late(self) -> bool:
        """Whether the time is used up."""
        return self._clock() >= self._until

    def check(self, unpacked: int, name: str) -> None:
        """Ask whether so many bytes may be unpacked.

        Raises:
            DocumentError: There are not so many left; ``name`` is the file's.
        """
        if unpacked > self.unpacked:
            raise DocumentError("archive_too_large", name=name, most=MOST_UNPACKED // MEGABYTE)

    def spend(self, unpacked: int, name: str) -> None:
        """Take bytes off; see ``check``."""
        self.check(unpacked, name)
        self.unpacked -= unpacked


@contextmanager
def damaged(name: str) -> Iterator[None]:
    """Turn whatever a library says about a broken file into one sentence with the file's name.

    Parsers of other people's formats meet a damaged file with any exception there is (KeyError,
    RecursionError, struct.error, zlib.error, AttributeError, ...), so no list of them would be
    complete. Only calls of such libraries belong inside; the cause stays attached.

    Raises:
        DocumentError: Something was raised inside.
    """
    try:
        yield
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        raise DocumentError("damaged_file", name=name) from error
