"""`flask --app backend token`."""

import fcntl

import pytest

from backend.database import accounts
from backend.database.file import soundness
from backend.web.tokens import hash_token
from tests.api import Api


@pytest.fixture
def runner(app):
    return app.test_cli_runner()


def test_a_new_token_for_the_administrator_is_printed_once_and_works(runner, client, services):
    result = runner.invoke(args=["token"])
    assert result.exit_code == 0
    token = result.output.strip()
    with services.database.read() as connection:
        assert accounts.find_token_by_hash(connection, hash_token(token))["user"] == "admin"
    assert Api(client, token).get("/api/tokens")["count"] == 1


def test_a_new_token_for_a_user(runner, client, api):
    api.new_user("guest").workspace("mine")
    token = runner.invoke(args=["token", "guest"]).output.strip()
    found = Api(client, token).get("/api/workspaces")["workspaces"]
    assert [each["name"] for each in found] == ["mine"]


def test_a_user_that_does_not_exist_gets_none_and_the_database_is_closed(runner, services):
    result = runner.invoke(args=["token", "nobody"])
    assert result.exit_code == 1
    assert "no user 'nobody'" in result.output
    soundness.require_sound(services.settings.data_dir / "exotrain.db")
    assert not soundness.mark_of(services.settings.data_dir / "exotrain.db").exists()


def test_while_the_server_runs_there_is_none(runner, services, api):
    with open(services.settings.data_dir / "exotrain.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = runner.invoke(args=["token"])
    assert result.exit_code == 1
    assert "stop the server first" in result.output
    assert api.get("/api/tokens")["count"] == 0
