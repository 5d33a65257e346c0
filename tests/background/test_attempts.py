"""What fails is tried again: for as long as the database cannot be written, else a few times."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from backend.background.attempts import DATABASE_SECONDS, Attempts, is_passing
from backend.database.connection import DatabaseBusy

PASSING = [
    OperationalError("UPDATE", {}, Exception("database is locked")),
    sqlite3.OperationalError("unable to open database file"),
    DatabaseBusy(),
    OSError(errno.EMFILE, "Too many open files"),
]
OTHERS = [OSError(errno.EIO, "x"), IntegrityError("INSERT", {}, Exception("x")), MemoryError()]


class Server:
    """Stands in for the event of the end and for the troubles; what is asked of them is noted."""

    def __init__(self, waits_until_end=99):
        self.notes = []
        self.pauses = []
        self._waits_until_end = waits_until_end

    def wait(self, seconds):
        self.pauses.append(seconds)
        return len(self.pauses) >= self._waits_until_end

    def note(self, code, seconds):
        self.notes.append((code, seconds))

    def clear(self, code):
        self.notes.append((code, 0))


class Step:
    """Fails with these errors, one after another, and is done then."""

    def __init__(self, *errors):
        self._errors = list(errors)
        self.calls = []

    def __call__(self, *arguments):
        self.calls.append(arguments)
        if self._errors:
            raise self._errors.pop(0)


def make(server, step, *arguments, **named):
    return Attempts(server, server).make(step, *arguments, **named)


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_a_database_that_cannot_be_written_is_tried_until_it_can(error):
    server, step = Server(), Step(*[error] * 20)
    assert make(server, step, 7, "b", pauses=(5.0,)) is True
    assert step.calls == [(7, "b")] * 21
    assert server.pauses == [DATABASE_SECONDS] * 20
    # It is said for longer than until the next attempt, and no longer than it lasts.
    assert server.notes == [("database", 10 * DATABASE_SECONDS)] * 20 + [("database", 0)]


def test_the_trouble_outlasts_the_pause_before_the_next_attempt(monkeypatch):
    monkeypatch.setattr("backend.background.attempts.DATABASE_SECONDS", 3.0)
    server = Server()
    make(server, Step(PASSING[0]))
    assert (server.pauses, server.notes[0]) == ([3.0], ("database", 30.0))


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_what_fails_for_another_reason_is_tried_after_each_pause_and_then_fails(error):
    server, step = Server(), Step(*[error] * 9)
    with pytest.raises(type(error)):
        make(server, step, pauses=(0.5, 2.0))
    assert (len(step.calls), server.pauses, server.notes) == (3, [0.5, 2.0], [])
    done = Step(error, error)
    assert make(server, done, pauses=(0.5, 2.0)) is True
    with pytest.raises(type(error)):
        make(server, Step(error))


def test_a_busy_database_takes_none_of_the_pauses_for_other_reasons():
    server = Server()
    assert make(server, Step(OTHERS[0], PASSING[0], OTHERS[0]), pauses=(0.5, 2.0)) is True
    assert server.pauses == [0.5, DATABASE_SECONDS, 2.0]


@pytest.mark.parametrize("error", [PASSING[0], OTHERS[0]], ids=repr)
def test_nothing_is_tried_again_when_the_server_stops(error):
    server, step = Server(waits_until_end=2), Step(*[error] * 9)
    assert make(server, step, pauses=(1.0, 1.0, 1.0)) is False
    assert len(step.calls) == 2


def test_only_what_may_succeed_later_by_itself_is_passing():
    assert all(is_passing(error) for error in PASSING)
    assert not any(is_passing(error) for error in OTHERS)
