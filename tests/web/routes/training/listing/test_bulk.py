"""/api/training/sessions.csv and …/sessions/bulk: the whole list, and many sessions at once."""

import csv
import io

import pytest

from backend.database import kept, sessions
from backend.services.sessions import table
from tests.api import complete, fail, problem_of

BULK = "/api/training/sessions/bulk"


@pytest.fixture
def dataset(api, key):
    return api.dataset(key)


@pytest.fixture
def four(api, key, services, dataset):
    """A completed, a failed, a cancelled and a waiting session."""
    ids = [api.start(key, dataset, model_name=f"Net_{n}")["session"]["id"] for n in range(4)]
    complete(services, ids[0])
    fail(services, ids[1])
    api.post(f"/api/training/session/{ids[2]}/cancel")
    return ids


def act(api, ids, action, **more):
    return api.post(BULK, json={"session_ids": ids, "action": action, **more})


def states(answer):
    return [each["status"] for each in answer["outcomes"]]


def rows_of(api, key, **query):
    query = {"workspace_key": key, **query}
    answer = api.get("/api/training/sessions.csv", None, query_string=query)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def test_the_csv_has_all_that_match_in_order_with_figures_and_settings(
    api, key, four, services, monkeypatch
):
    monkeypatch.setattr(table, "_BLOCK", 2)
    evaluation = {"accuracy": 0.75, "log_loss": 0.5, "intervals": {"accuracy": [0.7, 0.8]}}
    with services.database.write() as connection:
        sessions.change(connection, four[0], evaluation=evaluation)
    rows = rows_of(api, key, sort="-name")
    assert [int(each["id"]) for each in rows] == four[::-1]
    assert tuple(rows[0]) == table.COLUMNS
    done = rows[-1]
    figures = ("accuracy", "accuracy_low", "accuracy_high", "log_loss", "log_loss_low", "ece")
    assert [done[name] for name in figures] == ["0.75", "0.7", "0.8", "0.5", "", ""]
    assert (done["status"], done["network"], done["dataset_version"]) == (
        *("completed", "transit_cnn", "0"),
    )
    assert (rows[0]["status"], rows[0]["queue_position"]) == ("pending", "1")
    assert rows[2]["error_reason"]
    assert [each["id"] for each in rows_of(api, key, filter="status:failed")] == [str(four[1])]
    assert [each["id"] for each in rows_of(api, key, q="net_3")] == [str(four[3])]


def test_a_cell_of_the_csv_is_never_a_formula(api, key, four):
    api.patch(f"/api/training/session/{four[0]}", json={"title": "=1+1", "note": '@a\n"b",c'})
    row = next(each for each in rows_of(api, key) if each["id"] == str(four[0]))
    assert (row["title"], row["note"]) == ("'=1+1", '\'@a\n"b",c')


def test_the_csv_refuses_what_the_list_refuses(api, key):
    query = {"workspace_key": key, "sort": "shoe size"}
    assert problem_of(api.get("/api/training/sessions.csv", None, query_string=query))


def test_each_session_is_cancelled_or_refused_by_itself(api, key, four):
    answer = act(api, [*four, 10**9, four[3]], "cancel", workspace_key=key)
    assert states(answer) == ["refused", "refused", "done", "done", "refused"]
    assert (answer["done"], answer["refused"]) == (2, 3)
    errors = [each["error"] for each in answer["outcomes"]]
    assert errors[0] == f"Session {four[0]} has already ended: it is completed."
    assert errors[3] is None
    assert errors[4] == f"There is no session {10**9}."
    assert api.get(f"/api/training/session/{four[3]}")["session"]["status"] == "cancelled"
    again = act(api, [four[3]], "cancel")
    assert states(again) == ["done"]


def test_what_has_not_ended_is_not_deleted_and_the_rest_is(api, key, four, services):
    answer = act(api, four, "delete")
    assert states(answer) == ["done", "done", "done", "refused"]
    assert "pending" in answer["outcomes"][3]["error"]
    listed = api.get("/api/training/sessions", query_string={"workspace_key": key})["sessions"]
    assert [each["id"] for each in listed] == [four[3]]
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    deleted = {each["target"] for each in entries if each["action"] == "session_deleted"}
    assert deleted == {f"session {each}" for each in four[:3]}
    assert states(act(api, four[:1], "delete")) == ["refused"]


@pytest.mark.usefixtures("without_bin")
def test_the_kept_epochs_of_a_deleted_session_go_with_it(api, four, services, monkeypatch):
    path = services.storage.kept_checkpoint(four[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    act(api, [four[1]], "delete")
    assert not path.exists()


def test_a_session_whose_epoch_is_being_kept_and_one_of_a_study_are_not_deleted(
    api, key, four, services, dataset, monkeypatch
):
    part = api.study(key, dataset, folds=2)["study"]["sessions"][0]["id"]
    fail(services, part)
    monkeypatch.setattr(kept, "is_requested", lambda session: session["id"] == four[1])
    answer = act(api, [four[1], part], "delete")
    assert states(answer) == ["refused", "refused"]
    assert "study" in answer["outcomes"][1]["error"]


def test_stars_and_tags_are_added_and_removed(api, four):
    marks = lambda: api.get(f"/api/training/session/{four[0]}")["session"]  # noqa: E731
    assert states(act(api, four, "star")) == ["done"] * 4
    assert marks()["is_starred"] is True
    act(api, four, "unstar")
    assert marks()["is_starred"] is False
    act(api, four, "tag", tags=["a", "b"])
    act(api, four, "tag", tags=["b", "c"])
    assert marks()["tags"] == ["a", "b", "c"]
    act(api, four, "untag", tags=["b", "x"])
    assert marks()["tags"] == ["a", "c"]
    api.patch(f"/api/training/session/{four[0]}", json={"tags": [f"t{n}" for n in range(20)]})
    answer = act(api, four[:2], "tag", tags=["new"])
    assert states(answer) == ["refused", "done"]
    assert "at most 20" in answer["outcomes"][0]["error"]


def test_sessions_of_others_and_of_another_workspace_are_refused_as_unknown(
    api, key, four, stranger
):
    answer = act(stranger, four, "star")
    assert states(answer) == ["refused"] * 4
    assert answer["outcomes"][0]["error"] == f"There is no session {four[0]}."
    other = api.workspace("other")
    assert states(act(api, four, "star", workspace_key=other)) == ["refused"] * 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"session_ids": []},
        {"session_ids": list(range(1, 202))},
        {"session_ids": [0]},
        {"action": "explode"},
        {"action": "tag"},
        {"action": "star", "tags": ["a"]},
        {"action": "tag", "tags": ["a,b"]},
        {"action": "tag", "tags": ["a"] * 21},
    ],
)
def test_what_cannot_be_done_to_any_is_refused_whole(api, wrong):
    body = {"session_ids": [1], "action": "star", **wrong}
    assert problem_of(api.post(BULK, None, json=body))["status"] == 422


def test_a_dataset_version_is_a_column_of_the_list(api, key, four):
    query = {"workspace_key": key, "group": "dataset_version", "filter": "dataset_version:0"}
    answer = api.get("/api/training/sessions", query_string=query)
    assert (answer["total"], answer["groups"]) == (4, [{"value": 0.0, "count": 4}])
    assert answer["sessions"][0]["dataset_name"] == "catalogue.csv"
