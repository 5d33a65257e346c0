"""Sessions in threads of the server: what they report, what they hear, how they end."""

import logging
import queue
import sys
import threading
from dataclasses import replace

import pytest

from backend import wire
from backend.background.workers import thread_runner
from backend.config import Settings
from backend.worker.memory import over_limit_message
from tests import messages

SECONDS = 60


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ImportError("libtensorflow.so is missing"), "crashed"),
        (OSError("no \udc80.so"), "crashed"),
        (MemoryError("Unable to allocate 3 GiB"), "out_of_memory"),
    ],
    ids=["import", "undecodable", "memory"],
)
def test_a_thread_in_which_tensorflow_cannot_be_imported_ends_its_session_in_words(
    settings, monkeypatch, failure, reason, caplog
):
    def fail():
        raise failure

    # pytest-xdist cannot send a log with a lone surrogate from its worker.
    caplog.set_level(logging.CRITICAL, logger=thread_runner.__name__)
    monkeypatch.setattr(thread_runner, "import_jobs", fail)
    reported: queue.Queue = queue.Queue()
    runner = thread_runner.ThreadRunner(settings, lambda *event: reported.put(event))
    runner.start(messages.job(session_id=7, start=2))
    *reported_by, exited = reported.get(timeout=SECONDS)
    assert (reported_by, type(exited), exited.reason) == ([7, 2], wire.Exited, reason)
    why = f"{type(failure).__name__}: {wire.encodable(str(failure))}"
    assert exited.message == f"The session ended without a result ({why}). Retry it later."


def test_a_request_that_came_too_late_for_one_start_does_not_end_the_next(settings, monkeypatch):
    asked: queue.Queue = queue.Queue()

    class Jobs:
        @staticmethod
        def train_session(_job, _storage, _emit, should_stop):
            asked.put(should_stop())

    monkeypatch.setattr(thread_runner, "import_jobs", lambda: Jobs)
    runner = thread_runner.ThreadRunner(settings, lambda *_event: None)
    runner.request(7, "cancel")
    runner.start(messages.job(session_id=7, start=2))
    assert asked.get(timeout=SECONDS) is None


@pytest.fixture
def in_a_thread(settings, monkeypatch):
    """Runs a function in the place of a session in a thread; gives its reports up to the last."""
    reported: queue.Queue = queue.Queue()
    runner = thread_runner.ThreadRunner(settings, lambda *event: reported.put(event))

    def run(train_session):
        jobs = type("Jobs", (), {"train_session": staticmethod(train_session)})
        monkeypatch.setattr(thread_runner, "import_jobs", lambda: jobs)
        runner.start(messages.job(session_id=7, start=2))
        reports = [reported.get(timeout=SECONDS)]
        while not isinstance(reports[-1][-1], wire.Exited):
            reports.append(reported.get(timeout=SECONDS))
        return reports

    return runner, run


def test_a_thread_reports_what_its_session_says_and_its_end(in_a_thread, settings):
    _, run = in_a_thread
    given = []

    def train_session(job, storage, emit, _should_stop):
        thread = threading.current_thread()
        given.append((job, storage.data_dir, thread.name, thread.daemon))
        emit(messages.epoch(1))

    assert run(train_session) == [(7, 2, messages.epoch(1)), (7, 2, wire.Exited())]
    assert given == [(messages.job(session_id=7, start=2), settings.data_dir, "session 7", True)]


@pytest.mark.parametrize("what", ["stop", "cancel"])
def test_a_session_in_a_thread_hears_its_own_requests_alone(in_a_thread, what):
    runner, run = in_a_thread
    heard = []

    def train_session(_job, _storage, _emit, should_stop):
        heard.append(should_stop())
        runner.request(8, "cancel")
        heard.append(should_stop())
        runner.request(7, what)
        heard.append(should_stop())

    run(train_session)
    run(train_session)  # it was for that start alone
    assert heard == [None, None, what] * 2


def test_a_session_in_a_thread_that_takes_more_memory_than_allowed_ends_in_words(
    settings, in_a_thread
):
    _, run = in_a_thread
    assert run(lambda _job, _storage, _emit, should_stop: should_stop())[-1][-1] == wire.Exited()
    reported: queue.Queue = queue.Queue()
    limited = replace(settings, training_memory_mb=1)
    runner = thread_runner.ThreadRunner(limited, lambda *event: reported.put(event))
    runner.start(messages.job(session_id=7, start=2))
    *_, exited = reported.get(timeout=SECONDS)
    assert exited.reason == "out_of_memory"
    assert over_limit_message(1) in exited.message


def test_a_server_that_closes_reports_no_end_of_a_session_in_a_thread(settings, monkeypatch):
    reported: queue.Queue = queue.Queue()
    runner = thread_runner.ThreadRunner(settings, lambda *event: reported.put(event))
    threads: queue.Queue = queue.Queue()

    class Jobs:
        @staticmethod
        def train_session(_job, _storage, emit, should_stop):
            threads.put(threading.current_thread())
            emit(messages.epoch(1))
            runner.close()
            should_stop()
            emit(messages.epoch(2))

    monkeypatch.setattr(thread_runner, "import_jobs", lambda: Jobs)
    runner.start(messages.job(session_id=7, start=2))
    threads.get(timeout=SECONDS).join(SECONDS)
    assert list(reported.queue) == [(7, 2, messages.epoch(1))]


@pytest.mark.parametrize("is_warm", [False, True])
def test_a_runner_of_threads_imports_what_sessions_need_once_and_holds_up_no_end(
    settings, monkeypatch, is_warm
):
    imported: queue.Queue = queue.Queue()
    monkeypatch.setattr(
        thread_runner, "import_jobs", lambda: imported.put(threading.current_thread())
    )
    monkeypatch.delitem(sys.modules, "backend.worker.jobs", raising=False)
    if is_warm:
        monkeypatch.setitem(sys.modules, "backend.worker.jobs", thread_runner)
    thread_runner.ThreadRunner(settings, lambda *_event: None).keep_warm()
    if not is_warm:
        thread = imported.get(timeout=SECONDS)
        assert (thread.name, thread.daemon) == ("warm-up", True)
        thread.join(SECONDS)
    assert imported.empty()
    assert "warm-up" not in {thread.name for thread in threading.enumerate()}
