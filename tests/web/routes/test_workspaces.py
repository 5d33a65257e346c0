"""/api/workspaces: owners and members."""

from dataclasses import replace

import pytest

from backend.database import sessions
from backend.services.context import MEMBER_TRIES
from tests.api import CANDIDATE, Api, complete, problem_of


def test_a_workspace_has_a_key_that_cannot_be_guessed(api):
    made = api.post("/api/workspaces", 201, json={"name": " Vetting 2026 "})
    assert made["success"] is True
    workspace = made["workspace"]
    assert workspace["name"] == "Vetting 2026"
    assert len(workspace["key"]) >= 22
    assert workspace["created_at"].endswith("Z")
    assert (workspace["role"], workspace["stored_bytes"]) == ("owner", 0)
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
    assert added["details"][0].pop("added_at").endswith("Z")
    assert added == {
        "success": True,
        "owner": "admin",
        "members": ["stranger"],
        "details": [{"user": "stranger", "role": "editor", "added_by": "admin"}],
        "count": 1,
    }
    assert stranger.get(path)["members"] == ["stranger"]
    assert [each["key"] for each in stranger.get("/api/workspaces")["workspaces"]] == [key]
    stranger.dataset(key)
    assert api.delete(f"{path}/stranger")["members"] == []
    stranger.get(path, 404)


def test_adding_somebody_twice_or_the_owner_changes_nothing(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    added = api.post(path, 201, json={"user": "stranger", "role": "viewer"})
    for user in ("stranger", "admin"):
        assert api.post(path, 201, json={"user": user}) == added


def test_a_workspace_says_what_it_stores_and_what_the_caller_may_do(api, key, stranger):
    api.dataset(key)
    api.workspace("empty")
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "stranger", "role": "viewer"})
    mine, empty = api.get("/api/workspaces")["workspaces"]
    assert (mine["role"], empty["role"], empty["stored_bytes"]) == ("owner", "owner", 0)
    assert mine["stored_bytes"] > 0
    (theirs,) = stranger.get("/api/workspaces")["workspaces"]
    assert theirs == {**mine, "role": "viewer"}
    assert stranger.get(f"/api/workspaces/{key}")["workspace"] == theirs


def test_a_viewer_reads_and_computes_until_the_owner_makes_an_editor_of_them(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    dataset_id = api.dataset(key)
    api.post(path, 201, json={"user": "stranger", "role": "viewer"})
    stranger.get(f"/api/training/dataset/{dataset_id}")
    # 409: the call is let through, there is only no model yet
    stranger.post("/api/predict", 409, json={"workspace_key": key, **CANDIDATE})
    problem = problem_of(stranger.start(key, dataset_id, None))
    assert problem["status"] == 403
    assert "viewer" in problem["detail"]
    changed = api.post(path, 201, json={"user": "stranger", "role": "editor"})
    assert changed["details"][0]["role"] == "editor"
    stranger.start(key, dataset_id)
    api.post(path, 201, json={"user": "stranger", "role": "viewer"})
    stranger.start(key, dataset_id, 403)


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_a_member_leaves_and_removes_nobody_else(api, key, stranger, role):
    path = f"/api/workspaces/{key}/members"
    for user in ("stranger", "friend"):
        api.new_user(user)
        api.post(path, 201, json={"user": user, "role": role})
    for other in ("friend", "admin", "nobody"):
        stranger.delete(f"{path}/{other}", 403)
    assert stranger.delete(f"{path}/stranger")["members"] == ["friend"]
    stranger.get(path, 404)
    assert api.get(path)["members"] == ["friend"]


def test_an_owner_does_not_leave(api, key):
    api.delete(f"/api/workspaces/{key}/members/admin", 404)


@pytest.mark.parametrize("role", ["owner", "", 1])
def test_a_role_that_is_none_is_refused(api, key, stranger, role):
    body = {"user": "stranger", "role": role}
    problem = problem_of(api.post(f"/api/workspaces/{key}/members", None, json=body))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "role"


def test_one_who_may_not_be_added_gets_the_answer_of_one_who_does_not_exist(api, key, caplog):
    path = f"/api/workspaces/{key}/members"
    answers = [
        problem_of(api.post(path, None, json={"user": user, "role": "viewer"}))
        for user in ("admin", "nobody")
    ]
    texts = [
        str(answer).replace(user, "X")
        for answer, user in zip(answers, ("'admin'", "'nobody'"), strict=True)
    ]
    assert texts[0] == texts[1]
    assert answers[0]["status"] == 422
    assert [each.getMessage() for each in caplog.records] == [
        "user admin tried to add admin to workspace 1: refused",
        "user admin tried to add nobody to workspace 1: refused",
    ]
    assert key not in caplog.text


def test_tries_to_add_members_are_limited(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    for n in range(MEMBER_TRIES):
        api.post(path, 422, json={"user": f"guess{n}"})
    refused = api.post(path, None, json={"user": "stranger"})
    assert problem_of(refused)["status"] == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert api.get(path)["members"] == []
    # Each user has tries of their own.
    theirs = stranger.workspace()
    stranger.post(f"/api/workspaces/{theirs}/members", 201, json={"user": "admin"})


def test_a_member_gets_403_for_what_only_the_owner_may_do(api, key, stranger):
    path = f"/api/workspaces/{key}"
    api.post(f"{path}/members", 201, json={"user": "stranger"})
    api.new_user("friend")
    stranger.post(f"{path}/members", 403, json={"user": "friend"})
    stranger.delete(f"{path}/members/friend", 403)
    stranger.delete(path, 403)


def test_a_user_that_does_not_exist_cannot_be_added(api, key):
    problem = problem_of(api.post(f"/api/workspaces/{key}/members", None, json={"user": "nobody"}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "user"
    api.delete(f"/api/workspaces/{key}/members/nobody", 404)


@pytest.mark.usefixtures("without_bin")
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
    checkpoint = services.storage.checkpoint(session_id, 1)
    checkpoint.write_bytes(b"of an interrupted training")
    api.delete(f"/api/workspaces/{key}")
    api.get(f"/api/training/session/{session_id}", 404)
    assert not checkpoint.exists()


def test_the_id_of_a_deleted_workspace_is_not_given_out_again(api):
    first = api.post("/api/workspaces", 201, json={"name": "a"})["workspace"]
    api.delete(f"/api/workspaces/{first['key']}")
    second = api.post("/api/workspaces", 201, json={"name": "b"})["workspace"]
    assert second["id"] > first["id"]


def test_members_and_their_roles_are_in_the_audit_log(api, key, stranger):
    path = f"/api/workspaces/{key}/members"
    for role in ("viewer", "viewer", "editor"):
        api.post(path, 201, json={"user": "stranger", "role": role})
    api.post(path, 422, json={"user": "nobody"})
    stranger.delete(f"{path}/stranger")
    api.post(path, 201, json={"user": "stranger"})
    api.delete(f"{path}/stranger")
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    found = [(each["action"], each["user"], each["target"], each["detail"]) for each in entries]
    assert found[::-1] == [
        ("workspace_created", "admin", None, None),
        ("member_added", "admin", "stranger", "viewer"),
        ("member_role_changed", "admin", "stranger", "viewer to editor"),
        ("member_refused", "admin", "nobody", None),
        ("member_left", "stranger", "stranger", None),
        ("member_added", "admin", "stranger", "editor"),
        ("member_removed", "admin", "stranger", None),
    ]
    api.delete(f"/api/workspaces/{key}")
    last = api.get("/api/audit")["entries"][0]
    assert (last["action"], last["workspace"]) == ("workspace_deleted", "work")


def test_a_user_owns_as_many_workspaces_as_the_quota_allows(make_client, settings):
    api = Api(make_client(replace(settings, quota_workspaces=2)), settings.token)
    other = api.new_user("other")
    first = api.workspace()
    api.workspace()
    problem = problem_of(api.post("/api/workspaces", None, json={"name": "third"}))
    assert problem["status"] == 429
    assert "at most 2 workspaces of one owner, found 2" in problem["detail"]
    assert "EXOTRAIN_QUOTA_WORKSPACES" in problem["detail"]
    assert api.get("/api/me")["usage"]["workspaces"] == {"used": 2, "allowed": 2}
    other.workspace()
    api.delete(f"/api/workspaces/{first}")
    api.workspace()
