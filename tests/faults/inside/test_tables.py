"""Each call that makes a dataset's missing rows again fails: in words, and a next start does it."""

import threading

import pytest

from backend import launcher
from backend.storage.lock import CannotStart
from tests.api import catalogue, problem_of
from tests.faults.state import files_in, names_in

CATALOGUE = catalogue() + "0,2.5,500,0.2,30,5700,1.0,4.4,14.2,1,star-bad\n"

INCOMING = "*/uploads/incoming/*"
PLACED = "*/uploads/1/*"

CALLS = [
    pytest.param("open", INCOMING, 1, id="make the table"),
    pytest.param("open", INCOMING, 2, id="make the rejections"),
    pytest.param("write", INCOMING, 1, id="write the one"),
    pytest.param("write", INCOMING, 2, id="write the other"),
    pytest.param("write", INCOMING, 3, id="write the table's header"),
    pytest.param("fsync", INCOMING, 1, id="sync the table"),
    pytest.param("fsync", INCOMING, 2, id="sync the rejections"),
    pytest.param("rename", f"{PLACED}.npy", 1, id="move the table"),
    pytest.param("rename", f"{PLACED}.rejected.jsonl", 1, id="move the rejections"),
    pytest.param("sql", "BEGIN IMMEDIATE", 1, id="wait for the turn"),
]


@pytest.fixture
def dataset(api, key):
    return api.upload(key, CATALOGUE)["dataset"]["id"]


@pytest.fixture
def rebuild(services):
    """Rebuilds what is missing, as at a start, all of it before it returns."""

    def rebuild():
        services.tables.rebuild_missing()
        for thread in threading.enumerate():
            if thread.name == "missing tables":
                thread.join(60)

    return rebuild


def lose(services):
    """The derived files are gone."""
    for path in services.storage.uploads.glob("1/*"):
        if path.suffix != ".csv":
            path.unlink()


@pytest.mark.parametrize(("call", "what", "first"), CALLS)
@pytest.mark.parametrize(("effect", "is_needed"), [("ENOSPC", True), ("EIO", False)])
def test_missing_rows_that_cannot_be_made_again_are_made_at_the_next_start(
    faults, api, key, services, dataset, rebuild, caplog, call, what, first, effect, is_needed
):
    before = files_in(services.storage.uploads)
    if is_needed:  # then it is done before anything else
        api.start(key, dataset)
    lose(services)
    if call == "sql":
        effect = "database is locked" if is_needed else "disk I/O error"
    fault = faults.add(call, what, effect, first=first, caller="*DatasetTables._derive_again")
    rebuild()
    assert fault.effects == 1
    assert f"the rows of dataset {dataset} ('catalogue.csv') are missing" in caplog.text
    assert names_in(services.storage.incoming) == set()
    found = files_in(services.storage.uploads)
    assert found.items() <= before.items()
    assert found != before
    paths = [f"/api/training/dataset/{dataset}/{each}" for each in ("rows", "rejected")]
    answers = [api.get(path, None) for path in paths]
    refused = [problem_of(each) for each in answers if each.status_code != 200]
    assert refused
    for problem in refused:
        assert problem["status"] == 409
        assert "Start it again" in problem["detail"]
    rebuild()
    assert files_in(services.storage.uploads) == before
    assert [api.get(path)["total"] for path in paths] == [90, 1]


def test_files_for_nothing_that_cannot_be_deleted_do_not_hide_that_the_rows_are_there(
    faults, api, services, dataset, rebuild, caplog
):
    before = files_in(services.storage.uploads)
    (table,) = services.storage.uploads.glob("1/*.npy")
    table.unlink()
    fault = faults.add("unlink", INCOMING, "EIO", first=2, caller="*DatasetTables._derive_again")
    rebuild()
    assert fault.effects == 1
    assert "were read again" in caplog.text
    assert "are missing" not in caplog.text
    (left,) = names_in(services.storage.incoming)
    assert left in caplog.text
    assert api.get(f"/api/training/dataset/{dataset}/rows")["total"] == 90
    (services.storage.incoming / left).unlink()  # as the next start does
    assert files_in(services.storage.uploads) == before


def test_rows_for_which_there_is_no_thread_end_the_start_in_words(
    faults, services, dataset, rebuild
):
    before = files_in(services.storage.uploads)
    lose(services)
    fault = faults.add("thread", "missing tables", "none")
    with (
        pytest.raises(CannotStart, match="new thread"),
        launcher._starting(services.storage.data_dir),
    ):
        rebuild()
    assert fault.effects == 1
    rebuild()
    assert files_in(services.storage.uploads) == before
