"""Each statement of a search fails once: no trial is lost or doubled, no reason, no end."""

import pytest
from sqlalchemy.exc import OperationalError

from backend.background.search.searches import Searches
from backend.database import sessions
from tests.background.bench import bench
from tests.background.search.planted import finish, learn, plant_search, rows_of, state_of

__all__ = ["bench"]


@pytest.fixture
def searches(faults, bench):
    return Searches(bench.settings, bench.database, lambda *_: True)


def failing(faults, statement, step):
    """Do a step whose statement fails, and do it again."""
    fault = faults.add("sql", statement, "database or disk is full")
    with pytest.raises(OperationalError):
        step()
    step()
    assert fault.effects == 1


@pytest.mark.parametrize(
    "statement",
    [
        "BEGIN IMMEDIATE",
        "INSERT INTO training_sessions*",
        "UPDATE searches*",
        "INSERT INTO search_trials*",
        "COMMIT",
    ],
)
def test_a_trial_whose_row_cannot_be_written_is_added_once_and_the_same(
    faults, bench, searches, statement
):
    place = bench.workspace()
    with_fault, without = plant_search(bench, place), plant_search(bench, place)
    for study in (with_fault, without):
        finish(bench, rows_of(bench, study)[0]["session_id"], 0.5)
    failing(faults, statement, searches.add_trials)
    rows, expected = rows_of(bench, with_fault), rows_of(bench, without)
    assert [each["number"] for each in rows] == [1, 2]
    assert rows[1]["spec"] == expected[1]["spec"]
    with bench.database.read() as connection:
        assert len(sessions.with_status(connection, "pending")) == 2


def test_an_end_of_a_search_that_cannot_be_written_is_written_later(faults, bench, searches):
    study = plant_search(bench, bench.workspace(), trials=1)
    failing(faults, "UPDATE searches*", searches.add_trials)
    assert state_of(bench, study) == "trials"


def test_a_trial_whose_end_cannot_be_requested_is_ended_at_the_next_try(faults, bench, searches):
    study = plant_search(bench, bench.workspace())
    for number in range(1, 5):
        finish(bench, rows_of(bench, study)[number - 1]["session_id"], 0.5, 0.5)
        searches.add_trials()
    session_id = rows_of(bench, study)[4]["session_id"]
    learn(bench, session_id, 0.9, 0.9)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, status="training", stage="learning")
    failing(faults, "UPDATE training_sessions*", searches.prune)
    row = bench.row(session_id)
    assert (row["request"], row["error"]["reason"]) == ("cancel", "pruned")
