"""Each call that stores the evidence of a table fails: nothing partial is left, and it goes on."""

import threading

import pytest

from backend.storage.dataset_table import is_whole
from tests.api import problem_of
from tests.faults.state import all_of, files_in, names_in
from tests.services.datasets.evidence import with_evidence
from tests.services.datasets.test_evidence import as_an_earlier_release

CATALOGUE = with_evidence(90)

INCOMING = "*/uploads/incoming/*"
PLACED = "*/uploads/1/*.evidence.npy"

UPLOAD = [
    pytest.param("open", INCOMING, 5, id="make the evidence"),
    pytest.param("write", INCOMING, 5, id="write the evidence"),
    pytest.param("fsync", INCOMING, 4, id="sync the evidence"),
    pytest.param("fsync", INCOMING, 8, id="sync before the last move"),
    pytest.param("rename", PLACED, 1, id="move the evidence"),
]
AGAIN = [
    pytest.param("open", INCOMING, 3, id="make the evidence"),
    pytest.param("write", INCOMING, 1, id="write the evidence"),
    pytest.param("fsync", INCOMING, 3, id="sync the evidence"),
    pytest.param("rename", PLACED, 1, id="move the evidence"),
    pytest.param("sql", "BEGIN IMMEDIATE", 1, id="wait for the turn"),
    pytest.param("sql", "UPDATE datasets*", 1, id="record it"),
    pytest.param("sql", "COMMIT", 1, id="commit it"),
]


@pytest.mark.parametrize(("call", "what", "first"), UPLOAD)
@pytest.mark.parametrize(("effect", "status"), [("ENOSPC", 507), ("EIO", 500)])
def test_an_upload_whose_evidence_cannot_be_stored_leaves_nothing(
    faults, api, key, services, call, what, first, effect, status
):
    before = all_of(services)
    fault = faults.add(call, what, effect, first=first)
    answer = api.upload(key, CATALOGUE, None)
    assert (answer.status_code, fault.effects) == (status, 1)
    problem_of(answer)
    assert all_of(services) == before
    assert api.upload(key, CATALOGUE)["dataset"]["num_samples"] == 90
    assert len(files_in(services.storage.uploads)) == 4


def start(services):
    """Looks after the datasets as a start does, all of it before it returns."""
    services.tables.rebuild_missing()
    for thread in threading.enumerate():
        if thread.name == "missing tables":
            thread.join(60)


@pytest.mark.parametrize(("call", "what", "first"), AGAIN)
@pytest.mark.parametrize("is_full", [True, False])
def test_the_evidence_of_an_earlier_dataset_that_cannot_be_stored_is_at_the_next_start(
    faults, api, key, services, caplog, call, what, first, is_full
):
    dataset = api.upload(key, CATALOGUE)["dataset"]["id"]
    whole = all_of(services)
    path = as_an_earlier_release(services, dataset)
    before = files_in(services.storage.uploads)
    effect = "ENOSPC" if is_full else "EIO"
    if call == "sql":
        effect = "database or disk is full" if is_full else "disk I/O error"
    fault = faults.add(call, what, effect, first=first, caller="*DatasetTables._derive_again")
    start(services)
    assert fault.effects == 1
    assert "was not read for epochs and uncertainties" in caplog.text
    assert names_in(services.storage.incoming) == set()
    found = files_in(services.storage.uploads)
    assert before.items() <= found.items()
    assert not path.exists() or is_whole(path, 90)
    assert (
        api.get(f"/api/training/dataset/{dataset}/rows?relations=false")["rows"][0]["evidence"]
        is None
    )
    start(services)
    assert all_of(services) == whole
