"""The bin when files or the database fail: what was deleted is wholly there, or wholly gone."""

import pytest

from backend.database.bin.tables import bin_entries, bin_rows
from backend.services.bin.emptying import empty
from backend.services.bin.keeper import BinKeeper
from backend.services.bin.room import relieve_disk
from tests.api import catalogue, problem_of
from tests.faults.state import all_of, files_in


@pytest.fixture
def binned(api, key):
    """A dataset that was deleted: its id, and its number in the bin."""
    dataset_id = api.dataset(key)
    api.delete(f"/api/training/dataset/{dataset_id}")
    (entry,) = api.get("/api/bin", query_string={"workspace_key": key})["entries"]
    return dataset_id, entry["id"]


def in_bin(services):
    with services.database.read() as connection:
        return [connection.execute(each.select()).all() for each in (bin_entries, bin_rows)]


def test_an_entry_whose_files_cannot_be_deleted_is_gone_and_the_next_turn_removes_them(
    faults, api, services, binned, caplog
):
    _, bin_id = binned
    fault = faults.add("unlink", "*/uploads/1/*", "EIO", caller="*remove_files")
    api.delete(f"/api/bin/{bin_id}")
    assert fault.effects == 1
    assert "left to the next start" in caplog.text
    api.post(f"/api/bin/{bin_id}/restore", 404)
    assert files_in(services.storage.uploads) != {}
    empty(services)
    assert files_in(services.storage.uploads) == {}
    assert in_bin(services) == [[], []]


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_a_turn_that_the_database_refuses_is_made_again(faults, services, binned, first):
    with services.database.write() as connection:
        old = "2020-01-01T00:00:00.000Z"
        connection.execute(bin_entries.update().values(deleted_at=old))
    fault = faults.add("sql", "BEGIN IMMEDIATE", "database is locked", first=first)
    empty(services)
    assert fault.effects == 1
    assert len(in_bin(services)[0]) == 1
    faults.clear()
    empty(services)
    assert in_bin(services) == [[], []]
    assert files_in(services.storage.uploads) == {}


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT*", "UPDATE*", "COMMIT"])
def test_a_disk_too_full_for_the_database_leaves_the_bin_as_it_was(
    faults, services, binned, statement
):
    before = all_of(services)
    fault = faults.add("sql", statement, "database or disk is full")
    assert relieve_disk(services, 1, partly=True) == 0
    assert fault.effects == 1
    assert all_of(services) == before
    faults.clear()
    assert relieve_disk(services, 1, partly=True) > 0


def test_a_thread_that_cannot_be_started_again_is_tried_again_by_the_next_check(
    faults, services, caplog
):
    keeper = BinKeeper(services)
    fault = faults.add("thread", "bin", "none")
    keeper.check()
    assert fault.effects == 1
    assert "cannot be started" in caplog.text
    keeper.check()
    assert keeper._thread.is_alive()
    keeper.close()


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT*", "DELETE*", "COMMIT"])
def test_an_upload_that_cannot_restore_says_so_and_changes_nothing(
    faults, api, key, services, binned, statement
):
    before = all_of(services)
    fault = faults.add("sql", statement, "database is locked")
    answer = api.upload(key, catalogue(90), None)
    assert fault.effects == 1
    assert problem_of(answer)["status"] >= 500
    assert all_of(services) == before
    faults.clear()
    assert api.upload(key, catalogue(90), 200)["dataset"]["id"] == binned[0]
