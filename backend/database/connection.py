"""Open the SQLite file; connections for reading and for writing."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, RootTransaction, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from backend.database import schema

# How long a request waits for the other writers of this program, and then for those of another:
# the contract promises an answer within 5 seconds.
TURN_SECONDS = 3.0
LOCK_SECONDS = 1.5

# Once another program is known to hold the lock, those that wait behind need not wait as long.
_KNOWN_LOCK_SECONDS = 0.05

_START_SECONDS = 30.0

Found = TypeVar("Found")


class DatabaseBusy(RuntimeError):
    """No turn to write in time; nothing was changed, and trying again may help."""


class Database:
    """One SQLite file. Readers see the last committed state and never wait for the writer."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating or upgrading its tables.

        Raises:
            UnknownSchemaVersion: the file was written by a newer exotrain.
        """
        path.touch(0o600)  # whatever the umask; SQLite gives -wal and -shm the same mode
        self._engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": LOCK_SECONDS, "check_same_thread": False},
            pool_size=8,
            max_overflow=-1,
            hide_parameters=True,  # an error's text goes to the log, what was asked for does not
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        # SQLite's own waiting polls, and lets anyone overtake.
        self._turn = threading.Lock()
        self._is_held_outside = False
        self._remembered: dict[Hashable, Any] = {}
        with self.write(_START_SECONDS) as connection:
            schema.prepare(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an exception.

        Args:
            patience: how many seconds to wait for the writers of this program, and then for
                those of another; by default TURN_SECONDS and LOCK_SECONDS.

        Raises:
            DatabaseBusy: they took longer.
        """
        if not self._turn.acquire(timeout=TURN_SECONDS if patience is None else patience):
            raise _busy()
        try:
            usual = _KNOWN_LOCK_SECONDS if self._is_held_outside else LOCK_SECONDS
            writer = self._engine.connect().execution_options(
                patience=usual if patience is None else patience
            )
            with writer as connection, self._begin_writing(connection):
                yield connection
            self._remembered = {}
        finally:
            self._turn.release()

    def _begin_writing(self, connection: Connection) -> RootTransaction:
        try:
            transaction = connection.begin()
        except OperationalError as error:
            if not is_locked(error):
                raise
            self._is_held_outside = True
            raise _busy() from error
        self._is_held_outside = False
        return transaction

    def remember(self, key: Hashable, read: Callable[[Connection], Found | None]) -> Found | None:
        """What `read` finds, remembered until the next transaction of this process is committed.

        Nothing is remembered of what was not found, so that guesses take no memory.
        """
        # A commit during the reading replaces the dictionary: the result is then not kept.
        remembered = self._remembered
        if key not in remembered:
            with self.read() as connection:
                found = read(connection)
            if found is None:
                return None
            remembered[key] = found
        return remembered[key]

    def write_unless_locked(self, statement: Executable) -> bool:
        """Execute one statement, for what may be lost: False if another writer has the lock.

        It does not wait, and what is remembered stays.
        """
        with self._engine.connect() as connection:
            wait = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                connection.execute(statement)
                connection.commit()
            except OperationalError:
                connection.rollback()
                return False
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait}")
        return True

    def close(self) -> None:
        """Close every connection; SQLite then merges the write-ahead log into the file."""
        self._engine.dispose()


def _configure(connection: Any, _record: Any) -> None:
    # `_begin` begins the transactions, not the driver.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: whatever was answered is on disk, even after a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that reads before it writes would fail if
    # another writer committed in between.
    patience = connection.get_execution_options().get("patience")
    if patience is None:
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * patience)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def is_locked(error: DBAPIError) -> bool:
    """Whether a statement failed because another connection holds a lock."""
    return "database is locked" in str(error.orig)


def _busy() -> DatabaseBusy:
    return DatabaseBusy(
        "The database is locked, perhaps by another program. Nothing was changed: try again in a "
        "few seconds."
    )


Record = dict[str, Any]


def first(connection: Connection, query: Executable, **values: Any) -> Record | None:
    """The first row, or None; `values` are those of the query's parameters."""
    row = connection.execute(query, values).first()
    return None if row is None else row._asdict()


def one(connection: Connection, statement: Executable) -> Record:
    """The only row."""
    return dict(connection.execute(statement).mappings().one())


def every(connection: Connection, query: Executable, **values: Any) -> list[Record]:
    """All rows; `values` are those of the query's parameters."""
    return [row._asdict() for row in connection.execute(query, values)]
