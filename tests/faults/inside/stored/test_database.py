"""Each call of an opening and of a first transaction fails once: no row is lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.database import Database, accounts
from backend.database import connection as connection_module
from backend.database.file import upgrades
from backend.database.file.soundness import mark_of
from backend.database.schema import users
from backend.launcher import _starting
from backend.storage.lock import CannotStart
from tests.database.killed import rows_of, user_names_in

WORDS = {"ENOSPC": "is full", "database or disk is full": "cannot be opened"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "exotrain.db"


def start(path: Path) -> Database:
    """Open it as a server does, which says in one line why it cannot."""
    with _starting(path.parent):
        return Database(path)


def add(path: Path, *names: str) -> None:
    """Open it, add users, and close it."""
    database = start(path)
    for name in names:
        with database.write() as connection:
            accounts.create_user(connection, name)
    database.close()


def beside(path: Path) -> set[str]:
    return {each.name for each in path.parent.iterdir()} - {path.name, f"{path.name}.writer"}


def refused(path: Path) -> str:
    with pytest.raises(CannotStart) as error:
        start(path)
    assert "\n" not in str(error.value)
    return str(error.value)


# In the order in which they are made.
NEW = [
    ("open", "*.writer", "*Turn._lock_file", ("ENOSPC", "EMFILE")),
    ("lock", "*.writer", "*Turn._lock_file", ("ENOLCK", "EIO")),
    ("unlink", "*.new", "*opening.create", ("EIO",)),
    ("open", "*.new", "*opening.create", ("ENOSPC", "EMFILE")),
    ("sql", "*CREATE TABLE*", "*opening.create", ("database or disk is full", "disk I/O error")),
    ("sql", "COMMIT", "*opening.create", ("database or disk is full", "disk I/O error")),
    ("sql", "PRAGMA journal_mode = WAL", "*opening.create", ("disk I/O error",)),
    ("fsync", "*.new", "*opening.create", ("ENOSPC", "EIO")),
    ("rename", "*/exotrain.db", "*opening.create", ("ENOSPC", "EIO")),
]


@pytest.mark.parametrize(("call", "what", "caller", "effects"), NEW)
def test_a_new_database_that_cannot_be_made_says_so_and_is_whole_at_the_next_start(
    faults, path, call, what, caller, effects
):
    for effect in effects:
        path.with_name("exotrain.db.new").write_bytes(b"half of one, of a killed server")
        fault = faults.add(call, what, effect, caller=caller)
        assert WORDS.get(effect, str(path.parent)) in refused(path)
        assert fault.effects == 1
        assert not path.exists()
    add(path, "u")
    assert user_names_in(path) == {"u"}
    assert beside(path) == set()


@pytest.mark.parametrize(("call", "effect"), [("open", "EMFILE"), ("fsync", "EIO")])
def test_what_has_its_name_is_not_said_to_have_failed(faults, path, call, effect):
    fault = faults.add(call, "*/data", effect, caller="*atomic.put_in_place")
    add(path, "u")
    assert fault.effects == 1
    assert user_names_in(path) == {"u"}


def test_a_turn_that_another_program_keeps_is_said_in_one_line(faults, path, monkeypatch):
    monkeypatch.setattr(connection_module, "_START_SECONDS", 0.02)
    fault = faults.add("lock", "*.writer", "EAGAIN", times=None)
    assert "locked, perhaps by another program" in refused(path)
    assert fault.effects > 1
    faults.clear()
    add(path, "u")
    assert user_names_in(path) == {"u"}


UPGRADE = [
    ("open", "*.partial", "*opening._keep_copy", ("ENOSPC", "EMFILE")),
    ("sql", "BACKUP", "*opening._keep_copy", ("database or disk is full", "database is locked")),
    ("fsync", "*.partial", "*opening._keep_copy", ("ENOSPC", "EIO")),
    ("rename", "*.before-version-*", "*opening._keep_copy", ("ENOSPC", "EIO")),
    ("sql", "BEGIN IMMEDIATE", "*opening.upgrade", ("database is locked",)),
    ("sql", "COMMIT", "*opening.upgrade", ("database or disk is full", "disk I/O error")),
]


@pytest.mark.parametrize(("call", "what", "caller", "effects"), UPGRADE)
def test_an_upgrade_that_fails_changes_nothing_and_the_next_start_makes_it_with_a_copy(
    faults, path, monkeypatch, call, what, caller, effects
):
    add(path, "u")
    before = rows_of(path)
    version = upgrades.VERSION
    monkeypatch.setattr(upgrades, "UPGRADES", [*upgrades.UPGRADES, lambda _connection: None])
    monkeypatch.setattr(upgrades, "VERSION", version + 1)
    for effect in effects:
        fault = faults.add(call, what, effect, caller=caller)
        assert str(path) in refused(path)
        assert fault.effects == 1
        assert not list(path.parent.glob("*.partial*"))
        assert rows_of(path) == before
    copy = path.with_name(f"exotrain.db.before-version-{version + 1}")
    add(path, "v")
    assert user_names_in(path) == {"u", "v"}
    assert rows_of(copy) == before
    assert beside(path) == {copy.name}


# Of the first transaction after a start. It says beside the database that it is in use.
BEGINNING = [
    ("open", "*/exotrain.db", "*Database._open_file", "EMFILE"),
    ("open", "*.in-use", "*soundness.write_mark", "EMFILE"),
    ("open", "*.in-use", "*soundness.write_mark", "ENOSPC"),
    ("write", "*.in-use", "*soundness.write_mark", "ENOSPC"),
    ("fsync", "*.in-use", "*soundness.write_mark", "EIO"),
    ("open", "*/data", "*soundness.write_mark", "EMFILE"),
    ("fsync", "*/data", "*soundness.write_mark", "EIO"),
]


@pytest.mark.parametrize(("call", "what", "caller", "effect"), BEGINNING)
def test_a_use_that_cannot_be_marked_writes_nothing_and_the_next_one_is_marked(
    faults, path, tmp_path, call, what, caller, effect
):
    add(path, "u")
    database = start(path)
    for _ in range(2):
        fault = faults.add(call, what, effect, caller=caller)
        with pytest.raises(OSError, match=r"\[Errno"), database.write() as connection:
            accounts.create_user(connection, "lost")
        assert fault.effects == 1
        assert not mark_of(path).exists()
    folder = faults.add("fsync", "*/data", "EINVAL")  # as on a file system that cannot
    with database.write() as connection:
        accounts.create_user(connection, "v")
    assert folder.effects == 1
    assert json.loads(mark_of(path).read_text())["log"] is True
    shutil.copytree(path.parent, tmp_path / "killed")
    database.close()
    assert beside(path) == set()
    for each in (path, tmp_path / "killed" / path.name):
        add(each, "w")
        assert user_names_in(each) == {"u", "v", "w"}


# Whether a lock of SQLite's on the database, that of whoever has it open, is there.
IS_HELD = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except OSError:
        print("held")
"""


def test_a_use_that_cannot_be_marked_gives_up_no_lock_of_the_connections(faults, path):
    add(path, "u")
    database = start(path)
    faults.add("write", "*.in-use", "ENOSPC")
    with pytest.raises(OSError, match="No space"), database.write():
        pass
    command = [sys.executable, "-S", "-c", IS_HELD, str(path)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"held\n"
    database.close()


def test_a_mark_that_cannot_be_taken_back_is_written_and_synced_again(faults, path):
    add(path, "u")
    database = start(path)
    faults.add("fsync", "*.in-use", "ENOSPC")
    fault = faults.add("unlink", "*.in-use", "EIO", caller="*soundness.write_mark")
    with pytest.raises(OSError, match="Input/output"), database.write():
        pass
    assert fault.effects == 1
    folder = faults.add("fsync", "*/data", "EINVAL")
    with database.write() as connection:
        accounts.create_user(connection, "v")
    assert folder.effects == 1
    database.close()
    assert user_names_in(path) == {"u", "v"}
    assert beside(path) == set()


def test_what_may_be_lost_fails_nobody_who_cannot_mark_the_database(faults, path):
    add(path, "u")
    database = start(path)
    fault = faults.add("open", "*.in-use", "EMFILE")
    assert not database.write_unless_locked(users.update().values(name="v"))
    assert fault.effects == 1
    assert database.write_unless_locked(users.update().values(name="v"))
    database.close()
    assert user_names_in(path) == {"v"}


@pytest.mark.parametrize("effect", ["ENOLCK", "EIO"])
def test_a_turn_that_cannot_be_locked_writes_nothing_and_the_next_one_is_had(faults, path, effect):
    database = start(path)
    fault = faults.add("lock", "*.writer", effect, caller="*Turn._lock_file")
    with pytest.raises(OSError, match=r"\[Errno"), database.write() as connection:
        accounts.create_user(connection, "lost")
    assert fault.effects == 1
    with database.write() as connection:
        accounts.create_user(connection, "u")
    database.close()
    assert user_names_in(path) == {"u"}


def test_a_turn_that_cannot_be_given_back_fails_no_commit_and_is_had_by_the_next_process(
    faults, path
):
    database, other = start(path), start(path)
    fault = faults.add("unlock", "*.writer", "EIO", caller="*Turn._unlock_file")
    with database.write() as connection:
        accounts.create_user(connection, "u")
    assert fault.effects == 1
    with other.write(patience=0.1) as connection:
        accounts.create_user(connection, "v")
    with database.write() as connection:
        accounts.create_user(connection, "w")
    other.close()
    database.close()
    assert user_names_in(path) == {"u", "v", "w"}


def test_a_mark_that_cannot_be_removed_makes_the_next_start_look_closely(faults, path, caplog):
    database = start(path)
    with database.write() as connection:
        accounts.create_user(connection, "u")
    fault = faults.add("unlink", "*.in-use", "EIO", caller="*soundness.remove_mark")
    database.close()
    assert fault.effects == 1
    assert "in-use stays" in caplog.text
    add(path, "v")
    assert user_names_in(path) == {"u", "v"}
    assert beside(path) == set()
