"""Tokens: made, and kept as hashes."""

from contextlib import ExitStack

import pytest

from backend import launcher
from backend.config import Settings
from backend.database import accounts
from backend.database.connection import Database
from backend.web.tokens import ensure_administrator, hash_token, new_token


def test_the_first_start_makes_the_administrator_and_shows_a_token_once(database):
    token = ensure_administrator(database, Settings())
    assert len(token) >= 43
    assert ensure_administrator(database, Settings()) is None
    with database.read() as connection:
        assert accounts.administrator(connection)["name"] == "admin"
        user = accounts.find_token_by_hash(connection, hash_token(token))
    assert user["is_admin"]


def test_a_token_of_another_user_is_no_way_in_for_the_administrator(database):
    ensure_administrator(database, Settings())
    with database.write() as connection:
        (only,) = accounts.list_tokens(connection)
        accounts.delete_token(connection, only["id"])
        new_token(connection, accounts.create_user(connection, "somebody"))
    token = ensure_administrator(database, Settings())
    with database.read() as connection:
        assert accounts.find_token_by_hash(connection, hash_token(token))["is_admin"]


def test_with_a_token_in_the_environment_none_is_made(database):
    assert ensure_administrator(database, Settings(token="test_user_123")) is None
    with database.read() as connection:
        assert accounts.list_tokens(connection) == []


def test_only_the_hash_of_a_token_is_stored(database, tmp_path):
    token = ensure_administrator(database, Settings())
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hash_token(token).encode() in stored
    assert token.encode() not in stored


class Ended(Exception):
    """In place of a server that starts."""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts everything but the server; returns what is known at the moment when that would."""

    def run(**settings):
        folder = tmp_path / "data"
        folder.mkdir()
        users = []

        def start(_server, gateway, *_):
            database = Database(folder / "exotrain.db")
            with database.read() as connection:
                users.append(accounts.administrator(connection))
            database.close()
            raise Ended

        monkeypatch.setattr(launcher.Server, "start", start)
        with ExitStack() as closing, pytest.raises(Ended):
            launcher._start(Settings(data_dir=folder, port=0, warm_workers=0, **settings), closing)
        return users

    return run


def test_the_first_user_is_there_before_the_first_request(start):
    (administrator,) = start(token="test_user_123")
    assert administrator["is_admin"]


def test_a_new_token_is_shown_though_the_server_does_not_start(start, capsys):
    start()
    assert "Your token, shown only this once: " in capsys.readouterr().out
