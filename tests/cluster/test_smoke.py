"""A session on a real cluster, as quickly as there can be one; the rest is slow."""

import pytest

from tests.cluster.ray_cluster import RayCluster
from tests.cluster.watched import Watched, hooks

pytestmark = pytest.mark.e2e


def test_a_session_trains_on_a_cluster_and_leaves_nothing_there(tmp_path):
    journal = tmp_path / "journal"
    journal.mkdir()
    with RayCluster(hooks(journal)) as cluster:
        node = cluster.add_node()
        watched = Watched(cluster, tmp_path / "server", journal)
        try:
            session = watched.completed(watched.train(epochs=2))
            assert session["epochs_completed"] == 2
            assert list(node.files.glob("*/cache/*"))  # what it read was there
            watched.check()
            watched.close()
        finally:
            watched.server.process.kill()
