"""What a worker makes of failures; each gets the contract's reason and a message that helps."""

import errno

import numpy as np
import pytest

from backend import wire
from backend.transit.columns import COLUMNS
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


def test_rows_come_over_the_pipe_with_null_for_what_is_missing(jobs):
    rows = jobs.rows_from_lists([[1.0, 2.0, 3.0] + [None] * 6, [4.0] * 9])
    assert rows["period"].tolist() == [1.0, 4.0]
    assert np.isnan(rows["tmag"][0])
    assert jobs.rows_from_lists([]).shape == (0,)
    assert len(COLUMNS) == 9


@pytest.mark.parametrize(("limit", "budget"), [(None, 2000), (1000, 16), (3000, 1000)])
def test_the_memory_for_curves_follows_the_limit_of_the_session(jobs, limit, budget):
    assert jobs._curve_memory_mb(limit) == budget
