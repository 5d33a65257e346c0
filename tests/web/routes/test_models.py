"""/api/models: listing, downloading, promoting, deleting."""

import pytest

from backend.storage.layout import Storage
from tests.api import complete, problem_of


@pytest.fixture
def two(api, key, services):
    """An older model, which is the current one, and a newer."""
    return [complete(services, api.session(key, model_name=name)) for name in ("older", "newer")]


def test_models_are_listed_newest_first_with_what_they_reached(api, key, two):
    listed = api.get(f"/api/models?workspace_key={key}")
    assert listed["count"] == 2
    assert [each["id"] for each in listed["models"]] == two[::-1]
    assert [each["name"] for each in listed["models"]] == ["newer", "older"]
    assert [each["is_current"] for each in listed["models"]] == [False, True]
    newest = listed["models"][0]
    assert newest["metrics"]["val_accuracy"] == 0.75
    assert newest["session_id"] is not None
    assert "manifest" not in newest


def test_a_model_comes_with_its_manifest(api, two, services):
    model = api.get(f"/api/models/{two[0]}")["model"]
    assert model["manifest"]["spec"] == {"source": "exotrain"}
    assert (services.settings.data_dir / model["path"]).stat().st_size == model["file_size"]


def test_the_file_is_downloaded_under_its_name_and_only_once(api, two):
    path = f"/api/models/{two[0]}/download"
    response = api.get(path, None)
    model = api.get(f"/api/models/{two[0]}")["model"]
    assert response.status_code == 200
    assert response.get_data().startswith(b"model of session")
    assert response.headers["Content-Type"] == "application/octet-stream"
    name = model["path"].rsplit("/", 1)[1]
    assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert model["sha256"] in response.headers["ETag"]
    again = api.get(path, None, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    part = api.get(path, None, headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.get_data()) == (206, b"model")


def test_promoting_makes_a_model_current_and_promoting_an_older_one_is_the_rollback(
    api, key, two, services
):
    older, newer = two
    workspace_id = api.get(f"/api/workspaces/{key}")["workspace"]["id"]
    for model_id in (newer, older):
        answer = api.post(f"/api/models/{model_id}/promote")
        assert answer["model"]["is_current"] is True
        assert answer["model"]["promoted_at"] is not None
        current = services.storage.current_model(workspace_id)
        path = services.settings.data_dir / answer["model"]["path"]
        assert current.read_bytes() == path.read_bytes()
        assert api.get(f"/api/workspaces/{key}")["workspace"]["current_model_id"] == model_id


def test_a_promotion_that_cannot_write_its_file_changes_nothing(
    api, key, two, services, monkeypatch
):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Storage, "promote", fail)
    assert problem_of(api.post(f"/api/models/{two[1]}/promote", None))["status"] == 507
    assert api.get(f"/api/workspaces/{key}")["workspace"]["current_model_id"] == two[0]


def test_a_model_whose_file_is_missing_is_neither_downloaded_nor_promoted(api, key, two, services):
    path = api.get(f"/api/models/{two[1]}")["model"]["path"]
    (services.settings.data_dir / path).unlink()
    for response in (
        api.get(f"/api/models/{two[1]}/download", None),
        api.post(f"/api/models/{two[1]}/promote", None),
    ):
        problem = problem_of(response)
        assert problem["status"] == 404
        assert "missing" in problem["detail"]
    assert api.get(f"/api/workspaces/{key}")["workspace"]["current_model_id"] == two[0]


def test_the_current_model_is_not_deleted_and_another_is_with_its_files(api, two, services):
    older, newer = two
    problem = problem_of(api.delete(f"/api/models/{older}", None))
    assert problem["status"] == 409
    assert "promote another" in problem["detail"]
    path = services.settings.data_dir / api.get(f"/api/models/{newer}")["model"]["path"]
    api.delete(f"/api/models/{newer}")
    api.get(f"/api/models/{newer}", 404)
    assert not path.exists()
    assert not path.with_suffix(".json").exists()
