"""/api/tokens and /api/me."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.api import CANDIDATE, Api, problem_of


def test_a_token_is_shown_once_and_lists_without_its_secret(api):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    assert made["success"] is True
    assert made["user"] == "guest"
    listed = api.get("/api/tokens")
    assert listed["count"] == 1
    assert listed["tokens"][0].keys() == {
        "id",
        "user",
        "hint",
        "name",
        "read_only",
        "created_at",
        "last_used_at",
        "expires_at",
    }
    assert made["token"].startswith(listed["tokens"][0]["hint"])
    assert made["token"] not in str(listed)


def test_a_second_token_for_a_user_is_the_same_users(api):
    guest = api.new_user("guest")
    guest.workspace("mine")
    again = api.new_user("guest")
    assert [each["name"] for each in again.get("/api/workspaces")["workspaces"]] == ["mine"]


def test_only_the_administrator_makes_tokens_for_others(api, stranger):
    api.new_user("friend")
    known = problem_of(stranger.post("/api/tokens", None, json={"user": "friend"}))
    unknown = problem_of(stranger.post("/api/tokens", None, json={"user": "nobody"}))
    assert known["status"] == 403
    assert known == unknown


@pytest.mark.parametrize("body", [{}, {"user": "stranger"}, {"user": None}])
def test_everybody_makes_tokens_for_themselves(stranger, body):
    made = stranger.post("/api/tokens", 201, json=body)
    assert made["user"] == "stranger"
    assert Api(stranger.client, made["token"]).get("/api/me")["user"]["name"] == "stranger"


def test_a_token_has_a_name_an_expiry_and_may_be_read_only(api):
    limits = {"name": "notebook", "expires_in_days": 30, "read_only": True}
    made = api.post("/api/tokens", 201, json=limits)
    listed = api.get("/api/tokens")["tokens"][0]
    assert (listed["name"], listed["read_only"]) == ("notebook", True)
    left = datetime.fromisoformat(listed["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29.9) < left <= timedelta(days=30)
    assert listed["last_used_at"] is None
    assert {name: made[name] for name in listed} == listed


def test_a_token_without_limits_has_none(api):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    assert (made["name"], made["read_only"], made["expires_at"]) == (None, False, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires_in_days", 0),
        ("expires_in_days", 3651),
        ("expires_in_days", 1.5),
        ("read_only", "yes"),
        ("name", ""),
        ("name", "two\nlines"),
        ("name", "x" * 201),
    ],
)
def test_a_limit_that_is_none_is_refused(api, field, value):
    problem = problem_of(api.post("/api/tokens", None, json={field: value}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_a_read_only_token_reads_and_computes_and_changes_nothing(api, key):
    made = api.post("/api/tokens", 201, json={"read_only": True})
    reader = Api(api.client, made["token"])
    reader.get(f"/api/workspaces/{key}")
    reader.post("/api/curve", 200, json=CANDIDATE)
    for call in (
        lambda: reader.post("/api/workspaces", None, json={"name": "x"}),
        lambda: reader.post("/api/tokens", None, json={}),
        lambda: reader.delete(f"/api/tokens/{made['id']}", None),
        lambda: reader.delete(f"/api/workspaces/{key}", None),
    ):
        problem = problem_of(call())
        assert problem["status"] == 403
        assert "read-only" in problem["detail"]


def test_a_user_has_at_most_as_many_tokens_as_the_quota_allows(make_client, settings):
    admin = Api(make_client(replace(settings, quota_tokens=2)), "test_user_123")
    first = admin.post("/api/tokens", 201, json={"user": "guest"})
    guest = Api(admin.client, first["token"])
    guest.post("/api/tokens", 201, json={})
    assert guest.get("/api/me")["usage"]["tokens"] == {"used": 2, "allowed": 2}
    for user in (guest, admin):
        problem = problem_of(user.post("/api/tokens", None, json={"user": "guest"}))
        assert problem["status"] == 429
        assert "EXOTRAIN_QUOTA_TOKENS" in problem["detail"]
    guest.delete(f"/api/tokens/{first['id']}")
    admin.post("/api/tokens", 201, json={"user": "guest"})


def test_the_administrator_without_stored_tokens_uses_none_of_the_quota(api):
    assert api.get("/api/me")["usage"]["tokens"] == {"used": 0, "allowed": 50}


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
    "body", [{"user": ""}, {"user": "a b"}, {"user": 1}, {"user": "x" * 65}, {"user": "a\n"}]
)
def test_a_name_that_is_none_is_refused(api, body):
    problem = problem_of(api.post("/api/tokens", None, json=body))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "user"


def test_every_user_can_ask_who_they_are(api, stranger):
    assert api.get("/api/me")["user"] == {"name": "admin", "is_admin": True}
    assert stranger.get("/api/me")["user"] == {"name": "stranger", "is_admin": False}


def test_every_user_can_ask_what_their_token_may(api):
    assert api.get("/api/me")["token"] is None
    made = api.post("/api/tokens", 201, json={"user": "guest", "name": "pipeline"})
    token = Api(api.client, made["token"]).get("/api/me")["token"]
    assert token == {"id": made["id"], "name": "pipeline", "read_only": False, "expires_at": None}


def test_every_user_can_ask_what_they_take(api, key, stranger):
    api.session(key)
    usage = api.get("/api/me")["usage"]
    assert usage["stored_bytes"]["used"] > 0
    assert usage["stored_bytes"]["allowed"] == 5000 * 2**20
    assert usage["waiting_sessions"] == {"used": 1, "allowed": 20}
    assert usage["workspaces"] == {"used": 1, "allowed": 100}
    assert usage["analyses"] == {"used": 0, "allowed": 10_000}
    nothing = stranger.get("/api/me")["usage"]
    assert {nothing[name]["used"] for name in usage if name != "tokens"} == {0}


def test_tokens_are_in_the_audit_log_without_their_secrets(api):
    made = api.post("/api/tokens", 201, json={"user": "guest", "read_only": True})
    api.delete(f"/api/tokens/{made['id']}")
    entries = api.get("/api/audit")["entries"]
    target = f"token {made['id']}"
    assert [(each["action"], each["target"], each["detail"]) for each in entries] == [
        ("token_revoked", target, "of guest"),
        ("token_created", target, "of guest, read-only"),
    ]
    assert made["token"] not in str(entries)


def test_null_is_no_request_for_a_token(api):
    answer = api.post("/api/tokens", 422, data="null", content_type="application/json")
    assert "received null" in answer["detail"]
