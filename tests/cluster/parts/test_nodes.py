"""What the bridge knows of nodes: one that could not begin a session is left alone for a while."""

import time

import pytest

from backend import wire
from tests.cluster.ray_cluster import require_ray

NODE = {
    "NodeID": "n1",
    "NodeManagerHostname": "big1",
    "Resources": {"CPU": 2.0, "GPU": 1.0, "memory": 4e9},
}


@pytest.fixture
def nodes():
    require_ray()
    from backend.cluster.nodes import Nodes

    nodes = Nodes()
    nodes._looked["n1"] = "x86_64", None, "big1"
    return nodes


@pytest.fixture
def passed(monkeypatch):
    """Lets so many seconds pass."""
    seconds = [0.0]
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + seconds[0])

    def passed(more: float) -> None:
        seconds[0] += more

    return passed


def test_a_node_is_described_by_what_ray_says_and_by_the_look_at_it(nodes):
    found = nodes._described(NODE, {"CPU": 1.0, "memory": 1e9})
    assert (found.name, found.processor, found.refusal) == ("big1", "x86_64", None)
    assert (found.cpus, found.cpus_free, found.gpus, found.gpus_free) == (2.0, 1.0, 1.0, 0.0)
    assert (found.memory_mb, found.memory_mb_free) == (4000.0, 1000.0)


def test_a_node_that_could_not_begin_a_session_gets_none_for_longer_each_time(nodes, passed):
    for seconds in (60, 120, 240):
        nodes.avoid("n1", "OSError: No space left on device")
        refusal = nodes._described(NODE, {}).refusal
        assert "could not begin there: OSError: No space left on device" in refusal
        passed(seconds - 5)
        assert nodes._described(NODE, {}).refusal is not None
        passed(10)
        assert nodes._described(NODE, {}).refusal is None
    for _ in range(20):
        nodes.avoid("n1", "again")
    passed(3605)
    assert nodes._described(NODE, {}).refusal is None


def test_what_the_look_refuses_stays_refused(nodes):
    nodes._looked["n1"] = "x86_64", "it has other packages", "big1"
    nodes.avoid("n1", "OSError")
    assert nodes._described(NODE, {}).refusal == "it has other packages"


def test_a_node_that_is_left_alone_gets_nothing_from_that_moment_on(nodes):
    needs = wire.Needs(cpus=1, gpus=0.0, memory_mb=None)
    nodes._alive = {
        "n1": nodes._described(NODE, {}),
        "n2": nodes._described(NODE | {"NodeID": "n2"}, {}),
    }
    nodes._alive["n2"] = nodes._alive["n2"].model_copy(update={"refusal": None})
    assert nodes.options(needs)["label_selector"] == {"ray.io/node-id": "in(n1,n2)"}
    nodes.avoid("n1", "OSError")
    assert nodes.options(needs)["label_selector"] == {"ray.io/node-id": "in(n2)"}
    nodes.avoid("n2", "OSError")
    with pytest.raises(nodes_module().NoNode, match="no node that may be used"):
        nodes.options(needs)


def nodes_module():
    """The module, which imports Ray."""
    from backend.cluster import nodes

    return nodes
