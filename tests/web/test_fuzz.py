"""Whatever is sent: an answer, never a 500, never a hang."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend import create_app
from backend.config import Settings
from backend.web.current import services_of
from backend.web.tokens import ensure_administrator
from tests.api import HEADER, Api, catalogue, complete, form, use_depth_predictor

fuzzed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([2**63, -(2**63) - 1, 1e308, "\ud800", "\x00", "1", "nan"]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    """One application for all examples: a user, a workspace, a dataset and a model."""
    chosen = Settings(data_dir=tmp_path_factory.mktemp("fuzz"), token="test_user_123")
    app = create_app(chosen)
    ensure_administrator(services_of(app).database, chosen)
    api = Api(app.test_client(), "test_user_123")
    use_depth_predictor(api.client)
    key = api.workspace()
    dataset_id = api.dataset(key)
    session_id = api.start(key, dataset_id)["session"]["id"]
    complete(services_of(app), session_id)
    yield api, key
    services_of(app).database.close()


JSON_CALLS = [
    ("POST", "/api/workspaces", ["name"]),
    ("POST", "/api/workspaces/KEY/members", ["user"]),
    ("POST", "/api/tokens", ["user"]),
    ("POST", "/api/curve", ["period", "duration", "depth", "impact", "steff", "source", "star"]),
    (
        "POST",
        "/api/training/start",
        ["dataset_id", "epochs", "batch_size", "learning_rate", "test_split", "network", "seed"],
    ),
    ("POST", "/api/predict", ["period", "duration", "depth", "impact", "model_id", "rows", "star"]),
    ("POST", "/api/analyses", ["title", "note", "candidates", "predictions", "model_id"]),
    ("PATCH", "/api/analyses/1", ["title", "note"]),
]


@pytest.mark.parametrize(("method", "path", "fields"), JSON_CALLS)
@fuzzed
@given(data=st.data())
def test_any_json_gets_an_answer(setting, method, path, fields, data):
    api, key = setting
    body = data.draw(
        st.dictionaries(st.sampled_from(fields), json_values)
        | st.fixed_dictionaries(dict.fromkeys(fields, json_values))
        | json_values
    )
    if isinstance(body, dict) and data.draw(st.booleans()):
        body["workspace_key"] = key
    response = api.call(
        method, path.replace("KEY", key), None, data=json.dumps(body), content_type="text/plain"
    )
    assert response.status_code < 500, response.get_data(as_text=True)
    json.loads(response.get_data())


QUERIES = [
    "/api/training/sessions",
    "/api/training/dataset/1/rows",
    "/api/training/dataset/1/rejected",
    "/api/training/dataset/1/curve",
    "/api/training/session/1",
    "/api/training/session/1/evaluation/rows",
    "/api/models",
]


@pytest.mark.parametrize("path", QUERIES)
@fuzzed
@given(
    query=st.dictionaries(
        st.sampled_from(
            ["offset", "limit", "label", "row", "cursor", "status", "after_epoch", "true", "x"]
        ),
        st.text(max_size=30) | st.integers().map(str) | st.floats().map(str),
    )
)
def test_any_query_gets_an_answer(setting, path, query):
    api, key = setting
    query["workspace_key"] = key
    response = api.get(path, None, query_string=query)
    assert response.status_code < 500, response.get_data(as_text=True)


@fuzzed
@given(path=st.text(max_size=40))
def test_any_path_gets_an_answer(setting, path):
    api, _ = setting
    for prefix in ("/", "/api/", "/static/", "/api/training/dataset/", "/api/workspaces/"):
        if (prefix + path).startswith("//"):
            continue  # the test client takes what follows for a host
        assert api.get(prefix + path, None).status_code < 500


@st.composite
def mutated_catalogues(draw):
    """A catalogue in which some cells, lines or bytes were replaced."""
    lines = catalogue(12).splitlines()
    cells = st.sampled_from(["", "nan", "inf", "-1", "1e999", "=1", '"', "\ufeff", "1,5", "2", "é"])
    for _ in range(draw(st.integers(1, 6))):
        row = draw(st.integers(0, len(lines) - 1))
        parts = lines[row].split(",")
        parts[draw(st.integers(0, len(parts) - 1))] = draw(cells | st.text(max_size=8))
        lines[row] = ",".join(parts)
    content = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines).encode("utf-8", "replace")
    at = draw(st.integers(0, len(content)))
    return content[:at] + draw(st.binary(max_size=4)) + content[at:]


@pytest.mark.parametrize(
    "path", ["/api/training/upload-dataset", "/api/predict/batch", "/api/predict/batches?preview=1"]
)
@fuzzed
@given(content=st.binary(max_size=2000) | mutated_catalogues() | st.just(HEADER.encode()))
def test_any_file_gets_an_answer(setting, path, content):
    api, key = setting
    response = api.post(path, None, data=form(content, workspace_key=key))
    assert response.status_code in (200, 201, 422), response.get_data(as_text=True)
    incoming = services_of(api.client.application).storage.incoming
    assert list(incoming.iterdir()) == []
