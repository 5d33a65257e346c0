"""Two hundred hostile connections of each kind beside one user; two hundred honest ones at once."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.server import TOKEN, Client, Server, wait_for
from tests.processes import resident_mb

pytestmark = pytest.mark.e2e

MANY = 200
MB = 1 << 20

# The promise is half a second at the 99th percentile; here the machine may be busy with other
# tests. Before, none of these questions was answered within ten seconds.
MOST_SECONDS = 10.0

UPLOAD = "/api/training/upload-dataset"
_FORM = "Content-Type: multipart/form-data; boundary=b\r\n"
_AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n"


def _head(method: str, path: str, *lines: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{''.join(lines)}\r\n".encode()


def _half_body(*lines: str) -> bytes:
    return _head("POST", UPLOAD, _FORM, *lines, "Content-Length: 5000000\r\n") + b"--b\r\n" * 2000


# What each connection sends at once; then it keeps the connection, or goes on byte by byte.
KINDS = {
    "silent": b"",
    "half a head": b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "half a body without a token": _half_body(),
    "half a body with a token": _half_body(_AUTHORIZED),
    "half a small body with a token": _head(
        "POST", "/api/workspaces", _AUTHORIZED, "Content-Length: 100\r\n"
    )
    + b'{"name":',
    "chunks that stop": _head("POST", UPLOAD, _FORM, _AUTHORIZED, "Transfer-Encoding: chunked\r\n")
    + b"5\r\nhello\r\n",
    "slow reader": _head("GET", "/static/vendor/swagger-ui/swagger-ui-bundle.js") * 3,
    "false length": _head("POST", UPLOAD, _FORM, "Content-Length: -1\r\n"),
    "two hosts": b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"EXOTRAIN_WARM_WORKERS": "0", "EXOTRAIN_QUOTA_WORKSPACES": "10000"}
    server = Server(tmp_path_factory.mktemp("data"), **settings)
    yield server
    server.stop()


class Crowd:
    """Connections that a hostile client holds."""

    def __init__(self, server: Server, opening: bytes, *, drips: bool) -> None:
        url = urlsplit(server.address)
        self._is_over = threading.Event()
        self.sockets = []
        for _ in range(MANY):
            connection = socket.create_connection((url.hostname, url.port), timeout=20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(ConnectionError):
                connection.sendall(opening)
            self.sockets.append(connection)
        self._dripper = threading.Thread(target=self._drip if drips else lambda: None)
        self._dripper.start()

    def close(self) -> None:
        self._is_over.set()
        self._dripper.join()
        for connection in self.sockets:
            connection.close()

    def _drip(self) -> None:
        while not self._is_over.wait(0.2):
            for connection in self.sockets:
                with contextlib.suppress(OSError):
                    connection.send(b"x")


@contextlib.contextmanager
def crowd(server: Server, opening: bytes, *, drips: bool = False) -> Iterator[Crowd]:
    held = Crowd(server, opening, drips=drips)
    try:
        yield held
    finally:
        held.close()


def slowest(question: Callable[[], object], times: int) -> float:
    """Seconds that the slowest of some questions took."""
    seconds = []
    for _ in range(times):
        begin = time.monotonic()
        question()
        seconds.append(time.monotonic() - begin)
    return max(seconds)


@pytest.mark.parametrize("drips", [False, True], ids=["and wait", "byte by byte"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_crowd_of_hostile_connections_keeps_nobody_waiting(server, kind, drips):
    client = Client(server)
    key = client.workspace()
    before = resident_mb(server.process.pid)
    with crowd(server, KINDS[kind], drips=drips) as held:
        if kind == "slow reader":
            assert held.sockets[-1].recv(12) == b"HTTP/1.1 200"
        for question in (
            lambda: requests.get(f"{server.address}/api/health", timeout=20).raise_for_status(),
            lambda: client.get("/api/me"),
            lambda: client.get(f"/api/training/sessions?workspace_key={key}"),
            lambda: client.post("/api/workspaces", 201, json={"name": "w"}),
        ):
            assert slowest(question, 10) < MOST_SECONDS
        assert resident_mb(server.process.pid) - before < 100


def test_two_hundred_honest_connections_at_once_are_all_answered(server):
    answers: list[int] = []
    url = f"{server.address}/api/health"
    start = threading.Barrier(MANY)

    def ask() -> None:
        start.wait()
        answers.append(requests.get(url, timeout=60).status_code)

    threads = [threading.Thread(target=ask) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * MANY


def test_endless_trailers_are_refused_and_take_no_memory(server):
    url = urlsplit(server.address)
    before = resident_mb(server.process.pid)
    head = _head("POST", UPLOAD, _FORM, _AUTHORIZED, "Transfer-Encoding: chunked\r\n")
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        connection.sendall(head + b"0\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                connection.sendall(b"X-Trailer: " + b"x" * MB)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert resident_mb(server.process.pid) - before < 30


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: -1",
        "Content-Length: +2",
        "Content-Length: 1_4",
        "Host: another",
        "X-Header: a\0b",
    ],
)
def test_a_false_head_is_400_and_the_connection_ends(server, line):
    url = urlsplit(server.address)
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        connection.sendall(_head("POST", "/api/workspaces", _AUTHORIZED, f"{line}\r\n"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "[::2]", "", "localhost:x"]
)
def test_a_loopback_server_answers_to_loopback_names_alone(server, host):
    """A page elsewhere whose name resolves to this machine must not reach it."""
    for known in ("localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:5000", "localhost."):
        headers = {"Host": known}
        assert requests.get(f"{server.address}/api/health", headers=headers).status_code == 200
    answer = requests.get(f"{server.address}/api/health", headers={"Host": host})
    assert answer.status_code == 421
    assert "EXOTRAIN_ALLOWED_HOSTS" in answer.json()["detail"]


def test_the_names_of_a_server_can_be_set(start_server):
    server = start_server(EXOTRAIN_ALLOWED_HOSTS="planets.example.org")
    url = f"{server.address}/api/health"
    assert requests.get(url, headers={"Host": "Planets.example.org:443"}).status_code == 200
    assert requests.get(url).status_code == 421


def test_no_connection_of_a_crowd_outlives_its_deadline(server):
    with crowd(server, KINDS["half a head"], drips=True) as held:
        for connection in held.sockets[:5]:
            connection.settimeout(60)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
        wait_for(lambda: Client(server).get("/api/health"), lambda health: health["status"])
