"""The demo's HTTP client."""

import socket

import pytest

from backend.demo.client import Api, DemoFailed


@pytest.fixture
def unreachable() -> Api:
    """The address of a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return Api(f"http://127.0.0.1:{port}", "token")


def test_a_server_that_does_not_answer_is_explained(unreachable: Api):
    with pytest.raises(DemoFailed, match="does not answer"):
        unreachable.get("/api/health")


def test_a_server_that_does_not_answer_is_not_healthy(unreachable: Api):
    assert not unreachable.is_healthy()
