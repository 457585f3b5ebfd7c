"""Tables: one column of a .csv file as text.

Knows nothing of encodings (``plain``).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from lstm.errors import DocumentError
from lstm.readers.bounds import MOST_BYTES, MOST_COLUMNS, damaged
from lstm.readers.document import Document, Note, Source
from lstm.readers.plain import decode

_DELIMITERS = ",;\t|"
_NONE = "\x1f"
"""Stands in for the delimiter of a file with one column: no text holds it."""

_LEAST_AGREEMENT = 0.6
"""Share of the rows that must have the same number of cells; commas in prose do not agree."""

_SAMPLE_ROWS = 1000
"""Rows by which delimiter, head and column are judged."""

_SAMPLE_CHARACTERS = 1 << 20
_LONGEST_NAME = 80
"""A longer cell in the first row is no name of a column."""

_NO_PROSE = re.compile(r"[\d\W_]*|(?:https?:|www\.)\S*")
"""Numbers, dates, marks and addresses: however long, they are not what a network should learn."""

Row = list[str]


class _Table(NamedTuple):
    delimiter: str
    columns: tuple[str, ...]
    has_head: bool
    sample: list[Row]  # without the head


def read_table(source: Source) -> Document:
    """Read the cells of one column, row by row.

    Without ``source.column`` it is the column with the longest prose.

    Raises:
        DocumentError: It is no text, no table, has no prose, or has no such column.
    """
    text, encoding, notes = decode(source.data, source.name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # The limit is the csv module's own and global; a cell may be a whole essay.
    csv.field_size_limit(MOST_BYTES)
    with damaged(source.name):
        table = _examine(text, source.name)
    place = _choose(table, source)
    with damaged(source.name):
        cells = list(_cells(text, table, place))
    column = table.columns[place]
    notes = (*notes, Note("documents.csv_column", {"column": column, "rows": len(cells)}))
    if not table.has_head:
        notes = (*notes, Note("documents.csv_no_head"))
    # Cells of several paragraphs need a wider gap between them than paragraphs do.
    gap = "\n\n" if any("\n" in cell for cell in cells) else "\n"
    return Document(source.name, gap.join(cells), encoding, notes, table.columns, column)


def _examine(text: str, name: str) -> _Table:
    delimiter = _delimiter(text)
    sample = list(islice(_rows(text[:_SAMPLE_CHARACTERS], delimiter), _SAMPLE_ROWS))
    count = max(map(len, sample), default=0)
    if count > MOST_COLUMNS:
        raise DocumentError("csv_columns", name=name, most=MOST_COLUMNS)
    has_head = len(sample) > 1 and _is_head(sample[0], sample[1:], count)
    head = sample[0] if has_head else []
    columns = _names(head, count)
    return _Table(delimiter, columns, has_head, sample[has_head:])


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    """Yield the rows that are not empty."""
    for row in csv.reader(_lines(text), delimiter=delimiter):
        if any(cell.strip() for cell in row):
            yield row


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends, without a second copy of a large text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _delimiter(text: str) -> str:
    """Return the sign that cuts the rows into the same number of cells most often.

    The number itself decides between signs that do so equally well.
    """

    def merit(sign: str) -> tuple[float, int]:
        rows = list(islice(_rows(text[:_SAMPLE_CHARACTERS], sign), _SAMPLE_ROWS))
        lengths = Counter(map(len, rows))
        cells, times = max(lengths.items(), key=lambda found: found[1], default=(1, 0))
        return (times / len(rows), cells) if cells > 1 else (0.0, 1)

    merits = {sign: merit(sign) for sign in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda sign: merits[sign])
    return best if merits[best][0] >= _LEAST_AGREEMENT else _NONE


def _is_head(first: Row, others: Sequence[Row], count: int) -> bool:
    """Tell whether the first row names the columns: short, all different, nothing but names."""
    names = [cell.strip() for cell in first]
    if len(names) < count or len(set(names)) < len(names):
        return False
    if not all(name and len(name) <= _LONGEST_NAME and _is_name(name) for name in names):
        return False
    longest = max(_prose(others, place) for place in range(count))
    return max(map(len, names)) < max(2 * longest, 1)


def _is_name(cell: str) -> bool:
    return not _NO_PROSE.fullmatch(cell) and "\n" not in cell and cell[-1] not in ".!?。！？"


def _names(head: Row, count: int) -> tuple[str, ...]:
    """Return a different name for each column: its head's, or its number."""
    names: list[str] = []
    for place in range(count):
        name = " ".join(head[place].split()) if place < len(head) else ""
        name = name or str(place + 1)
        names.append(f"{name} ({place + 1})" if name in names else name)
    return tuple(names)


def _choose(table: _Table, source: Source) -> int:
    if source.column is not None:
        if source.column not in table.columns:
            raise DocumentError("csv_no_such_column", name=source.name, column=source.column)
        return table.columns.index(source.column)
    lengths = [_prose(table.sample, place) for place in range(len(table.columns))]
    if not lengths or max(lengths) == 0:
        raise DocumentError("csv_without_text", name=source.name)
    return lengths.index(max(lengths))


def _prose(rows: Sequence[Row], place: int) -> float:
    """Return the mean length of a column's cells, where what is no prose counts nothing."""
    cells = [row[place].strip() if place < len(row) else "" for row in rows]
    total = sum(len(cell) for cell in cells if not _NO_PROSE.fullmatch(cell))
    return total / max(len(cells), 1)


def _cells(text: str, table: _Table, place: int) -> Iterator[str]:
    """Yield the column's cells that are not blank, below the head."""
    for row in islice(_rows(text, table.delimiter), int(table.has_head), None):
        if place < len(row) and row[place].strip():
            yield row[place].strip()
