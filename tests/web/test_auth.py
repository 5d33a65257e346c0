"""Who makes a request: tokens compared, expired, revoked."""

import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import event, update

from backend.database import accounts, schema
from backend.web import auth
from backend.web.tokens import hash_token
from tests.api import Api


def test_the_environments_token_is_the_administrators_and_is_never_stored(api, services):
    assert api.get("/api/tokens")["tokens"] == []
    assert api.post("/api/tokens", 201, json={"user": "somebody"})["user"] == "somebody"
    services.database.close()
    for path in services.settings.data_dir.glob("exotrain.db*"):
        assert b"test_user_123" not in path.read_bytes()


def test_the_environments_token_is_good_only_while_it_is_set(make_client, settings):
    without = make_client(replace(settings, token=None))
    Api(without, "test_user_123").get("/api/workspaces", 401)
    Api(make_client(settings), "test_user_123").get("/api/workspaces")


def test_the_word_bearer_is_read_in_any_case(client, token):
    for word in ("Bearer", "bearer", "BEARER"):
        answer = client.get("/api/workspaces", headers={"Authorization": f"{word} {token}"})
        assert answer.status_code == 200


def test_a_revoked_token_opens_nothing(api):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    guest = Api(api.client, made["token"])
    guest.get("/api/workspaces")
    api.delete(f"/api/tokens/{made['id']}")
    guest.get("/api/workspaces", 401)


def expire(services, token_id):
    """Let a token's time be over."""
    with services.database.write() as connection:
        over = {"expires_at": "2026-01-01T00:00:00.000Z"}
        connection.execute(update(schema.tokens).where(schema.tokens.c.id == token_id).values(over))


def test_an_expired_token_is_refused_like_a_wrong_one_and_says_so_only_in_the_challenge(
    api, services
):
    made = api.post("/api/tokens", 201, json={"user": "guest", "expires_in_days": 1})
    guest = Api(api.client, made["token"])
    guest.get("/api/workspaces")
    expire(services, made["id"])
    expired = guest.get("/api/workspaces", None)
    wrong = Api(api.client, "wrong").get("/api/workspaces", None)
    assert expired.status_code == 401
    assert expired.data == wrong.data
    error = 'Bearer realm="exotrain", error="invalid_token", error_description='
    assert expired.headers["WWW-Authenticate"] == f'{error}"The token has expired"'
    assert wrong.headers["WWW-Authenticate"] == f'{error}"The token is not valid"'


def test_a_request_without_a_token_gets_no_error_code(client):
    answer = client.get("/api/workspaces")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="exotrain"'


def statements_of(services, call):
    """The SQL that a call executes."""
    seen = []

    def see(_connection, _cursor, statement, *_):
        seen.append(statement)

    engines = (services.database._engine, services.database._writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", see)
    try:
        call()
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", see)
    return seen


def test_a_token_is_looked_up_once_until_something_is_written(api, services):
    guest = api.new_user("guest")
    guest.get("/api/networks")
    assert statements_of(services, lambda: guest.get("/api/networks")) == []
    api.workspace()
    looked_up = statements_of(services, lambda: guest.get("/api/networks"))
    assert len([each for each in looked_up if "tokens" in each]) == 1


def test_wrong_tokens_are_not_remembered(api, services):
    for n in range(3):
        Api(api.client, f"wrong{n}").get("/api/networks", 401)
    assert services.database._remembered == {}


def test_a_token_that_is_revoked_during_its_look_up_is_not_remembered(api, services):
    made = api.post("/api/tokens", 201, json={"user": "guest"})

    def look_up(connection):
        found = accounts.find_token_by_hash(connection, hash_token(made["token"]))
        api.delete(f"/api/tokens/{made['id']}")
        return found

    hashed = hash_token(made["token"])
    services.database.remember(("token", hashed), look_up)
    Api(api.client, made["token"]).get("/api/networks", 401)


def used_at(api, token_id):
    tokens = api.get("/api/tokens")["tokens"]
    return next(each["last_used_at"] for each in tokens if each["id"] == token_id)


def test_a_use_is_noted_after_the_answer_and_once_a_minute(api, services, monkeypatch):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    guest = Api(api.client, made["token"])
    answer = guest.get("/api/networks", None)
    assert used_at(api, made["id"]) is None
    answer.close()
    first = used_at(api, made["id"])
    assert first is not None

    def use_again():
        guest.get("/api/networks", None).close()

    assert statements_of(services, use_again) == []
    monkeypatch.setattr(auth, "_SECONDS_BETWEEN_NOTES_OF_USE", 0.0)
    assert len(statements_of(services, use_again)) > 0
    assert used_at(api, made["id"]) >= first


def test_a_locked_database_neither_delays_nor_fails_the_note_of_a_use(api, services):
    made = api.post("/api/tokens", 201, json={"user": "guest"})
    guest = Api(api.client, made["token"])
    path = services.settings.data_dir / "exotrain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        guest.get("/api/networks", None).close()
        assert time.monotonic() - started < 3  # a writer that waits gives up later
    assert used_at(api, made["id"]) is None
    api.workspace()  # after which everything is looked up anew, also that the use was not noted
    guest.get("/api/networks", None).close()
    assert used_at(api, made["id"]) is not None


def test_a_right_token_is_taken_only_as_a_bearer(client, token):
    for kind in ("Token", "Basic", "Digest", "Negotiate", "Bearer-like"):
        answer = client.get("/api/workspaces", headers={"Authorization": f"{kind} {token}"})
        assert answer.status_code == 401, kind
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="exotrain"'


def test_what_was_expected_and_received_is_said(client):
    expected = "Expected a valid token in the header `Authorization: Bearer TOKEN`, received "
    wrong = client.get("/api/workspaces", headers={"Authorization": "Bearer wrong"})
    assert wrong.get_json()["detail"] == f"{expected}an invalid one."
    assert client.get("/api/workspaces").get_json()["detail"] == f"{expected}none."


def test_without_a_token_what_is_no_route_is_said_and_what_is_allowed(client):
    assert client.get("/api/nowhere").status_code == 404
    assert client.put("/api/workspaces").status_code == 405
    preflight = client.options("/api/workspaces")
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["Allow"]


def test_a_token_is_over_at_the_moment_that_is_its_end(api, services, monkeypatch):
    made = api.post("/api/tokens", 201, json={"user": "guest", "expires_in_days": 1})
    guest = Api(api.client, made["token"])
    monkeypatch.setattr(auth, "now", lambda: made["expires_at"])
    guest.get("/api/workspaces", 401)
    monkeypatch.setattr(auth, "now", lambda: "2026-01-01T00:00:00.000Z")
    guest.get("/api/workspaces")


def test_the_environments_token_opens_nothing_before_there_is_an_administrator(api, services):
    with services.database.write() as connection:
        connection.execute(update(schema.users).values(is_admin=False))
    api.get("/api/workspaces", 401)


def test_only_the_address_that_sends_wrong_tokens_is_refused(make_client, settings):
    client = make_client(replace(settings, wrong_tokens=2))

    def status(address):
        headers = {"Authorization": "Bearer wrong"}
        place = {"REMOTE_ADDR": address}
        return client.get("/api/workspaces", headers=headers, environ_base=place).status_code

    assert [status("192.0.2.1") for _ in range(4)] == [401, 401, 429, 429]
    assert status("192.0.2.2") == 401


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/api/training/session/999", "There is no session 999."),
        ("POST", "/api/training/session/999/stop", "There is no session 999."),
        ("GET", "/api/training/dataset/999", "There is no dataset 999."),
        ("GET", "/api/models/999", "There is no model 999."),
        ("DELETE", "/api/analyses/999", "There is no analysis 999."),
        ("GET", "/api/predict/batches/999", "There is no batch 999."),
    ],
)
def test_what_is_not_there_is_named(api, method, path, said):
    assert api.call(method, path, 404)["detail"] == said
