"""A request that meets a machine short of something is told to come again."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from backend.shortage import is_shortage
from tests.api import Api, problem_of


def cannot_open():
    """SQLite's error where there is no file descriptor for another connection."""
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return OperationalError("SELECT", {}, error)


def no_such_table():
    error = sqlite3.OperationalError("no such table: users")
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR
    return OperationalError("SELECT", {}, error)


SHORT = {
    "this process has no file descriptor": OSError(errno.EMFILE, "Too many open files"),
    "the machine has no file descriptor": OSError(errno.ENFILE, "Too many open files"),
    "no process": BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    "no memory for a process": OSError(errno.ENOMEM, "Cannot allocate memory"),
    "no memory": MemoryError(),
    "no thread": RuntimeError("can't start new thread"),
    "no connection to the database": cannot_open(),
    "no connection to its log": cannot_open().orig,
}
NOT_SHORT = {
    "a file is missing": FileNotFoundError(errno.ENOENT, "No such file"),
    "a bug": RuntimeError("dictionary changed size during iteration"),
    "a bug in a statement": no_such_table(),
}


@pytest.fixture
def asked(make_client, settings):
    """What a call answers that meets an error."""

    def ask(error):
        api = Api(make_client(settings), settings.token)

        @api.client.application.get("/api/broken")
        def broken():
            raise error

        return api.get("/api/broken", None)

    return ask


@pytest.mark.parametrize("what", SHORT)
def test_a_request_that_meets_a_shortage_is_503_with_retry_after(asked, what):
    answer = asked(SHORT[what])
    problem = problem_of(answer)
    assert problem["status"] == 503
    assert "short of memory, threads or open files" in problem["detail"]
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("what", NOT_SHORT)
def test_what_is_no_shortage_is_500(asked, what):
    assert problem_of(asked(NOT_SHORT[what]))["status"] == 500


def test_nothing_is_no_shortage():
    assert not is_shortage(None)
