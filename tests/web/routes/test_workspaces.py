"""/api/workspaces: owners and members."""

import pytest

from backend.database import sessions
from tests.api import complete, problem_of


def test_a_workspace_has_a_key_that_cannot_be_guessed(api):
    made = api.post("/api/workspaces", 201, json={"name": " Vetting 2026 "})
    assert made["success"] is True
    workspace = made["workspace"]
    assert workspace["name"] == "Vetting 2026"
    assert len(workspace["key"]) >= 22
    assert workspace["created_at"].endswith("Z")
    assert api.get(f"/api/workspaces/{workspace['key']}")["workspace"] == workspace
    assert api.get("/api/workspaces") == {"success": True, "workspaces": [workspace], "count": 1}


def test_two_workspaces_may_have_one_name(api):
    assert api.workspace("same") != api.workspace("same")


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "\x00", "\ud800", "x" * 201, 7, None, ["a"]])
def test_a_name_that_is_no_line_of_text_is_refused(api, name):
    problem = problem_of(api.post("/api/workspaces", None, json={"name": name}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "name"


def test_a_member_uses_the_workspace_until_the_owner_ends_it(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    stranger.get(path, 404)
    added = api.post(path, 201, json={"user": "stranger"})
    assert added == {"success": True, "owner": "admin", "members": ["stranger"], "count": 1}
    assert stranger.get(path)["members"] == ["stranger"]
    assert [each["key"] for each in stranger.get("/api/workspaces")["workspaces"]] == [key]
    stranger.dataset(key)
    assert api.delete(f"{path}/stranger")["members"] == []
    stranger.get(path, 404)


def test_adding_somebody_twice_or_the_owner_changes_nothing(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    for user in ("stranger", "stranger", "admin"):
        assert api.post(path, 201, json={"user": user})["members"] == ["stranger"]


def test_a_member_gets_403_for_what_only_the_owner_may_do(api, key, stranger):
    path = f"/api/workspaces/{key}"
    api.post(f"{path}/members", 201, json={"user": "stranger"})
    api.new_user("friend")
    stranger.post(f"{path}/members", 403, json={"user": "friend"})
    stranger.delete(f"{path}/members/stranger", 403)
    stranger.delete(path, 403)


def test_a_user_that_does_not_exist_cannot_be_added(api, key):
    problem = problem_of(api.post(f"/api/workspaces/{key}/members", None, json={"user": "nobody"}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "user"
    api.delete(f"/api/workspaces/{key}/members/nobody", 404)


def test_a_deleted_workspace_leaves_no_row_and_no_file(api, key, services):
    model_id = complete(services, api.session(key))
    api.delete(f"/api/workspaces/{key}")
    api.get(f"/api/workspaces/{key}", 404)
    api.get(f"/api/models/{model_id}", 404)
    folders = (services.storage.uploads, services.storage.models)
    assert [path for folder in folders for path in folder.rglob("*") if path.is_file()] == []


def test_a_workspace_that_trains_is_not_deleted_and_one_that_waits_is(api, key, services):
    session_id = api.session(key)
    with services.database.write() as connection:
        sessions.change(connection, session_id, status="training")
    problem = problem_of(api.delete(f"/api/workspaces/{key}", None))
    assert problem["status"] == 409
    assert f"Session {session_id}" in problem["detail"]
    with services.database.write() as connection:
        sessions.change(connection, session_id, status="pending")
    checkpoint = services.storage.checkpoint(session_id)
    checkpoint.write_bytes(b"of an interrupted training")
    api.delete(f"/api/workspaces/{key}")
    api.get(f"/api/training/session/{session_id}", 404)
    assert not checkpoint.exists()


def test_the_id_of_a_deleted_workspace_is_not_given_out_again(api):
    first = api.post("/api/workspaces", 201, json={"name": "a"})["workspace"]
    api.delete(f"/api/workspaces/{first['key']}")
    second = api.post("/api/workspaces", 201, json={"name": "b"})["workspace"]
    assert second["id"] > first["id"]
