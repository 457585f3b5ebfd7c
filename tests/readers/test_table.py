"""Of a table one column comes back: the one with prose, or the one that was asked for."""

import csv
import io
from collections.abc import Sequence

import pytest

from lstm.documents import read_document
from lstm.errors import DocumentError
from lstm.readers import table
from tests.readers.makers import essay, notes, read

HEAD = ["id", "when", "title", "text", "link"]


def rows(language: str) -> list[list[str]]:
    return [
        [str(n), "2024-03-01 12:00:00", f"No. {n}", line, "https://example.org/" + "x" * 900]
        for n, line in enumerate(essay(language))
    ]


def written(table_rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(table_rows)
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_column_with_prose_is_found(delimiter: str) -> None:
    data = written([HEAD, *rows("en")], delimiter).encode()
    document = read(data, "essays.csv")
    assert document.text.split("\n") == essay("en")
    assert document.columns == tuple(HEAD)
    assert document.column == "text"
    assert notes(document) == {"csv_column": {"column": "text", "rows": len(essay("en"))}}


def test_a_chinese_table_in_gbk() -> None:
    document = read(written([HEAD, *rows("zh")]).encode("gbk"), "作文.csv")
    assert document.text.split("\n") == essay("zh")
    assert document.encoding == "GB18030"


def test_another_column_can_be_asked_for() -> None:
    data = written([HEAD, *rows("en")]).encode()
    document = read_document(data, "essays.csv", column="title")
    assert document.text.split("\n")[:2] == ["No. 0", "No. 1"]
    with pytest.raises(DocumentError, match=r"“essays\.csv” has no column called “author”"):
        read_document(data, "essays.csv", column="author")


def test_columns_without_names_are_numbered() -> None:
    document = read(written(rows("en")).encode(), "a.csv")
    assert document.columns == ("1", "2", "3", "4", "5")
    assert document.column == "4"
    assert document.text.split("\n") == essay("en")
    assert "csv_no_head" in notes(document)


def test_names_that_occur_twice_or_not_at_all_can_be_told_apart() -> None:
    assert table._names(["a", "a", "", "a"], 5) == ("a", "a (2)", "3", "a (4)", "5")


def test_cells_may_have_several_lines_and_any_length() -> None:
    long = "word, " * 100_000
    data = written([["text"], ["one\ntwo"], [long], ['"quoted"']]).encode()
    document = read(data, "a.csv")
    assert document.text.split("\n\n") == ["one\ntwo", long.strip(), '"quoted"']


def test_prose_with_commas_is_one_column() -> None:
    prose = "".join(f"{line}\n" for line in essay("en"))
    assert read(prose.encode(), "a.csv").text.split("\n") == essay("en")


def test_a_quote_that_is_never_closed_is_no_catastrophe() -> None:
    data = ("a,b\n" + '1,"text that never ends\n' * 1000).encode()
    assert "text that never ends" in read(data, "a.csv").text


def test_what_has_no_text_is_told() -> None:
    with pytest.raises(DocumentError, match=r"“a\.csv” has no column with text in it"):
        read(b"1,2\n3,4\n5,6\n", "a.csv")
    with pytest.raises(DocumentError, match="has too many columns: at most 500"):
        read(b"word," * 501 + b"word\n", "a.csv")
