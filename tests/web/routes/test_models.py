"""/api/models: listing, downloading, promoting, deleting."""

import hashlib

import pytest

from backend.storage.layout import Storage
from backend.web.routes import models as model_routes
from tests import messages
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


PARTS = {"training_rows": ".neighbours.npy", "relations": ".related.npy"}


@pytest.mark.parametrize(("part", "suffix"), PARTS.items())
def test_what_a_model_keeps_of_its_table_is_downloaded_too(api, key, services, part, suffix):
    content = b"rows of its table"
    kept = {"sha256": hashlib.sha256(content).hexdigest()}
    manifest = {"neighbours" if part == "training_rows" else "related": kept}
    found = complete(services, api.session(key), **manifest)
    model = api.get(f"/api/models/{found}")["model"]
    path = (services.settings.data_dir / model["path"]).with_suffix(suffix)
    path.write_bytes(content)
    answer = api.get(f"/api/models/{found}/download?part={part}", None)
    assert answer.get_data() == content
    assert answer.headers["Content-Disposition"] == f"attachment; filename={path.name}"
    path.write_bytes(b"others")
    damaged = problem_of(api.get(f"/api/models/{found}/download?part={part}", None))
    assert damaged["code"] == "model_corrupt"


@pytest.mark.parametrize("part", PARTS)
def test_a_model_of_an_earlier_release_keeps_nothing_to_download(api, two, part):
    problem = problem_of(api.get(f"/api/models/{two[0]}/download?part={part}", None))
    assert problem["status"] == 404
    assert "an earlier release" in problem["detail"]


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


def test_a_model_says_whether_it_beats_guessing_and_a_promotion_does_too(api, key, services):
    session_id = api.session(key)
    worse = complete(services, session_id, verdict=messages.WORSE)
    better = complete(services, api.session(key), verdict=messages.BETTER)
    older = complete(services, api.session(key))
    listed = api.get(f"/api/models?workspace_key={key}")["models"]
    assert [each["verdict"] for each in listed] == [None, messages.BETTER, messages.WORSE]
    assert [each["is_current"] for each in listed] == [False, True, False]
    session = api.get(f"/api/training/session/{session_id}")["session"]
    assert session["verdict"] == messages.WORSE
    assert api.get(f"/api/models/{better}")["model"]["is_promoted_by_hand"] is False
    answer = api.post(f"/api/models/{worse}/promote")
    assert "no better than guessing: its log loss on 100 test rows is 1.100" in answer["message"]
    assert answer["model"]["verdict"] == messages.WORSE
    assert answer["model"]["is_promoted_by_hand"] is True
    for model_id in (better, older):
        message = api.post(f"/api/models/{model_id}/promote")["message"]
        assert message == f"Model {model_id} is now the current model."


def test_a_log_loss_that_is_not_finite_is_null_and_said_in_words(api, key, services):
    verdict = {**messages.WORSE, "log_loss": None}
    model_id = complete(services, api.session(key), verdict=verdict)
    answer = api.post(f"/api/models/{model_id}/promote")
    assert answer["model"]["verdict"]["log_loss"] is None
    assert "log loss on 100 test rows is not a finite number" in answer["message"]


def test_a_promotion_that_cannot_write_its_file_changes_nothing(
    api, key, two, services, monkeypatch
):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Storage, "promote", fail)
    assert problem_of(api.post(f"/api/models/{two[1]}/promote", None))["status"] == 507
    assert api.get(f"/api/workspaces/{key}")["workspace"]["current_model_id"] == two[0]


def flip(path):
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a bit": flip,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "another's": lambda path: path.write_bytes(b"model of another session"),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_model_is_neither_downloaded_nor_promoted(api, key, two, services, damage):
    path = services.settings.data_dir / api.get(f"/api/models/{two[1]}")["model"]["path"]
    workspace_id = api.get(f"/api/workspaces/{key}")["workspace"]["id"]
    good = services.storage.current_model(workspace_id).read_bytes()
    tag = api.get(f"/api/models/{two[1]}/download", None).headers["ETag"]
    damage(path)
    download = f"/api/models/{two[1]}/download"
    for response in (
        api.get(download, None),
        api.call("HEAD", download, None),
        api.get(download, None, headers={"If-None-Match": tag}),
        api.get(download, None, headers={"Range": "bytes=0-4"}),
        api.post(f"/api/models/{two[1]}/promote", None),
    ):
        assert response.status_code == 409
        assert "Retry-After" not in response.headers
        assert "ETag" not in response.headers
        if response.request.method != "HEAD":
            problem = problem_of(response)
            assert problem["code"] == "model_corrupt"
            assert path.name in problem["detail"]
            assert "backup" in problem["detail"]
    assert services.storage.current_model(workspace_id).read_bytes() == good
    assert api.get(f"/api/workspaces/{key}")["workspace"]["current_model_id"] == two[0]
    assert [path.name for path in services.storage.models.rglob("*.partial")] == []


def test_what_was_hashed_is_what_is_downloaded(api, two, services, monkeypatch):
    """The file is replaced between the two."""
    path = services.settings.data_dir / api.get(f"/api/models/{two[1]}")["model"]["path"]
    content = path.read_bytes()
    opened = model_routes.open_verified

    def open_then_replace(*arguments):
        file = opened(*arguments)
        other = path.with_name("other")
        other.write_bytes(b"other")
        other.replace(path)
        return file

    monkeypatch.setattr(model_routes, "open_verified", open_then_replace)
    assert api.get(f"/api/models/{two[1]}/download", None).get_data() == content


@pytest.mark.usefixtures("without_bin")
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
