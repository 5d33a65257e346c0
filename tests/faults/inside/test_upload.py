"""Each call of an upload fails once: the answer says why, and nothing of the upload is left."""

import pytest

from tests.api import catalogue, form, problem_of
from tests.faults.state import all_of, files_in

INCOMING = "*/uploads/incoming/*"
PLACED = "*/uploads/1/*"

# With a row that is left out, so that the rejections are written too.
CATALOGUE = catalogue() + "0,2.5,500,0.2,30,5700,1.0,4.4,14.2,1,star-bad\n"

# An upload receives its file, makes the table and the rejections, syncs the three, and moves each
# to its place, synced once more before and with its folder behind. Then the row.
FILE_CALLS = [
    pytest.param("open", INCOMING, 1, id="receive"),
    pytest.param("open", INCOMING, 2, id="read what was received"),
    pytest.param("open", INCOMING, 3, id="make the table"),
    pytest.param("open", INCOMING, 4, id="make the rejections"),
    pytest.param("open", INCOMING, 5, id="read the table"),
    pytest.param("write", INCOMING, 1, id="write what was received"),
    pytest.param("write", INCOMING, 2, id="write the table"),
    pytest.param("write", INCOMING, 3, id="write the rejections or the table"),
    pytest.param("write", INCOMING, 4, id="write the table's header"),
    pytest.param("fsync", INCOMING, 1, id="sync what was received"),
    pytest.param("fsync", INCOMING, 2, id="sync the table"),
    pytest.param("fsync", INCOMING, 3, id="sync the rejections"),
    pytest.param("fsync", INCOMING, 4, id="sync before the first move"),
    pytest.param("fsync", INCOMING, 6, id="sync before the last move"),
    pytest.param("mkdir", "*/uploads/1", 1, id="make the folder"),
    pytest.param("rename", f"{PLACED}.csv", 1, id="move the file"),
    pytest.param("rename", f"{PLACED}.npy", 1, id="move the table"),
    pytest.param("rename", f"{PLACED}.rejected.jsonl", 1, id="move the rejections"),
]
STATEMENTS = ["BEGIN IMMEDIATE", "INSERT INTO datasets*", "COMMIT"]


def refused(api, key, status):
    """An upload that fails with this status; what it says."""
    answer = api.upload(key, CATALOGUE, None)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return problem_of(answer), answer


def goes_on(api, key):
    """The same upload works when the fault is over."""
    assert api.upload(key, CATALOGUE)["dataset"]["num_samples"] == 90
    listed = api.get(f"/api/training/datasets?workspace_key={key}")
    assert listed["count"] == 1


@pytest.mark.parametrize(("call", "what", "first"), FILE_CALLS)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500), ("EMFILE", 503)])
def test_a_file_that_cannot_be_written_ends_the_upload_and_leaves_nothing(
    faults, api, key, services, call, what, first, effect, status
):
    before = all_of(services)
    fault = faults.add(call, what, effect, first=first)
    problem, answer = refused(api, key, status)
    assert fault.effects == 1
    if status == 507:
        assert "full" in problem["detail"]
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0
    assert all_of(services) == before
    goes_on(api, key)


@pytest.mark.parametrize("what", STATEMENTS)
@pytest.mark.parametrize(
    ("effect", "status"),
    [("database or disk is full", 507), ("disk I/O error", 500), ("database is locked", 503)],
)
def test_a_row_that_cannot_be_written_ends_the_upload_and_leaves_nothing(
    faults, api, key, services, what, effect, status
):
    before = all_of(services)
    fault = faults.add("sql", what, effect)
    _, answer = refused(api, key, status)
    assert fault.effects == 1
    assert (status == 503) == ("Retry-After" in answer.headers)
    assert all_of(services) == before
    goes_on(api, key)


def test_a_disk_that_stays_full_is_a_507_and_leaves_nothing(faults, api, key, services):
    before = all_of(services)
    faults.add("write", INCOMING, "ENOSPC", times=None)
    refused(api, key, 507)
    assert all_of(services) == before
    faults.clear()
    goes_on(api, key)


def test_a_folder_that_cannot_be_synced_does_not_end_the_upload(faults, api, key):
    fault = faults.add("fsync", "*/uploads/1", "EINVAL", times=None)
    goes_on(api, key)
    assert fault.effects == 3


def test_what_cannot_be_removed_while_the_database_is_locked_shows_nowhere_and_is_replaced(
    faults, api, key, services
):
    faults.add("rename", f"{PLACED}.npy", "EIO")
    faults.add("sql", "BEGIN IMMEDIATE", "database is locked", first=2, times=None)
    assert api.upload(key, CATALOGUE, None).status_code in (500, 503)
    assert api.get(f"/api/training/datasets?workspace_key={key}")["count"] == 0
    faults.clear()
    goes_on(api, key)
    assert len(files_in(services.storage.uploads)) == 3


def test_memory_that_is_short_for_a_moment_is_a_503(faults, api, key, services):
    before = all_of(services)
    faults.add("open", INCOMING, "memory", caller="*_Derived.read")
    _, answer = refused(api, key, 503)
    assert "Retry-After" in answer.headers
    assert all_of(services) == before
    goes_on(api, key)


# A preview reads what was received twice, and makes the table and the rejections.
@pytest.mark.parametrize("first", [2, 3, 4, 5])
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500), ("EMFILE", 503)])
def test_a_preview_that_cannot_open_a_file_leaves_nothing(
    faults, api, key, services, first, effect, status
):
    before = all_of(services)
    fault = faults.add("open", INCOMING, effect, first=first)
    path = "/api/training/upload-dataset?preview=1"
    require_nothing_left(api, key, services, path, fault, before, status)


# That of a batch only reads what was received.
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500), ("EMFILE", 503)])
def test_a_preview_of_a_batch_that_cannot_open_its_file_leaves_nothing(
    faults, api, key, services, effect, status
):
    before = all_of(services)
    fault = faults.add("open", INCOMING, effect, first=2)
    path = "/api/predict/batches?preview=1"
    require_nothing_left(api, key, services, path, fault, before, status)


def require_nothing_left(api, key, services, path, fault, before, status):
    """A preview that fails with this status; the next one does not."""
    answer = api.post(path, None, data=form(CATALOGUE, workspace_key=key))
    assert (answer.status_code, fault.effects) == (status, 1)
    assert all_of(services) == before
    assert api.post(path, data=form(CATALOGUE, workspace_key=key))["is_usable"] is True
    assert all_of(services) == before
