"""Real tables of the NASA Exoplanet Archive through a real server: few epochs, every step."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.server import Client, Server

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.archive]

FEW_EPOCHS = {"epochs": 4, "seed": 1}


def test_the_koi_table_goes_in_as_downloaded_and_its_model_beats_the_majority(
    start_server: Callable[..., Server], archive_data: Path
):
    client = Client(start_server())
    key = client.workspace("kepler")
    dataset = client.upload(key, archive_data / "koi_cumulative.csv")
    assert dataset["source"] == "koi"
    assert dataset["num_samples"] + dataset["num_rejected"] == 7657
    profile = client.get(f"/api/training/dataset/{dataset['id']}")["dataset"]["profile"]
    assert profile["rejected"]["by_reason"]["missing_value"] > 300
    session = client.complete(key, dataset["id"], **FEW_EPOCHS)
    evaluation = client.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
    majority = max(dataset["class_counts"].values()) / dataset["num_samples"]
    assert evaluation["accuracy"] > majority + 0.15
    assert evaluation["macro_f1"] > 0.6
    with open(archive_data / "koi_cumulative.csv", "rb") as table:
        batch = client.post(
            "/api/predict/batch", None, files={"file": table}, data={"workspace_key": key}
        )
    assert batch.status_code == 200
    assert batch.text.count("\n") == 1 + 7657


@pytest.mark.slow
@pytest.mark.long
def test_a_small_ensemble_with_the_catalogue_is_better_than_the_tree_on_all_columns(
    start_server: Callable[..., Server], archive_data: Path
):
    client = Client(start_server())
    key = client.workspace("catalogue")
    dataset = client.upload(key, archive_data / "koi_cumulative.csv")
    chosen = {"network": "transit_cnn_catalogue", "ensemble": 2, "epochs": 6, "seed": 1}
    session = client.complete(key, dataset["id"], **chosen)
    evaluation = client.get(f"/api/training/session/{session['id']}/evaluation")["evaluation"]
    tree = evaluation["baseline"]["all_columns"]
    assert evaluation["log_loss"] < tree["log_loss"]
    assert evaluation["accuracy"] > tree["intervals"]["accuracy"][0]
    assert evaluation["ece"] < tree["ece"]
    low, high = evaluation["intervals"]["accuracy"]
    assert 0.02 < high - low < 0.08
    worse = [row for row in evaluation["missing_features"] if row["missing"] == ["snr"]]
    assert worse[0]["log_loss"] > evaluation["log_loss"]
    kept = evaluation["abstention"]
    assert kept["coverage"] < 1
    assert kept["kept_precision"] > evaluation["accuracy"]
    hot_jupiter = {"period": 3.5, "duration": 3.0, "depth": 8000, "impact": 0.3, "snr": 80}
    star = {"steff": 5800, "srad": 1.0, "slogg": 4.4, "tmag": 14.0}
    answer = client.post("/api/predict", json={"workspace_key": key, **hot_jupiter, **star})
    (prediction,) = answer["predictions"]
    assert isinstance(prediction["uncertain"], bool)
    assert prediction["diagnostics"]["planet_radius"] == pytest.approx(8.9, abs=0.3)
    assert prediction["diagnostics"]["outside_training_range"] == []


@pytest.mark.slow
@pytest.mark.long
def test_the_toi_table_trains_without_impact_and_snr_and_its_profile_says_so(
    start_server: Callable[..., Server], archive_data: Path
):
    client = Client(start_server())
    key = client.workspace("tess")
    dataset = client.upload(key, archive_data / "toi.csv")
    assert dataset["source"] == "toi"
    profile = client.get(f"/api/training/dataset/{dataset['id']}")["dataset"]["profile"]
    assert profile["absent"] == ["impact", "snr"]
    session = client.complete(key, dataset["id"], **FEW_EPOCHS)
    model = client.get(f"/api/models/{session['model_id']}")["model"]
    ranges = model["manifest"]["training_ranges"]
    assert ranges["impact"]["known"] == ranges["snr"]["known"] == 0
    assert session["metrics"]["val_accuracy"] > 0.5
