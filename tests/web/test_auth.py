"""Tokens: made, kept as hashes, compared, revoked."""

from dataclasses import replace

import pytest

from backend.config import Settings
from backend.database import Database, accounts
from backend.web import auth
from tests.api import Api


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "exotrain.db")
    yield database
    database.close()


def test_the_first_start_makes_the_administrator_and_shows_a_token_once(database):
    token = auth.ensure_administrator(database, Settings())
    assert len(token) >= 43
    assert auth.ensure_administrator(database, Settings()) is None
    with database.read() as connection:
        assert accounts.administrator(connection)["name"] == "admin"
        user = accounts.user_of_token(connection, auth.hash_token(token))
    assert user["is_admin"]


def test_with_a_token_in_the_environment_none_is_made(database):
    assert auth.ensure_administrator(database, Settings(token="test_user_123")) is None
    with database.read() as connection:
        assert accounts.list_tokens(connection) == []


def test_only_the_hash_of_a_token_is_stored(database, tmp_path):
    token = auth.ensure_administrator(database, Settings())
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert auth.hash_token(token).encode() in stored
    assert token.encode() not in stored


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
