"""What each event changes, without the queue's thread: recorded, given up, or of an older start."""

import errno
import itertools
import time

import pytest
from sqlalchemy import event as event_api
from sqlalchemy.exc import OperationalError

from backend import wire
from backend.background.current_copies import CurrentCopies
from backend.database import models, sessions
from tests import messages
from tests.background.bench import START, files

BUSY = OperationalError("UPDATE", {}, Exception("database is locked"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (wire.Batch(epoch=1, batches_done=3, batches=9), {"batches_done": 3, "batches": 9}),
        (wire.Stage(stage="evaluating"), {"stage": "evaluating"}),
        (wire.Evaluated(evaluation={"accuracy": 0.5}), {"evaluation": {"accuracy": 0.5}}),
        (
            messages.epoch(3),
            {"epochs_completed": 3, "metrics": messages.metrics().model_dump()},
        ),
    ],
)
def test_an_event_changes_what_it_says_of_its_session_alone(
    bench, events, second_start, event, expected
):
    changed, other = second_start(), second_start()
    before = bench.row(other)
    events.record(changed, START, event)
    row = bench.row(changed)
    assert {name: row[name] for name in expected} == expected
    assert row["status"] == "training"
    assert bench.row(other) == before
    assert files(bench, changed) == (True, False, True)


class FailingOnce:
    """Fails when it is called for the first time."""

    def __init__(self, error):
        self.error = error

    def __call__(self, _connection):
        error, self.error = self.error, None
        if error is not None:
            raise error


def test_finished_epochs_are_counted_once_they_are_recorded(bench, events, second_start):
    session_id = second_start()
    for event in (messages.epoch(1), messages.epoch(2), wire.Stage(stage="evaluating")):
        events.record(session_id, START, event)
    events.record(session_id, START - 1, messages.epoch(3))  # of an older start
    assert events.epochs == 2
    writer = bench.database._writer
    event_api.listen(writer, "commit", fail_once := FailingOnce(OSError(errno.EIO, "the disk")))
    with pytest.raises(OSError, match="the disk"):
        events.record(session_id, START, messages.epoch(3))
    assert (fail_once.error, events.epochs) == (None, 2)
    events.record(session_id, START, messages.epoch(3))
    assert events.epochs == 3


def test_a_start_shows_the_epochs_of_its_checkpoint_and_forgets_later_ones(
    bench, events, second_start
):
    session_id = second_start(starts_without_epoch=2)
    for number in (1, 2, 3):
        events.record(session_id, START, messages.epoch(number, 0.1))
    with bench.database.write() as connection:
        sessions.change(connection, session_id, starts_without_epoch=2)
    history = (messages.epoch(1, 0.2), messages.epoch(2, 0.3))
    started = messages.started(resumed_from_epoch=2, history=history)
    events.record(session_id, START, started)
    row = bench.row(session_id)
    assert bench.history(session_id) == [1, 2]
    assert row["training"] == started.model_dump(exclude={"event", "history"})
    assert (row["stage"], row["batches"]) == ("learning", started.batches)
    assert (row["epochs_completed"], row["metrics"]["accuracy"]) == (2, 0.3)
    assert row["starts_without_epoch"] == 2  # of what is recorded again none is new


@pytest.mark.parametrize(("resumed_from", "starts"), [(1, 2), (2, 0)])
def test_only_an_epoch_that_was_missed_counts_as_a_new_one(
    bench, events, second_start, resumed_from, starts
):
    session_id = second_start(epochs_completed=1, starts_without_epoch=2)
    history = tuple(messages.epoch(number + 1) for number in range(resumed_from))
    started = messages.started(resumed_from_epoch=resumed_from, history=history)
    events.record(session_id, START, started)
    assert bench.row(session_id)["starts_without_epoch"] == starts


def test_a_model_is_recorded_with_its_figures_before_its_checkpoint_goes(
    bench, events, second_start
):
    session_id = second_start()
    bench.storage.model(bench.row(session_id)["model_file"]).with_suffix(".json").write_text("{}")
    events.record(session_id, START, messages.saved())
    row, model = bench.row(session_id), bench.model(session_id)
    assert (row["status"], row["best_epoch"], row["error"]) == ("completed", 1, None)
    assert row["metrics"] == messages.metrics(1.0).model_dump()
    assert model["name"] == row["model_name"]
    assert model["file"] == row["model_file"]
    assert model["workspace_id"] == row["workspace_id"]
    assert model["sha256"] == messages.saved().sha256
    assert model["manifest"] == {"m": 1}
    assert model["file_size"] == len(messages.MODEL)
    assert model["stored_bytes"] == len(messages.MODEL) + 2
    assert bench.storage.current_model(row["workspace_id"]).read_bytes() == messages.MODEL
    assert [each["id"] for each in bench.announced] == [model["id"]]
    assert files(bench, session_id) == (False, False, True)


def current(bench):
    """The id of the current model of the bench's first workspace."""
    with bench.database.read() as connection:
        return next((each["id"] for each in models.current_models(connection)), None)


def test_a_model_that_is_no_better_than_guessing_is_never_current_by_itself(
    bench, events, second_start
):
    session_id = second_start()
    for _ in range(2):  # the event may come twice
        events.record(session_id, START, messages.saved(verdict=messages.WORSE))
    row = bench.row(session_id)
    assert (row["status"], row["verdict"]) == ("completed", messages.WORSE)
    assert bench.model(session_id)["promoted_at"] is None
    assert current(bench) is None
    assert bench.announced == []
    assert not bench.storage.current_model(row["workspace_id"]).exists()


@pytest.mark.parametrize("verdict", [messages.BETTER, None, {"beats_guessing": False}, "worse"])
def test_any_other_model_is_current_where_there_is_none_also_without_a_verdict(
    bench, events, second_start, verdict
):
    session_id = second_start()
    events.record(session_id, START, messages.saved(verdict=verdict))
    model = bench.model(session_id)
    assert current(bench) == model["id"]
    assert model["is_promoted_by_hand"] is False
    known = verdict if verdict == messages.BETTER else None
    assert bench.row(session_id)["verdict"] == known


STOPGAP = {"verdict": messages.BETTER, "simulated": True}
REAL = {"verdict": messages.BETTER, "simulated": False}


@pytest.mark.parametrize(
    ("first", "second", "takes_over"),
    [
        (STOPGAP, REAL, True),
        (STOPGAP, {**REAL, "verdict": messages.WORSE}, False),
        (STOPGAP, {**REAL, "verdict": None}, False),
        (STOPGAP, {**REAL, "simulated": None}, False),
        (STOPGAP, STOPGAP, False),
        (REAL, REAL, False),
        ({**STOPGAP, "simulated": None}, REAL, False),
    ],
)
def test_the_first_model_of_real_data_takes_the_place_of_one_of_simulated_data(
    bench, events, first, second, takes_over
):
    place = bench.workspace()
    made = [saved_in(bench, events, place, manifest) for manifest in (first, second)]
    assert current(bench) == made[takes_over]["id"]
    assert [each["id"] for each in bench.announced] == [each["id"] for each in made][
        : 1 + takes_over
    ]
    assert made[takes_over]["is_promoted_by_hand"] is False


def test_one_that_a_person_promoted_stays(bench, events):
    place = bench.workspace()
    stopgap = saved_in(bench, events, place, STOPGAP)
    with bench.database.write() as connection:
        models.promote(connection, stopgap, by_hand=True)
    saved_in(bench, events, place, REAL)
    assert current(bench) == stopgap["id"]


def saved_in(bench, events, place, manifest):
    """The model of a new session that was saved with this manifest."""
    session_id = bench.session(place, status="training", starts=START)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, model_file=f"{place[0]}/{session_id}.keras")
    bench.model_file(session_id)
    events.record(session_id, START, messages.saved(**manifest))
    return bench.model(session_id)


def test_an_event_of_a_model_that_comes_again_later_undoes_no_promotion(
    bench, events, second_start
):
    first, event = second_start(), messages.saved(verdict=messages.BETTER)
    events.record(first, START, event)
    with bench.database.write() as connection:
        other = bench.model(first) | {"file": "1/other.keras"}
        values = ("session_id", "name", "file", "sha256", "file_size", "manifest")
        promoted = models.create(
            connection, other["workspace_id"], **{name: other[name] for name in values}
        )
        models.promote(connection, promoted, by_hand=True)
    for start in (START, START - 1):
        events.record(first, start, event)
    assert current(bench) == promoted["id"]
    assert len(bench.announced) == 1


def test_a_model_that_does_not_become_current_is_not_announced(
    bench, events, second_start, monkeypatch
):
    monkeypatch.setattr(CurrentCopies, "write_if_current", lambda *_: False)
    session_id = second_start()
    events.record(session_id, START, messages.saved())
    assert bench.row(session_id)["status"] == "completed"
    assert bench.announced == []
    assert files(bench, session_id) == (False, False, True)


@pytest.mark.parametrize(
    "event", [messages.saved(), wire.Cancelled(), messages.failed(), wire.Exited(may_retry=True)]
)
def test_after_an_accepted_cancel_every_end_is_a_cancel_and_nothing_stays(
    bench, events, second_start, event
):
    session_id = second_start(request="cancel")
    events.record(session_id, START, event)
    row = bench.row(session_id)
    assert (row["status"], row["error"], row["request"]) == ("cancelled", None, None)
    assert bench.model(session_id) is None
    assert files(bench, session_id) == (False, False, False)


@pytest.mark.parametrize("request_", [None, "stop"])
def test_a_failure_keeps_the_finished_epochs_and_no_model(bench, events, second_start, request_):
    session_id = second_start(request=request_)
    events.record(session_id, START, messages.failed())
    row = bench.row(session_id)
    assert (row["status"], row["error"]) == ("failed", {"reason": "data", "message": "no"})
    assert row["checkpoint_bytes"] == len(b"state")
    assert files(bench, session_id) == (False, True, False)


def test_a_crash_is_retried_once_and_the_second_one_is_explained(bench, events, second_start):
    session_id = second_start()
    crash = wire.Exited(message="It ended.", may_retry=True)
    events.record(session_id, START, crash)
    row = bench.row(session_id)
    assert (row["status"], row["crashes"], row["error"]) == ("pending", 1, None)
    assert files(bench, session_id) == (True, False, True)
    with bench.database.write() as connection:
        sessions.change(connection, session_id, status="training")
    events.record(session_id, START, crash)
    row = bench.row(session_id)
    assert (row["status"], row["crashes"]) == ("failed", 1)
    assert row["error"] == {
        "reason": "crashed",
        "message": "It ended. It had ended so once before, and was started again from its last "
        "finished epoch.",
    }


LOST = {
    "node": wire.Exited(
        reason="interrupted", message="The node is gone.", may_retry=True, lost="node"
    ),
    "cluster": wire.Exited(message="The cluster was lost.", may_retry=True, lost="cluster"),
}


def test_a_lost_node_is_no_failure_unless_it_comes_three_times_without_an_epoch(
    bench, events, second_start
):
    """Whatever is lost in between, and however often the cluster is."""
    for course in itertools.product(("node", "cluster", "epoch"), repeat=4):
        session_id, nodes = second_start(), 0
        for number, what in enumerate(course, 1):
            nodes = {"node": nodes + 1, "cluster": nodes, "epoch": 0}[what]
            events.record(session_id, START, LOST.get(what) or messages.epoch(number))
            row = bench.row(session_id)
            if nodes == 3:
                expected = {"reason": "interrupted", "message": "The node is gone."}
                assert (row["status"], row["error"]) == ("failed", expected), course
                break
            status = "training" if what == "epoch" else "pending"
            assert (row["status"], row["error"], row["crashes"]) == (status, None, 0), course
            assert files(bench, session_id) == (True, False, True), course
            with bench.database.write() as connection:
                sessions.change(connection, session_id, status="training")


def test_a_lost_node_does_not_use_up_the_retry_of_a_crash(bench, events, second_start):
    session_id = second_start(crashes=1)
    events.record(session_id, START, LOST["node"])
    assert bench.row(session_id)["status"] == "pending"


@pytest.mark.parametrize("lost", LOST.values())
def test_a_session_that_is_cancelled_stays_so_whatever_is_lost(bench, events, second_start, lost):
    session_id = second_start(request="cancel")
    events.record(session_id, START, lost)
    assert bench.row(session_id)["status"] == "cancelled"


def test_what_may_not_be_retried_fails_at_once(bench, events, second_start):
    session_id = second_start()
    events.record(session_id, START, wire.Exited(reason="out_of_memory", message="It ended."))
    error = {"reason": "out_of_memory", "message": "It ended."}
    assert (bench.row(session_id)["status"], bench.row(session_id)["error"]) == ("failed", error)


@pytest.mark.parametrize(
    "values",
    [
        {"starts": START + 1},
        {"status": "pending"},
        {"status": "completed"},
        {"status": "cancelled"},
    ],
    ids=str,
)
@pytest.mark.parametrize("event", [messages.saved(), messages.failed(), messages.epoch(1)])
def test_what_an_older_start_or_an_ended_session_reports_changes_nothing(
    bench, events, second_start, values, event
):
    session_id = second_start(**values)
    before = bench.row(session_id), files(bench, session_id)
    events.record(session_id, START, event)
    events.give_up(session_id, START, event, RuntimeError("no"))
    assert (bench.row(session_id), files(bench, session_id)) == before


def test_an_event_of_a_session_that_is_not_there_is_no_mistake(events):
    events.record(99, START, messages.saved())
    events.give_up(99, START, messages.saved(), RuntimeError("no"))


def test_a_given_up_event_fails_its_session_in_words_and_removes_its_files(
    bench, events, second_start
):
    session_id = second_start()
    events.give_up(session_id, START, messages.epoch(1), RuntimeError("no" * 400))
    row = bench.row(session_id)
    message = (
        f"What the session reported (epoch) could not be recorded (RuntimeError: {'no' * 150})"
    )
    assert row["status"] == "failed"
    assert row["error"] == {"reason": "crashed", "message": f"{message}. Retry it."}
    assert row["checkpoint_bytes"] == len(b"state")
    assert files(bench, session_id) == (False, True, False)


def test_a_given_up_event_of_a_cancelled_session_ends_it_as_cancelled(bench, events, second_start):
    session_id = second_start(request="cancel")
    events.give_up(session_id, START, messages.saved(), RuntimeError("no"))
    row = bench.row(session_id)
    assert (row["status"], row["error"]) == ("cancelled", None)
    assert files(bench, session_id) == (False, False, False)


def test_a_model_that_is_given_up_is_set_aside_under_the_name_that_is_said(
    bench, events, second_start
):
    session_id = second_start()
    file = bench.storage.model(bench.row(session_id)["model_file"])
    events.give_up(session_id, START, messages.saved(), RuntimeError("no"))
    row = bench.row(session_id)
    aside = file.with_name("m.unrecorded.keras")
    assert row["error"]["message"] == (
        "The model was trained, but could not be recorded (RuntimeError: no). Its file, "
        f"model/{file.parent.name}/{aside.name} in the data folder, stays. Retry the session."
    )
    assert (row["status"], row["model_file"]) == ("failed", None)
    assert aside.read_bytes() == messages.MODEL
    assert not file.exists()


def test_a_model_that_cannot_be_set_aside_stays_where_it_is(
    bench, events, second_start, monkeypatch
):
    def refuse(_storage, _file):
        raise OSError(errno.EACCES, "no")

    session_id = second_start()
    file = bench.storage.model(bench.row(session_id)["model_file"])
    monkeypatch.setattr(type(bench.storage), "set_aside_model", refuse)
    events.give_up(session_id, START, messages.saved(), RuntimeError("no"))
    row = bench.row(session_id)
    assert f"model/{file.parent.name}/{file.name} in the data folder" in row["error"]["message"]
    assert file.read_bytes() == messages.MODEL


@pytest.mark.parametrize("event", [messages.saved(), messages.epoch(1)])
def test_a_given_up_event_of_a_keep_ends_the_keep_alone(bench, events, second_start, event):
    session_id = second_start(
        status="failed", request="keep", stage="learning", error={"reason": "data", "message": "m"}
    )
    events.give_up(session_id, START, event, RuntimeError("no"))
    row = bench.row(session_id)
    assert (row["status"], row["request"]) == ("failed", None)
    assert row["error"] == {
        "reason": "data",
        "message": "m",
        "keep_error": f"What the session reported ({event.event}) could not be recorded "
        "(RuntimeError: no). Retry it.",
    }
    assert row["model_file"] is not None


@pytest.mark.parametrize(
    ("errors", "tries"), [([BUSY, BUSY], 3), ([RuntimeError("no")], 1), ([], 1)]
)
def test_when_the_server_stops_only_what_may_pass_is_tried_again(
    events, monkeypatch, errors, tries
):
    made = []

    def record(*arguments):
        made.append(arguments)
        if len(made) <= len(errors):
            raise errors[len(made) - 1]

    monkeypatch.setattr(events, "record", record)
    events.record_before(time.monotonic() + 60, 7, START, messages.epoch(1))
    assert made == [(7, START, messages.epoch(1), 0.25)] * tries
    made.clear()
    events.record_before(time.monotonic(), 7, START, messages.epoch(1))
    assert made == []
