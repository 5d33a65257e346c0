"""/api/models.csv and /api/models/bulk: the whole list, and many models at once."""

import csv
import io

import pytest

from backend.database import sessions
from backend.services.models import table
from tests import messages
from tests.api import complete, problem_of

BULK = "/api/models/bulk"


@pytest.fixture
def four(api, key, services):
    """Four models, the first with figures and current; oldest first."""
    dataset = api.dataset(key)
    ids = []
    for number in range(4):
        session = api.start(key, dataset, model_name=f"Net_{number}")["session"]
        manifest = {
            "dataset_sha256": session["spec"]["dataset_sha256"],
            "verdict": messages.WORSE if number == 3 else messages.BETTER,
            "simulated": False,
            "metrics": {"val_accuracy": 0.75, "val_label_loss": 0.625},
        }
        if number == 0:
            evaluation = {"accuracy": 0.75, "log_loss": 0.5, "n_test": 20}
            intervals = {"accuracy": [0.7, 0.8]}
            with services.database.write() as connection:
                whole = {**evaluation, "intervals": intervals}
                sessions.change(connection, session["id"], evaluation=whole)
            manifest["evaluation"] = evaluation
        ids.append(complete(services, session["id"], **manifest))
    return ids


def act(api, ids, action, **more):
    return api.post(BULK, json={"model_ids": ids, "action": action, **more})


def states(answer):
    return [each["status"] for each in answer["outcomes"]]


def rows_of(api, key, **query):
    query = {"workspace_key": key, **query}
    answer = api.get("/api/models.csv", None, query_string=query)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert 'filename="models.csv"' in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def listed(api, key, **query):
    answer = api.get("/api/models", query_string={"workspace_key": key, **query})
    return [each["id"] for each in answer["models"]]


def test_the_csv_has_all_that_match_in_the_order_of_the_list(api, key, four, monkeypatch):
    monkeypatch.setattr(table, "_BLOCK", 3)
    api.patch(f"/api/models/{four[1]}", json={"tags": ["a", "b"], "note": "=1+1"})
    rows = rows_of(api, key, sort="name")
    assert [int(each["id"]) for each in rows] == four
    assert tuple(rows[0]) == table.COLUMNS
    figures = ("accuracy", "accuracy_low", "accuracy_high", "log_loss", "log_loss_low", "ece")
    assert [rows[0][name] for name in figures] == ["0.75", "0.7", "0.8", "0.5", "", ""]
    first = ("is_current", "beats_guessing", "simulated", "dataset_name", "network")
    assert [rows[0][name] for name in first] == [
        *("true", "true", "false", "catalogue.csv", "transit_cnn"),
    ]
    assert (rows[1]["tags"], rows[1]["note"]) == ("a, b", "'=1+1")
    assert rows[3]["beats_guessing"] == "false"
    for query in ({"filter": "tag:a"}, {"q": "net_1"}, {"filter": ["tag:a", "current:no"]}):
        assert [int(each["id"]) for each in rows_of(api, key, **query)] == listed(api, key, **query)
        assert len(rows_of(api, key, **query)) == 1
    problem = problem_of(api.get(f"/api/models.csv?workspace_key={key}&sort=colour", None))
    assert problem["status"] == 422


def test_the_csv_says_of_a_model_what_its_own_page_says(api, key, four):
    (row,) = rows_of(api, key, q=f"#{four[0]}")
    model = api.get(f"/api/models/{four[0]}")["model"]
    for name in ("name", "sha256", "created_at", "promoted_at", "user"):
        assert row[name] == str(model[name]), name
    for name in ("session_id", "dataset_id", "file_size"):
        assert int(row[name]) == model[name], name
    assert float(row["val_accuracy"]) == model["metrics"]["val_accuracy"]
    assert float(row["val_log_loss"]) == model["metrics"]["val_label_loss"]


def test_models_are_deleted_together_and_come_back_from_the_bin(api, key, four):
    answer = act(api, [*four, four[1], 10**9], "delete", workspace_key=key)
    assert states(answer) == ["refused", "done", "done", "done", "refused"]
    assert (answer["done"], answer["refused"]) == (3, 2)
    errors = [each["error"] for each in answer["outcomes"]]
    assert errors[0] == (
        f"Model {four[0]} is the current model of its workspace: promote another first."
    )
    assert errors[4] == f"There is no model {10**9}."
    assert listed(api, key) == [four[0]]
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    deleted = {each["target"] for each in entries if each["action"] == "model_deleted"}
    assert deleted == {f"model {each}" for each in four[1:]}
    binned = api.get("/api/bin", query_string={"workspace_key": key})["entries"]
    assert {each["item_id"] for each in binned if each["kind"] == "model"} == set(four[1:])
    for each in binned:
        api.post(f"/api/bin/{each['id']}/restore")
    assert sorted(listed(api, key)) == four
    assert states(act(api, four[1:2], "delete")) == ["done"]
    assert states(act(api, four[1:2], "delete")) == ["refused"]


@pytest.mark.usefixtures("without_bin")
def test_without_a_bin_the_files_of_deleted_models_go(api, key, four, services):
    files = [services.storage.data_dir / path_of(api, each) for each in four]
    assert all(each.exists() for each in files)
    act(api, four, "delete")
    assert [each.exists() for each in files] == [True, False, False, False]


def path_of(api, model_id):
    return api.get(f"/api/models/{model_id}")["model"]["path"]


def test_the_model_of_a_study_is_not_deleted_by_itself(api, key, four, services):
    part = api.study(key, api.dataset(key, rows=120), folds=2)["study"]["sessions"][0]["id"]
    model = complete(services, part)
    answer = act(api, [model, four[2]], "delete")
    assert states(answer) == ["refused", "done"]
    assert "is part of study" in answer["outcomes"][0]["error"]


def test_stars_and_tags_of_models_are_added_and_removed(api, four):
    marks = lambda: api.get(f"/api/models/{four[0]}")["model"]  # noqa: E731
    assert states(act(api, four, "star")) == ["done"] * 4
    assert marks()["is_starred"] is True
    act(api, four, "unstar")
    assert marks()["is_starred"] is False
    act(api, four, "tag", tags=["a", "b"])
    act(api, four, "tag", tags=["b", "c"])
    assert marks()["tags"] == ["a", "b", "c"]
    act(api, four, "untag", tags=["b", "x"])
    assert marks()["tags"] == ["a", "c"]
    api.patch(f"/api/models/{four[0]}", json={"tags": [f"t{n}" for n in range(20)]})
    answer = act(api, four[:2], "tag", tags=["new"])
    assert states(answer) == ["refused", "done"]
    assert answer["outcomes"][0]["error"].startswith(f"Model {four[0]} would have 21 tags")


def test_models_of_others_and_of_another_workspace_are_refused_as_unknown(api, key, four, stranger):
    answer = act(stranger, four, "delete")
    assert states(answer) == ["refused"] * 4
    assert answer["outcomes"][0]["error"] == f"There is no model {four[0]}."
    other = api.workspace("other")
    assert states(act(api, four, "star", workspace_key=other)) == ["refused"] * 4
    assert len(listed(api, key)) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_ids": []},
        {"model_ids": list(range(1, 202))},
        {"model_ids": [0]},
        {"action": "cancel"},
        {"action": "tag"},
        {"action": "star", "tags": ["a"]},
    ],
)
def test_what_cannot_be_done_to_any_model_is_refused_whole(api, wrong):
    body = {"model_ids": [1], "action": "star", **wrong}
    assert problem_of(api.post(BULK, None, json=body))["status"] == 422
