"""/api/tokens and /api/me."""

import pytest

from tests.api import Api, problem_of


def test_a_token_is_shown_once_and_lists_without_its_secret(api):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    assert made["success"] is True
    assert made["user"] == "guest"
    listed = api.get("/api/tokens")
    assert listed["count"] == 1
    assert listed["tokens"][0].keys() == {"id", "user", "hint", "created_at"}
    assert made["token"].startswith(listed["tokens"][0]["hint"])
    assert made["token"] not in str(listed)


def test_a_second_token_for_a_user_is_the_same_users(api):
    guest = api.new_user("guest")
    guest.workspace("mine")
    again = api.new_user("guest")
    assert [each["name"] for each in again.get("/api/workspaces")["workspaces"]] == ["mine"]


def test_only_the_administrator_makes_tokens(stranger):
    problem = problem_of(stranger.post("/api/tokens", None, json={"user": "friend"}))
    assert problem["status"] == 403


def test_every_user_sees_and_revokes_only_their_own_tokens(api):
    first = api.post("/api/tokens", 201, json={"user": "first"})
    second = api.post("/api/tokens", 201, json={"user": "second"})
    user = Api(api.client, first["token"])
    assert [each["user"] for each in user.get("/api/tokens")["tokens"]] == ["first"]
    user.delete(f"/api/tokens/{second['id']}", 404)
    user.delete(f"/api/tokens/{first['id']}")
    user.get("/api/tokens", 401)
    assert [each["user"] for each in api.get("/api/tokens")["tokens"]] == ["second"]


@pytest.mark.parametrize(
    "body", [{}, {"user": ""}, {"user": "a b"}, {"user": 1}, {"user": "x" * 65}, {"user": "a\n"}]
)
def test_a_name_that_is_none_is_refused(api, body):
    problem = problem_of(api.post("/api/tokens", None, json=body))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "user"


def test_every_user_can_ask_who_they_are(api, stranger):
    assert api.get("/api/me")["user"] == {"name": "admin", "is_admin": True}
    assert stranger.get("/api/me")["user"] == {"name": "stranger", "is_admin": False}
