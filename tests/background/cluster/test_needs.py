"""What sessions reserve of a cluster, and whether it has that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import wire
from backend.background.cluster.needs import most_at_once, needs_of, place_for, why_waiting
from backend.config import Settings
from tests import messages

SPEC = wire.Spec(**messages.SPEC)


def needs(cpus=1, gpus=0.0, memory_mb=None):
    return wire.Needs(cpus=cpus, gpus=gpus, memory_mb=memory_mb)


def node(name="a", cpus=4, gpus=0, memory_mb=8000, *, free=None, refusal=None):
    """A node; `free` is what is left of its processors, GPUs and memory."""
    left = (cpus, gpus, memory_mb) if free is None else free
    return wire.Node(
        id=name,
        name=name,
        cpus=cpus,
        gpus=gpus,
        memory_mb=memory_mb,
        cpus_free=left[0],
        gpus_free=left[1],
        memory_mb_free=left[2],
        refusal=refusal,
    )


def test_what_a_start_does_not_ask_for_is_as_the_settings_say():
    settings = Settings(threads=3, gpus=0.5, training_memory_mb=2000)
    assert needs_of(SPEC, settings) == needs(3, 0.5, 2000)
    asked = SPEC.model_copy(update={"cpus": 1, "gpus": 0.0, "memory_mb": 900})
    assert needs_of(asked, settings) == needs_of(asked.model_dump(), settings) == needs(1, 0, 900)
    assert needs_of({}, Settings()) == needs(2)


@pytest.mark.parametrize(
    ("asked", "nodes", "place"),
    [
        (needs(), [], "never"),
        (needs(), [node(refusal="it has Python 3.9")], "never"),
        (needs(4), [node()], "now"),
        (needs(5), [node()], "never"),
        (needs(4), [node(free=(3, 0, 8000))], "later"),
        (needs(4), [node(free=(3, 0, 8000)), node("b")], "now"),
        (needs(gpus=1), [node()], "never"),
        (needs(gpus=0.5), [node(gpus=1, free=(4, 0.5, 8000))], "now"),
        (needs(gpus=1), [node(gpus=1, free=(4, 0.5, 8000))], "later"),
        (needs(memory_mb=9000), [node()], "never"),
        (needs(memory_mb=8000), [node(free=(4, 0, 7999))], "later"),
        (needs(3, 1), [node(), node("b", cpus=2, gpus=2)], "never"),  # not together
    ],
)
def test_a_session_has_a_place_on_one_node_alone(asked, nodes, place):
    assert place_for(asked, nodes) == place


def test_what_was_reserved_since_the_nodes_were_seen_is_no_place():
    nodes = [node(cpus=2), node("b", cpus=1)]
    assert place_for(needs(2), nodes, [(needs(), "a")]) == "later"
    assert place_for(needs(), nodes, [(needs(2), "a"), (needs(), None)]) == "later"
    assert place_for(needs(), nodes, [(needs(2), "a")]) == "now"
    assert place_for(needs(2), nodes, [(needs(), "gone")]) == "later"  # as if it took the first


@pytest.mark.parametrize(
    ("asked", "nodes", "sentence"),
    [
        (needs(), [node()], None),
        (needs(4), [node(free=(0, 0, 0))], None),
        (
            needs(),
            [],
            "Waiting for a node; the cluster has none to train on (no nodes).",
        ),
        (
            needs(),
            [
                node(refusal="it has Python 3.9, the server 3.11"),
                node("b", refusal="being looked at"),
            ],
            "Waiting for a node; the cluster has none to train on (a: it has Python 3.9, the "
            "server 3.11; b: being looked at).",
        ),
        (needs(gpus=1), [node()], "Waiting for 1 GPU; the cluster has 0."),
        (needs(gpus=2), [node()], "Waiting for 2 GPUs; the cluster has 0."),
        (
            needs(gpus=2),
            [node(gpus=1), node("b")],
            "Waiting for 2 GPUs on one node; the largest of the cluster has 1 GPU.",
        ),
        (
            needs(8, memory_mb=16_000),
            [node()],
            "Waiting for 8 CPUs and 16000 MB of memory on one node; the largest of the cluster has "
            "4 CPUs and 8000 MB of memory.",
        ),
        (
            needs(4, 1),
            [node(), node("b", cpus=1, gpus=1)],
            "Waiting for one node with 4 CPUs, 1 GPU; the cluster's nodes have these, but not "
            "together.",
        ),
        (
            needs(memory_mb=2_000_000),
            [node(memory_mb=1_234_567)],
            "Waiting for 2000000 MB of memory on one node; the largest of the cluster has 1234567 "
            "MB of memory.",
        ),
        (
            needs(gpus=1),
            [node(), node("b", gpus=4, refusal="old")],
            "Waiting for 1 GPU; the cluster has 0.",
        ),
    ],
)
def test_a_session_says_what_the_cluster_lacks_for_it(asked, nodes, sentence):
    assert why_waiting(asked, nodes) == sentence


@pytest.mark.parametrize(
    ("asked", "nodes", "most"),
    [
        (needs(), [], 0),
        (needs(), [node(), node("b", cpus=1), node("c", refusal="old")], 5),
        (needs(3), [node(free=(0, 0, 0))], 1),  # whatever is taken now
        (needs(1, 0.1), [node(cpus=64, gpus=1)], 10),  # 1.0 // 0.1 is 9
        (needs(1, 0.25, 3000), [node(gpus=1)], 2),
        (needs(gpus=1), [node()], 0),
    ],
)
def test_the_cluster_can_have_so_many_sessions_at_once(asked, nodes, most):
    assert most_at_once(asked, nodes) == most


AMOUNTS = st.tuples(st.integers(0, 6), st.sampled_from([0, 0.5, 1, 2]), st.integers(0, 9000))
NODES = st.lists(
    st.tuples(AMOUNTS, AMOUNTS, st.sampled_from([None, None, "old"])),
    max_size=4,
).map(
    lambda all_: [
        node(str(number), *has, free=tuple(map(min, has, left)), refusal=refusal)
        for number, (has, left, refusal) in enumerate(all_)
    ]
)
NEEDS = st.builds(
    needs,
    st.integers(1, 6),
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.one_of(st.none(), st.integers(800, 9000)),
)


@given(NEEDS, NODES)
def test_a_session_without_any_place_says_why_and_no_other_does(asked, nodes):
    place = place_for(asked, nodes)
    assert (place == "never") == (why_waiting(asked, nodes) is not None)
    assert (place == "never") == (most_at_once(asked, nodes) == 0)
    assert place_for(asked, [*nodes, node("more", 6, 2, 9000)]) == "now"


@given(NEEDS, NODES)
def test_so_many_sessions_find_a_place_one_after_another_and_no_more(asked, nodes):
    empty = [
        each.model_copy(
            update={
                "cpus_free": each.cpus,
                "gpus_free": each.gpus,
                "memory_mb_free": each.memory_mb,
            }
        )
        for each in nodes
    ]
    taken = []
    while place_for(asked, empty, taken) == "now":
        taken.append((asked, None))
        assert len(taken) <= 100
    assert len(taken) == most_at_once(asked, empty)
