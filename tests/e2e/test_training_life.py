"""From the upload to the prediction, with each runner."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.transit.columns import LABELS
from tests.e2e.server import Client, Server, small_catalogue, wait_for, weights_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

QUICK = {"epochs": 2, "batch_size": 64, "seed": 7}

# The test is of what happens around the training: no evaluation.
ENDLESS = {**QUICK, "epochs": 500, "patience": 500, "test_split": 0}

CANDIDATE = {"period": 3.2, "duration": 2.5, "depth": 900.0, "snr": 25.0, "steff": 5600.0}


@dataclass(frozen=True)
class Trained:
    """A workspace with one dataset and one model."""

    key: str
    catalogue: Path
    dataset: dict[str, Any]
    session: dict[str, Any]


@pytest.fixture(scope="module")
def trained(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    key = client.workspace("trained")
    catalogue = small_catalogue(tmp_path_factory.mktemp("catalogue"))
    dataset = client.upload(key, catalogue)
    session = client.complete(key, dataset["id"], model_name="first", **QUICK)
    return Trained(key, catalogue, dataset, session)


def test_a_catalogue_becomes_a_model_that_predicts(
    server: Server, client: Client, trained: Trained
):
    session = trained.session
    assert session["progress"] == 1
    assert [each["epoch"] for each in session["history"]] == [1, 2]
    assert session["model_path"].startswith("model/")
    check_saved_model(server, client, session)
    check_evaluation(client, session["id"])
    check_predictions(client, trained.key)


def check_saved_model(server: Server, client: Client, session: dict) -> None:
    file = server.data_dir / session["model_path"]
    manifest = client.get(f"/api/models/{session['model_id']}")["model"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == manifest["sha256"]
    download = client.get(f"/api/models/{session['model_id']}/download", None)
    assert download.content == file.read_bytes()
    current = file.parent / "exoplanet_model.keras"
    assert current.read_bytes() == file.read_bytes()
    import keras

    outputs = keras.saving.load_model(file).predict(
        {"curve_input": np.ones((2, 2001, 1)), "feat_input": np.full((2, 6), np.nan)}, verbose=0
    )
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    assert [output.shape for output in outputs] == [(2, 3), (2, 1), (2, 1)]


def check_evaluation(client: Client, session_id: int) -> None:
    evaluation = client.get(f"/api/training/session/{session_id}/evaluation")["evaluation"]
    assert np.sum(evaluation["confusion_matrix"]) == evaluation["n_test"] > 0
    assert evaluation["baseline"]
    rows = client.get(f"/api/training/session/{session_id}/evaluation/rows?limit=500")
    assert rows["total"] == evaluation["n_test"]


def check_predictions(client: Client, key: str) -> None:
    answer = client.post("/api/predict", json={"workspace_key": key, **CANDIDATE})
    prediction = answer["predictions"][0]
    assert set(prediction["probabilities"]) == set(LABELS)
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert prediction["label_name"] == LABELS[prediction["label"]]
    assert prediction["depth_ppm"] > 0 < prediction["period"]
    rows = [CANDIDATE, {**CANDIDATE, "period": -1}, CANDIDATE]
    many = client.post("/api/predict", json={"workspace_key": key, "rows": rows})["predictions"]
    assert many[0]["probabilities"] == pytest.approx(prediction["probabilities"], abs=1e-5)
    assert "period" in str(many[1]["error"])
    assert client.get("/api/health")["model_loaded"]


def test_a_stopped_session_keeps_its_best_weights(client: Client, key: str, tmp_path: Path):
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(key, dataset["id"], **ENDLESS)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.post(f"/api/training/session/{session_id}/stop")
    session = client.wait(session_id)
    assert session["status"] == "completed"
    assert session["epochs_completed"] < 500
    assert session["model_id"] is not None
    client.post(f"/api/training/session/{session_id}/stop", 409)


def test_a_cancelled_session_keeps_nothing_and_can_be_retried(
    server: Server, client: Client, key: str, tmp_path: Path
):
    dataset = client.upload(key, small_catalogue(tmp_path))
    spec = {**ENDLESS, "model_name": "never"}
    session_id = client.train(key, dataset["id"], **spec)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.call("DELETE", f"/api/training/dataset/{dataset['id']}", 409)
    client.call("DELETE", f"/api/training/session/{session_id}", 409)
    client.post(f"/api/training/session/{session_id}/cancel")
    session = client.wait(session_id)
    assert session["status"] == "cancelled"
    assert session["model_id"] is None
    wait_until_gone(server, "model/*/never*")
    wait_until_gone(server, f"model/checkpoints/{session_id}.*")
    again = client.post(f"/api/training/session/{session_id}/retry", 202)["session"]
    assert again["spec"] == session["spec"]
    client.post(f"/api/training/session/{again['id']}/cancel")
    client.wait(again["id"])
    client.call("DELETE", f"/api/training/session/{session_id}", 200)
    client.get(f"/api/training/session/{session_id}", 404)


def wait_until_gone(server: Server, files: str) -> None:
    """Files go after the commit that the API shows."""
    wait_for(lambda: list(server.data_dir.glob(files)), lambda found: not found)


def test_the_same_spec_seed_and_data_give_the_same_weights_and_their_file_is_guarded(
    server: Server, client: Client, trained: Trained
):
    again = client.complete(trained.key, trained.dataset["id"], model_name="again", **QUICK)
    files = [server.data_dir / each["model_path"] for each in (trained.session, again)]
    first, second = map(weights_of, files)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    content = bytearray(files[1].read_bytes())
    content[len(content) // 2] ^= 1
    files[1].write_bytes(content)
    body = {"workspace_key": trained.key, "model_id": again["model_id"], **CANDIDATE}
    answer = client.post("/api/predict", None, json=body)
    assert answer.status_code == 409
    assert "sha256" in answer.json()["detail"]


def test_an_older_model_is_promoted_and_the_newer_deleted(
    server: Server, client: Client, trained: Trained
):
    spec = {**QUICK, "epochs": 1, "test_split": 0}
    newer = client.complete(trained.key, trained.dataset["id"], model_name="newer", **spec)
    for session in (newer, trained.session):
        client.post(f"/api/models/{session['model_id']}/promote")
        file = server.data_dir / session["model_path"]
        assert (file.parent / "exoplanet_model.keras").read_bytes() == file.read_bytes()
        client.call("DELETE", f"/api/models/{session['model_id']}", 409)
    client.call("DELETE", f"/api/models/{newer['model_id']}", 200)
    found = client.get(f"/api/bin?workspace_key={trained.key}")["entries"]
    (entry,) = (each for each in found if each["item_id"] == newer["model_id"])
    assert list(server.data_dir.glob("model/*/newer*"))
    client.call("DELETE", f"/api/bin/{entry['id']}", 200)
    assert not list(server.data_dir.glob("model/*/newer*"))


@pytest.mark.slow
def test_users_take_turns(client: Client, server: Server, tmp_path: Path):
    brief = {"epochs": 1, "test_split": 0}
    catalogue = small_catalogue(tmp_path)
    name = f"quiet{time.monotonic_ns()}"
    other = Client(server, client.post("/api/tokens", 201, json={"user": name})["token"])
    busy_key, quiet_key = client.workspace("busy"), other.workspace("quiet")
    busy_dataset = client.upload(busy_key, catalogue)["id"]
    quiet_dataset = other.upload(quiet_key, catalogue)["id"]
    blocker = client.train(busy_key, busy_dataset, **ENDLESS)
    client.wait(blocker, lambda session: session["status"] == "training")
    busy = [client.train(busy_key, busy_dataset, **brief) for _ in range(2)]
    quiet = other.train(quiet_key, quiet_dataset, **brief)
    assert client.get("/api/health")["queue"] == {"pending": 3, "training": 1}
    client.post(f"/api/training/session/{blocker}/cancel")
    started = {each: client.wait(each)["started_at"] for each in busy}
    started[quiet] = other.wait(quiet)["started_at"]
    assert sorted(started, key=lambda each: started[each]) == [quiet, *busy]


def test_a_pending_session_is_cancelled_at_once(client: Client, key: str, tmp_path: Path):
    dataset = client.upload(key, small_catalogue(tmp_path))
    blocker = client.train(key, dataset["id"], **ENDLESS)
    waiting = client.train(key, dataset["id"], **QUICK)
    client.post(f"/api/training/session/{waiting}/stop")
    assert client.session(waiting)["status"] == "cancelled"
    client.post(f"/api/training/session/{blocker}/cancel")
    client.wait(blocker)


def test_a_batch_is_predicted(client: Client, trained: Trained):
    with open(trained.catalogue, "rb") as file:
        answer = client.post(
            "/api/predict/batch", None, files={"file": file}, data={"workspace_key": trained.key}
        )
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert len(lines) == 1 + trained.dataset["num_samples"]
    assert "predicted_label" in lines[0]


def test_no_worker_is_left_when_nothing_trains(server: Server, client: Client):
    if not Path("/proc").exists() or "thread" in server.data_dir.name:
        pytest.skip("there are no workers to count")
    # One warm worker and the predictor.
    wait_for(server.children, lambda children: len(children) <= 2)
