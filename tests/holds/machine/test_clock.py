"""A clock that is put a day forward and back while sessions train.

The hook moves what Python asks the time by; see `tests.soak.hooks.clock` for what it does not.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.server import Client, Server, small_catalogue
from tests.soak import journal

pytestmark = pytest.mark.e2e

DAY = 86_400


def seconds_between(first: str, second: str) -> float:
    """From one time to another, as the API writes them."""
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


class Clock:
    """The clock of a server and its workers."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def put(self, seconds: float) -> None:
        """Put it forward, or back, from the true time."""
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """It goes right."""
    return Clock(tmp_path / "clock")


@pytest.fixture
def server(
    clock: Clock, start_server: Callable[..., Server], watched: Callable[..., dict[str, str]]
) -> Server:
    """A server that follows that clock; a light session takes a second."""
    return start_server(**watched("light", "clock", CLOCK_FILE=clock.file))


@pytest.fixture
def client(server: Server) -> Client:
    """The administrator."""
    return Client(server)


def test_sessions_go_on_and_stay_in_order(
    server: Server, client: Client, clock: Clock, journal_folder: Path, tmp_path: Path
):
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    started: list[int] = []
    took: list[float] = []
    for seconds in (DAY, -DAY, 0):
        started.append(client.train(key, dataset, epochs=10))
        client.wait(started[-1], lambda session: session["epochs_completed"] >= 2)
        clock.put(seconds)
        session = client.wait(started[-1])
        assert session["status"] == "completed", session["error"]
        assert [each["epoch"] for each in session["history"]] == list(range(1, 11))
        assert session["progress"] == 1
        took.append(seconds_between(session["created_at"], session["completed_at"]))
    assert took[0] > DAY  # the server did follow the clock
    assert took[1] < -DAY
    lines = journal.read(journal_folder)
    assert [[line.what for line in lines[each]].count("started") for each in started] == [1, 1, 1]
    newest_first = started[::-1]
    listed = client.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    assert [each["id"] for each in listed] == newest_first
    models = client.get(f"/api/models?workspace_key={key}")["models"]
    assert [each["session_id"] for each in models] == newest_first
    server.stop()
    server.start()
    listed = client.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    assert [each["id"] for each in listed] == newest_first


def test_a_second_that_comes_twice_gives_no_two_models_one_name(
    client: Client, clock: Clock, server: Server, tmp_path: Path
):
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    for seconds in range(0, -4, -1):
        clock.put(seconds)
        client.complete(key, dataset, epochs=1)
    models = client.get(f"/api/models?workspace_key={key}")["models"]
    assert len({each["path"] for each in models}) == 4
    assert all((server.data_dir / each["path"]).exists() for each in models)


def test_a_session_is_resumed_by_a_server_that_starts_in_the_past(
    server: Server, client: Client, clock: Clock, tmp_path: Path
):
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))["id"]
    session_id = client.train(key, dataset, epochs=60)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    server.stop()
    clock.put(-DAY)
    server.start()
    session = client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert session["training"]["resumed_from_epoch"] >= 2


def test_a_token_follows_the_clock_and_comes_back_with_it(
    server: Server, client: Client, clock: Clock
):
    token = client.post("/api/tokens", 201, json={"user": "guest", "expires_in_days": 1})["token"]
    guest = Client(server, token)
    guest.get("/api/me")
    clock.put(2 * DAY)
    assert guest.get("/api/me", 401)["title"]
    clock.put(-DAY)
    guest.get("/api/me")


def test_a_limit_of_tries_lasts_a_minute_whatever_the_clock_says(server: Server, clock: Clock):
    guesser = Client(server, "not-a-token")
    for _ in range(20):
        guesser.get("/api/me", 401)
    for seconds in (-DAY, DAY, 0):
        clock.put(seconds)
        refused = guesser.get("/api/me", None)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
