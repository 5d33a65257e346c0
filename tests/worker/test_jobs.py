"""A worker's failures: each gets the contract's reason and a message that helps."""

import errno

import numpy as np
import pytest

from backend import wire
from backend.transit.columns import ROW_DTYPE
from backend.transit.networks.outputs import PREDICTION_DTYPE
from tests import messages

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def jobs():
    """The module, which imports TensorFlow."""
    from backend.worker import jobs

    return jobs


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
        jobs.run_training(messages.job(), jobs.Storage(tmp_path), events.append, lambda: None)
        (event,) = events
        assert isinstance(event, wire.Failed)
        assert event.reason == reason
        assert event.message


def test_a_cancelled_session_is_no_failure(jobs, monkeypatch, tmp_path):
    def cancel(*_arguments):
        raise jobs.train.Cancelled

    monkeypatch.setattr(jobs.train, "train", cancel)
    events = []
    jobs.run_training(
        messages.job(memory_mb=2000), jobs.Storage(tmp_path), events.append, lambda: None
    )
    assert events == [wire.Cancelled()]


class Ended(Exception):
    """There are no more requests."""


def answers_to(jobs, monkeypatch, tmp_path, predict, rows):
    """The message of one request, as it comes over the wire."""
    request = wire.PredictionRequest(
        id=7, model_file="1/m.keras", sha256="s", source="koi", rows=rows.tobytes()
    )
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

    def predict(_models, _file, _sha256, asked, _source):
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
    def predict(_models, _file, _sha256, asked, _source):
        predicted = np.zeros(len(asked), PREDICTION_DTYPE)
        predicted["depth_ppm"] = np.nan
        return predicted

    (refusal,) = answers_to(jobs, monkeypatch, tmp_path, predict, rows)
    assert isinstance(refusal, wire.PredictionRefusal)
    assert "depth_ppm" in refusal.error


def test_a_row_that_was_cut_off_is_refused():
    with pytest.raises(ValueError, match="records of"):
        wire.PredictionRequest(id=1, model_file="m", sha256="s", source="koi", rows=b"\0" * 100)


@pytest.mark.parametrize(("limit", "budget"), [(None, 2000), (1000, 16), (3000, 1000)])
def test_the_memory_for_curves_follows_the_limit_of_the_session(jobs, limit, budget):
    assert jobs._curve_memory_mb(limit) == budget
