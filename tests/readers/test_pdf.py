"""Printed pages come back as the paragraphs that they were set from."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pypdf import PdfWriter

from lstm.documents import Removed
from lstm.errors import DocumentError
from lstm.readers import pdf
from lstm.readers.bounds import Allowance
from lstm.readers.document import Source
from lstm.readers.pdf import read_pdf
from tests.readers.makers import (
    CHINESE,
    ENGLISH,
    drawn_pdf,
    essay,
    flowed_pdf,
    lines,
    locked_pdf,
    notes,
    pdf_with_own_font,
    read,
    scanned_pdf,
)

HEADS = ("COLLECTED ESSAYS", "A. N. Author")


@pytest.fixture(scope="module")
def english() -> bytes:
    return flowed_pdf([*essay("en", 0), *essay("en", 1)], ENGLISH, HEADS, "- {page} -")


def test_english_paragraphs_come_back(english: bytes) -> None:
    document = read(english, "essays.pdf")
    assert lines(document) == [*essay("en", 0), *essay("en", 1)]
    assert document.encoding == "PDF"


def test_chinese_paragraphs_come_back() -> None:
    data = flowed_pdf(essay("zh", 0) + essay("zh", 1), CHINESE, ("散文集",), "第 {page} 页")
    assert lines(read(data, "散文.pdf")) == essay("zh", 0) + essay("zh", 1)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_embedded_font_is_read(language: str, tmp_path: Path) -> None:
    document = read(pdf_with_own_font(essay(language), tmp_path), "a.pdf")
    assert document.text.split("\n\n") == essay(language)


def test_headers_and_page_numbers_go_and_are_told(english: bytes) -> None:
    document = read(english, "essays.pdf")
    pages = notes(document)["pdf_pages"]
    assert isinstance(pages, int)
    assert notes(document)["pdf_edges"] == 2 * pages == len(document.removed)
    assert document.removed[:4] == (
        Removed(1, HEADS[1]),
        Removed(1, "- 1 -"),
        Removed(2, HEADS[0]),
        Removed(2, "- 2 -"),
    )


def column(texts: list[str], top: float = 500) -> list[tuple[float, float, str]]:
    return [(40, top - 12 * place, text) for place, text in enumerate(texts)]


def test_a_word_divided_at_the_end_of_a_line_is_put_together() -> None:
    page = column(
        [
            "This is a long line that ends with an iden-",
            "tifier, and another one that ends in forty-",
            "five, and one that ends in a semi-detached,",
            "and after it there is a house that is semi-",
            "detached. Here it says forty, and then five",
        ]
    )
    document = read(drawn_pdf([page]), "a.pdf")
    assert document.text == (
        "This is a long line that ends with an identifier, and another one that ends in "
        "forty-five, and one that ends in a semi-detached, and after it there is a house that "
        "is semi-detached. Here it says forty, and then five"
    )
    assert notes(document)["pdf_hyphens"] == 3


def test_lines_of_a_poem_stay_lines() -> None:
    poem = ["The rain fell all day", "On the tin roof", "And nobody came", "Nobody at all"]
    prose = ["It was a long and quiet evening in the old house, and the"] * 3
    document = read(drawn_pdf([column(poem) + column(prose, 400)]), "a.pdf")
    assert document.text.split("\n\n")[0].split("\n") == poem


def test_a_number_in_the_text_is_no_page_number() -> None:
    years = {"1921": "good", "1805": "bad", "1750": "wet", "1999": "dry"}
    pages = [column([year, f"was a {kind} year, they say."]) for year, kind in years.items()]
    document = read(drawn_pdf(pages), "a.pdf")
    assert not document.removed
    assert all(year in document.text for year in years)


def test_a_line_that_repeats_at_another_height_stays() -> None:
    pages = [column(["Nobody came."], 500 - 30 * page) for page in range(4)]
    document = read(drawn_pdf(pages), "a.pdf")
    assert not document.removed
    assert document.text.count("Nobody came.") == 4


def test_a_header_may_be_drawn_last() -> None:
    pages = [
        [*column([f"The {which} page of it."]), (100, 560, "The Book"), (100, 20, f"{page} / 3")]
        for page, which in enumerate(["first", "second", "third"], 1)
    ]
    document = read(drawn_pdf(pages), "a.pdf")
    assert "The Book" not in document.text
    assert "/ 3" not in document.text
    assert len(document.removed) == 6


def test_roman_page_numbers_go() -> None:
    numbers = ["viii", "ix", "x", "xi"]
    pages = [[*column([f"Some words for {number}."]), (200, 20, number)] for number in numbers]
    document = read(drawn_pdf(pages), "a.pdf")
    assert [removed.line for removed in document.removed] == numbers
    assert "Some words for viii." in document.text


def test_shapes_are_brought_back_to_letters(tmp_path: Path) -> None:
    document = read(pdf_with_own_font(["⼈⽣⻅⻓⻔ﬁne"], tmp_path), "a.pdf")
    assert document.text == "人生见长门fine"
    assert notes(document)["pdf_glyphs"] == 6


def test_marks_that_were_drawn_before_their_line_find_their_places() -> None:
    # As LibreOffice draws a line whose Chinese font lacks the quotation marks.
    page = [(70, 500, "“"), (120, 500, "”"), (40, 500, "我说： 好。 他走了。")]
    leading = [(40, 480, "“"), (90, 480, "”"), (46, 480, "你知道？ 我问。")]
    document = read(drawn_pdf([page + leading], "STSong-Light"), "a.pdf")
    assert document.text == "我说：“好。”他走了。“你知道？”我问。"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_file_that_only_forbids_changes_is_read(english: bytes, algorithm: str) -> None:
    locked = locked_pdf(english, "", algorithm)
    assert read(locked, "a.pdf").text == read(english, "a.pdf").text


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_password_is_told(english: bytes, algorithm: str) -> None:
    with pytest.raises(DocumentError, match=r"“a\.pdf” is locked with a password"):
        read(locked_pdf(english, "secret", algorithm), "a.pdf")


def test_a_scan_is_told() -> None:
    with pytest.raises(DocumentError, match=r"“a\.pdf” has pages \(3\), but no text"):
        read(scanned_pdf(3), "a.pdf")


def test_a_stamp_on_every_scanned_page_is_no_text() -> None:
    stamped = drawn_pdf([[(40, 20, "Scanned with a telephone")]] * 3)
    with pytest.raises(DocumentError, match="but no text"):
        read(stamped, "a.pdf")


def test_pages_that_are_all_the_same_stay() -> None:
    page = column(["A leaflet that was printed twice on one", "sheet, to be cut in the middle."])
    document = read(drawn_pdf([page, page]), "a.pdf")
    assert document.text.count("A leaflet that was printed twice on one sheet") == 2
    assert not document.removed


def test_pages_without_text_are_counted(english: bytes) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(english))
    writer.add_blank_page()
    file = io.BytesIO()
    writer.write(file)
    assert notes(read(file.getvalue(), "a.pdf"))["pdf_empty"] == 1


def test_letters_without_meaning_are_told(tmp_path: Path) -> None:
    data = pdf_with_own_font(["".join(map(chr, range(0xE000, 0xE040)))], tmp_path)
    with pytest.raises(DocumentError, match="does not say which they are"):
        read(data, "a.pdf")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"not at all", "“a.pdf” is not a PDF"),
        (b"%PDF-1.7\nand then nothing", "“a.pdf” is damaged"),
        (b"%PDF-1.7\n" + bytes(5000), "“a.pdf” is damaged"),
    ],
)
def test_what_is_no_pdf_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        read(data, "a.pdf")


def test_a_page_that_unpacks_without_end_costs_nothing_but_itself(english: bytes) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(english))
    contents = writer.pages[0].get_contents()
    assert contents is not None
    contents.set_data(b" " * 100_000_000)
    file = io.BytesIO()
    writer.pages[0].replace_contents(contents.flate_encode())
    writer.write(file)
    assert len(file.getvalue()) < 300_000
    document = read(file.getvalue(), "a.pdf")
    assert notes(document)["pdf_unread"] == 1
    assert lines(document)[-1] == essay("en", 1)[-1]


def test_pages_beyond_the_limit_are_left_out(
    english: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    found = notes(read(english, "a.pdf"))
    assert found["pdf_pages"] == 2
    assert found["pdf_late"] == 3


def ticking() -> Iterator[float]:
    yield from map(float, count())


def test_reading_stops_when_the_time_is_used_up(english: bytes) -> None:
    clock = ticking()
    hurried = Source("a.pdf", english, allowance=Allowance(seconds=2.5, clock=clock.__next__))
    found = notes(read_pdf(hurried))
    assert found["pdf_pages"] == 2
    assert found["pdf_late"] == 3
    late = Source("a.pdf", english, allowance=Allowance(seconds=0))
    with pytest.raises(DocumentError, match="took too long"):
        read_pdf(late)
