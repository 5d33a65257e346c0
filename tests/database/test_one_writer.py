"""One connection writes and merges the log, over all threads and processes."""

import fcntl
import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy.exc import OperationalError

from backend.database import Database, accounts
from backend.database import connection as connection_module
from backend.database.connection import DatabaseBusy
from backend.database.file import opening
from backend.database.schema import users


@pytest.fixture
def path(tmp_path):
    return tmp_path / "exotrain.db"


@pytest.fixture
def database(path):
    database = Database(path)
    yield database
    database.close()


def log_bytes(path):
    return path.with_name("exotrain.db-wal").stat().st_size


def pragma(connection, name):
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_a_reader_neither_writes_nor_merges(database):
    with database.read() as connection:
        assert pragma(connection, "wal_autocheckpoint") == 0
        with pytest.raises(OperationalError, match="readonly"):
            accounts.create_user(connection, "u")


def test_the_writer_waits_for_the_disk(database):
    with database.write() as connection:
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "foreign_keys") == 1


def test_every_write_has_the_same_connection(database):
    seen = set()

    def write():
        with database.write() as connection:
            seen.add(id(connection.connection.driver_connection))

    threads = [threading.Thread(target=write) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.write_unless_locked(users.update().values(name="same"))
    assert len(seen) == 1


def test_while_another_process_has_the_turn_nobody_writes_and_everybody_reads(database, path):
    with database.write() as connection:
        accounts.create_user(connection, "u")
    # SQLite's own lock is free: the other process is between two transactions, or merges the log.
    with open(path.with_name("exotrain.db.writer")) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DatabaseBusy), database.write(patience=0.1):
            pass
        assert not database.write_unless_locked(users.update().values(name="other"))
        with database.read() as connection:
            assert accounts.find_user(connection, "u") is not None
    assert database.write_unless_locked(users.update().values(name="other"))


def test_what_may_be_lost_does_not_wait_for_a_writer_of_the_program(database):
    with database.write() as connection:
        accounts.create_user(connection, "u")
        assert not database.write_unless_locked(users.update().values(name="other"))


def test_the_log_is_merged_when_it_is_long(database, path, monkeypatch):
    monkeypatch.setattr(connection_module, "LOG_BYTES", 100_000)
    longest = 0
    for n in range(300):
        with database.write() as connection:
            accounts.create_user(connection, f"{n} {'x' * 2000}")
        longest = max(longest, log_bytes(path))
    assert 100_000 < longest < 300_000
    assert path.stat().st_size > 500_000


def test_a_long_reader_only_delays_the_merging(database, path, monkeypatch):
    monkeypatch.setattr(connection_module, "LOG_BYTES", 50_000)
    with database.read() as reader:
        assert accounts.find_user(reader, "0") is None
        for n in range(60):
            with database.write() as connection:
                accounts.create_user(connection, f"{n} {'x' * 2000}")
        assert log_bytes(path) > 200_000
        assert accounts.find_user(reader, "0") is None
    for n in range(60, 64):
        with database.write() as connection:
            accounts.create_user(connection, f"{n}")
    assert log_bytes(path) < 50_000


def test_a_merge_that_fails_does_not_undo_what_was_committed(database, path, monkeypatch, caplog):
    with database.write() as connection:
        accounts.create_user(connection, "first")

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(connection_module, "LOG_BYTES", 0)
    monkeypatch.setattr(opening, "merge_log", fail)
    with database.write() as connection:
        accounts.create_user(connection, "second")
    with database.read() as connection:
        assert accounts.find_user(connection, "second") is not None
    assert "was not merged" in caplog.text
    monkeypatch.undo()


def test_another_process_may_use_it_between_the_servers_transactions(database, path):
    other = Database(path)
    for n in range(20):
        for each in (database, other):
            with each.write() as connection:
                accounts.create_user(connection, f"{n} {id(each)}")
    other.close()
    with database.write() as connection:
        accounts.create_user(connection, "last")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (41,)
