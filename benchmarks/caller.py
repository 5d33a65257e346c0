"""One connection to a server, kept open, as a client has one that asks again and again."""

import http.client
import json
import urllib.parse
from typing import Any

from tests.e2e.server import TOKEN


class Caller:
    """One connection to a server, kept open."""

    def __init__(self, address: str) -> None:
        host = urllib.parse.urlsplit(address)
        self._connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=200)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The response, read to its end."""
        return self.call("GET", path, None, headers)

    def post(self, path: str, body: dict[str, Any]) -> http.client.HTTPResponse:
        """The response, read to its end."""
        headers = {"Content-Type": "application/json"}
        return self.call("POST", path, json.dumps(body).encode(), headers)

    def call(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {TOKEN}", **headers}
        try:
            response = self._exchange(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.close()  # it was idle for too long while the other server was measured
            response = self._exchange(method, path, body, headers)
        response.read()
        if response.status not in (200, 304):
            raise RuntimeError(f"{method} {path}: {response.status}")
        return response

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()
