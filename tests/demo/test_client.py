"""The demo's HTTP client."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from backend.demo.client import Api, DemoFailed

Answers = list[tuple[int, dict[str, str]]]


@pytest.fixture
def unreachable() -> Api:
    """The address of a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return Api(f"http://127.0.0.1:{port}", "token")


@pytest.fixture
def answering() -> Iterator[Callable[[Answers], Api]]:
    """Starts a server that gives these answers, a status and headers each, one after the other."""
    servers: list[HTTPServer] = []

    def answering(answers: Answers) -> Api:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b'{"answered": true}')

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever).start()
        return Api(f"http://127.0.0.1:{servers[-1].server_port}", "token")

    yield answering
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


def test_a_server_that_does_not_answer_is_explained(unreachable: Api):
    with pytest.raises(DemoFailed, match="does not answer"):
        unreachable.get("/api/health")


def test_a_server_that_does_not_answer_is_not_healthy(unreachable: Api):
    assert not unreachable.is_healthy()


def test_a_busy_server_is_asked_again_after_the_time_that_it_names(
    answering: Callable[[Answers], Api], waited: list[float]
):
    busy: Answers = [(429, {"Retry-After": "7"}), (503, {"Retry-After": "0"}), (200, {})]
    assert answering(busy).post("/api/predict") == {"answered": True}
    assert waited == [7, 1]


def test_a_server_that_stays_busy_is_given_up(
    answering: Callable[[Answers], Api], waited: list[float]
):
    with pytest.raises(DemoFailed, match="answered 429"):
        answering([(429, {"Retry-After": "50"})] * 3).post("/api/predict")
    assert waited == [50, 50]


@pytest.mark.parametrize("answer", [(401, {"Retry-After": "1"}), (503, {}), (429, {})])
def test_what_waiting_does_not_mend_ends_the_demo_at_once(
    answering: Callable[[Answers], Api], waited: list[float], answer: tuple[int, dict[str, str]]
):
    rest: Answers = [answer, (200, {})]
    with pytest.raises(DemoFailed):
        answering(rest).post("/api/predict")
    assert len(rest) == 1
    assert not waited
