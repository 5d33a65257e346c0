"""What is killed, stopped or joins late while sessions train on a cluster: none of them is lost."""

import os
import signal

import pytest

from tests.e2e.server import is_running, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_session_goes_on_elsewhere_when_its_node_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    watched.cluster.kill(watched.node_of(session_id))
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.check()
    watched.cluster.add_node()


def test_a_session_goes_on_when_the_bridge_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    os.kill(watched.bridge(), signal.SIGKILL)
    wait_for(watched.reasons, lambda reasons: "cluster" in reasons)
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    assert "cluster" not in watched.reasons()
    watched.check(is_alone=False)


def test_a_cancelled_session_leaves_nothing_on_its_node(watched):
    session_id = watched.train(epochs=500)
    watched.wait(session_id, epochs=1)
    watched.client.post(f"/api/training/session/{session_id}/cancel")
    assert watched.wait(session_id)["status"] == "cancelled"
    watched.check()


def test_a_session_goes_on_when_the_server_is_killed(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    children = watched.server.children()
    watched.server.stop(signal.SIGKILL)
    wait_for(lambda: any(map(is_running, children)), lambda any_runs: not any_runs, 20)
    watched.server.start()
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.check(is_alone=False)


def test_a_session_leaves_a_node_that_is_stopped(watched):
    session_id = watched.train()
    watched.wait(session_id, epochs=2)
    node = watched.node_of(session_id)
    watched.cluster.signal(node, signal.SIGSTOP)
    session = watched.completed(session_id)
    assert session["training"]["resumed_from_epoch"] >= 1
    watched.cluster.signal(node, signal.SIGCONT)
    watched.cluster.kill(node)
    watched.check(is_alone=False)
    watched.cluster.add_node()
