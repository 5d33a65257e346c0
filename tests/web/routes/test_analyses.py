"""/api/analyses: predictions that were kept."""

import json
from dataclasses import replace

import pytest

from backend.services import quota
from tests.api import CANDIDATE, Api, complete, problem_of, use_depth_predictor


@pytest.fixture
def analysis(api, key):
    return save(api, key)["analysis"]


def save(api, key, expect=201, **fields):
    body = {
        "workspace_key": key,
        "title": "Interesting",
        "note": "two lines\nof text",
        "candidates": [{**CANDIDATE, "star": "KIC 1"}],
        "predictions": [{"label": 1, "label_name": "CONFIRMED", "period": 3.4}],
        **fields,
    }
    return api.post("/api/analyses", expect, json=body)


def test_a_saved_analysis_is_given_back(api, key, analysis):
    found = api.get(f"/api/analyses/{analysis['id']}")["analysis"]
    assert found == analysis
    assert (found["title"], found["note"]) == ("Interesting", "two lines\nof text")
    assert (found["user"], found["count"], found["model_id"]) == ("admin", 1, None)
    assert found["candidates"][0]["depth"] == 8000
    assert found["candidates"][0]["star"] == "KIC 1"
    assert found["predictions"][0]["label_name"] == "CONFIRMED"


def test_what_predict_answers_can_be_saved_as_it_is(api, client, key, services):
    use_depth_predictor(client)
    model_id = complete(services, api.session(key))
    rows = [CANDIDATE, {**CANDIDATE, "depth": 19_000}]
    answer = api.post("/api/predict", json={"workspace_key": key, "rows": rows})
    saved = save(api, key, model_id=model_id, candidates=rows, predictions=answer["predictions"])[
        "analysis"
    ]
    assert saved["model_id"] == model_id
    assert saved["count"] == 2
    assert saved["predictions"][1]["probabilities"]["FALSE POSITIVE"] == pytest.approx(0.95)
    for kept, given in zip(saved["predictions"], answer["predictions"], strict=True):
        assert kept["diagnostics"] == given["diagnostics"]


def test_what_predict_answered_with_an_error_is_kept_as_it_was_given(api, client, key, services):
    use_depth_predictor(client)
    complete(services, api.session(key))
    rows = [{"period": -3, "comment": "typed"}, CANDIDATE, "no candidate"]
    answer = api.post("/api/predict", json={"workspace_key": key, "rows": rows})
    saved = save(api, key, candidates=rows, predictions=answer["predictions"])["analysis"]
    assert [saved["candidates"][0], saved["candidates"][2]] == [rows[0], rows[2]]
    assert "period" in saved["predictions"][0]["error"]
    assert saved["predictions"][1]["error"] is None
    assert api.get(f"/api/analyses/{saved['id']}")["analysis"] == saved
    long = [{"comment": "x" * 3000}]
    problem = problem_of(save(api, key, None, candidates=long, predictions=[{"error": "no"}]))
    assert problem["errors"][0]["field"] == "candidates.0"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ('[{"a": 1}, ' + '{"a":' * 300 + "1" + "}" * 300 + "]", None),
        ('[{"a": Infinity}, -Infinity]', [{"a": None}, None]),
        ('["Infinity", {"Infinity": "-Infinity"}]', ["Infinity", {"Infinity": "-Infinity"}]),
    ],
    ids=["deep", "infinite", "text"],
)
def test_what_an_earlier_release_stored_is_answered(api, key, services, analysis, stored, shown):
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE analyses SET candidates = ?", (stored,))
    response = api.get(f"/api/analyses/{analysis['id']}", None)
    found = json.loads(response.get_data())["analysis"]
    assert found["count"] == len(found["candidates"]) == 2
    assert shown is None or found["candidates"] == shown
    (listed,) = api.get(f"/api/analyses?workspace_key={key}")["analyses"]
    assert listed["count"] == 2
    renamed = api.patch(f"/api/analyses/{analysis['id']}", None, json={"note": "still mine"})
    assert renamed.status_code == 200
    api.delete(f"/api/analyses/{analysis['id']}")


@pytest.mark.parametrize(
    ("candidate", "status"), [("[" * 300 + "]" * 300, 400), ('{"depth": 1e999}', 422)]
)
def test_a_candidate_that_could_not_be_sent_again_is_not_stored(api, key, candidate, status):
    body = (
        f'{{"workspace_key": "{key}", "title": "t", "predictions": [{{"error": "no"}}],'
        f'"candidates": [{candidate}]}}'
    )
    response = api.post("/api/analyses", None, data=body, content_type="application/json")
    assert problem_of(response)["status"] == status
    assert api.get(f"/api/analyses?workspace_key={key}")["count"] == 0


def test_analyses_are_listed_newest_first_without_their_rows(api, key, analysis):
    second = save(api, key, title="Another")["analysis"]
    listed = api.get(f"/api/analyses?workspace_key={key}")
    assert [each["id"] for each in listed["analyses"]] == [second["id"], analysis["id"]]
    assert listed["count"] == 2
    assert "candidates" not in listed["analyses"][0]
    assert listed["analyses"][0]["count"] == 1


def test_title_and_note_are_edited_one_by_one(api, analysis):
    path = f"/api/analyses/{analysis['id']}"
    assert api.patch(path, json={"note": "seen again"})["analysis"]["note"] == "seen again"
    changed = api.patch(path, json={"title": "New"})["analysis"]
    assert (changed["title"], changed["note"]) == ("New", "seen again")
    assert changed["updated_at"] >= analysis["updated_at"]
    assert api.patch(path, json={"note": ""})["analysis"]["note"] == ""
    assert api.patch(path, json={})["analysis"]["title"] == "New"
    problem = problem_of(api.patch(path, None, json={"candidates": []}))
    assert problem["errors"][0]["field"] == "candidates"


def test_an_analysis_is_deleted(api, analysis):
    api.delete(f"/api/analyses/{analysis['id']}")
    api.get(f"/api/analyses/{analysis['id']}", 404)


def test_an_analysis_outlives_its_model(api, key, services):
    complete(services, api.session(key))
    model_id = complete(services, api.session(key))
    saved = save(api, key, model_id=model_id)["analysis"]
    api.delete(f"/api/models/{model_id}")
    assert api.get(f"/api/analyses/{saved['id']}")["analysis"]["model_id"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"note": "\x00"}, "note"),
        ({"note": "x" * 20_001}, "note"),
        ({"candidates": []}, "candidates"),
        ({"candidates": [{"period": 3}]}, "candidates.0.duration"),
        ({"candidates": "x"}, "candidates"),
        ({"predictions": [{"label": 7}]}, "predictions.0.label"),
        ({"predictions": [1]}, "predictions.0"),
        ({"model_id": 77}, "model_id"),
        ({"workspace_key": 3}, "workspace_key"),
        ({"tags": []}, "tags"),
    ],
)
def test_an_analysis_that_is_wrong_names_the_field(api, key, change, field):
    problem = problem_of(save(api, key, None, **change))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_as_many_predictions_as_candidates_are_needed(api, key):
    problem = problem_of(save(api, key, None, predictions=[{"label": 1}] * 2))
    assert problem["status"] == 422
    assert "as many predictions as candidates" in problem["detail"]


def test_analyses_count_towards_the_quota(make_client, settings):
    api = Api(make_client(replace(settings, quota_mb=1)), settings.token)
    key = api.workspace()
    many = {"candidates": [CANDIDATE] * 1000, "predictions": [{"label": 1}] * 1000}
    answers = [save(api, key, None, **many).status_code for _ in range(5)]
    assert answers[0] == 201
    assert answers[-1] == 507
    listed = api.get(f"/api/analyses?workspace_key={key}")["analyses"]
    assert len(listed) == answers.count(201)
    used = api.get("/api/me")["usage"]["stored_bytes"]["used"]
    assert 0.6 < used / 2**20 <= 1


def test_a_longer_note_counts_towards_the_quota_and_a_shorter_one_gives_it_back(
    make_client, settings, monkeypatch
):
    api = Api(make_client(replace(settings, quota_mb=1)), settings.token)
    path = f"/api/analyses/{save(api, api.workspace())['analysis']['id']}"

    def used():
        return api.get("/api/me")["usage"]["stored_bytes"]["used"]

    before = used()
    api.patch(path, json={"note": "é" * 1000})
    assert used() == before + 2000 - len("two lines\nof text")
    monkeypatch.setattr(quota, "MEGABYTE", 2000)
    problem = problem_of(api.patch(path, None, json={"note": "é" * 1001}))
    assert problem["status"] == 507
    assert used() == before + 2000 - len("two lines\nof text")
    api.patch(path, json={"note": "short"})


def test_there_are_as_many_analyses_as_the_quota_allows(make_client, settings):
    api = Api(make_client(replace(settings, quota_analyses=2)), settings.token)
    keys = [api.workspace(), api.workspace("other")]
    first, _ = (save(api, key)["analysis"]["id"] for key in keys)
    problem = problem_of(save(api, keys[0], None))
    assert problem["status"] == 429
    assert "EXOTRAIN_QUOTA_ANALYSES" in problem["detail"]
    assert api.get("/api/me")["usage"]["analyses"] == {"used": 2, "allowed": 2}
    api.delete(f"/api/analyses/{first}")
    save(api, keys[0])
