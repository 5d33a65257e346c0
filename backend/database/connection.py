"""Open the SQLite file; connections for reading and for writing."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, create_engine, event
from sqlalchemy.exc import OperationalError

from backend.database import schema

Found = TypeVar("Found")


class Database:
    """One SQLite file. Readers see the last committed state and never wait for the writer."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating or upgrading its tables.

        Raises:
            UnknownSchemaVersion: the file was written by a newer exotrain.
        """
        self._engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": 30, "check_same_thread": False},
            pool_size=8,
            max_overflow=-1,
            hide_parameters=True,  # an error's text goes to the log, what was asked for does not
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        self._remembered: dict[Hashable, Any] = {}
        with self.write() as connection:
            schema.prepare(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an exception."""
        writer = self._engine.connect().execution_options(is_writer=True)
        with writer as connection, connection.begin():
            yield connection
        self._remembered = {}

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
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


Record = dict[str, Any]


def first(connection: Connection, query: Executable) -> Record | None:
    """The first row, or None."""
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def one(connection: Connection, statement: Executable) -> Record:
    """The only row."""
    return dict(connection.execute(statement).mappings().one())


def every(connection: Connection, query: Executable) -> list[Record]:
    """All rows."""
    return [dict(row) for row in connection.execute(query).mappings()]
