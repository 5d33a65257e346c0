"""From the queue to a job and back, without the queue's thread."""

import errno
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from backend.background import session_starts
from backend.background.session_starts import CannotStart, SessionStarts, describe_job
from backend.database import sessions
from tests import messages

MODEL = "m_20260304_050607.keras"


class Clock(datetime):
    """Stands still."""

    @classmethod
    def now(cls, tz=None):
        assert tz is UTC
        return cls(2026, 3, 4, 5, 6, 7, tzinfo=tz)


@pytest.fixture
def starts(bench, monkeypatch):
    monkeypatch.setattr(session_starts, "datetime", Clock)
    return SessionStarts(
        replace(bench.settings, training_memory_mb=900), bench.database, bench.storage
    )


@pytest.fixture
def moment(monkeypatch):
    """What `time.monotonic` says to the module; a test moves it on."""
    moment = [100.0]
    clock = SimpleNamespace(monotonic=lambda: moment[0])
    monkeypatch.setattr(session_starts, "time", clock)
    return moment


def change(bench, session_id, **values):
    with bench.database.write() as connection:
        sessions.change(connection, session_id, **values)


def fail_to_start(starts, session_id, error):
    failure = CannotStart(session_id)
    failure.__cause__ = error
    starts.has_failed(failure)
    starts.put_back()


def test_a_job_says_everything_of_its_session_and_its_row_that_it_trains(bench, starts):
    place = bench.workspace()
    session_id = bench.session(place)
    job = starts.take()
    assert job == messages.job(
        session_id=session_id,
        start=1,
        workspace_id=place[0],
        model_file=f"{place[0]}/{MODEL}",
        memory_mb=900,
    )
    row = bench.row(session_id)
    assert (row["status"], row["stage"], row["starts"]) == ("training", "preparing", 1)
    assert row["model_file"] == job.model_file
    assert row["started_at"] is not None
    assert starts.take() is None


def test_another_start_has_another_number_and_model_but_the_first_time_and_the_checkpoint(
    bench, starts
):
    place = bench.workspace()
    first = "2026-01-01T00:00:00.000Z"
    file = f"{place[0]}/{MODEL}"
    session_id = bench.session(place, starts=3, started_at=first, model_file=file)
    old = bench.model_file(session_id)
    bench.storage.checkpoint(session_id, 3).write_text("state")
    job = starts.take()
    assert (job.start, job.model_file) == (4, f"{place[0]}/m_20260304_050608.keras")
    assert bench.row(session_id)["started_at"] == first
    assert not old.exists()
    assert bench.storage.checkpoint(session_id, 4).read_text() == "state"
    assert not bench.storage.checkpoint(session_id, 3).exists()


def test_a_keep_is_a_job_that_keeps(bench):
    session = bench.row(bench.session(bench.workspace()))
    kept = describe_job(session, 2, "1/m.keras", bench.settings, keep=True)
    assert kept.keep
    assert not describe_job(session, 2, "1/m.keras", bench.settings).keep


@pytest.fixture
def placed(bench):
    """Session starts whose places a test sets, by how many processors a session asks for."""
    places = {}

    def starts_where(**by_cpus):
        places.update({int(name[1:]): place for name, place in by_cpus.items()})
        return SessionStarts(
            replace(bench.settings, threads=1),
            bench.database,
            bench.storage,
            lambda needs: places[needs.cpus],
        )

    return starts_where


def test_a_session_without_any_place_is_passed_by_and_keeps_its_turn(bench, placed):
    place = bench.workspace()
    large = bench.session(place, spec={**messages.SPEC, "cpus": 8})
    small = bench.session(place)
    starts = placed(c8="never", c1="now")
    assert starts.take().session_id == small
    assert starts.take() is None
    row = bench.row(large)
    assert (row["status"], row["starts"], row["started_at"]) == ("pending", 0, None)
    last = bench.session(place)
    placed(c8="now")  # a node has joined
    assert [starts.take().session_id for _ in range(2)] == [large, last]


def test_a_session_whose_place_is_taken_lets_nobody_go_before_it(bench, placed):
    place = bench.workspace()
    waiting = bench.session(place, spec={**messages.SPEC, "cpus": 4})
    behind = bench.session(place)
    starts = placed(c4="later", c1="now")
    assert starts.take() is None
    assert [bench.row(each)["status"] for each in (waiting, behind)] == ["pending", "pending"]
    placed(c4="now")
    assert [starts.take().session_id for _ in range(2)] == [waiting, behind]


def test_a_crowd_without_a_place_ends_the_search_for_one(bench, placed, monkeypatch):
    monkeypatch.setattr(session_starts, "_MOST_PASSED_BY", 3)
    place = bench.workspace()
    for _ in range(3):
        bench.session(place, spec={**messages.SPEC, "cpus": 8})
    behind = bench.session(place)
    assert placed(c8="never", c1="now").take() is None
    assert bench.row(behind)["status"] == "pending"


def test_what_cannot_be_read_fails_and_the_next_session_is_taken(bench, starts):
    place = bench.workspace()
    unreadable = bench.session(place, spec={"version": 99}, model_file="1/old.keras")
    checkpoint = bench.storage.checkpoint(unreadable, 1)
    checkpoint.write_text("state")
    file = bench.model_file(unreadable)
    good = bench.session(place)
    assert starts.take().session_id == good
    row = bench.row(unreadable)
    assert (row["status"], row["error"]["reason"]) == ("failed", "crashed")
    assert row["checkpoint_bytes"] is None
    assert "stored by another version of exotrain" in row["error"]["message"]
    assert not checkpoint.exists()
    assert not file.exists()


def test_files_that_cannot_be_prepared_leave_the_session_waiting(bench, starts, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    session_id = bench.session(bench.workspace())
    monkeypatch.setattr(type(bench.storage), "pass_on_checkpoint", refuse)
    with pytest.raises(CannotStart, match=f"session {session_id} cannot start") as failure:
        starts.take()
    assert failure.value.session_id == session_id
    assert failure.value.__cause__.errno == errno.ENOSPC
    assert bench.row(session_id)["status"] == "pending"
    assert bench.row(session_id)["starts"] == 0


def test_a_session_that_cannot_start_waits_longer_each_time_and_then_fails(bench, starts, moment):
    session_id = bench.session(bench.workspace())
    bench.storage.checkpoint(session_id, 1).write_text("state")
    for pause in session_starts.START_PAUSES:
        assert starts.take().session_id == session_id
        fail_to_start(starts, session_id, OSError("no" * 400))
        assert bench.row(session_id)["status"] == "pending"
        assert starts.seconds_to_retry == pause
        moment[0] += pause - 0.25
        assert starts.take() is None
        assert starts.seconds_to_retry == 0.25
        moment[0] += 0.25
    assert starts.take().session_id == session_id
    file = bench.model_file(session_id)
    fail_to_start(starts, session_id, OSError("no" * 400))
    row = bench.row(session_id)
    assert row["status"] == "failed"
    assert row["error"] == {
        "reason": "crashed",
        "message": f"The session could not start in 4 attempts (OSError: {'no' * 250}). "
        "Retry it later.",
    }
    assert row["checkpoint_bytes"] == len("state")
    assert not file.exists()
    assert starts.seconds_to_retry is None


def test_a_session_that_has_started_has_all_its_attempts_again(bench, starts, moment):
    session_id = bench.session(bench.workspace())
    starts.take()
    fail_to_start(starts, session_id, MemoryError())
    starts.has_started(session_id)
    assert starts.seconds_to_retry is None
    fail_to_start(starts, session_id, MemoryError())
    assert starts.seconds_to_retry == session_starts.START_PAUSES[0]


def test_while_one_session_waits_to_be_tried_again_others_start(bench, starts, moment):
    place = bench.workspace()
    first, second = bench.session(place), bench.session(place)
    assert starts.take().session_id == first
    fail_to_start(starts, first, MemoryError())
    assert starts.take().session_id == second
    assert starts.take() is None
    moment[0] += 60
    assert starts.seconds_to_retry == 0.0
    assert starts.take().session_id == first


def test_a_cancelled_session_that_cannot_start_is_cancelled_and_one_that_is_gone_forgotten(
    bench, starts, moment
):
    session_id = bench.session(bench.workspace())
    starts.take()
    file = bench.model_file(session_id)
    change(bench, session_id, request="cancel")
    fail_to_start(starts, session_id, MemoryError())
    fail_to_start(starts, 99, MemoryError())
    row = bench.row(session_id)
    assert (row["status"], row["error"]) == ("cancelled", None)
    assert not file.exists()
    assert starts.seconds_to_retry is None
    fail_to_start(starts, session_id, MemoryError())
    assert bench.row(session_id) == row


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_session_that_has_ended_is_not_put_back(bench, starts, moment, status):
    session_id = bench.session(bench.workspace(), status=status)
    fail_to_start(starts, session_id, MemoryError())
    assert bench.row(session_id)["status"] == status
    assert starts.seconds_to_retry is None


def test_what_could_not_be_put_back_is_put_back_at_the_next_call(
    bench, starts, monkeypatch, moment
):
    session_id = bench.session(bench.workspace())
    starts.take()
    with monkeypatch.context() as patch:
        patch.setattr(sessions, "change", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fail_to_start(starts, session_id, MemoryError())
    assert bench.row(session_id)["status"] == "training"
    starts.put_back()
    starts.put_back()
    assert bench.row(session_id)["status"] == "pending"
    assert starts.seconds_to_retry == session_starts.START_PAUSES[0]


@pytest.mark.parametrize(
    ("values", "status", "count"),
    [
        ({}, "pending", 1),
        ({"starts_without_epoch": 1}, "pending", 2),
        ({"starts_without_epoch": 2}, "failed", 2),
        ({"starts_without_epoch": 2, "request": "cancel"}, "cancelled", 2),
        ({"request": "cancel"}, "cancelled", 0),
        ({"request": "stop"}, "pending", 1),
    ],
)
def test_what_an_earlier_server_left_in_training(bench, starts, values, status, count):
    place = bench.workspace()
    session_id = bench.session(place, status="training", **values)
    bench.storage.checkpoint(session_id, 1).write_text("state")
    others = [bench.session(place, status=each) for each in ("completed", "pending")]
    before = [bench.row(each) for each in others]
    starts.recover()
    row = bench.row(session_id)
    assert (row["status"], row["starts_without_epoch"]) == (status, count)
    if status == "failed":
        assert row["error"]["reason"] == "interrupted"
        assert "restarted 3 times before this session finished one" in row["error"]["message"]
        assert row["checkpoint_bytes"] == len("state")
    else:
        assert row["error"] is None
    assert [bench.row(each) for each in others] == before


def test_only_sessions_without_a_worker_are_reclaimed_and_no_start_is_counted(bench, starts):
    place = bench.workspace()
    running = bench.session(place, status="training")
    lost = bench.session(place, status="training", starts_without_epoch=2)
    cancelled = bench.session(place, status="training", request="cancel")
    starts.reclaim({running: None}.keys())
    found = [bench.row(each)["status"] for each in (running, lost, cancelled)]
    assert found == ["training", "pending", "cancelled"]
    assert bench.row(lost)["starts_without_epoch"] == 2
    assert bench.row(cancelled)["error"] is None


def test_a_time_that_is_over_is_no_negative_wait(bench, starts, moment):
    session_id = bench.session(bench.workspace())
    starts.take()
    fail_to_start(starts, session_id, MemoryError())
    moment[0] += 60
    assert starts.seconds_to_retry == 0.0
