"""A cluster for the tests of this folder: a head and two nodes of one processor each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.ray_cluster import RayCluster
from tests.cluster.watched import Watched, hooks


@pytest.fixture(scope="session")
def journal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers of the cluster write what they do."""
    return tmp_path_factory.mktemp("journal")


@pytest.fixture(scope="session")
def light_cluster(journal_folder: Path) -> Iterator[RayCluster]:
    """Its workers train without TensorFlow; a test that takes a node away adds one again."""
    with RayCluster(hooks(journal_folder)) as cluster:
        for _ in range(2):
            cluster.add_node()
        yield cluster


@pytest.fixture(scope="module")
def watched(
    light_cluster: RayCluster, journal_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """One server for the tests of a module; all of it is checked at the end."""
    made = Watched(light_cluster, tmp_path_factory.mktemp("watched"), journal_folder)
    try:
        made.until_reachable()
        yield made
        made.close()
    finally:
        made.server.process.kill()
