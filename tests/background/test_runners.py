"""Sessions whose workers misbehave, with real child processes."""

import queue
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from backend import wire
from backend.background import worker_process
from backend.background.runners import ProcessRunner, make_runner
from backend.background.workers import session_worker, thread_runner
from backend.background.workers.memory_kills import KillCounter
from backend.config import Settings
from backend.troubles import Troubles
from tests import messages
from tests.background.children import UNTIL_KILLED, lines

SECONDS = 60


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, warm_workers=0)


@pytest.fixture
def train(settings):
    """Starts a session in a child; gives its events up to the last."""
    reported: queue.Queue = queue.Queue()
    runner = ProcessRunner(settings, lambda *report: reported.put(report))

    def train(session_id=7):
        runner.start(messages.job(session_id=session_id, start=4))
        events = []
        while not events or not isinstance(events[-1], wire.Exited):
            *reported_by, event = reported.get(timeout=SECONDS)
            assert reported_by == [session_id, 4]
            events.append(event)
        return events

    yield train
    runner.close()


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


@pytest.mark.parametrize(
    ("events", "warmed"), [([], 0), ([wire.Batch(epoch=1, batches_done=1, batches=2)], 1)]
)
def test_a_worker_is_warmed_up_only_after_the_first_batch_of_a_session_that_starts(
    child, settings, monkeypatch, events, warmed
):
    child(lines(wire.Ready(), messages.started(), *events), UNTIL_KILLED)
    reported: queue.Queue = queue.Queue()
    runner = ProcessRunner(
        replace(settings, warm_workers=1), lambda _session, _start, event: reported.put(event)
    )
    spawned = []
    spawn = runner._spawn
    monkeypatch.setattr(runner, "_spawn", lambda *job: spawned.append(1) or spawn(*job))
    runner.start(messages.job())
    for _ in range(1 + len(events)):
        reported.get(timeout=SECONDS)
    runner.keep_warm()
    assert len(spawned) == 1 + warmed
    runner.close()


def test_an_answer_without_a_question_is_malformed_too(child, train):
    child(lines(wire.PredictionRefusal(id=1, error="no", reason="failed")), UNTIL_KILLED)
    failed, _exited = train()
    assert failed.reason == "crashed"


def test_half_a_line_of_a_killed_worker_is_no_event_and_no_mistake(child, train):
    half = lines(messages.saved())[:-20]
    child(lines(messages.epoch(1)) + half, "os.kill(os.getpid(), signal.SIGKILL)")
    epoch, exited = train()
    assert epoch == messages.epoch(1)
    assert isinstance(exited, wire.Exited)


@pytest.mark.parametrize(
    ("ending", "named"),
    [
        ("sys.exit(3)", "ended without a result (exit code 3)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed from outside (signal 9)"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "was killed from outside (signal 15)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed (signal 11, SIGSEGV)"),
    ],
)
def test_a_worker_that_ends_without_a_word_is_explained_and_may_be_retried(
    child, train, ending, named
):
    child(b"", ending)
    (exited,) = train()
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    assert named in exited.message


def test_a_kill_that_the_kernel_has_counted_is_a_lack_of_memory_and_no_other_is(
    child, train, monkeypatch, tmp_path
):
    counter = tmp_path / "memory.events"
    counter.write_text("oom 7\noom_kill 3\n")
    monkeypatch.setattr(session_worker, "find_counter", lambda _pid: KillCounter(counter))
    kill = "os.kill(os.getpid(), signal.SIGKILL)"
    child(b"", kill)
    (exited,) = train()
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    counted = f"open({str(counter)!r}, 'w').write('oom 8\\noom_kill 4\\n')"
    child(b"", f"{counted}; {kill}")
    (exited,) = train()
    assert (exited.reason, exited.may_retry) == ("out_of_memory", False)
    assert "ran out of memory" in exited.message
    counted = f"open({str(counter)!r}, 'w').write('oom 9\\noom_kill 5\\n')"
    child(b"", f"{counted}; sys.exit(3)")  # another was the victim
    (exited,) = train()
    assert (exited.reason, exited.may_retry) == ("crashed", True)


def test_no_thread_is_left_of_a_worker(child, train):
    before = threading.active_count()
    child(b"garbage\n", UNTIL_KILLED)
    train()
    left = [each for each in threading.enumerate() if "worker" in each.name]
    for each in left:
        each.join(SECONDS)
    assert threading.active_count() <= before + 1  # the listener that has reported the exit


def no_thread(*_arguments, **_named):
    """Fails as a process does that has as many threads as it may."""
    raise RuntimeError("can't start new thread")


def children():
    """The processes that this one has started and not reaped."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return set(listed.split())


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_child_is_left_where_its_log_cannot_be_read(child, settings, monkeypatch):
    child(b"", UNTIL_KILLED)
    before = children()
    monkeypatch.setattr(worker_process, "pass_on", no_thread)
    with pytest.raises(RuntimeError, match="new thread"):
        worker_process.WorkerProcess(settings.data_dir)
    assert not children() - before


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_child_is_left_where_nobody_can_listen_to_it(child, settings, monkeypatch):
    child(b"", UNTIL_KILLED)
    before = children()
    worker = worker_process.WorkerProcess(settings.data_dir)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(RuntimeError, match="new thread"):
        session_worker.SessionWorker(worker, print, print, messages.job())
    assert not children() - before


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_child_is_left_where_nobody_can_judge_it(child, settings, monkeypatch):
    child(b"", UNTIL_KILLED)
    before = children()
    runner = ProcessRunner(settings, lambda *_event: None)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(RuntimeError, match="new thread"):
        runner.start(messages.job())
    assert not children() - before
    monkeypatch.undo()
    child(lines(messages.saved()))
    runner.start(messages.job())  # and the next start makes up for it
    runner.close()


@pytest.mark.parametrize(
    ("setting", "kind"), [("process", ProcessRunner), ("thread", thread_runner.ThreadRunner)]
)
def test_the_setting_chooses_the_runner(settings, setting, kind):
    assert (
        type(make_runner(replace(settings, runner=setting), lambda *_event: None, Troubles()))
        is kind
    )
