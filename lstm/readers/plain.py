"""Plain text in any encoding: marked, Unicode without a mark, or one of the older ones.

Knows nothing of what the text is.
"""

import io
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from charset_normalizer import from_bytes

from lstm.errors import DocumentError
from lstm.readers.cleaning import UNWANTED
from lstm.readers.document import Document, Note, Source

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le", "UTF-32 LE"),
    (b"\x00\x00\xfe\xff", "utf-32-be", "UTF-32 BE"),
    (b"\xff\xfe", "utf-16-le", "UTF-16 LE"),
    (b"\xfe\xff", "utf-16-be", "UTF-16 BE"),
)
_WESTERN = {"cp1252": "Windows-1252", "latin_1": "Latin-1"}
_EASTERN = {
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp932": "Shift-JIS",
    "cp1251": "Windows-1251",
}
_LEGACY = _EASTERN | _WESTERN
# First bytes of files that are often given a text file's name by mistake.
_MAGIC = (
    b"\x89PNG", b"PK\x03\x04", b"%PDF-", b"\x7fELF", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b",
    b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"SQLite format",
    b"OggS", b"ID3", b"RIFF",
)  # fmt: skip
_SAMPLE = 1 << 16
"""Bytes that an encoding is judged by: enough to be sure, the same time for any file size."""

_MOST_DAMAGE = 0.01
"""Share of the non-ASCII characters that may be broken before another encoding is tried."""

_MOST_DECLARED = 0.2
"""The same share where the file itself names the encoding: a wrong name breaks far more."""

_CONTROL_SHARE = 0.01
"""Control characters above this share of a sample mean that the bytes are no text."""

_UTF16_USUAL = 0.02
"""Least share of blanks, common marks and plain letters in UTF-16 text without a mark."""

_BROKEN = "\ufffd"


class Decoded(NamedTuple):
    """Bytes as text.

    Attributes:
        text: The text, not cleaned yet.
        encoding: What the bytes were, for people.
        notes: What was done.
    """

    text: str
    encoding: str
    notes: tuple[Note, ...]


def read_plain(source: Source) -> Document:
    """Read a text file.

    Raises:
        DocumentError: The bytes are no text.
    """
    text, encoding, notes = decode(source.data, source.name)
    return Document(source.name, text, encoding, notes)


def decode(data: bytes, name: str, declared: str | None = None) -> Decoded:
    """Decode bytes: marked, as declared, UTF-16 by its zeros, UTF-8, then older encodings.

    Args:
        data: The bytes.
        name: The file's name, for the error.
        declared: The codec that the file itself names. A declaration that does not fit is
            ignored: they are often left over from a template.

    Raises:
        DocumentError: The bytes are no text.
    """
    if data.startswith(_MAGIC):
        raise DocumentError("binary_file", name=name)
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            body = data[len(mark) :]
            return _decoded(body, codec, label, name, (Note("documents.bom"),))
    if declared is not None and not data.isascii() and _damage(data, declared) <= _MOST_DECLARED:
        return _decoded(data, declared, _label(declared), name)
    if b"\0" in data:
        codec, label = _utf16_without_mark(data, name)
        return _decoded(data, codec, label, name)
    if data.isascii() or _damage(data, "utf-8") <= _MOST_DAMAGE:
        return _decoded(data, "utf-8", "UTF-8", name)
    codec = _legacy_codec(data, name)
    return _decoded(data, codec, _label(codec), name)


def _label(codec: str) -> str:
    return _LEGACY.get(codec, codec.upper())


def _decoded(
    data: bytes, codec: str, label: str, name: str, notes: tuple[Note, ...] = ()
) -> Decoded:
    text = data.decode(codec, "replace")
    _refuse_control_characters(text, name)
    if codec != "utf-8":
        notes = (*notes, Note("documents.converted", {"encoding": label}))
    if _BROKEN in text:
        count = text.count(_BROKEN)
        text = text.replace(_BROKEN, "")
        notes = (*notes, Note("documents.damaged", {"count": count}))
    return Decoded(text, label, notes)


def _refuse_control_characters(text: str, name: str) -> None:
    sample = text[:_SAMPLE]
    controls = sum(map(len, UNWANTED.findall(sample)))
    if controls > max(1, _CONTROL_SHARE * len(sample)):
        raise DocumentError("binary_file", name=name)
    if sample.count(_BROKEN) > len(sample) // 10:
        raise DocumentError("binary_file", name=name)


def _damage(data: bytes, codec: str) -> float:
    """Return the share of the non-ASCII characters that the codec can't read, 0 to 1."""
    text = data.decode(codec, "replace")
    if _BROKEN not in text:
        return 0.0
    return text.count(_BROKEN) / (len(text) - len(text.encode("ascii", "ignore")))


def _utf16_without_mark(data: bytes, name: str) -> tuple[str, str]:
    """Return the byte order of UTF-16 text that lacks its mark.

    Read in the wrong order, a space is U+2000 and a Chinese full stop U+0230; so the right
    order is the one with more of the signs that every text has.

    Raises:
        DocumentError: Neither order reads as text, so the zero bytes mean a binary file.
    """
    sample = data[: _SAMPLE - _SAMPLE % 2]
    best, most = None, _UTF16_USUAL * len(sample) / 2
    for codec, label in (("utf-16-le", "UTF-16 LE"), ("utf-16-be", "UTF-16 BE")):
        text = sample.decode(codec, "replace")
        odd = sum(unicodedata.category(c) in {"Cn", "Co", "Cc"} and c not in "\r\n\t" for c in text)
        usual = sum(c in " \n\r\t.,。，、　" or (c.isascii() and c.isalnum()) for c in text)
        if odd + text.count(_BROKEN) <= _CONTROL_SHARE * len(text) and usual > most:
            best, most = (codec, label), usual
    # Plain letters with a zero byte here and there would read as rare Chinese ones.
    plain = sample.replace(b"\0", b"").isascii() and sample.count(b"\0") < len(sample) * 0.4
    if best is None or plain or len(data) % 2:
        raise DocumentError("binary_file", name=name)
    return best


def _legacy_codec(data: bytes, name: str) -> str:
    """Return the codec of a text that is not Unicode, judged by its lines beyond ASCII.

    Western letters beyond ASCII stand alone between plain ones; in Chinese, Japanese and
    Russian text such bytes stand in rows. That decides between the two families better than
    statistics where the text is short.

    Raises:
        DocumentError: No candidate fits.
    """
    sample = b"".join(_telling_lines(data))
    rows = [len(row) for row in _ROWS.findall(sample)]
    family = _WESTERN if sum(rows) <= _WESTERN_ROW * len(rows) else _EASTERN
    ranked = [str(match.encoding) for match in from_bytes(sample, cp_isolation=list(family))]
    for codec in (*ranked, *family):
        if _damage(data, codec) <= _MOST_DAMAGE:
            return codec
    raise DocumentError("unknown_encoding", name=name)


_ROWS = re.compile(rb"[\x80-\xff]+")
_WESTERN_ROW = 1.6
"""Mean length, in bytes, of the rows beyond ASCII up to which a text counts as Western: measured
1.0 to 1.4 on French, German, Portuguese and English prose, 2 and more on the others."""


def _telling_lines(data: bytes) -> Iterator[bytes]:
    """Yield the first lines that hold bytes beyond ASCII, ``_SAMPLE`` bytes at most."""
    room = _SAMPLE
    for line in io.BytesIO(data):
        if room <= 0:
            return
        if not line.isascii():
            yield _cut(line, room)
            room -= len(line)


def _cut(line: bytes, room: int) -> bytes:
    """Shorten a line to ``room`` bytes without splitting a character of two to four bytes.

    No byte below 0x30 is ever the second half of a character in these encodings.
    """
    if len(line) <= room:
        return line
    safe = max((line.rfind(bytes([sign]), 0, room) for sign in b" ,.!\t\r\n"), default=-1)
    return line[: safe + 1] if safe > 0 else line[:room]
