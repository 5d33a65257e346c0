"""Every endpoint refuses a wrong body or query."""

import pytest

from backend.web import request_body
from backend.web.json_provider import MAX_DEPTH, MAX_VALUES, StrictJSON
from tests.api import CANDIDATE, catalogue, problem_of


def post(api, body, content_type="application/json", path="/api/workspaces"):
    return api.post(path, None, data=body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"name=x",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": -Infinity}',
        b'{"name": "x",}',
        b"{'name': 'x'}",
        b'{"name": "\xff"}',
        b"\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_400(api, body):
    assert problem_of(post(api, body))["status"] == 400


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"7", b"null", b"true", b'[{"name": "x"}]'])
def test_json_that_is_no_object_is_422(api, body):
    assert problem_of(post(api, body))["status"] == 422


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_json_is_read_whatever_it_is_called(api, content_type):
    """`curl -d` calls it a form."""
    assert post(api, b'{"name": "x"}', content_type).status_code == 201
    form = "application/x-www-form-urlencoded"
    assert post(api, b'{"name": "x"}', form).status_code == 201


def test_a_number_too_large_to_be_one_is_refused(api):
    for text in (b"1e999", b"-1e999", b"1" * 400):
        body = b'{"period": 3, "duration": 2, "depth": ' + text + b"}"
        problem = problem_of(post(api, body, path="/api/curve"))
        assert problem["status"] == 422
        assert problem["errors"][0]["field"] == "depth"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" * 400])
def test_the_place_of_a_number_that_is_not_finite_is_named_wherever_it_is(api, number):
    body = b'{"a": [1, {"b": ' + number + b'}], "name": "x"}'
    problem = problem_of(post(api, body))
    assert problem["status"] == 422
    assert [each["field"] for each in problem["errors"]] == ["a.1.b"]
    assert problem_of(post(api, number))["errors"][0].keys() == {"message"}


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_may_be_as_deep_as_the_limit_and_no_deeper(api, opening, closing):
    def status_of(levels):
        return problem_of(post(api, opening * levels + b"1" + closing * levels))["status"]

    assert status_of(MAX_DEPTH) == 422  # read, and no workspace
    for levels in (MAX_DEPTH + 1, 300, 900):
        problem = problem_of(post(api, opening * levels + b"1" + closing * levels))
        assert problem["status"] == 400
        assert "at most 32 levels" in problem["detail"]


def test_a_body_of_too_many_values_is_not_turned_into_objects(api):
    body = b"[" + b"[]," * MAX_VALUES + b"1]"
    problem = problem_of(post(api, body))
    assert problem["status"] == 400
    assert "at most 500,000 values" in problem["detail"]


def test_a_body_of_json_that_is_too_large_is_413(api):
    body = b'{"name": "' + b"x" * request_body.MAX_JSON_BYTES + b'"}'
    assert problem_of(post(api, body))["status"] == 413


def test_a_long_value_is_not_repeated_at_length(api):
    problem = problem_of(post(api, b'{"name": ["' + b"x" * 100_000 + b'"]}'))
    assert problem["status"] == 422
    assert len(str(problem)) < 1000


def test_many_mistakes_are_not_all_listed(api):
    body = {**CANDIDATE, **{f"field{i}": 1 for i in range(5000)}}
    problem = problem_of(api.post("/api/curve", None, json=body))
    assert len(problem["errors"]) == 100


@pytest.mark.parametrize(
    "path", ["/api/workspaces?x=1", "/api/networks?workspace_key=1", "/api/health?pretty"]
)
def test_an_unknown_query_parameter_is_refused(api, path):
    assert problem_of(api.get(path, None))["status"] == 422


def test_a_file_may_be_asked_for_with_any_query(client):
    assert client.get("/static/api-docs.js?version=2").status_code == 200


def test_non_finite_numbers_are_written_as_null_wherever_they_are(app):
    import numpy as np

    provider = StrictJSON(app)
    value = {
        "a": [float("nan"), 1.5, (float("inf"),)],
        "b": np.float32("nan"),
        "c": np.array([1.0, np.nan]),
        "d": np.int64(3),
        "e": {"f": float("-inf")},
    }
    written = provider.dumps(value)
    assert provider.loads(written) == {
        "a": [None, 1.5, [None]],
        "b": None,
        "c": [1.0, None],
        "d": 3,
        "e": {"f": None},
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 404), (b" ", 404), (b"{}", 404), (b"{", 400), (b'{"epochs": 100}', 422), (b"[1]", 422)],
)
@pytest.mark.parametrize("call", ["retry", "stop", "cancel"])
def test_a_body_is_refused_where_none_is_read(api, call, body, status):
    response = api.post(f"/api/training/session/1/{call}", None, data=body)
    assert response.status_code == status
    if body == b'{"epochs": 100}':
        assert problem_of(response)["errors"][0]["field"] == "epochs"


def test_a_form_without_its_file_is_refused(api, key):
    response = api.post(
        "/api/training/upload-dataset",
        None,
        data={"workspace_key": key},
        content_type="multipart/form-data",
    )
    problem = problem_of(response)
    assert problem["errors"][0] == {
        "field": "file",
        "message": "Expected a file, received nothing.",
    }


def form_of(key, name=b"all", file_name=b"stars.csv"):
    """A form for an upload, byte by byte; its boundary is x."""
    fields = {b"workspace_key": key.encode(), b"name": name}
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % each
        for each in fields.items()
    ]
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s\r\n'
    return b"".join([*parts, file % (file_name, catalogue(30).encode()), b"--x--\r\n"])


def upload(api, form):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    return api.post("/api/training/upload-dataset", None, data=form, headers=kind)


def test_a_byte_of_an_old_code_page_in_a_field_is_a_sign_in_its_place(api, key):
    answer = upload(api, form_of(key, name=b"\xe9toiles"))
    assert answer.status_code == 201
    assert answer.get_json()["dataset"]["name"] == "\ufffdtoiles"


def test_a_byte_of_an_old_code_page_in_the_name_of_a_file_is_named(api, key, services):
    answer = upload(api, form_of(key, file_name=b"\xe9toiles.csv"))
    problem = problem_of(answer)
    assert problem["status"] == 400
    assert "received the byte 0xe9 in the header of a part of the form" in problem["detail"]
    assert list(services.storage.incoming.iterdir()) == []
    assert upload(api, form_of(key, file_name="étoiles.csv".encode())).status_code == 201
