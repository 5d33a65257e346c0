"""A node's own folder: fetched once, checked, swept, and never somebody else's."""

import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest

from backend.cluster.node import folder as module
from backend.cluster.node.folder import DamagedOnTheWay, NodeFolder
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


def fetching(*pieces):
    """A fetch that notes how often it is called."""

    def fetch():
        fetch.calls += 1
        yield from pieces

    fetch.calls = 0
    return fetch


def test_a_file_is_fetched_once_and_is_in_every_data_folder(folder):
    fetch = fetching(CONTENT[:3], CONTENT[3:])
    targets = [folder.make_data_folder() / "uploads" / "1" / "d.npy" for _ in range(2)]
    for target in targets:
        folder.put(SHA256, target, fetch)
    assert [each.read_bytes() for each in targets] == [CONTENT, CONTENT]
    assert fetch.calls == 1


def test_a_file_is_fetched_once_by_sessions_that_begin_together(folder):
    goes_on = threading.Event()
    calls = []

    def fetch():
        calls.append(1)
        goes_on.wait(20)
        yield CONTENT

    targets = [folder.make_data_folder() / "d.npy" for _ in range(3)]
    threads = [threading.Thread(target=folder.put, args=(SHA256, t, fetch)) for t in targets]
    for each in threads:
        each.start()
    goes_on.set()
    for each in threads:
        each.join(20)
    assert [each.read_bytes() for each in targets] == 3 * [CONTENT]
    assert len(calls) == 1


@pytest.mark.parametrize("sent", [b"a tablE", b"a tabl", b"a table ", b""])
def test_what_was_damaged_on_the_way_is_not_used_and_is_fetched_again(folder, sent):
    target = folder.make_data_folder() / "d.npy"
    with pytest.raises(DamagedOnTheWay, match=SHA256):
        folder.put(SHA256, target, fetching(sent))
    assert not target.exists()
    assert files_in(folder.path / "cache") == {}
    folder.put(SHA256, target, fetching(CONTENT))
    assert target.read_bytes() == CONTENT


def test_a_fetch_that_fails_leaves_nothing(folder):
    def fetch():
        yield CONTENT[:3]
        raise OSError("the node is gone")

    with pytest.raises(OSError, match="gone"):
        folder.put(SHA256, folder.make_data_folder() / "d.npy", fetch)
    assert files_in(folder.path / "cache") == {}


def ended_process():
    return subprocess.run(
        [sys.executable, "-S", "-c", "import os; print(os.getpid())"],
        capture_output=True, check=True, text=True,
    ).stdout.strip()  # fmt: skip


def test_data_folders_of_processes_that_are_gone_are_swept_and_others_are_not(folder):
    mine = folder.make_data_folder()
    parents = folder.path / "work" / f"{os.getppid()}-00000000"
    gone = folder.path / "work" / f"{ended_process()}-00000000"
    for each in (parents, gone):
        (each / "uploads").mkdir(parents=True)
    folder.sweep()
    assert sorted((folder.path / "work").iterdir()) == sorted([mine, parents])


def test_a_worker_that_is_gone_leaves_no_data_folder(folder):
    mine = folder.make_data_folder()
    folder.remove_data_folder(mine)
    folder.remove_data_folder(mine)
    assert list((folder.path / "work").iterdir()) == []


def test_the_folder_of_a_node_that_nobody_has_used_for_a_week_is_swept(folder, base):
    old, young = NodeFolder("n2"), NodeFolder("n3")
    week = time.time() - 8 * 86_400
    for part in ("cache", "work"):
        os.utime(old.path / part, (week, week))
    os.utime(young.path / "cache", (week, week))
    folder.sweep()
    assert sorted(each.name for each in base.iterdir()) == ["n1", "n3"]


def test_what_was_used_longest_ago_leaves_the_cache(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_CACHED_BYTES", 10)
    data = folder.make_data_folder()
    names = [hashlib.sha256(b"%d" % n * 5).hexdigest() for n in range(3)]
    for n, name in enumerate(names):
        folder.put(name, data / f"{n}.npy", fetching(b"%d" % n * 5))
        os.utime(folder.path / "cache" / name, (1000 + n, 1000 + n))
    folder.put(names[0], data / "again.npy", fetching())  # it is the newest now
    folder.sweep()
    assert set(files_in(folder.path / "cache")) == {names[0], names[2]}
    assert len(list(data.glob("*.npy"))) == 4  # what sessions have stays


def test_what_comes_and_goes_during_a_sweep_is_no_error(folder, monkeypatch):
    for name in ("one", "two"):
        (folder.path / "cache" / name).write_bytes(b"x")
    listed = type(folder.path).iterdir

    def iterdir(path):
        found = list(listed(path))
        for each in found:
            if each.name == "one":
                each.unlink()  # a partial file that got its name meanwhile
        return iter(found)

    monkeypatch.setattr(type(folder.path), "iterdir", iterdir)
    folder.sweep()
    monkeypatch.undo()
    assert list(files_in(folder.path / "cache")) == ["two"]


def test_a_folder_of_somebody_else_is_not_used(base, monkeypatch):
    NodeFolder("n1")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError, match="EXOTRAIN_NODE_DIR"):
        NodeFolder("n1")


def test_without_the_setting_the_folder_is_a_private_one_of_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("EXOTRAIN_NODE_DIR", raising=False)
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: str(tmp_path))
    made = NodeFolder("n1")
    base = tmp_path / f"exotrain-node-{os.getuid()}"
    assert made.path == base / "n1"
    for each in (base, made.path, made.path / "cache", made.path / "work"):
        assert each.stat().st_mode & 0o777 == 0o700
