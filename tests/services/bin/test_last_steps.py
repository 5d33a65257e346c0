"""Deleting for good where the disk refuses it, votes by the thousand, and what must not go yet."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from backend import launcher
from backend.database import batches, models
from backend.database.bin import entries, remains
from backend.database.bin.tables import bin_entries
from backend.database.schema import iso
from backend.services.bin.emptying import empty
from backend.services.bin.room import relieve_disk
from tests.api import catalogue, complete
from tests.faults.state import files_in


@pytest.fixture
def undeletable(monkeypatch):
    """Lets no catalogue be unlinked until it is called."""

    def refuse(path):
        if str(path).endswith(".csv"):
            raise PermissionError(13, "Permission denied", str(path))

    def os_unlink(path, *args, **options):
        refuse(path)
        unlink(path, *args, **options)

    def path_unlink(self, missing_ok=False):
        refuse(self)
        of_path(self, missing_ok)

    unlink, of_path = os.unlink, Path.unlink
    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", os_unlink)
        patched.setattr(Path, "unlink", path_unlink)
        yield patched.undo


def entries_of(api, key=None):
    query = {} if key is None else {"workspace_key": key}
    return api.get("/api/bin", query_string=query)["entries"]


def test_a_workspace_whose_files_cannot_go_now_goes_at_a_later_turn(
    api, key, services, undeletable, caplog
):
    api.dataset(key)
    api.delete(f"/api/workspaces/{key}")
    (entry,) = entries_of(api)
    api.delete(f"/api/bin/{entry['id']}")
    empty(services)
    assert "Permission denied" in caplog.text
    assert files_in(services.storage.uploads)
    undeletable()
    empty(services)
    assert files_in(services.storage.uploads) == {}


def test_what_cannot_be_deleted_does_not_stand_in_for_room_on_the_disk(
    api, key, services, undeletable
):
    for rows in (100, 200):
        dataset = api.upload(key, catalogue(rows))["dataset"]["id"]
        api.delete(f"/api/training/dataset/{dataset}")
    newer, older = entries_of(api, key)
    api.delete(f"/api/bin/{older['id']}")
    assert relieve_disk(services, 1, partly=True) == older["stored_bytes"]  # it is on its way
    assert [each["id"] for each in entries_of(api, key)] == [newer["id"]]
    with services.database.write() as connection:
        of_older = update(bin_entries).where(bin_entries.c.id == older["id"])
        long_ago = iso(datetime.now(UTC) - timedelta(hours=1))
        connection.execute(of_older.values(gone_at=long_ago))
    assert relieve_disk(services, 1, partly=True) == newer["stored_bytes"]
    assert entries_of(api, key) == []


def test_votes_go_some_at_a_time(api, key, services, monkeypatch):
    dataset = api.dataset(key)
    changes = [{"row": row, "label": "exclude", "reason": "too faint"} for row in range(9)]
    answer = api.client.put(
        f"/api/training/dataset/{dataset}/labels", json={"changes": changes}, headers=api.headers
    )
    assert answer.status_code == 200
    api.delete(f"/api/workspaces/{key}")
    monkeypatch.setattr(remains, "_VOTES_AT_A_TIME", 2)
    parts = []

    def part(connection, entry):
        before = connection.exec_driver_sql("SELECT total_changes()").scalar()
        found = removed(connection, entry)
        parts.append(connection.exec_driver_sql("SELECT total_changes()").scalar() - before)
        return found

    removed = remains.remove_part
    monkeypatch.setattr(remains, "remove_part", part)
    (entry,) = entries_of(api)
    api.delete(f"/api/bin/{entry['id']}")
    assert parts.count(2) >= 4
    assert max(parts) < 6
    with services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM votes").scalar() == 0


def test_a_start_does_not_wait_for_the_end_of_a_large_deletion(api, key, services, monkeypatch):
    api.dataset(key)
    api.delete(f"/api/workspaces/{key}")
    (entry,) = entries_of(api)
    with services.database.write() as connection:
        entries.give_up(connection, [entry["id"]])
    monkeypatch.setattr(launcher, "_EMPTYING_SECONDS", 0.0)
    launcher._put_in_order(services)
    with services.database.read() as connection:
        assert [each["id"] for each in entries.gone(connection)] == [entry["id"]]
    monkeypatch.undo()
    launcher._put_in_order(services)
    assert files_in(services.storage.uploads) == {}
    with services.database.read() as connection:
        assert entries.gone(connection) == []


def test_the_copy_of_the_current_model_is_made_again_also_in_the_bin(api, key, services):
    session = api.start(key, api.dataset(key))["session"]["id"]
    complete(services, session)
    with services.database.read() as connection:
        (current,) = models.current_models(connection)
    copy = services.storage.current_model(current["workspace_id"])
    content = copy.read_bytes()
    api.delete(f"/api/workspaces/{key}")
    copy.unlink()  # as after a backup was restored
    launcher._restore_current_models(services.database, services.storage)
    assert copy.read_bytes() == content
    with services.database.read() as connection:
        assert models.current_models(connection) == []  # nothing is loaded for it


def test_the_result_of_a_batch_in_the_bin_stays_beyond_its_days(api, key, services):
    session = api.start(key, api.dataset(key))["session"]["id"]
    complete(services, session)
    with services.database.write() as connection:
        (model,) = models.current_models(connection)
        batch = batches.create(
            connection,
            model["workspace_id"],
            **{"model_id": model["id"], "model": {}, "asked": {}, "file_name": "a.csv"},
            **{"file_size": 1, "file_sha256": "0" * 64, "stored_bytes": 1, "source": "exotrain"},
        )
        batches.end(connection, batch["id"], "completed")
        batches.change(connection, batch["id"], completed_at="2020-01-01T00:00:00.000Z")
        assert [each["id"] for each in batches.too_old(connection, 30)] == [batch["id"]]
    api.delete(f"/api/workspaces/{key}")
    with services.database.read() as connection:
        assert batches.too_old(connection, 30) == []
