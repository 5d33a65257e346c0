"""What a page of the list of sessions reads: no row with its long evaluation, no note twice."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event

from backend.database import sessions
from backend.database.listing.sessions import SESSIONS
from backend.services.listing.asked import sorts_of

NOTES = ("Seven dips", "seven", "", "Of seven", "eight")


@pytest.fixture
def five(api, key):
    """Sessions with seeds 0 and 1 and notes, oldest first."""
    dataset = api.dataset(key)
    ids = [
        api.start(key, dataset, seed=number % 2)["session"]["id"] for number in range(len(NOTES))
    ]
    for each, note in zip(ids, NOTES, strict=True):
        api.patch(f"/api/training/session/{each}", json={"note": note})
    return ids


@pytest.fixture
def asked(services):
    """The statements that are executed on the database, with their values."""
    found = []

    def note(connection, cursor, statement, values, context, executemany):
        found.append((statement, values))

    with services.database.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def listed(api, key, **query):
    query = {"workspace_key": key, **query}
    return api.get("/api/training/sessions", query_string=query)


def read_of_sessions(path, statement, values):
    """How SQLite reads the table of sessions for a statement."""
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return [each[-1] for each in plan if " training_sessions " in each[-1]]


@pytest.mark.parametrize(
    "query",
    [
        *({"sort": name} for name in sorts_of(SESSIONS)),
        *({"group": name} for name in SESSIONS.groups),
        {"q": "seven"},
        {"filter": ["seed:1", "epochs>=1"]},
    ],
    ids=str,
)
def test_what_is_on_a_page_is_found_without_the_rows_of_the_sessions(
    api, key, five, services, asked, query
):
    assert listed(api, key, **query)["total"] == len(listed(api, key, **query)["sessions"])
    finding = [each for each in asked if "study_id IS NULL" in each[0]]
    path = services.settings.data_dir / "exotrain.db"
    reads = [read_of_sessions(path, *each) for each in finding]
    assert reads
    assert all(reads)
    assert all("COVERING INDEX" in each for read in reads for each in read), reads


@pytest.mark.parametrize("more", [{}, {"sort": "-seed"}, {"group": "seed"}], ids=str)
def test_a_search_looks_into_every_note_once_and_the_total_is_that_of_all_pages(
    api, key, five, asked, more
):
    query, found, cursor = {"q": "sEvEn", "limit": 2, **more}, [], {}
    while True:
        asked.clear()
        page = listed(api, key, **query, **cursor)
        scans = sum("LIKE" in each[0] for each in asked)
        assert (page["total"], scans) == (3, 2 if "group" in more else 1)
        found += [each["id"] for each in page["sessions"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(found) == [five[0], five[1], five[3]]


def test_a_page_behind_the_last_match_still_has_the_total(api, key, five):
    cursor = listed(api, key, q="seven", limit=2)["next_cursor"]
    for each in five:
        if each != five[0]:
            api.patch(f"/api/training/session/{each}", json={"note": ""})
    page = listed(api, key, q="seven", limit=2, cursor=cursor)
    assert (page["sessions"], page["total"]) == ([], 1)


def test_a_setting_that_changes_later_is_listed_as_it_is_now(api, key, five, services):
    with services.database.write() as connection:
        spec = sessions.find(connection, five[0])["spec"]
        sessions.change(connection, five[0], spec={**spec, "dataset_version": 2})
    found = listed(api, key, group="dataset_version", filter="dataset_version:2")
    assert [each["id"] for each in found["sessions"]] == [five[0]]
    assert found["groups"] == [{"value": 2, "count": 1}]
