"""Zip files in memory, within bounds: bombs, strange names and locked entries are refused.

Word files, e-books and bundles of texts are all zip files. Nothing is ever written to disk, so a
name like ``../../etc/passwd`` could do no harm; such entries are refused all the same. Knows
nothing of what is inside.
"""

import contextlib
import io
import re
import stat
import zipfile
from collections.abc import Iterator

from lstm.errors import DocumentError
from lstm.readers.bounds import MOST_BYTES, MOST_ENTRIES, MOST_RATIO, RATIO_MATTERS, damaged
from lstm.readers.document import Source

_DIRECTORY_MARK = b"PK\x01\x02"
_NESTED_DIRECTORIES = 20
"""A bundle of stored Word files holds their directories too, so marks may outnumber entries."""

_ENCRYPTED = 0x1
_UTF8 = 0x800
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Others unpack without a bound on one step, and no program uses them in such files."""

_BLOCK = 1 << 20
_DRIVE = re.compile(r"[A-Za-z]:")


class Archive:
    """An opened zip file.

    Args:
        source: Its bytes and what they may unpack to.

    Raises:
        DocumentError: It is no zip file, is damaged, has too many entries or promises to unpack
            to more than is allowed.
    """

    def __init__(self, source: Source) -> None:
        """Read the directory; nothing is unpacked yet."""
        self._source = source
        name = source.name
        # Counted before it is opened: opening makes an object for every entry.
        if source.data.count(_DIRECTORY_MARK) > MOST_ENTRIES * _NESTED_DIRECTORIES:
            raise DocumentError("archive_entries", name=name, most=MOST_ENTRIES)
        with damaged(name):
            self._zip = zipfile.ZipFile(io.BytesIO(source.data))
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise DocumentError("archive_entries", name=name, most=MOST_ENTRIES)
        # Nothing at all is unpacked of what promises too much.
        source.allowance.check(sum(entry.file_size for entry in entries), name)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.unsafe: list[str] = []
        """Names of entries that point outside of the archive or are links."""
        for entry in entries:
            self._list(entry)

    @property
    def names(self) -> list[str]:
        """Names of the files inside, sorted."""
        return sorted(self._entries)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        return name in self._entries

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """Unpack one file.

        Args:
            name: One of ``names``.
            most: Bytes that it may unpack to.

        Raises:
            DocumentError: It is locked, too large, damaged or packed in an unusual way.
        """
        self.check(name, most)
        entry = self._entries[name]
        self._source.allowance.spend(entry.file_size, self._source.name)
        with damaged(self._shown(name)), self._zip.open(entry) as file:
            # Never more than was promised: zipfile stops there and checks the sum.
            return b"".join(iter(lambda: file.read(_BLOCK), b""))

    def check(self, name: str, most: int = MOST_BYTES) -> None:
        """Ask whether one file may be unpacked; see ``read``."""
        _refuse(self._entries[name], self._shown(name), most)

    def _shown(self, name: str) -> str:
        return f"{self._source.name}/{name}"

    def _list(self, entry: zipfile.ZipInfo) -> None:
        name = _name(entry)
        if not name or name.endswith("/"):
            return
        parts = name.split("/")
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if is_link or ".." in parts or not parts[0] or _DRIVE.match(name):
            self.unsafe.append(name)
            return
        self._entries.setdefault(name, entry)


def _refuse(entry: zipfile.ZipInfo, shown: str, most: int) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise DocumentError("archive_locked", name=shown)
    if entry.compress_type not in _METHODS:
        raise DocumentError("archive_method", name=shown)
    if entry.file_size > most:
        raise DocumentError("file_too_large", name=shown, most=most // 1_000_000)
    if entry.file_size > RATIO_MATTERS and entry.file_size > MOST_RATIO * entry.compress_size:
        raise DocumentError("archive_bomb", name=shown)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name with forward slashes, as the one who packed it saw it.

    Without the flag for UTF-8 the standard says code page 437, which nobody but old English
    programs means: Chinese Windows writes GBK there, and some programs write UTF-8.
    """
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        name = next(_readings(name), name)
    name = name.replace("\\", "/")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _readings(name: str) -> Iterator[str]:
    for codec in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeError):
            yield name.encode("cp437").decode(codec)
