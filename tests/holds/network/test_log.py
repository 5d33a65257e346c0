"""The log of a real server: nothing from outside forges a line; it holds no key and no token."""

import http.client
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest

from tests.e2e.server import TOKEN, Client, Server

pytestmark = pytest.mark.e2e

FORGED = "x\r\n2026-11-25 23:00:00,000 INFO backend.launcher: forged\x1b[2J\u2028forged\x85\x00y"

# How every line of the server's log begins; the lines of a traceback are set in.
ENTRY = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ [\w.]+: ")


def break_workspaces(server: Server) -> None:
    """Every look-up of a workspace fails from now on."""
    with closing(sqlite3.connect(server.data_dir / "exotrain.db")) as database:
        database.execute("ALTER TABLE workspaces RENAME TO gone")


def log_after_failures(server: Server, key: str) -> str:
    """Make every kind of call that carries text from outside fail; what the log then holds."""
    break_workspaces(server)
    client = Client(server)
    form = (
        b"--b\r\nContent-Disposition: form-data; name=workspace_key\r\n\r\n%s\r\n"
        b"--b\r\nContent-Disposition: form-data; name=name\r\n\r\nname\xe2\x80\xa8forged\r\n"
        b'--b\r\nContent-Disposition: form-data; name=file; filename="%s"\r\n\r\na,b\r\n--b--\r\n'
    ) % (key.encode(), FORGED.replace("\r\n", "%0D%0A").encode())
    calls = [
        ("GET", f"/api/workspaces/{key}", None, ""),
        ("GET", f"/api/workspaces/{quote(FORGED)}", None, ""),
        ("DELETE", f"/api/workspaces/{key}/members/{quote(FORGED)}", None, ""),
        ("GET", f"/api/models?workspace_key={key}", None, ""),
        ("GET", f"/api/training/datasets?workspace_key={quote(FORGED)}", None, ""),
        ("POST", "/api/training/upload-dataset", form, "multipart/form-data; boundary=b"),
    ]
    for method, path, body, content_type in calls:
        headers = {
            "Content-Type": content_type,
            "User-Agent": "agent\x1b[2J",
            "X-Forged": "\u2028forged".encode(),
            "Idempotency-Key": key,
        }
        answer = send(server, method, path, body, headers)
        assert answer == 500, f"{method} {path}"
    assert client.get("/api/health", None).status_code == 200
    server.stop()
    return server.log.read_bytes().decode()


def send(server: Server, method: str, path: str, body: bytes | None, headers: dict) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.address).port, timeout=60)
    connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def test_nothing_from_outside_forges_a_line_and_no_key_or_parameter_is_logged(
    start_server: Callable[..., Server],
):
    server = start_server()
    key = Client(server).workspace("name\u2028forged")
    log = log_after_failures(server, key)
    assert log.count("ERROR backend.web.problem_details: error ") == 6
    for line in log.splitlines():  # at every character that some reader takes for a line's end
        assert ENTRY.match(line) or line.startswith("    "), line
    assert "forged" not in log
    assert "\x1b" not in log
    assert key not in log
    assert TOKEN not in log
    # What it is found by, and what went wrong, is there.
    assert "GET /api/workspaces/<key>" in log
    assert "DELETE /api/workspaces/<key>/members/<user>" in log
    assert "no such table: workspaces" in log
    assert "Traceback (most recent call last):" in log
