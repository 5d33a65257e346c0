"""Each call on the way of a file that is no text fails once: in words, and no file is left."""

import io
import os

import pytest

from backend.tables.child import __main__ as child
from backend.tables.child import limits
from backend.tables.converter import TableConverter
from tests.api import catalogue, problem_of
from tests.faults.state import all_of, files_in
from tests.tables.files import KINDS, write_xlsx

INCOMING = "*/uploads/incoming/*"
TEMPORARY = "*/table-*"

COLUMNS = [{"name": "period", "unit": "d", "description": None, "type": "float"}]


@pytest.fixture
def spreadsheet(tmp_path):
    rows = [line.split(",") for line in catalogue().splitlines()]
    write_xlsx(tmp_path / "table.xlsx", {"Sheet": rows})
    return (tmp_path / "table.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("call", "what"),
    [
        pytest.param("fork", "*backend.tables.child*", id="fork"),
        pytest.param("mkdir", TEMPORARY, id="make its folder"),
        pytest.param("open", f"{TEMPORARY}/log", id="open its log"),
    ],
)
@pytest.mark.parametrize(("effect", "status"), [("EAGAIN", 503), ("ENOSPC", 507)])
def test_a_child_that_cannot_be_started_ends_the_upload_and_leaves_nothing(
    faults, api, key, services, spreadsheet, call, what, effect, status
):
    before = all_of(services)
    fault = faults.add(call, what, effect)
    answer = api.upload(key, spreadsheet, None)
    assert fault.effects == 1
    assert answer.status_code == status, answer.get_data(as_text=True)
    problem_of(answer)
    assert all_of(services) == before
    assert api.upload(key, spreadsheet)["dataset"]["num_samples"] == 90


def test_a_job_that_cannot_be_sent_is_an_error_in_words(faults, api, key, services, spreadsheet):
    before = all_of(services)
    fault = faults.add("pipe", '*"do": "read"*', "EPIPE")
    answer = api.upload(key, spreadsheet, None)
    assert fault.effects == 1
    assert answer.status_code == 503
    problem_of(answer)
    assert all_of(services) == before


def test_a_text_that_cannot_be_deleted_ends_the_upload_and_goes_at_the_next_start(
    faults, api, key, services, spreadsheet
):
    fault = faults.add("unlink", INCOMING, "EIO")
    answer = api.upload(key, spreadsheet, None)
    assert fault.effects == 1
    assert answer.status_code == 500
    problem_of(answer)
    assert api.get(f"/api/training/datasets?workspace_key={key}")["count"] == 0
    assert len(files_in(services.storage.uploads)) == 1


def test_a_text_that_cannot_be_written_is_told_to_the_server(faults, tmp_path):
    KINDS["ipac"](tmp_path / "table")
    job = {"do": "read", "kind": "ipac", "source": str(tmp_path / "table"), "table": None}
    for effect, told in (("ENOSPC", "no_space"), ("EFBIG", "limit"), ("EIO", "error")):
        target = tmp_path / effect
        fault = faults.add("write", str(target), effect)
        assert set(child.outcome_of({**job, "target": str(target)})) == {told}
        assert fault.effects == 1


@pytest.mark.parametrize("kind", ["ecsv", "votable"])
def test_a_table_that_cannot_be_written_is_told_to_the_server(faults, tmp_path, kind):
    source, target = tmp_path / "rows.csv", tmp_path / "table"
    source.write_text("period\n3.5\n")
    job = {"do": "write", "kind": kind, "source": str(source), "target": str(target)}
    fault = faults.add("write", str(target), "ENOSPC")
    told = child.outcome_of({**job, "columns": COLUMNS, "metadata": {}})
    assert fault.effects == 1
    assert set(told) == {"no_space"}


def test_an_outcome_that_cannot_be_written_ends_the_child_without_one(
    faults, tmp_path, monkeypatch
):
    outcome = tmp_path / "outcome.json"
    job = (
        '{"do": "read", "kind": "ipac", "source": "none", "table": null, "target": "none",'
        f' "outcome": "{outcome}", "parent": 1, "memory_mb": 1, "seconds": 1, "output_bytes": 1}}\n'
    )
    monkeypatch.setattr(limits.sys, "stdin", io.TextIOWrapper(io.BytesIO(job.encode())))
    for name in ("end_with_parent", "set_limits", "forbid_connections"):
        monkeypatch.setattr(limits, name, lambda *_arguments: None)
    monkeypatch.setattr(limits.os, "nice", lambda _nice: None)
    fault = faults.add("open", str(outcome), "EIO")
    with pytest.raises(OSError, match="Input/output"):
        child.main()
    assert fault.effects == 1
    assert not outcome.exists()


def test_a_child_that_cannot_watch_its_server_does_not_begin(faults, monkeypatch):
    monkeypatch.setattr(limits.sys, "platform", "another")
    fault = faults.add("thread", "parent", "none")
    with pytest.raises(RuntimeError, match="can't start new thread"):
        limits.end_with_parent(os.getppid())
    assert fault.effects == 1


def test_a_table_that_fails_and_cannot_be_deleted_is_an_error_of_the_server(faults, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("period\n3.5,4\n")
    fault = faults.add("unlink", str(tmp_path / "out"), "EIO")
    with pytest.raises(OSError, match="Input/output"):
        TableConverter(2000, 60).write_table(source, COLUMNS, {}, "ecsv", tmp_path / "out")
    assert fault.effects == 1


def test_the_disk_is_not_filled_to_its_end(tmp_path, monkeypatch):
    """What the child writes keeps the reserve free, as an upload does."""
    monkeypatch.setattr("backend.storage.incoming.RESERVED_BYTES", 1 << 60)
    KINDS["ipac"](tmp_path / "table")
    job = {"do": "read", "kind": "ipac", "source": str(tmp_path / "table"), "table": None}
    assert "no_space" in child.outcome_of({**job, "target": str(tmp_path / "text")})
