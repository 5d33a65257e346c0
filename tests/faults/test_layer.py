"""The layer itself: what is planned happens, at the call that is meant, and nothing else does."""

import errno
import fcntl
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing

import pytest

from tests.e2e.server import wait_for
from tests.faults.plan import environment


def write(path):
    with open(path, "wb") as file:
        file.write(b"x")


CALLS = {
    "fork": ("true*", lambda _folder: subprocess.run(["true"], check=True)),
    "thread": ("named", lambda _folder: threading.Thread(target=int, name="named").start()),
    "open": ("*/file", lambda folder: write(folder / "file")),
    "write": ("*/file", lambda folder: write(folder / "file")),
    "fsync": ("*/folder", lambda folder: sync(folder / "folder")),
    "rename": ("*/new", lambda folder: (folder / "old").rename(folder / "new")),
    "unlink": ("*/old", lambda folder: (folder / "old").unlink()),
    "mkdir": ("*/made", lambda folder: (folder / "made").mkdir()),
    "lock": ("*/folder", lambda folder: lock(folder / "folder", fcntl.LOCK_SH)),
    "unlock": ("*/folder", lambda folder: lock(folder / "folder", fcntl.LOCK_UN)),
    "sql": ("INSERT*", lambda folder: insert(folder / "database")),
    "pipe": ("*named*", lambda _folder: pipe(b"named")),
}
ERRORS = {"thread": RuntimeError, "sql": sqlite3.OperationalError}


def sync(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(folder, operation):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, operation)
    finally:
        os.close(descriptor)


def insert(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")


def pipe(data):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as received:
        with os.fdopen(writing, "wb") as sink:
            sink.write(data)
        return received.read()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "old").touch()
    with closing(sqlite3.connect(tmp_path / "database")) as connection:
        connection.execute("CREATE TABLE t (x)")
    return tmp_path


@pytest.mark.parametrize("call", CALLS)
def test_the_call_that_is_meant_fails_and_the_next_one_works(faults, folder, call):
    what, make = CALLS[call]
    fault = faults.add(call, what, "EIO", first=1)
    other = faults.add(call, "something else", "EIO")
    with pytest.raises(ERRORS.get(call, OSError)):
        make(folder)
    assert (fault.effects, other.calls) == (1, 0)
    make(folder)
    assert (fault.calls, fault.effects) == (2, 1)


def test_the_second_and_third_call_fail_and_no_other(faults, folder):
    faults.add("fsync", "*/folder", "ENOSPC", first=2, times=2)
    failed = []
    for _ in range(5):
        try:
            sync(folder / "folder")
        except OSError as error:
            failed.append(error.errno)
        else:
            failed.append(0)
    assert failed == [0, errno.ENOSPC, errno.ENOSPC, 0, 0]


def test_after_the_call_its_work_is_done(faults, folder):
    faults.add("rename", "*/new", "EIO", after=True)
    with pytest.raises(OSError, match="Input/output"):
        os.replace(folder / "old", folder / "new")
    assert (folder / "new").exists()


def test_only_under_the_caller_that_is_meant(faults, folder):
    faults.add("fsync", "*", "EIO", caller="*.test_layer.nobody")
    sync(folder / "folder")
    faults.add("fsync", "*", "EIO", caller="*.test_layer.sync")
    with pytest.raises(OSError, match="Input/output"):
        sync(folder / "folder")


def test_what_hangs_goes_on_when_it_is_released(faults, folder):
    fault = faults.add("fsync", "*", "hang")
    thread = threading.Thread(target=sync, args=(folder / "folder",))
    thread.start()
    wait_for(lambda: fault.effects, bool, 10)
    assert thread.is_alive()
    fault.release()
    thread.join(10)
    assert not thread.is_alive()


def test_another_process_is_killed_and_the_count_goes_on_in_the_next(faults, folder):
    faults.add("rename", "*/new", "kill", process="server")
    code = "import os, sys; os.replace(sys.argv[1], sys.argv[2])"
    command = [sys.executable, "-c", code, str(folder / "old"), str(folder / "new")]
    surroundings = {**os.environ, **environment(faults)}
    assert subprocess.run(command, env=surroundings).returncode == -9
    assert (folder / "old").exists()
    assert subprocess.run(command, env=surroundings).returncode == 0
    assert (folder / "new").exists()


def test_a_file_is_what_it_would_be_without_the_layer(tmp_path):
    path = tmp_path / "file"
    with open(path, "x+b") as both:
        both.write(b"abc")
        both.seek(0)
        assert both.read() == b"abc"
    with open(path, "a", encoding="utf-8", newline="") as text:
        text.write("é\n")
        assert text.mode == "a"
        assert text.name == path
    assert path.read_bytes() == b"abc\xc3\xa9\n"
    with tempfile.TemporaryFile() as nameless, open(path, "wb", buffering=0) as raw:
        nameless.write(b"x" * 100_000)
        assert nameless.tell() == 100_000
        assert isinstance(raw, io.FileIO)
    with pytest.raises(FileExistsError):
        open(path, "x")  # noqa: SIM115
