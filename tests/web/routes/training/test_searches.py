"""Studies of kind search over the API: their trials, states, ends; the session queue is planted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from backend.background.search.searches import Searches
from backend.database import sessions
from backend.database.schema import iso
from backend.database.search import trials
from backend.services.studies.start import has_space
from backend.web.current import services_of
from tests.api import Api, complete, predict_part, problem_of
from tests.background.search.planted import finish, learn

_STUDIES = "/api/training/studies"

RATES = {"learning_rate": {"low": 1e-4, "high": 1e-2}}


@pytest.fixture
def queue(services):
    """The session queue's part of a search, and what reports in place of workers."""
    bench = SimpleNamespace(database=services.database)
    searches = Searches(services.settings, services.database, partial(has_space, services))

    def work():
        searches.prune()
        searches.add_trials()

    return SimpleNamespace(
        work=work,
        learn=lambda session_id, *values: learn(bench, session_id, *values),
        finish=lambda session_id, *values, **how: finish(bench, session_id, *values, **how),
    )


def of(api, study_id):
    return api.get(f"{_STUDIES}/{study_id}")["study"]


def ago(minutes):
    return iso(datetime.now(UTC) - timedelta(minutes=minutes))


def change(services, session_id, **values):
    with services.database.write() as connection:
        sessions.change(connection, session_id, **values)


def test_a_search_begins_with_the_setting_that_was_asked_for(api, key, dataset_id):
    answer = api.search(key, dataset_id, RATES, epochs=7, seed=5, learning_rate=3e-3)
    study = answer["study"]
    assert (study["kind"], study["status"], study["folds"]) == ("search", "pending", None)
    assert (study["progress"], study["counts"]["pending"]) == (0, 1)
    assert "first trial" in answer["message"]
    search = study["search"]
    assert (search["state"], search["added"], search["best"]) == ("open", 1, None)
    told = {name: search[name] for name in ("trials", "minutes", "parallel", "pruning")}
    assert told == {"trials": 4, "minutes": None, "parallel": 1, "pruning": True}
    assert search["space"] == {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    (trial,) = search["tried"]
    assert (trial["number"], trial["settings"]) == (1, {"learning_rate": 3e-3})
    (part,) = study["sessions"]
    assert (part["id"], part["trial"], part["seed"]) == (trial["session_id"], 1, 5)
    session = api.get(f"/api/training/session/{part['id']}")["session"]
    assert session["model_name"] == "mine_t1"
    assert (session["spec"]["epochs"], session["spec"]["fold"]) == (7, None)
    assert answer["waiting_sessions"]["used"] == 1
    listed = api.get(f"{_STUDIES}?workspace_key={key}")["studies"]
    assert [(each["id"], each["search"]["added"]) for each in listed] == [(study["id"], 1)]


def test_trials_follow_and_the_best_is_that_of_the_validation_rows(
    api, key, dataset_id, queue, services
):
    study_id = api.search(key, dataset_id, RATES, trials=3)["study"]["id"]
    for number, value in ((1, 0.6), (2, 0.4), (3, 0.5)):
        part = of(api, study_id)["sessions"][number - 1]
        assert part["trial"] == number
        queue.learn(part["id"], 0.9, value, value + 0.1)
        predict_part(services, part)
        queue.work()
        found = of(api, study_id)
        assert found["status"] == ("completed" if number == 3 else "training")
        assert found["progress"] == pytest.approx(number / 3)
    search = found["search"]
    assert search["state"] == "trials"
    assert [each["value"] for each in search["tried"]] == [0.6, 0.4, 0.5]
    best = search["best"]
    assert (best["number"], best["best_epoch"], best["epochs_completed"]) == (2, 2, 3)
    assert best["test"] == {"rows": 30, "accuracy": 0.5, "macro_f1": 0.4, "log_loss": 1.0}
    model = api.get(f"/api/models/{best['model_id']}")["model"]
    assert not model["is_current"]
    api.post(f"/api/models/{best['model_id']}/promote")
    assert api.get(f"/api/models/{best['model_id']}")["model"]["is_current"]
    assert problem_of(api.delete(f"{_STUDIES}/{study_id}", None))["status"] == 409


def test_the_best_so_far_may_still_run_and_has_no_test_figures_then(
    api, key, dataset_id, queue, services
):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    change(services, first["id"], status="training", stage="learning")
    queue.learn(first["id"], 0.8, 0.7)
    best = of(api, study_id)["search"]["best"]
    assert (best["number"], best["value"], best["model_id"], best["test"]) == (1, 0.7, None, None)


def test_a_pruned_trial_is_cancelled_with_the_reason_and_no_failure_of_the_search(
    api, key, dataset_id, queue, services
):
    study_id = api.search(key, dataset_id, RATES, trials=5, epochs=5)["study"]["id"]
    for number in range(1, 5):
        part = of(api, study_id)["sessions"][number - 1]
        queue.learn(part["id"], 0.5, 0.5)
        predict_part(services, part)
        queue.work()
    last = of(api, study_id)["sessions"][4]["id"]
    change(services, last, status="training", stage="learning")
    queue.learn(last, 0.9, 0.8)
    queue.work()
    # Until it has ended, it is only asked to; it may yet complete.
    asked = of(api, study_id)
    told = asked["search"]["tried"][4]
    assert (told["status"], told["reason"]) == ("training", None)
    assert (asked["sessions"][4]["error"], asked["sessions"][4]["request"]) == (None, "cancel")
    session = api.get(f"/api/training/session/{last}")["session"]
    assert (session["status"], session["error"], session["request"]) == ("training", None, "cancel")
    with services.database.write() as connection:
        row = sessions.find(connection, last)
        assert row["request"] == "cancel"
        sessions.end(connection, last, "cancelled", row["error"])
    queue.work()
    found = of(api, study_id)
    trial = found["search"]["tried"][4]
    assert (trial["status"], trial["value"]) == ("pruned", 0.8)
    assert trial["reason"].startswith("Pruned after epoch 2: validation log loss 0.8000;")
    assert (found["status"], found["counts"]["cancelled"]) == ("completed", 1)
    assert api.get(f"/api/training/session/{last}")["session"]["error"]["reason"] == "pruned"
    refused = problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))
    assert refused["status"] == 409


def test_a_stopped_search_adds_no_trial_and_a_retry_goes_on(api, key, dataset_id, queue, services):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    queue.learn(first["id"], 0.5)
    predict_part(services, first)
    stopped = api.post(f"{_STUDIES}/{study_id}/stop")["study"]
    assert (stopped["status"], stopped["search"]["state"]) == ("completed", "stopped")
    queue.work()
    assert of(api, study_id)["search"]["added"] == 1
    assert problem_of(api.post(f"{_STUDIES}/{study_id}/stop", None))["status"] == 409
    again = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]
    assert (again["status"], again["search"]["state"]) == ("training", "open")
    queue.work()
    assert of(api, study_id)["search"]["added"] == 2


def test_a_cancelled_search_ends_its_trials_and_can_be_deleted(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    assert problem_of(api.delete(f"{_STUDIES}/{study_id}", None))["status"] == 409
    cancelled = api.post(f"{_STUDIES}/{study_id}/cancel")["study"]
    assert (cancelled["status"], cancelled["search"]["state"]) == ("cancelled", "cancelled")
    queue.work()
    assert of(api, study_id)["search"]["added"] == 1
    api.delete(f"{_STUDIES}/{study_id}")
    assert api.get(f"{_STUDIES}?workspace_key={key}")["studies"] == []


def test_a_search_that_was_stopped_says_that_it_goes_on(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    queue.finish(first["id"], 0.5)
    api.post(f"{_STUDIES}/{study_id}/stop")
    answer = api.post(f"{_STUDIES}/{study_id}/retry", 202)
    assert answer["message"] == f"Study {study_id} goes on; its next trial waits."
    assert answer["study"]["search"]["state"] == "open"


def test_a_deleted_search_comes_back_from_the_bin_with_its_trials(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    before = api.post(f"{_STUDIES}/{study_id}/cancel")["study"]
    api.delete(f"{_STUDIES}/{study_id}")
    (entry,) = api.get(f"/api/bin?workspace_key={key}")["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    after = of(api, study_id)
    assert (after["search"], after["counts"]) == (before["search"], before["counts"])


def test_a_search_of_a_workspace_that_comes_back_does_not_go_on_by_itself(
    api, key, dataset_id, queue
):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    api.delete(f"/api/workspaces/{key}")
    (entry,) = api.get("/api/bin")["entries"]
    api.post(f"/api/bin/{entry['id']}/restore")
    queue.work()
    found = of(api, study_id)["search"]
    assert (found["state"], found["added"]) == ("cancelled", 1)


def test_a_search_limited_by_time_alone_has_at_most_200_trials(
    api, key, dataset_id, queue, services
):
    study_id = api.search(key, dataset_id, RATES, trials=None, minutes=10_000)["study"]["id"]
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE searches SET last_trial = 200")
    queue.work()
    assert of(api, study_id)["search"]["state"] == "trials"


def test_an_open_search_is_not_deleted_between_two_trials(api, key, dataset_id, queue, services):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    predict_part(services, of(api, study_id)["sessions"][0])
    problem = problem_of(api.delete(f"{_STUDIES}/{study_id}", None))
    assert problem["status"] == 409
    assert "has not ended" in problem["detail"]


def test_a_failed_trial_is_tried_again_with_its_number_and_its_setting(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES, trials=2)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    queue.finish(first["id"], 0.5, status="failed")
    queue.work()
    before = of(api, study_id)["search"]["tried"]
    assert [each["status"] for each in before] == ["failed", "pending"]
    assert before[0]["reason"] == "."
    again = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]["search"]["tried"]
    assert [each["number"] for each in again] == [1, 2]
    assert again[0]["session_id"] != before[0]["session_id"]
    assert again[0]["settings"] == before[0]["settings"]
    assert again[0]["status"] == "pending"


def test_a_trial_that_diverged_has_its_result_and_is_not_trained_again(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES, trials=2)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    queue.finish(first["id"], 0.5, status="failed", reason="diverged")
    queue.work()
    second = of(api, study_id)["sessions"][1]
    queue.finish(second["id"], 0.5)
    queue.work()
    refused = problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))
    assert refused["status"] == 409
    assert "diverged is a result of its setting" in refused["detail"]


def test_a_retry_trains_what_has_crashed_beside_what_has_diverged(api, key, dataset_id, queue):
    study_id = api.search(key, dataset_id, RATES, trials=2)["study"]["id"]
    for number, reason in enumerate(("diverged", "crashed")):
        part = of(api, study_id)["sessions"][number]
        queue.finish(part["id"], 0.5, status="failed", reason=reason)
        queue.work()
    before = of(api, study_id)["search"]["tried"]
    again = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]["search"]["tried"]
    assert [each["status"] for each in again] == ["failed", "pending"]
    assert again[0]["session_id"] == before[0]["session_id"]
    assert again[1]["session_id"] != before[1]["session_id"]


def test_what_is_in_the_bin_gives_way_to_the_next_trial(make_client, settings):
    client = make_client(replace(settings, quota_mb=3))
    api, services = Api(client, settings.token), services_of(client.application)
    key = api.workspace()
    dataset_id = api.dataset(key)
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    predict_part(services, of(api, study_id)["sessions"][0])
    other = api.start(key, dataset_id)["session"]["id"]
    complete(services, other)
    api.delete(f"/api/training/session/{other}")
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE bin SET stored_bytes = 3000000")
    searches = Searches(services.settings, services.database, partial(has_space, services))
    searches.add_trials()
    found = of(api, study_id)["search"]
    assert (found["state"], found["added"]) == ("open", 2)
    assert api.get(f"/api/bin?workspace_key={key}")["entries"] == []
    predict_part(services, of(api, study_id)["sessions"][1])
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE models SET stored_bytes = 3000000")
    searches.add_trials()
    assert of(api, study_id)["search"]["state"] == "no_space"


def test_a_study_whose_spec_an_earlier_version_stored_goes_on(
    api, key, dataset_id, queue, services
):
    """Before 0.1.0 a spec had no version and no ensemble: a session trained one network."""
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    queue.finish(of(api, study_id)["sessions"][0]["id"], 0.5, status="failed")
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE studies SET settings = json_remove(settings, '$.spec.version', "
            "'$.spec.ensemble', '$.spec.dataset_version')"
        )
        connection.exec_driver_sql(
            "UPDATE training_sessions SET spec = json_remove(spec, '$.version', '$.ensemble')"
        )
    queue.work()
    api.post(f"{_STUDIES}/{study_id}/retry", 202)
    first, second = of(api, study_id)["sessions"]
    for part in (first, second):
        spec = api.get(f"/api/training/session/{part['id']}")["session"]["spec"]
        assert (spec["version"], spec["ensemble"]) == (2, 1)


def test_a_study_whose_spec_cannot_be_read_says_so(api, key, dataset_id, queue, services):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    queue.finish(of(api, study_id)["sessions"][0]["id"], 0.5, status="failed")
    api.post(f"{_STUDIES}/{study_id}/stop")
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE studies SET settings = json_set(settings, '$.spec.version', 99)"
        )
    problem = problem_of(api.post(f"{_STUDIES}/{study_id}/retry", None))
    assert problem["status"] == 409
    assert "another version of exotrain" in problem["detail"]


def test_the_minutes_do_not_pass_while_a_search_is_stopped(api, key, dataset_id, queue, services):
    study_id = api.search(key, dataset_id, RATES, minutes=10)["study"]["id"]
    first = of(api, study_id)["sessions"][0]
    change(services, first["id"], started_at=ago(6))
    queue.finish(first["id"], 0.5)
    assert of(api, study_id)["progress"] == pytest.approx(0.6, abs=0.01)
    api.post(f"{_STUDIES}/{study_id}/stop")
    with services.database.write() as connection:  # an hour later
        connection.exec_driver_sql(
            f"UPDATE training_sessions SET started_at = '{ago(66)}', completed_at = '{ago(60)}'"
        )
    api.post(f"{_STUDIES}/{study_id}/retry", 202)
    queue.work()
    found = of(api, study_id)
    assert (found["search"]["state"], found["search"]["added"]) == ("open", 2)
    assert found["progress"] == pytest.approx(0.6, abs=0.01)


def test_what_had_not_begun_when_the_minutes_were_over_is_not_trained_by_a_retry(
    api, key, dataset_id, services
):
    study = api.search(key, dataset_id, RATES, trials=None, minutes=5)["study"]
    with services.database.write() as connection:
        trials.close(connection, study["id"], "minutes")
        sessions.end(connection, study["sessions"][0]["id"], "cancelled")
    problem = problem_of(api.post(f"{_STUDIES}/{study['id']}/retry", None))
    assert problem["status"] == 409
    assert "The minutes of search" in problem["detail"]
    assert of(api, study["id"])["counts"]["pending"] == 0
    change(services, study["sessions"][0]["id"], started_at=ago(1))  # it had begun
    api.post(f"{_STUDIES}/{study['id']}/retry", 202)


def test_a_search_counts_as_one_waiting_session(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=2)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    api.search(key, dataset_id, RATES, parallel=4)
    api.search(key, dataset_id, RATES)
    assert problem_of(api.search(key, dataset_id, RATES, None))["status"] == 429


def test_models_of_all_trials_that_would_not_fit_are_refused(make_client, settings):
    api = Api(make_client(replace(settings, quota_mb=1)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    assert problem_of(api.search(key, dataset_id, RATES, None, trials=200))["status"] == 507
    assert api.search(key, dataset_id, RATES, trials=1)["study"]["id"]


def test_the_same_key_starts_one_search(api, key, dataset_id):
    headers = {"Idempotency-Key": "k"}
    first, again = (
        api.search(key, dataset_id, RATES, headers=headers)["study"]["id"] for _ in range(2)
    )
    assert first == again
    other = api.search(key, dataset_id, RATES, None, headers=headers, trials=5)
    assert problem_of(other)["status"] == 422


def test_a_network_that_is_tried_sees_relations_only_if_it_takes_them(
    api, key, dataset_id, queue, services
):
    space = {"network": {"choices": ["seed_cnn", "transit_cnn_catalogue"]}}
    study_id = api.search(key, dataset_id, space, network="transit_cnn_catalogue")["study"]["id"]
    predict_part(services, of(api, study_id)["sessions"][0])
    queue.work()
    specs = [
        api.get(f"/api/training/session/{each['id']}")["session"]["spec"]
        for each in of(api, study_id)["sessions"]
    ]
    told = [(each["network"], each["use_relations"]) for each in specs]
    assert told == [("transit_cnn_catalogue", True), ("seed_cnn", False)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"space": {}}, "space"),
        ({"space": {"dropout": {"low": 0, "high": 1}}}, "space.dropout"),
        ({"space": {"learning_rate": {"low": 1e-9, "high": 1e-2}}}, "space.learning_rate.low"),
        ({"space": {"learning_rate": {"low": 1e-2, "high": 1e-1}}}, "space.learning_rate"),
        ({"space": {"ensemble": {"low": 1, "high": 21}}}, "space.ensemble.high"),
        ({"space": {"ensemble": {"low": 1, "high": 1}}}, "space.ensemble.high"),
        ({"space": {"network": {"choices": ["transit_cnn", "x"]}}}, "space.network.choices.1"),
        (
            {
                "space": {"network": {"choices": ["transit_cnn_catalogue", "seed_cnn"]}},
                "network": "transit_cnn_catalogue",
                "use_relations": True,
            },
            "space",
        ),
        (
            {"space": {"use_stellar_uncertainties": {"choices": [True, False]}}},
            "space.use_stellar_uncertainties",
        ),
        ({"trials": None}, "trials"),
        ({"trials": 0}, "trials"),
        ({"trials": 201}, "trials"),
        ({"minutes": 0}, "minutes"),
        ({"parallel": 5}, "parallel"),
        ({"folds": 3}, "folds"),
    ],
)
def test_what_is_not_a_search_is_refused_by_name(api, key, dataset_id, fields, field):
    space = fields.pop("space", RATES)
    problem = problem_of(api.search(key, dataset_id, space, None, **fields))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field, problem["errors"]


@pytest.mark.parametrize("page", ["predictions", "predictions.csv", "doubts"])
def test_a_search_has_no_prediction_of_every_row(api, key, dataset_id, page):
    study_id = api.search(key, dataset_id, RATES)["study"]["id"]
    problem = problem_of(api.get(f"{_STUDIES}/{study_id}/{page}", None))
    assert problem["status"] == 409
    assert "only a study of kind folds" in problem["detail"]
