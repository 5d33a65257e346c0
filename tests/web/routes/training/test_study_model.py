"""One model of all folds, over the API: who may have it when, and what stands in its way."""

import pytest

from backend.database import sessions
from backend.training.spec import upgrade_spec
from tests.api import complete, predict_part, problem_of

_STUDIES = "/api/training/studies"


@pytest.fixture
def study(api, key, services):
    """Two seeds, of which one has a model of each of the three folds."""
    found = api.study(key, api.dataset(key), seeds=2, seed=4)["study"]
    for part in found["sessions"][:4]:
        predict_part(services, part)
    return found


def join(api, study, status=202, **options):
    return api.post(f"{_STUDIES}/{study['id']}/model", status, json={}, **options)


def test_the_session_joins_the_models_of_the_seed_that_is_whole(api, study, services):
    answer = join(api, study)
    session = answer["session"]
    assert (session["model_name"], session["study_id"]) == ("mine_joined", None)
    assert session["spec"]["joined_study"] == study["id"]
    members = session["spec"]["members"]
    assert [(each["seed"], each["fold"]) for each in members] == [(4, 1), (4, 2), (4, 3)]
    with services.database.read() as connection:
        stored = sessions.find(connection, session["id"])
    spec = upgrade_spec(stored["spec"])
    assert (spec.folds, spec.fold, len(spec.members)) == (None, None, 3)
    shown = api.get(f"{_STUDIES}/{study['id']}")["study"]
    assert len(shown["sessions"]) == 6
    assert shown["joined"] == [
        {
            **{"session_id": session["id"], "model_name": "mine_joined"},
            **{"status": "pending", "model_id": None},
        }
    ]


def test_a_study_without_a_whole_seed_says_how_many_sessions_are_missing(api, key, services):
    study = api.study(key, api.dataset(key))["study"]
    predict_part(services, study["sessions"][0])
    problem = problem_of(join(api, study, None))
    assert problem["status"] == 409
    assert "1 of 3 sessions" in problem["detail"]


def test_a_repeated_request_starts_no_second_session(api, study):
    headers = {"Idempotency-Key": "once"}
    first = join(api, study, headers=headers)["session"]["id"]
    assert join(api, study, headers=headers)["session"]["id"] == first
    assert join(api, study)["session"]["id"] != first


def test_a_repeated_request_answers_the_same_when_another_seed_is_whole(api, study, services):
    headers = {"Idempotency-Key": "once"}
    first = join(api, study, headers=headers)["session"]["id"]
    for part in study["sessions"][4:]:
        predict_part(services, part)
    assert join(api, study, headers=headers)["session"]["id"] == first
    path = f"{_STUDIES}/{study['id']}/model"
    problem = problem_of(api.post(path, None, json={"model_name": "x"}, headers=headers))
    assert (problem["status"], "new key" in problem["detail"]) == (422, True)


def test_a_study_whose_models_are_being_joined_is_not_deleted(api, study, services):
    for part in study["sessions"][4:]:
        predict_part(services, part)
    session_id = join(api, study)["session"]["id"]
    problem = problem_of(api.delete(f"{_STUDIES}/{study['id']}", None))
    assert problem["status"] == 409
    assert f"joined by session {session_id}" in problem["detail"]
    complete(services, session_id)
    api.delete(f"{_STUDIES}/{study['id']}")
    assert api.get(f"/api/training/session/{session_id}")["session"]["model_id"] is not None


def test_a_study_whose_dataset_is_gone_joins_no_models(api, study, services):
    for part in study["sessions"][4:]:
        predict_part(services, part)
    api.delete(f"/api/training/dataset/{study['dataset_id']}")
    problem = problem_of(join(api, study, None))
    assert problem["status"] == 409
    assert "dataset" in problem["detail"]
