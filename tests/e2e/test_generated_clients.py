"""What is made of the OpenAPI document: generated clients, one at work, and generated requests."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from tests.e2e.server import TOKEN, Client, Server, small_catalogue, wait_for

pytestmark = [pytest.mark.client, pytest.mark.e2e]

OPENAPI_TYPESCRIPT = "openapi-typescript@7.13.0"
TYPESCRIPT = "typescript@5.9.3"

NO_GENERATOR = "NO CLIENT GENERATOR: pip install -r requirements-dev.txt (openapi-python-client)"
NO_NPM = "NO NPM: install Node.js with npm for the TypeScript client"

PACKAGE = "exotrain_client"

CANDIDATE = {"period": 3.2, "duration": 2.5, "depth": 900.0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    """One server for the module."""
    # Generated requests bring many wrong tokens, and start sessions that nobody waits for.
    server = Server(
        tmp_path_factory.mktemp("data"),
        EXOTRAIN_WRONG_TOKENS="10000",
        EXOTRAIN_QUOTA_PENDING="2",
        EXOTRAIN_MAX_CURVES_MB="100",  # below the quota of bytes
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def document(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document as the server sends it."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(requests.get(f"{server.address}/api/openapi.json", timeout=60).content)
    return path


@pytest.fixture(scope="module")
def generated(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that openapi-python-client makes; a warning would be something left out."""
    if importlib.util.find_spec("openapi_python_client") is None:
        pytest.skip(NO_GENERATOR)
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.json").write_text(json.dumps({"post_hooks": []}))
    answer = run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"],
        ["--path", str(document), "--meta", "none", "--config", str(folder / "config.json")],
        ["--output-path", str(folder / PACKAGE)],
    )
    assert "warning" not in answer.lower()
    return folder / PACKAGE


@pytest.fixture(scope="module")
def exotrain(generated: Path):
    """The generated package, imported."""
    sys.path.insert(0, str(generated.parent))
    importlib.import_module(f"{PACKAGE}.models")
    importlib.import_module(f"{PACKAGE}.types")
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(generated.parent))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def user(exotrain: ModuleType, server: Server):
    """The administrator, as the generated client sees the server."""
    with exotrain.AuthenticatedClient(server.address, TOKEN, timeout=200) as client:
        yield client


@pytest.fixture
def call(exotrain: ModuleType, user: Any):
    """Calls an operation by its name, and gives what the client made of the answer."""

    def calling(tag: str, operation: str, *arguments: Any, **options: Any) -> Any:
        module = importlib.import_module(f"{PACKAGE}.api.{tag}.{operation}")
        return module.sync(*arguments, client=user, **options)

    return calling


def run(*arguments: list[str]) -> str:
    """Run a command; gives what it printed."""
    command = [each for part in arguments for each in part]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_the_python_client_has_every_operation_and_every_schema(generated: Path, document: Path):
    described = json.loads(document.read_text())
    wanted = {
        operation["operationId"]
        for operations in described["paths"].values()
        for operation in operations.values()
    }
    made = {path.stem for path in generated.glob("api/*/*.py")} - {"__init__"}
    assert made == wanted
    code = (generated / "models" / "__init__.py").read_text()
    for name, schema in described["components"]["schemas"].items():
        is_union = "oneOf" in schema or "anyOf" in schema
        assert is_union or f'"{name}"' in code, name


@pytest.mark.tensorflow
def test_the_python_client_uploads_trains_and_predicts(
    exotrain: ModuleType, call: Any, tmp_path: Path
):
    models, types = exotrain.models, exotrain.types
    workspace = call(
        "workspaces", "create_workspace", body=models.WorkspaceRequest(name="generated")
    ).workspace
    catalogue = small_catalogue(tmp_path)
    file = types.File(payload=catalogue.open("rb"), file_name="small.csv", mime_type="text/csv")
    upload = models.UploadForm(file=file, workspace_key=workspace.key, name="Small")
    dataset = call("datasets", "upload_dataset", body=upload).dataset
    assert isinstance(dataset, models.Dataset)
    assert (dataset.name, dataset.num_samples) == ("Small", 240)

    start = models.StartRequest(workspace.key, dataset.id, epochs=2, batch_size=64, seed=7)
    started = call("sessions", "start_training", body=start, idempotency_key="once").session
    again = call("sessions", "start_training", body=start, idempotency_key="once").session
    assert again.id == started.id
    session = wait_for(
        lambda: call("sessions", "get_session", started.id).session,
        lambda session: session.status in ("completed", "failed", "cancelled"),
        seconds=180,
    )
    assert session.status == models.SessionStatus.COMPLETED, session.error
    assert [each.epoch for each in session.history] == [1, 2]
    assert isinstance(session.metrics, models.Metrics)
    listed = call("sessions", "list_sessions", workspace_key=workspace.key).sessions
    assert [each.id for each in listed] == [started.id]

    one = call(
        "predictions", "predict", body=models.PredictOne(workspace_key=workspace.key, **CANDIDATE)
    )
    assert one.model_id == session.model_id
    probabilities = one.predictions[0].probabilities.to_dict()
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
    rows = [models.CandidateBody(**CANDIDATE), models.CandidateBody(**{**CANDIDATE, "depth": -1})]
    many = call(
        "predictions", "predict", body=models.PredictMany(workspace_key=workspace.key, rows=rows)
    )
    assert many.predictions[0].label_name == one.predictions[0].label_name
    assert many.predictions[1].errors[0].field == "depth"
    check_files(models, types, call, workspace.key, session, catalogue)


def check_files(
    models: Any, types: Any, call: Any, key: str, session: Any, catalogue: Path
) -> None:
    file = types.File(payload=catalogue.open("rb"), file_name="small.csv")
    table = call(
        "predictions", "predict_batch", body=models.BatchForm(file=file, workspace_key=key)
    )
    assert isinstance(table, str)
    assert "predicted_label" in table
    model = call("models", "get_model", session.model_id).model
    content = call("models", "download_model", session.model_id).payload.read()
    assert len(content) == model.file_size


def test_the_python_client_gives_errors_as_problems(exotrain: ModuleType, call: Any):
    problem_class = exotrain.models.Problem
    missing = call("sessions", "get_session", 999)
    assert isinstance(missing, problem_class)
    assert (missing.status, missing.title) == (404, "Not Found")
    assert missing.detail == "There is no session 999."
    body = exotrain.models.StartRequest("nobody's", 1, epochs=5000)
    wrong = call("sessions", "start_training", body=body)
    assert isinstance(wrong, problem_class)
    assert wrong.status == 422
    assert [each.field for each in wrong.errors] == ["epochs"]
    assert wrong.errors[0].message == "Expected a whole number from 1 to 1000, received 5000."


def test_the_python_client_learns_that_nothing_has_changed(exotrain: ModuleType, user: Any):
    get_me = importlib.import_module(f"{PACKAGE}.api.users_and_tokens.get_me")
    first = get_me.sync_detailed(client=user)
    again = get_me.sync_detailed(client=user, if_none_match=first.headers["ETag"])
    assert (again.status_code, again.parsed) == (304, None)


def test_typescript_types_are_generated_and_compile(document: Path, tmp_path: Path):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(NO_NPM)
    tools = tmp_path / "tools"
    quiet = ["--no-audit", "--no-fund", "--loglevel", "error"]
    run([npm, "install", "--prefix", str(tools), *quiet, OPENAPI_TYPESCRIPT, TYPESCRIPT])
    programs = tools / "node_modules" / ".bin"
    types = tmp_path / "exotrain.ts"
    said = run([str(programs / "openapi-typescript"), str(document), "--output", str(types)])
    assert "warn" not in said.lower(), said
    use = tmp_path / "use.ts"
    use.write_text(USE_OF_TYPES)
    run([str(programs / "tsc"), "--noEmit", "--strict", str(use)])


# Requests in which everything is right by the description, and which are still refused: a rule
# between fields, or about the bytes of a file, is none that JSON Schema has words for.
RULES_BEYOND_THE_DESCRIPTION = {
    "start_training": "relations need a network that takes them; stellar uncertainties, relations; "
    "what is reserved of a cluster, a cluster",
    "list_sessions": "sort, group and filters name columns; a cursor belongs to its order",
    "update_sessions": "tags are needed to add or remove tags, and have no place elsewhere",
    "list_models": "sort, group and filters name columns; a cursor belongs to its order",
    "download_models": "sort and filters name columns",
    "download_sessions": "sort and filters name columns",
    "update_models": "tags are needed to add or remove tags, and have no place elsewhere",
    "start_study": "as start_training; the settings of a grid differ, and so do their labels; a "
    "search has a budget and begins in its space",
    "compute_curve": "the duration must be below the period",
    "predict": "the duration must be below the period",
    "create_analysis": "there must be as many predictions as candidates, each a possible one",
    "add_member": "the user must exist",
    "get_dataset_curve": "the row must be one of the dataset's",
    "list_labels": "the row must be one of the dataset's",
    "update_labels": "the rows must be the dataset's, each once",
    "import_labels": "the file must be a CSV with labels of known rows",
    "create_dataset_version": "the file as it is gets no name",
    "upload_dataset": "the file must be a catalogue",
    "predict_batch": "the file must be a catalogue",
    "create_batch": "the file must be a catalogue",
    "create_curve_set": "there must be a file, or an upload that is complete",
    "add_curve_files": "as create_curve_set",
    "start_curve_upload": "the file must not be larger than the server accepts",
    "upload_curve_piece": "the piece must follow what has been received, and the file be as large "
    "as was said",
    "get_row_curve": "the row must be one of the dataset's",
    "get_comparison": "the other session must be another one, of the same table",
    "get_study_comparison": "the other study must be another one, of the same table",
}

SCHEMATHESIS = """
seed = 1
continue-on-failure = true
request-timeout = 60
warnings = false

[generation]
max-examples = 3
database = "none"
codec = "utf-8"

[checks]
enabled = true

[dictionaries.workspace]
values = ["{key}"]
[dictionaries.dataset]
values = [{dataset}]
[dictionaries.model]
values = [{model}]

[parameters]
"query.workspace_key" = {{ dictionary = "workspace", probability = 0.9 }}
"body.workspace_key" = {{ dictionary = "workspace", probability = 0.9 }}
"body.dataset_id" = {{ dictionary = "dataset", probability = 0.9 }}
"body.model_id" = {{ dictionary = "model", probability = 0.5 }}

# What is there to be read is not there to be deleted by a guess.
[[operations]]
include-method = ["GET", "POST", "PATCH"]
[operations.parameters]
"path.dataset_id" = {dataset}
"path.session_id" = {session}
"path.model_id" = {model}
"""

BEYOND = """
[[operations]]
include-operation-id = "{operation}"
[operations.checks.positive_data_acceptance]
enabled = false
"""

NO_SCHEMATHESIS = "NO SCHEMATHESIS: pip install -r requirements-dev.txt"


@pytest.mark.tensorflow
@pytest.mark.long
def test_generated_requests_find_nothing_that_is_not_described(
    server: Server, document: Path, tmp_path: Path
):
    """All checks of schemathesis; every status must be named, `default` alone does not count."""
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip(NO_SCHEMATHESIS)
    client = Client(server)
    key = client.workspace()
    dataset_id = client.upload(key, small_catalogue(tmp_path, seed=7))["id"]
    session = client.complete(key, dataset_id, epochs=1)
    described = json.loads(document.read_text())
    count = 0
    for operations in described["paths"].values():
        for operation in operations.values():
            del operation["responses"]["default"]
            count += 1
    (tmp_path / "openapi.json").write_text(json.dumps(described))
    config = SCHEMATHESIS.format(
        key=key, dataset=dataset_id, session=session["id"], model=session["model_id"]
    )
    config += "".join(BEYOND.format(operation=each) for each in RULES_BEYOND_THE_DESCRIPTION)
    (tmp_path / "schemathesis.toml").write_text(config)
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
            *("run", "openapi.json", "--no-color", "--url", server.address),
            *("--header", f"Authorization: Bearer {TOKEN}"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert answer.returncode == 0, answer.stdout[-20_000:] + answer.stderr
    assert f"Tested: {count}" in answer.stdout


USE_OF_TYPES = """
import type { components, operations } from "./exotrain";

type Session = components["schemas"]["Session"];
type Problem = components["schemas"]["Problem"];
type Started = operations["start_training"]["responses"]["202"]["content"]["application/json"];
type Failed =
  operations["start_training"]["responses"]["422"]["content"]["application/problem+json"];

export const status = (started: Started): Session["status"] => started.session.status;
export const isDone = (session: Session): boolean => session.status === "completed";
export const first = (failed: Failed): string => (failed satisfies Problem).detail;
"""
