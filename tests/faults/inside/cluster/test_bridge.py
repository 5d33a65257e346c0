"""A bridge or a node that gets no thread or no pipe: it ends, and the server starts another."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from backend import wire
from backend.background.cluster import bridge_keeper
from backend.background.cluster.ray_runner import RayRunner
from backend.cluster.node import predictions, session, workers
from backend.cluster.node.folder import NodeFolder
from backend.config import REPOSITORY, Settings
from backend.troubles import Troubles
from tests import messages
from tests.background.cluster.fake_bridge import bridge
from tests.cluster.ray_cluster import require_ray
from tests.e2e.server import is_running, wait_for
from tests.faults.plan import environment

__all__ = ["bridge"]

SECONDS = 60


def run_bridge(faults, tmp_path, **options):
    """The exit code of a bridge whose cluster nobody has started."""
    command = [sys.executable, "-m", "backend.cluster", "--parent", str(os.getpid())]
    command += ["--data-dir", str(tmp_path), "--address", "127.0.0.1:1"]
    return subprocess.run(
        command,
        env={**os.environ, **environment(faults)},
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
        **options,
    )


@pytest.fixture
def open_input():
    """A pipe into which nothing is written."""
    reading, writing = os.pipe()
    yield reading
    for each in (reading, writing):
        os.close(each)


@pytest.mark.parametrize("name", ["input", "connecting"])
def test_a_bridge_that_gets_no_thread_ends(faults, tmp_path, open_input, name):
    require_ray()
    fault = faults.add("thread", name, "none")
    done = run_bridge(faults, tmp_path, stdin=open_input, stdout=subprocess.PIPE)
    assert fault.effects == 1
    assert done.returncode == 1


def test_a_bridge_whose_output_cannot_be_opened_ends(faults, tmp_path, open_input):
    fault = faults.add("open", "*", "EMFILE", caller="*pipes.Output.__init__")
    with open(tmp_path / "output", "wb") as output:
        done = run_bridge(faults, tmp_path, stdin=open_input, stdout=output)
    assert fault.effects == 1
    assert done.returncode == 1


def test_a_bridge_without_an_input_ends(faults, tmp_path):
    (tmp_path / "input").write_bytes(b"")
    fault = faults.add("open", "*", "EMFILE", caller="*pipes.lines")
    with open(tmp_path / "input", "rb") as commands:
        done = run_bridge(faults, tmp_path, stdin=commands, stdout=subprocess.PIPE)
    assert fault.effects == 1
    assert done.returncode == 1


def test_a_bridge_that_nobody_hears_ends(faults, tmp_path, open_input):
    require_ray()
    reading, writing = os.pipe()
    os.close(reading)
    done = run_bridge(faults, tmp_path, stdin=open_input, stdout=writing)
    os.close(writing)
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["bridge", "judge of the bridge", "cluster"])
def test_a_runner_that_gets_no_thread_says_so_at_the_start(faults, tmp_path, name):
    settings = Settings(data_dir=tmp_path, runner="ray", ray_address="h:1", warm_workers=0)
    runner = RayRunner(settings, lambda *_event: None, Troubles())
    runner.close()  # no bridge is needed
    fault = faults.add("thread", name, "none")
    with pytest.raises(RuntimeError, match="new thread"):
        runner.begin(lambda: None)
    assert fault.effects == 1


def test_a_bridge_to_which_nobody_could_write_is_ended_and_replaced(
    faults, bridge, tmp_path, monkeypatch
):
    monkeypatch.setattr(bridge_keeper, "FIRST_PAUSE_SECONDS", 0.1)
    bridge.be("say(CLUSTER)\nheard('x')")
    settings = Settings(data_dir=tmp_path, runner="ray", ray_address="h:1", warm_workers=0)
    runner = RayRunner(settings, lambda *_event: None, Troubles())
    fault = faults.add("thread", "to the bridge", "none")
    runner.begin(lambda: None)
    wait_for(lambda: runner.is_reachable, bool, SECONDS)
    assert fault.effects == 1
    assert len(children_of_this_process() & set(bridge.processes())) == 1
    runner.close()


def children_of_this_process():
    """The process ids of its children that live."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= set(map(int, (task / "children").read_text().split()))
    return {each for each in found if is_running(each)}


@pytest.fixture
def idle_bridge(tmp_path, monkeypatch):
    """A bridge that is connected to nothing."""
    require_ray()
    from backend.cluster import bridge
    from backend.storage.layout import Storage

    storage = Storage(tmp_path)
    storage.make_folders()
    made = object.__new__(bridge.Bridge)
    made._sessions, made._lock, made._storage = {}, threading.Lock(), storage
    made._send, made._nodes, made._parcels = print, None, None
    answered = SimpleNamespace(remote=lambda *_: None)
    made._desk = SimpleNamespace(begin=answered, request=answered, forget=answered)
    monkeypatch.setattr(bridge.ray, "get", lambda *_, **__: None)
    made._predicting = bridge.ThreadPoolExecutor(1, "predictions")
    return made


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (
            "session 7",
            wire.Assign(
                job=messages.job(session_id=7),
                needs=wire.Needs(cpus=1, gpus=0.0, memory_mb=None),
            ),
        ),
        (
            "predictions_0",
            wire.Predict(
                cpus=1,
                request=wire.PredictionRequest(
                    id=1,
                    model_file="1/m.keras",
                    sha256="s",
                    rows=b"",
                    source="koi",
                    neighbours_sha256=None,
                    relations=None,
                ),
            ),
        ),
    ],
)
def test_a_command_for_which_there_is_no_thread_ends_the_bridge(faults, idle_bridge, name, command):
    fault = faults.add("thread", name, "none")
    with pytest.raises(RuntimeError, match="new thread"):  # `_obey` ends the process
        idle_bridge.obey(command)
    assert fault.effects == 1


def test_a_node_for_whose_look_there_is_no_thread_ends_the_bridge(faults):
    require_ray()
    from backend.cluster.nodes import Nodes

    nodes = Nodes()
    fault = faults.add("thread", "look", "none")
    with pytest.raises(RuntimeError, match="new thread"):  # `watch` ends the process
        nodes._look_at("n1")
    assert fault.effects == 1


@pytest.fixture
def own_cluster(monkeypatch, tmp_path):
    """The module of the bridge; the folders of its own clusters are below this one."""
    require_ray()
    from backend.cluster import bridge

    monkeypatch.setattr(bridge, "Path", lambda _tmp: tmp_path)
    made = tempfile.mkdtemp
    monkeypatch.setattr(
        bridge.tempfile, "mkdtemp", lambda prefix, dir: made(prefix=prefix, dir=tmp_path)
    )
    return bridge


def test_the_folder_of_a_bridge_that_is_gone_is_deleted_if_it_can_be(faults, own_cluster, tmp_path):
    older = tmp_path / f"exo-{os.getuid()}-{2**22 + 1}-abcd"  # above the largest process id
    strange = tmp_path / f"exo-{os.getuid()}-notes"
    for each in (older, strange):
        each.mkdir()
    fault = faults.add("unlink", f"*{older.name}", "EIO")
    kept = Path(own_cluster._short_folder())
    assert fault.effects == 1
    assert older.exists()
    own_cluster._short_folder()
    assert not older.exists()
    assert kept.exists()
    assert strange.exists()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EXOTRAIN_NODE_DIR", str(tmp_path / "node"))
    return NodeFolder("n1")


def test_a_session_for_which_a_node_has_no_thread_ends_with_its_worker(faults, folder, monkeypatch):
    ended = []
    worker = SimpleNamespace(
        data=folder.make_data_folder(),
        begin=lambda *_: True,
        end=lambda: ended.append(folder.remove_data_folder(worker.data)),
    )
    monkeypatch.setattr(workers, "take", lambda *_: worker)
    needs = wire.Needs(cpus=1, gpus=0.0, memory_mb=None)
    started = session.Session(messages.job(), needs, folder, lambda: "go on", prepares=False)
    fault = faults.add("thread", "*", "none", caller="*node.session.Session.run")
    with pytest.raises(RuntimeError, match="new thread"):
        list(started.run(lambda _data: None))
    assert fault.effects == 1
    assert len(ended) == 1
    assert list(folder.path.glob("work/*")) == []


def test_a_predictor_for_which_a_node_has_no_thread_leaves_no_folder(faults, folder):
    fault = faults.add("thread", "idle", "none")
    with pytest.raises(RuntimeError, match="new thread"):
        predictions.Predictor(folder, 1)
    assert fault.effects == 1
    assert list(folder.path.glob("work/*")) == []


def test_a_cluster_of_its_own_without_a_folder_is_refused_in_words(faults):
    require_ray()
    from backend.cluster import bridge

    fault = faults.add("mkdir", "/tmp/exo-*", "ENOSPC")
    with pytest.raises(OSError, match="No space"):
        bridge._short_folder()
    assert fault.effects == 1


def test_what_is_left_of_a_killed_bridge_goes_with_the_next_one_if_it_can(faults):
    require_ray()
    from backend.cluster import bridge

    left = Path(f"/tmp/exo-{os.getuid()}-{gone_process()}-x")
    (left / "sockets").mkdir(parents=True)
    (left / "sockets" / "raylet").touch()
    fault = faults.add("unlink", "*raylet", "EACCES")
    first = bridge._short_folder()
    assert fault.effects == 1
    assert left.exists()
    second = bridge._short_folder()
    assert not left.exists()
    for each in (first, second):
        assert len(each) < 40
        os.rmdir(each)


def gone_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid
