"""The SQLite file below the run store: connections, short transactions, versioned schema.

Several processes (server, workers, command line) use the same file at once: write-ahead logging
lets them read while one writes, and a writer waits its turn. Knows nothing of what the rows mean.
"""

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lstm.errors import StoreError
from lstm.schema import MIGRATIONS

BUSY_MILLISECONDS = 15_000
"""How long a writer waits for the others before it gives up."""

IDLE_CONNECTIONS = 8
"""Connections kept open between uses; more are opened when more threads ask at once."""

_SQLITE_KEYS = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "store_read_only",
    sqlite3.SQLITE_PERM: "store_read_only",
    sqlite3.SQLITE_CANTOPEN: "store_not_opened",
    sqlite3.SQLITE_IOERR: "store_not_opened",
    sqlite3.SQLITE_CORRUPT: "store_damaged",
    sqlite3.SQLITE_NOTADB: "store_damaged",
    sqlite3.SQLITE_BUSY: "store_busy",
    sqlite3.SQLITE_PROTOCOL: "store_busy",
}
_SYSTEM_KEYS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "store_read_only",
    errno.EACCES: "store_read_only",
    errno.EPERM: "store_read_only",
    errno.EIO: "store_not_opened",
    errno.EFBIG: "store_not_opened",  # a limit on the size of files
    errno.ESTALE: "store_not_opened",  # a network folder that went away
    errno.EEXIST: "store_not_opened",  # a file where the folder should be
    errno.ENOTDIR: "store_not_opened",
    errno.EMFILE: "store_not_opened",
    errno.ENFILE: "store_not_opened",
}

MAY_PASS = ("disk_full", "store_read_only", "store_not_opened", "store_busy")
"""Keys of the errors that go away by themselves or by the operator's hand: worth waiting for."""


def may_pass(error: StoreError) -> bool:
    """Tell whether the same may work later, with nothing changed but the disk."""
    return error.key in MAY_PASS


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk or SQLite may refuse into a sentence; anything else is a bug and passes.

    Args:
        folder: The data folder, named in the sentence.

    Raises:
        StoreError: No room, no right to write, a damaged file, or another writer for too long.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended codes' family
        if code not in _SQLITE_KEYS:
            raise
        raise StoreError(_SQLITE_KEYS[code], folder=folder) from error
    except OSError as error:
        if error.errno not in _SYSTEM_KEYS:
            raise
        raise StoreError(_SYSTEM_KEYS[error.errno], folder=folder) from error


class Database:
    """A SQLite file that many threads and processes may use at once.

    Each use borrows a connection that no other thread has at that time.

    Args:
        path: The file; made, with its folder, if it is not there.

    Raises:
        StoreError: The file can't be made or opened, is damaged, or is of a newer Charloom.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and bring its schema up to date; see the class."""
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._own = threading.local()
        with storage_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._borrowed() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            self._migrate(connection)

    def close(self) -> None:
        """Close the idle connections; borrowed ones close when they come back."""
        with self._lock:
            connections, self._idle = self._idle, []
        for connection in connections:
            connection.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection for one or several reads of the same state.

        Raises:
            StoreError: See ``storage_errors``.
        """
        if self._joined is not None:
            yield self._joined
            return
        with self._borrowed() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Borrow a connection for one transaction: committed at the end, or not at all.

        Args:
            durable: Wait until the disk has it, so that even a power cut can't undo it. Without,
                it survives the death of any process, which is enough for measurements.

        Raises:
            StoreError: See ``storage_errors``.
        """
        if self._joined is not None:
            yield self._joined
            return
        with self._borrowed() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:  # a full disk has already rolled it back
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def together(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """Let everything that this thread reads and writes in a block be one transaction.

        It is committed at the end of the block, or not at all. ``durable`` is as for ``write``,
        and holds for all of it.

        Raises:
            StoreError: See ``storage_errors``.
        """
        with self.write(durable=durable) as connection:
            self._own.connection = connection
            try:
                yield connection
            finally:
                self._own.connection = None

    @property
    def _joined(self) -> sqlite3.Connection | None:
        """The connection of the transaction that this thread is in the middle of."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        return connection

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with storage_errors(self.path.parent):
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect()
            try:
                yield connection
            except BaseException:
                connection.close()  # whatever state it was in goes with it
                raise
            self._give_back(connection)

    def copy(self, path: Path) -> None:
        """Write a whole and sound copy of the database to another file; others go on meanwhile.

        Raises:
            StoreError: This one is damaged, and an older copy stays; or see ``storage_errors``.
        """
        aside = path.with_name(f".{path.name}.new")
        with self._borrowed() as connection:
            try:
                with closing(sqlite3.connect(aside)) as copy:
                    connection.backup(copy)
                    sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
                if not sound:
                    raise StoreError("store_damaged", folder=path.parent)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            keep = len(self._idle) < IDLE_CONNECTIONS
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_MILLISECONDS / 1000,
            isolation_level=None,  # transactions are begun and ended above, nowhere else
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise StoreError("store_newer", folder=self.path.parent)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
