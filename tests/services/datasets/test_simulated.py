"""A catalogue of the simulator is recognised, and everything made from it says so."""

import io

import pytest
from sqlalchemy import update

from backend.config import REPOSITORY
from backend.database import datasets, schema, sessions
from backend.transit.simulation.catalogue import is_simulated, simulate, write_csv
from tests import messages
from tests.api import CANDIDATE, HEADER, catalogue, complete, use_depth_predictor

ROWS = catalogue(60)


def simulated(rows=60):
    text = io.StringIO()
    write_csv(simulate(rows, 3), 3, text)
    return text.getvalue()


COMMENT = simulated(1).split("\n")[0]


def profile_of(api, answer):
    return api.get(f"/api/training/dataset/{answer['dataset']['id']}")["dataset"]["profile"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (simulated(), True),
        ((REPOSITORY / "example_dataset.csv").read_text(), True),
        (f"\ufeff{COMMENT}\r\n{ROWS}", True),
        (f'"{COMMENT}",,,,\n{ROWS}', True),  # as a spreadsheet saves it
        (f"My catalogue\n{COMMENT}\n{ROWS}", True),
        (ROWS, False),
        (f"# Not simulated: see exotrain's simulator\n{ROWS}", False),
        (f"{catalogue(200)}{COMMENT}\n", False),  # far below the header
    ],
)
def test_a_table_of_the_simulator_is_known_by_its_comment(text, found):
    stream = io.BytesIO(text.encode())
    assert is_simulated(stream) is found
    assert stream.tell() == 0


def test_an_upload_is_recognised_and_its_session_knows(api, key):
    for content, expected in ((simulated(), True), (ROWS, False)):
        answer = api.upload(key, content)
        assert profile_of(api, answer)["simulated"] is expected
        session = api.start(key, answer["dataset"]["id"])["session"]
        assert session["spec"]["simulated"] is expected


def forget(services, dataset_id):
    """The dataset as an earlier release stored it."""
    with services.database.write() as connection:
        dataset = datasets.find(connection, dataset_id)
        del dataset["profile"]["simulated"]
        table = schema.datasets
        statement = update(table).where(table.c.id == dataset_id)
        connection.execute(statement.values(profile=dataset["profile"]))
    return dataset


def test_the_file_of_a_dataset_of_an_earlier_release_is_looked_at_when_it_is_trained(
    api, key, services
):
    dataset_id = api.upload(key, simulated())["dataset"]["id"]
    dataset = forget(services, dataset_id)
    session = api.start(key, dataset_id, headers={"Idempotency-Key": "k"})["session"]
    assert session["spec"]["simulated"] is True
    with services.database.write() as connection:
        spec = {name: each for name, each in session["spec"].items() if name != "simulated"}
        sessions.change(connection, session["id"], spec=spec, status="failed")
    again = api.start(key, dataset_id, headers={"Idempotency-Key": "k"})["session"]
    assert again["id"] == session["id"]
    retried = api.post(f"/api/training/session/{session['id']}/retry", 202)["session"]
    assert retried["spec"]["simulated"] is True
    services.storage.dataset_files(dataset)[0].unlink()
    assert api.start(key, dataset_id)["session"]["spec"]["simulated"] is None


@pytest.fixture
def model_id(api, key, services, client):
    use_depth_predictor(client)
    manifest = {"simulated": True, "dataset_name": "example.csv", "verdict": messages.BETTER}
    return complete(services, api.session(key), **manifest)


def test_every_prediction_of_a_model_of_simulated_data_says_so(api, key, model_id):
    for asked in (CANDIDATE, {"rows": [CANDIDATE, CANDIDATE]}):
        answer = api.post("/api/predict", json={"workspace_key": key, **asked})
        assert answer["simulated"] is True
        assert [each["simulated"] for each in answer["predictions"]] == [True] * answer["count"]
        (sentence,) = answer["warnings"]
        assert f"Model {model_id} was trained on simulated data (example.csv)" in sentence
    saved = {"title": "t", "candidates": [CANDIDATE], "predictions": answer["predictions"][:1]}
    analysis = api.post("/api/analyses", 201, json={"workspace_key": key, **saved})["analysis"]
    assert analysis["predictions"][0]["simulated"] is True


def test_a_catalogue_predicted_by_it_says_so_in_each_row_and_in_its_head(api, key, model_id):
    answer = api.batch(key, f"{HEADER}\n3.5,3,8000,0.2,30,5700,1,4.4,14.2,1,s\n", None)
    header, row = answer.get_data(as_text=True).splitlines()
    assert (
        dict(zip(header.split(","), row.split(","), strict=True))["trained_on_simulated"] == "yes"
    )
    assert answer.headers["Exotrain-Model"].endswith(", simulated")
    form = {"file": (io.BytesIO(ROWS.encode()), "c.csv"), "workspace_key": key}
    batch = api.post("/api/predict/batches", 202, data=form)["batch"]
    assert batch["model"]["simulated"] is True
    assert "simulated data (example.csv)" in batch["model"]["warnings"][0]


@pytest.mark.parametrize("manifest", [{"simulated": False}, {}])
def test_any_other_model_says_nothing(api, key, services, client, manifest):
    use_depth_predictor(client)
    complete(services, api.session(key), **manifest)
    answer = api.post("/api/predict", json={"workspace_key": key, **CANDIDATE})
    assert answer["simulated"] is manifest.get("simulated")
    assert answer["warnings"] == []
    assert "simulated" not in api.batch(key, ROWS, None).headers["Exotrain-Model"]


@pytest.mark.usefixtures("without_bin")
def test_a_model_names_its_dataset_also_when_that_is_gone(api, key, services):
    dataset_id = api.upload(key, simulated(), name="kept.csv")["dataset"]["id"]
    session = api.start(key, dataset_id)["session"]
    identity = session["spec"]["dataset_sha256"]
    known = {"dataset_sha256": identity, "dataset_name": "then.csv"}
    model_id = complete(services, session["id"], **known)
    old_id = complete(services, api.start(key, dataset_id)["session"]["id"])  # knows its session

    def named():
        listed = api.get(f"/api/models?workspace_key={key}")["models"]
        return {each["id"]: (each["dataset_id"], each["dataset_name"]) for each in listed}

    assert named() == {model_id: (dataset_id, "kept.csv"), old_id: (None, "kept.csv")}
    for each in api.get(f"/api/training/sessions?workspace_key={key}")["sessions"]:
        api.delete(f"/api/training/session/{each['id']}")
    api.delete(f"/api/training/dataset/{dataset_id}")
    assert named() == {model_id: (None, "kept.csv"), old_id: (None, "kept.csv")}
