"""The predictor with real child processes that misbehave: dead, hanging, talking nonsense."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backend import wire
from backend.background import prediction_worker, predictor, worker_process
from backend.background.prediction_worker import InWorker, WorkerDied
from backend.background.predictor import ModelUnusable, PredictionFailed, Predictor
from backend.config import Settings
from backend.transit.columns import ROW_DTYPE
from tests import messages
from tests.background.children import UNTIL_KILLED, lines
from tests.e2e.server import wait_for

SECONDS = 60

NO_ROWS = np.zeros(0, dtype=ROW_DTYPE)

# A child that answers every request for no rows, until it is asked for the model "hang".
ANSWERS_ALL = """
for line in sys.stdin:
    import json
    request = json.loads(line)
    if request.get("model_file") == "hang":
        time.sleep(600)
    answer = {"event": "predicted", "id": request["id"], "predictions": ""}
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, warm_workers=0)


@pytest.fixture
def asked(settings):
    """A predictor that runs."""
    asked = Predictor(settings)
    asked.start()
    yield asked
    asked.close()


@pytest.fixture
def predicting(settings):
    """A place for models in a child of the test's own."""
    predicting = InWorker(settings)
    yield predicting
    predicting.close()
    predicting._worker.wait()


def asking_for(rows):
    """A request for that many rows."""
    packed = bytes(rows * ROW_DTYPE.itemsize)
    return messages.request(rows=packed)


def test_a_predictor_that_answers_nonsense_is_replaced_once_and_says_so(child, asked):
    child(b'{"event": "predicted", "id": 1}\n', UNTIL_KILLED)
    with pytest.raises(PredictionFailed, match="failed twice"):
        asked.predict("m", "s", NO_ROWS, "koi")
    child(lines(wire.Ready(), wire.PredictionAnswer(id=2, predictions=b"")), UNTIL_KILLED)
    assert len(asked.predict("m", "s", NO_ROWS, "koi")) == 0


@pytest.mark.parametrize(
    ("reason", "failure"), [("failed", PredictionFailed), ("model_corrupt", ModelUnusable)]
)
def test_a_refusal_is_told_apart_by_its_reason(child, predicting, reason, failure):
    refusal = wire.PredictionRefusal(id=1, error="no", reason=reason)
    child(lines(wire.Ready(), refusal), UNTIL_KILLED)
    with pytest.raises(PredictionFailed, match="no") as raised:
        predicting.ask(asking_for(1))
    assert type(raised.value) is failure


@pytest.mark.parametrize("rows", [1, 3])
def test_a_predictor_that_answers_for_other_than_the_asked_rows_is_ended(child, predicting, rows):
    child(lines(wire.PredictionAnswer(id=1, predictions=messages.predictions())), UNTIL_KILLED)
    with pytest.raises(WorkerDied, match=f"Expected {rows} predictions, received 2"):
        predicting.ask(asking_for(rows))
    assert not predicting._worker.is_alive
    assert len(predicting.ask(asking_for(2))) == 2


@pytest.mark.parametrize(
    ("said", "limit"),
    [(b"", "START_SECONDS"), (lines(wire.Ready()), "LOAD_SECONDS")],
    ids=["while it starts", "while it loads a model"],
)
@pytest.mark.parametrize("rows", [1, 5000], ids=["one row", "with a full pipe"])
def test_a_predictor_that_hangs_is_ended(child, predicting, monkeypatch, said, limit, rows):
    monkeypatch.setattr(prediction_worker, limit, 0.1)
    if rows > 1:  # the pipe is full before its first event is read
        monkeypatch.setattr(prediction_worker, "START_SECONDS", 0.1)
    monkeypatch.setattr(prediction_worker, "ANSWER_SECONDS", 0.1)
    child(said, UNTIL_KILLED)
    ended: queue.Queue = queue.Queue()

    def ask():
        try:
            predicting.ask(asking_for(rows))
        except WorkerDied as error:
            ended.put(error)

    threading.Thread(target=ask, daemon=True).start()
    why = str(ended.get(timeout=SECONDS))
    assert "did not answer within 0." in why
    assert "code -9" in why


def test_a_predictor_that_hangs_on_a_loaded_model_is_found_by_the_time_an_answer_takes(
    child, predicting, monkeypatch
):
    monkeypatch.setattr(prediction_worker, "ANSWER_SECONDS", 0.2)
    child(lines(wire.Ready()), ANSWERS_ALL)
    request = asking_for(0)
    for _ in range(2):  # the first one loads the model
        predicting.ask(request)
    with pytest.raises(WorkerDied, match="did not answer within"):
        predicting.ask(request.model_copy(update={"model_file": "hang"}))


def test_a_predictor_that_is_slow_as_a_rule_gets_its_time(settings, monkeypatch):
    monkeypatch.setattr(prediction_worker, "ANSWER_SECONDS", 0.0)
    predicting = InWorker(settings)
    predicting._is_ready, predicting._loaded, predicting._usual_seconds = True, ["s"], 3.0
    assert predicting._seconds_for(asking_for(1)) == 60


def test_a_predictor_that_cannot_be_started_says_so_and_is_tried_again(child, asked, monkeypatch):
    def no_process(*_arguments, **_named):
        raise OSError("no process left")

    with monkeypatch.context() as patch:
        patch.setattr(prediction_worker, "WorkerProcess", no_process)
        with pytest.raises(PredictionFailed, match="failed twice"):
            asked.predict("m", "s", NO_ROWS, "koi")
    child(lines(wire.Ready(), wire.PredictionAnswer(id=2, predictions=b"")), UNTIL_KILLED)
    assert len(asked.predict("m", "s", NO_ROWS, "koi")) == 0


def test_who_gets_no_answer_in_time_is_told_and_leaves_nothing_in_the_queue(
    child, asked, monkeypatch
):
    monkeypatch.setattr(predictor, "WAIT_SECONDS", 0.3)
    child(b"", UNTIL_KILLED)

    def ask(user_id):
        with pytest.raises(PredictionFailed, match=r"no answer within 0\.3 s"):
            asked.predict("m", "s", NO_ROWS, "koi", user_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert len(asked._orders._short) == 0


def test_a_predictor_that_cannot_be_ended_is_replaced_all_the_same(child, predicting, monkeypatch):
    monkeypatch.setattr(worker_process, "_GONE_SECONDS", 0.1)
    monkeypatch.setattr(worker_process, "_LOG_SECONDS", 0.1)
    monkeypatch.setattr(prediction_worker, "START_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(worker_process.WorkerProcess, "kill", lambda _self: None)
        child(b"", f"os.close(1); {UNTIL_KILLED}")
        with pytest.raises(WorkerDied):
            predicting.ask(asking_for(0))
    first = predicting._worker
    assert first.is_alive
    monkeypatch.setattr(prediction_worker, "START_SECONDS", SECONDS)
    child(lines(wire.Ready(), wire.PredictionAnswer(id=1, predictions=b"")), UNTIL_KILLED)
    assert len(predicting.ask(asking_for(0))) == 0
    first.kill()
    first.wait()


def test_what_a_predictor_had_that_died_while_nobody_asked_goes_with_the_next_request(
    child, predicting
):
    child(lines(wire.Ready(), wire.PredictionAnswer(id=1, predictions=b"")), UNTIL_KILLED)
    predicting.ask(asking_for(0))
    first = predicting._worker  # kept here: nothing of it goes by itself
    folder = Path(first._temporary.name)
    first.kill()
    wait_for(lambda: first.is_alive, lambda is_alive: not is_alive)
    assert folder.exists()
    assert len(predicting.ask(asking_for(0))) == 0
    assert predicting._worker is not first
    assert not folder.exists()
    assert first._output.closed


def test_an_order_that_nobody_waits_for_is_not_asked_a_second_time(child, asked, monkeypatch):
    monkeypatch.setattr(predictor, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(prediction_worker, "START_SECONDS", 0.5)
    attempts: list[int] = []
    ask = asked._backend.ask

    def counted(request):
        attempts.append(request.id)
        return ask(request)

    monkeypatch.setattr(asked._backend, "ask", counted)
    child(b"", UNTIL_KILLED)
    with pytest.raises(PredictionFailed, match="no answer within"):
        asked.predict("m", "s", NO_ROWS, "koi")
    # Only then: it would have the time of the others if it started late.
    wait_for(lambda: asked._backend._is_ended, bool)
    monkeypatch.setattr(predictor, "WAIT_SECONDS", SECONDS)
    monkeypatch.setattr(prediction_worker, "START_SECONDS", SECONDS)
    child(b"", ANSWERS_ALL)
    assert len(asked.predict("m", "s", NO_ROWS, "koi")) == 0
    assert attempts == [1, 2]


def test_preloading_never_waits_whatever_the_worker_does(child, asked):
    child(b"", UNTIL_KILLED)
    for number in range(1000):
        asked.preload("m", str(number))
    assert len(asked._orders._preloads) <= 4


def test_whoever_waits_is_told_when_the_server_stops(child, settings):
    child(b"", UNTIL_KILLED)
    asked = Predictor(settings)
    asked.start()

    def ask(user_id):
        with pytest.raises(PredictionFailed, match="stopping"):
            asked.predict("m", "s", NO_ROWS, "koi", user_id)

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, user_id) for user_id in range(4)]
        wait_for(lambda: len(asked._orders._short), lambda waiting: waiting == 3)
        asked.close()
        for each in answers:
            each.result(timeout=SECONDS)
