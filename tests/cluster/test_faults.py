"""What is killed, stopped or joins late while sessions train on a cluster: none of them is lost."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api import catalogue
from tests.e2e.server import is_running, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_session_goes_on_elsewhere_when_its_node_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    watched.cluster.kill(watched.node_of(session_id))
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.check()
    watched.cluster.add_node()


def test_a_session_goes_on_when_the_bridge_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    os.kill(watched.bridge(), signal.SIGKILL)
    wait_for(watched.reasons, lambda reasons: "cluster" in reasons)
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    assert "cluster" not in watched.reasons()
    watched.check(is_alone=False)


def test_a_cancelled_session_leaves_nothing_on_its_node(watched):
    session_id = watched.train(epochs=500)
    watched.wait(session_id, epochs=1)
    watched.client.post(f"/api/training/session/{session_id}/cancel")
    assert watched.wait(session_id)["status"] == "cancelled"
    watched.check()


def test_a_session_goes_on_when_the_server_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    children = watched.server.children()
    watched.server.stop(signal.SIGKILL)
    wait_for(lambda: any(map(is_running, children)), lambda any_runs: not any_runs, 20)
    watched.server.start()
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.check(is_alone=False)


@pytest.mark.long
def test_a_session_that_waits_for_a_node_starts_when_it_joins(watched):
    session_id = watched.train(cpus=2)
    waiting = watched.client.wait(session_id, lambda session: session["waiting_for"])
    assert "2 CPUs" in waiting["waiting_for"]
    other = watched.train()
    watched.completed(other)  # it is not held up
    assert watched.client.session(session_id)["status"] == "pending"
    node = watched.cluster.add_node(cpus=2)
    watched.completed(session_id)
    watched.check()
    watched.cluster.kill(node)


def test_a_session_that_has_no_place_can_be_cancelled(watched):
    session_id = watched.train(gpus=1)
    waiting = watched.client.wait(session_id, lambda session: session["waiting_for"])
    assert waiting["waiting_for"] == "Waiting for 1 GPU; the cluster has 0."
    watched.client.post(f"/api/training/session/{session_id}/cancel")
    assert watched.wait(session_id)["status"] == "cancelled"


def test_a_session_that_takes_the_memory_of_its_node_fails_in_words_that_name_it(watched):
    """Ray's own monitor ends it; only this node has one that is so strict."""
    total, used = memory_mb()
    node = watched.cluster.add_node(
        cpus=3,
        RAY_memory_usage_threshold=str((used + 1500) / total),
        RAY_memory_monitor_refresh_ms="100",
        LIGHT_EPOCH_MB="400",
    )
    session_id = watched.train(epochs=30, cpus=3)
    session = watched.wait(session_id)
    assert session["status"] == "failed"
    assert session["error"]["reason"] == "out_of_memory"
    assert "too little memory" in session["error"]["message"]
    assert platform.node() in session["error"]["message"]
    watched.check()
    watched.cluster.kill(node)


def memory_mb():
    """All memory of this machine, and what is used of it."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return found["MemTotal"], found["MemTotal"] - found["MemAvailable"]


# Another program on the cluster that holds more than the head's object store has room for.
_FILLER = """
import sys
import numpy, ray
ray.init(address=sys.argv[1], log_to_driver=False)
held = [ray.put(numpy.ones(20_000_000, numpy.uint8)) for _ in range(8)]
print("full", flush=True)
sys.stdin.read()
"""


@pytest.mark.long
def test_a_full_object_store_holds_up_no_session(watched, tmp_path):
    file = tmp_path / "large.csv"
    file.write_text(catalogue(rows=3000))  # its table is too large to go beside the store
    dataset_id = watched.client.upload(watched.key, file)["id"]
    filler = subprocess.Popen(
        [sys.executable, "-c", _FILLER, watched.cluster.address],
        env={**os.environ, **watched.cluster.environment, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert filler.stdout.readline() == b"full\n"
        watched.completed(watched.client.train(watched.key, dataset_id, epochs=2))
    finally:
        filler.kill()
        filler.wait()
    watched.check()


def test_a_session_leaves_a_node_that_is_stopped(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    node = watched.node_of(session_id)
    watched.cluster.signal(node, signal.SIGSTOP)
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.cluster.signal(node, signal.SIGCONT)
    watched.cluster.kill(node)
    watched.check(is_alone=False)
    watched.cluster.add_node()


@pytest.mark.long
def test_a_new_head_takes_over_at_the_same_address(watched):
    session_id = watched.train(epochs=20)
    watched.wait(session_id, epochs=2)
    watched.cluster.kill_head()
    degraded = wait_for(watched.health, lambda health: health["status"] == "degraded")
    (reason,) = (each for each in degraded["reasons"] if each["code"] == "cluster")
    since = reason["since"]
    assert "Cluster unreachable" in reason["message"]
    other = watched.train()
    for node in list(watched.cluster.nodes):  # they end by themselves, a little later
        watched.cluster.kill(node)
    wait_for(
        lambda: watched.client.session(session_id)["status"], lambda status: status == "pending"
    )
    assert watched.reasons()["cluster"]["since"] == since
    watched.cluster.start_head()
    for _ in range(2):
        watched.cluster.add_node()
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.completed(other)
    assert watched.health()["status"] == "healthy"
    watched.check(is_alone=False)
