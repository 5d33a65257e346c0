"""The OpenAPI document: valid, whole, and true; its viewer comes from here."""

import json
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.config import REPOSITORY, VERSION
from backend.web import auth
from backend.web.schemas.sessions import StartRequest
from tests.api import CANDIDATE, catalogue, form

# Pages and files, not part of the API.
NOT_DESCRIBED = {
    "site.home",
    "site.docs",
    "site.example_dataset",
    "site.favicon",
    "openapi.spec",
    "static",
}


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").get_json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def schema(document, name):
    return document["components"]["schemas"][name]


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_reference_leads_somewhere(document):
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= document["components"]["schemas"].keys()


def test_it_describes_exactly_the_routes_that_there_are(app, document):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint not in NOT_DESCRIBED
    }
    described = {(path, method) for path, method, _ in operations(document)}
    assert described == routes


def test_every_call_is_summed_up_and_has_a_name_of_its_own(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        assert operation["summary"].endswith("."), (path, method)
        assert operation["tags"], (path, method)


def test_every_answer_has_a_schema_and_every_error_the_one_form(document):
    for path, method, operation in operations(document):
        for code, response in operation["responses"].items():
            if code == "304":
                continue
            (content_type, content) = next(iter(response["content"].items()))
            assert content["schema"], (path, method, code)
            is_error = code == "default" or code >= "400"
            assert (content_type == "application/problem+json") == is_error, (path, method, code)


def test_it_says_which_calls_need_a_token(document):
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        is_public = operation.get("security") == [{}]
        assert is_public == (path == "/api/health"), (path, method)
        assert is_public != ("401" in operation["responses"])


def test_bodies_tell_the_ranges_and_defaults_that_are_enforced(document):
    start = schema(document, "StartRequest")
    assert start["properties"]["epochs"] == {
        "default": 50,
        "maximum": 1000,
        "minimum": 1,
        "title": "Epochs",
        "type": "integer",
    }
    assert start["required"] == ["workspace_key", "dataset_id"]
    assert start["additionalProperties"] is False
    assert start["properties"].keys() == StartRequest.model_fields.keys()
    depth = schema(document, "CurveRequest")["properties"]["depth"]
    assert (depth["minimum"], depth["maximum"]) == (0.01, 2e6)


def test_an_upload_is_a_form_with_a_file(document):
    for path in ("/api/training/upload-dataset", "/api/predict/batch"):
        body = document["paths"][path]["post"]["requestBody"]
        assert body["required"] is True
        reference = body["content"]["multipart/form-data"]["schema"]["$ref"]
        file = schema(document, reference.rsplit("/", 1)[1])["properties"]["file"]
        assert file["format"] == "binary"


def test_parameters_in_the_query_are_told(document):
    parameters = document["paths"]["/api/training/sessions"]["get"]["parameters"]
    assert {each["name"]: each["required"] for each in parameters} == {
        "workspace_key": True,
        "status": False,
        "limit": False,
        "cursor": False,
    }


def test_the_key_for_repeating_a_start_is_told(document):
    for path in ("/api/training/start",):
        parameters = document["paths"][path]["post"]["parameters"]
        assert any(each["name"] == "Idempotency-Key" for each in parameters)


def test_answers_are_as_described(api, key, document):
    """The main ones, against their schemas: a field more or less would be a lie."""
    dataset_id = api.dataset(key)
    calls = {
        ("/api/training/upload-dataset", "post", "201"): api.post(
            "/api/training/upload-dataset", 201, data=form(catalogue(60), workspace_key=key)
        ),
        ("/api/training/start", "post", "202"): api.start(key, dataset_id),
        ("/api/training/dataset/{dataset_id}", "get", "200"): api.get(
            f"/api/training/dataset/{dataset_id}"
        ),
        ("/api/training/dataset/{dataset_id}/rows", "get", "200"): api.get(
            f"/api/training/dataset/{dataset_id}/rows"
        ),
        ("/api/curve", "post", "200"): api.post("/api/curve", json=CANDIDATE),
        ("/api/health", "get", "200"): api.get("/api/health"),
        ("/api/networks", "get", "200"): api.get("/api/networks"),
    }
    for (path, method, code), answer in calls.items():
        content = document["paths"][path][method]["responses"][code]["content"]
        described = schema(document, content["application/json"]["schema"]["$ref"].rsplit("/")[-1])
        assert answer.keys() == described["properties"].keys(), path


def test_the_version_is_that_of_the_project(document):
    assert document["info"]["version"] == VERSION
    assert f'version = "{VERSION}"' in (REPOSITORY / "pyproject.toml").read_text()


def test_the_document_does_not_take_over_the_host_that_asked_first(client):
    client.get("/api/openapi.json", headers={"Host": "evil.example"})
    assert "evil.example" not in client.get("/api/openapi.json").get_data(as_text=True)


def test_the_viewer_is_served_from_here_without_a_script_in_the_page(client):
    page = client.get("/api/docs")
    html = page.get_data(as_text=True)
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(sources) == 4
    for source in sources:
        assert source.startswith("/static/")
        assert client.get(source).status_code == 200
    assert not re.search(r"<script>|<style|\son\w+=|style=", html)
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Type"].startswith("text/html")


def test_what_is_vendored_is_named_with_its_licence():
    vendor = REPOSITORY / "frontend" / "vendor"
    readme = (vendor / "README.md").read_text()
    for folder in vendor.iterdir():
        if folder.is_dir():
            assert f"`{folder.name}/`" in readme
            assert (folder / "LICENSE").exists()


def test_only_these_endpoints_are_open_to_everybody():
    assert NOT_DESCRIBED | {"site.health"} == auth.PUBLIC
