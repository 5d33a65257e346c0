"""A file that cannot be deleted: its row goes first, so nobody meets half of what is deleted."""

import pytest

from tests.api import complete
from tests.faults.state import files_in


@pytest.fixture
def model(api, key, services):
    """A model that is not the current one, with its three files."""
    complete(services, api.session(key))
    model_id = complete(services, api.session(key))
    path = services.settings.data_dir / api.get(f"/api/models/{model_id}")["model"]["path"]
    path.with_suffix(".test.npy").write_bytes(b"rows")
    return model_id


def test_a_dataset_whose_files_cannot_be_deleted_is_gone_all_the_same(
    faults, api, key, services, caplog
):
    kept = api.dataset(key)
    dataset_id = api.dataset(key, rows=300)
    before = files_in(services.storage.uploads)
    fault = faults.add("unlink", "*/uploads/1/*", "EIO", times=None)
    answer = api.delete(f"/api/training/dataset/{dataset_id}")
    assert "deleted" in answer["message"]
    assert fault.effects > 0
    assert "uploads" in caplog.text
    api.get(f"/api/training/dataset/{dataset_id}", 404)
    faults.clear()
    assert api.dataset(key, rows=300) != dataset_id  # the same bytes: in the place of what was left
    assert files_in(services.storage.uploads) == before
    assert api.get(f"/api/training/dataset/{kept}/rows")["total"] == 90


def test_a_model_whose_files_cannot_be_deleted_is_gone_all_the_same(
    faults, api, key, services, model, caplog
):
    path = api.get(f"/api/models/{model}")["model"]["path"]
    fault = faults.add("unlink", "*/model/1/*.keras", "EIO")
    api.delete(f"/api/models/{model}")
    assert fault.effects == 1
    assert path in caplog.text
    api.get(f"/api/models/{model}", 404)
    assert api.get(f"/api/models?workspace_key={key}")["count"] == 1


def test_a_workspace_whose_files_cannot_be_deleted_is_gone_all_the_same(
    faults, api, key, services, caplog
):
    api.dataset(key)
    session_id = api.session(key)
    (services.storage.checkpoints / f"{session_id}.ckpt").write_bytes(b"state")
    other = api.workspace("other")
    fault = faults.add("unlink", "*", "EIO", times=None)
    api.delete(f"/api/workspaces/{key}")
    assert fault.effects > 1
    assert "checkpoints" in caplog.text
    api.get(f"/api/workspaces/{key}", 404)
    assert api.get(f"/api/workspaces/{other}")["workspace"]["stored_bytes"] == 0


def test_a_waiting_session_whose_checkpoint_cannot_be_deleted_is_cancelled_all_the_same(
    faults, api, key, services, caplog
):
    session_id = api.session(key)
    (services.storage.checkpoints / f"{session_id}.ckpt").write_bytes(b"state")
    fault = faults.add("unlink", "*/checkpoints/*", "EIO")
    answer = api.post(f"/api/training/session/{session_id}/cancel")
    assert answer["session"]["status"] == "cancelled"
    assert fault.effects == 1
    assert "checkpoints" in caplog.text


def test_a_dataset_whose_files_wait_for_the_database_is_gone_all_the_same(
    faults, api, key, services, caplog
):
    dataset_id = api.dataset(key)
    fault = faults.add("sql", "BEGIN IMMEDIATE", "database is locked", first=2)
    api.delete(f"/api/training/dataset/{dataset_id}")
    assert fault.effects == 1
    assert "uploads" in caplog.text
    api.get(f"/api/training/dataset/{dataset_id}", 404)
    api.dataset(key)
    assert len(files_in(services.storage.uploads)) == 3
