"""From the upload to the prediction, with both runners."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from backend.transit.columns import LABELS
from tests.e2e.server import Client, Server, small_catalogue, wait_for, weights_of

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow]

QUICK = {"epochs": 2, "batch_size": 64, "seed": 7}

CANDIDATE = {"period": 3.2, "duration": 2.5, "depth": 900.0, "snr": 25.0, "steff": 5600.0}


def test_a_catalogue_becomes_a_model_that_predicts(
    server: Server, client: Client, key: str, tmp_path: Path
):
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(key, dataset["id"], model_name="first", **QUICK)
    session = client.wait(session_id)
    assert session["status"] == "completed", session["error"]
    assert session["progress"] == 1
    assert [each["epoch"] for each in session["history"]] == [1, 2]
    assert session["model_path"].startswith("model/")
    check_saved_model(server, client, session)
    check_evaluation(client, session_id)
    check_predictions(client, key)


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


def test_a_stopped_training_keeps_its_best_weights(client: Client, key: str, tmp_path: Path):
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(key, dataset["id"], **{**QUICK, "epochs": 500, "patience": 500})
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.post(f"/api/training/session/{session_id}/stop")
    session = client.wait(session_id)
    assert session["status"] == "completed"
    assert session["epochs_completed"] < 500
    assert session["model_id"] is not None
    client.post(f"/api/training/session/{session_id}/stop", 409)


def test_a_cancelled_training_keeps_nothing_and_can_be_retried(
    server: Server, client: Client, key: str, tmp_path: Path
):
    dataset = client.upload(key, small_catalogue(tmp_path))
    spec = {**QUICK, "epochs": 500, "patience": 500, "model_name": "never"}
    session_id = client.train(key, dataset["id"], **spec)
    client.wait(session_id, lambda session: session["epochs_completed"] >= 1)
    client.call("DELETE", f"/api/training/dataset/{dataset['id']}", 409)
    client.call("DELETE", f"/api/training/session/{session_id}", 409)
    client.post(f"/api/training/session/{session_id}/cancel")
    session = client.wait(session_id)
    assert session["status"] == "cancelled"
    assert session["model_id"] is None
    assert not list(server.data_dir.glob("model/*/never*"))
    assert not list(server.data_dir.glob(f"model/checkpoints/{session_id}.*"))
    again = client.post(f"/api/training/session/{session_id}/retry", 202)["session"]
    assert again["spec"] == session["spec"]
    client.post(f"/api/training/session/{again['id']}/cancel")
    client.wait(again["id"])
    client.call("DELETE", f"/api/training/session/{session_id}", 204)
    client.get(f"/api/training/session/{session_id}", 404)


def test_the_same_spec_seed_and_data_give_the_same_weights(
    server: Server, client: Client, key: str, tmp_path: Path
):
    dataset = client.upload(key, small_catalogue(tmp_path))
    sessions = [client.wait(client.train(key, dataset["id"], **QUICK)) for _ in range(2)]
    first, second = (weights_of(server.data_dir / each["model_path"]) for each in sessions)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_workspaces_take_turns(client: Client, tmp_path: Path):
    catalogue = small_catalogue(tmp_path)
    keys = [client.workspace(name) for name in ("busy", "quiet")]
    datasets = [client.upload(key, catalogue)["id"] for key in keys]
    blocker = client.train(keys[0], datasets[0], **{**QUICK, "epochs": 500, "patience": 500})
    client.wait(blocker, lambda session: session["status"] == "training")
    busy = [client.train(keys[0], datasets[0], epochs=1) for _ in range(2)]
    quiet = client.train(keys[1], datasets[1], epochs=1)
    assert client.get("/api/health")["queue"] == {"pending": 3, "training": 1}
    client.post(f"/api/training/session/{blocker}/cancel")
    started = {each: client.wait(each)["started_at"] for each in [*busy, quiet]}
    assert sorted(started, key=lambda each: started[each]) == [quiet, *busy]


def test_a_pending_session_is_cancelled_at_once(client: Client, key: str, tmp_path: Path):
    dataset = client.upload(key, small_catalogue(tmp_path))
    blocker = client.train(key, dataset["id"], **{**QUICK, "epochs": 500, "patience": 500})
    waiting = client.train(key, dataset["id"], **QUICK)
    client.post(f"/api/training/session/{waiting}/stop")
    assert client.session(waiting)["status"] == "cancelled"
    client.post(f"/api/training/session/{blocker}/cancel")
    client.wait(blocker)


def test_a_training_that_diverges_fails_and_says_so(client: Client, key: str, tmp_path: Path):
    dataset = client.upload(key, small_catalogue(tmp_path))
    session_id = client.train(key, dataset["id"], epochs=30, learning_rate=1.0, batch_size=8)
    session = client.wait(session_id)
    if session["status"] == "completed":
        pytest.skip("a learning rate of 1 did not make this network diverge")
    assert session["error"]["reason"] == "diverged"
    assert "learning_rate" in session["error"]["message"]


def test_predictions_refuse_a_model_whose_file_was_changed(
    server: Server, client: Client, key: str, tmp_path: Path
):
    dataset = client.upload(key, small_catalogue(tmp_path))
    client.wait(client.train(key, dataset["id"], **QUICK))
    other = client.wait(client.train(key, dataset["id"], **{**QUICK, "seed": 8}))
    file = server.data_dir / other["model_path"]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    body = {"workspace_key": key, "model_id": other["model_id"], **CANDIDATE}
    answer = client.post("/api/predict", None, json=body)
    assert answer.status_code == 503
    assert "sha256" in answer.json()["detail"]


def test_a_batch_is_predicted_and_can_be_saved_as_an_analysis(
    client: Client, key: str, tmp_path: Path
):
    catalogue = small_catalogue(tmp_path)
    dataset = client.upload(key, catalogue)
    client.wait(client.train(key, dataset["id"], **QUICK))
    with open(catalogue, "rb") as file:
        answer = client.post(
            "/api/predict/batch", None, files={"file": file}, data={"workspace_key": key}
        )
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert len(lines) == 1 + dataset["num_samples"]
    assert "predicted_label" in lines[0]


def test_no_worker_is_left_when_nothing_trains(server: Server, client: Client):
    if not Path("/proc").exists() or "thread" in server.data_dir.name:
        pytest.skip("there are no workers to count")
    # One warm worker and the predictor.
    wait_for(server.children, lambda children: len(children) <= 2)
