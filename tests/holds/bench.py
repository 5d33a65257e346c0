"""A real server with a workspace and a dataset, for sessions that are disturbed."""

from pathlib import Path
from typing import Any

from tests.e2e.server import Client, Server, small_catalogue


class Bench:
    """A server with a small catalogue."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.client = Client(server)
        self.key = self.client.workspace()
        self.dataset = self.client.upload(self.key, small_catalogue(folder))["id"]

    def train(self, **spec: Any) -> int:
        """The id of a new session."""
        return self.client.train(self.key, self.dataset, **spec)
