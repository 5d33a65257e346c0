"""Learning from light curves, from the files to the prediction, with each runner."""

import csv
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import RUNNERS_IN_TURN, serve
from tests.e2e.light.curves.tables import bring_curves, write_many
from tests.e2e.server import Client, Server, history_without_times, wait_for, weights_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

BATCHES = "/api/predict/batches"
SPEC = {"epochs": 4, "patience": 5, "batch_size": 16, "seed": 3, "test_split": 0.3}


@dataclass(frozen=True)
class Trained:
    """A workspace with a catalogue, a curve set and a session that has learnt from both."""

    key: str
    catalogue: Path
    files: list[Path]
    asked: dict[str, Any]
    session: dict[str, Any]


@pytest.fixture(scope="module", params=RUNNERS_IN_TURN)
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    runner_environment: Callable[[str], dict[str, str]],
) -> Iterator[Server]:
    """One server for these tests, once with each runner."""
    yield from serve(request, tmp_path_factory, runner_environment)


@pytest.fixture(scope="module")
def trained(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    key = client.workspace("curves")
    catalogue, files = write_many(tmp_path_factory.mktemp("curves"))
    dataset = client.upload(key, catalogue)
    asked = {"dataset_id": dataset["id"], "curve_set_id": bring_curves(client, key, files), **SPEC}
    return Trained(key, catalogue, files, asked, client.complete(key, **asked))


def test_it_learns_and_says_what_the_light_curves_are_worth(client: Client, trained: Trained):
    session = trained.session
    assert session["spec"]["network"] == "light_curve_cnn"
    path = f"/api/training/session/{session['id']}/evaluation"
    found = client.get(path)["evaluation"]["light_curves"]
    rows = {name: found[name]["rows"] for name in ("with_curve", "curve_hidden", "without_curve")}
    assert rows["with_curve"] == rows["curve_hidden"] > 5
    assert rows["without_curve"] > 0
    assert found["curve_hidden"]["log_loss"] != found["with_curve"]["log_loss"]
    assert found["sha256"] == session["spec"]["curves_sha256"]


def test_a_candidate_is_predicted_with_its_file(client: Client, trained: Trained):
    with open(trained.catalogue, encoding="utf-8") as table:
        rows = {row["star"]: row for row in csv.DictReader(table)}
    file = trained.files[0]
    numbers = {k: float(v) for k, v in rows[file.stem].items() if k not in ("star", "label")}
    asked = {"workspace_key": trained.key, "model_id": trained.session["model_id"], **numbers}
    sent = {"file": (file.name, file.read_bytes())}
    with_curve = client.post("/api/predict", files=sent, data=asked)
    assert with_curve["light_curve"]["is_used"]
    del asked["epoch"]
    without = client.post("/api/predict", json=asked)
    first, second = (each["predictions"][0]["probabilities"] for each in (with_curve, without))
    assert first != second


def test_a_batch_takes_the_curve_set(client: Client, trained: Trained):
    asked = {
        "workspace_key": trained.key,
        "model_id": trained.session["model_id"],
        "curve_set_id": trained.asked["curve_set_id"],
    }
    with open(trained.catalogue, "rb") as file:
        batch = client.post(BATCHES, 202, files={"file": file}, data=asked)["batch"]
    path = f"{BATCHES}/{batch['id']}"
    ended = wait_for(
        lambda: client.get(path)["batch"],
        lambda found: found["status"] not in ("pending", "running"),
        180,
    )
    assert (ended["status"], ended["error"]) == ("completed", None)
    with_curve = len(trained.files)
    counted = ended["light_curves"]
    assert (counted["rows_used"], counted["rows_without"]) == (with_curve, 90 - with_curve)
    rows = client.get(f"{path}/result", None).text.splitlines()
    read = list(csv.DictReader(line for line in rows if not line.startswith("#")))
    stars = {file.stem for file in trained.files}
    assert [row["light_curve"] == "yes" for row in read] == [row["star"] in stars for row in read]


def test_a_cancelled_session_keeps_nothing_and_can_be_retried(
    server: Server, client: Client, trained: Trained
):
    endless = {**trained.asked, "epochs": 500, "patience": 500, "model_name": "never"}
    session_id = client.train(trained.key, **endless)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.post(f"/api/training/session/{session_id}/cancel")
    assert client.wait(session_id)["status"] == "cancelled"
    for files in ("model/*/never*", f"model/checkpoints/{session_id}.*"):
        wait_for(partial(list_of, server.data_dir, files), lambda left: not left)
    again = client.post(f"/api/training/session/{session_id}/retry", 202)["session"]
    assert again["spec"]["curves_sha256"] == trained.session["spec"]["curves_sha256"]
    client.post(f"/api/training/session/{again['id']}/cancel")
    client.wait(again["id"])


def list_of(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def test_a_session_of_a_killed_server_ends_with_the_same_weights(
    server: Server, client: Client, trained: Trained
):
    session_id = client.train(trained.key, **trained.asked)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 2)
    server.stop(signal.SIGKILL)
    server.start()
    resumed = Client(server).wait(session_id)
    assert resumed["status"] == "completed", resumed["error"]
    assert resumed["training"]["resumed_from_epoch"] >= 1
    assert history_without_times(resumed) == history_without_times(trained.session)
    first, second = (
        weights_of(server.data_dir / each["model_path"]) for each in (trained.session, resumed)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
