"""Which errors mean a full disk, and what is said of it."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.storage import disk


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_each_way_to_be_full_names_the_disk_and_what_is_free(tmp_path, code):
    error = OSError(code, os.strerror(code))
    assert disk.is_full(error)
    message = disk.full_message(error, tmp_path)
    mount = disk.mount_point(tmp_path)
    assert f"disk {mount} (" in message
    assert "MB free)" in message


def test_the_three_are_told_apart(tmp_path):
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    messages = [disk.full_message(OSError(code, "x"), tmp_path) for code in codes]
    assert "is full" in messages[0]
    assert "quota" in messages[1]
    assert "largest size" in messages[2]


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "x"), OSError(errno.EMFILE, "x"), OSError("x"), ValueError("x")]
)
def test_other_errors_are_not_a_full_disk(error):
    assert not disk.is_full(error)


def test_the_disk_of_the_file_that_failed_is_named_even_where_there_is_no_such_file():
    error = OSError(errno.ENOSPC, "x", "/proc/nowhere/file")
    assert "disk /proc (" in disk.full_message(error, Path("/"))


def test_a_mount_point_is_the_nearest_one_above(tmp_path):
    mount = disk.mount_point(tmp_path / "not" / "there")
    assert os.path.ismount(mount)
    assert mount in (tmp_path / "x").resolve().parents


# In a process of its own: the limit cannot be taken back.
_LIMITED = """
import resource, sys
from pathlib import Path
from backend.storage import disk
file = Path(sys.argv[1])
print(disk.why_full(file) is None)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
error = disk.why_full(file)
print(disk.full_message(error, file.parent))
"""


def test_a_file_that_has_reached_the_largest_size_is_found(tmp_path):
    file = tmp_path / "exotrain.db"
    (tmp_path / "exotrain.db-wal").write_bytes(bytes(190_000))
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(file)], capture_output=True, text=True, check=True
    )
    before, after = ran.stdout.splitlines()
    assert before == "True"
    assert "0.2 MB (ulimit -f)" in after
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exotrain.db-wal"]


def test_a_disk_with_room_is_not_to_blame(tmp_path):
    assert disk.why_full(tmp_path / "exotrain.db") is None
    assert disk.why_full(tmp_path / "gone" / "exotrain.db") is None


@pytest.mark.parametrize(
    ("limit", "said"),
    [(disk.resource.RLIM_INFINITY, "server (ulimit"), (5 << 20, "5.0 MB (ulimit")],
)
def test_the_largest_size_is_said_where_there_is_one(tmp_path, monkeypatch, limit, said):
    monkeypatch.setattr(disk.resource, "getrlimit", lambda which: (limit, 7 << 20))
    assert said in disk.full_message(OSError(errno.EFBIG, "x"), tmp_path)


def test_what_is_free_is_given_in_megabytes(tmp_path, monkeypatch):
    usage = disk.shutil.disk_usage(tmp_path)._replace(free=1_234 << 20)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage)
    assert disk.described(tmp_path) == f"{disk.mount_point(tmp_path)} (1,234 MB free)"


def test_a_disk_of_which_nothing_can_be_read_is_still_named(tmp_path, monkeypatch):
    def fail(path):
        raise OSError(errno.EIO, "x")

    monkeypatch.setattr(disk.shutil, "disk_usage", fail)
    assert disk.described(tmp_path).endswith(" (which cannot be read)")


class Probe(io.BytesIO):
    """Its content outlives it."""

    def close(self):
        self.content = self.getvalue()
        super().close()


@pytest.mark.parametrize("sizes", [{}, {"exotrain.db": 700, "exotrain.db-wal": 1000}])
def test_a_probe_begins_where_the_longest_of_the_files_ends(tmp_path, monkeypatch, sizes):
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    probe = Probe()
    monkeypatch.setattr(disk.tempfile, "TemporaryFile", lambda dir: probe)
    assert disk.why_full(tmp_path / "exotrain.db") is None
    assert len(probe.content) == max(sizes.values(), default=0) + 65_536


@pytest.mark.parametrize(("code", "is_to_blame"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_a_probe_that_fails_tells_why_and_lies_beside_the_file(
    tmp_path, monkeypatch, code, is_to_blame
):
    error = OSError(code, "x")
    folders = []

    def fail(dir=None):
        folders.append(dir)
        raise error

    monkeypatch.setattr(disk.tempfile, "TemporaryFile", fail)
    assert disk.why_full(tmp_path / "exotrain.db") is (error if is_to_blame else None)
    assert folders == [tmp_path]
