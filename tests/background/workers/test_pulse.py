"""A worker is judged by its heartbeats; seconds are told, none is waited for."""

import pytest

from backend import wire
from backend.background.workers import pulse
from backend.background.workers.pulse import LONGEST_TICK, Pulse
from tests import messages

BEAT = 2.0


class Bench:
    """A worker's pulse, and the clocks of the kernel, the worker and the judge."""

    def __init__(self, *, is_ready=True, has_job=True, is_seen=True) -> None:
        self.pulse = Pulse()
        self.used = 5.0  # processor seconds
        self.progress = 0
        self.is_seen = is_seen
        if has_job:
            self.pulse.begin_job()
        if is_ready:
            self.pulse.hear(wire.Ready())

    def run(self, seconds, *, beats=True, works=0.5, gets_on=1):
        """The verdict, and after how many seconds it came; each second is a tick of the judge."""
        for second in range(1, int(seconds) + 1):
            self.used += works
            if beats and second % BEAT == 0:
                self.progress += gets_on
                event = wire.Alive(processor_seconds=self.used, progress=self.progress)
                self.pulse.hear(event)
            verdict = self.pulse.tick(1.0, self.used if self.is_seen else None)
            if verdict is not None:
                return verdict, second
        return None


@pytest.mark.parametrize("has_job", [True, False], ids=["training", "waiting"])
@pytest.mark.parametrize("is_seen", [True, False], ids=["the kernel says", "the kernel is mute"])
def test_a_stopped_worker_is_found_after_half_a_minute(has_job, is_seen):
    bench = Bench(has_job=has_job, is_seen=is_seen)
    assert bench.run(100) is None
    verdict, seconds = bench.run(100, beats=False, works=0)
    assert verdict == "did not answer for 30 s"
    assert seconds <= pulse.SILENT_SECONDS


def test_a_worker_that_computes_without_giving_its_other_threads_a_turn_is_not_stopped():
    bench = Bench()
    assert bench.run(290, beats=False) is None
    assert bench.run(2) is None  # a beat, and all is forgotten
    verdict, seconds = bench.run(1000, beats=False)
    assert verdict == "did not answer for 300 s"
    assert seconds >= pulse.SILENT_BUT_RUNNING_SECONDS - BEAT


def test_a_session_that_neither_computes_nor_gets_on_hangs_after_two_minutes():
    bench = Bench()
    assert bench.run(1000) is None
    verdict, seconds = bench.run(1000, works=0, gets_on=0)
    assert verdict == "did nothing for 120 s"
    assert seconds <= pulse.IDLE_SECONDS + BEAT


def test_what_little_the_threads_beside_a_session_compute_is_nothing():
    little = pulse.IDLE_PROCESSOR_SECONDS / pulse.IDLE_SECONDS / 2
    assert Bench().run(1000, works=little, gets_on=0) is not None


def test_a_session_that_gets_on_without_computing_does_not_hang():
    assert Bench().run(10_000, works=0, gets_on=1) is None  # as on a machine with too much work


def test_a_session_that_computes_without_getting_on_hangs_after_an_hour():
    bench = Bench()
    verdict, seconds = bench.run(10_000, gets_on=0)
    assert verdict == "did not get on for 3600 s"
    assert pulse.STUCK_SECONDS <= seconds <= pulse.STUCK_SECONDS + BEAT


@pytest.mark.parametrize(
    ("bench", "how", "seconds"),
    [
        ({}, {"beats": False, "works": 0}, 30),
        ({}, {"beats": False}, 300),
        ({}, {"works": 0, "gets_on": 0}, 121),  # from the first heartbeat, in the second second
        ({}, {"gets_on": 0}, 3601),
        ({"is_seen": False}, {"works": 0, "gets_on": 0}, 121),
        ({"is_ready": False}, {"beats": False, "works": 0}, 61),  # it ran in the first
        ({"is_ready": False}, {"beats": False}, 600),
    ],
)
def test_seconds_are_counted_from_the_last_sign_of_life(bench, how, seconds):
    assert Bench(**bench).run(10_000, **how)[1] == seconds


@pytest.mark.parametrize(("computed", "is_idle"), [(0.5, False), (0.4375, True)])
def test_a_session_that_has_computed_just_enough_is_not_idle(monkeypatch, computed, is_idle):
    monkeypatch.setattr(pulse, "IDLE_PROCESSOR_SECONDS", 0.5)
    bench = Bench()
    assert bench.run(100, works=0, gets_on=0) is None
    bench.used += computed
    assert (bench.run(100, works=0, gets_on=0) is not None) is is_idle


def test_the_first_heartbeat_is_a_step_on_whatever_it_says():
    bench = Bench()
    bench.progress, bench.used = 1, 0.0
    assert bench.run(1000, works=0, gets_on=0) == ("did nothing for 120 s", 121)


def test_the_first_that_the_kernel_sees_of_a_start_is_a_sign_of_life():
    bench = Bench(is_ready=False)
    bench.used = 0.0
    assert bench.run(100, beats=False, works=0.001) is None


@pytest.mark.parametrize("step", [Pulse.begin_job, lambda pulse: pulse.hear(messages.epoch(1))])
def test_seconds_are_counted_anew_from_a_job_and_from_an_event(step):
    bench = Bench()
    bench.run(10, works=0, gets_on=0)
    step(bench.pulse)
    assert bench.run(1000, works=0, gets_on=0)[1] == 120


def test_what_a_worker_does_is_known_for_six_seconds_after_a_heartbeat(monkeypatch):
    monkeypatch.setattr(pulse, "IDLE_SECONDS", pulse.ANSWERS_SECONDS)
    verdict = Bench().run(100, beats=False)
    assert verdict == ("did nothing for 6 s", 6)


def test_a_worker_that_stood_still_for_twenty_of_thirty_silent_seconds_is_stopped():
    bench = Bench()
    assert bench.run(10, beats=False) is None
    assert bench.run(100, beats=False, works=0) == ("did not answer for 30 s", 20)


def test_every_event_of_a_session_is_a_step_on():
    bench = Bench()
    for _ in range(20):
        assert bench.run(110, works=0, gets_on=0) is None
        bench.pulse.hear(messages.epoch(1))


def test_a_waiting_worker_may_do_nothing_for_ever_and_its_job_starts_anew():
    bench = Bench(has_job=False)
    assert bench.run(100_000, works=0, gets_on=0) is None
    bench.pulse.begin_job()
    assert bench.run(pulse.IDLE_SECONDS - BEAT, works=0, gets_on=0) is None
    assert bench.run(BEAT, works=0, gets_on=0) is not None


@pytest.mark.parametrize("has_job", [True, False], ids=["training", "waiting"])
def test_a_start_may_take_minutes_without_a_heartbeat_but_not_for_ever(has_job):
    bench = Bench(is_ready=False, has_job=has_job)
    assert bench.run(590, beats=False, works=0.02) is None
    bench.pulse.hear(wire.Ready())
    assert bench.run(1000) is None
    assert Bench(is_ready=False).run(1000, beats=False) == (
        "was not ready 600 s after its start",
        600,
    )


def test_a_worker_that_is_stopped_while_it_starts_is_found_where_the_kernel_says_so():
    verdict, seconds = Bench(is_ready=False).run(1000, beats=False, works=0)
    assert verdict == "stood still for 60 s while it started"
    assert seconds <= pulse.START_STILL_SECONDS + 1
    mute = Bench(is_ready=False, is_seen=False)
    assert mute.run(590, beats=False, works=0) is None


def test_a_judge_that_was_stopped_itself_counts_one_tick():
    bench = Bench()
    bench.run(10)
    for _ in range(int(pulse.SILENT_SECONDS / LONGEST_TICK) - 1):
        assert bench.pulse.tick(3600.0, bench.used) is None  # asleep for an hour, again and again
    assert bench.pulse.tick(3600.0, bench.used) is not None
