"""Each call on the way of relations fails once: nothing is left, and the predictions are made."""

import numpy as np
import pytest

from backend.services import job_thread
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.datasets import relations as dataset_relations
from backend.tables.child import __main__ as child
from backend.tables.children import TableChildren
from backend.tables.converter import TableConverter
from backend.transit.columns import ROW_DTYPE
from tests.api import catalogue, complete, form, use_depth_predictor
from tests.faults.state import files_in

INCOMING = "*/uploads/incoming/*"

# Two rows of one star: such a table is related in a process of its own.
RELATED = f"{catalogue()}9.9,2.5,900,0.2,30,5700,1.0,4.4,14.2,0,star-0\n"


@pytest.fixture
def model(api, key, services):
    use_depth_predictor(api.client)
    return complete(services, api.session(key))


def batch(api, key, services):
    posted = api.post("/api/predict/batches", 202, data=form(RELATED, workspace_key=key))
    BatchRunner(services).work()
    return api.get(f"/api/predict/batches/{posted['batch']['id']}")["batch"]


def test_relations_that_cannot_be_written_are_told_to_the_server(faults, tmp_path):
    source, target = tmp_path / "rows.npy", tmp_path / "related.npy"
    np.save(source, np.ones(2, ROW_DTYPE))
    job = {"do": "relate", "kind": "relations", "table": str(source), "target": str(target)}
    fault = faults.add("write", str(target), "ENOSPC")
    told = child.outcome_of({**job, "evidence": None, "known": None})
    assert fault.effects == 1
    assert set(told) == {"no_space"}


@pytest.mark.parametrize(
    ("call", "what"),
    [
        pytest.param("open", INCOMING, id="write the rows"),
        pytest.param("fork", "*backend.tables.child*", id="start the child"),
    ],
)
def test_a_shortage_while_a_batch_is_related_is_waited_for(
    faults, api, key, services, model, monkeypatch, call, what
):
    monkeypatch.setattr(job_thread, "_SHORTAGE_SECONDS", 0.001)
    posted = api.post("/api/predict/batches", 202, data=form(RELATED, workspace_key=key))
    before = files_in(services.storage.incoming)
    fault = faults.add(call, what, "EMFILE" if call == "open" else "EAGAIN")
    BatchRunner(services).work()
    assert fault.effects == 1
    found = api.get(f"/api/predict/batches/{posted['batch']['id']}")["batch"]
    assert found["status"] == "completed"
    assert found["counts"]["known"]["relations"] == found["counts"]["all"]
    assert files_in(services.storage.incoming) == before


def test_files_of_a_batch_that_cannot_be_deleted_go_at_the_next_start(
    faults, api, key, services, model
):
    before = files_in(services.storage.incoming)
    posted = api.post("/api/predict/batches", 202, data=form(RELATED, workspace_key=key))
    fault = faults.add("unlink", INCOMING, "EIO")
    BatchRunner(services).work()
    assert fault.effects == 1
    found = api.get(f"/api/predict/batches/{posted['batch']['id']}")["batch"]
    assert found["status"] == "completed"
    assert len(files_in(services.storage.incoming)) == len(before) + 1


def test_relations_that_cannot_be_deleted_after_a_failure_are_an_error(
    faults, tmp_path, monkeypatch
):
    source, target = tmp_path / "rows.npy", tmp_path / "related.npy"
    np.save(source, np.ones(2, ROW_DTYPE))
    target.write_bytes(b"half")
    monkeypatch.setattr(TableChildren, "_child", lambda *_arguments: None)
    fault = faults.add("unlink", str(target), "EIO")
    with pytest.raises(OSError, match="Input/output"):
        TableConverter(1000, 10).relate(source, None, None, target)
    assert fault.effects == 1


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Nobody has to ask twice on a slow machine."""
    monkeypatch.setattr(dataset_relations, "PATIENCE_SECONDS", 60.0)


def rows_with_relations(api, dataset):
    rows = api.get(f"/api/training/dataset/{dataset}/rows")["rows"]
    return [each["relations"] is not None for each in rows]


@pytest.mark.parametrize(
    ("call", "what", "effect"),
    [
        pytest.param("fork", "*backend.tables.child*", "EAGAIN", id="start the child"),
        pytest.param("thread", "relations", "none", id="start the thread"),
        pytest.param("rename", "*/exotrain.tmp/relations-*", "EIO", id="put the file in its place"),
    ],
)
def test_rows_whose_relations_fail_are_shown_without_them_and_with_them_the_next_time(
    faults, api, key, services, call, what, effect
):
    dataset = api.dataset(key)
    fault = faults.add(call, what, effect)
    assert not any(rows_with_relations(api, dataset))
    assert fault.effects == 1
    assert all(rows_with_relations(api, dataset))


def test_old_relations_that_cannot_be_deleted_stay_until_the_next_start(
    faults, api, key, services, monkeypatch
):
    monkeypatch.setattr(dataset_relations, "_KEPT", 1)
    first, second = api.dataset(key), api.upload(key, catalogue(93))["dataset"]["id"]
    rows_with_relations(api, first)
    fault = faults.add("unlink", "*/exotrain.tmp/relations-*.npy", "EIO")
    assert all(rows_with_relations(api, second))
    assert fault.effects == 1
    assert len(list(services.storage.temporary.glob("relations-*.npy"))) == 2


def test_relations_of_a_deleted_dataset_that_cannot_be_deleted_go_at_the_next_start(
    faults, api, key, services
):
    dataset = api.dataset(key)
    rows_with_relations(api, dataset)
    fault = faults.add("unlink", "*/exotrain.tmp/relations-*.npy", "EIO")
    api.call("DELETE", f"/api/training/dataset/{dataset}")
    assert fault.effects == 1
    assert len(list(services.storage.temporary.glob("relations-*.npy"))) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_child_that_is_killed_is_tried_once_more(api, key, services, model, monkeypatch, times):
    child = TableChildren._child
    kills = [1] * times

    def killed(self, job, own, seconds, check):
        if job["do"] == "relate" and kills:
            kills.pop()
            (own / "log").touch()
            return -9
        return child(self, job, own, seconds, check)

    monkeypatch.setattr(TableChildren, "_child", killed)
    found = batch(api, key, services)
    assert found["status"] == "completed"
    assert found["counts"]["known"]["relations"] == (found["counts"]["all"] if times == 1 else 0)
