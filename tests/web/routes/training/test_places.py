"""Where sessions train: what they reserve of a cluster."""

import json

import pytest

from backend.database import sessions, studies
from tests.api import problem_of

RESERVED = {"cpus": 3, "gpus": 0.5, "memory_mb": 1500}

_SPACE = {"learning_rate": {"low": 0.001, "high": 0.1}}


@pytest.fixture
def on_a_cluster(services):
    """The server's runner is ray."""
    object.__setattr__(services.settings, "runner", "ray")


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
