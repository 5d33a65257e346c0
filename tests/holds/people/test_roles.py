"""Roles, members and tokens, over HTTP with a real server process."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.api import CANDIDATE
from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = pytest.mark.e2e


@pytest.fixture
def server(start_server) -> Server:
    return start_server()


@pytest.fixture
def admin(server) -> Client:
    return Client(server)


def new_user(server: Server, admin: Client, name: str) -> Client:
    return Client(server, admin.post("/api/tokens", 201, json={"user": name})["token"])


def upload(user: Client, key: str, file: Path, expect: int) -> Any:
    files = {"file": file.read_bytes()}
    return user.post(
        "/api/training/upload-dataset", expect, files=files, data={"workspace_key": key}
    )


def start(user: Client, key: str, dataset_id: int, expect: int) -> Any:
    body = {"workspace_key": key, "dataset_id": dataset_id, "epochs": 1}
    return user.post("/api/training/start", expect, json=body)


def test_a_workspace_is_shared_with_an_editor_and_a_viewer(server, admin, tmp_path):
    owner, editor, viewer = (
        new_user(server, admin, name) for name in ("owner", "editor", "viewer")
    )
    key = owner.workspace()
    members = f"/api/workspaces/{key}/members"
    file = small_catalogue(tmp_path)
    for user in (editor, viewer, admin):
        user.get(f"/api/workspaces/{key}", 404)
    owner.post(members, 201, json={"user": "editor"})
    owner.post(members, 201, json={"user": "viewer", "role": "viewer"})

    details = viewer.get(members)["details"]
    assert [(each["user"], each["role"], each["added_by"]) for each in details] == [
        ("editor", "editor", "owner"),
        ("viewer", "viewer", "owner"),
    ]
    dataset = editor.upload(key, file)
    upload(viewer, key, small_catalogue(tmp_path, seed=6), 403)
    assert list((server.data_dir / "uploads" / "incoming").iterdir()) == []
    viewer.get(f"/api/training/dataset/{dataset['id']}/rows")
    start(viewer, key, dataset["id"], 403)
    session_id = start(editor, key, dataset["id"], 202)["session"]["id"]
    viewer.get(f"/api/training/session/{session_id}")
    viewer.post(f"/api/training/session/{session_id}/cancel", 403)
    viewer.post("/api/curve", 200, json=CANDIDATE)
    viewer.post("/api/predict", 409, json={"workspace_key": key, **CANDIDATE})  # no model yet

    owner.post(members, 201, json={"user": "viewer", "role": "editor"})
    viewer.post(f"/api/training/session/{session_id}/cancel", 200)
    assert viewer.call("DELETE", f"{members}/editor", None).status_code == 403
    viewer.call("DELETE", f"{members}/viewer", 200)
    viewer.get(f"/api/training/session/{session_id}", 404)
    owner.call("DELETE", f"{members}/editor", 200)
    editor.get(f"/api/workspaces/{key}", 404)


def test_guesses_of_names_end_with_retry_after_and_are_in_the_log(server, admin):
    key = admin.workspace()
    members = f"/api/workspaces/{key}/members"
    answers = [admin.post(members, None, json={"user": f"guess{n}"}) for n in range(25)]
    assert [each.status_code for each in answers] == [422] * 20 + [429] * 5
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    log = server.log.read_text()
    assert log.count("tried to add guess") == 20
    assert key not in log


def test_a_token_expires_reads_only_and_is_revoked_at_once(server, admin):
    def token(**limits: Any) -> tuple[Client, int]:
        made = admin.post("/api/tokens", 201, json=limits)
        return Client(server, made["token"]), made["id"]

    reader, _ = token(read_only=True, name="reader")
    short, short_id = token(expires_in_days=1)
    revoked, revoked_id = token()
    assert reader.get("/api/me")["token"]["name"] == "reader"
    refused = reader.post("/api/workspaces", None, json={"name": "x"})
    assert refused.status_code == 403
    assert "read-only" in refused.json()["detail"]
    for _ in range(3):
        revoked.get("/api/workspaces")
    admin.call("DELETE", f"/api/tokens/{revoked_id}", 200)
    revoked.get("/api/workspaces", 401)

    short.get("/api/workspaces")
    server.stop()
    with closing(sqlite3.connect(server.data_dir / "exotrain.db")) as database, database:
        over = "UPDATE tokens SET expires_at = '2026-01-01T00:00:00.000Z' WHERE id = ?"
        assert database.execute(over, (short_id,)).rowcount == 1
    server.start()
    expired = short.get("/api/workspaces", None)
    assert expired.status_code == 401
    assert "expired" in expired.headers["WWW-Authenticate"]
    assert "expired" not in expired.text


def test_the_last_use_is_noted_unless_the_database_is_locked(server, admin):
    made = admin.post("/api/tokens", 201, json={"user": "guest"})
    guest = Client(server, made["token"])

    def used_at() -> str | None:
        tokens = admin.get("/api/tokens")["tokens"]
        return next(each["last_used_at"] for each in tokens if each["id"] == made["id"])

    path = server.data_dir / "exotrain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        guest.get("/api/networks")
        guest.get("/api/networks")  # the connection is free again: the note does not wait either
        assert time.monotonic() - started < 3
        assert used_at() is None
    admin.workspace()
    guest.get("/api/networks")
    wait_for(used_at, lambda seen: seen is not None, 10)
