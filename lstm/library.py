"""The texts that Charloom offers: essays that ship with it, and public texts to fetch.

A public text is fetched on demand, checked and kept; nothing is sent but the request. Knows
nothing of encodings (``documents``) or of pages.
"""

import hashlib
import http.client
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO

from lstm.errors import DownloadError
from lstm.files import whole_file
from lstm.messages import Language
from lstm.paths import ASSETS

TIMEOUT = 20.0
"""Seconds without a single byte after which a download is given up."""

_BLOCK = 1 << 16


@dataclass(frozen=True)
class BundledText:
    """A collection of essays that ships with Charloom.

    Attributes:
        key: Its name in addresses and settings: the folder's name.
        language: The language it is written in.
        title: Key of its title in the message catalogue.
        files: Its essays in reading order.
    """

    key: str
    language: Language
    title: str
    files: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        """Size of all essays, in bytes."""
        return sum(file.stat().st_size for file in self.files)


@dataclass(frozen=True)
class PublicText:
    """A well-known text that can be fetched.

    Attributes:
        key: Its name in addresses and settings.
        language: The language it is written in.
        title: Key of its title in the message catalogue.
        bytes: Its exact size.
        url: Where it is.
        sha256: What it must be, as hexadecimal digits.
        lowercase: Whether it is usually lower-cased.
    """

    key: str
    language: Language
    title: str
    bytes: int
    url: str
    sha256: str
    lowercase: bool = False


_BUNDLED: tuple[tuple[str, Language], ...] = (("essays-en", "en"), ("essays-zh", "zh"))

_PUBLIC = (
    PublicText(
        key="nietzsche",
        language="en",
        title="library.nietzsche",
        bytes=600_901,
        url="https://s3.amazonaws.com/text-datasets/nietzsche.txt",
        sha256="23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647",
        lowercase=True,
    ),
    PublicText(
        key="tinyshakespeare",
        language="en",
        title="library.tinyshakespeare",
        bytes=1_115_394,
        url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
)


def bundled() -> tuple[BundledText, ...]:
    """Return the collections that ship with Charloom."""
    return tuple(
        BundledText(key, language, f"library.{key.replace('-', '_')}", _essays(key))
        for key, language in _BUNDLED
    )


def public() -> tuple[PublicText, ...]:
    """Return the texts that can be fetched."""
    return _PUBLIC


def read_bundled(key: str) -> str:
    """Return a bundled collection as one text, a blank line between two essays.

    Raises:
        KeyError: No collection has this key.
    """
    if key not in dict(_BUNDLED):
        raise KeyError(key)
    return "\n\n".join(file.read_text("utf-8").strip("\n") for file in _essays(key)) + "\n"


def cached(text: PublicText, folder: Path) -> Path | None:
    """Return where an earlier download of the text lies, or None; a damaged one doesn't count."""
    path = _place(text, folder)
    if not path.is_file() or path.stat().st_size != text.bytes:
        return None
    return path if hashlib.sha256(path.read_bytes()).hexdigest() == text.sha256 else None


def download(
    text: PublicText,
    folder: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Fetch a public text once; afterwards the kept copy is returned without any network.

    The file appears under its name only when it is complete and its SHA-256 is right.

    Args:
        text: What to fetch.
        folder: Where it is kept; made if need be.
        progress: Called with the bytes done and the bytes in all.
        cancelled: Asked between two blocks; True gives up.

    Raises:
        DownloadError: No connection, a refusal, another file than expected, no room, or
            cancelled. An earlier copy and everything else in the folder is left as it was.
    """
    kept = cached(text, folder)
    if kept is not None:
        progress(text.bytes, text.bytes)
        return kept
    path = _place(text, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _opened(text) as response, whole_file(path) as file:
            _copy(text, _blocks(response, text), file, progress, cancelled)
    except OSError as error:
        # The network's errors were told apart before; what is left is the folder's.
        raise DownloadError("download_not_kept", folder=folder) from error
    return path


def _copy(
    text: PublicText,
    blocks: Iterator[bytes],
    file: BinaryIO,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> None:
    digest, done = hashlib.sha256(), 0
    for block in blocks:
        if cancelled():
            raise DownloadError("download_cancelled")
        digest.update(block)
        done += len(block)
        if done > text.bytes:
            raise DownloadError("download_differs", url=text.url)
        file.write(block)
        progress(done, text.bytes)
    if digest.hexdigest() != text.sha256:
        raise DownloadError("download_differs", url=text.url)


def _opened(text: PublicText) -> HTTPResponse:
    request = urllib.request.Request(text.url, headers={"User-Agent": "Charloom"})
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError("download_failed", url=text.url) from error
    return response


def _blocks(response: HTTPResponse, text: PublicText) -> Iterator[bytes]:
    """Yield the body; what goes wrong on the network is told apart from a full disk."""
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadError("download_failed", url=text.url) from error
        if not block and response.length:
            raise DownloadError("download_failed", url=text.url)  # cut off in the middle
        if not block:
            return
        yield block


@lru_cache(maxsize=8)  # they ship with Charloom and stay as they are
def _essays(key: str) -> tuple[Path, ...]:
    return tuple(sorted((ASSETS / "corpora" / key).glob("*.txt")))


def _place(text: PublicText, folder: Path) -> Path:
    return folder / f"{text.key}.txt"
