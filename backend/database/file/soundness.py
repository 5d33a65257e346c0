"""Whether a database can be used: what is looked at before it is opened.

While a database is in use a file beside it says so, `<database>.in-use`. It is written before the
first transaction and removed at a clean stop, so it is there after an unclean end. It also says
what must be beside it then:

log
    Whether commits may be in the write-ahead log alone. Without the log they would be missing, and
    nobody would notice.
cookie
    The number in the first page by which SQLite sees that tables changed; exotrain counts it up
    before each merge of the log. The file had this number when the current log was begun: with a
    smaller one it is an older copy, and the log does not belong to it. SQLite's own count of
    changes does not grow with a log.
"""

import errno
import json
import os
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from backend.database import schema
from backend.database.file import upgrades
from backend.storage import disk
from backend.storage.atomic import sync
from backend.storage.lock import CannotStart

# Above this size only `quick_check` is run, which leaves the indexes out: a gigabyte would take
# a minute.
THOROUGH_BYTES = 100_000_000

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100

# Where the header has the cookie: 4 bytes, the first one the highest.
COOKIE_OFFSET = 40

_LOCK_SECONDS = 5.0

_MARK_BYTES = 64

_OF_THE_MACHINE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)

_RESTORE = "Restore a backup (make restore FROM=…)"

# In the header of each database, for `file` and for the next start: "exot" in ASCII. Releases up to
# 0.3.0 did not write it; FIRST_TABLES are what theirs have in common.
APPLICATION_ID = 0x65786F74
FIRST_TABLES = frozenset({"users", "tokens", "workspaces", "datasets", "training_sessions"})


class UnknownSchemaVersion(CannotStart):
    """The database was written by a newer version of exotrain."""

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{path} has schema version {version}, this exotrain knows at most {upgrades.VERSION}: "
            "start the newer exotrain that wrote it."
        )


class Mark(NamedTuple):
    """What the file beside a database in use says; see the module."""

    cookie: int = 0
    log: bool = False


class Header(NamedTuple):
    """What the first bytes of a database say, without its log."""

    cookie: int
    size: int  # of the whole file; 0: not known

    @classmethod
    def of(cls, data: bytes) -> "Header":
        """Read it; SQLite's description of its file format, section 1.3, has the offsets."""
        (page_size,) = struct.unpack_from(">H", data, 16)
        changes, pages = struct.unpack_from(">II", data, 24)
        (cookie,) = struct.unpack_from(">I", data, COOKIE_OFFSET)
        (valid_for,) = struct.unpack_from(">I", data, 92)
        is_known = valid_for == changes
        return cls(cookie, (65536 if page_size == 1 else page_size) * pages * is_known)


def log_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def mark_of(path: Path) -> Path:
    """The file that says that a database is in use."""
    return path.with_name(f"{path.name}.in-use")


def write_mark(path: Path, mark: Mark) -> None:
    """Say that a database is in use; durable on return."""
    target = mark_of(path)
    is_new = not target.exists()
    # Always of one length, and in place: it needs no room, and is never empty.
    content = json.dumps(mark._asdict()).ljust(_MARK_BYTES).encode()
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.pwrite(file, content, 0) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        os.fsync(file)
        sync(path.parent)  # also of an earlier one: that may have failed right here
    except BaseException:
        if is_new:
            target.unlink()
        raise
    finally:
        os.close(file)


def remove_mark(path: Path) -> None:
    """Say that a database is not in use any more."""
    mark_of(path).unlink(missing_ok=True)


def require_sound(path: Path) -> None:
    """Look at a database before it is opened; nothing is changed.

    Raises:
        CannotStart: it is damaged, incomplete, of another application or a newer version, or it is
            gone.
    """
    mark = _read_mark(path)
    log = log_of(path)
    log_bytes = log.stat().st_size if log.exists() else None
    if not path.exists():
        _require_new(path)
        return
    header = _read_header(path)
    require_log(path)
    if mark is not None and header.cookie < mark.cookie:
        raise CannotStart(
            f"{path} is older than {log.name} beside it, so the two do not belong together. "
            f"{_RESTORE}. To use {path.name} as it is, move {log.name} away and delete "
            f"{mark_of(path).name}."
        )
    was_in_use = mark is not None or bool(log_bytes)
    if not was_in_use and path.stat().st_size < header.size:
        raise _damaged(path, f"{path.stat().st_size:,} of {header.size:,} bytes are there")
    try:
        with closing(open_read_only(path)) as connection:
            _require_ours(path, connection)
            if was_in_use:
                _check_pages(path, connection)
    except sqlite3.OperationalError as error:
        raise _cannot_be_read(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error


def require_log(path: Path) -> None:
    """Look for the log that alone may have the last commits, before anything makes an empty one.

    Raises:
        CannotStart: it is missing.
    """
    mark, log = _read_mark(path), log_of(path)
    # Read twice: a server may have stopped cleanly just now.
    if mark is None or not mark.log or log.exists() or _read_mark(path) != mark:
        return
    raise CannotStart(
        f"{log} is missing: the server that used {path} did not stop cleanly, and its last "
        f"changes may have been in that file alone. Put it back, or {_lower(_RESTORE)}. To go "
        f"on without those changes, delete {mark_of(path).name}."
    )


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that neither writes nor merges the log, not even when it is the last to close.

    A database that nobody has open keeps its log, and the file that says so stays true.
    """
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)


def damage_in(connection: sqlite3.Connection, *, is_large: bool) -> str | None:
    """The first thing that SQLite finds wrong in a database, or None."""
    check = "quick_check" if is_large else "integrity_check"
    (found,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    return None if found == "ok" else " ".join(found.split())


def _read_mark(path: Path) -> Mark | None:
    try:
        return Mark(**json.loads(mark_of(path).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return Mark()  # the machine stopped while it was written: nothing was in the log yet


def _require_new(path: Path) -> None:
    """A database that is not there may be made, but not where one was lost while it was in use."""
    for beside in (log_of(path), mark_of(path)):
        if beside.exists():
            raise CannotStart(
                f"{path} is missing, but {beside} is there: a server that used it did not stop "
                f"cleanly. Put it back, or {_lower(_RESTORE)}. To begin with an empty database, "
                f"move {path.name}* in that folder away first; uploads and models may stay."
            )


def _read_header(path: Path) -> Header:
    # No connection of this process is open yet: closing the file would end the locks of one.
    with open(path, "rb") as file:
        data = file.read(_HEADER_BYTES)
    if len(data) < _HEADER_BYTES or not data.startswith(_MAGIC):
        found = "it is empty" if not data else "it does not begin like one"
        raise CannotStart(
            f"{path} is not an SQLite database: {found}. {_RESTORE}, or move the file away."
        )
    return Header.of(data)


def _require_ours(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not names and application == 0:
        raise _damaged(path, "it has no tables")
    # Up to 0.3.0 no application was named: then the tables say whose it is.
    is_ours = application == APPLICATION_ID or (application == 0 and names >= FIRST_TABLES)
    if not is_ours or version == 0:
        raise CannotStart(
            f"{path} is a database of another application. Choose another folder with "
            "EXOTRAIN_DATA_DIR, or move the file away."
        )
    if version > upgrades.VERSION:
        raise UnknownSchemaVersion(path, version)
    if version == upgrades.VERSION:
        _require_columns(path, connection, names)


def _require_columns(path: Path, connection: sqlite3.Connection, names: set[str]) -> None:
    for table in schema.metadata.sorted_tables:
        if table.name not in names:
            raise _damaged(path, f"it has no table {table.name}")
        rows = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
        missing = {column.name for column in table.c} - {row[1] for row in rows}
        if missing:
            raise _damaged(path, f"{table.name} has no column {min(missing)}")


def _check_pages(path: Path, connection: sqlite3.Connection) -> None:
    found = damage_in(connection, is_large=path.stat().st_size > THOROUGH_BYTES)
    if found is not None:
        raise _damaged(path, found)


def _cannot_be_read(path: Path, error: sqlite3.OperationalError) -> CannotStart:
    """What is wrong with the machine, not with the database, is not called damage."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    full = disk.why_full(path) if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) else None
    if full is not None:
        return CannotStart(disk.full_message(full, path.parent))
    if code in _OF_THE_MACHINE:
        return CannotStart(f"{path} cannot be opened: {error}.")
    return _damaged(path, str(error))


def _damaged(path: Path, found: str) -> CannotStart:
    return CannotStart(f"{path} is damaged: {found}. {_RESTORE}; nothing was changed.")


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
