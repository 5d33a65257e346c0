"""A node's disk that fails: what is cached is whole or not there, and the next session finds it."""

import hashlib
import subprocess
import sys

import pytest

from backend.cluster.node import folder as module
from backend.cluster.node.folder import NodeFolder
from tests.faults.state import files_in

CONTENT = b"a table"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def base(tmp_path, monkeypatch):
    base = tmp_path / "node"
    monkeypatch.setenv("EXOTRAIN_NODE_DIR", str(base))
    return base


@pytest.fixture
def folder(base):
    return NodeFolder("n1")


def fetch():
    yield CONTENT


@pytest.mark.parametrize("effect", ["ENOSPC", "EIO"])
@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("mkdir", "*/uploads/1"),
        ("open", "*/cache/.*.partial"),
        ("write", "*/cache/.*.partial"),
        ("fsync", "*/cache/.*.partial"),
        ("rename", "*/cache/*"),
        ("open", "*.lock"),
        ("lock", "*.lock"),
    ],
)
def test_a_file_that_cannot_be_cached_is_fetched_whole_by_the_next_session(
    faults, folder, call, what, effect
):
    target = folder.make_data_folder() / "uploads" / "1" / "d.npy"
    fault = faults.add(call, what, effect)
    with pytest.raises(OSError, match=r"No space|output error"):
        folder.put(SHA256, target, fetch)
    assert fault.effects == 1
    assert files_in(folder.path / "cache") == {}
    folder.put(SHA256, target, fetch)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("what", ["*/node", "*/n1", "*/cache", "*/work"])
def test_a_folder_that_cannot_be_made_ends_the_session_and_the_next_one_makes_it(
    faults, base, what
):
    fault = faults.add("mkdir", what, "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        NodeFolder("n1")
    assert fault.effects == 1
    NodeFolder("n1").make_data_folder()


def test_a_data_folder_that_cannot_be_made_is_an_error(faults, folder):
    fault = faults.add("mkdir", "*/work/*", "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        folder.make_data_folder()
    assert fault.effects == 1
    assert list((folder.path / "work").iterdir()) == []


def test_what_cannot_be_deleted_goes_with_a_later_sweep(faults, folder):
    gone = subprocess.run(
        [sys.executable, "-S", "-c", "import os; print(os.getpid())"],
        capture_output=True, check=True, text=True,
    ).stdout.strip()  # fmt: skip
    mine, left = folder.make_data_folder(), folder.path / "work" / f"{gone}-00000000"
    left.mkdir()
    (left / "table").write_bytes(b"x")
    fault = faults.add("unlink", "*", "EIO", caller="*NodeFolder*", times=None)
    folder.remove_data_folder(mine)
    folder.sweep()
    assert fault.effects > 0
    assert (left / "table").exists()
    faults.clear()
    folder.sweep()
    assert list((folder.path / "work").iterdir()) == [mine]


def test_a_cache_that_cannot_be_made_smaller_stops_no_session(faults, folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_CACHED_BYTES", 1)
    folder.put(SHA256, folder.make_data_folder() / "d.npy", fetch)
    fault = faults.add("unlink", f"*/cache/{SHA256}", "EIO")
    folder.sweep()
    assert fault.effects == 1
    assert list(files_in(folder.path / "cache")) == [SHA256]
    folder.sweep()
    assert files_in(folder.path / "cache") == {}
