"""Studies over the API: their sessions, states, ends."""

import csv
from dataclasses import replace

import pytest

from backend.database import sessions
from backend.web.current import services_of
from tests.api import (
    Api,
    catalogue,
    complete,
    fail,
    form,
    predict_part,
    problem_of,
    use_depth_predictor,
)

_STUDIES = "/api/training/studies"


def parts_of(api, study_id):
    return api.get(f"{_STUDIES}/{study_id}")["study"]["sessions"]


def test_a_study_has_a_session_for_each_fold_and_seed(api, key, dataset_id):
    answer = api.study(key, dataset_id, seeds=2, seed=5, epochs=7)
    study = answer["study"]
    assert (study["status"], study["folds"], study["seeds"]) == ("pending", 3, [5, 6])
    assert study["counts"] == {
        **{"pending": 6, "training": 0, "completed": 0, "failed": 0, "cancelled": 0}
    }
    assert study["settings"]["epochs"] == 7
    assert [(each["seed"], each["fold"]) for each in study["sessions"]] == [
        (seed, fold) for seed in (5, 6) for fold in (1, 2, 3)
    ]
    assert answer["waiting_sessions"]["used"] == 1
    one = api.get(f"/api/training/session/{study['sessions'][4]['id']}")["session"]
    told = {name: one["spec"][name] for name in ("seed", "folds", "fold", "fold_seed")}
    assert told == {"seed": 6, "folds": 3, "fold": 2, "fold_seed": 5}
    assert (one["model_name"], one["study_id"]) == ("mine_s6_f2", study["id"])
    listed = api.get(f"{_STUDIES}?workspace_key={key}")["studies"]
    assert [(each["id"], each["status"]) for each in listed] == [(study["id"], "pending")]


def test_lists_leave_the_sessions_and_models_of_studies_out(api, key, dataset_id, services):
    alone = api.session(key)
    study = api.study(key, dataset_id)["study"]
    ids = {each["id"] for each in study["sessions"]}
    for part in study["sessions"]:
        predict_part(services, part)
    for path, kind in (("/api/training/sessions", "sessions"), ("/api/models", "models")):
        listed = api.get(f"{path}?workspace_key={key}")[kind]
        of_study = api.get(f"{path}?workspace_key={key}&study={study['id']}")[kind]
        assert len(of_study) == 3
        assert not {each["id"] for each in of_study} & {each["id"] for each in listed}
    assert [
        each["id"] for each in api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]
    ] == [alone]
    assert ids == {
        each["session_id"]
        for each in api.get(f"/api/models?workspace_key={key}&study={study['id']}")["models"]
    }


def test_a_model_of_a_study_never_becomes_current_by_itself(api, key, dataset_id, services):
    study = api.study(key, dataset_id)["study"]
    model_id = predict_part(services, study["sessions"][0])
    workspace = api.get("/api/workspaces")["workspaces"][0]
    assert workspace["current_model_id"] is None
    assert not api.get(f"/api/models/{model_id}")["model"]["is_current"]
    problem = problem_of(api.delete(f"/api/models/{model_id}", None))
    assert problem["status"] == 409
    assert f"part of study {study['id']}" in problem["detail"]


def test_a_session_started_by_hand_goes_before_those_of_a_study(api, key, dataset_id, services):
    api.study(key, dataset_id)
    by_hand = api.session(key)
    with services.database.read() as connection:
        assert sessions.next_pending(connection, 0)["id"] == by_hand


def test_a_study_counts_as_one_waiting_session(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=2)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    api.study(key, dataset_id, folds=20)
    api.study(key, dataset_id, folds=2)
    refused = problem_of(api.study(key, dataset_id, None))
    assert refused["status"] == 429


def test_models_that_would_not_fit_are_refused_before_the_start(make_client, settings):
    api = Api(make_client(replace(settings, quota_mb=1)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    problem = problem_of(api.study(key, dataset_id, None, folds=20, seeds=10, ensemble=5))
    assert problem["status"] == 507
    assert api.get(f"{_STUDIES}?workspace_key={key}")["studies"] == []


def test_a_table_of_too_many_rows_is_refused_with_the_number(api, key, dataset_id, monkeypatch):
    monkeypatch.setattr("backend.services.studies.start.MAX_ROWS", 89)
    problem = problem_of(api.study(key, dataset_id, None))
    assert problem["status"] == 422
    assert "at most 89 rows" in problem["detail"]


def test_more_folds_than_a_class_has_groups_are_refused(api, key):
    lines = catalogue(60).splitlines()
    fewer = [*lines[:37], *(line for line in lines[37:] if ",1,star-" not in line)]
    dataset_id = api.upload(key, "\n".join(fewer) + "\n")["dataset"]["id"]
    problem = problem_of(api.study(key, dataset_id, None, folds=20))
    assert problem["status"] == 422
    assert "CONFIRMED in at least 20 groups" in problem["detail"]
    assert api.get(f"{_STUDIES}?workspace_key={key}")["studies"] == []


def test_the_same_key_starts_one_study(api, key, dataset_id):
    first, again = (
        api.study(key, dataset_id, headers={"Idempotency-Key": "k"})["study"] for _ in range(2)
    )
    assert first["id"] == again["id"]
    other = api.study(key, dataset_id, None, headers={"Idempotency-Key": "k"}, folds=4)
    assert problem_of(other)["status"] == 422
    assert len(api.get(f"{_STUDIES}?workspace_key={key}")["studies"]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("folds", 1), ("folds", 21), ("seeds", 0), ("seeds", 11), ("name", "a b"), ("kind", "none")],
)
def test_what_is_not_a_study_is_refused_by_name(api, key, dataset_id, field, value):
    problem = problem_of(api.study(key, dataset_id, None, **{field: value}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_figures_and_predictions_come_with_the_sessions(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    assert problem_of(api.get(f"{_STUDIES}/{study_id}/predictions", None))["status"] == 409
    parts = parts_of(api, study_id)
    predict_part(services, parts[0])
    study = api.get(f"{_STUDIES}/{study_id}")["study"]
    assert (study["status"], study["counts"]["completed"]) == ("training", 1)
    assert study["figures"]["rows"] == 30
    assert study["figures"]["intervals_state"] == "unknown"
    assert study["sessions"][0]["figures"]["log_loss"] == 1.0
    for part in parts[1:]:
        predict_part(services, part)
    study = api.get(f"{_STUDIES}/{study_id}")["study"]
    assert (study["status"], study["progress"]) == ("completed", 1.0)
    assert study["completed_at"] is not None
    figures = study["figures"]
    assert (figures["rows"], figures["table_rows"], figures["is_complete"]) == (90, 90, True)
    assert figures["baseline"] == pytest.approx({"accuracy": 0.6, "macro_f1": 0.5, "log_loss": 0.9})
    page = api.get(f"{_STUDIES}/{study_id}/predictions?label=CONFIRMED&offset=2&limit=3")
    assert (page["count"], page["total"], page["offset"]) == (3, 30, 2)
    first = page["rows"][0]
    assert (first["row"], first["star"], first["label_name"]) == (7, "star-7", "CONFIRMED")
    assert first["candidate"]["period"] == pytest.approx(3.07)
    assert first["predicted_name"] == "CONFIRMED"


def test_the_table_is_downloaded_as_csv(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    for part in parts_of(api, study_id):
        predict_part(services, part)
    response = api.get(f"{_STUDIES}/{study_id}/predictions.csv?sort=planet", None)
    assert response.mimetype == "text/csv"
    assert f"mine_{study_id}_predictions.csv" in response.headers["Content-Disposition"]
    lines = response.get_data(as_text=True).splitlines()
    assert len(lines) == 91
    assert lines[0].startswith("row,line,star,label,predicted_label,p_candidate,p_confirmed")
    assert lines[1].startswith("0,2,star-0,CANDIDATE,CONFIRMED,0.2")


def test_a_name_that_would_run_or_end_a_cell_does_not(api, key, services):
    lines = catalogue().splitlines()
    lines[1] = lines[1].replace("star-0", '"=1+1"')
    lines[2] = lines[2].replace("star-1", '"a,""b"""')
    dataset_id = api.upload(key, "\n".join(lines) + "\n")["dataset"]["id"]
    study_id = api.study(key, dataset_id)["study"]["id"]
    for part in parts_of(api, study_id):
        predict_part(services, part)
    text = api.get(f"{_STUDIES}/{study_id}/predictions.csv", None).get_data(as_text=True)
    stars = [each["star"] for each in csv.DictReader(text.splitlines())]
    assert stars[:3] == ["'=1+1", 'a,"b"', "star-2"]


def test_a_deleted_dataset_leaves_the_predictions(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    for part in parts_of(api, study_id):
        predict_part(services, part)
    api.delete(f"/api/training/dataset/{dataset_id}")
    row = api.get(f"{_STUDIES}/{study_id}/predictions?limit=1")["rows"][0]
    assert (row["candidate"], row["line"], row["predicted_name"]) == (None, None, "CONFIRMED")
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))["status"] == 409


def test_a_study_is_cancelled_with_all_that_waits(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    first, second, _ = parts_of(api, study_id)
    predict_part(services, first)
    with services.database.write() as connection:
        sessions.change(connection, second["id"], status="training")
    study = api.post(f"{_STUDIES}/{study_id}/cancel")["study"]
    assert [each["status"] for each in study["sessions"]] == ["completed", "training", "cancelled"]
    assert study["sessions"][1]["request"] == "cancel"
    with services.database.write() as connection:
        sessions.end(connection, second["id"], "cancelled")
    study = api.get(f"{_STUDIES}/{study_id}")["study"]
    assert (study["status"], study["progress"]) == ("cancelled", pytest.approx(1 / 3))
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/cancel", None))["status"] == 409


def test_what_failed_is_started_again_in_its_place(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    first, second, third = parts_of(api, study_id)
    predict_part(services, first)
    kept = fail(services, second["id"])
    predict_part(services, third)
    assert api.get(f"{_STUDIES}/{study_id}")["study"]["status"] == "failed"
    study = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]
    assert [each["status"] for each in study["sessions"]] == ["completed", "pending", "completed"]
    new = study["sessions"][1]
    assert (new["fold"], new["seed"]) == (second["fold"], second["seed"])
    assert new["id"] not in (first["id"], second["id"], third["id"])
    assert not kept.exists()
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))["status"] == 409


def test_a_session_of_a_study_is_retried_and_deleted_with_it_alone(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    part = parts_of(api, study_id)[0]
    fail(services, part["id"])
    for call in (
        api.post(f"/api/training/session/{part['id']}/retry", None),
        api.delete(f"/api/training/session/{part['id']}", None),
    ):
        problem = problem_of(call)
        assert problem["status"] == 409
        assert f"study {study_id}" in problem["detail"]


@pytest.mark.usefixtures("without_bin")
def test_a_study_is_deleted_with_its_models(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id, folds=10)["study"]["id"]
    assert problem_of(api.delete(f"{_STUDIES}/{study_id}", None))["status"] == 409
    parts = parts_of(api, study_id)
    models = [predict_part(services, each, 90, 10) for each in parts[:-1]]
    kept = fail(services, parts[-1]["id"])
    api.post(f"/api/models/{models[8]}/promote")
    problem = problem_of(api.delete(f"{_STUDIES}/{study_id}", None))
    assert f"Model {models[8]}" in problem["detail"]
    assert len(parts_of(api, study_id)) == 10  # nothing was deleted
    other = complete(services, api.session(key))
    api.post(f"/api/models/{other}/promote")
    api.delete(f"{_STUDIES}/{study_id}")
    assert problem_of(api.get(f"{_STUDIES}/{study_id}", None))["status"] == 404
    assert problem_of(api.get(f"/api/models/{models[0]}", None))["status"] == 404
    folder = services.storage.models / "1"
    assert not [path for path in folder.iterdir() if path.name.startswith("mine_")]
    assert not kept.exists()
    last = api.get("/api/audit")["entries"][0]
    assert (last["action"], last["target"]) == ("study_deleted", f"study {study_id}")


def test_a_study_whose_model_an_unfinished_batch_needs_stays(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    model_ids = [predict_part(services, each) for each in parts_of(api, study_id)]
    use_depth_predictor(api.client)
    data = form(catalogue(3), workspace_key=key, model_id=model_ids[1])
    batch = api.post("/api/predict/batches", 202, data=data)["batch"]["id"]
    problem = problem_of(api.delete(f"{_STUDIES}/{study_id}", None))
    assert problem["status"] == 409
    assert f"unfinished batches ({batch})" in problem["detail"]
    api.post(f"/api/predict/batches/{batch}/cancel")
    api.delete(f"{_STUDIES}/{study_id}")


def test_a_session_whose_best_epoch_is_being_kept_is_neither_retried_nor_deleted(
    api, key, dataset_id, services
):
    study_id = api.study(key, dataset_id, folds=2)["study"]["id"]
    first, second = parts_of(api, study_id)
    predict_part(services, first, folds=2)
    fail(services, second["id"])
    api.post(f"/api/training/session/{second['id']}/keep", 202)
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))["status"] == 409
    assert problem_of(api.delete(f"{_STUDIES}/{study_id}", None))["status"] == 409
    api.post(f"/api/training/session/{second['id']}/cancel")
    api.post(f"{_STUDIES}/{study_id}/retry", 202)


def test_a_retry_that_would_not_fit_is_refused_and_nothing_is_lost(make_client, settings):
    api = Api(make_client(replace(settings, quota_mb=4)), settings.token)
    services = services_of(api.client.application)
    key = api.workspace()
    study_id = api.study(key, api.dataset(key), folds=2)["study"]["id"]
    parts = parts_of(api, study_id)
    for part in parts:
        fail(services, part["id"])
    with services.database.write() as connection:
        sessions.change(connection, parts[0]["id"], checkpoint_bytes=4_000_000)
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))["status"] == 507
    assert [each["id"] for each in parts_of(api, study_id)] == [each["id"] for each in parts]


def test_a_retry_takes_a_waiting_place(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=1)), settings.token)
    services = services_of(api.client.application)
    key = api.workspace()
    dataset_id = api.dataset(key)
    study_id = api.study(key, dataset_id)["study"]["id"]
    for part in parts_of(api, study_id):
        fail(services, part["id"])
    api.start(key, dataset_id)
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))["status"] == 429


def test_others_see_nothing_of_a_study(api, key, dataset_id):
    study_id = api.study(key, dataset_id)["study"]["id"]
    stranger = api.new_user("stranger")
    assert problem_of(stranger.get(f"{_STUDIES}/{study_id}", None))["status"] == 404
    assert problem_of(stranger.post(f"{_STUDIES}/{study_id}/cancel", None))["status"] == 404
    assert problem_of(stranger.delete(f"{_STUDIES}/{study_id}", None))["status"] == 404


def test_a_retried_session_keeps_what_people_say_of_it(api, key, dataset_id, services):
    study = api.study(key, dataset_id)["study"]
    failed = study["sessions"][1]["id"]
    for part in study["sessions"]:
        fail(services, part["id"])
    api.patch(f"/api/training/session/{failed}", json={"title": "odd", "is_starred": True})
    again = api.post(f"{_STUDIES}/{study['id']}/retry", 202)["study"]["sessions"][1]["id"]
    session = api.get(f"/api/training/session/{again}")["session"]
    assert again != failed
    assert (session["title"], session["is_starred"]) == ("odd", True)
