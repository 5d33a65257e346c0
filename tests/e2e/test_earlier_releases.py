"""What earlier releases wrote is read, resumed and predicted with: `tests/data/README.md`."""

import hashlib
import json
import math
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.data.make_samples import STUDIES, predict, sampled_curve
from tests.e2e.server import Client, Server, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.tensorflow, pytest.mark.slow]

ARCHIVES = sorted((Path(__file__).parent.parent / "data").glob("*.tar.xz"))

# The first release and the last one train in every whole run, those between in the long one.
TRAINING = pytest.mark.parametrize(
    "samples",
    [
        pytest.param(
            archive,
            id=archive.name.removesuffix(".tar.xz"),
            marks=[] if archive in (ARCHIVES[0], ARCHIVES[-1]) else [pytest.mark.long],
        )
        for archive in ARCHIVES
    ],
    indirect=True,
)

TOLERANCE = 1e-6

# For a session on a busy machine.
LIMIT = 600.0


@dataclass(frozen=True)
class Samples:
    """A server of today over a data folder of an earlier release, and what that release said."""

    client: Client
    said: dict[str, Any]

    @property
    def key(self) -> str:
        """Of the workspace that everything is in."""
        return self.said["workspaces"][0]["key"]

    @property
    def dataset(self) -> str:
        """The path of the dataset."""
        return f"/api/training/dataset/{self.said['datasets'][0]['id']}"

    @property
    def completed(self) -> dict[str, Any]:
        """The session that the release completed."""
        return next(each for each in self.said["sessions"] if each["status"] == "completed")


@pytest.fixture(
    scope="module", params=ARCHIVES, ids=lambda archive: archive.name.removesuffix(".tar.xz")
)
def samples(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Samples]:
    archive: Path = request.param
    description = archive.with_name(archive.name.replace(".tar.xz", ".json"))
    data_dir = tmp_path_factory.mktemp("earlier")
    with tarfile.open(archive) as tar:
        tar.extractall(data_dir, filter="data")
    server = Server(data_dir, EXOTRAIN_BIN_DAYS="3650")  # what is in the bin is old
    yield Samples(Client(server), json.loads(description.read_text("utf-8")))
    server.stop()


def test_there_are_samples_of_an_earlier_release():
    assert ARCHIVES


def test_workspaces_and_members_are_listed(samples: Samples):
    client, said = samples.client, samples.said
    require_same(client.get("/api/workspaces")["workspaces"], said["workspaces"])
    members = client.get(f"/api/workspaces/{samples.key}/members")
    require_same(members["members"], said["members"])
    for each in members["details"]:
        assert each["role"] == "editor"  # up to 0.2.0 they could change everything,
        if "role" not in said["workspaces"][0]:  # and nobody wrote down who had added them
            assert (each["added_by"], each["added_at"]) == (None, None)


def test_tokens_have_no_limits(samples: Samples):
    tokens = samples.client.get("/api/tokens")["tokens"]
    assert tokens
    for each in tokens:
        assert (each["name"], each["read_only"], each["expires_at"]) == (None, False, None)


def test_a_dataset_is_listed_and_its_rows_and_curve_are_read(samples: Samples):
    client, said = samples.client, samples.said
    datasets = client.get(f"/api/training/datasets?workspace_key={samples.key}")["datasets"]
    require_same(datasets, said["datasets"])
    found = wait_for(
        lambda: client.get(f"{samples.dataset}/rows?limit=5"),
        lambda answer: answer["relations_state"] != "pending",
    )
    require_same(found["rows"], said["rows"])
    require_same(client.get(f"{samples.dataset}/rejected")["rejected"], said["rejected"])
    require_same(sampled_curve(client.get(f"{samples.dataset}/curve?row=3")), said["curve"])


def test_ended_sessions_are_listed_with_their_histories(samples: Samples):
    listed = samples.client.get(f"/api/training/sessions?workspace_key={samples.key}")["sessions"]
    assert {each["status"] for each in samples.said["sessions"]} >= {"completed", "failed"}
    for expected in samples.said["sessions"]:
        require_same(samples.client.session(expected["id"]), expected)
        found = [each for each in listed if each["id"] == expected["id"]]
        require_same(found, [without(expected, "history")])


def test_a_completed_session_has_its_evaluation(samples: Samples):
    path = f"/api/training/session/{samples.completed['id']}/evaluation"
    require_same(samples.client.get(path)["evaluation"], samples.said["evaluation"])
    rows = samples.client.get(f"{path}/rows?limit=5")["rows"]
    require_same(rows, samples.said["evaluation_rows"])


def test_analyses_are_kept(samples: Samples):
    found = samples.client.get(f"/api/analyses?workspace_key={samples.key}")["analyses"]
    assert [each["id"] for each in found] == [each["id"] for each in samples.said["analyses"]]
    for expected in samples.said["analyses"]:
        analysis = samples.client.get(f"/api/analyses/{expected['id']}")["analysis"]
        require_same(analysis, expected)


def test_a_batch_keeps_its_result(samples: Samples):
    if "batch" not in samples.said:
        return  # before 0.4.0 there was none
    path = f"/api/predict/batches/{samples.said['batch']['id']}"
    require_same(samples.client.get(path)["batch"], samples.said["batch"])
    rows = samples.client.get(f"{path}/rows?limit=5")["rows"]
    require_same(rows, samples.said["batch_rows"])


def test_labels_and_versions_are_kept(samples: Samples):
    if "labels" not in samples.said:
        return  # before 0.6.0 there were none
    dataset = f"/api/training/dataset/{samples.said['studies'][0]['dataset_id']}"
    require_same(samples.client.get(f"{dataset}/labels")["rows"], samples.said["labels"])
    versions = samples.client.get(f"{dataset}/versions")["versions"]
    require_same(versions, samples.said["versions"])


def test_studies_are_kept_with_their_predictions(samples: Samples):
    if "studies" not in samples.said:
        return  # before 0.6.0 there were none
    client, (folds, search) = samples.client, samples.said["studies"]
    require_same(client.get(f"{STUDIES}/{folds['id']}")["study"], folds)
    require_same(client.get(f"{STUDIES}/{search['id']}")["study"], search)
    rows = client.get(f"{STUDIES}/{folds['id']}/predictions?limit=5")["rows"]
    require_same(rows, samples.said["study_rows"])
    assert client.get(f"{STUDIES}/{folds['id']}/doubts")["summary"]["tested_rows"] > 0


def test_what_is_in_the_bin_comes_back(samples: Samples):
    if "bin" not in samples.said:
        return  # before 0.6.0 there was none
    (entry,) = samples.said["bin"]
    found = samples.client.get(f"/api/bin?workspace_key={samples.key}")["entries"]
    require_same(found, [entry])
    samples.client.post(f"/api/bin/{entry['id']}/restore")
    analysis = samples.client.get(f"/api/analyses/{entry['item_id']}")["analysis"]
    assert analysis["title"] == "Deleted"
    samples.client.call("DELETE", f"/api/analyses/{entry['item_id']}", 200)


def test_a_kept_model_is_described_and_downloaded_as_it_was(samples: Samples):
    listed = samples.client.get(f"/api/models?workspace_key={samples.key}")["models"]
    for expected in samples.said["models"]:
        path = f"/api/models/{expected['id']}"
        require_same(samples.client.get(path)["model"], expected)
        content = samples.client.get(f"{path}/download", None).content
        assert hashlib.sha256(content).hexdigest() == expected["manifest"]["sha256"]
        found = [each for each in listed if each["id"] == expected["id"]]
        require_same(found, [without(expected, "manifest")])


def test_a_kept_model_predicts_what_it_predicted(samples: Samples):
    assert samples.said["predictions"]
    for model_id, expected in samples.said["predictions"].items():
        found = predict(samples.client, samples.key, int(model_id), samples.said["candidates"])
        require_same(found, expected)


@TRAINING
def test_an_interrupted_session_is_completed(samples: Samples):
    before = samples.said["interrupted"]
    session = samples.client.wait(before["id"], seconds=LIMIT)
    assert session["status"] == "completed", session["error"]
    finished = len(before["history"])
    assert finished >= 2
    if is_same_keras(samples, session):
        assert session["training"]["resumed_from_epoch"] >= finished
        # Their seconds too: the epochs before the kill were not trained once more.
        require_same(session["history"][:finished], before["history"])
    else:
        # A checkpoint belongs to the Keras that wrote it: the session begins anew.
        assert session["training"]["resumed_from_epoch"] == 0
    numbers = [each["epoch"] for each in session["history"]]
    assert numbers == list(range(1, before["epochs"] + 1))
    require_same(session["spec"], before["spec"])


@TRAINING
def test_a_waiting_session_is_trained_as_it_was_asked_for(samples: Samples):
    before = samples.said["pending"]
    require_trained(samples, samples.client.wait(before["id"], seconds=LIMIT), before)


@TRAINING
def test_a_completed_session_is_retried_with_its_settings(samples: Samples):
    path = f"/api/training/session/{samples.completed['id']}/retry"
    session_id = samples.client.post(path, 202)["session"]["id"]
    session = samples.client.wait(session_id, seconds=LIMIT)
    require_trained(samples, session, samples.completed)
    assert session["retry_of"] == samples.completed["id"]


def require_trained(samples: Samples, session: dict[str, Any], before: dict[str, Any]) -> None:
    """A session was trained as an earlier one's spec says, and its model predicts."""
    assert session["status"] == "completed", session["error"]
    spec = before["spec"]
    require_same(session["spec"], spec)
    networks = samples.client.get("/api/networks")["networks"]
    (network,) = [each for each in networks if each["name"] == spec["network"]]
    training = session["training"]
    if spec.get("use_relations"):
        assert training["parameters"] == before["training"]["parameters"]
    else:
        assert training["parameters"] == spec["ensemble"] * network["parameters"]
    assert training["batches"] == math.ceil(training["train"] / spec["batch_size"])
    shares = {each: training[each] / training["rows"] for each in ("validation", "test")}
    splits = {each: spec[f"{each}_split"] for each in shares}
    assert shares == pytest.approx(splits, abs=0.03)
    assert session["epochs_completed"] == spec["epochs"]
    assert session["history"][0]["learning_rate"] == pytest.approx(spec["learning_rate"])
    model = samples.client.get(f"/api/models/{session['model_id']}")["model"]
    saved = samples.said["models"][0]["manifest"]["spec"]
    require_same(model["manifest"]["spec"], {name: spec[name] for name in spec if name in saved})
    candidates = samples.said["candidates"]
    predictions = predict(samples.client, samples.key, session["model_id"], candidates)
    assert all(each["label_name"] for each in predictions)


def is_same_keras(samples: Samples, session: dict[str, Any]) -> bool:
    """Whether a session was trained with the Keras that the release had."""
    model = samples.client.get(f"/api/models/{session['model_id']}")["model"]
    kept = samples.said["models"][0]
    now, then = (each["manifest"]["versions"]["keras"] for each in (model, kept))
    return now == then


def without(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """An answer as a list gives it: less what only the one thing's own answer has."""
    return {each: value for each, value in answer.items() if each != name}


def require_same(found: Any, expected: Any, where: str = "") -> None:
    """Everything that was said is still said, numbers to `TOLERANCE`; there may be more."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), f"{where}: {found!r}"
        for name, value in expected.items():
            assert name in found, f"{where}.{name} is gone"
            require_same(found[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert isinstance(found, list), f"{where}: {found!r}"
        assert len(found) == len(expected), f"{where}: {len(found)} instead of {len(expected)}"
        for place, value in enumerate(expected):
            require_same(found[place], value, f"{where}[{place}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE), where
    else:
        assert found == expected, where
