"""A file that cannot be deleted: its row goes first, so nobody meets half of what is deleted."""

import pytest

from backend.services.leftovers import remove_leftovers
from tests.api import complete, fail, predict_part, problem_of
from tests.faults.state import all_of, files_in, names_in

pytestmark = pytest.mark.usefixtures("without_bin")


@pytest.fixture
def model(api, key, services):
    """A model that is not the current one, with its three files."""
    complete(services, api.session(key))
    model_id = complete(services, api.session(key))
    file_of(api, services, model_id).with_suffix(".test.npy").write_bytes(b"rows")
    return model_id


def file_of(api, services, model_id):
    return services.settings.data_dir / api.get(f"/api/models/{model_id}")["model"]["path"]


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


def test_a_model_beside_which_a_partial_file_stays_is_gone_with_its_other_files(
    faults, api, services, model, caplog
):
    path = file_of(api, services, model)
    partial = path.with_name(f".{path.name}.0123abcd.partial")
    partial.write_bytes(b"of a worker that was killed")
    fault = faults.add("unlink", str(partial), "EIO", caller="*atomic.remove_partials_of")
    api.delete(f"/api/models/{model}")
    assert fault.effects == 1
    assert path.name in caplog.text
    api.get(f"/api/models/{model}", 404)
    assert {name for name in names_in(path.parent) if path.stem in name} == {partial.name}
    remove_leftovers(services.database, services.storage)
    assert not partial.exists()


@pytest.fixture
def failed(api, key, services):
    """A failed session with finished epochs: its id, and their file."""
    session_id = api.session(key)
    return session_id, fail(services, session_id)


@pytest.fixture
def study(api, key, services):
    """A study, one session of which has failed with finished epochs."""
    found = api.study(key, api.dataset(key), folds=2)["study"]
    first, second = found["sessions"]
    predict_part(services, first, folds=2)
    fail(services, second["id"])
    return found["id"]


def test_a_session_whose_epochs_cannot_be_taken_away_stays_with_them(faults, api, services, study):
    before = all_of(services)
    fault = faults.add("rename", "*.partial", "EIO", caller="*Removal.add")
    answer = api.post(f"/api/training/studies/{study}/retry", None)
    assert fault.effects == 1
    assert problem_of(answer)["status"] == 500
    assert all_of(services) == before
    api.post(f"/api/training/studies/{study}/retry", 202)
    assert names_in(services.storage.checkpoints) == set()


def test_a_session_whose_epochs_cannot_be_deleted_is_gone_and_the_next_start_removes_them(
    faults, api, services, study, caplog
):
    fault = faults.add("unlink", "*.partial", "EIO", caller="*Removal.__exit__")
    api.post(f"/api/training/studies/{study}/retry", 202)
    assert fault.effects == 1
    assert "cannot be deleted" in caplog.text
    remove_leftovers(services.database, services.storage)
    assert names_in(services.storage.checkpoints) == set()


def test_epochs_that_cannot_be_put_back_either_are_named_in_the_log(
    faults, api, services, study, caplog
):
    faults.add("sql", "COMMIT", "database is locked")
    fault = faults.add("rename", "*.kept.ckpt", "EIO", caller="*Removal.__exit__")
    answer = api.post(f"/api/training/studies/{study}/retry", None)
    assert fault.effects == 1
    assert problem_of(answer)["status"] == 503
    (left,) = names_in(services.storage.checkpoints)
    assert left in caplog.text
    assert "cannot be put back" in caplog.text
    api.post(f"/api/training/studies/{study}/retry", 202)


def test_finished_epochs_that_cannot_be_deleted_are_gone_and_the_next_start_removes_them(
    faults, api, services, failed, caplog
):
    session_id, file = failed
    fault = faults.add("unlink", str(file), "EIO", caller="*Storage.remove_kept_checkpoint")
    answer = api.delete(f"/api/training/session/{session_id}/checkpoint")
    assert answer["session"]["checkpoint_bytes"] is None
    assert fault.effects == 1
    assert "left to the next start" in caplog.text
    api.post(f"/api/training/session/{session_id}/keep", 409)
    remove_leftovers(services.database, services.storage)
    assert not file.exists()
