"""Health, pages, headers, and errors that no route makes."""

import logging
import re
from dataclasses import replace

import pytest

from backend.config import VERSION
from backend.database import sessions
from tests.api import Api, problem_of, use_depth_predictor


def test_health_shows_the_version_and_the_queue(client, api, key, services):
    assert client.get("/api/health").get_json() == {
        "status": "healthy",
        "reasons": [],
        "version": VERSION,
        "model_loaded": False,
        "queue": {"pending": 0, "training": 0},
    }
    first, _ = api.session(key), api.session(key)
    with services.database.write() as connection:
        sessions.change(connection, first, status="training")
    use_depth_predictor(client)
    health = client.get("/api/health").get_json()
    assert health["queue"] == {"pending": 1, "training": 1}
    assert health["model_loaded"] is True


def test_health_is_degraded_with_reasons_in_words_as_long_as_they_hold(client, services):
    services.troubles.note("workers", 600)
    services.troubles.note("database", 600)
    services.troubles.note("current_copy", -1)  # it is over
    response = client.get("/api/health")
    assert response.status_code == 200
    health = response.get_json()
    assert health["status"] == "degraded"
    assert [each["code"] for each in health["reasons"]] == ["database", "workers"]
    assert health["reasons"][1]["message"].startswith("Workers cannot be started.")
    for code in ("workers", "database"):
        services.troubles.clear(code)
    assert client.get("/api/health").get_json()["status"] == "healthy"


def test_the_web_page_is_at_the_root_and_needs_no_token(client):
    response = client.get("/")
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    text = response.get_data(as_text=True)
    for asked in re.findall(r'(?:src|href)="(/[^"]+)"', text):
        assert client.get(asked).status_code == 200, asked
    assert "<script>" not in text
    assert "style=" not in text


def test_a_newcomer_gets_the_simulated_catalogue(client):
    response = client.get("/example_dataset.csv")
    assert response.mimetype == "text/csv"
    assert response.get_data(as_text=True).startswith("# ")


@pytest.mark.parametrize(
    "path",
    ["/static/none.js", "/static/../backend/auth.py", "/static/..%2fREADME.md", "/none", "/api"],
)
def test_what_is_not_there_is_404(client, path):
    assert problem_of(client.get(path))["status"] == 404


def test_a_method_that_a_path_does_not_take_is_405_and_says_which_it_does(client, api):
    response = api.call("PUT", "/api/workspaces", None)
    assert problem_of(response)["status"] == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_every_answer_carries_the_headers_that_keep_browsers_safe(client, api):
    for path in ("/api/health", "/api/docs", "/static/api-docs.js", "/none", "/api/workspaces"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"


def test_answers_of_the_api_are_not_cached_in_between(api):
    headers = api.get("/api/workspaces", None).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in headers["Vary"]


def test_an_error_in_the_server_shows_a_number_that_the_log_explains(make_client, settings, caplog):
    api = Api(make_client(settings), settings.token)

    @api.client.application.get("/api/broken")
    def broken():
        raise KeyError("a secret of the server")

    with caplog.at_level(logging.ERROR):
        problem = problem_of(api.get("/api/broken", None))
    assert problem["status"] == 500
    assert "secret" not in str(problem)
    number = problem["detail"].rsplit(" ", 1)[1].rstrip(".")
    (record,) = [each for each in caplog.records if number in each.getMessage()]
    assert record.exc_info[0] is KeyError


def test_other_origins_are_not_let_in_unless_they_are_named(client, make_client, settings):
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/health", headers=asked).headers
    named = make_client(replace(settings, cors_origins=("https://a.example",)))
    for method in ("GET", "OPTIONS"):
        headers = named.open("/api/health", method=method, headers=asked).headers
        assert headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert "Access-Control-Allow-Credentials" not in headers
    refused = named.get("/api/health", headers={"Origin": "https://b.example"}).headers
    assert "Access-Control-Allow-Origin" not in refused
    assert "Access-Control-Allow-Origin" not in named.get("/api-docs", headers=asked).headers
    unauthorized = named.get("/api/workspaces", headers=asked)
    assert unauthorized.status_code == 401
    assert unauthorized.headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_the_question_before_a_call_from_another_origin_is_answered_for_every_path(
    make_client, settings
):
    client = make_client(replace(settings, cors_origins=("https://a.example",)))
    rules = [rule for rule in client.application.url_map.iter_rules() if "/api/" in rule.rule]
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            asked = {
                "Origin": "https://a.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "authorization, content-type",
            }
            answer = client.options(path, headers=asked)
            assert answer.status_code in (200, 204), f"{method} {path}"
            assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
            assert method in answer.headers["Access-Control-Allow-Methods"]
