"""The SQLite file: connections for reading, and one for writing."""

import logging
import os
import sqlite3
import struct
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, RootTransaction
from sqlalchemy.exc import DBAPIError, OperationalError

from backend.database.file import opening, soundness
from backend.database.file.turn import DatabaseBusy, Turn
from backend.storage import disk
from backend.storage.lock import CannotStart

# How long a request waits for the other writers of this program, and then for those of another:
# the contract promises an answer within 5 seconds.
TURN_SECONDS = 3.0
LOCK_SECONDS = 1.5

# Once another program is known to hold the lock, those that wait behind need not wait as long.
_KNOWN_LOCK_SECONDS = 0.05

_START_SECONDS = 30.0

# The log is merged into the file when it is longer; SQLite's own bound is a thousand pages.
LOG_BYTES = 4_000_000

Found = TypeVar("Found")

log = logging.getLogger(__name__)


class Database:
    """One SQLite file. Readers see the last committed state and never wait for the writer."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating or upgrading its tables.

        Raises:
            CannotStart: it is damaged, of another application or of a newer exotrain, it is gone,
                or another program kept it locked.
        """
        self._path = path
        self._turn = Turn(path.with_name(f"{path.name}.writer"))
        self._engine = opening.reading_engine(path, LOCK_SECONDS)
        self._writer = opening.writing_engine(path, LOCK_SECONDS)
        # The database's own file, open until no connection is: to close it ends their locks.
        self._file: int | None = None
        self._is_marked = False  # whether the file beside it says that it is in use
        self._is_merged = False  # whether the file has everything that is in the log
        self._is_held_outside = False
        self._remembered: dict[Hashable, Any] = {}
        self._following: list[Callable[[], None]] = []  # of the transaction that has the turn
        soundness.require_sound(path)
        try:
            self._open()
        except DatabaseBusy as error:
            raise CannotStart(f"{path} cannot be opened: {error}") from error
        except (OperationalError, sqlite3.OperationalError) as error:
            full = disk.why_full(path)
            why = f"{path} cannot be opened: {getattr(error, 'orig', error)}"
            raise CannotStart(disk.full_message(full, path.parent) if full else why) from error

    def _open(self) -> None:
        try:
            with self._turn.take(_START_SECONDS, lambda: _START_SECONDS):
                if not self._path.exists():
                    opening.create(self._path)
                if not opening.is_current(self._path):
                    with self._writer.connect() as connection:
                        patient = connection.execution_options(patience=_START_SECONDS)
                        opening.upgrade(patient, self._path)
        except BaseException:
            if self._path.exists():
                self._leave_log()
            self._engine.dispose()
            self._turn.close()
            raise

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
        with self._writer_in_turn(patience) as connection:
            following = self._following = []
            with self._transaction(connection):
                yield connection
            self._remembered = {}
        for each in following:
            each()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call something once the transaction of this thread is committed; never, if it fails.

        For a notice to another thread, which would find nothing before: it must not fail.
        """
        self._following.append(call)

    def is_writing(self, connection: Connection) -> bool:
        """Whether a connection is from `write`."""
        return connection.engine is self._writer

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
        """Execute one statement, for what may be lost: False if it could not be written.

        It does not wait, and what is remembered stays.
        """
        try:
            with self._writer_in_turn(0) as connection, self._transaction(connection):
                connection.execute(statement)
        except (DatabaseBusy, OperationalError, OSError):
            return False
        return True

    def close(self) -> None:
        """Close every connection; the write-ahead log is merged into the file."""
        try:
            with self._turn.take(TURN_SECONDS, lambda: LOCK_SECONDS):
                self._end_using()
        except (DatabaseBusy, OSError, sqlite3.Error, DBAPIError):
            # The file that says that it is in use stays: the next start looks closely.
            log.exception("the database was not closed cleanly")
            self._leave_log()
        self._engine.dispose()
        self._turn.close()

    @contextmanager
    def _writer_in_turn(self, patience: float | None) -> Iterator[Connection]:
        """The connection that writes, with no transaction yet."""
        turn = TURN_SECONDS if patience is None else patience
        with self._turn.take(turn, lambda: self._patience_outside(patience)) as left:
            try:
                writer = self._writer.connect()
            except OperationalError as error:
                if is_locked(error):
                    raise DatabaseBusy from error
                raise
            with writer as connection:
                yield connection.execution_options(patience=left)

    def _patience_outside(self, patience: float | None) -> float:
        usual = _KNOWN_LOCK_SECONDS if self._is_held_outside else LOCK_SECONDS
        self._is_held_outside = True  # until a transaction has begun
        return usual if patience is None else patience

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[None]:
        if not self._is_marked:
            self._begin_using(connection)
        with self._begin_writing(connection):
            yield
            is_long = not self._is_merged and self._log_bytes() > LOG_BYTES
            if is_long:
                opening.count_up(connection)
        self._is_merged = False
        if is_long and self._merge(connection):
            try:
                self._mark(log=True)
            except OSError as error:  # an earlier state than the true one: less is noticed
                log.warning("%s was not written: %s", soundness.mark_of(self._path), error)

    def _begin_writing(self, connection: Connection) -> RootTransaction:
        try:
            transaction = connection.begin()
        except OperationalError as error:
            if not is_locked(error):
                raise
            raise DatabaseBusy from error
        self._is_held_outside = False
        return transaction

    def _log_bytes(self) -> int:
        try:
            return soundness.log_of(self._path).stat().st_size
        except OSError:
            return 0

    def _begin_using(self, connection: Connection) -> None:
        """Say in the file beside the database that it is in use, from which state of it on."""
        with self._begin_writing(connection):
            opening.count_up(connection)
        self._open_file()
        self._merge(connection)
        self._mark(log=True)
        self._is_marked = True

    def _merge(self, connection: Connection) -> bool:
        """Copy the log into the file, as far as no reader needs the file as it is."""
        try:
            self._is_merged = opening.merge_log(connection, "PASSIVE")
        except sqlite3.Error as error:  # what was committed is in the log, and stays there
            log.warning("the write-ahead log was not merged into the database: %s", error)
        return self._is_merged

    def _open_file(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def _mark(self, *, log: bool) -> None:
        assert self._file is not None
        (cookie,) = struct.unpack(">I", os.pread(self._file, 4, soundness.COOKIE_OFFSET))
        soundness.write_mark(self._path, soundness.Mark(cookie, log))

    def _end_using(self) -> None:
        mark = soundness.mark_of(self._path)
        if mark.exists():
            # Even if nothing was written since an unclean end: the last connection that is closed
            # merges the log, so it is merged here, and the mark follows.
            self._open_file()
            with self._writer.connect() as connection:
                is_merged = opening.merge_log(connection, "TRUNCATE")
            if not is_merged:
                log.warning("a reader is still at work: the next start checks the database")
                self._leave_log()
                return
            self._mark(log=False)
        self._engine.dispose()
        self._writer.dispose()
        self._is_marked = False
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if not soundness.log_of(self._path).exists():
            try:
                soundness.remove_mark(self._path)
            except OSError as error:
                log.warning("%s stays, and the next start checks the database: %s", mark, error)

    def _leave_log(self) -> None:
        """Close the writer and leave the log where it is, as the mark beside it says.

        The connection that is closed last would merge the log, if it may write; also at the end of
        the process. So one that only reads is closed after it.
        """
        try:
            with self._engine.connect() as reader:
                reader.exec_driver_sql("PRAGMA user_version").scalar_one()
                self._writer.dispose()
        except DBAPIError:
            log.exception("the log may be merged when the process ends")


def is_locked(error: DBAPIError) -> bool:
    """Whether a statement failed because another connection holds a lock."""
    return "database is locked" in str(error.orig)


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
