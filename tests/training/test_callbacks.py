"""The callbacks: stopping, resuming, the learning rate, reports."""

import math
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.tensorflow

# The best epoch is the second; with a patience of four the training ends after the sixth.
LOSSES = [1.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.4]
METRICS = {"loss": 1.0, "accuracy": 0.5, "label_loss": 1.0, "period_mae": 1.0, "depth_mae": 1.0}


@pytest.fixture(scope="module")
def library():
    """Modules that import Keras."""
    from backend.training import callbacks, checkpoint, keras_setup, weight_average  # noqa: F401

    import keras  # isort: skip

    return SimpleNamespace(
        keras=keras,
        checkpoint=checkpoint,
        callbacks=callbacks,
        average=weight_average.WeightAverage,
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "1.ckpt"


class Session:
    """A model that learns nothing, and the callbacks of a session."""

    def __init__(self, library, path, events, resumed=None):
        keras = library.keras
        self.model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        self.model.compile(keras.optimizers.Adam(0.1))
        self.model.optimizer.build(self.model.trainable_variables)
        monitor = {"monitor": library.callbacks.MONITOR, "mode": "min"}
        self.stopping = keras.callbacks.EarlyStopping(
            patience=4, restore_best_weights=True, **monitor
        )
        self.plateau = keras.callbacks.ReduceLROnPlateau(patience=3, factor=0.5, **monitor)
        self.progress = library.callbacks.ReportProgress(events.append, batches=1)
        self.average = library.average(self.model)
        keeping = library.callbacks.KeepCheckpoint(
            path, "fingerprint", self.stopping, self.plateau, self.progress, self.average, resumed
        )
        callbacks = [self.stopping, self.plateau, self.progress, keeping]
        self.callbacks = keras.callbacks.CallbackList(
            callbacks, model=self.model, epochs=len(LOSSES)
        )
        self.model.stop_training = False
        self.callbacks.on_train_begin()

    def run(self, epochs):
        """Goes through epochs that end with the losses above; gives the number it ended after."""
        for epoch in epochs:
            self.callbacks.on_epoch_begin(epoch)
            self.average.hide()
            self.model.set_weights([weight + 1.0 for weight in self.model.get_weights()])
            self.average.update()  # before any step the average is the last weights
            self.average.show()
            self.callbacks.on_epoch_end(epoch, {**METRICS, "val_label_loss": LOSSES[epoch]})
            if self.model.stop_training:
                return epoch + 1
        return epochs.stop


def rate(session):
    return float(session.model.optimizer.learning_rate.numpy())


def test_a_resumed_session_stops_when_the_uninterrupted_one_would(library, path):
    assert Session(library, path, []).run(range(7)) == 6
    Session(library, path, []).run(range(4))
    resumed = library.checkpoint.load_checkpoint(path, "fingerprint")
    assert resumed.epochs_finished == 4
    assert not resumed.is_finished
    assert Session(library, path, [], resumed).run(range(4, 7)) == 6


def test_what_follows_the_first_batch_is_called_once(library):
    called = []
    callback = library.callbacks.AfterFirstBatch(lambda: called.append(1))
    assert called == []
    for batch in range(3):
        callback.on_train_batch_end(batch)
    assert called == [1]


def test_a_resumed_session_goes_on_with_its_weights_and_knows_the_best_ones(library, path):
    before = Session(library, path, [])
    before.run(range(4))
    resumed = library.checkpoint.load_checkpoint(path, "fingerprint")
    after = Session(library, path, [], resumed)
    for one, other in zip(before.model.get_weights(), after.model.get_weights(), strict=True):
        assert (one == other).all()
    after.callbacks.on_train_end()
    assert after.stopping.best_epoch == 1
    assert float(after.model.get_weights()[1][0]) == 2.0  # the bias grew by one an epoch


def test_the_learning_rate_falls_when_it_would_have_without_the_interruption(library, path):
    Session(library, path, []).run(range(4))
    resumed = library.checkpoint.load_checkpoint(path, "fingerprint")
    after = Session(library, path, [], resumed)
    assert rate(after) == pytest.approx(0.1)
    after.run(range(4, 5))
    assert rate(after) == pytest.approx(0.05)
    resumed = library.checkpoint.load_checkpoint(path, "fingerprint")
    assert rate(Session(library, path, [], resumed)) == pytest.approx(0.05)


def test_a_session_that_has_ended_says_so_in_its_checkpoint(library, path):
    Session(library, path, []).run(range(7))
    assert library.checkpoint.load_checkpoint(path, "fingerprint").is_finished


def test_the_metrics_of_epochs_before_the_interruption_are_kept(library, path):
    Session(library, path, []).run(range(4))
    resumed = library.checkpoint.load_checkpoint(path, "fingerprint")
    after = Session(library, path, [], resumed)
    assert sorted(after.progress.epochs) == [1, 2, 3, 4]
    assert after.progress.epochs[2].val_label_loss == 0.5


def test_a_checkpoint_of_another_session_is_not_loaded(library, path):
    Session(library, path, []).run(range(1))
    assert library.checkpoint.load_checkpoint(path, "another") is None
    path.write_bytes(path.read_bytes()[:100])
    assert library.checkpoint.load_checkpoint(path, "fingerprint") is None
    assert library.checkpoint.load_checkpoint(path.with_name("none"), "fingerprint") is None


def test_metrics_that_are_missing_or_not_finite_are_reported_as_none(library, path):
    events = []
    session = Session(library, path, events)
    session.callbacks.on_epoch_begin(0)
    session.average.show()
    session.callbacks.on_epoch_end(0, {**METRICS, "period_mae": math.inf, "val_label_loss": 1.0})
    (event,) = events
    assert event.metrics.period_mae is None
    assert event.metrics.val_loss is None
    assert event.metrics.depth_mae == 1.0


@pytest.mark.parametrize(("request_", "ends"), [("stop", True), (None, False)])
def test_a_request_to_stop_ends_the_session_after_the_epoch(library, request_, ends):
    obey = library.callbacks.ObeyRequests(lambda: request_)
    obey.set_model(SimpleNamespace(stop_training=False))
    obey.on_train_batch_end(0)
    assert not obey.model.stop_training
    obey.on_epoch_end(0)
    assert obey.model.stop_training is ends
