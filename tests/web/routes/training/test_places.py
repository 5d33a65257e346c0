"""Where sessions train: what they reserve of a cluster, what they wait for, on which node."""

import json
import re

import pytest

from backend import wire
from backend.background.cluster.needs import why_waiting
from backend.background.cluster.state import ClusterState
from backend.database import finished_epochs, sessions, studies
from backend.database.listing import queue
from tests import messages
from tests.api import problem_of

RESERVED = {"cpus": 3, "gpus": 0.5, "memory_mb": 1500}

NODE = wire.Node(
    id="1",
    name="alpha",
    cpus=4,
    gpus=0,
    memory_mb=8000,
    cpus_free=1,
    gpus_free=0,
    memory_mb_free=2000,
    processor="Xeon",
)
OLD = NODE.model_copy(update={"id": "2", "name": "beta", "refusal": "it has Python 3.9"})

_SPACE = {"learning_rate": {"low": 0.001, "high": 0.1}}


@pytest.fixture
def on_a_cluster(services):
    """The server's runner is ray."""
    object.__setattr__(services.settings, "runner", "ray")


class ToldCluster:
    """A runner whose cluster is what the test says."""

    def __init__(self):
        self.cluster = ClusterState(None, (NODE, OLD))
        self.training = {}

    def most_at_once(self, needs):
        return 2 if needs.cpus == 2 else 1

    def why_waiting(self, needs):
        if self.cluster.unreachable is not None:
            return f"Waiting for the cluster. {self.cluster.unreachable}"
        return why_waiting(needs, self.cluster.nodes)

    def node_of(self, session_id):
        return self.training.get(session_id)


@pytest.fixture
def cluster(on_a_cluster, bell):
    """The cluster of the application: of four processors, and a node that is not used."""
    bell.runner = ToldCluster()
    return bell.runner


def reserved_by(session):
    return {name: session["spec"][name] for name in RESERVED}


@pytest.mark.usefixtures("on_a_cluster")
def test_a_session_keeps_what_it_reserves_over_a_repeated_request_and_a_retry(api, key, dataset_id):
    key_of_request = {"headers": {"Idempotency-Key": "k"}}
    first = api.start(key, dataset_id, **RESERVED, **key_of_request)["session"]
    assert reserved_by(first) == RESERVED
    again = api.start(key, dataset_id, **RESERVED, **key_of_request)["session"]
    assert again["id"] == first["id"]
    other = api.start(key, dataset_id, None, **RESERVED | {"gpus": 1}, **key_of_request)
    assert problem_of(other)["errors"][0]["field"] == "Idempotency-Key"
    api.post(f"/api/training/session/{first['id']}/cancel")
    retried = api.post(f"/api/training/session/{first['id']}/retry", 202)["session"]
    assert reserved_by(retried) == RESERVED


@pytest.mark.usefixtures("on_a_cluster")
def test_all_sessions_of_a_study_reserve_the_same_also_those_that_are_tried_again(
    api, key, dataset_id, services
):
    folds = api.study(key, dataset_id, **RESERVED)["study"]
    grid = api.grid(key, dataset_id, [{"epochs": 3}], **RESERVED)["study"]
    search = api.search(key, dataset_id, _SPACE, **RESERVED)["study"]
    for study, count in ((folds, 3), (grid, 4), (search, 1)):
        assert study["settings"].items() >= RESERVED.items()
        assert _reserved_by_parts(services, study) == [RESERVED] * count
    assert [(each["setting"], each["seed"]) for each in grid["sessions"]] == [
        (setting, seed) for setting in (0, 1) for seed in (0, 1)
    ]
    assert grid["differences"] == [{"label": "epochs 3", "changes": {"epochs": 3}}]
    api.post(f"/api/training/studies/{folds['id']}/cancel")
    api.post(f"/api/training/studies/{folds['id']}/retry", 202)
    assert _reserved_by_parts(services, folds) == [RESERVED] * 3


def test_a_server_without_a_cluster_refuses_what_is_reserved_in_words(api, key, dataset_id):
    for refused in (
        api.start(key, dataset_id, None, **RESERVED),
        api.study(key, dataset_id, None, **RESERVED),
    ):
        problem = problem_of(refused)
        assert problem["status"] == 422
        assert problem["detail"] == (
            "cpus: This server trains on its own machine: leave it out, or set EXOTRAIN_RUNNER=ray "
            "for a cluster."
        )
        assert [each["field"] for each in problem["errors"]] == list(RESERVED)
    unasked = api.start(key, dataset_id, cpus=None, gpus=None)["session"]
    assert reserved_by(unasked) == dict.fromkeys(RESERVED)


@pytest.mark.usefixtures("on_a_cluster")
@pytest.mark.parametrize("gpus", [0, 1, 64, 0.01, 0.25])
def test_gpus_are_whole_or_a_part_of_one(api, key, dataset_id, gpus):
    assert api.start(key, dataset_id, gpus=gpus)["session"]["spec"]["gpus"] == gpus


@pytest.mark.usefixtures("on_a_cluster")
def test_one_and_a_half_gpus_are_refused_in_words(api, key, dataset_id):
    problem = problem_of(api.start(key, dataset_id, None, gpus=1.5))
    assert problem["detail"] == (
        "gpus: Expected a whole number, or a part of one from 0.01, received 1.5."
    )


def test_a_study_of_an_earlier_release_is_known_by_its_key(api, key, dataset_id, services):
    """It stored no resources."""
    headers = {"Idempotency-Key": "k"}
    first = api.study(key, dataset_id, headers=headers)["study"]
    with services.database.write() as connection:
        settings = studies.find(connection, first["id"])["settings"]
        for name in RESERVED:
            del settings["spec"][name]
        connection.exec_driver_sql(
            "UPDATE studies SET settings = ? WHERE id = ?", (json.dumps(settings), first["id"])
        )
    assert api.study(key, dataset_id, headers=headers)["study"]["id"] == first["id"]


def _reserved_by_parts(services, study):
    with services.database.read() as connection:
        parts = studies.parts_of(connection, [study["id"]])[study["id"]]
        return [reserved_by(sessions.find(connection, part["id"])) for part in parts]


def test_a_session_says_what_it_waits_for_and_can_be_cancelled(api, key, cluster):
    session_id = api.session(key, gpus=1)
    path = f"/api/training/session/{session_id}"
    waits = "Waiting for 1 GPU; the cluster has 0."
    assert api.get(path)["session"]["waiting_for"] == waits
    other = api.session(key)
    listed = api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    assert [(each["id"], each["waiting_for"]) for each in listed] == [
        (other, None),
        (session_id, waits),
    ]
    cluster.cluster = ClusterState("Nothing listens at head:6379.", (NODE,))
    unreachable = "Waiting for the cluster. Nothing listens at head:6379."
    assert api.get(path)["session"]["waiting_for"] == unreachable
    cancelled = api.post(f"{path}/cancel")["session"]
    assert (cancelled["status"], cancelled["waiting_for"]) == ("cancelled", None)


def test_a_session_says_on_which_node_it_trains(api, key, cluster, services):
    session_id = api.session(key)
    path = f"/api/training/session/{session_id}"
    with services.database.write() as connection:
        sessions.change(connection, session_id, status="training")
    assert api.get(path)["session"]["node"] is None  # it has no place yet
    cluster.training[session_id] = NODE
    node = {"name": "alpha", "processor": "Xeon"}
    assert api.get(path)["session"]["node"] == node
    (listed,) = api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    assert listed["node"] == node
    with services.database.write() as connection:
        sessions.end(connection, session_id, "cancelled")
    assert api.get(path)["session"]["node"] is None


def test_an_answer_is_another_once_the_cluster_has_changed(api, key, cluster):
    path = f"/api/training/session/{api.session(key, gpus=1)}"
    etag = api.get(path, None).headers["ETag"]
    asked = {"headers": {"If-None-Match": etag}}
    assert api.get(path, None, **asked).status_code == 304
    cluster.cluster = ClusterState(None, (NODE.model_copy(update={"gpus": 1}),))
    changed = api.get(path, None, **asked)
    assert changed.status_code == 200
    assert changed.get_json()["session"]["waiting_for"] is None


def test_the_wait_is_a_guess_from_what_the_cluster_can_have_at_once(
    api, key, cluster, services, monkeypatch
):
    object.__setattr__(services.settings, "trainings", None)
    monkeypatch.setattr(queue, "recent_seconds", lambda _connection: [60.0])
    ids = [api.session(key) for _ in range(4)]
    lacking = api.session(key, gpus=1)
    listed = api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    waits = {each["id"]: each["wait_seconds"] for each in listed}
    assert [waits[each] for each in ids] == [0, 0, 60, 60]
    assert waits[lacking] is None


def test_the_rest_of_a_study_is_a_guess_from_the_places_for_its_sessions(
    api, key, dataset_id, cluster, services
):
    object.__setattr__(services.settings, "trainings", None)
    left = []
    for cpus in (2, 3):  # of which two and one can train at once
        study = api.study(key, dataset_id, cpus=cpus, epochs=10)["study"]
        with services.database.write() as connection:
            part = study["sessions"][0]["id"]
            sessions.change(connection, part, status="training", epochs_completed=1)
            metrics = messages.metrics().model_dump() | {"epoch_seconds": 2.0}
            finished_epochs.add(connection, part, 1, metrics)
        left.append(api.get(f"/api/training/studies/{study['id']}")["study"]["eta_seconds"])
    assert left == [29, 58]
    listed = api.get(f"/api/training/studies?workspace_key={key}")["studies"]
    assert [each["eta_seconds"] for each in listed] == [58, 29]


def test_the_nodes_of_the_cluster_are_shown_with_why_some_are_not_used(api, cluster):
    shown = api.get("/api/cluster")
    assert (shown["runner"], shown["reachable"], shown["message"]) == ("ray", True, None)
    first = NODE.model_dump(exclude={"id"})
    assert shown["nodes"] == [first, {**first, "name": "beta", "refusal": "it has Python 3.9"}]


def test_a_cluster_that_is_lost_says_why_and_since_when_as_health_does(api, cluster, services):
    cluster.cluster = ClusterState("Nothing listens at head:6379.", ())
    services.troubles.note("cluster", 60)
    shown = api.get("/api/cluster")
    assert (shown["reachable"], shown["message"]) == (False, "Nothing listens at head:6379.")
    (reason,) = api.get("/api/health")["reasons"]
    assert (reason["code"], reason["since"]) == ("cluster", shown["since"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["since"])
    assert "head:6379" not in json.dumps(api.get("/api/health"))


@pytest.mark.parametrize("has_supervisor", [True, False])
def test_a_server_without_a_cluster_shows_none(api, services, has_supervisor, request):
    if has_supervisor:
        request.getfixturevalue("bell")
    assert api.get("/api/cluster") == {
        **{"success": True, "runner": "process", "nodes": []},
        **dict.fromkeys(("reachable", "message", "since")),
    }
