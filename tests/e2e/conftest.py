"""Servers and a browser for the end-to-end tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.ray_cluster import RayCluster
from tests.e2e.server import Client, Server


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers that are ended after the test."""
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        data_dir = tmp_path / f"data{len(servers)}"
        data_dir.mkdir()
        servers.append(Server(data_dir, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


# Each way to train; `make test` takes the usual one, and `make test-all` the cluster besides.
RUNNERS = (
    "process",
    pytest.param("thread", marks=[pytest.mark.slow, pytest.mark.long]),
    pytest.param("ray", marks=pytest.mark.slow),
)


# Of tests that take minutes with each: on Ray the cluster's own tests do the same in less time.
RUNNERS_IN_TURN = (
    "process",
    pytest.param("thread", marks=[pytest.mark.slow, pytest.mark.long]),
    pytest.param("ray", marks=[pytest.mark.slow, pytest.mark.long]),
)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """A cluster with one node of one processor."""
    with RayCluster() as cluster:
        cluster.add_node()
        yield cluster


@pytest.fixture(scope="session")
def runner_environment(request: pytest.FixtureRequest) -> Callable[[str], dict[str, str]]:
    """Gives the variables of a server that trains one session at a time, by a runner's name."""

    def variables(runner: str) -> dict[str, str]:
        if runner != "ray":
            return {"EXOTRAIN_RUNNER": runner}
        cluster: RayCluster = request.getfixturevalue("ray_cluster")
        return {**cluster.server_environment, "EXOTRAIN_TRAININGS": "1"}

    return variables


@pytest.fixture(scope="module", params=RUNNERS)
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    runner_environment: Callable[[str], dict[str, str]],
) -> Iterator[Server]:
    """One server for a module's tests, once with each runner."""
    yield from serve(request, tmp_path_factory, runner_environment)


def serve(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    runner_environment: Callable[[str], dict[str, str]],
) -> Iterator[Server]:
    """A server with the runner that a fixture is asked for, and one worker that waits."""
    data_dir = tmp_path_factory.mktemp(f"data_{request.param}")
    variables = runner_environment(request.param)
    server = Server(data_dir, EXOTRAIN_WARM_WORKERS="1", **variables)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    """The administrator of that server."""
    return Client(server)


@pytest.fixture
def key(client: Client) -> str:
    """A workspace of the test's own."""
    return client.workspace()


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module's visitors."""
    data_dir = tmp_path_factory.mktemp("page_data")
    server = Server(data_dir, EXOTRAIN_RUNNER="process")
    yield server
    server.stop()
