"""The budget in minutes: only time in which a search is open counts."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.database import sessions
from backend.database.schema import iso
from backend.database.search import trials as stored
from backend.database.search.minutes import used_seconds
from tests.background.search.planted import finish, plant_search, rows_of, searches_of, state_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock(datetime):
    """A time that the test sets."""

    moment = NOW

    @classmethod
    def now(cls, tz=None):
        return cls.moment


@pytest.fixture
def clock(monkeypatch):
    """Passes minutes for searches and for the rows of sessions."""
    Clock.moment = NOW
    monkeypatch.setattr("backend.database.search.minutes.datetime", Clock)
    monkeypatch.setattr("backend.database.schema.datetime", Clock)

    def wait(minutes):
        Clock.moment += timedelta(minutes=minutes)

    return wait


@pytest.fixture
def study(bench, clock):
    return plant_search(bench, bench.workspace(), trials=None, minutes=5)


def begin(bench, study, number=-1):
    with bench.database.write() as connection:
        session_id = rows_of(bench, study)[number]["session_id"]
        values = {"status": "training", "started_at": iso(Clock.moment)}
        sessions.change(connection, session_id, **values)
    return session_id


def close(bench, study, state="stopped"):
    with bench.database.write() as connection:
        assert stored.close(connection, study["id"], state)


def reopen(bench, study):
    with bench.database.write() as connection:
        return stored.reopen(connection, study["id"])


def used(bench, study):
    """The minutes that a search has used."""
    with bench.database.read() as connection:
        search, parts = stored.find(connection, study["id"]), sessions.with_status
        found = parts(connection, "pending", "training", "completed", "cancelled", "failed")
    return used_seconds(search, found) / 60


def at(minutes):
    return iso(NOW + timedelta(minutes=minutes))


def span(began, ended):
    return {
        "started_at": None if began is None else at(began),
        "completed_at": None if ended is None else at(ended),
    }


def test_they_count_from_the_first_start_and_running_trials_finish(bench, study, clock):
    searches = searches_of(bench)
    clock(60)  # the first trial waits
    finish(bench, begin(bench, study), 0.5)
    searches.add_trials()
    assert len(rows_of(bench, study)) == 2
    clock(4.9)
    searches.add_trials()
    assert state_of(bench, study) == "open"
    clock(0.2)
    searches.add_trials()
    assert state_of(bench, study) == "minutes"
    assert rows_of(bench, study)[1]["status"] == "cancelled"  # it had not begun


def test_they_do_not_count_while_it_is_stopped(bench, study, clock):
    searches = searches_of(bench)
    begun = begin(bench, study)
    clock(3)
    close(bench, study)
    clock(1)
    finish(bench, begun, 0.5)  # the epoch that it still trained does not count
    clock(600)
    assert used(bench, study) == pytest.approx(3)
    assert reopen(bench, study)
    searches.add_trials()
    assert (state_of(bench, study), len(rows_of(bench, study))) == ("open", 2)
    clock(60)  # and waits for a place
    finish(bench, begin(bench, study), 0.5)
    clock(1.9)
    searches.add_trials()
    assert state_of(bench, study) == "open"
    assert used(bench, study) == pytest.approx(4.9)
    clock(0.2)
    searches.add_trials()
    assert state_of(bench, study) == "minutes"


def test_they_count_at_once_where_a_trial_still_runs_when_it_is_opened_again(bench, study, clock):
    begin(bench, study)
    clock(1)
    close(bench, study)
    clock(1)
    reopen(bench, study)
    clock(2)
    assert used(bench, study) == pytest.approx(3)


def test_each_stop_counts_once(bench, study, clock):
    finish(bench, begin(bench, study), 0.5)
    for number in range(1, 4):
        clock(1)
        close(bench, study)
        assert used(bench, study) == pytest.approx(number)
        clock(30)
        reopen(bench, study)
        searches_of(bench).add_trials()
        begin(bench, study)
        if number < 3:
            finish(bench, rows_of(bench, study)[-1]["session_id"], 0.5)
    assert used(bench, study) == pytest.approx(3)


def test_a_retry_while_it_is_open_forgets_no_minute(bench, study, clock):
    """The session of the first trial is replaced, from whose start they were counted."""
    first = begin(bench, study)
    clock(2)
    finish(bench, first, 0.5, status="failed")
    clock(2)
    assert not reopen(bench, study)  # it is open
    with bench.database.write() as connection:
        sessions.remove(connection, first)
    assert used(bench, study) == pytest.approx(4)


def test_a_workspace_that_goes_into_the_bin_stops_them(bench, study, clock):
    begin(bench, study)
    clock(2)
    with bench.database.write() as connection:
        stored.close_all(connection, study["workspace_id"], "cancelled")
    clock(100)
    assert used(bench, study) == pytest.approx(2)
    assert state_of(bench, study) == "cancelled"


@pytest.mark.parametrize(
    ("state", "spans", "expected"),
    [
        ("open", [], 0),
        ("open", [(None, None)], 0),
        ("open", [(0, 10), (50, None)], 60),
        ("stopped", [], 0),
        # Two at once, a pause, one that still runs.
        ("stopped", [(0, 10), (5, 12), (6, 8), (50, None)], 22),
        ("cancelled", [(50, 55), (0, 10), (None, 55)], 15),
    ],
)
def test_a_search_of_an_earlier_version_is_counted_by_its_trials(clock, state, spans, expected):
    """It did not store what it had used; a closed one counts what its trials took."""
    clock(60)
    search = {"state": state, "used_seconds": None, "reopened_at": None}
    parts = [span(*each) for each in spans]
    assert used_seconds(search, parts) / 60 == pytest.approx(expected)


def test_a_clock_that_was_put_back_takes_nothing_away(clock):
    search = {"state": "open", "used_seconds": 90.0, "reopened_at": None}
    assert used_seconds(search, [span(5, None)]) == 90
