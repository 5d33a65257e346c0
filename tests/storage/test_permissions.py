"""What an earlier release left open to others is closed; what is not exotrain's is left alone."""

import os
import stat
from pathlib import Path

from backend.storage.permissions import keep_private, tighten


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_all(path: Path, content: str | None = "x") -> Path:
    """A file, or with None a folder, that every user of the machine can change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.mkdir(exist_ok=True)
    else:
        path.write_text(content)
    path.chmod(0o777 if content is None else 0o666)
    return path


def test_the_files_of_an_earlier_release_are_closed_to_others(tmp_path):
    names = ("uploads/1/a.csv", "model/1/m.keras", "model/checkpoints/1.ckpt")
    names += ("exotrain.db", "exotrain.db-wal", "exotrain.db-shm", "exotrain.lock")
    files = [open_to_all(tmp_path / name) for name in names]
    folders = ("uploads", "uploads/1", "model", "model/1", "model/checkpoints")
    for name in folders:
        open_to_all(tmp_path / name, None)
    tighten(tmp_path)
    assert [mode(each) for each in files] == [0o600] * len(files)
    assert [mode(tmp_path / each) for each in folders] == [0o700] * len(folders)


def test_what_else_is_in_the_data_folder_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    source = open_to_all(tmp_path / "backend" / "app.py")
    readme = open_to_all(tmp_path / "README.md")
    tighten(tmp_path)
    assert (mode(source), mode(readme), mode(tmp_path)) == (0o666, 0o666, 0o755)


def test_a_link_to_something_else_does_not_close_that(tmp_path):
    elsewhere = open_to_all(tmp_path / "elsewhere.csv")
    link = open_to_all(tmp_path / "uploads" / "1", None) / "link.csv"
    link.symlink_to(elsewhere)
    tighten(tmp_path)
    assert mode(elsewhere) == 0o666


def test_uploads_on_another_disk_are_closed_too(tmp_path):
    there = open_to_all(tmp_path / "disk" / "1" / "a.csv")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "uploads").symlink_to(tmp_path / "disk")
    tighten(tmp_path / "data")
    assert mode(there) == 0o600


def test_a_read_only_file_stays_read_only(tmp_path):
    file = open_to_all(tmp_path / "model" / "1" / "m.keras")
    file.chmod(0o444)
    tighten(tmp_path)
    assert mode(file) == 0o400


def test_what_is_written_from_now_on_is_of_this_user_alone(tmp_path):
    before = os.umask(0)
    try:
        keep_private()
        (tmp_path / "file").write_text("x")
        (tmp_path / "folder").mkdir()
    finally:
        os.umask(before)
    assert (mode(tmp_path / "file"), mode(tmp_path / "folder")) == (0o600, 0o700)


def test_only_what_cannot_be_closed_is_complained_of(tmp_path, monkeypatch, caplog):
    theirs = open_to_all(tmp_path / "model" / "1" / "theirs.keras")
    ours = open_to_all(tmp_path / "model" / "1" / "ours.keras")
    (tmp_path / "model" / "1" / "link").symlink_to(ours)
    gone = open_to_all(tmp_path / "model" / "1" / "gone.keras")
    chmod = Path.chmod

    def refuse(path, *arguments, **options):
        if path == theirs:
            raise PermissionError(1, "Operation not permitted")
        if path == gone:
            raise FileNotFoundError(2, "No such file or directory")
        chmod(path, *arguments, **options)

    monkeypatch.setattr(Path, "chmod", refuse)
    tighten(tmp_path)
    assert mode(ours) == 0o600
    assert [record.args for record in caplog.records] == [(1, theirs)]
    theirs.unlink()
    caplog.clear()
    tighten(tmp_path)
    assert not caplog.records


def test_the_mode_of_what_is_closed_already_is_not_written_again(tmp_path, monkeypatch):
    file = open_to_all(tmp_path / "model" / "1" / "m.keras")
    tighten(tmp_path)
    monkeypatch.delattr(Path, "chmod")
    tighten(tmp_path)
    assert mode(file) == 0o600
