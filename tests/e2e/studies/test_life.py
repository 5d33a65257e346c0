"""A study on a real server: killed in the middle, it ends with the same predictions."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

_STUDIES = "/api/training/studies"
SPEC = {"folds": 2, "epochs": 3, "batch_size": 32, "seed": 3, "ensemble": 1}
ENDED = ("completed", "failed", "cancelled")


def start(client: Client, key: str, dataset_id: int, **changes: Any) -> int:
    body = {"workspace_key": key, "dataset_id": dataset_id, **SPEC, **changes}
    return client.post(_STUDIES, 202, json=body)["study"]["id"]


def study_of(client: Client, study_id: int) -> dict[str, Any]:
    return client.get(f"{_STUDIES}/{study_id}")["study"]


def ended(client: Client, study_id: int) -> dict[str, Any]:
    return wait_for(lambda: study_of(client, study_id), lambda study: study["status"] in ENDED, 300)


def rows_of(client: Client, study_id: int) -> list[dict[str, Any]]:
    return client.get(f"{_STUDIES}/{study_id}/predictions", params={"limit": 1000})["rows"]


def test_a_killed_study_ends_with_the_same_predictions(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    whole = start(client, key, dataset["id"], name="whole")
    assert ended(client, whole)["status"] == "completed"
    killed = start(client, key, dataset["id"], name="killed")
    wait_for(
        lambda: study_of(client, killed)["sessions"][1]["epochs_completed"],
        lambda epochs: epochs >= 1,
        120,
    )
    server.stop(signal.SIGKILL)
    server.start()
    client = Client(server)
    study = ended(client, killed)
    assert (study["status"], study["counts"]["completed"]) == ("completed", 2)
    rows = rows_of(client, killed)
    assert rows == rows_of(client, whole)
    assert [each["row"] for each in rows] == list(range(dataset["num_samples"]))
    found = wait_for(
        lambda: study_of(client, killed)["figures"],
        lambda figures: figures["intervals_state"] == "found",
    )
    accuracy = found["figures"]["accuracy"]
    right = sum(each["label"] == each["predicted"] for each in rows) / len(rows)
    assert accuracy["mean"] == pytest.approx(right)
    low, high = accuracy["interval"]
    assert low < right < high
    workspace = client.get("/api/workspaces")["workspaces"][0]
    assert workspace["current_model_id"] is None
    client.call("DELETE", f"{_STUDIES}/{killed}", 200)
    (entry,) = client.get(f"/api/bin?workspace_key={key}")["entries"]
    client.call("DELETE", f"/api/bin/{entry['id']}", 200)
    folder = server.data_dir / "model" / str(workspace["id"])
    wait_for(
        lambda: [each.name for each in folder.iterdir() if each.name.startswith("killed")],
        lambda found: not found,
    )


@pytest.mark.long
def test_a_stopped_study_keeps_what_it_has(start_server: Callable[..., Server], tmp_path: Path):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    study_id = start(client, key, dataset["id"], epochs=500, patience=500)
    wait_for(
        lambda: study_of(client, study_id)["sessions"][0]["epochs_completed"],
        lambda epochs: epochs >= 1,
        120,
    )
    client.post(f"{_STUDIES}/{study_id}/stop")
    study = ended(client, study_id)
    assert [each["status"] for each in study["sessions"]] == ["completed", "cancelled"]
    rows = rows_of(client, study_id)
    assert {each["fold"] for each in rows} == {1}
    by_hand = client.train(key, dataset["id"], epochs=1)
    retried = client.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]
    assert [each["status"] for each in retried["sessions"]] == ["completed", "pending"]
    client.post(f"{_STUDIES}/{study_id}/cancel")
    client.wait(by_hand)
    assert ended(client, study_id)["status"] == "cancelled"
    assert rows_of(client, study_id) == rows


@pytest.mark.long
def test_one_model_of_all_folds_predicts_their_mean_and_outlives_them(
    start_server: Callable[..., Server], tmp_path: Path
):
    server = start_server()
    client = Client(server)
    key = client.workspace()
    dataset = client.upload(key, small_catalogue(tmp_path))
    study = ended(client, start(client, key, dataset["id"], name="whole"))
    path = f"{_STUDIES}/{study['id']}"
    session = client.wait(client.post(f"{path}/model", 202, json={})["session"]["id"])
    assert (session["status"], session["metrics"]) == ("completed", None)
    evaluation = client.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
    assert evaluation["of_members"] == {"members": 2, "folds": 2, "seeds": 1}
    rows = rows_of(client, study["id"])
    right = sum(each["label"] == each["predicted"] for each in rows) / len(rows)
    assert (evaluation["n_test"], evaluation["accuracy"]) == (len(rows), pytest.approx(right))

    def confirmed(model_id: int) -> float:
        body = {"workspace_key": key, "model_id": model_id, "period": 3.0, "duration": 2.0}
        (found,) = client.post("/api/predict", json={**body, "depth": 500.0})["predictions"]
        return found["probabilities"]["CONFIRMED"]

    members = [confirmed(each["model_id"]) for each in study["sessions"]]
    assert confirmed(session["model_id"]) == pytest.approx(sum(members) / 2, abs=1e-5)
    member = client.get(f"/api/models/{study['sessions'][0]['model_id']}")["model"]
    (server.data_dir / member["path"]).write_bytes(b"damaged")
    failed = client.wait(client.post(f"{path}/model", 202, json={})["session"]["id"])
    assert failed["status"] == "failed"
    assert "is not the one that was saved" in failed["error"]["message"]
    client.call("DELETE", path, 200)
    assert confirmed(session["model_id"]) == pytest.approx(sum(members) / 2, abs=1e-5)
