"""The audit log: bounded by number and age, and read page by page."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from backend.database import accounts, audit, workspaces
from backend.database.audit import Keep
from backend.database.schema import audit as table
from backend.database.schema import iso

KEEP = Keep(entries=200, days=30)


def listed(database, keep=KEEP, **asked):
    asked = {"workspace_id": None, "action": None, "limit": 1000, "before": None, **asked}
    with database.read() as connection:
        return audit.entries(connection, keep, **asked)


def count(database):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_it_never_holds_more_than_its_bound_and_keeps_the_newest(database):
    with database.write() as connection:
        for number in range(1000):
            audit.add(connection, KEEP, "model_deleted", target=f"model {number}")
            total = select(func.count()).select_from(table)
            assert connection.execute(total).scalar_one() <= KEEP.entries
    targets = [each["target"] for each in listed(database)]
    assert targets == [f"model {number}" for number in range(999, 999 - len(targets), -1)]
    assert len(targets) >= KEEP.entries - audit.PRUNE_EVERY


def test_many_entries_at_once_are_as_bounded_and_say_as_much(database):
    with database.write() as connection:
        owner = accounts.create_user(connection, "vera")
        workspace = workspaces.create(connection, "key", "Kepler", owner["id"])
        for first in range(0, 1000, 20):
            of_each = [
                {
                    "workspace_id": workspace["id"],
                    "target": f"session {number}",
                    "detail": "x" * 400,
                }
                for number in range(first, first + 20)
            ]
            audit.add_each(connection, KEEP, "session_deleted", of_each, user="vera")
        audit.add_each(connection, KEEP, "session_deleted", [], user="vera")
    assert KEEP.entries - audit.PRUNE_EVERY <= count(database) <= KEEP.entries
    newest = listed(database)[0]
    assert (newest["target"], newest["user"]) == ("session 999", "vera")
    assert (newest["workspace"], len(newest["detail"])) == ("Kepler", 300)


def test_failed_sign_ins_do_not_push_out_what_users_did(database):
    with database.write() as connection:
        for number in range(20):
            audit.add(connection, KEEP, "model_deleted", target=f"model {number}")
        for _ in range(2000):
            audit.add(connection, KEEP, "sign_in_failed", address="192.0.2.1")
    assert len(listed(database, action="model_deleted")) == 20
    assert len(listed(database, action="sign_in_failed")) <= KEEP.entries // 4 + audit.PRUNE_EVERY


def test_what_is_too_old_is_not_shown_and_soon_deleted(database):
    with database.write() as connection:
        audit.add(connection, KEEP, "model_deleted", target="old")
        long_ago = iso(datetime.now(UTC) - timedelta(days=31))
        connection.execute(update(table).values(at=long_ago))
        audit.add(connection, KEEP, "model_deleted", target="new")
    assert [each["target"] for each in listed(database)] == ["new"]
    assert count(database) == 2
    with database.write() as connection:
        audit.prune(connection, KEEP)
    assert count(database) == 1


def test_an_entry_outlives_its_workspace_and_keeps_its_name(database):
    with database.write() as connection:
        owner = accounts.create_user(connection, "vera")
        workspace = workspaces.create(connection, "key", "Kepler", owner["id"])
        audit.add(connection, KEEP, "workspace_deleted", workspace_id=workspace["id"])
        workspaces.remove(connection, workspace["id"])
    (entry,) = listed(database)
    assert entry["workspace"] == "Kepler"


def test_pages_follow_each_other_without_a_gap(database):
    with database.write() as connection:
        for number in range(10):
            audit.add(
                connection, KEEP, "model_deleted", target=str(number), workspace_id=number % 2
            )
    first = listed(database, limit=3, workspace_id=1)
    second = listed(database, limit=3, workspace_id=1, before=first[-1]["id"])
    assert [each["target"] for each in first + second] == ["9", "7", "5", "3", "1"]


def test_a_text_of_any_length_is_shortened(database):
    with database.write() as connection:
        audit.add(connection, KEEP, "model_deleted", detail="x" * 100_000)
        assert audit.is_repeated(connection, "model_deleted", 60, detail="x" * 100_000)
    assert len(listed(database)[0]["detail"]) == 300


def test_only_the_same_a_moment_ago_is_a_repetition(database):
    what = {"user_id": 1, "workspace_id": 2, "target": "model 3", "detail": None}
    with database.write() as connection:
        assert not audit.is_repeated(connection, "model_downloaded", 60, **what)
        audit.add(connection, KEEP, "model_downloaded", **what)
        assert audit.is_repeated(connection, "model_downloaded", 60, **what)
        assert not audit.is_repeated(connection, "batch_downloaded", 60, **what)
        for name, value in {"user_id": 9, "workspace_id": 9, "target": "model 9"}.items():
            other = {**what, name: value}
            assert not audit.is_repeated(connection, "model_downloaded", 60, **other)
        connection.execute(update(table).values(at=iso(datetime.now(UTC) - timedelta(seconds=61))))
        assert not audit.is_repeated(connection, "model_downloaded", 60, **what)
