"""Thousands of bad uploads through the door that the page uses: a sentence or a text, no more.

Each goes through the reading process; a mistake of ours in there is logged, so the log must stay
empty.
"""

import io
import logging
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm.documents import ACCEPTED, clean, read_documents
from lstm.errors import DocumentError
from lstm.messages import LANGUAGES, text
from tests.readers.makers import (
    CHINESE,
    ENGLISH,
    book,
    chapter,
    drawn_pdf,
    essay,
    flowed_pdf,
    locked_pdf,
    repacked,
    word,
    zipped,
)
from tests.readers.test_subtitles import CHINESE as SUBTITLES
from tests.readers.test_webpage import PAGE

RANDOM_EACH, DAMAGED_EACH = 100, 130

HEADS = [
    b"", b"%PDF-1.7\n", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xef\xbb\xbf", b"<html><p>",
    b"1\n00:00:01,000 --> 00:00:02,000\n", b"a,b\n1,", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0",
]  # fmt: skip

ENGLISH_PDF = flowed_pdf(essay("en")[:4], ENGLISH, ("HEAD",), "{page}")
FILES = {
    "a.pdf": ENGLISH_PDF,
    "b.pdf": flowed_pdf(essay("zh")[:2], CHINESE),
    "c.pdf": locked_pdf(ENGLISH_PDF, "", "AES-128"),
    "d.docx": word(essay("en")[:2]),
    "e.epub": book({"a": chapter("One", essay("en")[:2]), "b": chapter("二", essay("zh")[:1])}),
    "f.html": PAGE.encode("gb18030", "replace"),
    "g.srt": SUBTITLES.encode("utf-16"),
    "h.csv": b"n;text\n" + b"".join(f"{n};{e}\n".encode("gbk") for n, e in enumerate(essay("zh"))),
    "i.txt": "\n".join(essay("zh")).encode("gb18030"),
    "k.pdf": drawn_pdf([[(40, 500, "Some words"), (40, 480, "in two lines")]] * 3),
    "j.zip": zipped({"a.txt": "text " * 50, "b.docx": word(["two"]), "c/d.html": PAGE}),
}

PARTS = [
    ("d.docx", "word/document.xml"),
    ("d.docx", "[Content_Types].xml"),
    ("d.docx", "_rels/.rels"),
    ("e.epub", "META-INF/container.xml"),
    ("e.epub", "OEBPS/book.opf"),
    ("e.epub", "OEBPS/text/a"),
]
"""Files inside of files: damage to the outer one would mostly end at its checksum."""

quick = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def no_mistake_of_ours(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.ERROR):
        yield
    assert not caplog.records


def upload(data: bytes, name: str) -> None:
    """Read a file as the page does; whatever comes of it must be fit to be shown."""
    sentences: list[str]
    try:
        documents = read_documents(data, name)
    except DocumentError as error:
        documents = []
        sentences = [error.text(language) for language in LANGUAGES]
    else:
        assert documents
        told = [note for document in documents for note in document.notes]
        sentences = [text(n.key, language, **n.values) for n in told for language in LANGUAGES]
    assert all(sentences)
    for document in documents:
        assert document.text.strip()
        assert clean(document.text) == (document.text, ())


def test_there_are_enough_of_them() -> None:
    assert RANDOM_EACH * len(ACCEPTED) + DAMAGED_EACH * len(FILES) >= 2000


@pytest.mark.parametrize("ending", ACCEPTED)
def test_random_bytes(ending: str) -> None:
    @settings(quick, max_examples=RANDOM_EACH)
    @given(st.sampled_from(HEADS), st.binary(max_size=400))
    def attempt(head: bytes, data: bytes) -> None:
        upload(head + data, f"a{ending}")

    attempt()


@st.composite
def damages(draw: st.DrawFn, data: bytes) -> bytes:
    """A file with bytes changed, cut out, doubled or put in, and perhaps cut off."""
    damaged = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(damaged)))
        length = draw(st.integers(0, 40))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.just(bytes(damaged[start : start + length])),
                st.sampled_from([b"<", b">", b'"', b"\0" * 4, b"\xff" * 4, b" 0 R", b"<<" * 50]),
            )
        )
        damaged[start : start + draw(st.sampled_from([0, len(piece), length]))] = piece
    if draw(st.integers(0, 9)) == 0:
        del damaged[draw(st.integers(0, len(damaged))) :]
    return bytes(damaged)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(name: str) -> None:
    upload(FILES[name], name)

    @settings(quick, max_examples=DAMAGED_EACH)
    @given(damages(FILES[name]))
    def attempt(data: bytes) -> None:
        upload(data, name)

    attempt()


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_damaged_parts(name: str, part: str) -> None:
    with zipfile.ZipFile(io.BytesIO(FILES[name])) as archive:
        content = archive.read(part)

    @settings(quick, max_examples=DAMAGED_EACH)
    @given(damages(content))
    def attempt(data: bytes) -> None:
        upload(repacked(FILES[name], {part: data}), name)

    attempt()


@settings(quick, max_examples=150)
@given(st.text(max_size=30), st.sampled_from(["", *ACCEPTED, ".PDF", ".exe", ".doc", "."]))
def test_any_name(name: str, ending: str) -> None:
    upload(b"some words", name + ending)


@settings(quick, max_examples=100)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.binary(max_size=50), max_size=4))
def test_any_archive(files: dict[str, bytes]) -> None:
    encodable = {name.encode("utf-8", "replace").decode(): data for name, data in files.items()}
    upload(zipped(dict(encodable)), "a.zip")
