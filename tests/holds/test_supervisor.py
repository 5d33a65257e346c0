"""The session queue on a real server: locks, kills, no file descriptors, late cancels."""

import os
import random
import re
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import visit
from tests.e2e.server import Client, Server, is_running, small_catalogue, wait_for
from tests.holds.bench import Bench

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

QUICK = {"epochs": 1, "batch_size": 64, "test_split": 0}
ENDLESS = {**QUICK, "epochs": 500, "patience": 500}

NO_PRLIMIT = "NO PRLIMIT: limits of another process can be set on Linux only"

PROMISED_STOP_SECONDS = 10


class QueueBench(Bench):
    """A server with one worker at a time and none in advance, a workspace and a dataset."""

    def path(self, session_id: int) -> str:
        return f"/api/training/session/{session_id}"

    def patiently(self, method: str, path: str) -> dict[str, Any]:
        """Call again while the server is short of something: 503."""
        answer = wait_for(lambda: self.client.call(method, path), lambda a: a.status_code != 503)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def health(self) -> dict[str, Any]:
        return self.patiently("GET", "/api/health")

    def session(self, session_id: int) -> dict[str, Any]:
        return self.patiently("GET", self.path(session_id))["session"]

    def cancel(self, session_id: int) -> None:
        self.patiently("POST", f"{self.path(session_id)}/cancel")

    def reasons(self) -> list[str]:
        return [each["code"] for each in self.health()["reasons"]]

    def worker(self) -> int:
        """The process that trains."""
        (found,) = wait_for(self.server.children, lambda children: len(children) == 1)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program holds the write lock."""
        path = self.server.data_dir / "exotrain.db"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as outside:
            outside.execute("BEGIN IMMEDIATE")
            yield


@pytest.fixture
def bench(start_server: Callable[..., Server], tmp_path: Path) -> QueueBench:
    return QueueBench(start_server(), tmp_path)


def test_a_model_saved_while_the_database_is_busy_is_kept(bench: QueueBench):
    session_id = bench.train(**QUICK)
    bench.client.wait(session_id, lambda session: session["stage"] == "learning")
    worker = bench.worker()
    with bench.locked():
        # It has said everything: its epoch, its model, its end.
        wait_for(lambda: is_running(worker), lambda runs: not runs, 120)
        wait_for(bench.reasons, lambda reasons: reasons == ["database"])
        assert bench.health()["status"] == "degraded"
        assert bench.client.session(session_id)["status"] == "training"
    session = bench.client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert [each["epoch"] for each in session["history"]] == [1]
    assert bench.client.get(f"/api/models/{session['model_id']}/download", None).status_code == 200
    wait_for(bench.reasons, lambda reasons: reasons == [])
    wait_for(lambda: leftovers(bench.server), lambda files: files == [])


def leftovers(server: Server) -> list[str]:
    return [path.name for path in server.data_dir.glob("model/checkpoints/*")]


@pytest.mark.long
def test_a_copy_that_cannot_be_written_neither_loses_nor_delays_the_model(bench: QueueBench):
    workspace = bench.client.get(f"/api/workspaces/{bench.key}")["workspace"]["id"]
    copy = bench.server.data_dir / "model" / str(workspace) / "exoplanet_model.keras"
    copy.mkdir(parents=True)
    session = bench.client.wait(bench.train(**QUICK))
    assert session["status"] == "completed", session["error"]
    model = bench.server.data_dir / session["model_path"]
    assert bench.reasons() == ["current_copy"]
    body = {"workspace_key": bench.key, "period": 3.0, "duration": 2.0, "depth": 500.0}
    bench.client.post("/api/predict", json=body)
    copy.rmdir()
    wait_for(copy.is_file, bool)
    assert copy.read_bytes() == model.read_bytes()
    wait_for(lambda: bench.health()["status"], lambda status: status == "healthy")


@pytest.mark.long
def test_the_page_says_what_does_not_work_in_both_languages(browser: Browser, bench: QueueBench):
    workspace = bench.client.get(f"/api/workspaces/{bench.key}")["workspace"]["id"]
    copy = bench.server.data_dir / "model" / str(workspace) / "exoplanet_model.keras"
    copy.mkdir(parents=True)
    assert bench.client.wait(bench.train(**QUICK))["status"] == "completed"
    with visit(browser, bench.server) as visitor:
        visitor.sign_in()
        visitor.open(f"#/w/{workspace}/train")
        page = visitor.page
        expect(page.get_by_text("The copy of a current model cannot be written.")).to_be_visible()
        assert visitor.violations() == []
        page.get_by_label("Language").select_option("fr")
        expect(page.get_by_text("écrire la copie d")).to_be_visible()
        copy.rmdir()
        wait_for(bench.reasons, lambda reasons: reasons == [])
        page.reload()
        expect(page.get_by_role("heading", level=1, name="Nouvelle session")).to_be_visible()
        expect(page.get_by_text("écrire la copie d")).to_have_count(0)


def test_an_accepted_cancel_never_ends_as_completed(
    start_server: Callable[..., Server], tmp_path: Path
):
    bench = QueueBench(start_server(EXOTRAIN_WARM_WORKERS="1"), tmp_path)
    chance = random.Random(3)
    for _ in range(3):
        session_id = bench.train(**QUICK)
        bench.client.wait(session_id, lambda session: session["stage"] == "evaluating")
        for _ in range(chance.randrange(60)):  # the moment of the cancel
            bench.client.get("/api/health")
        answer = bench.client.post(f"{bench.path(session_id)}/cancel", None)
        session = bench.client.wait(session_id)
        expected = {200: "cancelled", 409: "completed"}[answer.status_code]
        assert session["status"] == expected
        assert (session["model_id"] is None) == (expected == "cancelled")


def test_a_stop_at_the_moment_of_the_evaluation_repeats_no_epoch(bench: QueueBench):
    session_id = bench.train(**{**QUICK, "epochs": 2, "test_split": 0.15})
    bench.client.wait(session_id, lambda session: session["stage"] == "evaluating")
    bench.server.stop(signal.SIGTERM, PROMISED_STOP_SECONDS)
    assert bench.server.process.returncode == 0
    bench.server.start()
    client = Client(bench.server)
    session = client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert session["training"]["resumed_from_epoch"] in (0, 2)  # 0: saved before the stop
    assert [each["epoch"] for each in session["history"]] == [1, 2]


def test_a_server_with_a_busy_database_stops_in_time(bench: QueueBench):
    session_id = bench.train(**ENDLESS)
    bench.client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    with bench.locked():
        wait_for(bench.reasons, lambda reasons: reasons == ["database"])
        began = time.monotonic()
        bench.server.stop(signal.SIGTERM, PROMISED_STOP_SECONDS)
        assert time.monotonic() - began < PROMISED_STOP_SECONDS
    assert bench.server.process.returncode == 0
    bench.server.start()
    client = Client(bench.server)
    resumed = client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    assert resumed["status"] == "training"
    client.post(f"{bench.path(session_id)}/cancel")
    client.wait(session_id)


# No file descriptors: the limit of a running server is set so low that it can open nothing.


@contextmanager
def without_descriptors(server: Server) -> Iterator[None]:
    """The server can open no file, pipe or connection."""
    if not hasattr(resource, "prlimit"):
        pytest.skip(NO_PRLIMIT)
    process = server.process.pid
    usual = resource.prlimit(process, resource.RLIMIT_NOFILE)
    held = {int(path.name) for path in Path(f"/proc/{process}/fd").iterdir()}
    lowest_free = next(number for number in range(len(held) + 1) if number not in held)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (lowest_free, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, usual)


def queued_behind_one_that_trains(bench: QueueBench) -> tuple[int, int]:
    running = bench.train(**ENDLESS)
    bench.client.wait(running, lambda session: session["stage"] == "learning")
    return running, bench.train(**QUICK)


def test_a_session_that_cannot_start_waits_is_tried_again_and_completes(bench: QueueBench):
    running, waiting = queued_behind_one_that_trains(bench)
    with without_descriptors(bench.server):
        bench.cancel(running)
        wait_for(bench.reasons, lambda reasons: reasons == ["workers"])
        assert bench.session(waiting)["status"] == "pending"
        assert bench.session(running)["status"] == "cancelled"
    session = bench.client.wait(waiting)
    assert session["status"] == "completed", session["error"]
    wait_for(lambda: bench.health()["status"], lambda status: status == "healthy")


@pytest.mark.long
def test_a_session_that_can_never_start_fails_in_words_and_one_that_waits_is_cancelled(
    bench: QueueBench,
):
    running, waiting = queued_behind_one_that_trains(bench)
    unwanted = bench.train(**QUICK)
    with without_descriptors(bench.server):
        bench.cancel(running)
        wait_for(bench.reasons, lambda reasons: reasons == ["workers"])
        bench.cancel(unwanted)
        assert bench.session(unwanted)["status"] == "cancelled"
        wait_for(lambda: bench.session(waiting)["status"], lambda status: status == "failed", 180)
    session = bench.session(waiting)
    assert session["error"]["reason"] == "crashed"
    assert "could not start in 4 attempts" in session["error"]["message"]
    assert "Too many open files" in session["error"]["message"]
    assert bench.client.wait(bench.train(**QUICK))["status"] == "completed"


def test_a_request_that_meets_a_shortage_is_503_with_retry_after(bench: QueueBench, tmp_path: Path):
    large = small_catalogue(tmp_path, rows=2000)
    bench.health()  # over the connection that is kept
    with without_descriptors(bench.server), open(large, "rb") as content:
        answers = [
            bench.client.get("/", None),
            bench.client.post(
                "/api/training/upload-dataset",
                None,
                files={"file": content},
                data={"workspace_key": bench.key},
            ),
        ]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert "short of memory, threads or open files" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) > 0
    assert bench.client.get("/", None).status_code == 200
    assert bench.client.upload(bench.key, large)["num_samples"] > 0


# The queue's own errors


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose queue fails as often as a file says."""
    flag, data_dir = tmp_path / "flag", tmp_path / "data"
    data_dir.mkdir()
    script = Path(__file__).with_name("broken_queue.py")
    # In place of `python app.py`, which stands behind it.
    server = Server(data_dir, (sys.executable, str(script), str(flag)))
    yield server, flag
    server.stop()


def test_a_queue_that_fails_is_restarted_and_health_says_so(
    breakable: tuple[Server, Path], tmp_path: Path
):
    server, flag = breakable
    bench = QueueBench(server, tmp_path)
    running = bench.train(**ENDLESS)
    bench.client.wait(running, lambda session: session["epochs_completed"] >= 1)
    worker = bench.worker()
    flag.write_text("xx")
    wait_for(flag.read_text, lambda left: left == "")
    wait_for(bench.reasons, lambda reasons: reasons == ["supervisor"])
    seen = bench.client.session(running)["epochs_completed"]
    bench.client.wait(running, lambda session: session["epochs_completed"] > seen)
    assert bench.worker() == worker
    bench.client.post(f"{bench.path(running)}/cancel")
    assert bench.client.wait(running)["status"] == "cancelled"


@pytest.mark.long
def test_a_queue_that_cannot_be_restarted_ends_the_server_with_a_clear_last_line(
    breakable: tuple[Server, Path], tmp_path: Path
):
    server, flag = breakable
    bench = QueueBench(server, tmp_path)
    running = bench.train(**ENDLESS)
    bench.client.wait(running, lambda session: session["epochs_completed"] >= 1)
    worker = bench.worker()
    flag.write_text("x" * 1000)
    wait_for(server.process.poll, lambda code: code is not None, 90)
    wait_for(lambda: is_running(worker), lambda runs: not runs)
    assert server.process.returncode == 1
    last = server.log.read_text().rstrip("\n").splitlines()[-1]
    assert re.search(r"CRITICAL .*exotrain ends: the session queue ended by itself", last)
    assert "Escaped('broken by a test')" in last
    flag.unlink()
    server.start()
    client = Client(server)
    resumed = client.wait(running, lambda session: session["epochs_completed"] >= 2)
    assert resumed["status"] == "training"
    client.post(f"{bench.path(running)}/cancel")
    client.wait(running)


def test_a_worker_killed_from_outside_is_retried_once_and_the_session_completes(bench: QueueBench):
    session_id = bench.train(**{**QUICK, "epochs": 12, "patience": 12})
    bench.client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    os.kill(bench.worker(), signal.SIGKILL)
    session = bench.client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert session["training"]["resumed_from_epoch"] >= 1
    assert [each["epoch"] for each in session["history"]] == list(range(1, 13))
    wait_for(lambda: leftovers(bench.server), lambda files: files == [])
