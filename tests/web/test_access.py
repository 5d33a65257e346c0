"""Who gets in: every route of the URL map, called by everybody, as docs/ACCESS.md says."""

import io
import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from backend.database import accounts, sessions, workspaces
from backend.database.curves import sets as curve_sets
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.curves.server_folder import ServerFolder
from backend.web import access, auth
from backend.web.current import services_of
from backend.web.tokens import new_token
from tests.api import (
    CANDIDATE,
    Api,
    catalogue,
    complete,
    fail,
    form,
    predict_part,
    use_depth_predictor,
)
from tests.documents import ACCESS, table_rows
from tests.web.routes.training.test_evaluations import TEST_ROWS

CALLERS = (
    "none",
    "wrong",
    "revoked",
    "expired",
    "stranger",
    "viewer",
    "editor",
    "owner",
    "administrator",
    "read-only",
)

# After them a session is not what it was before.
CONSUMING = (
    "bin.restore_bin_entry",
    "training.stop_session",
    "training.cancel_session",
    "kept.keep_session",
    "batches.cancel_batch",
    "light_curves.cancel_curve_import",
    "studies.stop_study",
    "studies.cancel_study",
    "studies.retry_study",
    "labels.create_dataset_version",
)

# Of the finished epochs of a failed session.
KEPT = ("kept.keep_session", "kept.delete_session_checkpoint")

COUNTER = itertools.count()

BATCHES = "/api/predict/batches"
CURVES = "/api/light-curves"

VOTE = {"row": 0, "label": "exclude", "reason": "a blend"}

# It changes nothing, although the call does.
BATCH_PREVIEW = f"{BATCHES}?preview=1"


def all_calls(app):
    """Every rule and method of the URL map."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method


def name_of(rule, method):
    """A call as the documents write it."""
    path = re.sub(r"<int:\w+>", "<id>", rule.rule)
    return f"{method} {re.sub(r'<path:[a-z]+>', '<path>', path)}"


def path_of(rule, values):
    """The rule's path with ids and keys filled in."""
    with_values = {name: values[name] for name in rule.arguments}
    adapter = rule.map.bind("localhost")
    return adapter.build(rule.endpoint, with_values)


def documented():
    """The table of docs/ACCESS.md: a call, and its status for each of CALLERS."""
    rows = {}
    for cells in table_rows(ACCESS):
        if len(cells) == 1 + len(CALLERS) and cells[0] != "call":
            rows[cells[0].strip("`")] = dict(zip(CALLERS, map(int, cells[1:]), strict=True))
    return rows


TABLE = documented()


class House:
    """Users with every kind of access to workspaces of the user `owner`, and with none."""

    def __init__(self, client, services):
        self.client = client
        self.services = services
        self.tokens = {"none": None, "wrong": "wrong"}
        self.users = {}
        with services.database.write() as connection:
            self.users["administrator"] = accounts.administrator(connection)
            for name in ("owner", "editor", "viewer", "stranger", "friend"):
                self.users[name] = accounts.create_user(connection, name)
            for name, user in self.users.items():
                self.tokens[name], _ = new_token(connection, user)
            owner = self.users["owner"]
            self.tokens["read-only"], _ = new_token(connection, owner, is_read_only=True)
            over = "2026-01-01T00:00:00.000Z"
            self.tokens["expired"], _ = new_token(connection, owner, expires_at=over)
            self.tokens["revoked"], revoked = new_token(connection, owner)
            accounts.delete_token(connection, revoked["id"])
        use_depth_predictor(client)
        services.server_folder = ServerFolder(services, services.settings.data_dir)

    def as_(self, caller):
        """The calls of one of CALLERS."""
        api = Api(self.client, self.tokens[caller])
        if caller == "none":
            api.headers = {}
        return api

    def furnish(self):
        """A new workspace of the owner's with one thing of each kind, by the names in the rules."""
        owner = self.as_("owner")
        key = owner.workspace()
        with self.services.database.write() as connection:
            workspace = workspaces.find(connection, key, self.users["owner"]["id"])
            for name, role in (("viewer", "viewer"), ("editor", "editor"), ("friend", "editor")):
                workspaces.add_member(
                    connection,
                    workspace["id"],
                    self.users[name]["id"],
                    role=role,
                    added_by=self.users["owner"]["id"],
                )
            _, token = new_token(connection, self.users["owner"])
        used = owner.dataset(key, rows=100)
        other_id = owner.start(key, used)["session"]["id"]
        self._evaluate(other_id, complete(self.services, other_id))  # the current model
        session_id = owner.start(key, used)["session"]["id"]
        model_id = complete(self.services, session_id)
        self._evaluate(session_id, model_id)
        analysis = {"candidates": [CANDIDATE], "predictions": [{"label": 1}], "title": "mine"}
        saved = owner.post("/api/analyses", 201, json={"workspace_key": key, **analysis})
        return {
            "key": key,
            "workspace_key": key,
            "user": "friend",
            "token_id": token["id"],
            "dataset_id": self._labelled(owner, key),
            "session_id": session_id,
            "other_id": other_id,
            "failed_id": self._failed(owner, key, used),
            "pending_id": owner.start(key, used)["session"]["id"],
            **self._batches(owner, key),
            **self._curve_sets(owner, key),
            **self._studies(owner, key, used),
            "model_id": model_id,
            "analysis_id": saved["analysis"]["id"],
            "bin_id": self._binned(owner, key, analysis),
            "filename": "main.js",
        }

    def _binned(self, owner, key, analysis):
        """The number in the bin of an analysis that was deleted."""
        body = {"workspace_key": key, **analysis}
        deleted = owner.post("/api/analyses", 201, json=body)["analysis"]["id"]
        owner.delete(f"/api/analyses/{deleted}")
        return owner.get("/api/bin", query_string={"workspace_key": key})["entries"][0]["id"]

    def _batches(self, owner, key):
        """A completed batch and one that waits."""
        ids = []
        for _ in range(2):
            data = form(catalogue(3), workspace_key=key)
            ids.append(owner.post(BATCHES, 202, data=data)["batch"]["id"])
            if len(ids) == 1:
                BatchRunner(self.services).work()
        return {"batch_id": ids[0], "waiting_batch_id": ids[1]}

    def _curve_sets(self, owner, key):
        """A set whose import was cancelled, one whose import waits, and an upload in pieces."""
        ids = [
            owner.post(CURVES, 202, data=form("time,flux\n", workspace_key=key))["curve_set"]["id"]
            for _ in range(2)
        ]
        owner.post(f"{CURVES}/{ids[0]}/cancel")
        body = {"workspace_key": key, "name": "stars.tar", "size": 5}
        upload = owner.post(f"{CURVES}/uploads", 201, json=body)["upload"]
        return {
            **self._views(owner, key),
            "curve_set_id": ids[0],
            "waiting_curve_set_id": ids[1],
            "upload_id": upload["id"],
        }

    def _views(self, owner, key):
        """A set that has a version, and views by it that wait."""
        data = form("time,flux\n", workspace_key=key)
        curve_set_id = owner.post(CURVES, 202, data=data)["curve_set"]["id"]
        owner.post(f"{CURVES}/{curve_set_id}/cancel")
        with self.services.database.write() as connection:
            curve_sets.change(connection, curve_set_id, number=1, sha256="a" * 64)
        dataset_id = owner.dataset(key, rows=97)
        path = f"{CURVES}/{curve_set_id}/views"
        owner.post(path, 202, json={"dataset_id": dataset_id})
        return {"seen_curve_set_id": curve_set_id, "seen_dataset_id": dataset_id}

    def _labelled(self, owner, key):
        """The id of a dataset of which the owner and the editor say something."""
        dataset_id = owner.dataset(key)
        for caller in ("owner", "editor"):
            url = f"/api/training/dataset/{dataset_id}/labels"
            self.as_(caller).put(url, json={"changes": [VOTE]})
        return dataset_id

    def _studies(self, owner, key, dataset_id):
        """One of which a session has completed and one has failed, one that waits, a whole one."""
        ended, waiting, whole = (owner.study(key, dataset_id, folds=2)["study"] for _ in range(3))
        predict_part(self.services, ended["sessions"][0], rows=100, folds=2)
        fail(self.services, ended["sessions"][1]["id"])
        for part in whole["sessions"]:
            predict_part(self.services, part, rows=100, folds=2)
        ids = {"study_id": ended["id"], "waiting_study_id": waiting["id"]}
        return ids | {"whole_study_id": whole["id"]}

    def _failed(self, owner, key, dataset_id):
        session_id = owner.start(key, dataset_id)["session"]["id"]
        fail(self.services, session_id)
        return session_id

    def _evaluate(self, session_id, model_id):
        with self.services.database.write() as connection:
            sessions.change(connection, session_id, evaluation={"accuracy": 0.5})
        model = self.as_("owner").get(f"/api/models/{model_id}")["model"]
        path = self.services.settings.data_dir / model["path"]
        np.save(path.with_suffix(".test.npy"), np.zeros(3, TEST_ROWS))


@pytest.fixture
def settings(settings):
    """So many wrong tokens that none is refused for their number."""
    return replace(settings, wrong_tokens=10_000)


@pytest.fixture
def house(client, services):
    return House(client, services)


def test_every_route_has_a_row(app):
    routes = {name_of(rule, method) for rule, method in all_calls(app)}
    assert set(TABLE) == routes | {f"POST {BATCH_PREVIEW}"}


def test_a_call_that_reads_answers_everybody_as_documented(app, house):
    values = house.furnish()
    for rule, method in all_calls(app):
        if method == "GET":
            require_documented_answers(house, rule, method, values)


@pytest.mark.parametrize("said", ["1", "true"])
def test_a_preview_of_a_batch_answers_everybody_as_documented_and_posts_nothing(house, said):
    key = house.furnish()["key"]
    owner, query = house.as_("owner"), {"workspace_key": key}
    before = owner.get(BATCHES, query_string=query)
    path = f"{BATCHES}?preview={said}"
    found = {
        caller: house.as_(caller)
        .post(path, None, data=form(catalogue(), workspace_key=key))
        .status_code
        for caller in CALLERS
    }
    assert found == TABLE[f"POST {BATCH_PREVIEW}"]
    assert owner.get(BATCHES, query_string=query) == before


@pytest.mark.parametrize("query", ["preview=0", "preview=0&preview=1", "preview=maybe", "preview"])
def test_who_may_only_ask_for_previews_of_batches_can_post_none(house, query):
    key = house.furnish()["key"]
    asked = {"workspace_key": key}
    before = house.as_("owner").get(BATCHES, query_string=asked)["count"]
    for caller in ("viewer", "read-only"):
        data = form(catalogue(), workspace_key=key)
        answer = house.as_(caller).post(f"{BATCHES}?{query}", None, data=data)
        assert answer.status_code in (403, 422), caller
    assert house.as_("owner").get(BATCHES, query_string=asked)["count"] == before


def test_a_candidate_with_its_light_curve_is_for_whom_one_without_is(house):
    """Their model reads no light curves, which is said only to those who may know the model."""
    key = house.furnish()["key"]
    data = {"workspace_key": key, **CANDIDATE, "epoch": 2_457_000.5}
    found = {
        caller: house.as_(caller)
        .post("/api/predict", None, data=form("bjd,flux\n", **data))
        .status_code
        for caller in CALLERS
    }
    as_json = TABLE["POST /api/predict"]
    assert found == {caller: 422 if code == 200 else code for caller, code in as_json.items()}


@pytest.mark.parametrize(
    "name", [name for name in TABLE if not name.startswith("GET") and "?" not in name]
)
def test_a_call_answers_everybody_as_documented(app, house, name):
    rule, method = next(each for each in all_calls(app) if name_of(*each) == name)
    require_documented_answers(house, rule, method, house.furnish())


def require_documented_answers(house, rule, method, values):
    """Let each of CALLERS make a call, with something new once it has changed what it is about."""
    name = name_of(rule, method)
    found = {}
    for caller in CALLERS:
        with call_as(house.as_(caller), rule, method, values) as response:
            found[caller] = response.status_code
        is_consumed = method == "DELETE" or rule.endpoint in CONSUMING
        if is_consumed and response.status_code < 300:
            values = house.furnish()
    assert found == TABLE[name], f"| `{name}` | {' | '.join(map(str, found.values()))} |"


def test_every_row_denies_whom_it_must():
    """The table itself: what no row may promise."""
    for name, row in TABLE.items():
        is_public = row["none"] == 200
        assert is_public or {row[each] for each in CALLERS[:4]} == {401}, name
        assert row["administrator"] == row["stranger"] or name in ADMINISTRATORS, name
        changes = not name.startswith("GET") and row["viewer"] != row["editor"]
        assert not changes or (row["viewer"], row["read-only"]) == (403, 403), name


# What the administrator may do although it is another user's.
ADMINISTRATORS = (
    "DELETE /api/tokens/<id>",
    "GET /api/audit",
    "GET /metrics",
    "POST /api/light-curves/server-folder",
)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        "Basic dGVzdF91c2VyXzEyMzo=",
        "test_user_123",
        "Bearer é",
    ],
)
def test_no_route_answers_a_wrong_token(app, client, house, header):
    values = house.furnish()
    for rule, method in all_calls(app):
        if rule.endpoint not in auth.PUBLIC:
            response = client.open(
                path_of(rule, values), method=method, headers={"Authorization": header}
            )
            assert response.status_code == 401, f"{method} {rule}"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def foreign_and_absent_calls(app, house):
    """Calls of a stranger about somebody's records, and about such as do not exist."""
    there = house.furnish()
    absent = {
        name: 10**9 if isinstance(value, int) else "x" * len(value) for name, value in there.items()
    }
    for rule, method in all_calls(app):
        if TABLE[name_of(rule, method)]["stranger"] == 404:
            yield rule, method, there, absent


def test_another_users_records_answer_exactly_like_ones_that_do_not_exist(app, house):
    stranger = house.as_("stranger")
    for rule, method, there, absent in foreign_and_absent_calls(app, house):
        anothers = call_as(stranger, rule, method, there).get_json()
        nothing = call_as(stranger, rule, method, absent).get_json()
        for name, value in there.items():
            anothers["detail"] = anothers["detail"].replace(str(value), "<it>")
            nothing["detail"] = nothing["detail"].replace(str(absent[name]), "<it>")
        assert anothers == nothing, f"{method} {rule}"


def test_another_users_records_take_the_statements_of_ones_that_do_not_exist(app, house):
    """Else the time of an answer tells whether there is such a record."""
    seen = []
    database = house.services.database
    for engine in (database._engine, database._writer):
        event.listen(engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    stranger = house.as_("stranger")
    for rule, method, there, absent in foreign_and_absent_calls(app, house):
        statements = []
        for values in (there, absent):
            call_as(stranger, rule, method, values).close()  # notes the use of the token
            seen.clear()
            call_as(stranger, rule, method, values)
            statements.append(list(seen))
        assert statements[0] == statements[1], f"{method} {rule}"
        assert len([each for each in statements[0] if each.startswith("SELECT")]) <= 1, rule


def test_who_is_not_the_owner_is_told_that_only_the_owner_may(house):
    key = house.furnish()["key"]
    problem = house.as_("editor").delete(f"/api/workspaces/{key}", 403)
    assert problem["detail"] == "Only the owner of the workspace may do this."


def test_a_route_that_forgets_about_access_is_closed(make_client, settings):
    client = make_client(settings)
    client.application.add_url_rule("/api/forgetful", "forgetful", lambda: "open")
    assert client.get("/api/forgetful").status_code == 401


def test_a_route_that_forgets_about_roles_is_closed_to_those_who_only_read(make_client, settings):
    client = make_client(settings)

    def forgetful(key):
        with house.services.database.read() as connection:
            access.workspace_by_key(connection, key)
        return "open"

    client.application.add_url_rule("/api/forgetful/<key>", view_func=forgetful, methods=["POST"])
    house = House(client, services_of(client.application))
    path = f"/api/forgetful/{house.furnish()['key']}"
    assert house.as_("editor").post(path, None).status_code == 200
    for caller in ("viewer", "read-only"):
        assert house.as_(caller).post(path, None).status_code == 403


def test_a_refused_upload_is_not_read(app, client):
    class Unreadable(io.BytesIO):
        def read(self, *_):
            raise AssertionError("the body was read")

        readline = readinto = read

    response = client.post(
        "/api/training/upload-dataset",
        input_stream=Unreadable(b"x" * 1000),
        content_type="multipart/form-data; boundary=x",
    )
    assert response.status_code == 401


def call_as(user: Api, rule, method, values):
    """A call whose body and query are as they must be, so that only the access decides."""
    if rule.endpoint in ("training.stop_session", "training.cancel_session"):
        values = {**values, "session_id": values["pending_id"]}
    if rule.endpoint == "batches.cancel_batch":
        values = {**values, "batch_id": values["waiting_batch_id"]}
    if rule.endpoint == "light_curves.cancel_curve_import":
        values = {**values, "curve_set_id": values["waiting_curve_set_id"]}
    if rule.endpoint.startswith("curve_views."):
        values = {**values, "curve_set_id": values["seen_curve_set_id"]}
    if rule.endpoint in ("studies.stop_study", "studies.cancel_study"):
        values = {**values, "study_id": values["waiting_study_id"]}
    if rule.endpoint == "study_model.create_study_model":
        values = {**values, "study_id": values["whole_study_id"]}
    if rule.endpoint in KEPT:
        values = {**values, "session_id": values["failed_id"]}
    path = path_of(rule, values)
    key = values["workspace_key"]
    if method == "GET":
        queries = {
            "datasets.list_datasets": {"workspace_key": key},
            "listing.list_sessions": {"workspace_key": key},
            "listing.download_sessions": {"workspace_key": key},
            "models.list_models": {"workspace_key": key},
            "many_models.download_models": {"workspace_key": key},
            "studies.list_studies": {"workspace_key": key},
            "batches.list_batches": {"workspace_key": key},
            "analyses.list_analyses": {"workspace_key": key},
            "light_curves.list_curve_sets": {"workspace_key": key},
            "row_curves.get_row_curve": {"dataset_id": values["dataset_id"], "row": 0},
            "curve_views.get_curve_views": {"dataset_id": values["seen_dataset_id"]},
            "bin.list_bin": {"workspace_key": key},
            "audit.list_audit_entries": {"workspace_key": key},
            "curves.get_dataset_curve": {"row": 0},
            "evaluation.get_comparison": {"other": values["other_id"]},
            "study_comparisons.get_study_comparison": {"other": values["whole_study_id"]},
        }
        return user.get(path, None, query_string=queries.get(rule.endpoint, {}))
    bodies: dict[str, dict[str, Any]] = {
        "accounts.create_token": {"json": {}},
        "workspaces.create_workspace": {"json": {"name": "x"}},
        "workspaces.add_member": {"json": {"user": "stranger"}},
        "datasets.upload_dataset": {
            "data": form(catalogue(100 + next(COUNTER)), workspace_key=key)
        },
        "training.start_training": {
            "json": {"workspace_key": key, "dataset_id": values["dataset_id"]}
        },
        "studies.start_study": {
            "json": {"workspace_key": key, "dataset_id": values["dataset_id"], "folds": 2}
        },
        "study_model.create_study_model": {"json": {}},
        "labels.update_labels": {"json": {"changes": [VOTE]}},
        "labels.undo_labels": {"json": {}},
        "labels.update_label_rule": {"json": {"rule": "majority"}},
        "labels.import_labels": {"data": form("row,label\n0,exclude\n")},
        "labels.create_dataset_version": {"json": {}},
        "workspaces.update_workspace": {"json": {"name": "y"}},
        "datasets.update_dataset": {"json": {"name": "y"}},
        "listing.update_session": {"json": {"is_starred": True}},
        "models.update_model": {"json": {"is_starred": True}},
        "bulk.update_sessions": {
            "json": {
                "workspace_key": key,
                "session_ids": [values["session_id"]],
                "action": "star",
            }
        },
        "many_models.update_models": {
            "json": {"workspace_key": key, "model_ids": [values["model_id"]], "action": "star"}
        },
        "curves.compute_curve": {"json": CANDIDATE},
        "predictions.predict": {"json": {"workspace_key": key, **CANDIDATE}},
        "predictions.predict_batch": {"data": form(catalogue(), workspace_key=key)},
        "batches.create_batch": {"data": form(catalogue(), workspace_key=key)},
        "light_curves.create_curve_set": {"data": form("time,flux\n", workspace_key=key)},
        "light_curves.add_curve_files": {"data": form("time,flux\n")},
        "curve_views.start_curve_views": {"json": {"dataset_id": values["seen_dataset_id"]}},
        "curve_views.delete_curve_views": {
            "query_string": {"dataset_id": values["seen_dataset_id"]}
        },
        "curve_uploads.start_curve_upload": {
            "json": {"workspace_key": key, "name": "stars.tar", "size": 5}
        },
        "curve_uploads.upload_curve_piece": {
            "data": b"12345",
            "content_type": "application/octet-stream",
            "headers": {"Content-Range": "bytes 0-4/5"},
        },
        "analyses.create_analysis": {
            "json": {
                "workspace_key": key,
                "title": "x",
                "candidates": [CANDIDATE],
                "predictions": [{"label": 1}],
            }
        },
        "analyses.update_analysis": {"json": {"note": "x"}},
    }
    return user.call(method, path, None, **bodies.get(rule.endpoint, {}))
