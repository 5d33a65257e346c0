"""A session that fails late: its best epoch becomes a model, whatever happens on the way."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import visit
from tests.e2e.server import Client, Server, is_running, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

# Longer than any test: only a kill ends it.
ENDLESS = {"epochs": 500, "patience": 500, "batch_size": 32, "seed": 3}

# For a keep, on a machine that trains on all its cores.
SECONDS = 240

CANDIDATE = {"period": 3.2, "duration": 2.5, "depth": 900.0}


class Bench:
    """A server, a workspace with a dataset, and sessions that fail in it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.client = Client(server)
        self.key = self.client.workspace()
        self.dataset = self.client.upload(self.key, small_catalogue(folder))

    def failed(self) -> int:
        """The id of a session whose workers were killed after two epochs or more."""
        session_id = self.client.train(self.key, self.dataset["id"], **ENDLESS)
        # The last epoch that was reported may not be in the checkpoint yet.
        self.client.wait(session_id, lambda session: session["epochs_completed"] >= 3)

        def kill_and_look() -> dict[str, Any]:
            self.kill_workers()
            return self.client.session(session_id)

        wait_for(kill_and_look, lambda session: session["status"] == "failed", SECONDS)
        return session_id

    def kill_workers(self) -> None:
        for worker in self.server.children():
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.kill(worker, signal.SIGKILL)

    def restart(self) -> None:
        workers = self.server.children()
        self.server.stop(signal.SIGKILL)
        wait_for(lambda: [each for each in workers if is_running(each)], lambda left: not left, 15)
        self.server.start()
        self.client = Client(self.server)

    def keep(self, session_id: int, expect: int = 202) -> Any:
        return self.client.post(f"/api/training/session/{session_id}/keep", expect)

    def until_stage(self, session_id: int, stage: str) -> None:
        wait_for(
            lambda: self.client.session(session_id),
            lambda session: session["stage"] == stage,
            SECONDS,
        )

    def until_over(self, session_id: int) -> dict[str, Any]:
        return wait_for(
            lambda: self.client.session(session_id),
            lambda session: session["request"] is None,
            SECONDS,
        )

    def checkpoints(self) -> list[str]:
        found = (self.server.data_dir / "model" / "checkpoints").iterdir()
        return sorted(each.name for each in found)

    def models(self) -> list[str]:
        found = (self.server.data_dir / "model").glob("[0-9]*/*.keras")
        return sorted(each.name for each in found)


@pytest.fixture
def bench(start_server: Callable[..., Server], tmp_path: Path) -> Bench:
    return Bench(start_server(), tmp_path)


def test_the_best_epoch_of_a_session_whose_workers_are_killed_becomes_a_model_that_predicts(
    bench: Bench,
):
    session_id = bench.failed()
    failed = bench.client.session(session_id)
    file = bench.server.data_dir / "model" / "checkpoints" / f"{session_id}.kept.ckpt"
    assert failed["checkpoint_bytes"] == file.stat().st_size
    assert failed["keepable_until"] > failed["completed_at"]
    stored = bench.client.get(f"/api/workspaces/{bench.key}")["workspace"]["stored_bytes"]
    assert stored >= file.stat().st_size
    assert bench.keep(session_id)["session"]["request"] == "keep"
    assert "being kept already" in bench.keep(session_id, 409)["detail"]
    bench.client.call("DELETE", f"/api/training/session/{session_id}", 409)
    kept = bench.until_over(session_id)
    check_kept(bench, failed, kept)
    assert f"is model {kept['model_id']} already" in bench.keep(session_id, 409)["detail"]
    assert bench.checkpoints() == []


def check_kept(bench: Bench, failed: dict[str, Any], kept: dict[str, Any]) -> None:
    """The session has failed as before, and its best epoch is a model with an evaluation."""
    assert kept["status"] == "failed"
    assert kept["error"] == failed["error"]
    assert (kept["keepable_until"], kept["checkpoint_bytes"]) == (None, None)
    assert kept["epochs_completed"] >= 2
    best = min(kept["history"], key=lambda epoch: epoch["val_label_loss"])
    assert kept["best_epoch"] == best["epoch"]
    assert kept["metrics"] == {name: best[name] for name in kept["metrics"]}
    client = bench.client
    evaluation = client.get(f"/api/training/session/{kept['id']}/evaluation")["evaluation"]
    assert evaluation["n_test"] > 0
    assert evaluation["baseline"]
    model = client.get(f"/api/models/{kept['model_id']}")["model"]
    assert model["session_id"] == kept["id"]
    assert model["metrics"]["best_epoch"] == best["epoch"]
    assert (bench.server.data_dir / model["path"]).stat().st_size == model["file_size"]
    body = {"workspace_key": bench.key, "model_id": kept["model_id"], **CANDIDATE}
    (prediction,) = client.post("/api/predict", json=body)["predictions"]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("stage", ["preparing", "evaluating"])
def test_a_server_killed_during_a_keep_does_it_again(bench: Bench, stage: str):
    session_id = bench.failed()
    failed = bench.client.session(session_id)
    bench.keep(session_id)
    bench.until_stage(session_id, stage)
    bench.restart()
    kept = bench.until_over(session_id)
    check_kept(bench, failed, kept)
    assert bench.checkpoints() == []
    current = "exoplanet_model.keras"
    assert bench.models() == sorted([current, Path(kept["model_path"]).name])


def test_a_keep_that_is_cancelled_or_killed_loses_nothing_and_says_why(bench: Bench):
    session_id = bench.failed()
    failed = bench.client.session(session_id)
    bench.keep(session_id)
    bench.until_stage(session_id, "preparing")
    cancelled = bench.client.post(f"/api/training/session/{session_id}/cancel")["session"]
    assert cancelled["request"] is None
    assert cancelled["error"] == failed["error"]
    wait_for(bench.server.children, lambda children: len(children) <= 1)  # the predictor

    bench.keep(session_id)
    bench.until_stage(session_id, "evaluating")
    bench.kill_workers()
    killed = bench.until_over(session_id)
    assert killed["error"]["keep_error"]
    assert killed["error"]["message"] == failed["error"]["message"]
    assert killed["keepable_until"] == failed["keepable_until"]
    assert bench.models() == []
    assert bench.client.get("/api/health")["queue"] == {"pending": 0, "training": 0}

    bench.keep(session_id)
    check_kept(bench, failed, bench.until_over(session_id))


@pytest.mark.long
def test_on_the_page_a_button_keeps_the_best_epoch_and_another_deletes_them_after_a_question(
    browser: Browser, bench: Bench
):
    kept, deleted = bench.failed(), bench.failed()
    home = bench.client.get(f"/api/workspaces/{bench.key}")["workspace"]["id"]
    with visit(browser, bench.server) as visitor:
        page = visitor.page
        visitor.sign_in()
        visitor.open(f"#/w/{home}/sessions/{kept}")
        offer = page.locator("[data-test=keepable]")
        count = bench.client.session(kept)["epochs_completed"]
        expect(offer).to_contain_text(f"{count} epochs are finished; the best can be kept")
        assert visitor.violations() == []
        offer.get_by_role("button", name="Keep the best epoch").click()
        expect(page.locator("[data-test=keeping]")).to_contain_text("Keeping the best epoch.")
        expect(page.get_by_role("link", name="Model", exact=True)).to_be_visible()
        expect(offer).to_have_count(0)
        page.get_by_role("link", name="Evaluation on").click()
        expect(page.locator("[data-test=figure-accuracy]")).to_be_visible()

        visitor.open(f"#/w/{home}/sessions/{deleted}")
        offer.get_by_role("button", name="Delete the epochs").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(offer).to_have_count(0)
    session = bench.client.session(kept)
    assert (session["status"], session["model_id"] is not None) == ("failed", True)
    assert bench.client.session(deleted)["keepable_until"] is None
    assert bench.checkpoints() == []
