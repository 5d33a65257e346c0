"""Sessions of tables with weights: what weighs little teaches little."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.training.spec import DataError, TrainingSpec
from backend.transit.columns import LABELS, ROW_DTYPE, evidence_dtype
from backend.transit.simulation.catalogue import simulate

pytestmark = pytest.mark.tensorflow

WRONG = 0.01


@pytest.fixture(scope="module")
def train() -> Any:
    from backend.training import train

    return train


def mislabelled() -> tuple[np.ndarray, np.ndarray]:
    """Deep transits are confirmed, shallow ones false; of the deepest most are labelled wrong.

    Returns:
        the table, and which of its rows are labelled wrong.
    """
    right = simulate(240, seed=3)
    right["label"] = np.where(right["depth"] > np.median(right["depth"]), 1, 2)
    wrong = np.repeat(right[right["depth"] > np.quantile(right["depth"], 0.75)], 2)
    wrong["period"] *= np.random.default_rng(5).uniform(0.8, 1.25, len(wrong))
    wrong["label"] = LABELS.index("CANDIDATE")
    wrong["star"] = [b"wrong %d" % i for i in range(len(wrong))]
    table = np.concatenate([right, wrong]).astype(ROW_DTYPE)
    return table, np.arange(len(table)) >= len(right)


def make_spec(folder: Path, table: np.ndarray, weights: np.ndarray) -> TrainingSpec:
    evidence = np.zeros(len(table), evidence_dtype(("weight",)))
    evidence["weight"] = weights
    np.save(folder / "table.npy", table)
    np.save(folder / "evidence.npy", evidence)
    return TrainingSpec(
        session_id=7,
        table=folder / "table.npy",
        evidence=folder / "evidence.npy",
        source="koi",
        dataset_sha256="d" * 64,
        model_name="taught",
        model_path=folder / "taught.keras",
        checkpoint=folder / "7.ckpt",
        epochs=8,
        batch_size=32,
        learning_rate=0.005,
        test_split=0.3,
        seed=11,
        network="transit_cnn_catalogue",
        use_weights=True,
    )


def test_wrong_labels_of_little_weight_do_not_mislead(train: Any, tmp_path: Path):
    table, is_wrong = mislabelled()
    deepest = table["depth"] >= table["depth"][is_wrong].min()
    spec = make_spec(tmp_path, table, np.where(is_wrong, WRONG, np.nan))
    share_right = []
    for use_weights in (False, True):
        train.train(
            dataclasses.replace(spec, use_weights=use_weights), lambda _: None, lambda: None
        )
        tested = np.load(spec.model_path.with_suffix(".test.npy"))
        asked = tested[(deepest & ~is_wrong)[tested["row"]]]
        assert len(asked) > 8
        share_right.append(float((asked["probabilities"].argmax(axis=1) == 1).mean()))
        manifest = json.loads(spec.model_path.with_suffix(".json").read_bytes())
        assert manifest["spec"]["use_weights"] is use_weights
    misled, told = share_right
    assert misled < 0.4
    assert told > 0.8


def test_a_session_by_weights_needs_them(train: Any, tmp_path: Path):
    table, _ = mislabelled()
    spec = make_spec(tmp_path, table, np.ones(len(table)))
    np.save(tmp_path / "evidence.npy", np.zeros(3, evidence_dtype(("weight",))))
    with pytest.raises(DataError, match="missing on the server, or damaged"):
        train.train(spec, lambda _: None, lambda: None)
