"""The heartbeats of a worker."""

import queue
import threading
import time

import pytest

from backend import wire
from backend.worker import heartbeat
from backend.worker.heartbeat import Heartbeat

SECONDS = 60


@pytest.fixture
def beats(monkeypatch):
    """Heartbeats as they come; a thousand a second at most."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    return queue.Queue()


def test_a_heartbeat_carries_the_progress_and_what_the_session_computed(beats):
    progress = 3
    with Heartbeat(beats.put, lambda: progress):
        first = beats.get(timeout=SECONDS)
        assert isinstance(first, wire.Alive)
        assert first.progress == 3
        start = time.thread_time()
        while time.thread_time() - start < 0.1:
            sum(range(1000))
        progress = 4
        while (later := beats.get(timeout=SECONDS)).progress != 4:
            continue
    assert later.processor_seconds - first.processor_seconds >= 0.1


def test_what_the_heartbeats_themselves_compute_is_left_out(beats):
    def send(event):
        beats.put(event)
        start = time.thread_time()
        while time.thread_time() - start < 0.02:
            sum(range(1000))

    with Heartbeat(send, lambda: 0):
        sent = [beats.get(timeout=SECONDS) for _ in range(20)]
    assert sent[-1].processor_seconds - sent[0].processor_seconds < 0.2  # of 0.4 s


def test_no_heartbeat_comes_after_the_end(beats):
    with Heartbeat(beats.put, lambda: 0) as beating:
        beats.get(timeout=SECONDS)
        beating.stop()
    assert not [each for each in threading.enumerate() if each.name == "heartbeat"]


def test_a_heartbeat_that_waits_for_its_reader_does_not_hold_up_the_end(beats, monkeypatch):
    monkeypatch.setattr(heartbeat, "_STOP_SECONDS", 0.01)
    reader = threading.Event()
    with Heartbeat(lambda _event: reader.wait(SECONDS), lambda: 0):
        pass
    reader.set()
