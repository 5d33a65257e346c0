"""Why a session on the cluster ended, and why a node or a cluster is not used, in words."""

import dataclasses

import pytest

from backend.cluster.messages import Software
from tests.cluster.ray_cluster import require_ray


@pytest.fixture
def reasons():
    require_ray()
    from backend.cluster import reasons

    return reasons


def made(name):
    """One of Ray's exceptions, with its own arguments where it needs some."""
    from ray import exceptions

    kind = getattr(exceptions, name)
    given = {
        "ActorUnavailableError": ("it is away", None),
        "ObjectLostError": ("00", None, ""),
        "OwnerDiedError": ("00", None, ""),
    }.get(name)
    if given is not None:
        return kind(*given)
    return kind() if name in ("ActorDiedError", "WorkerCrashedError") else kind("the words of Ray")


@pytest.mark.parametrize(
    "name",
    ["NodeDiedError", "LocalRayletDiedError", "ObjectLostError", "OwnerDiedError",
     "ActorDiedError", "ActorUnavailableError"],
)  # fmt: skip
def test_a_session_whose_node_is_gone_goes_on_elsewhere(reasons, name):
    exited = reasons.exited_because(made(name), "big1", is_node_alive=True)
    assert (exited.lost, exited.may_retry, exited.reason) == ("node", True, "interrupted")
    assert "big1" in exited.message


def test_whatever_ray_says_of_a_node_that_is_gone_the_session_goes_on_elsewhere(reasons):
    exited = reasons.exited_because(ValueError("?"), "big1", is_node_alive=False)
    assert exited.lost == "node"


def test_a_lack_of_memory_is_said_with_the_node_and_what_to_do(reasons):
    exited = reasons.exited_because(made("OutOfMemoryError"), "big1", is_node_alive=True)
    assert (exited.reason, exited.lost, exited.may_retry) == ("out_of_memory", None, False)
    assert "big1" in exited.message
    assert "memory_mb" in exited.message


def test_a_node_that_cannot_be_prepared_lets_the_session_wait(reasons):
    exited = reasons.exited_because(made("RuntimeEnvSetupError"), None, is_node_alive=True)
    assert exited.lost == "node"
    assert "prepared" in exited.message


def test_a_process_that_crashed_is_tried_once_more(reasons):
    exited = reasons.exited_because(made("WorkerCrashedError"), "big1", is_node_alive=True)
    assert (exited.reason, exited.lost, exited.may_retry) == ("crashed", None, True)
    assert "big1" in exited.message


@pytest.mark.parametrize("name", ["ObjectStoreFullError", "OutOfDiskError"])
def test_a_full_object_store_is_a_full_disk_of_the_cluster(reasons, name):
    exited = reasons.exited_because(made(name), "big1", is_node_alive=True)
    assert (exited.reason, exited.lost) == ("disk_full", "node")
    assert "object store" in exited.message


def test_anything_else_is_said_with_what_ray_says(reasons):
    exited = reasons.exited_because(ValueError("some\nlines"), "big1", is_node_alive=True)
    assert (exited.reason, exited.lost, exited.may_retry) == ("crashed", None, True)
    assert "ValueError: some lines" in exited.message


def test_words_of_ray_that_cannot_be_sent_or_are_long_are_made_so(reasons):
    exited = reasons.exited_because(ValueError("\ud800" + 5000 * "x"), None, is_node_alive=True)
    exited.model_dump_json()
    assert len(exited.message) < 1000
    assert len(reasons.why_unreachable(ValueError("\ud800" + 5000 * "x"), "host:1")) < 1000


def test_why_the_cluster_cannot_be_reached_names_its_address(reasons):
    assert "at host:6379" in reasons.why_unreachable(ValueError("?"), "host:6379")
    assert "on this machine" in reasons.why_unreachable(ValueError("?"), None)


def test_a_head_that_refuses_the_server_lets_compare_token_and_version(reasons):
    refused = ConnectionError("Failed to connect to Ray cluster at 192.0.2.1:6379")
    assert "RAY_AUTH_TOKEN" in reasons.why_unreachable(refused, "192.0.2.1:6379")
    assert "RAY_AUTH_TOKEN" not in reasons.why_unreachable(OSError("?"), "192.0.2.1:6379")


HERE = Software("3.11.7", {"keras": "3.15.1", "numpy": "2.4.0", "tensorflow": "2.21.0"})


def test_the_same_software_is_not_refused(reasons):
    assert reasons.refusal(HERE, HERE) is None


def test_a_node_with_another_python_is_refused(reasons):
    words = reasons.refusal(dataclasses.replace(HERE, python="3.12.1"), HERE)
    assert words == "it has Python 3.12.1, the server 3.11.7"


def test_a_node_with_other_packages_is_refused_with_each_of_them(reasons):
    found = Software("3.11.7", {"keras": "3.12.0", "numpy": "2.4.0", "tensorflow": None})
    words = reasons.refusal(found, HERE)
    assert "keras 3.12.0 (the server has 3.15.1)" in words
    assert "tensorflow is missing (the server has 2.21.0)" in words
    assert "numpy" not in words
