"""One start of a session as the bridge sees it: it ends once, in words, whatever its node does."""

import hashlib
import time

import pytest

from backend import wire
from backend.cluster.messages import Beat, FileBegins, Here, Piece, Reported, Said, Unfit
from tests import messages
from tests.cluster.parts.bench import bench, storage
from tests.e2e.server import wait_for
from tests.faults.state import files_in

__all__ = ["bench", "storage"]

CONTENT = b"state"
FILE = "model/checkpoints/7.4.ckpt"
BEGINS = FileBegins(FILE, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def reported(event):
    return Reported(wire.encode(event))


def test_a_session_is_placed_and_reports_what_its_node_says(bench, tmp_path):
    bench.run(
        Here("n1"),
        BEGINS,
        Piece(CONTENT),
        Said(b"a line\n"),
        reported(messages.epoch(1)),
        reported(wire.Exited(message="It ended.")),
        None,
    )
    assert bench.sent[0] == wire.Placed(session_id=7, start=4, node="n1")
    epoch, exited = bench.reports()
    assert epoch == messages.epoch(1)
    assert exited.message == "It ended. It was on node machine n1."
    assert (tmp_path / FILE).read_bytes() == CONTENT
    assert bench.swept == []
    assert bench.cancelled == 0


def test_a_session_without_a_place_goes_back_into_the_queue(bench):
    bench.run(waits=False)
    bench.session.tick()
    assert bench.cancelled == 0
    bench.session._since -= 1000
    bench.session.tick()
    assert bench.cancelled == 1
    bench.run(RuntimeError("cancelled"))
    (exited,) = bench.reports()
    assert exited.lost == "cluster"
    assert "no place" in exited.message


@pytest.mark.parametrize(
    ("away", "words"), [("gone", "is gone (machine n1)"), ("silent", "did not answer")]
)
def test_a_session_is_given_back_though_ray_does_not_notice_that_its_node_is_away(
    bench, tmp_path, away, words
):
    bench.run(Here("n1"), BEGINS, waits=False)
    wait_for(lambda: bench.session._receiving._begun, bool)
    bench.session.tick()
    assert bench.cancelled == 0
    if away == "gone":
        bench.alive.clear()
    bench.session._since -= 1000
    bench.session.tick()
    assert (bench.cancelled, bench.reports()) == (1, [])
    bench.session.tick()
    assert bench.reports() == []  # it may still end by itself
    bench.session._ended_at -= 1000
    bench.session.tick()
    (exited,) = bench.reports()
    assert (exited.lost, exited.may_retry, exited.reason) == ("node", True, "interrupted")
    assert words in exited.message
    assert files_in(tmp_path) == {}
    # What comes when the node is there again is for nobody.
    late = (reported(messages.epoch(1)), BEGINS, Piece(CONTENT), reported(wire.Exited()))
    bench.run(*late, None)
    assert bench.reports() == [exited]
    assert files_in(tmp_path) == {}
    bench.session.tick()
    assert bench.reports() == [exited]


def test_a_session_that_is_cancelled_leaves_its_node_clean(bench):
    bench.run(Here("n1"), waits=False)
    wait_for(lambda: bench.sent, bool)
    bench.session.end()
    bench.run(RuntimeError("cancelled"))
    (exited,) = bench.reports()
    assert exited.reason == "crashed"
    assert bench.swept == ["n1"]


@pytest.mark.parametrize(
    "said",
    [
        FileBegins("exotrain.db", 3, "0"),
        Piece(b"x"),
        FileBegins(FILE, 0, "0"),
        Reported(b'{"event":"ready"}\n'),
        Reported(b"garbage"),
    ],
)
def test_a_node_that_sends_something_else_ends_its_session_in_words(bench, tmp_path, said):
    bench.run(Here("n1"), said)
    (exited,) = bench.reports()
    assert (exited.reason, exited.may_retry) == ("crashed", False)
    assert "sent something else" in exited.message
    assert bench.cancelled == 1
    assert bench.swept == ["n1"]
    assert files_in(tmp_path) == {}


def test_a_node_that_ends_without_a_word_gives_its_session_back(bench):
    bench.run(Here("n1"), None)
    (exited,) = bench.reports()
    assert exited.lost == "cluster"


def test_a_session_that_is_ended_before_it_is_submitted_is_given_back(bench):
    bench.session.end()
    bench.run(None)
    (exited,) = bench.reports()
    assert exited.lost == "cluster"
    assert bench.swept == []


def test_a_node_that_cannot_begin_a_session_is_avoided_and_the_session_waits_for_another(bench):
    bench.run(Here("n1"), Unfit("OSError: No space left on device"), None)
    assert bench.avoided == [("n1", "OSError: No space left on device")]
    (exited,) = bench.reports()
    assert exited.lost == "cluster"
    assert "No space left on device" in exited.message
    assert "machine n1" in exited.message


def test_a_session_that_says_only_that_it_is_there_is_not_silent(bench):
    bench.run(Here("n1"), waits=False)
    wait_for(lambda: bench.session._node, bool, 10)
    bench.session._since -= 1000
    bench.run(Beat(), waits=False)
    wait_for(lambda: time.monotonic() - bench.session._since, lambda silent: silent < 60, 10)
    bench.session.tick()
    assert bench.cancelled == 0
    bench.run(reported(wire.Exited()), None)


def test_what_is_asked_before_the_desk_knows_the_session_is_passed_on_after(bench):
    bench.session.request("stop")
    assert bench.desk.told == []
    bench.run(None)
    assert bench.desk.told == [("begin", 7, 4), ("request", 7, 4, "stop")]
    bench.session.request("cancel")
    assert bench.desk.told[-1] == ("request", 7, 4, "cancel")


def test_a_session_for_which_there_is_no_node_goes_back_into_the_queue_at_once(bench):
    from backend.cluster.nodes import NoNode

    def submit():
        raise NoNode("The cluster has no node that may be used.")

    bench.session._submit = submit
    bench.run()
    (exited,) = bench.reports()
    assert (exited.lost, exited.may_retry) == ("cluster", False)
    assert "no node" in exited.message
