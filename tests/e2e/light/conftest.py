"""A server whose sessions take a second, for a module's visitors."""

from collections.abc import Iterator

import pytest

from tests.e2e.server import Client, Server
from tests.soak.hooks import environment


@pytest.fixture(scope="module")
def light_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("data")
    lines = tmp_path_factory.mktemp("journal")
    server = Server(folder, **environment("watched_jobs", TRAINER="light", JOURNAL=lines))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def people(light_server: Server) -> Client:
    return Client(light_server)
