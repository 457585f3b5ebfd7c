"""Public texts come whole and checked or not at all; the server of these tests is a local one."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lstm import library
from lstm.documents import clean
from lstm.errors import DownloadError
from lstm.library import PublicText, bundled, cached, download, public, read_bundled
from lstm.messages import LANGUAGES, text

BODY = ("A long enough text, so that it comes in several blocks.\n" * 4000).encode()


class Handler(BaseHTTPRequestHandler):
    requests = 0

    def do_GET(self) -> None:
        type(self).requests += 1
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(BODY) * 2))
        self.end_headers()
        self.wfile.write(BODY * 2 if self.path == "/larger" else BODY[:9000])

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class WholeHandler(Handler):
    def do_GET(self) -> None:
        type(self).requests += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)


def serve(handler: type[Handler]) -> Iterator[str]:
    handler.requests = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def whole() -> Iterator[str]:
    yield from serve(WholeHandler)


@pytest.fixture
def broken() -> Iterator[str]:
    yield from serve(Handler)


def at(url: str, body: bytes = BODY) -> PublicText:
    digest = hashlib.sha256(body).hexdigest()
    return PublicText("book", "en", "library.nietzsche", len(body), url, digest)


def test_a_text_is_fetched_once_and_then_kept(whole: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "library"
    assert cached(at(whole), folder) is None
    path = download(at(whole), folder, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert len(told) > 2
    assert download(at(whole), folder) == path == cached(at(whole), folder)
    assert WholeHandler.requests == 1


def test_a_damaged_copy_is_fetched_again(whole: str, tmp_path: Path) -> None:
    path = download(at(whole), tmp_path)
    path.write_bytes(b"x" * len(BODY))
    assert download(at(whole), tmp_path).read_bytes() == BODY
    assert WholeHandler.requests == 2


@pytest.mark.parametrize("other", [BODY[:-1] + b"?", BODY[:-1]])
def test_another_text_than_expected_is_thrown_away(
    whole: str, tmp_path: Path, other: bytes
) -> None:
    with pytest.raises(DownloadError, match="not the text that was expected"):
        download(at(whole, other), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_larger_file_is_not_read_to_its_end(broken: str, tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(DownloadError, match="not the text that was expected"):
        download(at(f"{broken}/larger"), tmp_path, lambda done, _: told.append(done))
    assert max(told) <= len(BODY)


@pytest.mark.parametrize("path", ["/missing", "/cut-off"])
def test_a_refusal_and_a_cut_connection_get_a_sentence(
    broken: str, tmp_path: Path, path: str
) -> None:
    with pytest.raises(DownloadError, match="could not be fetched"):
        download(at(broken + path), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_there_is_a_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("kept", "utf-8")
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError, match="Is there an internet connection"):
            download(at(f"http://127.0.0.1:{taken.getsockname()[1]}/book"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/book"
        with pytest.raises(DownloadError, match="could not be fetched"):
            download(at(url), tmp_path)


def test_cancelling_leaves_nothing_behind(whole: str, tmp_path: Path) -> None:
    told: list[int] = []
    with pytest.raises(DownloadError, match="cancelled"):
        download(at(whole), tmp_path, lambda done, _: told.append(done), lambda: len(told) >= 2)
    assert len(told) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_written_gets_a_sentence(whole: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(DownloadError, match="could not be kept"):
        download(at(whole), tmp_path / "file" / "library")


def test_public_texts_say_what_they_are() -> None:
    assert [(book.key, book.bytes) for book in public()] == [
        ("nietzsche", 600_901),
        ("tinyshakespeare", 1_115_394),
    ]
    for book in public():
        assert book.url.startswith("https://")
        assert len(book.sha256) == 64


def test_every_text_has_a_title_in_every_language() -> None:
    for language in LANGUAGES:
        titles = [book.title for book in bundled()] + [book.title for book in public()]
        assert all(text(title, language) for title in titles)


@pytest.mark.parametrize(
    ("key", "language", "essays", "characters"),
    [("essays-en", "en", 40, 120_000), ("essays-zh", "zh", 15, 30_000)],
)
def test_the_bundled_essays_are_enough(
    key: str, language: str, essays: int, characters: int
) -> None:
    collection = next(offered for offered in bundled() if offered.key == key)
    written = read_bundled(key)
    assert collection.language == language
    assert len(collection.files) >= essays
    assert len(written) >= characters
    assert collection.bytes <= len(written.encode())
    assert clean(written) == (written, ())
    first, second = (file.read_text("utf-8").strip("\n") for file in collection.files[:2])
    assert written.startswith(f"{first}\n\n{second}\n")


def test_an_unknown_collection_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(KeyError):
        read_bundled("../models")
