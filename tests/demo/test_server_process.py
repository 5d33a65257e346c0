"""The demo's server process: started, found and stopped."""

import fcntl
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TextIO

import pytest

from backend.config import Settings
from backend.demo import server_process
from backend.demo.client import Api, DemoFailed
from backend.storage.lock import lock_path
from tests.storage.holders import AS_A_SERVER, AS_OTHERS_DO, BYSTANDER, running


@pytest.mark.e2e
def test_a_server_that_cannot_start_is_reported_with_the_last_line_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    data_dir = tmp_path / "not" / "yet" / "there"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(data_dir))
        monkeypatch.setenv("EXOTRAIN_PORT", str(port))
        settings = Settings.from_environment()
        with pytest.raises(DemoFailed, match=f"did not start:\n.*port {port} .* cannot be opened"):
            server_process.start(settings, Api(f"http://127.0.0.1:{port}", "token"))
    assert server_process.log_path(settings).parent == data_dir


@pytest.mark.e2e
def test_a_server_of_others_that_answers_at_the_port_is_not_taken_for_the_one_that_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "healthy"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Healthy) as other:
        port = other.server_port
        threading.Thread(target=other.serve_forever, daemon=True).start()
        monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("EXOTRAIN_PORT", str(port))
        api = Api(f"http://127.0.0.1:{port}", "token")
        try:
            assert api.is_healthy()
            with pytest.raises(DemoFailed, match=f"port {port} .* cannot be opened"):
                server_process.start(Settings.from_environment(), api)
        finally:
            other.shutdown()


@pytest.mark.e2e
def test_a_server_is_started_used_and_stopped_and_finds_its_lock_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("EXOTRAIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("EXOTRAIN_PORT", "0")
    settings = Settings.from_environment()
    api = Api("http://localhost:0", "test_user_123")

    taken = []
    lock = fcntl.flock

    def take(file: TextIO, how: int) -> None:
        lock(file, how)
        taken.append(file.name)

    monkeypatch.setattr("fcntl.flock", take)
    # Left behind by a server that was killed.
    (tmp_path / "exotrain.lock").write_text("1\n")
    (tmp_path / "exotrain.log").write_text("exotrain is ready at http://localhost:1\n")
    try:
        server_process.start(settings, api)
        assert not taken
        server_process.start(settings, api)
        assert not taken
    finally:
        server_process.stop(settings)
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"Server started at {api.address}.",
        f"Using the server that is running at {api.address}.",
        "The server has stopped.",
    ]


def test_without_a_server_there_is_nothing_to_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    server_process.stop(Settings(data_dir=tmp_path))
    assert "No exotrain server is running." in capsys.readouterr().out


def test_an_id_that_another_program_has_by_now_is_never_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with running(BYSTANDER, tmp_path) as bystander:
        lock_path(tmp_path).write_text(f"{bystander.pid}\n")
        server_process.stop(Settings(data_dir=tmp_path))
        assert "No exotrain server is running." in capsys.readouterr().out
        assert bystander.poll() is None


def test_the_server_that_holds_the_folder_is_stopped_whatever_id_the_file_has(tmp_path: Path):
    with running(AS_A_SERVER, tmp_path) as server, running(BYSTANDER, tmp_path) as bystander:
        lock_path(tmp_path).write_text(f"{bystander.pid}\n")
        server_process.stop(Settings(data_dir=tmp_path))
        assert server.wait(10) == -signal.SIGTERM
        assert bystander.poll() is None


def test_where_the_system_does_not_say_who_holds_the_folder_nothing_is_ended(tmp_path: Path):
    with running(AS_OTHERS_DO, tmp_path) as other, running(BYSTANDER, tmp_path) as bystander:
        lock_path(tmp_path).write_text(f"{bystander.pid}\n")
        with pytest.raises(DemoFailed, match=f"process {bystander.pid} is an exotrain"):
            server_process.stop(Settings(data_dir=tmp_path))
        assert other.poll() is None
        assert bystander.poll() is None
