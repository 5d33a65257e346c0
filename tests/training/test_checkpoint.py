"""Checkpoints: what is written comes back whole, or not at all."""

import os
from dataclasses import replace

import numpy as np
import pytest

from backend.training.spec import NothingToKeep
from tests import messages

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def module():
    from backend.training import checkpoint

    return checkpoint


@pytest.fixture
def checkpoint(module):
    """More arrays than one digit counts, so that their order is seen."""
    arrays = [np.full((2, 3), number, np.float32) for number in range(12)]
    return module.Checkpoint(
        fingerprint="of this session",
        epochs_finished=3,
        variables=arrays,
        learning=[array + 100 for array in arrays[:2]],
        optimizer=[np.array(7, np.int64), np.array(0.5, np.float32)],
        best_weights=[array + 200 for array in arrays[:3]],
        callbacks={"epochs": {}, "patience": {"waited": 2}},
        is_finished=False,
    )


def assert_equal(found, expected):
    for name in ("fingerprint", "epochs_finished", "callbacks", "is_finished"):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("variables", "learning", "optimizer", "best_weights"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert len(ours) == len(theirs), name
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("is_finished", [False, True])
def test_everything_comes_back_in_its_order(module, checkpoint, tmp_path, is_finished):
    written = replace(checkpoint, is_finished=is_finished)
    module.save_checkpoint(tmp_path / "one", written)
    assert_equal(module.load_checkpoint(tmp_path / "one", "of this session"), written)
    assert os.listdir(tmp_path) == ["one"]


def test_it_is_on_the_disk_before_it_takes_the_place_of_the_old_one(
    module, checkpoint, tmp_path, monkeypatch
):
    path = tmp_path / "one"
    module.save_checkpoint(path, checkpoint)
    sizes = []
    synchronize = os.fsync

    def note(descriptor):
        before = module.load_checkpoint(path, "of this session")
        sizes.append((os.fstat(descriptor).st_size, before.epochs_finished))
        synchronize(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    module.save_checkpoint(path, replace(checkpoint, epochs_finished=4))
    assert sizes[0] == (path.stat().st_size, 3)
    assert module.load_checkpoint(path, "of this session").epochs_finished == 4


def test_a_write_that_fails_leaves_the_old_one(module, checkpoint, tmp_path, monkeypatch):
    path = tmp_path / "one"
    module.save_checkpoint(path, checkpoint)

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        module.save_checkpoint(path, replace(checkpoint, epochs_finished=4))
    assert_equal(module.load_checkpoint(path, "of this session"), checkpoint)
    assert os.listdir(tmp_path) == ["one"]


def test_one_of_another_session_is_not_used(module, checkpoint, tmp_path):
    module.save_checkpoint(tmp_path / "one", checkpoint)
    assert module.load_checkpoint(tmp_path / "one", "of another") is None


def test_one_that_is_missing_or_cut_off_is_none(module, checkpoint, tmp_path):
    path = tmp_path / "one"
    assert module.load_checkpoint(path, "of this session") is None
    module.save_checkpoint(path, checkpoint)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert module.load_checkpoint(path, "of this session") is None, length


def test_objects_that_run_code_are_never_read(module, checkpoint, tmp_path):
    path = tmp_path / "one"
    module.save_checkpoint(path, replace(checkpoint, learning=[np.array([{}], dtype=object)]))
    assert module.load_checkpoint(path, "of this session") is None


def test_the_epochs_come_in_the_order_of_their_numbers(checkpoint):
    metrics = {str(number): messages.metrics(number / 10).model_dump() for number in (10, 9, 1)}
    found = replace(checkpoint, callbacks={"epochs": metrics}).epochs()
    assert list(found) == [1, 9, 10]
    assert found[9] == messages.metrics(0.9)


def test_what_is_kept_needs_no_further_epoch(module, checkpoint, tmp_path):
    module.save_checkpoint(tmp_path / "one", checkpoint)
    kept = module.load_kept(tmp_path / "one", "of this session")
    assert_equal(kept, replace(checkpoint, is_finished=True))


def test_nothing_to_keep_is_said_in_words(module, tmp_path):
    with pytest.raises(NothingToKeep, match=r"^The finished epochs .* Retry the session\.$"):
        module.load_kept(tmp_path / "one", "of this session")


def model_that_learnt(steps):
    from backend.training import keras_setup  # noqa: F401  chooses the backend of Keras

    import keras  # isort: skip

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), loss="mse")
    for _ in range(steps):
        model.train_on_batch(np.ones((4, 1)), np.zeros((4, 1)))
    return model


def test_a_restored_model_and_its_optimizer_are_those_that_were_stored(module, checkpoint):
    model = model_that_learnt(2)
    stored = replace(
        checkpoint,
        variables=[variable.numpy() for variable in model.variables],
        optimizer=[variable.numpy() for variable in model.optimizer.variables],
    )
    fresh = model_that_learnt(0)
    module.restore_variables(fresh, stored)
    for ours, theirs in (
        (fresh.variables, stored.variables),
        (fresh.optimizer.variables, stored.optimizer),
    ):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one.numpy(), other)


@pytest.mark.parametrize("group", ["variables", "optimizer"])
def test_a_checkpoint_of_another_network_is_not_put_into_a_model(module, checkpoint, group):
    model = model_that_learnt(1)
    stored = replace(
        checkpoint,
        variables=[variable.numpy() for variable in model.variables],
        optimizer=[variable.numpy() for variable in model.optimizer.variables],
    )
    shorter = replace(stored, **{group: getattr(stored, group)[:-1]})
    with pytest.raises(ValueError, match="shorter"):
        module.restore_variables(model_that_learnt(0), shorter)
