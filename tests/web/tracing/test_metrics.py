"""/metrics: who may read it, and that it is what Prometheus reads."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.database import accounts
from backend.web.current import services_of
from backend.web.tokens import new_token
from tests.api import Api, catalogue, problem_of


def test_the_administrators_token_reads_it_also_one_that_only_reads(client, api, services):
    with services.database.write() as connection:
        administrator = accounts.administrator(connection)
        read_only, _ = new_token(connection, administrator, is_read_only=True)
    for each in (api, Api(client, read_only)):
        response = each.get("/metrics", None)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        names = {each.name for each in text_string_to_metric_families(response.text)}
        assert {"exotrain_sessions", "exotrain_disk_free_bytes", "exotrain_build_info"} <= names


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4",
        "application/openmetrics-text;version=x",
        "text/plain;version=9.9.9;escaping=allow-utf-8\x0b",
        "image/png",
    ],
)
def test_the_format_is_the_same_whatever_the_caller_accepts(api, accept):
    response = api.get("/metrics", None, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_another_user_may_not_read_it(stranger):
    assert problem_of(stranger.get("/metrics", None))["status"] == 403


def test_without_a_token_it_is_closed(client):
    assert problem_of(client.get("/metrics"))["status"] == 401


def test_it_can_be_open_to_everybody(make_client, settings):
    client = make_client(replace(settings, metrics="open"))
    assert b"exotrain_sessions" in client.get("/metrics").data
    answer = client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 200
    assert client.get("/api/workspaces").status_code == 401


def test_it_can_be_off(make_client, settings):
    client = make_client(replace(settings, metrics="off"))
    for headers in ({}, {"Authorization": f"Bearer {settings.token}"}):
        assert problem_of(client.get("/metrics", headers=headers))["status"] == 404


def test_no_name_of_a_user_a_workspace_or_a_file_is_in_it(client, api, stranger):
    key = api.workspace("secret workspace")
    api.upload(key, catalogue(90), name="secret dataset")
    services_of(client.application).troubles.note("database", 60)
    text = api.get("/metrics", None).text
    for secret in ("secret", "stranger", "admin", key, ".csv"):
        assert secret not in text, secret
