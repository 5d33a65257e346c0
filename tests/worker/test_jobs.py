"""A worker's failures: each gets the contract's reason and a message that helps."""

import errno
import logging
import queue
import sys

import numpy as np
import pytest

from backend import wire
from backend.background.workers import thread_runner
from backend.config import Settings
from backend.storage.disk import mount_point
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE
from tests import messages

pytestmark = pytest.mark.tensorflow


def model_file_error():
    """What a damaged model raises."""
    from backend.training.model_file import ModelFileError

    return ModelFileError("damaged")


@pytest.fixture
def unlogged(jobs, caplog):
    """Nothing is logged: pytest-xdist cannot send a lone surrogate from its worker."""
    caplog.set_level(logging.CRITICAL, logger=jobs.__name__)


@pytest.fixture(scope="module")
def jobs():
    """The module, which imports TensorFlow."""
    from backend.worker import jobs

    return jobs


def test_only_a_worker_that_waits_prepares_a_network(jobs, monkeypatch):
    monkeypatch.setattr(jobs.train, "prepare", lambda: "steps")
    assert jobs.prepare_while_waiting(lambda: True) == "steps"
    assert jobs.prepare_while_waiting(lambda: False) is None


def test_every_failure_has_its_reason(jobs, monkeypatch, tmp_path):
    training = jobs.train
    failures = {
        "data": training.DataError("too few rows"),
        "diverged": training.Diverged("a smaller learning_rate helps"),
        "out_of_memory": MemoryError(),
        "disk_full": OSError(errno.ENOSPC, "No space left on device"),
        "crashed": RuntimeError("a bug"),
    }
    for reason, failure in failures.items():

        def fail(*_arguments, failure=failure):
            raise failure

        monkeypatch.setattr(training, "train", fail)
        events = []
        jobs.train_session(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
        (event,) = events
        assert isinstance(event, wire.Failed)
        assert event.reason == reason
        assert event.message


@pytest.mark.parametrize(
    "failure",
    [MemoryError("Unable to allocate 3 GiB"), OSError(errno.ENOMEM, "Unable to allocate 3 GiB")],
    ids=type,
)
def test_a_lack_of_memory_says_what_could_not_be_had(jobs, failure, tmp_path):
    reason, message = jobs._explain(failure, jobs.Storage(tmp_path))
    assert reason == "out_of_memory"
    assert "Unable to allocate 3 GiB" in message
    assert "smaller batch_size" in message


def test_tensorflow_without_memory_is_out_of_memory_in_its_words(jobs, monkeypatch, tmp_path):
    import tensorflow as tf

    said = "OOM when allocating tensor with shape[4096,2001,64]"

    def fail(*_arguments):
        raise tf.errors.ResourceExhaustedError(None, None, said)

    monkeypatch.setattr(jobs.train, "_train", fail)
    events = []
    jobs.train_session(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
    (failed,) = events
    assert failed.reason == "out_of_memory"
    assert said in failed.message


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_each_way_to_be_full_is_disk_full_and_names_the_disk(jobs, monkeypatch, tmp_path, code):
    def fail(*_arguments):
        raise OSError(code, "full")

    monkeypatch.setattr(jobs.train, "train", fail)
    events = []
    jobs.train_session(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
    (event,) = events
    assert event.reason == "disk_full"
    assert f"disk {mount_point(tmp_path)} (" in event.message


@pytest.mark.usefixtures("unlogged")
def test_a_failure_whose_text_is_not_unicode_reaches_the_server(jobs, monkeypatch, tmp_path):
    def fail(*_arguments):
        raise OSError("cannot read \udc80.npy")

    monkeypatch.setattr(jobs.train, "train", fail)
    events = []
    jobs.train_session(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
    assert wire.decode_event(wire.encode(*events)).message == r"OSError: cannot read \udc80.npy"


def test_an_event_that_cannot_be_made_fails_the_session_in_one_line(jobs, monkeypatch, tmp_path):
    def evaluate(_spec, emit, *_):
        emit(wire.Evaluated(evaluation={"accuracy": float("nan")}))

    monkeypatch.setattr(jobs.train, "train", evaluate)
    events = []
    jobs.train_session(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
    (event,) = events
    assert event.reason == "crashed"
    assert event.message.startswith("ValidationError: Evaluated is not valid: evaluation: ")
    assert "\n" not in event.message
    assert "validation error for" not in event.message


def test_a_session_in_a_thread_that_takes_too_much_hears_of_its_limit(jobs, monkeypatch, tmp_path):
    def ask(_spec, _emit, should_stop, _prepared):
        should_stop()

    monkeypatch.setattr(jobs.train, "train", ask)
    monkeypatch.setattr(thread_runner, "import_jobs", lambda: jobs)
    reported = queue.Queue()
    settings = Settings(data_dir=tmp_path, training_memory_mb=1)
    runner = thread_runner.ThreadRunner(settings, lambda _id, _start, event: reported.put(event))
    runner.start(messages.job())
    failed = reported.get(timeout=60)
    assert failed.reason == "out_of_memory"
    assert "the 1 MB that EXOTRAIN_TRAINING_MEMORY_MB allows" in failed.message
    assert reported.get(timeout=60) == wire.Exited()


def test_a_cancelled_session_is_no_failure(jobs, monkeypatch, tmp_path):
    def cancel(*_arguments):
        raise jobs.train.Cancelled

    monkeypatch.setattr(jobs.train, "train", cancel)
    events = []
    jobs.train_session(
        messages.job(memory_mb=2000), jobs.Storage(tmp_path), events.append, lambda: None
    )
    assert events == [wire.Cancelled()]


class Ended(Exception):
    """There are no more requests."""


def answers_to(jobs, monkeypatch, tmp_path, predict, rows):
    """The message of one request, as it comes over the wire."""
    request = messages.request(id=7, model_file="1/m.keras", rows=rows.tobytes())
    requests = iter([wire.decode_command(wire.encode(request))])
    events = []

    def next_request():
        try:
            return next(requests)
        except StopIteration:
            raise Ended from None

    monkeypatch.setattr(jobs.LoadedModels, "predict", predict)
    with pytest.raises(Ended):
        jobs.answer_predictions(jobs.Storage(tmp_path), next_request, events.append)
    return [wire.decode_event(wire.encode(event)) for event in events]


@pytest.fixture
def rows():
    rows = np.zeros(3, ROW_DTYPE)
    rows["period"] = [1.5, 2.5, 3.5]
    rows["tmag"] = np.nan
    return rows


def test_rows_and_predictions_come_over_the_wire_bit_by_bit(jobs, monkeypatch, tmp_path, rows):
    received = []

    def predict(_models, _file, _sha256, asked, _source, _neighbours, _relations, _views):
        received.append(asked)
        predicted = np.zeros(len(asked), PREDICTION_DTYPE)
        predicted["period"] = asked["period"] / 3
        return predicted

    (answer,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert received[0].tobytes() == rows.tobytes()
    assert answer.id == 7
    predicted = np.frombuffer(answer.predictions, PREDICTION_DTYPE)
    assert predicted["period"].tolist() == (rows["period"] / 3).tolist()


def test_a_prediction_that_is_not_finite_is_refused(jobs, monkeypatch, tmp_path, rows):
    def predict(_models, _file, _sha256, asked, _source, _neighbours, _relations, _views):
        predicted = np.zeros(len(asked), PREDICTION_DTYPE)
        predicted["depth_ppm"] = np.nan
        return predicted

    (refusal,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert isinstance(refusal, wire.PredictionRefusal)
    assert refusal.error == (
        "PredictionAnswer is not valid: "
        "predictions: Value error, expected a finite depth_ppm of every row"
    )


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (model_file_error, "model_corrupt"),
        (lambda: OSError(errno.EMFILE, "Too many open files"), "failed"),
        (lambda: RuntimeError("a bug"), "failed"),
    ],
)
def test_a_refusal_says_whether_the_model_is_to_blame(
    jobs, monkeypatch, tmp_path, rows, failure, reason
):
    def predict(*_arguments):
        raise failure()

    (refusal,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert refusal.reason == reason


@pytest.mark.parametrize(
    ("name", "lines", "place"),
    [("depth_ppm", 0, "row 2"), ("probabilities", 0, "row 2"), ("period", [5, 6, 7], "line 6")],
)
def test_a_model_s_prediction_that_is_not_finite_is_refused_with_its_column_and_row(
    jobs, monkeypatch, tmp_path, rows, name, lines, place
):
    predicted = {"probabilities": np.ones((3, 3)), "period": np.ones(3), "depth_ppm": np.ones(3)}
    predicted[name][1:] = np.nan
    rows["line"] = lines
    rows["duration"], rows["depth"] = 3.0, 500.0
    loaded_models = sys.modules[jobs.LoadedModels.__module__]
    monkeypatch.setattr(loaded_models, "load_verified_model", lambda *_arguments: None)
    monkeypatch.setattr(loaded_models, "predict_rows", lambda *_arguments: predicted)
    predict = jobs.LoadedModels.predict
    (refusal,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert refusal.error == (
        f"The model predicted a {name} that is not a finite number for {place}; "
        "use another model, or train one with a smaller learning_rate."
    )


@pytest.mark.usefixtures("unlogged")
def test_a_refusal_whose_text_is_not_unicode_reaches_the_server(jobs, monkeypatch, tmp_path, rows):
    def predict(*_arguments):
        raise OSError("cannot read \udc80.keras")

    (refusal,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert refusal.error == r"cannot read \udc80.keras"


def test_a_row_that_was_cut_off_is_refused():
    with pytest.raises(ValueError, match="records of"):
        messages.request(rows=b"\0" * 100)


@pytest.mark.parametrize(("limit", "budget"), [(None, 2000), (1000, 16), (3000, 1000)])
def test_the_memory_for_curves_follows_the_limit_of_the_session(jobs, limit, budget):
    assert jobs._curve_memory_mb(limit) == budget
