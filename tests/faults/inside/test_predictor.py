"""Each call that a prediction needs in the server fails: it is answered, or in words."""

import numpy as np
import pytest

from backend.background import worker_process
from backend.background.predictor import PredictionFailed, Predictor
from backend.config import Settings
from backend.transit.columns import ROW_DTYPE
from tests.faults import workers

TWO_ROWS = np.zeros(2, dtype=ROW_DTYPE)


@pytest.fixture
def predictor(tmp_path, monkeypatch):
    """A predictor whose workers answer in no time."""
    command = workers.command(str(tmp_path / "model"))
    monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)
    predictor = Predictor(Settings(data_dir=tmp_path, warm_workers=0))
    predictor.start()
    yield predictor
    predictor.close()


def ask(predictor):
    return predictor.predict("1/m.keras", "s", TWO_ROWS, "koi")


CALLS = [
    pytest.param("fork", "*", "EAGAIN", id="fork"),
    pytest.param("fork", "*", "memory", id="memory for a fork"),
    pytest.param("thread", "log of worker *", "none", id="thread of the log"),
    pytest.param("thread", "Thread-*", "none", id="thread of the clock"),
    pytest.param("pipe", '*"kind":"predict"*', "EPIPE", id="first command"),
    pytest.param("pipe", '*"kind":"rows"*', "EPIPE", id="request"),
    pytest.param("pipe", '*"kind":"rows"*', "EIO", id="request, otherwise"),
    pytest.param("pipe", "read", "EIO", id="answer"),
]

# The log of a worker is read from a pipe too.
OF_EVENTS = {"read": "*ChildProcess.events"}


@pytest.mark.parametrize(("call", "what", "effect"), CALLS)
def test_a_call_that_fails_once_is_not_noticed(faults, predictor, call, what, effect):
    fault = faults.add(call, what, effect, caller=OF_EVENTS.get(what, "*"))
    assert len(ask(predictor)) == 2
    assert fault.effects == 1
    assert len(ask(predictor)) == 2


@pytest.mark.parametrize(("call", "what", "effect"), CALLS)
def test_a_call_that_always_fails_is_said_in_words_and_the_next_prediction_works(
    faults, predictor, call, what, effect
):
    fault = faults.add(call, what, effect, times=None, caller=OF_EVENTS.get(what, "*"))
    with pytest.raises(PredictionFailed, match="failed twice"):
        ask(predictor)
    assert fault.effects >= 2
    faults.clear()
    assert len(ask(predictor)) == 2
