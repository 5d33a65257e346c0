"""What a database is looked at for before it is used: right data, or a refusal in words."""

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backend.database import Database, accounts, sessions, workspaces
from backend.database.file import soundness, upgrades
from backend.storage.lock import CannotStart
from tests.database.killed import copy_of, killed_writer, rows_of

PAGE = 4096


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a writer that was killed; `older.db` is the file as it was half the way."""
    folder = tmp_path_factory.mktemp("killed")
    with killed_writer(folder / "exotrain.db") as writer:
        writer.add(40)
        shutil.copy2(folder / "exotrain.db", folder / "older.db")
        writer.add(61)
    return folder


@pytest.fixture(scope="module")
def rows(killed: Path) -> dict[str, list[tuple]]:
    """What it committed."""
    found = rows_of(killed / "exotrain.db")
    assert {row[1] for row in found["users"]} == {f"user {n}" for n in range(101)}
    return found


@pytest.fixture
def path(killed: Path, tmp_path: Path) -> Path:
    """The database that the killed writer left, to be damaged."""
    return copy_of(killed, tmp_path / "data")


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A database that was closed."""
    path = tmp_path / "exotrain.db"
    database = Database(path)
    with database.write() as connection:
        for n in range(200):
            accounts.create_user(connection, f"user {n} {'x' * 200}")
    database.close()
    return path


def open_and_read(path: Path) -> dict[str, list[tuple]]:
    """Start with it, as a server does, and read everything."""
    database = Database(path)
    with database.write():
        pass
    found = rows_of(path)
    database.close()
    assert rows_of(path) == found
    return found


def refused(path: Path) -> str:
    """The line with which it is refused; nothing may have changed."""
    before = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    with pytest.raises(CannotStart) as error:
        Database(path)
    after = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    for name in after.keys() | before.keys():
        if not name.endswith(("-shm", ".writer")):  # SQLite's shared memory; the lock
            assert after.get(name, b"") == before.get(name, b""), name
    assert "\n" not in str(error.value)
    assert str(path.parent) in str(error.value)
    return str(error.value)


def test_after_a_kill_every_commit_is_there(path, rows):
    assert open_and_read(path) == rows


def test_some_of_the_commits_of_the_killed_writer_were_in_the_log_alone(path, rows):
    path.with_name("exotrain.db-wal").unlink()
    assert rows_of(path) != rows


def test_without_its_shared_memory_every_commit_is_there(path, rows):
    path.with_name("exotrain.db-shm").unlink()
    assert open_and_read(path) == rows


def test_without_its_log_it_is_refused(path):
    path.with_name("exotrain.db-wal").unlink()
    assert "exotrain.db-wal is missing" in refused(path)


def test_who_deletes_the_mark_too_goes_on_with_what_is_in_the_file(path, rows):
    for name in ("exotrain.db-wal", "exotrain.db-shm", "exotrain.db.in-use"):
        path.with_name(name).unlink()
    names = {row[1] for row in open_and_read(path)["users"]}
    assert names < {row[1] for row in rows["users"]}


def test_an_older_file_beside_a_newer_log_is_refused(path, rows):
    shutil.copy2(path.with_name("older.db"), path)
    assert rows_of(path) != rows  # SQLite alone would not notice
    assert "older than exotrain.db-wal" in refused(path)


def test_a_file_of_before_the_last_start_beside_a_newer_log_is_refused(closed, tmp_path):
    older = closed.read_bytes()
    with killed_writer(closed, log_bytes=10**9) as writer:
        writer.add(3)
    closed.write_bytes(older)
    assert "older than exotrain.db-wal" in refused(closed)


def test_a_copy_of_the_file_of_the_same_time_is_as_good(path, rows):
    """With the log it has everything, whenever it was copied since the log was begun."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    assert open_and_read(path) == rows


def test_every_page_that_is_overwritten_is_noticed_or_does_no_harm(killed, rows, tmp_path):
    pages = (killed / "exotrain.db").stat().st_size // PAGE
    assert pages > 20
    refusals = 0
    for page in range(pages):
        path = copy_of(killed, tmp_path / str(page))
        with open(path, "r+b") as file:
            file.seek(page * PAGE)
            file.write(b"\xa5" * PAGE)
        try:
            assert open_and_read(path) == rows
        except CannotStart:
            refusals += 1
        shutil.rmtree(tmp_path / str(page))
    assert refusals > pages // 2  # the others are in the log as well


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_file_that_was_cut_is_refused_after_a_kill_and_after_a_clean_stop(path, closed, kept):
    for each in (path, closed):
        with open(each, "r+b") as file:
            file.truncate(int(each.stat().st_size * kept))
        assert "damaged" in refused(each)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (bytes(PAGE), "does not begin like one"),
        (b"a letter", "does not begin like one"),
    ],
)
def test_what_is_no_database_is_refused(closed, content, found):
    closed.write_bytes(content)
    assert found in refused(closed)


def test_a_zeroed_header_is_refused(path, closed):
    for each in (path, closed):
        with open(each, "r+b") as file:
            file.write(bytes(100))
        assert "not an SQLite database" in refused(each)


@pytest.mark.parametrize("statement", ["PRAGMA application_id = 1", "CREATE TABLE notes (text)"])
def test_a_database_of_another_application_is_refused(tmp_path, statement):
    path = tmp_path / "exotrain.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
    assert "another application" in refused(path)


def test_ours_with_another_application_id_is_refused(closed):
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute("PRAGMA application_id = 7")
    assert "another application" in refused(closed)


def test_a_newer_schema_is_refused_in_words(closed):
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(f"PRAGMA user_version = {upgrades.VERSION + 1}")
    assert "newer exotrain" in refused(closed)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DROP TABLE audit", "no table audit"),
        ("ALTER TABLE analyses DROP COLUMN note", "analyses has no column note"),
    ],
)
def test_a_database_without_one_of_its_tables_or_columns_is_refused(closed, statement, found):
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(statement)
    assert found in refused(closed)


def test_a_database_that_is_gone_after_a_kill_is_not_made_anew(path):
    path.unlink()
    assert "exotrain.db is missing" in refused(path)
    path.with_name("exotrain.db.in-use").unlink()
    assert "exotrain.db-wal is there" in refused(path)  # it would be merged into the new one


def test_a_new_database_beside_files_of_another_uses_none_of_its_ids(tmp_path, caplog):
    for name in ("uploads/3/0f.csv", "model/11/m.keras", "model/checkpoints/7.2.ckpt", "model/x/y"):
        beside = tmp_path / name
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(b"")
    database = Database(tmp_path / "exotrain.db")
    with database.write() as connection:
        user = accounts.create_user(connection, "astronomer", is_admin=False)
        workspace = workspaces.create(connection, "key", "name", user["id"])
        values = {"dataset_size": 1, "model_name": "m", "spec": {}, "epochs": 1}
        session = sessions.create(connection, workspace["id"], **values)
    database.close()
    assert (user["id"], workspace["id"], session["id"]) == (1, 12, 8)
    assert "files of an earlier database: they stay" in caplog.text


def test_where_there_was_none_a_new_one_is_made(tmp_path):
    for folder in ("uploads/incoming", "model/checkpoints"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "uploads" / ".gitkeep").touch()
    path = tmp_path / "exotrain.db"
    path.with_name("exotrain.db.new").write_bytes(b"half of one, of a killed server")
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("PRAGMA application_id").fetchone()
    assert found == soundness.APPLICATION_ID


def test_after_a_clean_stop_nothing_lies_beside_it(tmp_path):
    path = tmp_path / "exotrain.db"
    database = Database(path)
    with database.write() as connection:
        accounts.create_user(connection, "u")
    with database.read() as connection:
        accounts.find_user(connection, "u")
    assert path.with_name("exotrain.db.in-use").exists()
    database.close()
    assert {each.name for each in tmp_path.iterdir()} == {"exotrain.db", "exotrain.db.writer"}


def test_a_reader_that_outlives_the_stop_loses_nothing(tmp_path):
    path = tmp_path / "exotrain.db"
    database = Database(path)
    with database.write() as connection:
        accounts.create_user(connection, "u")
    with database.read() as reader:
        accounts.find_user(reader, "u")
        with database.write() as connection:
            accounts.create_user(connection, "v")
        database.close()  # a reader still needs the file as it was
        assert path.with_name("exotrain.db.in-use").exists()
    again = Database(path)
    with again.read() as connection:
        assert accounts.find_user(connection, "v") is not None
    again.close()
    database.close()


def test_a_mark_that_was_half_written_only_makes_the_next_start_look_closely(path, rows):
    path.with_name("exotrain.db.in-use").write_bytes(b'{"chan')
    assert open_and_read(path) == rows


def test_a_start_that_fails_early_after_a_kill_leaves_a_sound_database(path, rows):
    # The last connection to close merges the log, which would then be missing.
    Database(path).close()
    assert open_and_read(path) == rows


def test_what_only_reads_after_a_kill_leaves_the_log_where_it_is(path, rows):
    database = Database(path)
    with database.read() as connection:
        assert accounts.find_user(connection, "user 100")
    database._engine.dispose()  # as at the end of a command that did not close it
    assert path.with_name("exotrain.db-wal").stat().st_size > 0
    assert open_and_read(path) == rows


def test_a_locked_database_is_not_called_damaged(closed, monkeypatch):
    monkeypatch.setattr(soundness, "_LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(closed, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotStart, match=r"cannot be opened: database is locked\."):
            soundness.require_sound(closed)


def test_a_mark_that_finds_no_room_is_the_earlier_one_or_none(path, monkeypatch):
    monkeypatch.setattr(os, "pwrite", lambda *_written: 3)
    before = soundness.mark_of(path).read_bytes()
    with pytest.raises(OSError, match="No space left"):
        soundness.write_mark(path, soundness.Mark(7, log=True))
    assert soundness.mark_of(path).read_bytes() == before
    other = path.with_name("other.db")
    with pytest.raises(OSError, match="No space left"):
        soundness.write_mark(other, soundness.Mark(7, log=True))
    assert not soundness.mark_of(other).exists()


def test_a_disk_that_is_full_at_the_first_write_after_a_kill_harms_nothing(path, rows, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    database = Database(path)
    with monkeypatch.context() as patch:
        patch.setattr(soundness, "write_mark", full)
        with pytest.raises(OSError, match="No space left"), database.write():
            pass
    database.close()  # merges the log: what says that it must be there has to follow
    assert open_and_read(path) == rows
