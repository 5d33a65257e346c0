"""/api/training/session/<id>/keep and …/checkpoint: the finished epochs of a failed session."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.database import datasets, kept, sessions
from backend.web.current import services_of
from tests.api import Api, catalogue, complete, fail, problem_of

ERROR = {"reason": "crashed", "message": "The worker was killed twice.", "keep_error": None}


@pytest.fixture
def failed(api, key, services):
    """The path of a failed session with two finished epochs."""
    session_id = api.session(key)
    fail(services, session_id)
    return f"/api/training/session/{session_id}"


def id_of(path):
    return int(path.rsplit("/", 1)[1])


def test_a_failed_session_says_until_when_its_epochs_can_be_kept(api, failed, services):
    session = api.get(failed)["session"]
    ended = datetime.fromisoformat(session["completed_at"])
    assert datetime.fromisoformat(session["keepable_until"]) - ended == timedelta(days=7)
    size = services.storage.kept_checkpoint(id_of(failed)).stat().st_size
    assert session["checkpoint_bytes"] == size
    assert session["error"] == ERROR


def test_a_session_without_finished_epochs_says_so(api, key, services):
    for end in (complete, lambda *_: None):
        session_id = api.session(key)
        end(services, session_id)
        session = api.get(f"/api/training/session/{session_id}")["session"]
        assert (session["keepable_until"], session["checkpoint_bytes"]) == (None, None)


def test_a_keep_is_requested_once_and_cancelled_without_loss(api, failed, bell, services):
    answer = api.post(f"{failed}/keep", 202)
    assert answer["session"]["status"] == "failed"
    assert (answer["session"]["request"], answer["session"]["stage"]) == ("keep", None)
    assert bell.rings == 1
    assert "being kept already" in problem_of(api.post(f"{failed}/keep", None))["detail"]
    api.post(f"{failed}/stop", 409)
    cancelled = api.post(f"{failed}/cancel")["session"]
    assert cancelled["request"] is None
    assert cancelled["keepable_until"] == answer["session"]["keepable_until"] is not None
    assert bell.rings == 2
    api.post(f"{failed}/cancel", 409)
    assert services.storage.kept_checkpoint(id_of(failed)).exists()
    api.post(f"{failed}/keep", 202)


def test_a_poll_notices_the_request_the_stage_and_the_end(api, failed, services):
    tags = {api.get(failed, None).headers["ETag"]}
    api.post(f"{failed}/keep", 202)
    tags.add(api.get(failed, None).headers["ETag"])
    with services.database.write() as connection:
        sessions.change(connection, id_of(failed), stage="evaluating")
    assert api.get(failed)["session"]["stage"] == "evaluating"
    tags.add(api.get(failed, None).headers["ETag"])
    api.post(f"{failed}/cancel")
    assert api.get(failed)["session"]["stage"] is None
    tags.add(api.get(failed, None).headers["ETag"])
    api.delete(f"{failed}/checkpoint")
    tags.add(api.get(failed, None).headers["ETag"])
    assert len(tags) == 5


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_only_finished_epochs_of_a_failed_session_can_be_kept_or_deleted(
    api, key, services, method
):
    path = {"POST": "keep", "DELETE": "checkpoint"}[method]
    waiting, completed, early = (api.session(key) for _ in range(3))
    complete(services, completed)
    with services.database.write() as connection:
        sessions.end(connection, early, "failed", {"reason": "data", "message": "too few rows"})
    for session_id, words in (
        (waiting, "is pending"),
        (completed, "is completed"),
        (early, "no finished epochs"),
    ):
        answer = api.call(method, f"/api/training/session/{session_id}/{path}", None)
        assert problem_of(answer)["status"] == 409
        assert words in problem_of(answer)["detail"]


def test_a_session_whose_best_epoch_is_a_model_is_not_kept_again(api, failed, services):
    model_id = complete(services, id_of(failed))
    with services.database.write() as connection:
        sessions.end(connection, id_of(failed), "failed", ERROR)
    assert f"is model {model_id} already" in problem_of(api.post(f"{failed}/keep", None))["detail"]


def test_a_kept_session_has_an_evaluation_and_a_failed_one_has_none(api, failed, services):
    with services.database.write() as connection:
        sessions.change(connection, id_of(failed), evaluation={"accuracy": 0.5})
    assert "is failed" in problem_of(api.get(f"{failed}/evaluation", None))["detail"]
    with services.database.write() as connection:
        sessions.change(connection, id_of(failed), best_epoch=2)
    assert api.get(f"{failed}/evaluation")["evaluation"] == {"accuracy": 0.5}


@pytest.mark.usefixtures("without_bin")
def test_without_its_dataset_a_session_is_not_kept_until_that_is_uploaded_again(api, key, services):
    content = catalogue(77)
    dataset_id = api.upload(key, content)["dataset"]["id"]
    path = f"/api/training/session/{api.start(key, dataset_id)['session']['id']}"
    fail(services, id_of(path))
    api.delete(f"/api/training/dataset/{dataset_id}")
    assert "upload it again" in problem_of(api.post(f"{path}/keep", None))["detail"]
    again = api.upload(key, content)["dataset"]["id"]
    api.post(f"{path}/keep", 202)
    answer = api.delete(f"/api/training/dataset/{again}", None)  # the keep needs it
    assert str(id_of(path)) in problem_of(answer)["detail"]


def test_while_a_session_is_kept_nothing_that_it_needs_is_deleted(api, key, failed):
    api.post(f"{failed}/keep", 202)
    dataset_id = api.get(failed)["session"]["dataset_id"]
    for path in (
        failed,
        f"{failed}/checkpoint",
        f"/api/training/dataset/{dataset_id}",
        f"/api/workspaces/{key}",
    ):
        assert str(id_of(failed)) in problem_of(api.delete(path, None))["detail"], path
    api.post(f"{failed}/cancel")
    api.delete(f"{failed}/checkpoint")


def test_deleted_epochs_are_gone_and_recorded_and_the_session_stays(api, key, failed, services):
    answer = api.delete(f"{failed}/checkpoint")
    assert answer["session"]["keepable_until"] is None
    assert not services.storage.kept_checkpoint(id_of(failed)).exists()
    assert "no finished epochs" in problem_of(api.post(f"{failed}/keep", None))["detail"]
    (entry,) = api.get(f"/api/audit?workspace_key={key}&action=checkpoint_deleted")["entries"]
    assert entry["target"] == f"session {id_of(failed)}"


@pytest.mark.usefixtures("without_bin")
def test_the_epochs_go_with_their_session_and_with_their_workspace(api, key, failed, services):
    other = api.session(key)
    files = [services.storage.kept_checkpoint(id_of(failed)), fail(services, other)]
    api.delete(failed)
    assert [each.exists() for each in files] == [False, True]
    api.delete(f"/api/workspaces/{key}")
    assert not files[1].exists()


def test_kept_epochs_count_for_the_owner_until_they_are_gone(api, key, services):
    session_id = api.session(key)

    def stored():
        return api.get(f"/api/workspaces/{key}")["workspace"]["stored_bytes"]

    before = stored()
    used = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    size = fail(services, session_id).stat().st_size
    assert stored() == before + size
    assert api.get("/api/me")["usage"]["stored_bytes"]["used"] == used + size
    api.delete(f"/api/training/session/{session_id}/checkpoint")
    assert stored() == before


def test_a_keep_within_a_full_quota_is_refused_unless_its_epochs_are_what_fills_it(
    make_client, settings, token
):
    client = make_client(replace(settings, quota_mb=1))
    services = services_of(client.application)
    api = Api(client, token)
    key = api.workspace()
    session_id = api.session(key)
    path = f"/api/training/session/{session_id}"
    checkpoint = fail(services, session_id)
    full = api.get("/api/me")["usage"]["stored_bytes"]
    missing = full["allowed"] - full["used"]
    with services.database.write() as connection:
        own = checkpoint.stat().st_size
        sessions.change(connection, session_id, checkpoint_bytes=own + missing + 1)
    api.post(f"{path}/keep", 202)
    api.post(f"{path}/cancel")
    with services.database.write() as connection:
        session = sessions.find(connection, session_id)
        dataset = datasets.find(connection, session["dataset_id"])
        datasets.set_stored_bytes(connection, dataset["id"], full["allowed"])
    problem = problem_of(api.post(f"{path}/keep", None))
    assert problem["status"] == 507
    assert "EXOTRAIN_QUOTA_MB" in problem["detail"]


def test_what_is_older_than_seven_days_is_too_old_unless_it_is_being_kept(api, failed, services):
    until = datetime.fromisoformat(api.get(failed)["session"]["keepable_until"])
    moment = timedelta(seconds=1)
    with services.database.write() as connection:
        assert kept.too_old(connection, until - moment) == []
        assert kept.too_old(connection, until + moment) == [id_of(failed)]
        sessions.change(connection, id_of(failed), request="keep")
        assert kept.too_old(connection, until + moment) == []
