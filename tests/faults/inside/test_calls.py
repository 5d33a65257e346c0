"""The database fails under each call that changes something: an answer in words, and no change."""

import json
from typing import Any

import pytest

from backend.background.session_starts import CannotStart, SessionStarts
from backend.database import accounts, batches
from backend.services.batch_jobs.runner import BatchRunner
from tests.api import (
    CANDIDATE,
    catalogue,
    complete,
    fail,
    form,
    predict_part,
    problem_of,
    use_depth_predictor,
)
from tests.faults.state import all_of

FAULTS = [
    ("BEGIN IMMEDIATE", "database is locked", 503),
    ("[IDU][NEP][SLD]*", "database or disk is full", 507),  # INSERT, DELETE, UPDATE
    ("COMMIT", "database is locked", 503),
    ("COMMIT", "database or disk is full", 507),
    ("COMMIT", "disk I/O error", 500),
    ("BEGIN IMMEDIATE", "unable to open database file", 503),  # no descriptor is left
]

# What is called: method, path and body, in the world of `world`. Each works once.
CALLS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "create_workspace": ("POST", "/api/workspaces", {"name": "new"}),
    "delete_workspace": ("DELETE", "/api/workspaces/{key}", None),
    "add_member": ("POST", "/api/workspaces/{key}/members", {"user": "friend"}),
    "change_member": (
        "POST",
        "/api/workspaces/{key}/members",
        {"user": "member", "role": "viewer"},
    ),
    "remove_member": ("DELETE", "/api/workspaces/{key}/members/member", None),
    "create_token": ("POST", "/api/tokens", {"user": "new"}),
    "revoke_token": ("DELETE", "/api/tokens/{token}", None),
    "start_training": (
        "POST",
        "/api/training/start",
        {"workspace_key": "{key}", "dataset_id": "{dataset}"},
    ),
    "retry_session": ("POST", "/api/training/session/{ended}/retry", None),
    "stop_session": ("POST", "/api/training/session/{pending}/stop", None),
    "cancel_session": ("POST", "/api/training/session/{pending}/cancel", None),
    "update_workspace": ("PATCH", "/api/workspaces/{key}", {"name": "new"}),
    "update_dataset": ("PATCH", "/api/training/dataset/{dataset}", {"name": "new"}),
    "update_session": ("PATCH", "/api/training/session/{ended}", {"title": "mine"}),
    "update_sessions": (
        "POST",
        "/api/training/sessions/bulk",
        {"session_ids": [1, 2, 3], "action": "delete"},
    ),
    "delete_session": ("DELETE", "/api/training/session/{ended}", None),
    "keep_session": ("POST", "/api/training/session/{failed}/keep", None),
    "delete_checkpoint": ("DELETE", "/api/training/session/{failed}/checkpoint", None),
    "delete_failed_session": ("DELETE", "/api/training/session/{failed}", None),
    "start_study": (
        "POST",
        "/api/training/studies",
        {"workspace_key": "{key}", "dataset_id": "{dataset}"},
    ),
    "stop_study": ("POST", "/api/training/studies/{waiting_study}/stop", None),
    "cancel_study": ("POST", "/api/training/studies/{waiting_study}/cancel", None),
    "retry_study": ("POST", "/api/training/studies/{failed_study}/retry", None),
    "delete_study": ("DELETE", "/api/training/studies/{failed_study}", None),
    "create_study_model": ("POST", "/api/training/studies/{whole_study}/model", {}),
    "download_study": ("GET", "/api/training/studies/{failed_study}/predictions.csv", None),
    "delete_dataset": ("DELETE", "/api/training/dataset/{dataset}", None),
    "change_labels": (
        "PUT",
        "/api/training/dataset/{dataset}/labels",
        {"changes": [{"row": 1, "label": 0, "reason": "a blend"}]},
    ),
    "undo_labels": ("POST", "/api/training/dataset/{dataset}/labels/undo", {}),
    "set_label_rule": (
        "PUT",
        "/api/training/dataset/{dataset}/labels/rule",
        {"rule": "majority"},
    ),
    "download_labels": ("GET", "/api/training/dataset/{dataset}/labels.csv", None),
    "freeze_version": ("POST", "/api/training/dataset/{dataset}/versions", {}),
    "promote_model": ("POST", "/api/models/{other_model}/promote", None),
    "update_model": ("PATCH", "/api/models/{model}", {"title": "mine"}),
    "update_models": (
        "POST",
        "/api/models/bulk",
        {"model_ids": [2], "action": "delete"},
    ),
    "delete_model": ("DELETE", "/api/models/{other_model}", None),
    "download_model": ("GET", "/api/models/{model}/download", None),
    "cancel_batch": ("POST", "/api/predict/batches/{waiting_batch}/cancel", None),
    "cancel_running_batch": ("POST", "/api/predict/batches/{running_batch}/cancel", None),
    "delete_batch": ("DELETE", "/api/predict/batches/{ended_batch}", None),
    "download_batch": ("GET", "/api/predict/batches/{ended_batch}/result", None),
    "restore_bin_entry": ("POST", "/api/bin/{binned}/restore", None),
    "delete_bin_entry": ("DELETE", "/api/bin/{binned}", None),
    "update_analysis": ("PATCH", "/api/analyses/{analysis}", {"note": "new"}),
    "delete_analysis": ("DELETE", "/api/analyses/{analysis}", None),
}


@pytest.fixture
def world(api, key, services) -> dict[str, Any]:
    """One of everything that a call can name."""
    ended, second = (api.session(key) for _ in range(2))
    model, other_model = complete(services, ended), complete(services, second)
    failed = api.session(key)
    fail(services, failed)
    api.new_user("friend")
    member = api.post("/api/tokens", 201, json={"user": "member"})
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "member"})
    kept = {
        "workspace_key": key,
        "title": "kept",
        "candidates": [CANDIDATE],
        "predictions": [{"label": 1, "label_name": "CONFIRMED", "period": 3.4}],
        "model_id": model,
    }
    analysis = api.post("/api/analyses", 201, json=kept)["analysis"]
    of_study = api.dataset(key)
    waiting_study, failed_study = (api.study(key, of_study, folds=2)["study"] for _ in range(2))
    predict_part(services, failed_study["sessions"][0], folds=2)
    fail(services, failed_study["sessions"][1]["id"])
    whole_study = api.study(key, of_study, folds=2)["study"]
    for part in whole_study["sessions"]:
        predict_part(services, part, folds=2)
    use_depth_predictor(api.client)
    sent = [form(catalogue(3), workspace_key=key) for _ in range(3)]
    posted = [api.post("/api/predict/batches", 202, data=data) for data in sent[:1]]
    BatchRunner(services).work()
    posted += [api.post("/api/predict/batches", 202, data=data) for data in sent[1:]]
    ended_batch, running_batch, waiting_batch = (each["batch"]["id"] for each in posted)
    with services.database.write() as connection:
        batches.change(connection, running_batch, status="running")
    return {
        "key": key,
        "whole_study": whole_study["id"],
        "ended_batch": ended_batch,
        "running_batch": running_batch,
        "waiting_batch": waiting_batch,
        "dataset": _labelled(api, key),
        "ended": ended,
        "failed": failed,
        "pending": api.session(key),
        "waiting_study": waiting_study["id"],
        "failed_study": failed_study["id"],
        "model": model,
        "other_model": other_model,
        "token": member["id"],
        "analysis": analysis["id"],
        "binned": _binned(api, key, kept),
        "kept": kept,
    }


def _binned(api, key, kept) -> int:
    """The number in the bin of an analysis that was deleted."""
    deleted = api.post("/api/analyses", 201, json=kept)["analysis"]["id"]
    api.delete(f"/api/analyses/{deleted}")
    (entry,) = api.get("/api/bin", query_string={"workspace_key": key})["entries"]
    return entry["id"]


def _labelled(api, key) -> int:
    """A dataset of which somebody says something."""
    dataset_id = api.dataset(key, rows=400)
    vote = {"row": 0, "label": "exclude", "reason": "a blend"}
    api.put(f"/api/training/dataset/{dataset_id}/labels", json={"changes": [vote]})
    return dataset_id


def call(api, world, name):
    """The answer of a call."""
    if name == "import_labels":
        path = f"/api/training/dataset/{world['dataset']}/labels/import"
        return api.post(path, None, data=form("row,label\n2,exclude\n"))
    if name == "create_analysis":
        return api.post("/api/analyses", None, json=world["kept"])
    method, path, body = CALLS[name]
    filled = json.dumps(body)
    for word, value in world.items():
        path = path.replace(f"{{{word}}}", str(value))
        filled = filled.replace(f'"{{{word}}}"', json.dumps(value))
    sent = json.loads(filled)
    return api.call(method, path, None, **({} if sent is None else {"json": sent}))


@pytest.mark.parametrize("name", [*CALLS, "create_analysis", "import_labels"])
def test_a_call_whose_row_cannot_be_written_says_so_and_changes_nothing(
    faults, api, world, services, name
):
    before = all_of(services)
    for statement, effect, status in FAULTS:
        fault = faults.add("sql", statement, effect)
        answer = call(api, world, name)
        assert fault.effects == 1, (statement, effect)
        assert answer.status_code == status, (statement, effect, answer.get_data(as_text=True))
        problem = problem_of(answer)
        assert (status == 503) == ("Retry-After" in answer.headers)
        assert (
            effect not in problem["detail"] or status != 500
        )  # a number, by which the log is read
        assert all_of(services) == before, (statement, effect)
        faults.clear()
    answer = call(api, world, name)
    assert answer.status_code in (200, 201, 202), answer.get_data(as_text=True)
    assert all_of(services) != before


def test_a_session_whose_labels_cannot_be_written_waits_until_they_can(
    faults, api, world, services
):
    started = call(api, world, "start_training").get_json()["session"]
    for other in api.get(f"/api/training/sessions?workspace_key={world['key']}")["sessions"]:
        if other["status"] == "pending" and other["id"] != started["id"]:
            api.post(f"/api/training/session/{other['id']}/cancel")
    api.post(f"/api/training/studies/{world['waiting_study']}/cancel")
    starts = SessionStarts(services.settings, services.database, services.storage)
    fault = faults.add("write", "*.labels.npy*", "ENOSPC")
    with pytest.raises(CannotStart):
        starts.take()
    assert fault.effects == 1
    assert not list(services.storage.uploads.glob("*/*.labels.npy*"))
    assert api.get(f"/api/training/session/{started['id']}")["session"]["status"] == "pending"
    faults.clear()
    job = starts.take()
    assert (job.session_id, job.spec.dataset_version) == (started["id"], 1)
    assert len(list(services.storage.uploads.glob("*/*.labels.npy"))) == 1


def test_labels_that_cannot_be_received_whole_are_not_imported(faults, api, world, services):
    before = all_of(services)
    fault = faults.add("write", "*/uploads/incoming/*", "ENOSPC")
    answer = call(api, world, "import_labels")
    assert (answer.status_code, fault.effects) == (507, 1)
    assert all_of(services) == before


@pytest.mark.parametrize(
    ("call", "effect", "status", "said"),
    [
        ("write", "EDQUOT", 507, "quota"),
        ("write", "EFBIG", 507, "largest size"),
        ("open", "ENOSPC", 507, "is full"),
        ("write", "EIO", 500, "Internal error"),
        ("open", "EMFILE", 500, "Internal error"),
    ],
)
def test_what_keeps_the_database_from_growing_is_found_out_where_it_can_be(
    faults, api, services, call, effect, status, said
):
    before = all_of(services)
    faults.add("sql", "COMMIT", "disk I/O error")
    what = f"{services.settings.data_dir}*"
    probe = faults.add(call, what, effect, caller="backend.storage.disk.why_full", times=None)
    answer = api.post("/api/workspaces", None, json={"name": "new"})
    assert probe.effects > 0
    assert answer.status_code == status
    assert said in problem_of(answer)["detail"]
    assert all_of(services) == before
    faults.clear()
    api.workspace("new")


@pytest.mark.parametrize(
    "effect", ["database is locked", "disk I/O error", "database or disk is full"]
)
def test_a_use_of_a_token_that_cannot_be_noted_harms_no_request(faults, api, services, effect):
    user = api.new_user("user")
    fault = faults.add("sql", "UPDATE tokens*", effect)
    answer = user.get("/api/me", None)
    assert answer.status_code == 200
    answer.close()  # the use is noted when the answer was sent
    assert fault.effects == 1
    assert user.get("/api/me")["user"]["name"] == "user"
    with services.database.read() as connection:
        assert accounts.find_user(connection, "user") is not None


@pytest.mark.parametrize("effect", ["database is locked", "disk I/O error"])
def test_wrong_tokens_that_cannot_be_recorded_are_in_the_log(
    faults, client, services, caplog, effect
):
    headers = {"Authorization": "Bearer wrong"}
    assert client.get("/api/me", headers=headers).status_code == 401
    fault = faults.add("sql", "INSERT INTO audit*", effect)
    services.wrong_tokens.report()
    assert fault.effects == 1
    assert "1 wrong token" in caplog.text
    assert "not in the audit log" in caplog.text
    assert client.get("/api/me", headers=headers).status_code == 401
    services.wrong_tokens.report()
    assert caplog.text.count("not in the audit log") == 1
