"""Each call of a checkpoint and of a saved model fails once: what was there before stays whole."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from backend.training.results import manifest
from backend.training.spec import TrainingSpec
from backend.training.split import Split
from backend.transit.columns import ROW_DTYPE
from backend.transit.evaluation.calibration_choice import Calibration
from tests import messages
from tests.faults.state import files_in

WORDS = {"ENOSPC": "No space", "EIO": "output error", "EDQUOT": "quota", "EFBIG": "large"}


def checkpoint(epochs):
    """The state after so many epochs, without a network."""
    from backend.training.checkpoint import Checkpoint

    arrays = [np.full(1000, epochs, np.float32)]
    metrics = messages.metrics(1.0).model_dump()
    return Checkpoint(
        fingerprint="f",
        epochs_finished=epochs,
        variables=arrays,
        learning=arrays,
        optimizer=arrays,
        best_weights=arrays,
        callbacks={"epochs": {str(n): metrics for n in range(1, epochs + 1)}},
        is_finished=False,
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize("effect", WORDS)
@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("open", "*/.7.ckpt.*.partial"),
        ("write", "*/.7.ckpt.*.partial"),
        ("fsync", "*/.7.ckpt.*.partial"),
        ("rename", "*/7.ckpt"),
    ],
)
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    faults, tmp_path, call, what, effect
):
    from backend.training.checkpoint import load_checkpoint, save_checkpoint

    path = tmp_path / "checkpoints" / "7.ckpt"
    save_checkpoint(path, checkpoint(1))
    before = files_in(path.parent)
    fault = faults.add(call, what, effect)
    with pytest.raises(OSError, match=WORDS[effect]):
        save_checkpoint(path, checkpoint(2))
    assert fault.effects == 1
    assert files_in(path.parent) == before
    found = load_checkpoint(path, "f")
    assert found is not None
    assert found.epochs_finished == 1
    save_checkpoint(path, checkpoint(2))
    found = load_checkpoint(path, "f")
    assert found is not None
    assert found.epochs_finished == 2


@pytest.fixture
def save(tmp_path, monkeypatch):
    """Saves a model without a network; `True` once the model is in its place."""
    from backend.training.results import save as saving
    from backend.training.results.evaluate import Published, Results

    monkeypatch.setattr(saving, "serialise", lambda _model: b"model" * 10_000)
    monkeypatch.setattr(saving, "describe_model", lambda *_described: {"sha256": "s"})
    spec = TrainingSpec(
        session_id=7,
        table=tmp_path / "table.npy",
        source="koi",
        dataset_sha256="d",
        model_name="m",
        model_path=tmp_path / "model" / "m.keras",
        checkpoint=tmp_path / "7.ckpt",
        epochs=1,
    )
    rows = np.zeros(2, ROW_DTYPE)
    rows["period"] = rows["duration"] = rows["depth"] = 1.0
    numbers = {"period": np.ones(2), "depth_ppm": np.ones(2)}
    found = Results(rows, {"probabilities": np.ones((2, 3)) / 3, **numbers}, None)
    nothing = np.zeros(0, np.int64)
    two = np.arange(2)
    split = Split(two, nothing, two, validation_groups=nothing, test_groups=two)
    published = Published(None, Calibration(), {}, None, rows["label"][:0], np.zeros((0, 3)))

    def save():
        training = SimpleNamespace(rows=rows, relations=None, real=None)
        saving.save_model(spec, rows, None, split, training, published, {}, found, ())
        return spec.model_path

    return save


@pytest.mark.tensorflow
@pytest.mark.parametrize("effect", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("kind", ["keras", "json", "test.npy", "neighbours.npy", "related.npy"])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_a_model_is_in_its_place_only_with_its_other_files(
    faults, tmp_path, save, call, kind, effect
):
    what = f"*/m.{kind}" if call == "rename" else f"*/.m.{kind}.*.partial"
    fault = faults.add(call, what, effect)
    with pytest.raises(OSError, match=WORDS[effect]):
        save()
    assert fault.effects == 1
    left = files_in(tmp_path / "model")
    assert "m.keras" not in left
    assert not [name for name in left if "partial" in name]
    path = save()
    whole = ["m.json", "m.keras", "m.neighbours.npy", "m.related.npy", "m.test.npy"]
    assert sorted(files_in(tmp_path / "model")) == whole
    assert json.loads(path.with_suffix(".json").read_text())["temperature"] == 1.0
    assert len(np.load(path.with_suffix(".test.npy"))) == 2
    assert len(np.load(path.with_suffix(".neighbours.npy"))) == 2


def test_a_revision_that_cannot_be_asked_for_is_none(faults):
    manifest.git_revision.cache_clear()
    fault = faults.add("fork", "git *", "EAGAIN")
    assert manifest.git_revision() is None
    assert fault.effects == 1
    manifest.git_revision.cache_clear()
