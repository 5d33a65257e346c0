"""/api/training: starting, watching, stopping, repeating."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine, event

from backend.database import datasets, finished_epochs, models, sessions
from backend.services.sessions.view import eta_seconds, progress
from backend.transit import split_groups
from backend.transit.ephemerides import no_evidence
from backend.web.current import services_of
from tests.api import HEADER, Api, catalogue, complete, problem_of

FIELDS = {
    "id",
    "dataset_id",
    "model_name",
    "dataset_size",
    "status",
    "epochs",
    "epochs_completed",
    "progress",
    "eta_seconds",
    "metrics",
    "history",
    "model_id",
    "model_path",
    "error",
    "spec",
    "created_at",
    "started_at",
    "completed_at",
}

METRICS = {
    "accuracy": 0.5,
    "val_accuracy": 0.4,
    "loss": 1.0,
    "val_loss": 1.1,
    "period_mae": 3.0,
    "val_period_mae": 3.1,
    "depth_mae": 90.0,
    "val_depth_mae": 91.0,
    "learning_rate": 0.001,
    "epoch_seconds": 2.0,
}


def train(services, session_id, epochs=(), **values):
    """Write what the supervisor records of a training session."""
    with services.database.write() as connection:
        sessions.change(
            connection, session_id, status="training", started_at="2026-01-01T00:00:00.000Z"
        )
        for number, metrics in enumerate(epochs, 1):
            finished_epochs.add(connection, session_id, number, metrics)
        if values:
            sessions.change(connection, session_id, **values)


def test_a_start_answers_at_once_with_the_session_that_waits(api, key, bell):
    dataset_id = api.dataset(key)
    response = api.start(key, dataset_id, None, epochs=10)
    answer = response.get_json()
    assert response.status_code == 202
    session = answer["session"]
    assert answer.keys() == {
        *("success", "message", "session", "dataset", "model_name", "epochs", "waiting_sessions")
    }
    assert answer["waiting_sessions"] == {"used": 1, "allowed": 20}
    assert session.keys() >= FIELDS
    assert (session["status"], session["progress"], session["eta_seconds"]) == ("pending", 0, None)
    assert (session["epochs"], session["epochs_completed"], session["history"]) == (10, 0, [])
    assert (session["metrics"], session["model_id"], session["error"]) == (None, None, None)
    assert session["dataset_size"] == 90
    assert answer["dataset"]["id"] == session["dataset_id"] == dataset_id
    assert answer["model_name"] == "exoplanet_model"
    assert response.headers["Location"] == f"/api/training/session/{session['id']}"
    assert api.get(response.headers["Location"])["session"] == session
    assert bell.rings == 1


def test_the_spec_holds_every_setting_and_what_it_is_about(api, key):
    dataset = api.upload(key, catalogue(), name="mine")["dataset"]
    spec = api.start(key, dataset["id"], seed=7, network="seed_cnn")["session"]["spec"]
    assert spec == {
        "version": 2,
        "model_name": "exoplanet_model",
        "epochs": 50,
        "batch_size": spec["batch_size"],
        "learning_rate": spec["learning_rate"],
        "validation_split": 0.15,
        "test_split": 0.15,
        "patience": 10,
        "seed": 7,
        "network": "seed_cnn",
        "ensemble": 1,
        "dataset_sha256": dataset["sha256"],
        "dataset_name": "mine",
        "source": "exotrain",
        "simulated": False,
        "grouping": "rows",
        "use_relations": False,
        "use_stellar_uncertainties": False,
        "use_weights": False,
        "use_kinds": False,
        "folds": None,
        "fold": None,
        "fold_seed": None,
        "joined_study": None,
        "members": None,
        "dataset_version": 0,
        "dataset_version_sha256": None,
        "curve_set_id": None,
        "curves_sha256": None,
        "curve_recipe": None,
        "cpus": None,
        "gpus": None,
        "memory_mb": None,
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"use_relations": True}, "transit_cnn_catalogue"),
        ({"use_stellar_uncertainties": True}, "use_relations"),
        (
            {
                "use_stellar_uncertainties": True,
                "use_relations": False,
                "network": "transit_cnn_catalogue",
            },
            "use_relations",
        ),
    ],
)
def test_relations_need_a_network_that_takes_them(api, key, fields, named):
    problem = problem_of(api.start(key, api.dataset(key), None, **fields))
    assert problem["status"] == 422
    assert named in str(problem)


def nameless():
    """A table whose stars have no names but temperatures of their own."""
    head, *lines = (line.rsplit(",", 1)[0] for line in catalogue().splitlines())
    cells = [line.split(",") for line in lines]
    place = HEADER.split(",").index("steff")
    rows = [[*each[:place], str(5000 + n), *each[place + 1 :]] for n, each in enumerate(cells)]
    return "\n".join([head, *map(",".join, rows)]) + "\n"


@pytest.mark.parametrize(
    ("content", "fields", "sees"),
    [
        (catalogue(), {"network": "transit_cnn_catalogue"}, True),
        (catalogue(), {"network": "transit_cnn_catalogue", "use_relations": False}, False),
        (catalogue(), {"network": "transit_cnn"}, False),
        (nameless(), {"network": "transit_cnn_catalogue"}, False),
        (nameless(), {"network": "transit_cnn_catalogue", "use_relations": True}, True),
        (
            nameless(),
            {"network": "transit_cnn_catalogue", "use_stellar_uncertainties": True},
            True,
        ),
    ],
)
def test_a_network_that_can_sees_relations_where_the_table_may_have_any(
    api, key, content, fields, sees
):
    dataset = api.upload(key, content)["dataset"]
    spec = api.start(key, dataset["id"], **fields)["session"]["spec"]
    assert spec["use_relations"] is sees


def with_column(content, name, cell):
    head, *lines = content.splitlines()
    return "\n".join([f"{head},{name}", *(f"{line},{cell}" for line in lines)]) + "\n"


def test_a_session_learns_by_weights_where_the_table_has_any(api, key):
    for content, has_weights in (
        (nameless(), False),
        (with_column(nameless(), "weight", 0.5), True),
    ):
        dataset = api.upload(key, content)["dataset"]
        started = api.start(key, dataset["id"], network="transit_cnn_catalogue")
        spec = started["session"]["spec"]
        # A weight says nothing of how rows relate.
        assert (spec["use_weights"], spec["use_relations"]) == (has_weights, False)


@pytest.mark.parametrize(
    ("content", "fields", "learns"),
    [
        (catalogue(), {}, False),
        (catalogue(), {"use_kinds": True}, False),
        (with_column(catalogue(), "kind", "EB"), {}, True),
        (with_column(catalogue(), "kind", "EB"), {"use_kinds": False}, False),
    ],
)
def test_a_session_learns_kinds_where_the_table_has_any_unless_it_is_told_not_to(
    api, key, content, fields, learns
):
    dataset = api.upload(key, content)["dataset"]
    assert api.start(key, dataset["id"], **fields)["session"]["spec"]["use_kinds"] is learns


def test_a_session_may_learn_from_relations(api, key):
    settings = {"use_relations": True, "use_stellar_uncertainties": True}
    spec = api.start(key, api.dataset(key), network="transit_cnn_catalogue", **settings)["session"]
    assert spec["spec"].items() >= settings.items()


def test_a_dataset_with_evidence_is_split_by_shared_ephemerides_too(
    api, key, services, monkeypatch
):
    content = catalogue()
    dataset = api.upload(key, content)["dataset"]
    before = api.start(key, dataset["id"], headers={"Idempotency-Key": "k1"})["session"]
    there = services.storage.evidence(1, dataset["identity"])
    np.save(there, no_evidence(90))
    monkeypatch.setattr(services.tables, "evidence", lambda _dataset: there)
    after = api.start(key, dataset["id"])["session"]
    assert (before["spec"]["grouping"], after["spec"]["grouping"]) == ("rows", "ephemeris")
    again = api.start(key, dataset["id"], headers={"Idempotency-Key": "k1"})["session"]
    assert again["id"] == before["id"]
    api.post(f"/api/training/session/{before['id']}/cancel")
    retried = api.post(f"/api/training/session/{before['id']}/retry", 202)["session"]
    assert retried["spec"]["grouping"] == "ephemeris"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 1001),
        ("epochs", "10"),
        ("epochs", 10.5),
        ("epochs", True),
        ("epochs", None),
        ("batch_size", 7),
        ("batch_size", 4097),
        ("learning_rate", 0),
        ("learning_rate", 1.5),
        ("learning_rate", "0.1"),
        ("validation_split", 0.04),
        ("validation_split", 0.51),
        ("test_split", 0.01),
        ("test_split", -0.1),
        ("test_split", 0.6),
        ("patience", 0),
        ("seed", -1),
        ("seed", 2**31),
        ("network", "resnet"),
        ("network", 1),
        ("ensemble", 0),
        ("ensemble", 21),
        ("ensemble", 2.5),
        ("cpus", 0),
        ("cpus", 65),
        ("cpus", 1.5),
        ("gpus", -1),
        ("gpus", 0.001),
        ("gpus", 1.5),
        ("gpus", 65),
        ("memory_mb", 799),
        ("memory_mb", 10_000_001),
        ("model_name", ""),
        ("model_name", "a b"),
        ("model_name", "../x"),
        ("model_name", "ä"),
        ("model_name", "x\n"),
        ("model_name", "x" * 65),
        ("dataset_id", 0),
        ("dataset_id", "1"),
        ("dataset_id", 2**70),
        ("workspace_key", ""),
        ("workspace_key", 5),
        ("optimizer", "adam"),
    ],
)
def test_a_setting_that_is_wrong_names_the_field_and_the_value(api, key, field, value):
    body = {"workspace_key": key, "dataset_id": 1, field: value}
    problem = problem_of(api.post("/api/training/start", None, json=body))
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("workspace_key", "text of 1 to 100 characters"),
        ("dataset_id", "a whole number of at least 1"),
    ],
)
def test_what_a_start_cannot_do_without_is_named(api, key, missing, expected):
    body = {"workspace_key": key, "dataset_id": 1}
    del body[missing]
    problem = problem_of(api.post("/api/training/start", None, json=body))
    message = f"Expected {expected}, received nothing."
    assert problem["errors"] == [{"field": missing, "message": message}]


@pytest.mark.parametrize("test_split", [0, 0.05, 0.5])
def test_a_test_split_is_0_or_a_real_share(api, key, test_split):
    api.start(key, api.dataset(key), test_split=test_split, validation_split=0.05)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (catalogue(30), ["50", "30"]),
        (
            HEADER + "\n" + "".join(f"3,2,{i},,,,,,,1,s{i}\n" for i in range(1, 61)),
            ["CONFIRMED", "60"],
        ),
    ],
)
def test_a_dataset_that_cannot_serve_is_refused_with_its_numbers(api, key, content, words):
    dataset_id = api.upload(key, content)["dataset"]["id"]
    problem = problem_of(api.start(key, dataset_id, None))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "dataset_id"
    assert all(word in problem["detail"] for word in words)


def test_a_class_on_few_stars_is_refused_also_behind_many_rows_of_one_star(api, key):
    """The check looks at a sample first, which here is one star, and must go on."""
    rows = [f"3,2,{1 + i},,,,,,,0,same" for i in range(6000)]
    rows += [f"3,2,{7000 + i},,,,,,,{i % 3},star{i}" for i in range(90)]
    dataset_id = api.upload(key, "\n".join([HEADER, *rows]))["dataset"]["id"]
    api.start(key, dataset_id)
    scarce = rows[:6000] + [f"3,2,{1 + i},,,,,,,1,star{i}" for i in range(90)]
    dataset_id = api.upload(key, "\n".join([HEADER, *scarce]))["dataset"]["id"]
    problem = problem_of(api.start(key, dataset_id, None))
    assert "CANDIDATE on 1" in problem["detail"]


def with_false_positives(kind: str, groups: int) -> str:
    """A catalogue whose 12 false positives, each on a star of its own, are in so many groups."""
    lines = [f"{HEADER},epoch_bjd"] if kind == "one eclipse" else [HEADER]
    end = ",{}" if kind == "one eclipse" else ""
    for i in range(60):
        star = f"{3 + i * 1.37},2.5,{500 + i},,,,,,,{i % 2},star{i}"
        lines.append(star + end.format(2_455_000 + 0.11 * i))
    for i in range(12):
        group = min(i, groups - 1)
        depth = 900 if kind == "equal rows" else 900 + i
        star = f"{1.7 + group / 7:.6f},2.5,{depth},,,,,,,2,false{i}"
        lines.append(star + end.format(2_455_100.5))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", ["equal rows", "one eclipse"])
def test_a_class_in_too_few_groups_is_refused_before_it_waits(api, key, kind):
    dataset_id = api.upload(key, with_false_positives(kind, 9))["dataset"]["id"]
    problem = problem_of(api.start(key, dataset_id, None))
    assert problem["status"] == 422
    (error,) = problem["errors"]
    assert error["field"] == "dataset_id"
    assert error["message"] == problem["detail"]
    assert "Expected FALSE POSITIVE in at least 10 groups" in problem["detail"]
    assert "received 9" in problem["detail"]
    assert api.get("/api/training/sessions", query_string={"workspace_key": key})["count"] == 0
    enough = api.upload(key, with_false_positives(kind, 10))["dataset"]["id"]
    api.start(key, enough)


def test_epochs_that_tell_of_one_eclipse_count_for_a_retry_too(api, key, services):
    """Its dataset may have been read before epochs were."""
    content = with_false_positives("one eclipse", 9)
    dataset_id = api.upload(key, content)["dataset"]["id"]
    with services.database.write() as connection:
        dataset = datasets.find(connection, dataset_id)
        found = dataset["profile"]["evidence"]
        datasets.set_evidence(connection, dataset, {}, 0)
    session_id = api.start(key, dataset_id)["session"]["id"]
    path = f"/api/training/session/{session_id}"
    api.post(f"{path}/cancel")
    with services.database.write() as connection:
        datasets.set_evidence(connection, datasets.find(connection, dataset_id), found, 1)
    problem = problem_of(api.post(f"{path}/retry", None))
    assert problem["status"] == 422
    assert "FALSE POSITIVE in at least 10 groups" in problem["detail"]
    assert api.get("/api/training/sessions", query_string={"workspace_key": key})["count"] == 1


@pytest.mark.parametrize(("limit", "value"), [("_QUICK_ROWS", 71), ("_QUICK_PAIRS", 2)])
def test_where_groups_take_long_the_worker_counts_them(api, key, monkeypatch, limit, value):
    monkeypatch.setattr(split_groups, limit, value)
    content = with_false_positives("one eclipse", 9)
    dataset_id = api.upload(key, content)["dataset"]["id"]
    api.start(key, dataset_id)


def test_splits_that_leave_nothing_to_train_on_are_refused(api, key):
    dataset_id = api.dataset(key)
    problem = problem_of(api.start(key, dataset_id, None, validation_split=0.5, test_split=0.5))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == "test_split"


def test_a_dataset_of_another_workspace_cannot_be_trained_in_this_one(api, key):
    other = api.dataset(api.workspace("other"))
    assert problem_of(api.start(key, other, None))["status"] == 404
    assert problem_of(api.start(key, 999, None))["status"] == 404


def test_a_repeated_start_with_one_key_starts_one_session(api, key):
    dataset_id = api.dataset(key)
    headers = {"Idempotency-Key": "abc-1"}
    first = api.start(key, dataset_id, epochs=3, headers=headers)["session"]
    again = api.start(key, dataset_id, epochs=3, headers=headers)["session"]
    assert again == first
    other = api.start(key, dataset_id, epochs=3, headers={"Idempotency-Key": "abc-2"})["session"]
    assert other["id"] != first["id"]
    without = api.start(key, dataset_id, epochs=3)["session"]
    assert without["id"] not in (first["id"], other["id"])
    assert api.get(f"/api/training/sessions?workspace_key={key}")["count"] == 3


def test_a_key_that_was_used_for_another_request_is_refused(api, key):
    dataset_id = api.dataset(key)
    headers = {"Idempotency-Key": "abc"}
    api.start(key, dataset_id, epochs=3, headers=headers)
    other_dataset = api.dataset(key, 60)
    for changed in (
        api.start(key, dataset_id, None, epochs=4, headers=headers),
        api.start(key, other_dataset, None, epochs=3, headers=headers),
    ):
        problem = problem_of(changed)
        assert problem["status"] == 422
        assert problem["errors"][0]["field"] == "Idempotency-Key"


def test_the_same_key_in_another_workspace_is_another_session(api, key):
    headers = {"Idempotency-Key": "abc"}
    first = api.start(key, api.dataset(key), headers=headers)["session"]
    other = api.workspace("other")
    second = api.start(other, api.dataset(other), headers=headers)["session"]
    assert first["id"] != second["id"]


@pytest.mark.parametrize("value", ["", "a b", "x" * 201, "é"])
def test_an_idempotency_key_that_is_none_is_refused(api, key, value):
    dataset_id = api.dataset(key)
    problem = problem_of(api.start(key, dataset_id, None, headers={"Idempotency-Key": value}))
    assert problem["status"] == 422


def test_too_many_waiting_sessions_are_429_with_what_waits(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=2)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    ids = [api.start(key, dataset_id)["session"]["id"] for _ in range(2)]
    problem = problem_of(api.start(key, dataset_id, None))
    assert problem["status"] == 429
    assert all(str(each) in problem["detail"] for each in ids)
    assert "EXOTRAIN_QUOTA_PENDING" in problem["detail"]
    other = api.workspace("other")
    assert api.start(other, api.dataset(other), None).status_code == 429
    train(services_of(api.client.application), ids[0])
    api.start(key, dataset_id)


def test_each_user_has_waiting_sessions_of_their_own_in_a_common_workspace(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=1)), settings.token)
    editor = api.new_user("editor")
    key = api.workspace()
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "editor"})
    dataset_id = api.dataset(key)
    first = api.start(key, dataset_id)["session"]["id"]
    assert editor.get("/api/me")["usage"]["waiting_sessions"] == {"used": 0, "allowed": 1}
    mine = editor.start(key, dataset_id)["session"]["id"]
    problem = problem_of(editor.start(key, dataset_id, None))
    assert f"1 of yours: {mine}." in problem["detail"]
    with services_of(api.client.application).database.write() as connection:
        connection.exec_driver_sql("UPDATE training_sessions SET user_id = NULL")  # as in 0.2.0
    assert editor.get("/api/me")["usage"]["waiting_sessions"]["used"] == 0
    assert str(first) in problem_of(api.start(key, dataset_id, None))["detail"]


def test_of_many_starts_at_once_as_many_are_let_in_as_may_wait(make_client, settings):
    api = Api(make_client(replace(settings, quota_pending=2)), settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    with ThreadPoolExecutor(8) as pool:
        clients = [Api(api.client.application.test_client(), settings.token) for _ in range(8)]
        answers = list(pool.map(lambda each: each.start(key, dataset_id, None), clients))
    assert sorted(each.status_code for each in answers) == [202] * 2 + [429] * 6


def test_no_session_starts_where_the_owner_has_no_room_for_a_model(make_client, settings):
    client = make_client(replace(settings, quota_mb=1))
    api = Api(client, settings.token)
    key = api.workspace()
    dataset_id = api.dataset(key)
    session = api.start(key, dataset_id)["session"]["id"]
    model_id = complete(services_of(client.application), session)
    with services_of(client.application).database.write() as connection:
        # A model that is saved is kept, however large it is.
        models.set_stored_bytes(connection, model_id, 2**20)
    problem = problem_of(api.start(key, dataset_id, None))
    assert problem["status"] == 507
    assert "EXOTRAIN_QUOTA_MB" in problem["detail"]
    assert api.get(f"/api/models?workspace_key={key}")["count"] == 1


def test_sessions_are_listed_newest_first_a_page_at_a_time(api, key):
    dataset_id = api.dataset(key)
    ids = [api.start(key, dataset_id)["session"]["id"] for _ in range(5)]
    path = f"/api/training/sessions?workspace_key={key}&limit=2"
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(path + cursor)
        assert page["count"] == len(page["sessions"])
        assert all("history" not in each for each in page["sessions"])
        seen += [each["id"] for each in page["sessions"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == ids[::-1]


def test_sessions_are_filtered_by_status(api, key, services):
    dataset_id = api.dataset(key)
    first, second = (api.start(key, dataset_id)["session"]["id"] for _ in range(2))
    train(services, first)
    path = f"/api/training/sessions?workspace_key={key}&status="
    assert [each["id"] for each in api.get(path + "training")["sessions"]] == [first]
    assert [each["id"] for each in api.get(path + "pending")["sessions"]] == [second]
    assert api.get(path + "failed")["sessions"] == []
    assert problem_of(api.get(path + "done", None))["errors"][0]["field"] == "status"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=x", "cursor=-1", "page=2"])
def test_a_query_that_is_wrong_is_refused(api, key, query):
    response = api.get(f"/api/training/sessions?workspace_key={key}&{query}", None)
    assert problem_of(response)["status"] == 422


def test_a_training_session_shows_its_progress(api, key, services):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS] * 4, batches=20, batches_done=5)
    session = api.get(f"/api/training/session/{session_id}")["session"]
    assert session["status"] == "training"
    assert session["epochs_completed"] == 4
    assert session["progress"] == pytest.approx(0.425)
    assert session["eta_seconds"] == pytest.approx(5.75 * 2)
    assert session["metrics"] == METRICS
    assert session["history"] == [{**METRICS, "epoch": number} for number in (1, 2, 3, 4)]
    listed = api.get(f"/api/training/sessions?workspace_key={key}")["sessions"][0]
    assert listed["progress"] == session["progress"]
    assert listed["eta_seconds"] == session["eta_seconds"]


def test_progress_and_eta_at_the_edges():
    session = {
        "status": "training",
        "epochs": 2,
        "epochs_completed": 0,
        "batches": 0,
        "batches_done": 0,
    }
    assert progress(session) == 0
    assert eta_seconds(session, []) is None
    done = {**session, "epochs_completed": 2, "batches": 4, "batches_done": 4}
    assert progress(done) == 0.99
    assert eta_seconds({**session, "epochs_completed": 2}, [3.0, 3.0]) == 0
    stopped_early = {**session, "status": "completed", "epochs_completed": 1}
    assert progress(stopped_early) == 1
    assert eta_seconds(stopped_early, [3.0]) is None
    # The first epoch, which traces the graph, does not spoil the estimate.
    assert eta_seconds({**session, "epochs": 13, "epochs_completed": 3}, [30, 2, 2]) == 20


def test_only_the_epochs_after_a_number_are_sent(api, key, services):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS] * 4)
    path = f"/api/training/session/{session_id}?after_epoch="
    history = api.get(path + "2")["session"]["history"]
    assert [epoch["epoch"] for epoch in history] == [3, 4]
    assert api.get(path + "4")["session"]["history"] == []
    assert problem_of(api.get(path + "-1", None))["status"] == 422


def test_who_has_the_answer_already_gets_304_until_something_changes(api, key, services):
    session_id = api.session(key, epochs=10)
    path = f"/api/training/session/{session_id}"
    etag = api.get(path, None).headers["ETag"]
    unchanged = api.get(path, None, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.get_data()) == (304, b"")
    train(services, session_id, batches=10, batches_done=1)
    changed = api.get(path, None, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


CHANGES = {
    "a batch": lambda c, session, _: sessions.change(c, session["id"], batches_done=3),
    "an epoch": lambda c, session, _: finished_epochs.add(c, session["id"], 2, METRICS),
    "a repeated epoch": lambda c, session, _: finished_epochs.add(
        c, session["id"], 1, {**METRICS, "loss": 0.5}
    ),
    "an epoch to repeat": lambda c, session, _: finished_epochs.forget_after(c, session["id"], 0),
    "its end": lambda c, session, _: sessions.end(c, session["id"], "cancelled"),
    "its model deleted": lambda c, _, model: models.remove(c, model["id"]),
    "its dataset deleted": lambda c, session, _: datasets.remove(c, session["dataset_id"]),
}


def add_model(connection, session):
    return models.create(
        connection,
        session["workspace_id"],
        session_id=session["id"],
        name="m",
        file="1/m.keras",
        sha256="0" * 64,
        file_size=1,
        manifest={},
    )


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_changes_what_is_shown_changes_the_etag(api, key, services, change):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS], batches=10)
    with services.database.write() as connection:
        session = sessions.find(connection, session_id)
        model = add_model(connection, session)
    path = f"/api/training/session/{session_id}"
    before = api.get(path, None)
    with services.database.write() as connection:
        change(connection, session, model)
    after = api.get(path, None, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.get_json() != before.get_json()


def test_a_model_that_is_saved_changes_the_etag_of_its_session(api, key, services):
    session_id = api.session(key)
    train(services, session_id)
    path = f"/api/training/session/{session_id}"
    etag = api.get(path, None).headers["ETag"]
    with services.database.write() as connection:
        model = add_model(connection, sessions.find(connection, session_id))
    changed = api.get(path, headers={"If-None-Match": etag})
    assert changed["session"]["model_id"] == model["id"]


def test_an_unchanged_session_is_recognised_before_its_epochs_are_read(api, key, services):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS])
    path = f"/api/training/session/{session_id}"
    etag = api.get(path, None).headers["ETag"]
    with statements() as executed:
        assert api.get(path, None, headers={"If-None-Match": etag}).status_code == 304
    assert executed
    assert not [each for each in executed if "epochs.metrics" in each]


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_compressed_answer_is_recognised_by_its_own_etag(api, key, services, encoding):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS] * 5)
    path = f"/api/training/session/{session_id}"
    accepted = {"Accept-Encoding": encoding}
    compressed = api.get(path, None, headers=accepted)
    assert compressed.headers["Content-Encoding"] == encoding
    etag = compressed.headers["ETag"]
    known = {**accepted, "If-None-Match": f'"another", W/{etag}'}
    with statements() as executed:
        unchanged = api.get(path, None, headers=known)
    assert not [each for each in executed if "epochs.metrics" in each]
    assert (unchanged.status_code, unchanged.headers["ETag"]) == (304, etag)
    assert "Accept-Encoding" in unchanged.headers["Vary"]
    assert "no-cache" in unchanged.headers["Cache-Control"]


def test_each_part_of_the_history_has_an_etag_of_its_own(api, key, services):
    session_id = api.session(key, epochs=10)
    train(services, session_id, [METRICS] * 2)
    path = f"/api/training/session/{session_id}?after_epoch="
    etag = api.get(path + "1", None).headers["ETag"]
    assert api.get(path + "0", None, headers={"If-None-Match": etag}).status_code == 200


def test_a_list_takes_as_many_statements_for_many_sessions_as_for_one(api, key, services):
    dataset_id = api.dataset(key)
    for number in range(12):
        session_id = api.start(key, dataset_id)["session"]["id"]
        train(services, session_id, [METRICS] * 3)
        if number % 2 == 0:
            complete(services, session_id)
    path = f"/api/training/sessions?workspace_key={key}&limit="
    api.get(path + "1")  # the token is looked up once
    with statements() as for_one:
        api.get(path + "1")
    with statements() as for_all:
        listed = api.get(path + "12")["sessions"]
    assert len(for_all) == len(for_one)
    assert len(listed) == 12
    assert sum(each["model_id"] is not None for each in listed) == 6
    assert [each["eta_seconds"] is not None for each in listed] == [True, False] * 6


def test_epochs_of_any_release_have_every_field_and_keep_those_of_their_own(api, key, services):
    session_id = api.session(key)
    train(services, session_id, [{}, {"loss": 1.5, "hinge": 2.5}])
    session = api.get(f"/api/training/session/{session_id}")["session"]
    nothing = dict.fromkeys(METRICS)
    assert session["history"] == [
        {**nothing, "epoch": 1},
        {**nothing, "epoch": 2, "loss": 1.5, "hinge": 2.5},
    ]
    assert session["metrics"] == {**nothing, "loss": 1.5, "hinge": 2.5}


@contextmanager
def statements():
    """The SQL that is executed meanwhile."""
    executed: list[str] = []

    def note(_connection, _cursor, statement, *_arguments):
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_number_that_is_not_finite_is_sent_as_null(api, key, services):
    session_id = api.session(key)
    broken = {**METRICS, "loss": float("nan"), "val_loss": float("inf")}
    train(services, session_id, [broken])
    response = api.get(f"/api/training/session/{session_id}", None)
    text = response.get_data(as_text=True)
    assert "NaN" not in text
    assert "Infinity" not in text
    session = response.get_json()["session"]
    assert session["metrics"]["loss"] is session["history"][0]["val_loss"] is None


def test_a_failed_session_says_what_and_why(api, key, services):
    session_id = api.session(key)
    error = {"reason": "diverged", "message": "the loss became infinite in epoch 3"}
    with services.database.write() as connection:
        sessions.end(connection, session_id, "failed", error)
    session = api.get(f"/api/training/session/{session_id}")["session"]
    assert session["status"] == "failed"
    assert session["error"] == {**error, "keep_error": None}
    assert session["completed_at"].endswith("Z")


def test_a_session_that_only_evaluates_is_not_said_to_be_done(api, key, services):
    session_id = api.session(key, epochs=4)
    train(services, session_id, [METRICS] * 4)
    session = api.get(f"/api/training/session/{session_id}")["session"]
    assert session["status"] == "training"
    assert session["epochs_completed"] == 4
    assert session["progress"] == 0.99


def test_a_completed_session_names_its_model(api, key, services):
    session_id = api.session(key)
    model_id = complete(services, session_id)
    session = api.get(f"/api/training/session/{session_id}")["session"]
    assert session["model_id"] == model_id
    assert (services.settings.data_dir / session["model_path"]).exists()
    assert session["progress"] == 1
    assert session["best_epoch"] == 1
    listed = api.get(f"/api/training/sessions?workspace_key={key}")["sessions"][0]
    assert (listed["model_id"], listed["model_path"]) == (model_id, session["model_path"])


@pytest.mark.parametrize("wish", ["stop", "cancel"])
def test_a_waiting_session_is_cancelled_by_either(api, key, services, bell, wish):
    session_id = api.session(key)
    services.storage.checkpoint(session_id, 1).write_bytes(b"of an interrupted training")
    model = services.storage.model("1/m.keras")
    model.parent.mkdir(exist_ok=True)
    model.write_bytes(b"of a worker that crashed")
    with services.database.write() as connection:
        sessions.change(connection, session_id, model_file="1/m.keras")
    answer = api.post(f"/api/training/session/{session_id}/{wish}")
    assert answer["session"]["status"] == "cancelled"
    assert answer["session"]["completed_at"] is not None
    assert not services.storage.checkpoint(session_id, 1).exists()
    assert not model.exists()
    assert bell.rings == 2


def test_a_stop_keeps_the_epochs_of_a_session_that_waits_to_go_on(api, key, services):
    session_id = api.session(key)
    services.storage.checkpoint(session_id, 1).write_bytes(b"of a worker that crashed")
    with services.database.write() as connection:
        sessions.change(connection, session_id, epochs_completed=40)
    stopped = api.post(f"/api/training/session/{session_id}/stop")["session"]
    assert (stopped["status"], stopped["request"]) == ("pending", "stop")
    assert services.storage.checkpoint(session_id, 1).exists()
    cancelled = api.post(f"/api/training/session/{session_id}/cancel")["session"]
    assert cancelled["status"] == "cancelled"
    assert not services.storage.checkpoint(session_id, 1).exists()


@pytest.mark.parametrize("wish", ["stop", "cancel"])
def test_a_request_to_a_training_session_is_stored_and_the_supervisor_notified(
    api, key, services, bell, wish
):
    session_id = api.session(key)
    train(services, session_id)
    answer = api.post(f"/api/training/session/{session_id}/{wish}")
    assert answer["session"]["status"] == "training"
    assert answer["session"]["request"] == wish
    assert bell.rings == 2


def test_a_cancel_overrules_a_stop_and_not_the_other_way_round(api, key, services):
    session_id = api.session(key)
    train(services, session_id)
    path = f"/api/training/session/{session_id}"
    for wish, effect in (("stop", "stop"), ("cancel", "cancel"), ("stop", "cancel")):
        assert api.post(f"{path}/{wish}")["session"]["request"] == effect


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_an_ended_session_cannot_be_stopped_and_can_be_deleted(api, key, services, status):
    session_id = api.session(key)
    with services.database.write() as connection:
        sessions.end(connection, session_id, status)
    path = f"/api/training/session/{session_id}"
    for wish in ("stop", "cancel"):
        problem = problem_of(api.post(f"{path}/{wish}", None))
        assert problem["status"] == 409
        assert status in problem["detail"]
    api.delete(path)
    api.get(path, 404)


@pytest.mark.parametrize("status", ["pending", "training"])
def test_a_session_that_has_not_ended_is_neither_deleted_nor_retried(api, key, services, status):
    session_id = api.session(key)
    with services.database.write() as connection:
        sessions.change(connection, session_id, status=status)
    path = f"/api/training/session/{session_id}"
    for response in (api.delete(path, None), api.post(f"{path}/retry", None)):
        problem = problem_of(response)
        assert problem["status"] == 409
        assert status in problem["detail"]


def test_a_retry_is_a_new_session_with_the_same_spec(api, key, services, bell):
    session_id = api.session(key, epochs=7, seed=3, model_name="second-try")
    with services.database.write() as connection:
        sessions.end(connection, session_id, "cancelled")
    old = api.get(f"/api/training/session/{session_id}")["session"]
    answer = api.post(f"/api/training/session/{session_id}/retry", 202)
    new = answer["session"]
    assert new["id"] != session_id
    assert (new["spec"], new["epochs"], new["model_name"]) == (old["spec"], 7, "second-try")
    assert (new["status"], new["retry_of"]) == ("pending", session_id)
    assert bell.rings == 2


def store_spec(services, session_id, change):
    """Writes a session's spec as another version of exotrain would have."""
    with services.database.write() as connection:
        session = sessions.find(connection, session_id)
        assert session is not None
        sessions.change(connection, session_id, spec=change(session["spec"]))
        sessions.end(connection, session_id, "cancelled")


def without_version(spec):
    return {name: value for name, value in spec.items() if name != "version"}


def test_a_session_of_an_earlier_version_is_retried_with_a_spec_of_this_one(api, key, services):
    session_id = api.session(key, epochs=7)
    expected = api.get(f"/api/training/session/{session_id}")["session"]["spec"]
    store_spec(services, session_id, without_version)
    path = f"/api/training/session/{session_id}"
    assert api.get(path)["session"]["spec"] == without_version(expected)
    assert api.post(f"{path}/retry", 202)["session"]["spec"] == expected


def test_a_request_repeated_after_an_upgrade_starts_no_second_session(api, key, services):
    headers = {"Idempotency-Key": "abc"}
    dataset_id = api.dataset(key)
    first = api.start(key, dataset_id, epochs=7, headers=headers)["session"]["id"]
    store_spec(services, first, without_version)
    assert api.start(key, dataset_id, epochs=7, headers=headers)["session"]["id"] == first


def test_a_session_of_a_later_version_is_not_retried(api, key, services):
    session_id = api.session(key)
    store_spec(services, session_id, lambda spec: {**spec, "version": 3, "moons": True})
    problem = problem_of(api.post(f"/api/training/session/{session_id}/retry", None))
    assert problem["status"] == 409
    assert "moons" in problem["detail"]


def test_a_retry_with_a_key_can_be_repeated(api, key, services):
    session_id = api.session(key)
    with services.database.write() as connection:
        sessions.end(connection, session_id, "cancelled")
    path = f"/api/training/session/{session_id}/retry"
    headers = {"Idempotency-Key": "again"}
    first, second = (api.post(path, 202, headers=headers)["session"]["id"] for _ in range(2))
    assert first == second
    dataset_id = api.get(f"/api/training/session/{session_id}")["session"]["dataset_id"]
    assert problem_of(api.start(key, dataset_id, None, headers=headers))["status"] == 422


def test_a_retry_without_its_dataset_is_refused(api, key, services):
    session_id = api.session(key)
    path = f"/api/training/session/{session_id}"
    dataset_id = api.get(path)["session"]["dataset_id"]
    with services.database.write() as connection:
        sessions.end(connection, session_id, "cancelled")
    api.delete(f"/api/training/dataset/{dataset_id}")
    problem = problem_of(api.post(f"{path}/retry", None))
    assert problem["status"] == 409
    assert "dataset" in problem["detail"]


def test_a_deleted_session_leaves_its_model(api, key, services):
    session_id = api.session(key)
    model_id = complete(services, session_id)
    api.delete(f"/api/training/session/{session_id}")
    model = api.get(f"/api/models/{model_id}")["model"]
    assert model["session_id"] is None
    assert (services.settings.data_dir / model["path"]).exists()


def test_a_whole_number_may_be_written_with_a_point(api, key, bell):
    dataset_id = api.dataset(key)
    spec = api.start(key, dataset_id, epochs=3.0, seed=7.0)["session"]["spec"]
    assert (spec["epochs"], spec["seed"]) == (3, 7)
    api.start(key, dataset_id, 422, epochs=3.5)


@pytest.mark.parametrize("tag", ['""', "*", "W/", ",", '"a", ""'])
def test_an_odd_etag_is_an_ordinary_request(api, key, tag):
    path = f"/api/training/session/{api.session(key)}"
    response = api.get(path, None, headers={"If-None-Match": tag})
    assert response.status_code in (200, 304)
