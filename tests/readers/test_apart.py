"""Files are read in a process of its own, and whatever happens to it stays there."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from lstm.documents import ACCEPTED, Document
from lstm.errors import DocumentError
from lstm.readers import __main__ as child
from lstm.readers import apart
from lstm.readers.apart import ReadingRoom
from lstm.readers.document import Note, Removed, Source
from lstm.readers.endings import BUNDLE
from lstm.readers.kinds import READERS, read_here
from lstm.readers.wire import answer, answered, asked, refusal, request
from tests.readers.makers import CHINESE, essay, flowed_pdf, word, zipped

PATIENCE = 60.0


@pytest.fixture
def room() -> Iterator[ReadingRoom]:
    room = ReadingRoom()
    yield room
    room.close()


def wait_for(what: object, true: object) -> None:
    """Wait until a function returns what it should."""
    assert callable(what)
    until = time.monotonic() + PATIENCE
    while what() != true:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_there_is_a_reader_for_every_accepted_ending() -> None:
    assert {*READERS, BUNDLE} == set(ACCEPTED)


def test_it_reads_what_this_process_reads(room: ReadingRoom) -> None:
    pdf = flowed_pdf(essay("zh"), CHINESE, ("散文集",), "{page}")
    source = Source("作文.zip", zipped({"a.pdf": pdf, "b.docx": word(essay("zh")), "c.jpg": "x"}))
    here = read_here(Source(source.name, source.data))
    assert room.read(source) == here
    assert here[0].removed


def test_it_stays_for_the_next_file_and_goes_when_none_comes() -> None:
    room = ReadingRoom(idle=PATIENCE)
    room.read(Source("a.html", b"<p>one"))
    (first,) = room._free
    room.read(Source("a.html", b"<p>two"))
    assert room._free == [first]
    first.ends_in(0.01, room._retire)
    wait_for(lambda: first.is_alive, False)
    wait_for(lambda: room._free, [])
    assert room.read(Source("a.html", b"<p>three"))[0].text == "three"
    room.close()


def test_an_ended_process_is_replaced(room: ReadingRoom) -> None:
    room.read(Source("a.html", b"<p>one"))
    (process,) = room._free
    process._child.kill()
    process._child.wait()
    assert room.read(Source("a.html", b"<p>two"))[0].text == "two"


def test_a_process_that_dies_while_it_reads_is_told(
    room: ReadingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "send", lambda stream, message: stream.close())
    with pytest.raises(DocumentError, match=r"“a\.html” can't be read: it is damaged, or"):
        room.read(Source("a.html", b"<p>one"))
    monkeypatch.undo()
    assert room.read(Source("a.html", b"<p>two"))[0].text == "two"


def test_a_process_that_takes_too_long_is_killed() -> None:
    room = ReadingRoom(patience=0.001)  # less than it takes to start
    with pytest.raises(DocumentError, match=r"“a\.html” took too long"):
        room.read(Source("a.html", b"<p>one"))
    assert not room._free
    room.close()


def test_two_read_at_a_time_and_others_wait() -> None:
    room = ReadingRoom(at_a_time=2)
    texts: list[str] = []

    def visit(number: int) -> None:
        texts.append(room.read(Source("a.html", f"<p>{number}".encode()))[0].text)

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(6)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(PATIENCE)
    assert sorted(texts) == list("012345")
    assert 1 <= len(room._free) <= 2
    room.close()


def test_errors_travel_in_every_language(room: ReadingRoom) -> None:
    with pytest.raises(DocumentError) as caught:
        room.read(Source("书.epub", b"nothing"))
    assert (caught.value.key, caught.value.values) == ("damaged_file", {"name": "书.epub"})


def test_everything_survives_the_way() -> None:
    document = Document(
        "名.zip/a.csv",
        "text\n𝒳",
        "UTF-8",
        (Note("documents.csv_column", {"column": "a", "rows": 2}), Note("documents.nfc")),
        ("a", "b"),
        "a",
        (Removed(1, "a"), Removed(2, "b")),
    )
    assert answered(answer([document, document])) == [document, document]
    there = asked(request(Source("\ud800.csv", b"\0\xff", "b")))
    assert (there.name, there.data, there.column) == ("\ud800.csv", b"\0\xff", "b")


@pytest.mark.parametrize("error", [ValueError("secret words"), MemoryError("secret words")])
def test_a_mistake_of_ours_is_logged_without_the_users_words(
    error: Exception,
    room: ReadingRoom,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Source) -> list[Document]:
        raise error

    monkeypatch.setattr(child, "read_here", fail)
    message = child._answer(request(Source("a.html", b"<p>one")))
    assert "secret" not in repr(message)
    monkeypatch.setattr(apart, "receive", lambda _: message)
    with caplog.at_level(logging.ERROR), pytest.raises(DocumentError, match=r"“a\.html”"):
        room.read(Source("a.html", b"<p>one"))
    assert "secret" not in caplog.text
    assert ("ValueError in fail" in caplog.text) == isinstance(error, ValueError)
    monkeypatch.undo()


def test_the_page_loads_no_parser() -> None:
    code = (
        "import sys, lstm.documents; "
        "print([m for m in ('pypdf', 'docx', 'lxml', 'csv') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"


def test_memory_is_bounded() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux bounds a process's address space")
    code = "from lstm.readers.__main__ import _bound_memory; _bound_memory(); bytearray(3 << 30)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert b"MemoryError" in ended.stderr


def test_a_refusal_brings_its_error() -> None:
    with pytest.raises(DocumentError, match=r"“x” is empty"):
        answered(refusal(DocumentError("empty_file", name="x")))
