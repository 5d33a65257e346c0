"""Studies of kind grid over the API: their settings, refusals, figures, ends."""

import time
from dataclasses import replace

import numpy as np
import pytest

from backend.database import sessions
from tests.api import Api, fail, predict_part, problem_of

_STUDIES = "/api/training/studies"
ROWS = 90
TRUE = np.arange(ROWS) % 3


def right_for(share, seed):
    """Probabilities of all rows that are right for about this share of them."""
    random = np.random.default_rng(seed)
    label = np.where(random.random(ROWS) < share, TRUE, (TRUE + 1) % 3)
    return np.eye(3)[label] * 0.6 + random.dirichlet([1, 1, 1], ROWS) * 0.4


def complete_all(services, parts, shares, skipped=()):
    """End all sessions but some; those of a setting are right for its share of the rows."""
    for number, part in enumerate(parts):
        if number not in skipped:
            planted = right_for(shares[part["setting"]], part["seed"] + 10 * part["setting"])
            predict_part(services, part, probabilities=planted)


def study_of(api, study_id):
    return api.get(f"{_STUDIES}/{study_id}")["study"]


def measured(api, study_id):
    """The study once its intervals are there."""
    until = time.monotonic() + 60
    while (found := study_of(api, study_id))["grid"]["intervals_state"] == "pending":
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def start(api, key, dataset_id, *settings, **fields):
    return api.grid(key, dataset_id, list(settings), **fields)["study"]


def test_a_session_whose_spec_was_changed_by_hand_is_shown_and_named(
    api, key, dataset_id, services
):
    study = start(api, key, dataset_id, {"learning_rate": 0.01})
    changed = study["sessions"][2]
    complete_all(services, study["sessions"], (0.5, 0.5))
    with services.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE training_sessions SET spec = json_set(spec, '$.epochs', 999) "
            f"WHERE id = {changed['id']}"
        )
    found = measured(api, study["id"])
    assert [each["setting"] for each in found["sessions"]] == [0, 0, 1, None]
    assert found["sessions"][3]["id"] == changed["id"]
    assert f"Session {changed['id']} is left out" in found["grid"]["note"]
    assert [each["seeds"] for each in found["grid"]["settings"]] == [2, 1]
    listed = api.get(f"{_STUDIES}?workspace_key={key}")["studies"]
    assert [each["id"] for each in listed] == [study["id"]]
    api.delete(f"{_STUDIES}/{study['id']}")


@pytest.fixture
def grid(api, key, dataset_id):
    """A grid of two settings and two seeds."""
    return start(api, key, dataset_id, {"learning_rate": 0.01}, {"epochs": 7, "label": "short"})


def test_a_grid_has_a_session_for_each_setting_and_seed(api, key, dataset_id):
    answer = api.grid(key, dataset_id, [{"learning_rate": 0.01}, {"ensemble": 2}], seed=5)
    study = answer["study"]
    assert (study["kind"], study["status"], study["seeds"]) == ("grid", "pending", [5, 6])
    assert (study["folds"], study["figures"], study["grid"]) == (None, None, None)
    assert study["differences"] == [
        {"label": "learning_rate 0.01", "changes": {"learning_rate": 0.01}},
        {"label": "ensemble 2", "changes": {"ensemble": 2}},
    ]
    assert study["settings"]["test_split"] == 0.15
    places = [(each["setting"], each["seed"], each["fold"]) for each in study["sessions"]]
    assert places == [(setting, seed, None) for setting in range(3) for seed in (5, 6)]
    assert answer["waiting_sessions"]["used"] == 1
    assert "6 sessions" in answer["message"]
    specs = [
        api.get(f"/api/training/session/{each['id']}")["session"]["spec"]
        for each in study["sessions"]
    ]
    assert [spec["seed"] for spec in specs] == [5, 6] * 3
    assert [spec["learning_rate"] for spec in specs] == [0.002] * 2 + [0.01] * 2 + [0.002] * 2
    assert [spec["ensemble"] for spec in specs] == [1] * 4 + [2] * 2
    # So that all settings of a seed have the same test rows.
    assert len({(s["validation_split"], s["test_split"], s["grouping"]) for s in specs}) == 1
    assert {spec["fold"] for spec in specs} == {None}
    (listed,) = api.get(f"{_STUDIES}?workspace_key={key}")["studies"]
    assert (listed["kind"], len(listed["differences"])) == ("grid", 2)


def test_a_network_brings_its_relations_unless_the_setting_says_otherwise(api, key, dataset_id):
    network = "transit_cnn_catalogue"
    study = start(
        api, key, dataset_id, {"network": network}, {"network": network, "use_relations": False}
    )
    assert [each["changes"] for each in study["differences"]] == [
        {"network": network, "use_relations": True},
        {"network": network},
    ]
    assert study["differences"][0]["label"] == f"network {network}, use_relations on"


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ([{"epochs": 3}, {"learning_rate": 5}], "settings.1.learning_rate", "from 1e-06 to 1"),
        ([{"epochs": "x"}], "settings.0.epochs", "a whole number from 1 to 1000"),
        ([{"epochs": None}], "settings.0.epochs", "received null"),
        ([{"epoch": 3}], "settings.0.epoch", "did you mean 'epochs'"),
        ([{"seed": 1}], "settings.0.seed", "Unknown field"),
        ([{"test_split": 0.2}], "settings.0.test_split", "Unknown field"),
        ([{"model_name": "m"}], "settings.0.model_name", "Unknown field"),
        ([{"dataset_version": 0}], "settings.0.dataset_version", "Unknown field"),
        ([{"network": "none"}], "settings.0.network", "received 'none'"),
        ([{"use_relations": True}], "settings.0", "a network that takes relations"),
        ([], "settings", "1 to 12 items"),
        ([{"epochs": 2 + n} for n in range(13)], "settings", "1 to 12 items"),
        ([{"epochs": 3, "label": "x" * 61}], "settings.0.label", "1 to 60 characters"),
        ([{"epochs": 50}], "settings.0", "differs from the base"),
        ([{}], "settings.0", "differs from the base"),
        ([{"epochs": 3}, {"epochs": 4}, {"epochs": 3}], "settings.2", "settings.0 and settings.2"),
        (
            [{"epochs": 3, "label": "a"}, {"epochs": 4, "label": "a"}],
            "settings.1.label",
            "'a' for settings.0 and settings.1",
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_name(api, key, dataset_id, asked, field, words):
    problem = problem_of(api.grid(key, dataset_id, asked, None))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field
    assert words in problem["errors"][0]["message"]
    assert api.get(f"{_STUDIES}?workspace_key={key}")["studies"] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"folds": 3}, "folds"),
        ({"test_split": 0}, "test_split"),
        ({"seeds": 11}, "seeds"),
        ({"kind": "folds"}, "settings"),
        ({"kind": "none"}, "kind"),
    ],
)
def test_fields_of_another_kind_are_refused(api, key, dataset_id, fields, field):
    problem = problem_of(api.grid(key, dataset_id, [{"epochs": 3}], None, **fields))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_the_same_key_starts_one_grid(api, key, dataset_id):
    headers = {"Idempotency-Key": "k"}
    first, again = (
        start(api, key, dataset_id, {"epochs": 3}, headers=dict(headers))["id"] for _ in range(2)
    )
    assert first == again
    for changed in ([{"epochs": 4}], [{"epochs": 3}, {"epochs": 4}]):
        other = api.grid(key, dataset_id, changed, None, headers=dict(headers))
        assert problem_of(other)["status"] == 422
    folds = api.study(key, dataset_id, None, headers=dict(headers))
    assert problem_of(folds)["status"] == 422


def test_models_that_would_not_fit_are_refused_by_the_sizes_of_all_settings(make_client, settings):
    api = Api(make_client(replace(settings, quota_mb=20)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    api.grid(key, dataset_id, [{"epochs": 3}], seeds=10)
    problem = problem_of(api.grid(key, dataset_id, [{"ensemble": 20}], None, seeds=10))
    assert problem["status"] == 507


def test_figures_come_with_the_sessions_and_settings_are_compared_once_whole(api, services, grid):
    parts = grid["sessions"]
    shares = (0.3, 0.9, 0.3)
    predict_part(services, parts[0], probabilities=right_for(0.3, 0))
    found = study_of(api, grid["id"])
    assert (found["status"], found["figures"]) == ("training", None)
    figures = found["grid"]
    assert (figures["rows"], figures["intervals_state"], figures["best"]) == (30, "unknown", None)
    assert [each["seeds"] for each in figures["settings"]] == [1, 0, 0]
    assert figures["settings"][0]["figures"]["log_loss"]["mean"] > 0
    assert figures["settings"][1]["figures"]["log_loss"]["mean"] is None
    complete_all(services, parts[:5], shares, skipped=(0,))
    figures = measured(api, grid["id"])["grid"]
    base, better, last = figures["settings"]
    assert (figures["rows"], figures["groups"], figures["seeds"]) == (60, 60, 2)
    assert (figures["intervals_state"], figures["is_complete"]) == ("found", False)
    assert (base["label"], better["label"], last["label"]) == (None, "learning_rate 0.01", "short")
    assert (base["differences"], last["differences"]) == (None, None)
    assert (last["seeds"], last["is_complete"]) == (1, False)
    assert last["figures"]["accuracy"]["mean"] is not None
    assert last["figures"]["accuracy"]["interval"] is None
    assert better["differences"]["accuracy"]["verdict"] == "better"
    assert figures["best"] == 1


def test_a_better_setting_is_found_and_of_an_equal_one_nothing_is_told(api, services, grid):
    complete_all(services, grid["sessions"], (0.3, 0.9, 0.3))
    study = measured(api, grid["id"])
    assert (study["status"], study["progress"]) == ("completed", 1.0)
    figures = study["grid"]
    base, better, equal = figures["settings"]
    assert (figures["is_complete"], figures["best"]) == (True, 1)
    assert "optimistic" in figures["note"]
    assert {each["verdict"] for each in equal["differences"].values()} == {"cannot_tell"}
    for name in ("accuracy", "macro_f1", "log_loss"):
        found = better["differences"][name]
        assert found["verdict"] == "better"
        assert found["p_value"] <= 0.05
        before, after = base["figures"][name]["mean"], better["figures"][name]["mean"]
        assert found["difference"] == pytest.approx(after - before)
        assert found["interval"][0] < found["difference"] < found["interval"][1]
        low, high = better["figures"][name]["interval"]
        assert low < after < high
        assert better["figures"][name]["seed_spread"] > 0
    expected = [
        (right_for(0.9, seed + 10).argmax(axis=1) == TRUE)[seed::3].mean() for seed in (0, 1)
    ]
    assert better["figures"]["accuracy"]["mean"] == pytest.approx(np.mean(expected))


def test_sessions_with_other_test_rows_are_not_compared(api, services, grid, caplog):
    parts = grid["sessions"]
    predict_part(services, parts[0])
    predict_part(services, {**parts[2], "seed": 1})
    assert study_of(api, grid["id"])["grid"] is None
    assert "were not split in the same way" in caplog.text


def test_what_only_folds_have_is_refused_in_words(api, key, dataset_id, services, grid):
    complete_all(services, grid["sessions"], (0.3, 0.9, 0.3))
    folds = api.study(key, dataset_id)["study"]["id"]
    path = f"{_STUDIES}/{grid['id']}"
    for call in (
        api.get(f"{path}/predictions", None),
        api.get(f"{path}/predictions.csv", None),
        api.get(f"{path}/doubts", None),
        api.get(f"{path}/doubts.csv", None),
        api.post(f"{path}/model", None, json={}),
        api.get(f"{path}/comparison?other={folds}", None),
    ):
        problem = problem_of(call)
        assert problem["status"] == 409
        assert f"Study {grid['id']} is of kind grid" in problem["detail"]


def test_a_grid_is_cancelled_and_what_failed_is_started_again_in_its_place(api, services, grid):
    study_id, parts = grid["id"], grid["sessions"]
    predict_part(services, parts[0])
    with services.database.write() as connection:
        sessions.change(connection, parts[1]["id"], status="training")
    study = api.post(f"{_STUDIES}/{study_id}/cancel")["study"]
    states = [each["status"] for each in study["sessions"]]
    assert states == ["completed", "training", *["cancelled"] * 4]
    with services.database.write() as connection:
        sessions.end(connection, parts[1]["id"], "cancelled")
    study = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]
    assert [each["status"] for each in study["sessions"]] == ["completed", *["pending"] * 5]
    places = [(each["setting"], each["seed"]) for each in study["sessions"]]
    assert places == [(setting, seed) for setting in range(3) for seed in (0, 1)]
    last = api.get(f"/api/training/session/{study['sessions'][5]['id']}")["session"]["spec"]
    assert (last["epochs"], last["seed"], last["model_name"]) == (7, 1, "mine_g2_s1")
    assert problem_of(api.delete(f"{_STUDIES}/{study_id}", None))["status"] == 409


def test_a_stopped_grid_keeps_what_it_has(api, services, grid):
    study_id, parts = grid["id"], grid["sessions"]
    with services.database.write() as connection:
        sessions.change(connection, parts[0]["id"], status="training")
    study = api.post(f"{_STUDIES}/{study_id}/stop")["study"]
    assert study["sessions"][0]["request"] == "stop"
    assert [each["status"] for each in study["sessions"][1:]] == ["cancelled"] * 5
    with services.database.write() as connection:
        sessions.end(connection, parts[0]["id"], "cancelled")
    predict_part(services, parts[0])
    assert study_of(api, study_id)["grid"]["settings"][0]["seeds"] == 1


@pytest.mark.usefixtures("without_bin")
def test_a_failed_session_is_retried_and_the_grid_deleted_whole(api, services, grid):
    study_id, parts = grid["id"], grid["sessions"]
    fail(services, parts[3]["id"])
    complete_all(services, parts, (0.3, 0.9, 0.3), skipped=(3,))
    assert study_of(api, study_id)["status"] == "failed"
    study = api.post(f"{_STUDIES}/{study_id}/retry", 202)["study"]
    again = study["sessions"][3]
    assert (again["setting"], again["seed"], again["status"]) == (1, 1, "pending")
    predict_part(services, again, probabilities=right_for(0.9, 11))
    assert study_of(api, study_id)["grid"]["is_complete"]
    api.delete(f"{_STUDIES}/{study_id}")
    assert problem_of(api.get(f"{_STUDIES}/{study_id}", None))["status"] == 404
    folder = services.storage.models / "1"
    assert not [path for path in folder.iterdir() if path.name.startswith("mine_")]
