"""The runner and its bridge: whatever that does, sessions are given back and the server goes on."""

import os
import queue
import signal
import time
from itertools import pairwise

import pytest

from backend import wire
from backend.background.cluster import bridge_keeper
from backend.background.cluster import ray_runner as module
from backend.background.cluster.ray_runner import RayRunner
from backend.config import Settings
from backend.troubles import Troubles
from tests import messages
from tests.background.cluster.fake_bridge import node, report
from tests.e2e.server import is_running, wait_for

SECONDS = 20.0

NEEDS = wire.Needs(cpus=1, gpus=0.0, memory_mb=None)

# Says that there is a node, again and again, until a line comes.
LIVES = """
import threading
def repeat():
    while True:
        say(CLUSTER)
        time.sleep(0.1)
threading.Thread(target=repeat, daemon=True).start()
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(
        data_dir=tmp_path, token="t" * 40, runner="ray", ray_address="head:6379", threads=1,
        warm_workers=0,
    )  # fmt: skip


class Bench:
    """A runner, what it reports, and what troubles it notes."""

    def __init__(self, settings):
        self.reported: queue.Queue = queue.Queue()
        self.troubles = Troubles()
        self.changes = 0
        self.runner = RayRunner(settings, lambda *each: self.reported.put(each), self.troubles)

    def begin(self):
        def changed():
            self.changes += 1

        self.runner.begin(changed)
        return self

    def until_reachable(self):
        wait_for(lambda: self.runner.is_reachable, bool, SECONDS)
        return self

    def next(self):
        return self.reported.get(timeout=SECONDS)

    def codes(self):
        return [each.code for each in self.troubles.current()]


@pytest.fixture
def bench(settings):
    bench = Bench(settings)
    yield bench
    bench.runner.close()


@pytest.fixture
def hurry(monkeypatch):
    """Pauses and limits of seconds become fractions of them."""
    monkeypatch.setattr(bridge_keeper, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(bridge_keeper, "LONGEST_PAUSE_SECONDS", 0.8)
    monkeypatch.setattr(bridge_keeper, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(module, "STALE_SECONDS", 1.0)
    monkeypatch.setattr(module, "_HOLD_SECONDS", 1.0)
    for each in (module, bridge_keeper):
        monkeypatch.setattr(each, "_TICK_SECONDS", 0.05)


def test_the_events_of_a_session_are_reported_and_it_is_known_where_it_trains(bridge, bench):
    placed = wire.encode(wire.Placed(session_id=7, start=4, node="n1"))
    said = report(messages.epoch(1)) + report(wire.Exited())
    bridge.be(
        f"{LIVES}\nheard('assign')\nsay({placed!r})\nheard('request')\nsay({said!r})\nheard('x')"
    )
    bench.begin().until_reachable()
    assert bench.runner.place_for(NEEDS) == "now"
    bench.runner.start(messages.job(session_id=7, start=4))
    assert bench.runner.place_for(NEEDS) == "later"
    found = wait_for(lambda: bench.runner.node_of(7), bool, SECONDS)
    assert found.name == "n1"
    bench.runner.request(7, "stop")
    bench.runner.request(8, "stop")  # none of the cluster's
    assert bench.next() == (7, 4, messages.epoch(1))
    assert bench.next() == (7, 4, wire.Exited())
    assert bench.runner.node_of(7) is None
    assign, request = bridge.heard()
    assert assign["job"]["session_id"] == 7
    assert assign["needs"] == NEEDS.model_dump()
    assert request == {"kind": "request", "session_id": 7, "start": 4, "what": "stop"}


def test_a_bridge_that_ends_gives_back_its_sessions_and_is_replaced(bridge, bench, hurry):
    bridge.be(
        f"{LIVES}\nif number == 1:\n    heard('assign')\n    os._exit(3)\nelse:\n    heard('x')"
    )
    bench.begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    session_id, start, exited = bench.next()
    assert (session_id, start) == (7, 4)
    assert (exited.lost, exited.may_retry) == ("cluster", True)
    assert "The cluster was lost" in exited.message
    wait_for(bridge.starts, lambda starts: len(starts) == 2, SECONDS)
    bench.until_reachable()
    wait_for(bench.codes, lambda codes: codes == [], SECONDS)
    assert bench.runner.place_for(NEEDS) == "now"
    assert bench.reported.empty()


@pytest.mark.parametrize(
    "line", [b"garbage\n", b'{"event":"placed"}\n', b"\n", b"\xff\n", b'{"event":"ready"}\n']
)
def test_a_bridge_that_says_something_else_is_replaced(bridge, bench, hurry, line):
    bridge.be(f"{LIVES}\nif number == 1:\n    heard('assign')\n    say({line!r})\nheard('x')")
    bench.begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    assert bench.next()[2].lost == "cluster"
    wait_for(bridge.starts, lambda starts: len(starts) == 2, SECONDS)
    first, _second = bridge.processes()
    wait_for(lambda: is_running(first), lambda runs: not runs, SECONDS)


def test_pauses_before_another_bridge_grow_until_the_cluster_is_seen(bridge, bench, hurry):
    bridge.be("if number == 6: say(CLUSTER)\nos._exit(1)")
    bench.begin()
    starts = wait_for(bridge.starts, lambda starts: len(starts) >= 8, SECONDS)
    pauses = [after - before for before, after in pairwise(starts)]
    assert pauses[1] > 0.2
    assert pauses[2] > 0.4
    assert all(0.8 < each < 3 for each in pauses[3:5])
    assert pauses[5] < min(pauses[3:5])  # the cluster was seen


def test_a_bridge_that_cannot_connect_is_a_trouble_in_words_with_since_when(bridge, bench, hurry):
    unreachable = wire.encode(wire.Unreachable(message="No connection to head:6379: refused"))
    bridge.be(f"say({unreachable!r})\nos._exit(1)")
    bench.begin()
    wait_for(bench.codes, lambda codes: codes == ["cluster"], SECONDS)
    wait_for(bridge.starts, lambda starts: len(starts) >= 3, SECONDS)
    (first,) = bench.troubles.current()
    assert first.since
    assert bench.runner.place_for(NEEDS) == "later"
    assert "No connection to head:6379: refused" in bench.runner.why_waiting(NEEDS)
    wait_for(bridge.starts, lambda starts: len(starts) >= 5, SECONDS)
    assert bench.troubles.current()[0].since == first.since
    assert wait_for(lambda: refused_start(bench), bool, SECONDS)  # between two bridges


def refused_start(bench):
    """Whether a session cannot start."""
    try:
        bench.runner.start(messages.job())
    except RuntimeError:
        return True
    return False


def test_why_the_last_bridge_failed_is_said_while_the_next_one_tries(bridge, bench, hurry):
    tries = wire.encode(wire.Unreachable(message="Connecting to head:6379.", is_trying=True))
    failed = wire.encode(wire.Unreachable(message="No connection: refused"))
    bridge.be(f"say({tries!r})\nif number == 1:\n    time.sleep(1)\n    say({failed!r})\n"
              "    os._exit(1)\nheard('x')")  # fmt: skip
    bench.begin()
    seen = wait_for(lambda: bench.runner.cluster.unreachable, lambda it: "head" in it, SECONDS)
    assert seen == "Connecting to head:6379."
    wait_for(lambda: bench.runner.cluster.unreachable, lambda it: "refused" in it, SECONDS)
    wait_for(bridge.starts, lambda starts: len(starts) == 2, SECONDS)
    time.sleep(0.5)
    assert bench.runner.cluster.unreachable == "No connection: refused"


@pytest.mark.parametrize("how", ["stopped", "silent"])
def test_a_bridge_that_says_nothing_is_killed_and_replaced(bridge, bench, hurry, how):
    silence = "os.kill(os.getpid(), 19)" if how == "stopped" else "time.sleep(600)"
    bridge.be(
        f"say(CLUSTER)\nif number == 1:\n    heard('assign')\n    {silence}\n{LIVES}\nheard('x')"
    )
    bench.begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    wait_for(lambda: bench.runner.is_reachable, lambda reachable: not reachable, SECONDS)
    assert bench.runner.place_for(NEEDS) == "later"
    assert bench.next()[2].lost == "cluster"
    assert not is_running(bridge.processes()[0])
    bench.until_reachable()


def test_a_bridge_that_reads_nothing_holds_up_nobody(bridge, bench, hurry):
    bridge.be(f"{LIVES}\nif number == 1:\n    time.sleep(600)\nheard('x')")
    bench.begin().until_reachable()
    began = time.monotonic()
    bench.runner.start(messages.job(session_id=7, start=4))
    for _ in range(3000):  # more than a pipe takes
        bench.runner.request(7, "stop")
    assert time.monotonic() - began < SECONDS
    assert bench.next()[2].lost == "cluster"
    assert not is_running(bridge.processes()[0])
    bench.until_reachable()


def test_the_secrets_of_the_server_do_not_reach_the_bridge(bridge, bench, monkeypatch):
    monkeypatch.setenv("EXOTRAIN_TOKEN", "t" * 40)
    monkeypatch.setenv("EXOTRAIN_THREADS", "1")
    bridge.be(f"{LIVES}\nheard('x')")
    bench.begin().until_reachable()
    environment = bridge.environment()
    assert "EXOTRAIN_TOKEN" not in environment
    assert not [name for name, value in environment.items() if "t" * 40 in value]
    assert environment["EXOTRAIN_THREADS"] == "1"


def test_what_an_older_start_reports_does_not_end_the_newer(bridge, bench):
    said = report(wire.Exited(), start=3)
    placed = wire.encode(wire.Placed(session_id=7, start=3, node="n1"))
    bridge.be(f"{LIVES}\nheard('assign')\nsay({placed!r}, {said!r})\nheard('x')")
    bench.begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    assert bench.next() == (7, 3, wire.Exited())  # the database knows what it is worth
    assert bench.runner.node_of(7) is None
    assert bench.runner.place_for(NEEDS) == "later"  # the newer one has the place


def test_sessions_that_found_no_place_are_tried_again_after_a_while(bridge, bench, hurry):
    lost = report(wire.Exited(lost="cluster"))
    bridge.be(f"{LIVES}\nheard('assign')\nsay({lost!r})\nheard('x')")
    bench.begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    bench.next()
    assert bench.runner.place_for(NEEDS) == "later"
    changes = bench.changes
    wait_for(lambda: bench.runner.place_for(NEEDS), lambda place: place == "now", SECONDS)
    # The queue sleeps for a minute if nobody wakes it.
    wait_for(lambda: bench.changes, lambda count: count > changes, 2)


def test_a_node_that_joins_wakes_the_queue(bridge, bench):
    two = wire.encode(wire.Cluster(nodes=(node(), node("n2"))))
    bridge.be(f"say(CLUSTER)\nheard('warm')\nsay({two!r})\nheard('x')")
    bench.runner._settings = Settings(**{**vars(bench.runner._settings), "warm_workers": 1})
    bench.begin()
    wait_for(lambda: len(bench.runner.nodes), lambda count: count == 2, SECONDS)
    assert bench.changes >= 2


def test_the_end_of_the_server_is_no_end_of_its_sessions(bridge, settings):
    bridge.be(f"{LIVES}\nheard('assign')\nheard('x')")
    bench = Bench(settings).begin().until_reachable()
    bench.runner.start(messages.job(session_id=7, start=4))
    wait_for(bridge.heard, bool, SECONDS)
    bench.runner.close()
    (process,) = bridge.processes()
    wait_for(lambda: is_running(process), lambda runs: not runs, SECONDS)
    bench.runner._bridge._threads[0].join(SECONDS)
    assert bench.reported.empty()
    assert len(bridge.starts()) == 1
    assert bench.codes() == []


def test_a_bridge_is_killed_with_its_sessions_given_back_once(bridge, bench, hurry):
    bridge.be(f"{LIVES}\nheard('x')")
    bench.begin().until_reachable()
    for number in (7, 8):
        bench.runner.start(messages.job(session_id=number, start=4))
    os.kill(bridge.processes()[0], signal.SIGKILL)
    assert {bench.next()[0] for _ in range(2)} == {7, 8}
    wait_for(bridge.starts, lambda starts: len(starts) == 2, SECONDS)
    bench.until_reachable()
    assert bench.reported.empty()
