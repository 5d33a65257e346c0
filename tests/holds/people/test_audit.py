"""The audit log of a real server: who did what, within its bounds, without a secret."""

import http.client
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.server import TOKEN, Client, Server, small_catalogue, wait_for

pytestmark = pytest.mark.e2e


def entries(client: Client, **query: str | int) -> list[dict]:
    """The newest entries, oldest first."""
    return client.get("/api/audit", params={"limit": 200, **query})["entries"][::-1]


def stored(server: Server) -> str:
    """Every cell of the table."""
    with closing(sqlite3.connect(server.data_dir / "exotrain.db")) as database:
        return repr(database.execute("SELECT * FROM audit").fetchall())


@pytest.mark.tensorflow
def test_what_happens_to_a_model_is_recorded_and_outlives_a_restart(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace("Kepler")
    catalogue = small_catalogue(tmp_path)
    dataset = client.upload(key, catalogue)
    session = client.complete(key, dataset["id"], epochs=1, model_name="vetting")
    model = session["model_id"]
    client.get(f"/api/models/{model}/download", None)
    client.post(f"/api/models/{model}/promote")
    with open(catalogue, "rb") as file:
        batch = client.post(
            "/api/predict/batch", None, files={"file": file}, data={"workspace_key": key}
        )
    assert batch.status_code == 200
    client.call("DELETE", f"/api/training/session/{session['id']}", 200)
    client.call("DELETE", f"/api/training/dataset/{dataset['id']}", 200)
    server.stop()
    server.start()
    found = entries(Client(server), workspace_key=key)
    assert {(each["user"], each["address"], each["workspace"]) for each in found} == {
        ("admin", "127.0.0.1", "Kepler")
    }
    assert [(each["action"], each["target"], each["detail"]) for each in found][-5:] == [
        ("model_downloaded", f"model {model}", "vetting"),
        ("model_promoted", f"model {model}", "vetting"),
        ("batch_downloaded", f"model {model}", catalogue.stem),
        ("session_deleted", f"session {session['id']}", "vetting"),
        ("dataset_deleted", f"dataset {dataset['id']}", dataset["name"]),
    ]
    secrets = (key, TOKEN, *catalogue.read_text().splitlines()[-1].split(",")[:4])
    for secret in secrets:
        assert secret not in stored(server)


def test_a_flood_of_wrong_tokens_adds_an_entry_for_each_address_and_pushes_nothing_out(
    start_server: Callable[..., Server],
):
    server = start_server(EXOTRAIN_AUDIT_ENTRIES="100")
    client = Client(server)
    delete_analyses(client, 3)
    for number in range(1, 100):
        guess(server, f"127.0.{number}.1", 3)
    wait_for(lambda: entries(client, action="sign_in_failed"), bool)
    server.stop()
    server.start()
    client = Client(server)
    failures = entries(client, action="sign_in_failed")
    assert 0 < len(failures) <= 100 // 4
    assert len(entries(client, action="analysis_deleted")) == 3
    assert "guess" not in stored(server)


def test_it_is_bounded_by_number(start_server: Callable[..., Server]):
    server = start_server(EXOTRAIN_AUDIT_ENTRIES="100")
    client = Client(server)
    delete_analyses(client, 130)
    found = entries(client)
    assert 50 <= len(found) <= 100
    with closing(sqlite3.connect(server.data_dir / "exotrain.db")) as database:
        assert database.execute("SELECT count(*) FROM audit").fetchone()[0] == len(found)


def test_what_is_too_old_is_gone_at_the_next_start(
    start_server: Callable[..., Server],
):
    server = start_server(EXOTRAIN_AUDIT_DAYS="30")
    delete_analyses(Client(server), 2)
    server.stop()
    with closing(sqlite3.connect(server.data_dir / "exotrain.db")) as database:
        database.execute("UPDATE audit SET at = '2020-01-01T00:00:00.000Z'")
        database.commit()
    server.start()
    assert entries(Client(server)) == []
    assert stored(server) == "[]"


def test_a_workspaces_log_is_its_owners_and_the_whole_log_the_administrators(
    start_server: Callable[..., Server],
):
    server = start_server()
    administrator = Client(server)
    vera, rubin = (
        Client(server, administrator.post("/api/tokens", 201, json={"user": name})["token"])
        for name in ("vera", "rubin")
    )
    key = vera.workspace("Vera's")
    delete_analyses(vera, 1, key)
    assert [each["user"] for each in entries(vera, workspace_key=key)][-1] == "vera"
    assert entries(vera, workspace_key=key) == entries(administrator, workspace_key=key)
    rubin.get(f"/api/audit?workspace_key={key}", 404)
    rubin.get("/api/audit", 403)
    vera.get("/api/audit", 403)
    assert len(entries(administrator)) >= len(entries(vera, workspace_key=key))


def delete_analyses(client: Client, count: int, key: str | None = None) -> None:
    """Save and delete so many analyses."""
    analysis = {
        "workspace_key": key or client.workspace(),
        "title": "mine",
        "candidates": [{"period": 3.5, "duration": 3.0, "depth": 8000.0}],
        "predictions": [{"label": 1}],
    }
    for _ in range(count):
        made = client.post("/api/analyses", 201, json=analysis)
        client.call("DELETE", f"/api/analyses/{made['analysis']['id']}", 200)


def guess(server: Server, source: str, count: int) -> None:
    """Send wrong tokens from one of this machine's addresses."""
    port = urlsplit(server.address).port
    connection = http.client.HTTPConnection("127.0.0.1", port, 60, source_address=(source, 0))
    for number in range(count):
        headers = {"Authorization": f"Bearer guess-{number}"}
        connection.request("GET", "/api/me", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 401
    connection.close()
