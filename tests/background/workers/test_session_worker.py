"""Workers that stop, hang, fall silent or cannot be ended: each is reported gone, once.

Real child processes, and a judge that is in a hurry.
"""

import os
import queue
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from backend import wire
from backend.background import runners, worker_process
from backend.background.runners import ProcessRunner
from backend.background.worker_process import WorkerProcess
from backend.background.workers import pulse, session_worker
from backend.config import Settings
from tests import messages
from tests.background.children import UNTIL_KILLED, lines
from tests.e2e.server import is_running, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

SECONDS = 60

READY = lines(wire.Ready())

STOPS_ITSELF = "os.kill(os.getpid(), signal.SIGSTOP)"

# A child that says every now and then that it lives, but not more.
BEATS = """
n = 0
while True:
    n += 1
    line = '{{"event": "alive", "processor_seconds": %s, "progress": 1}}\\n' % ({used})
    sys.stdout.write(line)
    sys.stdout.flush()
    time.sleep(0.02)
"""


class Bench:
    """A runner, what it reported, and its children."""

    def __init__(self, settings: Settings) -> None:
        self.reported: queue.Queue = queue.Queue()
        self.runner = ProcessRunner(settings, lambda *report: self.reported.put(report))

    def start(self, session_id=7):
        self.runner.start(messages.job(session_id=session_id))

    def next(self):
        return self.reported.get(timeout=SECONDS)[-1]

    def events(self):
        """Up to the last."""
        events = []
        while not events or not isinstance(events[-1], wire.Exited):
            events.append(self.next())
        return events

    def worker(self, session_id=7):
        return self.runner._running[session_id]

    def waiting(self):
        """The process ids of the waiting workers."""
        return [each._process.id for each in self.runner._waiting]


@pytest.fixture
def hurry(monkeypatch):
    """Seconds instead of minutes."""
    monkeypatch.setattr(pulse, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(pulse, "STILL_SECONDS", 0.5)
    monkeypatch.setattr(pulse, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(pulse, "STUCK_SECONDS", 2.0)
    monkeypatch.setattr(session_worker, "EXIT_SECONDS", 0.5)
    monkeypatch.setattr(session_worker, "GONE_SECONDS", 1.0)
    monkeypatch.setattr(worker_process, "_LOG_SECONDS", 0.1)
    monkeypatch.setattr(runners, "FIRST_PAUSE_SECONDS", 0.1)


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, warm_workers=0)


@pytest.fixture
def bench(hurry, settings):
    bench = Bench(settings)
    yield bench
    bench.runner.close()


def test_a_stopped_worker_is_ended_and_its_session_may_be_retried(child, bench):
    child(READY + lines(messages.epoch(1)), STOPS_ITSELF)
    bench.start()
    process_id = bench.worker()._process.id
    epoch, exited = bench.events()
    assert epoch == messages.epoch(1)
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    assert "did not answer for" in exited.message
    assert not is_running(process_id)
    assert bench.runner._running == {}


@pytest.mark.parametrize(("used", "verdict"), [("5.0", "did nothing"), ("n", "did not get on")])
def test_a_worker_that_answers_but_hangs_is_ended(child, bench, used, verdict):
    child(READY, BEATS.format(used=used))
    bench.start()
    (exited,) = bench.events()
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    assert verdict in exited.message


def test_a_heartbeat_is_no_event_of_a_session(child, bench):
    alive = wire.Alive(processor_seconds=1.0, progress=1)
    child(READY + lines(alive, messages.epoch(1), alive, messages.saved()))
    bench.start()
    assert [type(each) for each in bench.events()] == [wire.Epoch, wire.Saved, wire.Exited]


def test_a_worker_that_closes_its_output_but_lives_on_is_gone_once(child, bench):
    child(READY + lines(messages.epoch(1)), f"os.close(1); {UNTIL_KILLED}")
    bench.start()
    process_id = bench.worker()._process.id
    epoch, exited = bench.events()
    assert epoch == messages.epoch(1)
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    assert "closed its output" in exited.message
    assert not is_running(process_id)
    assert bench.reported.empty()


def test_half_a_line_and_a_closed_output_are_one_end(child, bench):
    half = lines(messages.saved())[:-20]
    child(READY + half, f"os.close(1); {UNTIL_KILLED}")
    bench.start()
    assert [type(each) for each in bench.events()] == [wire.Exited]
    assert bench.reported.empty()


def test_a_line_without_end_is_malformed_before_it_fills_the_memory(child, bench, monkeypatch):
    monkeypatch.setattr(worker_process, "_LONGEST_LINE", 1 << 16)
    child(READY, "while True: sys.stdout.buffer.write(b'x' * 65536)")
    bench.start()
    failed, _exited = bench.events()
    assert "without end" in failed.message


def test_a_reader_that_is_behind_drains_the_full_pipe_before_anybody_is_judged(
    child, bench, monkeypatch
):
    """The events of a worker that was stopped long ago may all still be there."""
    ticks = threading.Semaphore(0)
    tick = pulse.Pulse.tick
    monkeypatch.setattr(
        pulse.Pulse, "tick", lambda *arguments: (ticks.release(), tick(*arguments))[1]
    )
    may_go_on = threading.Event()
    report = bench.runner._report

    def hold_up(*arguments):
        may_go_on.wait(SECONDS)
        report(*arguments)

    bench.runner._report = hold_up
    many = 200
    same = lines(messages.epoch(1)) * 10  # 200 times, some 700 kB: many times what a pipe holds
    write = f"[sys.stdout.buffer.write({same!r}) for _ in range({many})]"
    child(READY, f"{write}; sys.stdout.buffer.write({lines(messages.saved())!r})")
    bench.start()
    for _ in range(40):  # twice as long as a worker may be silent
        assert ticks.acquire(timeout=SECONDS)
    may_go_on.set()
    *epochs, saved, exited = bench.events()
    assert epochs == [messages.epoch(1)] * 10 * many
    assert saved == messages.saved()
    assert "exit code 0" in exited.message


def test_a_worker_is_ended_only_if_it_is_still_silent_a_moment_after(child, settings, monkeypatch):
    """Its listener may have emptied the pipe, but not have come to what it took."""
    child(READY, UNTIL_KILLED)
    process = WorkerProcess(settings.data_dir)
    monkeypatch.setattr(WorkerProcess, "has_unread", False)
    ends: queue.Queue = queue.Queue()
    worker = session_worker.SessionWorker(
        process, lambda _job, event: ends.put(event), lambda _worker: None, messages.job()
    )
    verdicts = iter(["is silent", None, "is silent", "is silent"])
    monkeypatch.setattr(worker._pulse, "tick", lambda *_arguments: next(verdicts))
    for _ in range(3):
        worker.tick(1.0)
        assert not worker._is_killed
    worker.tick(1.0)
    assert "is silent" in ends.get(timeout=SECONDS).message


def test_a_process_that_cannot_be_ended_is_reported_gone_and_its_late_events_are_dropped(
    child, bench, monkeypatch
):
    monkeypatch.setattr(WorkerProcess, "kill", lambda _self: None)  # as if it waited for a disk
    late = lines(messages.saved())
    child(READY, f"sys.stdin.readline(); sys.stdout.buffer.write({late!r})")
    bench.start()
    worker = bench.worker()
    bench.runner.request(7, "cancel")
    (exited,) = bench.events()
    assert (exited.reason, exited.may_retry) == ("crashed", True)
    assert "cannot be ended" in exited.message
    assert bench.runner._running == {}
    worker.stop()  # now it goes on
    join_listener(worker)
    assert bench.reported.empty()


def join_listener(worker):
    """Wait until a worker's last event was heard and its end noticed."""
    for each in threading.enumerate():
        if each.name == f"listener of worker {worker._process.id}":
            each.join(SECONDS)
    assert not worker._process.is_alive


def test_the_same_session_in_another_worker_outlives_the_late_end_of_the_first(
    child, bench, monkeypatch
):
    monkeypatch.setattr(pulse, "SILENT_SECONDS", 60.0)
    with monkeypatch.context() as patch:
        patch.setattr(WorkerProcess, "kill", lambda _self: None)
        child(READY, UNTIL_KILLED)
        bench.start()
        first = bench.worker()
        bench.runner.request(7, "cancel")
        bench.events()
    bench.start()
    second = bench.worker()
    os.kill(first._process.id, signal.SIGKILL)
    join_listener(first)
    assert bench.worker() is second
    assert bench.reported.empty()


def test_a_request_to_a_worker_that_reads_nothing_never_waits(child, bench):
    child(READY, STOPS_ITSELF)
    bench.start()
    worker = bench.worker()

    def fill():
        while not worker._is_killed:
            bench.runner.request(7, "stop")

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive()
    (exited,) = bench.events()
    assert exited.may_retry
    assert "took no more commands" in exited.message


def test_a_command_that_is_longer_than_a_pipe_arrives_whole(child, settings):
    child(b"", "sys.exit(len(sys.stdin.readline()) == 1_000_001)")
    worker = WorkerProcess(settings.data_dir)
    worker._write(b"first\n", waits=True)
    worker._write(b"x" * 1_000_000 + b"\n", waits=True)
    assert worker.wait(SECONDS) == 1


def test_the_kernel_says_whether_a_process_runs(child, settings):
    child(b"", "while True: pass")
    worker = WorkerProcess(settings.data_dir)
    worker._write(b"go\n", waits=True)
    before = worker.processor_seconds()
    wait_for(worker.processor_seconds, lambda seconds: seconds > before + 0.1)
    os.kill(worker.id, signal.SIGSTOP)
    wait_for(lambda: state(worker.id), lambda state: state == "T")
    stopped = worker.processor_seconds()
    deadline = time.monotonic() + 0.3
    wait_for(time.monotonic, lambda now: now > deadline)
    assert worker.processor_seconds() == stopped
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert worker.processor_seconds() is None


def state(process_id):
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def warm(hurry, settings, monkeypatch):
    """A runner with one waiting worker, which is ready at once, and lives."""
    ready = f"import sys, time; sys.stdout.write({READY.decode()!r})\n"
    command = [sys.executable, "-c", ready + BEATS.format(used="5.0")]
    monkeypatch.setattr(worker_process, "_command", lambda *_arguments: command)
    bench = Bench(replace(settings, warm_workers=1))
    bench.runner.keep_warm()
    (worker,) = bench.runner._waiting
    wait_for(lambda: worker._pulse._is_ready, bool)
    yield bench
    bench.runner.close()


def test_a_waiting_worker_may_wait_for_longer_than_a_session_may_hang(warm):
    (first,) = warm.waiting()
    deadline = time.monotonic() + 2 * pulse.STUCK_SECONDS
    wait_for(time.monotonic, lambda now: now > deadline)
    assert warm.waiting() == [first]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV])
def test_a_waiting_worker_that_dies_or_is_stopped_is_replaced_without_being_asked(
    warm, how, monkeypatch
):
    (first,) = warm.waiting()
    os.kill(first, how)
    (second,) = wait_for(warm.waiting, lambda ids: ids not in ([], [first]))
    assert second != first
    assert not is_running(first)
    assert warm.reported.empty()


def test_waiting_workers_that_die_one_after_another_are_replaced_less_and_less_often():
    pause = runners._Pause()
    assert pause.is_over
    seconds = []
    for _ in range(10):
        pause.begin()
        seconds.append(pause._seconds)
    assert not pause.is_over
    assert seconds[:4] == [5, 10, 20, 40]
    assert seconds[-1] == runners.LONGEST_PAUSE_SECONDS
    pause.reset()
    assert pause.is_over


def test_a_stopped_waiting_worker_that_is_given_a_job_is_found(warm):
    (first,) = warm.waiting()
    os.kill(first, signal.SIGSTOP)
    warm.start()
    (exited,) = warm.events()
    assert exited.may_retry
    assert not is_running(first)


@pytest.mark.parametrize("is_asked_elsewhere", [False, True])
def test_a_waiting_worker_that_has_died_is_given_no_job(
    child, hurry, settings, monkeypatch, is_asked_elsewhere
):
    """While another thread asks the system for its end, Popen.poll() takes it to be alive."""
    bench = Bench(replace(settings, warm_workers=1))
    child(READY, UNTIL_KILLED)
    bench.runner.keep_warm()
    (first,) = bench.runner._waiting
    monkeypatch.setattr(first, "_end", lambda: None)  # nobody has noticed yet
    os.kill(first._process.id, signal.SIGKILL)
    wait_for(lambda: is_running(first._process.id), lambda runs: not runs)
    if is_asked_elsewhere:
        monkeypatch.setattr(first._process._process, "poll", lambda: None)
    child(READY + lines(messages.saved()))
    bench.start()
    assert bench.next() == messages.saved()
    bench.runner.close()


def test_a_server_that_ends_its_workers_reports_no_end_of_a_session(child, bench):
    child(READY + lines(messages.epoch(1)), UNTIL_KILLED)
    bench.start()
    assert bench.next() == messages.epoch(1)
    process_id = bench.worker()._process.id
    bench.runner.close()
    wait_for(lambda: is_running(process_id), lambda runs: not runs)
    wait_for(lambda: bench.runner._running, lambda running: not running)
    assert bench.reported.empty()


def test_what_one_worker_does_to_the_judge_harms_no_other(child, bench, monkeypatch, caplog):
    child(READY, STOPS_ITSELF)
    bench.start(7)
    bench.start(8)
    monkeypatch.setattr(bench.worker(7), "tick", lambda _seconds: 1 / 0)
    assert "did not answer" in bench.next().message
    assert 7 in bench.runner._running
    assert "ZeroDivisionError" in caplog.text


def test_a_lack_of_memory_at_the_end_of_a_worker_still_ends_its_session(bench, child, monkeypatch):
    def no_memory(*_arguments, **_named):
        raise MemoryError

    monkeypatch.setattr(session_worker, "explain_exit", no_memory)
    child(READY)
    bench.start()
    exited = bench.events()[-1]
    assert isinstance(exited, wire.Exited)
    assert exited.may_retry


def test_a_judge_that_has_died_is_replaced(bench, child):
    bench.runner._judge = threading.Thread(target=lambda: None)
    bench.runner._judge.start()
    bench.runner._judge.join()
    child(READY, UNTIL_KILLED)
    bench.start()
    judge = bench.runner._judge
    assert judge.is_alive()
    assert (judge.name, judge.daemon) == ("judge", True)  # it holds up no end of the server


def test_a_worker_is_given_the_data_folder_and_the_memory_that_it_may_take(monkeypatch, settings):
    given = []
    command = [sys.executable, "-c", ""]
    monkeypatch.setattr(worker_process, "_command", lambda *each: given.append(each) or command)
    bench = Bench(replace(settings, training_memory_mb=5000))
    bench.start()
    bench.events()
    bench.runner.close()
    arguments = ["--data-dir", str(settings.data_dir), "--memory-mb", "5000"]
    assert given == [("backend.worker", arguments)]


def test_a_process_that_cannot_be_ended_is_given_up_after_just_that_time(
    child, settings, monkeypatch
):
    monkeypatch.setattr(session_worker, "GONE_SECONDS", 2 * pulse.LONGEST_TICK)
    with monkeypatch.context() as patch:
        patch.setattr(WorkerProcess, "kill", lambda _self: None)
        child(READY, UNTIL_KILLED)
        ends: queue.Queue = queue.Queue()
        worker = session_worker.SessionWorker(
            WorkerProcess(settings.data_dir),
            lambda _job, event: ends.put(event),
            lambda _worker: None,
            messages.job(),
        )
        worker.kill()
        worker.tick(3600.0)  # the judge was stopped for an hour: that counts as one tick
        worker.tick(pulse.LONGEST_TICK - 0.5)
        assert ends.empty()
        worker.tick(0.5)
        assert "cannot be ended" in ends.get_nowait().message
    worker.kill()
    worker.wait_until_heard(SECONDS)
    assert ends.empty()


def test_a_worker_that_lives_on_is_waited_for_before_and_after_its_kill(
    child, settings, monkeypatch
):
    child(READY, f"os.close(1); {UNTIL_KILLED}")
    process = WorkerProcess(settings.data_dir)
    waits: list = []
    ends: queue.Queue = queue.Queue()
    with monkeypatch.context() as patch:
        patch.setattr(process, "wait", waits.append)  # it is still there, each time
        session_worker.SessionWorker(
            process, lambda _job, event: ends.put(event), lambda _worker: None, messages.job()
        )
        assert "closed its output but lived on" in ends.get(timeout=SECONDS).message
    assert waits == [session_worker.EXIT_SECONDS, session_worker.GONE_SECONDS]
    assert process.wait() == -signal.SIGKILL
