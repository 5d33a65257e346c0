"""Each call of a restore fails once: the data folder is as it was, or the next restore mends it."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from backend.backup.save import save
from backend.config import REPOSITORY
from backend.database import Database
from backend.database.file.soundness import Mark, mark_of, write_mark
from backend.storage.lock import CannotStart
from tests.backup.folders import files_of
from tests.database.killed import rows_of
from tests.faults.plan import environment
from tests.faults.state import files_in

ASIDE = "*/exotrain-before-restore-*"
PARTIAL = "*/exotrain.restore.partial"

# In the order in which they are made: call, what it is given, who makes it, the how manieth.
COPYING = [
    ("mkdir", PARTIAL, "*restore.restore", 1),
    ("mkdir", f"{PARTIAL}/uploads/1", "*copying.copy_file", 1),
    ("open", f"{PARTIAL}/*.csv", "*copying.copy_file", 1),
    ("write", f"{PARTIAL}/*.csv", "*copying.copy_file", 1),
    ("fsync", f"{PARTIAL}/*.csv", "*copying.copy_file", 1),
    ("open", f"{PARTIAL}/model", "*copying.sync_folders", 1),
    ("fsync", f"{PARTIAL}/model", "*copying.sync_folders", 1),
    ("sql", "PRAGMA user_version", "*restore._copy_all", 1),
]
SWITCHING = [
    ("mkdir", ASIDE, "*_Switch.run", 1),
    ("open", f"{ASIDE}/exotrain.db.in-use", "*_Switch._announce", 1),
    ("write", f"{ASIDE}/exotrain.db.in-use", "*_Switch._announce", 1),
    ("open", "*/data/exotrain.db.in-use", "*soundness.write_mark", 1),
    ("write", "*/data/exotrain.db.in-use", "*soundness.write_mark", 1),
    ("fsync", "*/data/exotrain.db.in-use", "*soundness.write_mark", 1),
    ("fsync", "*/data", "*soundness.write_mark", 1),
    *[("rename", "*", "*_Switch._move", number) for number in range(1, 8)],
    ("open", ASIDE, "*_Switch.run", 1),
    ("fsync", ASIDE, "*_Switch.run", 1),
    ("open", "*/data", "*_Switch.run", 2),  # the first is the mark's
    ("fsync", "*/data", "*_Switch.run", 2),
]

EFFECTS = {"sql": ("disk I/O error",), "open": ("ENOSPC", "EMFILE")}


@pytest.fixture
def backup(api, services, data_dir, destination, command) -> Path:
    """A backup; in the data folder there is something else since, and no server."""
    assert command("save", destination) == ""
    api.workspace("since then")
    services.database.close()
    return destination


def leave_mark(data_dir: Path) -> None:
    """As if the server had been killed."""
    write_mark(data_dir / "exotrain.db", Mark(1))


def everything(data_dir: Path) -> dict[str, str]:
    """The hash of every file, the database's among them, but not of the lock."""
    found = files_in(data_dir)
    for path in data_dir.glob("exotrain.db*"):
        found[path.name] = path.read_bytes().hex()
    return {name: content for name, content in found.items() if name != "exotrain.lock"}


def is_as_in(backup: Path, data_dir: Path) -> bool:
    """Whether a start finds what is in the backup."""
    Database(data_dir / "exotrain.db").close()
    (folder,) = backup.glob("exotrain-*")
    rows = rows_of(data_dir / "exotrain.db") == rows_of(folder / "exotrain.db")
    return rows and files_of(data_dir) == files_of(folder)


def kept_in(data_dir: Path, before: dict[str, str]) -> bool:
    """Whether each content that was there before is still somewhere."""
    found = Counter(everything(data_dir).values())
    for path in data_dir.glob("*/exotrain.db*"):
        found[path.read_bytes().hex()] += 1
    is_mark = "exotrain.db.in-use".__eq__
    return not Counter(v for name, v in before.items() if not is_mark(name)) - found


@pytest.mark.parametrize("with_mark", [True, False])
def test_a_restore_whose_call_fails_changes_nothing_and_the_next_one_works(
    faults, data_dir, backup, command, with_mark
):
    if with_mark:
        leave_mark(data_dir)
    before, folders = everything(data_dir), sorted(data_dir.iterdir())
    for call, what, caller, first in (COPYING + SWITCHING) if with_mark else SWITCHING:
        if not with_mark and caller.endswith("_announce"):
            continue
        for effect in EFFECTS.get(call, ("EIO",)):
            fault = faults.add(call, what, effect, caller=caller, first=first)
            line = command("restore", backup)
            case = (call, what, effect, first, line)
            assert fault.effects == 1, case
            assert line.startswith("exotrain cannot restore"), case
            assert "\n" not in line
            assert everything(data_dir) == before, case
            assert {*data_dir.iterdir()} - {*folders} <= {data_dir / "exotrain.lock"}, case
            faults.clear()
    assert command("restore", backup) == ""
    assert is_as_in(backup, data_dir)
    assert kept_in(data_dir, before)


def test_a_folder_of_which_the_backup_has_no_file_is_there_or_nothing_is_changed(
    faults, data_dir, destination, command, tmp_path, monkeypatch
):
    empty = tmp_path / "empty"
    empty.mkdir()
    Database(empty / "exotrain.db").close()
    save(empty, destination, print)
    before = everything(empty)
    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(empty))
    fault = faults.add("mkdir", f"{PARTIAL}/model", "ENOSPC", caller="*restore._copy_all")
    assert "is full" in command("restore", destination)
    assert fault.effects == 1
    assert everything(empty) == before
    assert command("restore", destination) == ""
    assert is_as_in(destination, empty)
    assert (empty / "model").is_dir()


@pytest.mark.parametrize("fails_at", [3, 7])
def test_what_cannot_be_put_back_is_named_no_server_starts_and_the_next_restore_works(
    faults, data_dir, backup, command, fails_at
):
    before = everything(data_dir)
    faults.add("rename", "*", "EIO", caller="*_Switch._move", first=fails_at)
    fault = faults.add("rename", "*/data/*", "EBUSY", caller="*_move.<locals>.back")
    line = command("restore", backup)
    assert fault.effects == 1
    (aside,) = data_dir.glob("exotrain-before-restore-*")
    assert "could not be put back" in line
    assert str(aside) in line
    assert kept_in(data_dir, before)
    with pytest.raises(CannotStart, match="is missing"):
        Database(data_dir / "exotrain.db")
    assert command("restore", backup) == ""
    assert is_as_in(backup, data_dir)
    assert kept_in(data_dir, before)


@pytest.mark.parametrize(
    ("call", "what", "caller"),
    [
        ("rename", "*.in-use", "*_announce.<locals>.<lambda>"),
        ("unlink", "*.in-use", "*_announce.<locals>.<lambda>"),
        ("unlink", ASIDE, "*_Switch._put_back"),
    ],
)
def test_a_mark_or_a_folder_that_cannot_be_put_back_harms_no_start(
    faults, data_dir, backup, command, call, what, caller
):
    leave_mark(data_dir)
    before = everything(data_dir)
    faults.add("rename", "*", "EIO", caller="*_Switch._move")
    fault = faults.add(call, what, "EBUSY", caller=caller)
    assert "could not be put back" in command("restore", backup)
    assert fault.effects == 1
    assert mark_of(data_dir / "exotrain.db").exists()
    assert kept_in(data_dir, before)
    Database(data_dir / "exotrain.db").close()
    assert command("restore", backup) == ""
    assert is_as_in(backup, data_dir)


def test_a_mark_that_cannot_be_removed_at_the_end_is_removed_by_the_next_start(
    faults, data_dir, backup, command, capsys
):
    fault = faults.add("unlink", "*.in-use", "EIO", caller="*soundness.remove_mark")
    assert command("restore", backup) == ""
    assert fault.effects == 1
    assert "is kept in" in capsys.readouterr().out
    assert is_as_in(backup, data_dir)
    assert not mark_of(data_dir / "exotrain.db").exists()


def test_a_folder_that_cannot_be_removed_at_the_end_harms_nothing(
    faults, data_dir, backup, command, monkeypatch
):
    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(data_dir.parent / "new"))
    fault = faults.add("unlink", ASIDE, "EIO", caller="*_Switch.run")
    assert command("restore", backup) == ""
    assert fault.effects == 1
    assert is_as_in(backup, data_dir.parent / "new")


def test_what_a_killed_restore_left_and_cannot_be_deleted_is_named(
    faults, data_dir, backup, command, capsys
):
    left = data_dir / "exotrain.restore.partial"
    left.mkdir()
    (left / "half").touch()
    before = everything(data_dir)
    fault = faults.add("unlink", "half", "EBUSY", caller="*restore.restore")
    assert "busy: 'half'" in command("restore", backup)
    assert fault.effects == 1
    assert everything(data_dir) == before
    fault = faults.add("unlink", "*", "EBUSY", caller="*copying.remove", times=None)
    assert command("restore", backup) == ""
    assert fault.effects > 0
    assert f"WARNING: {left}" in capsys.readouterr().out
    assert is_as_in(backup, data_dir)
    faults.clear()
    assert command("restore", backup) == ""
    assert not left.exists()


@pytest.mark.parametrize(
    ("call", "what", "first"),
    [
        ("fsync", "*/data", 1),  # the mark is written, nothing is moved
        ("rename", "*/data/model", 1),  # the database is aside, a part of the new files is there
        ("unlink", "*/exotrain.db.in-use", 1),  # all of it is there, and the mark
    ],
)
def test_after_a_restore_that_is_killed_a_start_finds_all_or_is_refused(
    faults, data_dir, backup, command, call, what, first
):
    leave_mark(data_dir)
    before, rows, files = (
        everything(data_dir),
        rows_of(data_dir / "exotrain.db"),
        files_of(data_dir),
    )
    faults.add(call, what, "kill", first=first)
    arguments = [sys.executable, "-m", "backend.backup", "restore", str(backup)]
    surroundings = {**os.environ, **environment(faults)}
    assert subprocess.run(arguments, cwd=REPOSITORY, env=surroundings).returncode == -9
    assert kept_in(data_dir, before)
    if call == "rename":
        with pytest.raises(CannotStart, match="is missing"):
            Database(data_dir / "exotrain.db")
    elif call == "fsync":
        Database(data_dir / "exotrain.db").close()
        assert rows_of(data_dir / "exotrain.db") == rows
        assert files_of(data_dir) == files
    else:
        assert is_as_in(backup, data_dir)
    faults.clear()
    assert command("restore", backup) == ""
    assert is_as_in(backup, data_dir)
    assert kept_in(data_dir, before)
