"""The number of a request: in the answer, in every line of the log, and in no other request's."""

import io
import json
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.log_format import JsonFormatter
from backend.web.http_server.seen import Seen
from backend.web.tracing import access_log as module
from backend.web.tracing.access_log import AccessLog
from tests.e2e.server import wait_for

ID = "X-Request-ID"


@pytest.fixture
def log():
    """The log of this process as JSON; gives its entries, each from one line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    before = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]
    logging.root.setLevel(before)
    logging.root.removeHandler(handler)


def entries_of(log, name):
    return [each for each in log() if each["logger"] == name]


def wait_for_requests(log, number):
    """The entries of the log of requests, once there are so many."""
    return wait_for(
        lambda: entries_of(log, module.log.name), lambda found: len(found) >= number, 10
    )


def test_an_answer_names_its_request_whoever_gives_it(served, token):
    assert served.ask("GET", "/api/health", X_Request_ID="from-the.proxy_1")[1][ID] == (
        "from-the.proxy_1"
    )
    for path, headers in (
        ("/none", {}),
        ("/api/me", {}),
        ("/static/main.js", {"X_Request_ID": "two words"}),
        ("/api/health", {"Host": "elsewhere.example"}),
    ):
        _, answered, _ = served.ask("GET", path, **headers)
        assert len(answered.get_all(ID)) == 1
        assert len(answered[ID]) == 16


def test_every_line_about_a_request_has_its_number_and_no_other(served, token, log):
    @served.app.get("/api/loud/<int:number>")
    def loud(number):
        logging.getLogger("loud").info("%d", number)
        raise KeyError(number)

    @served.app.get("/api/flow/<int:number>")
    def flow(number):
        def pieces():
            for _ in range(3):
                logging.getLogger("flow").info("%d", number)
                yield b"x" * 70_000

        return pieces()

    def ask(number):
        path = f"/api/{'loud' if number % 2 else 'flow'}/{number}"
        asked = f"client-{number}"
        _, headers, body = served.ask(
            "GET", path, Authorization=f"Bearer {token}", X_Request_ID=asked
        )
        assert headers[ID] == asked
        return json.loads(body)["request_id"] if number % 2 else asked

    with ThreadPoolExecutor(12) as pool:
        answered = list(pool.map(ask, range(60)))
    assert answered == [f"client-{number}" for number in range(60)]
    assert len(entries_of(log, "loud")) == 30
    assert len(entries_of(log, "flow")) == 90
    for entry in entries_of(log, "loud") + entries_of(log, "flow"):
        assert entry["request_id"] == f"client-{entry['message']}"
    errors = entries_of(log, "backend.web.problem_details")
    assert {each["request_id"] for each in errors} == {f"client-{n}" for n in range(1, 60, 2)}
    assert all("KeyError" in each["exception"] for each in errors)


def test_a_hostile_number_or_path_is_no_line_of_its_own(served, log):
    hostile = '"}\t{"level":"CRITICAL","message":"forged'
    answered = served.ask("GET", "/none%0A%7B%22a%22%3A1%7D%1b", X_Request_ID=hostile)[1]
    (entry,) = wait_for_requests(log, 1)
    assert entry["request_id"] == answered[ID] != hostile
    assert entry["path"] == '/none\n{"a":1}\x1b'
    assert entry["path"] in entry["message"]


def test_a_request_is_a_line_with_who_what_and_how_long_and_no_secret(served, token, log):
    key = "k" * 32
    headers = {"Authorization": f"Bearer {token}", "X_Request_ID": "mine"}
    served.ask("DELETE", f"/api/workspaces/{key}/members/somebody", **headers)
    served.ask("GET", f"/api/models/7?secret={key}", **headers)
    served.ask("GET", "/static/main.js")
    served.ask("GET", f"/api/workspace/{key}")
    served.ask("GET", "/api/me", Authorization="Bearer wrong")
    entries = wait_for_requests(log, 5)
    assert [
        (each["method"], each["path"], each["status"], each["user_id"]) for each in entries
    ] == [
        ("DELETE", "/api/workspaces/<key>/members/<user>", 404, 1),
        ("GET", "/api/models/7", 422, 1),
        ("GET", "/static/main.js", 200, None),
        ("GET", "/api/workspace/<hidden>", 404, None),
        ("GET", "/api/me", 401, None),
    ]
    assert entries[0]["request_id"] == "mine"
    assert all(0 < each["seconds"] < 10 for each in entries)
    text = json.dumps(log())
    for secret in (key, token, "secret", "somebody", "Bearer"):
        assert secret not in text, secret


def seen(**scope):
    return Seen({"method": "GET", "path": "/", "headers": [], **scope})


def test_what_a_client_makes_long_is_cut(log):
    module.write_line(seen(method="M" * 60_000, path="/" + "/ab" * 20_000))
    (entry,) = entries_of(log, module.log.name)
    assert len(entry["path"]) <= 200
    assert len(entry["message"]) < 250


def test_a_log_that_nobody_reads_makes_no_request_wait_and_the_loss_is_said(log, monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 10)
    lines = AccessLog(is_wanted=True)
    begun = time.monotonic()
    for _ in range(35):
        lines.add(seen())
    assert time.monotonic() - begun < 1
    lines.start()
    found = wait_for_requests(log, 11)
    assert [each["message"] for each in found if each["level"] == "WARNING"] == [
        "25 lines about requests were dropped"
    ]
    assert len(found) == 11
    lines.close()


def test_what_was_seen_before_the_end_is_written(log):
    lines = AccessLog(is_wanted=True)
    lines.start()
    names = [secrets.token_hex(4) for _ in range(500)]
    for name in names:
        lines.add(seen(path=f"/{name}"))
    lines.close()
    assert [each["path"] for each in entries_of(log, module.log.name)] == [f"/{n}" for n in names]


def test_one_that_is_not_wanted_does_nothing(log):
    lines = AccessLog(is_wanted=False)
    lines.start()
    lines.add(seen())
    lines.close()
    assert entries_of(log, module.log.name) == []
