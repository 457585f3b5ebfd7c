"""Zip files: every text in them by name, and nothing that was made to do harm."""

import io
import stat
import zipfile

import pytest

from lstm.documents import Document, read_document, read_documents
from lstm.errors import DocumentError
from lstm.messages import LANGUAGES, text
from lstm.readers.bounds import Allowance
from lstm.readers.document import Source
from lstm.readers.kinds import read_here
from tests.readers.makers import book, chapter, essay, word, zipped


def read_zip(data: bytes, allowance: Allowance | None = None) -> list[Document]:
    return read_here(Source("all.zip", data, allowance=allowance or Allowance()))


def names(documents: list[Document]) -> list[str]:
    return [document.name for document in documents]


def told(documents: list[Document]) -> list[str]:
    return [note.key for note in documents[0].notes]


def test_all_kinds_are_read_in_the_order_of_their_names() -> None:
    data = zipped(
        {
            "10.txt": "ten",
            "2.docx": word(["two"]),
            "1/b.epub": book({"a": chapter("b", ["one"])}),
            "1/a.html": "<p>a",
        }
    )
    documents = read_zip(data)
    assert names(documents) == [
        "all.zip/1/a.html", "all.zip/1/b.epub", "all.zip/2.docx", "all.zip/10.txt",
    ]  # fmt: skip
    assert [document.text for document in documents] == ["a", "b\n\none", "two", "ten"]
    assert not documents[0].notes


def test_what_can_not_be_read_is_told_and_the_rest_is_read() -> None:
    data = zipped(
        {
            "a.txt": b"\x89PNG\r\n\x1a\n",
            "b.docx": "no Word file",
            "c.txt": "text",
            "d.txt": " ",
            "photo.jpg": b"\xff\xd8\xff",
            "song.mp3": b"ID3",
            "__MACOSX/._c.txt": b"\0\5\26\7",
            ".DS_Store": b"\0\0\0\1Bud1",
            "folder/": b"",
        }
    )
    documents = read_zip(data)
    assert names(documents) == ["all.zip/c.txt"]
    assert told(documents) == [
        "errors.binary_file", "errors.damaged_file", "errors.blank_file", "documents.zip_others",
    ]  # fmt: skip
    assert documents[0].notes[0].values == {"name": "all.zip/a.txt"}
    assert documents[0].notes[-1].values == {"count": 2}
    for language in LANGUAGES:
        for note in documents[0].notes:
            assert text(note.key, language, **note.values)


def test_a_long_list_of_bad_files_is_cut() -> None:
    data = zipped({f"{n}.docx": "no Word file" for n in range(30)} | {"a.txt": "text"})
    documents = read_zip(data)
    assert len(told(documents)) == 21
    assert documents[0].notes[-1].values == {"count": 10}


def test_nothing_to_read_is_an_error() -> None:
    with pytest.raises(DocumentError, match=r"There is no text in “all\.zip”"):
        read_zip(zipped({"a.jpg": "x", "b.png": "y"}))
    with pytest.raises(DocumentError, match=r"There is no text in “all\.zip”"):
        read_zip(zipped({}))
    with pytest.raises(DocumentError, match=r"“all\.zip/a\.docx” is damaged"):
        read_zip(zipped({"a.docx": "x"}))


def test_one_document_can_be_made_of_all() -> None:
    data = zipped({"a.txt": "one", "b.txt": "zwei".encode("utf-16"), "c.docx": "x"})
    document = read_document(data, "all.zip")
    assert document.text == "one\n\nzwei"
    assert document.encoding == "UTF-8, UTF-16 LE"
    assert document.notes[0].key == "errors.damaged_file"


def test_chinese_names_of_chinese_windows_are_understood() -> None:
    data = zipped({"ZZZZ.txt": essay("zh")[1]})
    name = "作文".encode("gbk")
    documents = read_zip(data.replace(b"ZZZZ", name))
    assert names(documents) == ["all.zip/作文.txt"]
    assert names(read_zip(zipped({"作文.txt": "x"}))) == ["all.zip/作文.txt"]


def test_an_archive_may_lie_in_an_archive_but_no_deeper() -> None:
    inner = zipped({"a.txt": "deep", "deeper.zip": zipped({"b.txt": "too deep"})})
    documents = read_zip(zipped({"inner.zip": inner, "c.txt": "text"}))
    assert names(documents) == ["all.zip/c.txt", "all.zip/inner.zip/a.txt"]
    assert "errors.archive_nested" in [note.key for note in documents[1].notes]


# -- bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../a.txt", "b/../../a.txt", "/etc/a.txt", "C:\\a.txt", "..\\a.txt", "c:a.txt", "//a.txt"],
)
def test_names_that_point_outside_are_left_out(name: str) -> None:
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, "outside")
        archive.writestr("inside.txt", "inside")
    documents = read_zip(file.getvalue())
    assert names(documents) == ["all.zip/inside.txt"]
    assert told(documents) == ["errors.archive_unsafe"]


def test_links_are_left_out() -> None:
    entry = zipfile.ZipInfo("link.txt")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(DocumentError, match="only a link"):
        read_zip(file.getvalue())


def test_strange_signs_in_names_are_harmless() -> None:
    (document,) = read_zip(zipped({"a\u202etxt.\x1b[31m\n<b>.txt": "x"}))
    assert document.name == "all.zip/a\ufffdtxt.\ufffd[31m\ufffd<b>.txt"


@pytest.mark.parametrize("name", ["bomb.txt", "bomb.docx", "bomb.html"])
def test_a_bomb_is_not_unpacked(name: str) -> None:
    data = zipped({name: bytes(50_000_000), "a.txt": "text"})
    assert len(data) < 100_000
    documents = read_zip(data)
    assert names(documents) == ["all.zip/a.txt"]
    assert told(documents) == ["errors.archive_bomb"]


def test_a_bomb_in_a_word_file_is_not_unpacked() -> None:
    bomb = zipped({"[Content_Types].xml": bytes(50_000_000)})
    with pytest.raises(DocumentError, match="hundreds of times its size"):
        read_documents(bomb, "a.docx")


def test_an_archive_that_unpacks_to_too_much_is_not_opened() -> None:
    part = bytes(range(256)) * 80_000
    with pytest.raises(DocumentError, match="unpack to more than 160 MB"):
        read_documents(zipped({f"{n}.txt": part for n in range(8)}), "all.zip")


def test_archives_in_an_archive_share_one_allowance() -> None:
    inner = {f"{n}.zip": zipped({"a.txt": "x" * 3000}) for n in range(5)}
    documents = read_zip(zipped(inner), Allowance(unpacked=10_000))
    assert len(documents) == 3
    assert told(documents).count("errors.archive_too_large") == 2


def test_an_archive_that_lies_about_a_size_gives_no_more_than_it_promised() -> None:
    data = zipped({"a.txt": "x" * 9999}, zipfile.ZIP_STORED)
    assert data.count((9999).to_bytes(4, "little")) == 4
    liar = data.replace((9999).to_bytes(4, "little"), (12).to_bytes(4, "little"))
    with pytest.raises(DocumentError, match="damaged"):
        read_zip(liar)


def test_ten_thousand_entries_are_refused() -> None:
    data = zipped({f"{n}.txt": "x" for n in range(10_000)}, zipfile.ZIP_STORED)
    with pytest.raises(DocumentError, match="too many files: at most 2000"):
        read_documents(data, "all.zip")
    with pytest.raises(DocumentError, match="too many files: at most 2000"):
        read_documents(b"PK\x05\x06" + b"PK\x01\x02" * 50_000, "all.zip")


def test_a_password_is_told() -> None:
    data = bytearray(zipped({"a.txt": "text"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    with pytest.raises(DocumentError, match="locked with a password"):
        read_zip(bytes(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_ways_of_packing_are_refused(method: int) -> None:
    with pytest.raises(DocumentError, match="packed in an unusual way"):
        read_zip(zipped({"a.txt": "text"}, method))


def test_what_there_is_no_time_for_is_told() -> None:
    times = iter([0.0, 0.0, 1.0, 2.0, 3.0])
    allowance = Allowance(seconds=1.5, clock=times.__next__)
    documents = read_zip(zipped({f"{n}.txt": "text" for n in range(4)}), allowance)
    assert len(documents) == 2
    assert told(documents) == ["errors.archive_late"] * 2
