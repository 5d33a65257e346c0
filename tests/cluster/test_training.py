"""A real session on a cluster: what comes back is what the server's own machine would have made."""

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.cluster.ray_cluster import processes_of
from tests.e2e.conftest import ray_cluster
from tests.e2e.light.curves.tables import bring_curves, write_many
from tests.e2e.server import (
    TOKEN,
    Client,
    Server,
    history_without_times,
    small_catalogue,
    wait_for,
)

__all__ = ["ray_cluster"]

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

SPEC = {"epochs": 2, "batch_size": 32, "seed": 3}

SECRET = f"{TOKEN}-that-only-the-server-knows"


@pytest.fixture(scope="module")
def trained(ray_cluster, tmp_path_factory):
    """The same session on this machine and on a cluster; the server's data folder, and itself."""
    folder = tmp_path_factory.mktemp("trained")
    catalogue = small_catalogue(folder)
    files = write_many(folder / "curves")
    found = {}
    environments = {
        "process": {"EXOTRAIN_RUNNER": "process", "EXOTRAIN_THREADS": "1"},
        "ray": ray_cluster.server_environment,
    }
    for runner, environment in environments.items():
        data_dir = folder / runner
        data_dir.mkdir()
        server = Server(data_dir, **environment, EXOTRAIN_TOKEN=SECRET)
        try:
            client = Client(server, SECRET)
            key = client.workspace()
            dataset = client.upload(key, catalogue)
            session_id = client.train(key, dataset["id"], **SPEC)
            client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
            if runner == "ray":
                found["environments"] = environments_of(server, ray_cluster)
            session = client.wait(session_id)
            assert session["status"] == "completed", session["error"]
            found[runner] = (data_dir, session)
            found[f"{runner} with light curves"] = data_dir, learnt_from_curves(client, key, files)
            own = found[f"{runner} with light curves"][1]["id"]
            evaluation = client.get(f"/api/training/session/{own}/evaluation")["evaluation"]
            found["figures"] = evaluation["light_curves"]
            if runner == "ray":
                # What a server that ends leaves on a node goes with the next look at it.
                wait_for(lambda: left_on(ray_cluster.nodes[0]), lambda left: not left, 30)
        finally:
            server.stop()
    return found


def learnt_from_curves(client, key, files):
    """A session that has learnt from light curves."""
    catalogue, curves = files
    dataset = client.upload(key, catalogue)
    curve_set_id = bring_curves(client, key, curves)
    return client.complete(key, dataset["id"], curve_set_id=curve_set_id, **SPEC, test_split=0.3)


def environments_of(server, cluster):
    """The variables and the command of the bridge, and of each process of the nodes."""
    found = {}
    children = [each for each in server.children() if b"backend.cluster" in read(each, "cmdline")]
    assert children
    for each in [*children, *processes_of(cluster.nodes[0].name)]:
        found[read(each, "cmdline")] = read(each, "environ")
    return found


def read(process, what):
    try:
        return Path(f"/proc/{process}/{what}").read_bytes()
    except OSError:
        return b""  # it has ended


def test_no_process_of_the_cluster_has_the_token_of_the_server(trained):
    environments = trained["environments"]
    assert any(b"backend.worker" in command for command in environments)
    assert any(b"backend.cluster" in command for command in environments)
    assert sum(map(bool, environments.values())) > 3
    for command, environment in environments.items():
        assert SECRET.encode() not in environment + command, command


def both(trained, kind=""):
    """The data folder and the session, of this machine and of the cluster."""
    return trained[f"process{kind}"], trained[f"ray{kind}"]


KINDS = pytest.mark.parametrize("kind", ["", " with light curves"], ids=["columns", "light curves"])


@KINDS
def test_the_weights_are_the_same_array_by_array(trained, kind):
    local, remote = (
        weights(data_dir / each["model_path"]) for data_dir, each in both(trained, kind)
    )
    assert local.keys() == remote.keys()
    assert len(local) > 10
    for name, array in local.items():
        assert np.array_equal(array, remote[name]), name


def weights(model_file):
    """The arrays of a model's file, by their path in it."""
    found = {}

    def keep(name, each):
        if isinstance(each, h5py.Dataset):
            found[name] = each[()]

    with zipfile.ZipFile(model_file) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(keep)
    return found


@KINDS
def test_what_is_predicted_of_the_test_rows_is_the_same(trained, kind):
    local, remote = (
        np.load((data_dir / each["model_path"]).with_suffix(".test.npy"))
        for data_dir, each in both(trained, kind)
    )
    assert len(local) > 0
    assert local.tobytes() == remote.tobytes()


@KINDS
def test_the_epochs_are_the_same(trained, kind):
    local, remote = (history_without_times(each) for _, each in both(trained, kind))
    assert local == remote


def test_a_node_learns_from_light_curves_that_it_was_sent(trained):
    _, session = trained["ray with light curves"]
    assert session["spec"]["network"] == "light_curve_cnn"
    assert session["spec"]["curves_sha256"] is not None
    assert trained["figures"]["with_curve"]["rows"] > 5
    assert trained["figures"]["curve_hidden"] != trained["figures"]["with_curve"]


def left_on(node):
    """The data folders and the workers of a node."""
    workers = [each for each in processes_of(node.name).values() if "-m backend.worker" in each]
    return [*node.files.glob("*/work/*"), *workers]


def test_nothing_is_left_on_the_node_after_the_server(trained, ray_cluster):
    assert left_on(ray_cluster.nodes[0]) == []
