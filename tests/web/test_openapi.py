"""The OpenAPI document: valid, whole, and true; its viewer comes from here."""

import json
import re

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.config import REPOSITORY, VERSION
from backend.web import auth
from backend.web.current import services_of
from backend.web.schemas.training.requests.sessions import StartRequest
from tests.api import CANDIDATE, catalogue, complete, form, problem_of, use_depth_predictor

# Pages and files, not part of the API.
NOT_DESCRIBED = {
    "metrics.get_metrics",
    "site.home",
    "site.docs",
    "site.example_dataset",
    "site.favicon",
    "openapi.spec",
    "static",
}

VERBS = (
    "add|cancel|compute|create|delete|download|get|import|keep|list|predict|promote|remove|retry|"
    "restore|revoke|start|stop|undo|update|upload"
)


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
        is_public = operation["security"] == []
        assert is_public == (path == "/api/health"), (path, method)
        assert is_public or operation["security"] == [{"token": []}]
        assert is_public != ("401" in operation["responses"])


def test_bodies_describe_the_ranges_and_defaults_that_are_enforced(document):
    start = schema(document, "StartRequest")
    assert start["properties"]["epochs"] == {
        "default": 50,
        "maximum": 1000,
        "minimum": 1,
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


def test_a_prediction_takes_json_or_a_form_with_light_curves(document):
    call = document["paths"]["/api/predict"]["post"]
    both = call["requestBody"]["content"] | call["x-form"]
    kinds = {name: each["schema"]["$ref"] for name, each in both.items()}
    assert {name: each.rsplit("/", 1)[1] for name, each in kinds.items()} == {
        "application/json": "PredictRequest",
        "multipart/form-data": "PredictForm",
    }
    form = schema(document, "PredictForm")
    assert form["properties"]["file"]["items"]["format"] == "binary"
    assert {"period", "duration", "depth", "epoch", "file"} <= set(form["required"])
    assert form["properties"]["impact"]["type"] == "number"  # absent, not null


def test_query_parameters_are_described(document):
    parameters = document["paths"]["/api/training/sessions"]["get"]["parameters"]
    queries = {each["name"]: each for each in parameters if each.get("in") == "query"}
    assert {name: each["required"] for name, each in queries.items()} == {
        "workspace_key": True,
        **dict.fromkeys(("sort", "filter", "q", "group"), False),
        "status": False,
        "limit": False,
        "cursor": False,
        "study": False,
    }
    assert queries["status"]["schema"] == {"$ref": "#/components/schemas/SessionStatus"}
    assert queries["cursor"]["schema"]["type"] == "string"
    assert queries["filter"]["schema"]["type"] == "array"


def test_the_idempotency_key_is_described(document):
    takers = {
        operation["operationId"]
        for _, _, operation in operations(document)
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
    }
    assert takers == {"start_training", "retry_session", "create_batch", "create_curve_set"}
    header = document["components"]["parameters"]["IdempotencyKey"]
    assert (header["name"], header["in"]) == ("Idempotency-Key", "header")


def test_answers_are_as_described(api, key, document):
    """The main ones, against their schemas; a field more or less would be a lie."""
    use_depth_predictor(api.client)
    dataset_id = api.dataset(key, rows=87)
    calls = {
        ("/api/training/upload-dataset", "post", "201"): api.post(
            "/api/training/upload-dataset", 201, data=form(catalogue(60), workspace_key=key)
        ),
        ("/api/training/start", "post", "202"): api.start(key, dataset_id),
        ("/api/training/session/{session_id}", "get", "200"): completed_session(api, key),
        ("/api/models", "get", "200"): api.get(f"/api/models?workspace_key={key}"),
        ("/api/predict", "post", "200"): api.post(
            "/api/predict", json={"workspace_key": key, "rows": [CANDIDATE, {"period": "x"}]}
        ),
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
        reference = content["application/json"]["schema"]["$ref"]
        described = schema(document, reference.rsplit("/")[-1])
        options = [
            schema(document, each["$ref"].rsplit("/")[-1]) for each in described.get("anyOf", [])
        ]
        keys = [each["properties"].keys() for each in options or [described]]
        assert answer.keys() in keys, path
        check_against_schema(document, reference, answer)


def completed_session(api, key):
    """A completed session of the workspace, which then has a model."""
    session_id = api.session(key)
    complete(services_of(api.client.application), session_id)
    return api.get(f"/api/training/session/{session_id}")


def check_against_schema(document, reference, answer):
    OAS31Validator({**document, "$ref": reference}).validate(answer)


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (401, "/api/me"),
        (404, "/api/training/session/99"),
        (405, "/api/health"),
        (422, "/api/models?x=1"),
    ],
)
def test_errors_are_as_described(api, document, status, path):
    headers = {"Authorization": ""} if status == 401 else {}
    call = api.post if status == 405 else api.get
    answer = problem_of(call(path, None, headers=headers))
    assert answer["status"] == status
    check_against_schema(document, "#/components/schemas/Problem", answer)


def test_a_file_that_is_no_catalogue_is_answered_as_described(api, key, document):
    answer = problem_of(api.upload(key, "a,b\n1,2\n", None))
    assert answer["errors"]
    assert answer["missing"]
    check_against_schema(document, "#/components/schemas/Problem", answer)
    assert answer.keys() <= schema(document, "Problem")["properties"].keys()


def test_each_thing_has_one_schema_with_a_plain_name(document):
    names = document["components"]["schemas"].keys()
    assert {"Session", "Dataset", "Model", "Metrics", "Problem", "CandidateBody"} <= names
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in names)
    shapes = [
        json.dumps(each, sort_keys=True) for each in document["components"]["schemas"].values()
    ]
    assert len(shapes) == len(set(shapes))
    assert "$defs" not in json.dumps(document)


def test_no_schema_is_left_over(document):
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name


def test_an_operation_is_called_like_what_it_does(document):
    ids = {operation["operationId"] for _, _, operation in operations(document)}
    assert {"upload_dataset", "start_training", "get_session", "stop_session", "predict"} <= ids
    assert all(re.fullmatch(rf"({VERBS})(_[a-z]+)*", name) for name in ids)


def test_headers_are_sent_as_described(api, key, document):
    model_path = f"/api/models/{completed_session(api, key)['session']['model_id']}"
    calls = {
        ("/api/training/upload-dataset", "post"): api.upload(key, catalogue(61), None),
        ("/api/training/start", "post"): api.start(key, api.dataset(key), None),
        ("/api/health", "get"): api.get("/api/health", None),
        ("/api/models/{model_id}/download", "get"): api.get(f"{model_path}/download", None),
        ("/api/me", "get"): api.get("/api/me", None, headers={"Authorization": ""}),
    }
    for (path, method), response in calls.items():
        described = document["paths"][path][method]["responses"][str(response.status_code)]
        assert described["headers"], path
        for header in described["headers"]:
            assert header in response.headers, (path, header)


def test_every_get_says_that_it_may_be_unchanged(api, document):
    for path, method, operation in operations(document):
        conditional = {"$ref": "#/components/parameters/IfNoneMatch"} in operation["parameters"]
        assert conditional == ("304" in operation["responses"]) == (method == "GET"), path
    etag = api.get("/api/me", None).headers["ETag"]
    again = api.get("/api/me", None, headers={"If-None-Match": etag})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_a_call_that_names_a_workspace_says_that_there_may_be_none(document):
    for path, _, operation in operations(document):
        named = [each for each in operation["parameters"] if each.get("name") == "workspace_key"]
        body = json.dumps(operation.get("requestBody", {}))
        reference = re.search(r"schemas/(\w+)", body)
        if reference:
            named += re.findall(
                "workspace_key|PredictOne", json.dumps(schema(document, reference[1]))
            )
        if named or "{" in path:
            assert "404" in operation["responses"], path


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
    assert NOT_DESCRIBED - {auth.METRICS} | {"site.get_health"} == auth.PUBLIC


# A viewer may call them.
ONLY_COMPUTES = ("/api/curve", "/api/predict", "/api/predict/batch")


def test_every_call_names_the_errors_that_any_call_of_its_kind_can_answer_with(document):
    for path, method, operation in operations(document):
        named = operation["responses"].keys()
        expected = {"421", "422", "503"}
        if path != "/api/health":
            expected |= {"401", "429"}
        if method != "GET":
            expected |= {"400", "408", "413", "507"}
        if method != "GET" and path not in ONLY_COMPUTES:
            expected |= {"403"}
        if "requestBody" in operation:
            expected |= {"415"}
        if "{" in path:
            expected |= {"404"}
        assert expected <= named, (path, method, expected - named)
        for code in named & {"429", "503"}:
            assert "Retry-After" in operation["responses"][code]["headers"], (path, method, code)


def test_a_form_has_no_null(document):
    for form_name in ("BatchForm", "UploadForm"):
        assert "null" not in json.dumps(schema(document, form_name))
