"""Bytes of every usual encoding come out as the same clean text, with a note of what was done."""

import contextlib
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm.documents import Document, Note, clean, join_documents, read_document, read_file
from lstm.errors import DocumentError
from lstm.messages import LANGUAGES, text

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"

SIMPLIFIED = (
    "春天来了，院子里的老槐树又发了新芽。奶奶坐在门口，手里拿着一把蒲扇，慢慢地摇着。\n"
    "她说，树和人一样，要经过冬天才知道春天的好。我不太明白，却记住了这句话。\n"
)
TRADITIONAL = (
    "春天來了，院子裡的老槐樹又發了新芽。奶奶坐在門口，手裡拿著一把蒲扇，慢慢地搖著。\n"
    "她說，樹和人一樣，要經過冬天才知道春天的好。我不太明白，卻記住了這句話。\n"
)
JAPANESE = (
    "昨日は朝から雨が降っていたので、図書館で本を読んだ。窓のそとでは、子どもたちが\n"
    "かさをさして歩いている。テレビの音はきこえない。とても静かな一日だった。\n"
)
FRENCH = (
    "L’été dernier, nous avons mangé des crêpes à la plage ; ma grand-mère préférait le café.\n"
    "« Où est le garçon ? » demanda-t-elle, déçue. Le bœuf était brûlé.\n"
)
GERMAN = (
    "Über den Wäldern hängt ein grauer Himmel. Die Mädchen laufen schnell nach Hause.\n"
    "„Schöne Grüße“, ruft der Bäcker, und schließt die Tür – es wird bald regnen.\n"
)
ENGLISH = "It’s a long way, he said, and — as nobody spoke — “we’d better go”. They didn’t.\n" * 2
RUSSIAN = "Весна пришла, и старый дуб во дворе снова зазеленел. Бабушка сидела у двери.\n" * 2
BINARY = [
    b"\x89PNG\r\n\x1a\n" + bytes(100),
    b"PK\x03\x04 a zip file",
    b"%PDF-1.7 a document",
    b"\x7fELF\x02\x01\x01",
    b"some text and then\x00zero bytes\x00 in it",
    bytes(range(1, 32)) * 20,
    random.Random(3).randbytes(5000),
    random.Random(4).randbytes(5001).replace(b"\0", b"\1"),
]


def keys(document: Document) -> list[str]:
    return [note.key for note in document.notes]


@pytest.mark.parametrize(
    ("written", "codec", "label"),
    [
        (SIMPLIFIED, "utf-8", "UTF-8"),
        (SIMPLIFIED, "gb18030", "GB18030"),
        (SIMPLIFIED, "gbk", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (JAPANESE, "shift_jis", "Shift-JIS"),
        (FRENCH, "cp1252", "Windows-1252"),
        (GERMAN, "cp1252", "Windows-1252"),
        (ENGLISH, "cp1252", "Windows-1252"),
        (RUSSIAN, "cp1251", "Windows-1251"),
        (SIMPLIFIED, "utf-16-le", "UTF-16 LE"),
        (SIMPLIFIED, "utf-16-be", "UTF-16 BE"),
        (ENGLISH, "utf-16-le", "UTF-16 LE"),
        (GERMAN, "utf-16-be", "UTF-16 BE"),
    ],
)
@pytest.mark.parametrize("times", [1, 400])
def test_every_usual_encoding_is_recognised(
    written: str, codec: str, label: str, times: int
) -> None:
    document = read_document((written * times).encode(codec), "essay.txt")
    assert document.text == written * times
    assert document.encoding == label
    assert ("documents.converted" in keys(document)) == (codec != "utf-8")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_left_out(codec: str) -> None:
    document = read_document(GERMAN.encode(codec), "brief.md")
    assert document.text == GERMAN
    assert keys(document)[0] == "documents.bom"


def test_the_encoding_is_judged_by_the_lines_beyond_ascii() -> None:
    written = "Nothing but plain letters here.\n" * 5000 + SIMPLIFIED * 3
    assert read_document(written.encode("gbk"), "a.txt").text == written


def test_a_large_file_of_one_line_is_judged_by_a_part_that_splits_no_character() -> None:
    written = SIMPLIFIED.replace("\n", "") * 2000
    document = read_document(written.encode("gb18030"), "a.txt")
    assert document.text == written
    assert document.encoding == "GB18030"


def test_a_few_broken_bytes_do_not_turn_utf8_into_something_else() -> None:
    data = (SIMPLIFIED * 20).encode()
    document = read_document(data.replace(b"\n", b"\xff\n", 1), "a.txt")
    assert document.encoding == "UTF-8"
    assert document.text == SIMPLIFIED * 20
    assert Note("documents.damaged", {"count": 1}) in document.notes


@pytest.mark.parametrize("data", BINARY)
def test_binary_files_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="is not a text"):
        read_document(data, "picture.txt")


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "a.txt", "“a.txt” is empty"),
        (b" \r\n\t \n", "a.txt", "nothing but blanks"),
        (b"\xef\xbb\xbf", "a.txt", "nothing but blanks"),
        (b"text", "a.xyz", "Accepted: .txt .md .pdf"),
        (b"text", "noending", "Accepted: .txt .md .pdf"),
    ],
)
def test_what_holds_no_text_gets_a_sentence(data: bytes, name: str, sentence: str) -> None:
    with pytest.raises(DocumentError, match=sentence):
        read_document(data, name)


def test_the_ending_may_be_in_capitals() -> None:
    assert read_document(b"text", "A.TXT").text == "text"


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="can't be opened"):
        read_file(tmp_path / "nowhere.txt")
    with pytest.raises(DocumentError, match="can't be opened"):
        read_file(tmp_path)


def test_cleaning_reports_what_it_did() -> None:
    cleaned, notes = clean("a\r\nb\rc\u2028d\x07\x00e\ufeff cafe\u0301\tx")
    assert cleaned == "a\nb\nc\nde café\tx"
    assert notes == (
        Note("documents.line_ends", {"count": 3}),
        Note("documents.control", {"count": 3}),
        Note("documents.nfc"),
    )


def test_a_clean_text_is_left_alone() -> None:
    assert clean("Tabs\tand\nlines — und Grüße, 汉字。") == (
        "Tabs\tand\nlines — und Grüße, 汉字。",
        (),
    )


@settings(deadline=None, derandomize=True)
@given(st.text(st.characters() | st.sampled_from("\r\n\x85\u2028e\u0301\ud800")))
def test_cleaning_twice_is_cleaning_once(dirty: str) -> None:
    cleaned, _ = clean(dirty)
    assert clean(cleaned) == (cleaned, ())
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in cleaned)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_text_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        document = read_document(data, "a.txt")
        assert clean(document.text) == (document.text, ())


def test_documents_are_joined_with_a_blank_line_and_one_stays_as_it_is() -> None:
    one, two = (Document(n, f"\n{n}\n", "UTF-8", ()) for n in ("one", "two"))
    assert join_documents([one]) == "\none\n"
    assert join_documents([one, two]) == "one\n\ntwo"


def test_every_note_has_a_sentence_in_every_language() -> None:
    document = read_document("a\r\ncafe\u0301\x07".encode("utf-16") + b"\x00\xd8", "a.txt")
    assert len(document.notes) == 6
    for language in LANGUAGES:
        for note in document.notes:
            assert text(note.key, language, **note.values)


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora do not lie beside the project")
@pytest.mark.parametrize(
    ("name", "encoding", "characters", "beginning"),
    [
        ("nietzsche.txt", "UTF-8", 600_893, "PREFACE\n\n\nSUPPOSING that Truth is a woman"),
        ("tinyshakespeare.txt", "UTF-8", 1_115_394, "First Citizen:\nBefore we proceed"),
        ("hongloumeng-gb18030.txt", "GB18030", 882_440, "《红楼梦》\n\n\n 第一回"),
    ],
)
def test_real_books_are_read_to_the_last_character(
    name: str, encoding: str, characters: int, beginning: str
) -> None:
    document = read_file(CORPORA / name)
    assert (document.encoding, len(document.text)) == (encoding, characters)
    assert document.text.startswith(beginning)
    assert not {"documents.control", "documents.damaged"} & set(keys(document))
