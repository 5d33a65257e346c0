"""Sessions whose workers misbehave, with real child processes."""

import queue
import sys
import threading

import numpy as np
import pytest

from backend import wire
from backend.background import worker_process
from backend.background.predictor import PredictionFailed, Predictor
from backend.background.runners import ProcessRunner
from backend.config import Settings
from backend.transit.columns import ROW_DTYPE
from tests import messages

SECONDS = 60

# A child that answers its first command with these lines, then runs a given statement.
CHILD = """
import os, signal, sys, time
sys.stdin.readline()
sys.stdout.buffer.write({output!r})
sys.stdout.buffer.flush()
{ending}
"""
UNTIL_KILLED = "time.sleep(600)"


@pytest.fixture
def child(monkeypatch):
    """Sets what the next children print and how they end."""

    def be(output, ending=""):
        script = CHILD.format(output=output, ending=ending)
        command = [sys.executable, "-c", script]
        monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)

    return be


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, warm_workers=0)


@pytest.fixture
def train(settings):
    """Starts a session in a child; gives its events up to the last."""
    reported: queue.Queue = queue.Queue()
    runner = ProcessRunner(settings, lambda session_id, event: reported.put((session_id, event)))

    def train(session_id=7):
        runner.start(messages.job(session_id=session_id))
        events = []
        while not events or not isinstance(events[-1], wire.Exited):
            reported_id, event = reported.get(timeout=SECONDS)
            assert reported_id == session_id
            events.append(event)
        return events

    yield train
    runner.close()


def lines(*events):
    return b"".join(wire.encode(event) for event in events)


@pytest.mark.parametrize(
    "malformed",
    [
        b"Segmentation fault\n",
        b"\n",
        b"\xff\xfe\x00\n",
        b'{"event": "epoch", "epoch": 2, "accuracy": 0.5}\n',
        b'{"event": "exited"}\n',
        b'{"event": "evaluated", "evaluation": {"accuracy": NaN}}\n',
    ],
)
def test_a_malformed_line_fails_the_session_in_words_and_ends_the_worker(child, train, malformed):
    child(lines(wire.Ready(), messages.epoch(1)) + malformed, UNTIL_KILLED)
    epoch, failed, _exited = train()
    assert epoch == messages.epoch(1)
    assert (type(failed), failed.reason) == (wire.Failed, "crashed")
    assert "does not understand" in failed.message
    child(lines(wire.Ready(), messages.saved()))
    assert train(8)[0] == messages.saved()  # the next session is none the worse


def test_an_answer_without_a_question_is_malformed_too(child, train):
    child(lines(wire.PredictionRefusal(id=1, error="no")), UNTIL_KILLED)
    failed, _exited = train()
    assert failed.reason == "crashed"


def test_half_a_line_of_a_killed_worker_is_no_event_and_no_mistake(child, train):
    half = lines(messages.saved())[:-20]
    child(lines(messages.epoch(1)) + half, "os.kill(os.getpid(), signal.SIGKILL)")
    epoch, exited = train()
    assert epoch == messages.epoch(1)
    assert exited.reason == "out_of_memory"


def test_a_worker_that_ends_by_itself_is_explained_with_its_exit_code(child, train):
    child(b"", "sys.exit(3)")
    (exited,) = train()
    assert exited.reason == "crashed"
    assert "exit code 3" in exited.message


def test_no_thread_is_left_of_a_worker(child, train):
    before = threading.active_count()
    child(b"garbage\n", UNTIL_KILLED)
    train()
    left = [each for each in threading.enumerate() if "worker" in each.name]
    for each in left:
        each.join(SECONDS)
    assert threading.active_count() <= before + 1  # the listener that has reported the exit


def test_a_predictor_that_answers_nonsense_is_replaced_once_and_says_so(
    child, settings, monkeypatch
):
    child(b'{"event": "predicted", "id": 1}\n', UNTIL_KILLED)
    asked = Predictor(settings)
    asked.start()
    rows = np.zeros(0, dtype=ROW_DTYPE)
    with pytest.raises(PredictionFailed, match="failed twice"):
        asked.predict("m", "s", rows, "koi")
    answer = wire.PredictionAnswer(id=2, predictions=b"")
    child(lines(wire.Ready(), answer), UNTIL_KILLED)
    assert len(asked.predict("m", "s", rows, "koi")) == 0
    asked.close()
