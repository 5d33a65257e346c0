"""Addresses, tokens, versions and nodes that do not fit: said in words, and nothing hangs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.config import REPOSITORY
from tests.api import catalogue
from tests.cluster.ray_cluster import RayCluster, require_ray
from tests.e2e.server import Client, Server, free_port, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECONDS = 90

# A test network, RFC 5737: nobody answers there.
SILENT_HOST = "203.0.113.1:6379"


@pytest.fixture
def start(tmp_path):
    """Starts a server with a cluster's settings; its client."""
    require_ray()
    servers = []

    def start(**environment):
        (tmp_path / "data").mkdir()
        variables = {"EXOTRAIN_RUNNER": "ray", "EXOTRAIN_WARM_WORKERS": "0", **environment}
        servers.append(Server(tmp_path / "data", **variables))
        return Client(servers[-1])

    yield start
    for server in servers:
        server.stop()
        assert server.process.returncode == 0


def cluster_of(client):
    """What the server says of its cluster."""
    return client.get("/api/cluster")


def waiting_session(client, tmp_path):
    """A session that was just added."""
    key = client.workspace()
    (tmp_path / "catalogue.csv").write_text(catalogue())
    return client.train(key, client.upload(key, tmp_path / "catalogue.csv")["id"], epochs=1)


def is_degraded_and_lets_a_session_wait(client, tmp_path):
    """A cluster that cannot be used is said to be so, and a session waits and can be cancelled."""
    wait_for(lambda: client.get("/api/health")["status"], lambda it: it == "degraded", SECONDS)
    session_id = waiting_session(client, tmp_path)
    session = client.session(session_id)
    assert session["status"] == "pending"
    assert "Waiting for the cluster" in session["waiting_for"]
    client.post(f"/api/training/session/{session_id}/cancel")
    assert client.session(session_id)["status"] == "cancelled"


def test_an_address_where_nothing_listens_is_named(start, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    client = start(EXOTRAIN_RAY_ADDRESS=address)
    is_degraded_and_lets_a_session_wait(client, tmp_path)
    found = wait_for(
        lambda: cluster_of(client), lambda it: "No connection" in (it["message"] or ""), SECONDS
    )
    assert address in found["message"]
    assert found["since"]


def test_a_host_that_does_not_answer_hangs_nobody(start, tmp_path):
    client = start(EXOTRAIN_RAY_ADDRESS=SILENT_HOST)
    is_degraded_and_lets_a_session_wait(client, tmp_path)
    found = wait_for(
        lambda: cluster_of(client), lambda it: SILENT_HOST in (it["message"] or ""), SECONDS
    )
    assert not found["reachable"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"EXOTRAIN_RAY_ADDRESS": "head:6379"}, "EXOTRAIN_RAY_ADDRESS is for a Ray cluster"),
        ({"EXOTRAIN_GPUS": "1"}, "EXOTRAIN_GPUS is for a Ray cluster"),
        ({"EXOTRAIN_TRAININGS": "auto"}, "EXOTRAIN_TRAININGS=auto is for a Ray cluster"),
        ({"EXOTRAIN_RUNNER": "spark"}, "expected process or thread or ray"),
    ],
)
def test_settings_that_contradict_each_other_stop_the_start_in_words(variables, words, tmp_path):
    done = subprocess.run(
        [sys.executable, "backend/app.py"],
        env={**os.environ, "EXOTRAIN_DATA_DIR": str(tmp_path), "EXOTRAIN_PORT": "0", **variables},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode != 0
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert words in last
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def cluster():
    """A head alone."""
    with RayCluster() as cluster:
        yield cluster


def test_a_wrong_token_is_said(cluster, start, tmp_path):
    client = start(**{**cluster.server_environment, "RAY_AUTH_TOKEN": "w" * 40})
    is_degraded_and_lets_a_session_wait(client, tmp_path)
    found = wait_for(
        lambda: cluster_of(client), lambda it: "No connection" in (it["message"] or ""), SECONDS
    )
    assert "RAY_AUTH_TOKEN" in found["message"]


def test_another_version_of_ray_is_said(cluster, start, tmp_path):
    client = start(**cluster.server_environment, PYTHONPATH=other_ray(tmp_path / "path"))
    is_degraded_and_lets_a_session_wait(client, tmp_path)
    found = wait_for(
        lambda: cluster_of(client), lambda it: "No connection" in (it["message"] or ""), SECONDS
    )
    assert "2.1.0" in found["message"]


def other_ray(folder: Path) -> str:
    """A path on which the bridge finds a Ray that says that it is another one."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'backend.cluster' in sys.orig_argv:\n"
        "    import ray\n"
        "    ray.__version__ = '2.1.0'\n"
    )
    return str(folder)


def test_a_node_with_other_packages_is_refused_and_sessions_wait_for_another(
    cluster, start, tmp_path
):
    stub = tmp_path / "stub" / "keras-0.0.1.dist-info"
    stub.mkdir(parents=True)
    (stub / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 0.0.1\n")
    node = cluster.add_node(PYTHONPATH=str(stub.parent))
    client = start(**cluster.server_environment)
    found = wait_for(
        lambda: cluster_of(client)["nodes"],
        lambda nodes: any("keras" in (each["refusal"] or "") for each in nodes),
        SECONDS,
    )
    (refused,) = (each for each in found if each["cpus"])
    assert "keras 0.0.1 (the server has " in refused["refusal"]
    session_id = waiting_session(client, tmp_path)
    session = client.wait(session_id, lambda session: session["waiting_for"])
    assert session["status"] == "pending"
    cluster.kill(node)


@pytest.mark.long
def test_a_node_whose_folder_belongs_to_somebody_else_is_refused(cluster, start, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    if os.getuid() == 0:
        os.chown(taken, 12345, 12345)
    else:
        pytest.skip("NO ROOT: only root can give a folder away")
    node = cluster.add_node(EXOTRAIN_NODE_DIR=str(taken))
    client = start(**cluster.server_environment)
    found = wait_for(
        lambda: cluster_of(client)["nodes"],
        lambda nodes: any("EXOTRAIN_NODE_DIR" in (each["refusal"] or "") for each in nodes),
        SECONDS,
    )
    assert any("belongs to another user" in (each["refusal"] or "") for each in found)
    cluster.kill(node)
