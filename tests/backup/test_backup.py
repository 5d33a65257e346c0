"""A backup of a data folder in use, and what is refused when it is restored."""

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.backup import copying
from backend.backup import restore as restore_module
from backend.backup import save as save_module
from backend.backup.__main__ import main
from backend.backup.manifest import BackupFailed, Manifest
from backend.backup.restore import restore
from backend.backup.save import save
from backend.config import REPOSITORY
from backend.database import Database
from backend.database.file import soundness, upgrades
from backend.storage.atomic import sha256_of
from backend.storage.lock import CannotStart
from tests.backup.folders import files_of, fill, without_ended
from tests.database.killed import rows_of


@pytest.fixture
def work(services, api, key):
    """A data folder with something of each kind in it."""
    fill(services, api, key)
    return services


@pytest.fixture
def data_dir(work) -> Path:
    return work.settings.data_dir


@pytest.fixture
def destination(tmp_path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def backup(data_dir, destination, said) -> Path:
    """A whole backup."""
    return save(data_dir, destination, said.append)


def test_it_holds_the_database_and_every_file_that_it_names(data_dir, backup):
    manifest = Manifest.read(backup)
    assert files_of(backup) == without_ended(files_of(data_dir))
    assert {entry.path for entry in manifest.files} == {"exotrain.db", *files_of(backup)}
    for entry in manifest.files:
        assert sha256_of(backup / entry.path) == entry.sha256
        assert (backup / entry.path).stat().st_size == entry.size
    assert manifest.schema == upgrades.VERSION
    assert manifest.missing == manifest.damaged == []
    assert rows_of(backup / "exotrain.db") == rows_of(data_dir / "exotrain.db")
    assert {each.name for each in backup.iterdir()} == {
        "exotrain.db",
        "manifest.json",
        "model",
        "uploads",
    }


def test_it_is_readable_to_its_owner_alone(data_dir, destination):
    command = [sys.executable, "-m", "backend.backup", "save", str(destination)]
    environment = {**os.environ, "EXOTRAIN_DATA_DIR": str(data_dir)}
    made = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, umask=0
    )
    assert made.returncode == 0, made.stderr
    for path in [destination, *destination.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert made.stdout.splitlines()[-1].endswith(str(next(destination.iterdir())))


def test_the_second_one_shares_what_did_not_change(data_dir, destination, backup, said, api, key):
    api.dataset(key, rows=200)
    second = save(data_dir, destination, said.append)
    assert second != backup
    csv = next(path for path in files_of(backup) if path.endswith(".csv"))
    assert (second / csv).stat().st_ino == (backup / csv).stat().st_ino
    assert files_of(second) == without_ended(files_of(data_dir))
    shutil.rmtree(backup)
    assert files_of(second) == without_ended(files_of(data_dir))
    assert "shared with the backup before" in said[-1]


def test_a_file_of_the_earlier_one_that_was_damaged_since_is_not_shared(
    data_dir, destination, backup
):
    csv = next(path for path in files_of(backup) if path.endswith(".csv"))
    content = (backup / csv).read_bytes()
    (backup / csv).write_bytes(content[:-1] + b"?")
    second = save(data_dir, destination, print)
    assert (second / csv).read_bytes() == content


def test_where_files_cannot_be_shared_they_are_copied(data_dir, destination, backup, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(copying.os, "link", refuse)
    second = save(data_dir, destination, print)
    assert files_of(second) == files_of(backup)


@pytest.mark.parametrize("fails_at", [1, 3, 5])
def test_one_that_fails_leaves_nothing(data_dir, destination, monkeypatch, fails_at):
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return copying.copy_file(*arguments)

    monkeypatch.setattr(save_module, "copy_file", fail)
    with pytest.raises(OSError, match="No space"):
        save(data_dir, destination, print)
    assert list(destination.iterdir()) == []


def test_one_that_was_killed_is_no_backup_and_is_removed_by_the_next(data_dir, destination):
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from backend.backup import save\n"
        "save.sync_folders = lambda folder: os.kill(os.getpid(), signal.SIGKILL)\n"
        "save.save(Path(sys.argv[1]), Path(sys.argv[2]), print)\n"
    )
    command = [sys.executable, "-c", script, str(data_dir), str(destination)]
    assert subprocess.run(command, cwd=REPOSITORY, capture_output=True).returncode == -9
    assert len(list(destination.iterdir())) == 1
    with pytest.raises(BackupFailed, match="no backup"):
        restore(data_dir.parent / "new", destination, print)
    made = save(data_dir, destination, print)
    assert list(destination.iterdir()) == [made]


def test_another_one_that_is_being_made_there_is_left_alone(data_dir, destination):
    destination.mkdir()
    with save_module._new_folder(destination, print) as other:
        save(data_dir, destination, print)
        assert other.exists()


def test_too_little_space_is_noticed_before_it_is_used(data_dir, destination, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9, 10)
    monkeypatch.setattr(copying.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(BackupFailed, match="free disk space"):
        save(data_dir, destination, print)
    assert list(destination.iterdir()) == []


@pytest.mark.usefixtures("without_bin")
def test_a_dataset_that_is_deleted_meanwhile_is_in_neither(
    api, key, data_dir, destination, monkeypatch, said
):
    doomed = api.upload(key, Path(REPOSITORY / "example_dataset.csv").read_text())["dataset"]
    deleted = []

    def copy(source, target, path):
        if not deleted:
            deleted.append(api.delete(f"/api/training/dataset/{doomed['id']}", None))
        return copying.copy_file(source, target, path)

    monkeypatch.setattr(save_module, "copy_file", copy)
    made = save(data_dir, destination, said.append)
    assert deleted[0].status_code < 300
    manifest = Manifest.read(made)
    assert manifest.missing == []
    assert files_of(made) == without_ended(files_of(data_dir))
    assert any("deleted meanwhile" in line for line in said)
    assert (
        rows_of(made / "exotrain.db")["datasets"] == rows_of(data_dir / "exotrain.db")["datasets"]
    )


def test_what_is_missing_or_damaged_in_the_data_folder_is_said(data_dir, destination, said):
    model = next(
        path for path in data_dir.glob("model/*/*.keras") if "exoplanet_model." not in path.name
    )
    csv = next(data_dir.glob("uploads/*/*.csv"))
    model.write_bytes(b"damaged")
    csv.unlink()
    manifest = Manifest.read(save(data_dir, destination, said.append))
    assert [data_dir / path for path in manifest.missing] == [csv]
    assert [data_dir / path for path in manifest.damaged] == [model]
    assert sum(line.startswith("WARNING") for line in said) == 2


@pytest.mark.parametrize("kind", ["neighbours", "related"])
def test_rows_without_which_a_model_does_not_predict_are_missed(data_dir, destination, said, kind):
    (kept,) = data_dir.glob(f"model/*/*.{kind}.npy")
    kept.unlink()
    manifest = Manifest.read(save(data_dir, destination, said.append))
    assert [data_dir / path for path in manifest.missing] == [kept]


def test_a_damaged_database_is_not_saved(data_dir, work, destination):
    work.database.close()
    database = data_dir / "exotrain.db"
    with open(database, "r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xa5" * 4096)
    with pytest.raises(BackupFailed, match="damaged"):
        save(data_dir, destination, print)
    assert list(destination.iterdir()) == []


def test_without_the_log_that_alone_has_commits_it_is_not_saved(data_dir, destination):
    database = data_dir / "exotrain.db"
    soundness.write_mark(database, soundness.Mark(1, log=True))
    soundness.log_of(database).unlink(missing_ok=True)
    with pytest.raises(CannotStart, match=r"exotrain\.db-wal is missing"):
        save(data_dir, destination, print)
    assert not soundness.log_of(database).exists()  # an empty one would hide that


def test_the_folders_that_are_saved_are_no_place_for_it(data_dir):
    with pytest.raises(BackupFailed, match="choose a folder outside"):
        save(data_dir, data_dir / "uploads" / "backups", print)


def test_without_a_database_there_is_nothing_to_save(tmp_path, destination):
    with pytest.raises(BackupFailed, match=r"no exotrain\.db"):
        save(tmp_path, destination, print)


def test_it_is_restored_into_an_empty_folder(data_dir, backup, tmp_path, said):
    new = tmp_path / "new"
    restore(new, backup, said.append)
    assert files_of(new) == files_of(backup)
    assert rows_of(new / "exotrain.db") == rows_of(data_dir / "exotrain.db")
    assert {each.name for each in new.iterdir()} == {
        "exotrain.db",
        "exotrain.lock",
        "model",
        "uploads",
    }
    Database(new / "exotrain.db").close()


def test_the_newest_of_several_is_restored(api, data_dir, destination, backup, tmp_path):
    api.workspace("since then")
    save(data_dir, destination, print)
    restore(tmp_path / "new", destination, print)
    names = [row[2] for row in rows_of(tmp_path / "new" / "exotrain.db")["workspaces"]]
    assert "since then" in names


def test_a_signal_in_the_middle_of_a_rename_is_undone(data_dir, backup, monkeypatch):
    rename = Path.rename

    def interrupted(source, target):
        moved = rename(source, target)
        if source == data_dir / "exotrain.db":
            raise KeyboardInterrupt
        return moved

    rows, files = rows_of(data_dir / "exotrain.db"), files_of(data_dir)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr(Path, "rename", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            restore(data_dir, backup, print)
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
    assert rows_of(data_dir / "exotrain.db") == rows
    assert files_of(data_dir) == files
    assert list(data_dir.glob("exotrain-before-restore-*")) == []


def test_what_was_there_is_kept_aside(api, data_dir, backup, said):
    before = rows_of(data_dir / "exotrain.db")
    api.workspace("since then")
    (data_dir / "notes.txt").write_text("not exotrain's")
    later, files = rows_of(data_dir / "exotrain.db"), files_of(data_dir)
    restore(data_dir, backup, said.append)
    (aside,) = data_dir.glob("exotrain-before-restore-*")
    assert said[-1] == f"What was in {data_dir} is kept in {aside}."
    assert rows_of(aside / "exotrain.db") == later
    assert files_of(aside) == files
    assert rows_of(data_dir / "exotrain.db") == before
    assert (data_dir / "notes.txt").exists()
    assert not (data_dir / "exotrain.db.in-use").exists()


def test_a_folder_in_use_is_refused(data_dir, backup):
    before = files_of(data_dir)
    with open(data_dir / "exotrain.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotStart, match="another exotrain"):
            restore(data_dir, backup, print)
    assert files_of(data_dir) == before


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("how", [damage, cut, Path.unlink])
@pytest.mark.parametrize("kind", ["exotrain.db", "*/*/*.csv", "*/*/*.keras", "*/*/*.ckpt"])
def test_a_damaged_one_is_refused_and_nothing_is_touched(data_dir, backup, how, kind):
    before = {path: path.stat().st_ino for path in data_dir.rglob("*") if path.is_file()}
    how(next(backup.glob(kind)))
    with pytest.raises(BackupFailed, match="the backup is damaged"):
        restore(data_dir, backup, print)
    after = {path: path.stat().st_ino for path in data_dir.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() <= {data_dir / "exotrain.lock"}
    assert before.items() <= after.items()


def change_manifest(backup: Path, **values) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"schema": upgrades.VERSION + 1}, "this exotrain knows at most"),
        ({"format": 2}, "has the format 2"),
        ({"files": 3}, "cannot be read"),
        ({"files": []}, "names no exotrain.db"),
        (
            {"files": [{"path": "uploads/../../passwd", "sha256": "", "size": 1}]},
            "belongs to no data folder",
        ),
        ({"files": [{"path": "/etc/passwd", "sha256": "", "size": 1}]}, "belongs to no data"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused(data_dir, backup, values, found):
    change_manifest(backup, **values)
    with pytest.raises(BackupFailed, match=found):
        restore(data_dir, backup, print)


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_a_rename_that_fails_is_undone(data_dir, backup, monkeypatch, fails_at, work):
    rows, files = rows_of(data_dir / "exotrain.db"), files_of(data_dir)
    names = {each.name for each in data_dir.iterdir()}
    calls = []
    move = restore_module._Switch._move

    def fail(self, source, target):
        calls.append(source)
        if len(calls) == fails_at:
            raise OSError(errno.EBUSY, "busy", str(source))
        move(self, source, target)

    monkeypatch.setattr(restore_module._Switch, "_move", fail)
    with pytest.raises(OSError, match="busy"):
        restore(data_dir, backup, print)
    assert rows_of(data_dir / "exotrain.db") == rows
    assert files_of(data_dir) == files
    assert {each.name for each in data_dir.iterdir()} - names <= {"exotrain.lock"}


KILLED_RESTORE = """
import os, signal, sys
from pathlib import Path
from backend.backup import restore

move, left = restore._Switch._move, [int(sys.argv[3])]

def kill(self, source, target):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    move(self, source, target)

restore._Switch._move = kill
restore.restore(Path(sys.argv[1]), Path(sys.argv[2]), print)
"""


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_restore_that_was_killed_is_no_start_and_is_done_again(
    work, data_dir, backup, at, tmp_path
):
    work.database.close()
    command = [sys.executable, "-c", KILLED_RESTORE, str(data_dir), str(backup), str(at)]
    assert subprocess.run(command, cwd=REPOSITORY, capture_output=True).returncode == -9
    with pytest.raises(CannotStart, match="is missing"):
        Database(data_dir / "exotrain.db")
    restore(data_dir, backup, print)
    assert files_of(data_dir) == files_of(backup)
    Database(data_dir / "exotrain.db").close()


@pytest.mark.parametrize("action", ["save", "restore"])
def test_the_command_says_in_one_line_why_it_cannot(monkeypatch, tmp_path, action):
    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(tmp_path / "nothing"))
    mask = os.umask(0o022)
    try:
        with pytest.raises(SystemExit) as ended:
            main([action, str(tmp_path / "elsewhere")])
    finally:
        os.umask(mask)
    assert isinstance(ended.value.code, str)
    assert ended.value.code.startswith("exotrain cannot ")
    assert "\n" not in ended.value.code
