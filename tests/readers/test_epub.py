"""Chapters of an e-book come back in reading order, whatever their files are called."""

import pytest

from lstm.errors import DocumentError
from tests.readers.makers import (
    CONTAINER,
    PACKAGE,
    book,
    chapter,
    essay,
    notes,
    read,
    repacked,
    zipped,
)

ONE, TWO = chapter("One", ["first &amp; last"]), chapter("二", ["第二章&nbsp;的文字"])
LOCK = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>
<enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_chapter_comes_back(language: str) -> None:
    document = read(book({"a.xhtml": chapter("Title", essay(language))}), "book.epub")
    assert document.text.split("\n\n") == ["Title", *essay(language)]
    assert document.encoding == "EPUB"


def test_the_spine_gives_the_order() -> None:
    data = book({"a.xhtml": ONE, "b.xhtml": TWO}, ["b.xhtml", "a.xhtml"])
    document = read(data, "book.epub")
    assert document.text == "二\n\n第二章 的文字\n\nOne\n\nfirst & last"
    assert notes(document) == {"epub_chapters": 2}


def test_contents_and_side_matter_are_left_out() -> None:
    items = (
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="s" href="side.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="p" href="cover.jpg" media-type="image/jpeg"/>'
        '<item id="t" href="a%20b.xhtml" media-type="application/xhtml+xml"/>'
    )
    order = '<itemref idref="n"/><itemref idref="s" linear="no"/><itemref idref="p"/>'
    data = zipped(
        {
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": PACKAGE.format(items=items, spine=order + '<itemref idref="t"/>'),
            "OEBPS/nav.xhtml": chapter("Contents", []),
            "OEBPS/side.xhtml": chapter("Side", []),
            "OEBPS/a b.xhtml": chapter("Text", []),
        }
    )
    assert read(data, "book.epub").text == "Text"


def test_a_missing_or_damaged_chapter_does_not_cost_the_book() -> None:
    whole = book({"a.xhtml": ONE, "b.xhtml": TWO, "c.xhtml": ONE})
    data = repacked(whole, {"OEBPS/text/a.xhtml": None, "OEBPS/text/c.xhtml": bytes(500)})
    document = read(data, "book.epub")
    assert document.text.startswith("二")
    assert notes(document) == {"epub_chapters": 1, "epub_unread": 2}


def test_a_chapter_in_an_old_encoding_is_read() -> None:
    page = TWO.replace("utf-8", "gb2312").encode("gb18030")
    data = repacked(book({"a.xhtml": ONE}), {"OEBPS/text/a.xhtml": page})
    assert "第二章 的文字" in read(data, "book.epub").text


def test_locked_books_are_told_but_locked_fonts_do_not_matter() -> None:
    whole = book({"a.xhtml": ONE})
    locked = repacked(whole, {"META-INF/encryption.xml": LOCK.format(uri="OEBPS/text/a.xhtml")})
    with pytest.raises(DocumentError, match="protected against copying"):
        read(locked, "book.epub")
    fonts = repacked(whole, {"META-INF/encryption.xml": LOCK.format(uri="OEBPS/font.otf")})
    assert "first & last" in read(fonts, "book.epub").text


@pytest.mark.parametrize("part", ["META-INF/container.xml", "OEBPS/book.opf"])
def test_entities_are_neither_expanded_nor_fetched(part: str) -> None:
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    attack = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{laughs}'
        '<!ENTITY file SYSTEM "file:///etc/passwd">]><x>&e11;&file;</x>'
    )
    with pytest.raises(DocumentError):
        read(repacked(book({"a.xhtml": ONE}), {part: attack}), "book.epub")
    inside = repacked(book({"a.xhtml": ONE, "b.xhtml": ONE}), {"OEBPS/text/b.xhtml": attack})
    document = read(inside, "book.epub")
    assert "root:" not in document.text
    assert len(document.text) < 5000


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no zip file", "“b.epub” is damaged"),
        (zipped({"hello.txt": "no book"}), "“b.epub” is not an e-book"),
        (repacked(book({"a": ONE}), {"OEBPS/book.opf": None}), "“b.epub” is damaged"),
        (repacked(book({"a": ONE}), {"OEBPS/book.opf": "<package"}), "“b.epub” is damaged"),
        (repacked(book({"a": ONE}), {"META-INF/container.xml": "<a/>"}), "“b.epub” is damaged"),
        (book({}), "“b.epub” is an e-book without text"),
        (book({"a": "<html><body><img src='x'/></body></html>"}), "an e-book without text"),
        (book({"a": ONE})[:-30], "“b.epub” is damaged"),
    ],
)
def test_what_can_not_be_read_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        read(data, "b.epub")
