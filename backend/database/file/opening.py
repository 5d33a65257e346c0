"""Opens a database: its engines; makes a new one; upgrades an older one."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event

from backend.database import schema
from backend.database.file import upgrades
from backend.database.file.soundness import APPLICATION_ID, open_read_only
from backend.storage.atomic import put_in_place, remove_partials, replacing
from backend.storage.lock import CannotStart

# A folder with a longer number as its name is not one of ours.
_ID_DIGITS = 15

log = logging.getLogger(__name__)


def reading_engine(path: Path, lock_seconds: float) -> Engine:
    """Connections that only read: they never write, and never merge the log.

    Not even the last one that is closed does, as one that may write would.
    """
    engine = _engine(path, lock_seconds, pool_size=8, max_overflow=-1, mode="ro")
    event.listen(engine, "connect", _only_read)
    return engine


def writing_engine(path: Path, lock_seconds: float, journal: str = "WAL") -> Engine:
    """One connection, for everything that is written; its caller has the turn."""
    engine = _engine(path, lock_seconds, pool_size=1, max_overflow=0)
    event.listen(engine, "connect", lambda connection, _record: _write_to(connection, journal))
    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection, for what cannot be done in a transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def merge_log(connection: Connection, how: str) -> bool:
    """Merge the log without waiting for readers; whether all of it is in the file now."""
    driver = driver_of(connection)
    driver.execute("PRAGMA busy_timeout = 0")
    _, frames, merged = driver.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
    return frames == merged >= 0


def create(path: Path) -> None:
    """Make a new database; it is whole from the moment it has its name."""
    new = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{new.name}*"):
        leftover.unlink()
    new.touch(0o600)  # whatever the umask; SQLite gives -wal and -shm the same mode
    engine = writing_engine(new, 0, journal="DELETE")
    try:
        with engine.begin() as connection:
            schema.metadata.create_all(connection)
            _leave_out_ids_of(path.parent, connection)
            _sign(connection)
        with engine.connect() as connection:
            driver_of(connection).execute("PRAGMA journal_mode = WAL")
    finally:
        engine.dispose()
    put_in_place(new, path)


def is_current(path: Path) -> bool:
    """Whether a database is as this release writes it: then its log stays as it is.

    Another journal than the log (a restored backup has one) can be changed only while nobody reads.
    """
    with closing(open_read_only(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    return (version, application, journal) == (upgrades.VERSION, APPLICATION_ID, "wal")


def upgrade(connection: Connection, path: Path) -> None:
    """Upgrade a database to VERSION in one transaction; a copy of the file as it was is kept.

    Raises:
        CannotStart: a row would refer to one that is not there; nothing was changed.
    """
    driver = driver_of(connection)
    (version,) = driver.execute("PRAGMA user_version").fetchone()
    (application,) = driver.execute("PRAGMA application_id").fetchone()
    if (version, application) == (upgrades.VERSION, APPLICATION_ID):
        return
    if version < upgrades.VERSION:
        _keep_copy(driver, path)
    # A table is rebuilt by dropping the old one: with foreign keys that would delete, row by row,
    # everything that refers to it. In a transaction they can't be turned off any more.
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            for each in upgrades.UPGRADES[version - 1 :]:
                each(connection)
            _require_references(connection, path)
            _sign(connection)
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _engine(path: Path, lock_seconds: float, *, mode: str = "rwc", **pool: int) -> Engine:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=lock_seconds, check_same_thread=False)

    engine = create_engine(
        "sqlite:///exotrain.db",  # only its kind counts: in an address a path may have no "?"
        creator=connect,
        hide_parameters=True,  # an error's text goes to the log, what was asked for does not
        **pool,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    # `_begin` begins the transactions, not the driver.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _only_read(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")


def _write_to(connection: Any, journal: str) -> None:
    connection.execute(f"PRAGMA journal_mode = {journal}")
    # FULL: whatever was answered is on disk, even after a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    # The log is merged by `Database`, which notes it; and it is as long as what is in it.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA journal_size_limit = 0")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that reads before it writes would fail if
    # another writer committed in between.
    patience = connection.get_execution_options().get("patience")
    if patience is None:
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(1000 * patience)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _leave_out_ids_of(folder: Path, connection: Connection) -> None:
    """Begin above the numbers of what an earlier database left, so that nothing of it is taken
    for the new one's: its files stay."""
    left = {
        "workspaces": [*folder.glob("uploads/*"), *folder.glob("model/*")],
        "training_sessions": [*folder.glob("model/checkpoints/*")],
    }
    for table, paths in left.items():
        numbers = [int(n) for n in (path.name.split(".")[0] for path in paths) if _is_id(n)]
        if numbers:
            log.warning(
                "%s has files of an earlier database: they stay, and the ids of new %s begin at %d",
                folder,
                table.replace("_", " "),
                max(numbers) + 1,
            )
            statement = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
            connection.exec_driver_sql(statement, (table, max(numbers)))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < _ID_DIGITS


def _sign(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {upgrades.VERSION}")


def _require_references(connection: Connection, path: Path) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise CannotStart(
            f"{path} cannot be upgraded to schema version {upgrades.VERSION}: row {broken[1]} of "
            f"{broken[0]} would refer to a row of {broken[2]} that is not there. Nothing was "
            "changed: go on with the exotrain that wrote it, and report this."
        )


def _keep_copy(driver: sqlite3.Connection, path: Path) -> None:
    copy = path.with_name(f"{path.name}.before-version-{upgrades.VERSION}")
    try:
        remove_partials(copy)  # of a start that was killed
        with replacing(copy) as partial:
            partial.touch(0o600)
            with closing(sqlite3.connect(partial)) as target:
                driver.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise CannotStart(
            f"{path} is upgraded only after a copy of it was made, and {copy} cannot be written: "
            f"{error}"
        ) from error


def count_up(connection: Connection) -> None:
    """A new cookie, for `soundness.Mark`; every connection reads the tables' definitions anew."""
    cookie = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA schema_version = {cookie + 1}")
