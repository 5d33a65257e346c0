"""Who gets in: every route of the URL map without a token, with a wrong one, with a stranger's."""

import io

import pytest

from backend.web import auth
from tests.api import CANDIDATE, Api, catalogue, complete, form

# Routes that are a user's own or everybody's, whatever the ids: a stranger may call them.
OPEN_TO_EVERY_USER = {
    "accounts.get_me",
    "accounts.list_tokens",
    "accounts.create_token",  # 403 but for the administrator
    "audit.list_audit_entries",  # without a workspace: 403 but for the administrator
    "workspaces.list_workspaces",
    "workspaces.create_workspace",
    "curves.compute_curve",
    "networks.list_networks",
}


def all_calls(app):
    """Every endpoint and method of the URL map, with the rule."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method


def path_of(rule, values):
    """The rule's path with ids and keys filled in."""
    with_values = {name: values[name] for name in rule.arguments}
    adapter = rule.map.bind("localhost")
    return adapter.build(rule.endpoint, with_values)


@pytest.fixture
def belongings(api, services, key):
    """One thing of each kind that belongs to the administrator, by the names in the rules."""
    session_id = api.session(key)
    model_id = complete(services, session_id)
    dataset_id = api.get(f"/api/training/session/{session_id}")["session"]["dataset_id"]
    analysis = {"candidates": [CANDIDATE], "predictions": [{"label": 1}], "title": "mine"}
    answer = api.post("/api/analyses", 201, json={"workspace_key": key, **analysis})
    with services.database.write() as connection:
        administrator = auth.accounts.administrator(connection)
        _, token = auth.new_token(connection, administrator)
    return {
        "key": key,
        "workspace_key": key,
        "user": "admin",
        "token_id": token["id"],
        "dataset_id": dataset_id,
        "session_id": session_id,
        "model_id": model_id,
        "analysis_id": answer["analysis"]["id"],
        "filename": "none",
    }


def test_no_route_answers_without_a_token_but_the_few_that_are_public(app, client, belongings):
    for rule, method in all_calls(app):
        response = client.open(path_of(rule, belongings), method=method, data=b"{}")
        if rule.endpoint in auth.PUBLIC:
            assert response.status_code in (200, 302, 404), rule
        else:
            assert response.status_code == 401, f"{method} {rule}"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


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
def test_no_route_answers_a_wrong_token(app, client, belongings, header):
    for rule, method in all_calls(app):
        if rule.endpoint not in auth.PUBLIC:
            response = client.open(
                path_of(rule, belongings), method=method, headers={"Authorization": header}
            )
            assert response.status_code == 401, f"{method} {rule}"


def test_a_stranger_gets_404_for_everything_of_others(app, stranger, belongings):
    for rule, method in all_calls(app):
        if rule.endpoint in auth.PUBLIC | OPEN_TO_EVERY_USER:
            continue
        response = call_as(stranger, rule, method, belongings)
        assert response.status_code == 404, f"{method} {rule}: {response.get_json()}"


def test_another_users_records_answer_exactly_like_ones_that_do_not_exist(
    app, stranger, api, belongings
):
    missing = {
        name: 10**9 if isinstance(value, int) else "x" * len(value)
        for name, value in belongings.items()
    }
    for rule, method in all_calls(app):
        if rule.endpoint in auth.PUBLIC | OPEN_TO_EVERY_USER:
            continue
        anothers = call_as(stranger, rule, method, belongings).get_json()
        nothing = call_as(stranger, rule, method, missing).get_json()
        for name, value in belongings.items():
            anothers["detail"] = anothers["detail"].replace(str(value), "<it>")
            nothing["detail"] = nothing["detail"].replace(str(missing[name]), "<it>")
        assert anothers == nothing, f"{method} {rule}"


def test_the_owner_reaches_what_a_stranger_does_not(app, api, belongings):
    """Otherwise the tests above would also pass with routes that answer 404 to everybody."""
    for rule, method in all_calls(app):
        if method == "GET" and rule.endpoint not in auth.PUBLIC:
            response = call_as(api, rule, method, belongings)
            # The session of the fixture has no evaluation.
            expected = 404 if rule.endpoint.startswith("evaluation.") else 200
            if rule.endpoint == "networks.list_networks":
                expected = 200
            assert response.status_code == expected, f"{method} {rule}: {response.get_json()}"


def test_a_route_that_forgets_about_access_is_closed(make_client, settings):
    client = make_client(settings)
    client.application.add_url_rule("/api/forgetful", "forgetful", lambda: "open")
    assert client.get("/api/forgetful").status_code == 401


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
    path = path_of(rule, values)
    if method == "GET":
        queries = {
            "datasets.list_datasets": {"workspace_key": values["workspace_key"]},
            "training.list_sessions": {"workspace_key": values["workspace_key"]},
            "models.list_models": {"workspace_key": values["workspace_key"]},
            "analyses.list_analyses": {"workspace_key": values["workspace_key"]},
            "curves.get_dataset_curve": {"row": 0},
        }
        return user.get(path, None, query_string=queries.get(rule.endpoint, {}))
    key = values["workspace_key"]
    bodies = {
        "workspaces.add_member": {"json": {"user": "stranger"}},
        "datasets.upload_dataset": {"data": form(catalogue(), workspace_key=key)},
        "training.start_training": {
            "json": {"workspace_key": key, "dataset_id": values["dataset_id"]}
        },
        "predictions.predict": {"json": {"workspace_key": key, **CANDIDATE}},
        "predictions.predict_batch": {"data": form(catalogue(), workspace_key=key)},
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
