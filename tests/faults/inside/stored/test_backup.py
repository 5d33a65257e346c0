"""Each call of a backup fails once: nothing looks like a backup, and the source is as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.backup.manifest import Manifest
from backend.backup.save import save
from backend.config import REPOSITORY
from backend.storage.atomic import sha256_of
from tests.backup.folders import files_of, without_ended
from tests.database.killed import rows_of
from tests.faults.plan import environment
from tests.faults.state import all_of

# In the order in which they are made: call, what it is given, who makes it.
CALLS = [
    ("mkdir", "*/backups", "*save.save"),
    ("mkdir", "*.partial", "*save._new_folder"),
    ("open", "*.partial", "*save._locked"),
    ("lock", "*.partial", "*save._locked"),
    ("unlink", "*/exotrain.db", "*save._copy_database"),
    ("sql", "BACKUP", "*save._copy_database"),
    ("sql", "PRAGMA journal_mode*", "*save._copy_database"),
    ("sql", "PRAGMA integrity_check*", "*save._copy_database"),
    ("fsync", "*.partial/exotrain.db", "*save._copy_database"),
    ("mkdir", "*.partial/uploads/1", "*copying.copy_file"),
    ("open", "*.partial/uploads/*.csv", "*copying.copy_file"),
    ("write", "*.partial/uploads/*.csv", "*copying.copy_file"),
    ("fsync", "*.partial/uploads/*.csv", "*copying.copy_file"),
    ("open", "*/manifest.json", "*save.save"),
    ("write", "*/manifest.json", "*save.save"),
    ("fsync", "*/manifest.json", "*save.save"),
    ("open", "*.partial/uploads", "*copying.sync_folders"),
    ("fsync", "*.partial/uploads", "*copying.sync_folders"),
    ("rename", "*/exotrain-*", "*save._publish"),
    ("open", "*/backups", "*save._publish"),
    ("fsync", "*/backups", "*save._publish"),
]

EFFECTS = {
    "sql": ("database or disk is full", "disk I/O error", "database is locked"),
    "lock": ("ENOLCK", "EIO"),
    "open": ("ENOSPC", "EIO", "EMFILE"),
}


def is_whole(backup: Path, data_dir: Path) -> bool:
    """Whether it has everything, and has it as its manifest says."""
    manifest = Manifest.read(backup)
    return (
        manifest.missing == manifest.damaged == []
        and all(sha256_of(backup / each.path) == each.sha256 for each in manifest.files)
        and files_of(backup) == without_ended(files_of(data_dir))
        and rows_of(backup / "exotrain.db") == rows_of(data_dir / "exotrain.db")
    )


def found_in(destination: Path) -> list[Path]:
    return sorted(destination.iterdir()) if destination.exists() else []


def test_a_backup_whose_call_fails_leaves_nothing_and_the_next_one_is_whole(
    faults, services, data_dir, destination, command
):
    before = all_of(services)
    for call, what, caller in CALLS:
        for effect in EFFECTS.get(call, ("ENOSPC", "EIO")):
            fault = faults.add(call, what, effect, caller=caller)
            line = command("save", destination)
            assert fault.effects == 1, (call, what, effect)
            assert line.startswith("exotrain cannot back up"), (call, what, effect)
            assert "\n" not in line
            assert found_in(destination) == [], (call, what, effect)
            assert all_of(services) == before, (call, what, effect)
            faults.clear()
    assert command("save", destination) == ""
    (made,) = found_in(destination)
    assert is_whole(made, data_dir)


def test_a_second_backup_that_fails_leaves_the_first_as_it_is(
    faults, data_dir, destination, command
):
    assert command("save", destination) == ""
    (first,) = found_in(destination)
    for call, what, caller in (
        ("mkdir", "*.partial/uploads/1", "*copying.link_file"),
        ("fsync", "*/manifest.json", "*save.save"),
        ("fsync", "*/backups", "*save._publish"),
    ):
        fault = faults.add(call, what, "EIO", caller=caller)
        assert "Input/output error" in command("save", destination)
        assert fault.effects == 1, caller
        assert found_in(destination) == [first]
        assert is_whole(first, data_dir)
    assert command("save", destination) == ""
    assert all(is_whole(each, data_dir) for each in found_in(destination))


@pytest.mark.usefixtures("without_bin")
@pytest.mark.parametrize(
    ("caller", "first"), [("*_Copy._keep_only", 1), ("*save._copy_database", 2)]
)
def test_a_backup_that_cannot_begin_again_after_a_deletion_leaves_nothing(
    faults, api, key, data_dir, destination, caller, first
):
    doomed = [api.dataset(key, rows=200)]

    def say(line: str) -> None:
        while line.startswith("copying") and doomed:
            api.delete(f"/api/training/dataset/{doomed.pop()}")

    fault = faults.add("unlink", "*", "EIO", caller=caller, first=first)
    with pytest.raises(OSError, match="Input/output"):
        save(data_dir, destination, say)
    assert fault.effects == 1
    assert found_in(destination) == []
    doomed.append(api.dataset(key, rows=200))
    assert is_whole(save(data_dir, destination, say), data_dir)


@pytest.mark.parametrize(
    ("call", "what"), [("open", "*.partial"), ("lock", "*.partial"), ("unlink", "half")]
)
def test_what_a_killed_backup_left_and_cannot_be_deleted_stops_no_other_backup(
    faults, data_dir, destination, command, capsys, call, what
):
    left = destination / ".exotrain-1-0.partial"
    left.mkdir(parents=True)
    (left / "half").touch()
    fault = faults.add(call, what, "EIO", caller="*save._remove_if_dead", times=None)
    assert command("save", destination) == ""
    assert fault.effects == 1
    assert f"WARNING: {left}" in capsys.readouterr().out
    hidden, made = found_in(destination)
    assert hidden == left
    assert is_whole(made, data_dir)
    faults.clear()
    assert command("save", destination) == ""
    assert left not in found_in(destination)


def test_what_a_failed_backup_cannot_delete_is_no_backup_and_the_next_one_deletes_it(
    faults, data_dir, destination, command, capsys
):
    faults.add("fsync", "*/manifest.json", "ENOSPC")
    fault = faults.add("unlink", "*", "EIO", caller="*copying.remove", times=None)
    assert "is full" in command("save", destination)
    assert fault.effects > 0
    (left,) = found_in(destination)
    assert f"WARNING: {left}" in capsys.readouterr().out
    faults.clear()
    assert "there is no backup" in command("restore", destination)
    assert command("save", destination) == ""
    (made,) = found_in(destination)
    assert is_whole(made, data_dir)


def test_a_backup_that_cannot_lose_its_name_again_is_whole(faults, data_dir, destination, command):
    faults.add("open", "*/backups", "EMFILE", caller="*save._publish")
    fault = faults.add("rename", "*.partial", "EIO", caller="*save._publish")
    assert command("save", destination) != ""
    assert fault.effects == 1
    (made,) = found_in(destination)
    assert is_whole(made, data_dir)


@pytest.mark.parametrize(("after", "backups"), [(False, 0), (True, 1)])
def test_a_backup_that_is_killed_has_its_name_only_if_it_is_whole(
    faults, data_dir, destination, command, after, backups
):
    faults.add("rename", "*/exotrain-*", "kill", after=after)
    arguments = [sys.executable, "-m", "backend.backup", "save", str(destination)]
    surroundings = {**os.environ, **environment(faults)}
    assert subprocess.run(arguments, cwd=REPOSITORY, env=surroundings).returncode == -9
    made = list(destination.glob("exotrain-*"))
    assert len(made) == backups
    assert all(is_whole(each, data_dir) for each in made)
    assert command("save", destination) == ""
    assert len(found_in(destination)) == backups + 1
    assert all(is_whole(each, data_dir) for each in found_in(destination))
