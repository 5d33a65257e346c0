"""Each request is counted once, under few labels, whoever refuses it and whatever it asks for."""

import threading
import time

import pytest

from tests.e2e.server import wait_for
from tests.services.monitoring.test_metrics import read

COUNT = "exotrain_http_request_duration_seconds_count"
SUM = "exotrain_http_request_duration_seconds_sum"


def counts(services):
    """How many requests there were, by their labels."""
    return {labels: n for (name, labels), n in read(services.metrics).items() if name == COUNT}


def wait_for_counts(services, expected):
    """An answer may be there before it is counted."""
    wait_for(lambda: counts(services), lambda found: found == expected, 5)


def test_requests_are_counted_by_route_not_by_path(served, token):
    for number in range(3):
        served.ask("GET", f"/api/models/{number}?q=x", Authorization=f"Bearer {token}")
        served.ask("GET", f"/no/such/{number}")
        served.ask("DELETE", f"/api/workspaces/key{number}", Authorization=f"Bearer {token}")
    served.ask("GET", "/static/main.js")
    expected = {
        "GET /api/models/<id> 4xx": 3,
        "GET unknown 4xx": 3,
        "DELETE /api/workspaces/<key> 4xx": 3,
        "GET /static/<path> 2xx": 1,
    }
    wait_for_counts(served.services, expected)


def test_what_the_server_refuses_before_the_application_is_asked_counts_too(served):
    assert served.ask("GET", "/api/health", Host="elsewhere.example")[0] == 421
    wait_for_counts(served.services, {"GET unknown 4xx": 1})


def test_a_body_that_is_asked_for_later_is_one_request(served, token):
    body = b" " * 300_000
    headers = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"}
    served.ask("POST", "/api/workspaces", body, **headers)
    wait_for_counts(served.services, {"POST /api/workspaces 4xx": 1})


def test_how_long_a_refused_client_is_listened_to_is_not_its_time(served):
    """It sends on and on, and is answered at once."""

    def endless():
        yield b"x" * 100_000
        time.sleep(1.5)
        yield b"x"

    status, *_ = served.ask("POST", "/api/workspaces", endless())
    assert status == 401
    wait_for_counts(served.services, {"POST /api/workspaces 4xx": 1})
    assert read(served.services.metrics)[SUM, "POST /api/workspaces 4xx"] < 1


def test_a_scrape_is_answered_while_every_thread_that_reads_is_busy(served, token):
    free = threading.Event()

    @served.app.get("/api/stuck")
    def stuck():
        free.wait(10)
        return "done"

    headers = {"Authorization": f"Bearer {token}"}
    threads = [  # of one caller: it would wait for its own turn among those that read
        threading.Thread(target=served.ask, args=("GET", "/api/stuck"), kwargs=headers)
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    try:
        begun = time.monotonic()
        status, _, text = served.ask("GET", "/metrics", **headers)
        assert (status, time.monotonic() - begun < 5) == (200, True)
        assert b"exotrain_sessions" in text
    finally:
        free.set()
        for each in threads:
            each.join()


@pytest.mark.parametrize("method", ["FOO", "X" * 500])
def test_a_method_that_nobody_knows_is_one_label(served, method):
    served.ask(method, "/api/health")
    wait_for_counts(served.services, {"other unknown 4xx": 1})
