"""Guessing tokens: limited for each address, logged once a minute, no hindrance to anybody else."""

import http.client
import re
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.e2e.server import TOKEN, Client, Server, wait_for

pytestmark = pytest.mark.e2e

LIMIT = 20


class Caller:
    """A client at one of this machine's addresses."""

    def __init__(self, server: Server, source: str = "127.0.0.1") -> None:
        netloc = urlsplit(server.address)
        assert netloc.port is not None
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", netloc.port, timeout=60, source_address=(source, 0)
        )

    def call(self, token: str | None, **headers: str) -> http.client.HTTPResponse:
        """GET /api/me with a token."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("GET", "/api/me", headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer

    def statuses(self, count: int, token: str | None, **headers: str) -> Counter[int]:
        """The statuses of so many calls; the token is another one each time."""
        return Counter(
            self.call(token and f"{token}-{number}", **headers).status for number in range(count)
        )


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


def test_wrong_tokens_are_refused_after_the_limit_and_a_valid_one_never(server: Server):
    guesser = Caller(server)
    began = time.monotonic()
    answers = guesser.statuses(300, "wrong")
    minutes = 1 + int((time.monotonic() - began) // 60)  # more than one on a busy machine only
    assert LIMIT <= answers[401] <= LIMIT * minutes
    assert answers[401] + answers[429] == 300
    refusal = guesser.call("wrong")
    assert 1 <= int(refusal.headers["Retry-After"]) <= 60
    assert refusal.headers["Content-Type"] == "application/problem+json"
    assert guesser.call(TOKEN).status == 200
    assert guesser.call(None).status == 401


def test_a_missing_token_never_counts(server: Server):
    caller = Caller(server)
    assert caller.statuses(3 * LIMIT, None) == {401: 3 * LIMIT}
    assert caller.statuses(LIMIT + 1, "wrong") == {401: LIMIT, 429: 1}


def test_another_address_has_a_limit_of_its_own_and_a_header_does_not_make_one(server: Server):
    Caller(server).statuses(LIMIT + 1, "wrong")
    assert Caller(server, "127.0.0.2").call("wrong").status == 401
    for forwarded in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        value = "for=192.0.2.1" if forwarded == "Forwarded" else "192.0.2.1"
        assert Caller(server).call("wrong", **{forwarded: value}).status == 429


def test_a_revoked_token_counts_like_a_wrong_one(server: Server):
    made = Client(server).post("/api/tokens", 201, json={"user": "guest"})
    caller = Caller(server, "127.0.0.3")
    assert caller.call(made["token"]).status == 200
    Client(server).call("DELETE", f"/api/tokens/{made['id']}", 200)
    answers = Counter(caller.call(made["token"]).status for _ in range(LIMIT + 5))
    assert answers == {401: LIMIT, 429: 5}


def test_the_limit_can_be_set(start_server: Callable[..., Server]):
    server = start_server(EXOTRAIN_WRONG_TOKENS="3")
    assert Caller(server).statuses(5, "wrong") == {401: 3, 429: 2}


def test_many_wrong_tokens_are_a_line_in_the_log_and_an_entry_for_each_address(server: Server):
    began = time.monotonic()
    for source in ("127.0.0.1", "127.0.0.2"):
        Caller(server, source).statuses(100, "wrong")
    line = re.compile(r"WARNING .*: ([\d,]+) wrong tokens.* from \d+ address\w*; most from 127\.")
    wait_for(server.log.read_text, lambda text: bool(line.search(text)))
    server.stop()
    found = [int(number.replace(",", "")) for number in line.findall(server.log.read_text())]
    assert sum(found) == 200
    # One after the first second, one at the end, and one a minute on a busy machine.
    assert len(found) <= 2 + (time.monotonic() - began) // 60
    assert "wrong-4" not in server.log.read_text()
    server.start()
    entries = Client(server).get("/api/audit?action=sign_in_failed")["entries"]
    assert {each["address"] for each in entries} == {"127.0.0.1", "127.0.0.2"}
    assert len(entries) <= 2 * len(found)
    counts = [int(each["detail"].split()[0].replace(",", "")) for each in entries]
    assert sum(counts) == 200


def test_behind_a_trusted_proxy_each_client_has_a_limit_of_its_own(
    start_server: Callable[..., Server],
):
    server = start_server(
        EXOTRAIN_WRONG_TOKENS="3",
        EXOTRAIN_TRUSTED_PROXIES="127.0.0.1",
    )
    proxy, other = Caller(server), Caller(server, "127.0.0.2")
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    assert proxy.statuses(5, "wrong", **forwarded) == {401: 3, 429: 2}
    assert proxy.call("wrong", **{"X-Forwarded-For": "192.0.2.2"}).status == 401
    # What others say of themselves does not count.
    assert other.call("wrong", **forwarded).status == 401
