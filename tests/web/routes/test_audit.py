"""/api/audit, and what the other routes record in it."""

import pytest

from tests.api import CANDIDATE, Api, catalogue, complete, problem_of, use_depth_predictor


@pytest.fixture
def recorded(api):
    """What the administrator sees, oldest first: action, workspace, target and detail of each."""

    def recorded(**query):
        entries = api.get("/api/audit", query_string=query)["entries"]
        return [
            (each["action"], each["workspace"], each["target"], each["detail"])
            for each in reversed(entries)
            if each["action"] not in ("workspace_created", "token_created", "member_added")
        ]

    return recorded


@pytest.fixture
def model_id(api, services, key):
    return complete(services, api.session(key))


def test_deletions_are_recorded(api, key, services, recorded):
    first = complete(services, api.session(key, model_name="first"))
    second = complete(services, api.session(key, model_name="second"))
    session_id = api.get(f"/api/models/{second}")["model"]["session_id"]
    dataset_id = api.upload(key, catalogue(50), name="spare")["dataset"]["id"]
    analysis = {"candidates": [CANDIDATE], "predictions": [{"label": 1}], "title": "mine"}
    made = api.post("/api/analyses", 201, json={"workspace_key": key, **analysis})
    analysis_id = made["analysis"]["id"]
    api.post(f"/api/models/{first}/promote")
    for path in (
        f"models/{second}",
        f"training/session/{session_id}",
        f"training/dataset/{dataset_id}",
        f"analyses/{analysis_id}",
    ):
        api.delete(f"/api/{path}")
    assert recorded() == [
        ("model_promoted", "work", f"model {first}", "first"),
        ("model_deleted", "work", f"model {second}", "second"),
        ("session_deleted", "work", f"session {session_id}", "second"),
        ("dataset_deleted", "work", f"dataset {dataset_id}", "spare"),
        ("analysis_deleted", "work", f"analysis {analysis_id}", "mine"),
    ]


def test_what_is_refused_is_not_recorded(api, model_id, recorded):
    api.delete(f"/api/models/{model_id}", 409)
    api.delete("/api/models/99", 404)
    assert recorded() == []


def test_a_download_is_recorded_once_however_often_it_is_repeated(api, model_id, recorded):
    path = f"/api/models/{model_id}/download"
    etag = api.get(path, None).headers["ETag"]
    assert api.get(path, None, headers={"If-None-Match": etag}).status_code == 304
    assert api.get(path, None, headers={"Range": "bytes=0-3"}).status_code == 206
    api.get(path, None)
    assert recorded() == [("model_downloaded", "work", f"model {model_id}", "exoplanet_model")]


def test_a_client_that_has_the_file_already_downloads_nothing(api, model_id, recorded):
    path = f"/api/models/{model_id}/download"
    etag = f'"{api.get(f"/api/models/{model_id}")["model"]["sha256"]}"'
    assert api.get(path, None, headers={"If-None-Match": etag}).status_code == 304
    assert api.call("HEAD", path, None).status_code == 200
    assert recorded() == []


def test_a_batch_is_recorded_with_the_name_of_its_file(api, client, key, model_id, recorded):
    use_depth_predictor(client)
    assert api.batch(key, catalogue(5), None).status_code == 200
    assert recorded() == [("batch_downloaded", "work", f"model {model_id}", "catalogue")]


def test_an_entry_names_who_from_where_and_when(api, key, model_id):
    api.post(f"/api/models/{model_id}/promote", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    entry = api.get("/api/audit?action=model_promoted")["entries"][0]
    assert (entry["user"], entry["address"]) == ("admin", "192.0.2.7")
    assert entry["at"].endswith("Z")


def test_no_entry_holds_a_key_a_token_or_a_cell(api, client, key, model_id, services, token):
    use_depth_predictor(client)
    api.batch(key, catalogue(5), None)
    api.get(f"/api/models/{model_id}/download", None)
    Api(client, "a-wrong-token").get("/api/me", 401)
    services.wrong_tokens.report()
    text = api.get("/api/audit", None).get_data(as_text=True)
    assert "sign_in_failed" in text
    for secret in (key, token, "a-wrong-token", "star-1"):
        assert secret not in text


def test_the_owner_sees_the_entries_of_a_workspace_and_of_no_other(api, stranger):
    key = stranger.workspace("theirs")
    for each, workspace in ((stranger, key), (api, api.workspace("mine"))):
        each.delete(f"/api/training/dataset/{each.dataset(workspace)}")
    for reader in (stranger, api):
        answer = reader.get(f"/api/audit?workspace_key={key}&action=dataset_deleted")
        assert [(each["user"], each["workspace"]) for each in answer["entries"]] == [
            ("stranger", "theirs")
        ]


def test_everything_is_for_the_administrator_and_a_workspace_for_its_owner(api, key, stranger):
    assert "administrator" in problem_of(stranger.get("/api/audit", None))["detail"]
    stranger.get("/api/audit", 403)
    stranger.get(f"/api/audit?workspace_key={key}", 404)
    stranger.get("/api/audit?workspace_key=nothing", 404)
    api.get("/api/audit?workspace_key=nothing", 404)
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "stranger"})
    stranger.get(f"/api/audit?workspace_key={key}", 403)


def test_pages_follow_each_other(api, key):
    for rows in range(50, 55):
        api.delete(f"/api/training/dataset/{api.dataset(key, rows)}")
    seen, cursor = [], None
    while True:
        query = {"action": "dataset_deleted", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = api.get("/api/audit", query_string=query)
        assert page["count"] == len(page["entries"]) <= 2
        seen += [each["id"] for each in page["entries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("query", ["action=burnt", "limit=0", "limit=201", "cursor=x", "key=1"])
def test_a_query_that_means_nothing_is_refused(api, query):
    api.get(f"/api/audit?{query}", 422)
