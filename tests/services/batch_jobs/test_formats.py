"""A result as ECSV and VOTable, and batches of files that are read as a person says."""

import io

import numpy as np
import pytest
from astropy.io import votable
from astropy.table import Table

from backend.services.batch_jobs.runner import BatchRunner
from tests.api import HEADER, catalogue, complete, form, problem_of, use_depth_predictor
from tests.faults.state import files_in

BATCHES = "/api/predict/batches"

# Decimal commas, a cell that a spreadsheet would run, and a row without a depth.
GERMAN = """\
name;period;duration;depth;label;star
=A1;3,5;2,5;6.161,24;1;7
b&<c>;4,25;2,5;487;0;8
c;5;2,5;;2;9
"""


@pytest.fixture
def model_id(api, key, services, client):
    use_depth_predictor(client)
    return complete(services, api.session(key))


@pytest.fixture
def done(api, key, model_id, services):
    """Posts a catalogue and predicts it; the id of the batch."""

    def post(content, **fields):
        data = form(content, workspace_key=key, **fields)
        batch_id = api.post(BATCHES, 202, data=data)["batch"]["id"]
        BatchRunner(services).work()
        assert api.get(f"{BATCHES}/{batch_id}")["batch"]["status"] == "completed"
        return batch_id

    return post


def rows_of(api, batch_id, **query):
    return api.get(f"{BATCHES}/{batch_id}/rows", query_string=query)["rows"]


def table_of(api, batch_id, name, **query):
    answer = api.get(f"{BATCHES}/{batch_id}/result", None, query_string={"format": name, **query})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_length == len(answer.data)
    if name == "ecsv":
        return Table.read(answer.get_data(as_text=True), format="ascii.ecsv"), answer
    return votable.parse_single_table(io.BytesIO(answer.data)).to_table(), answer


@pytest.mark.parametrize("name", ["ecsv", "votable"])
def test_a_result_has_typed_columns_with_units_in_each_format(api, done, services, name):
    batch_id = done(GERMAN)
    table, answer = table_of(api, batch_id, name)
    rows = rows_of(api, batch_id)
    assert len(table) == len(rows) == 3
    np.testing.assert_array_equal(np.asarray(table["period"], float), [3.5, 4.25, 5])
    np.testing.assert_array_equal(np.asarray(table["depth"], float)[:2], [6161.24, 487])
    assert np.ma.is_masked(table["depth"][2]) or np.isnan(table["depth"][2])
    assert (str(table["period"].unit), str(table["duration"].unit)) == ("d", "h")
    assert [str(each) for each in table["name"]] == ["=A1", "b&<c>", "c"]
    for i, row in enumerate(rows[:2]):
        assert str(table["predicted_label"][i]) == row["predicted_label"]
        assert table["p_confirmed"][i] == row["probabilities"]["CONFIRMED"]
        assert table["predicted_period"][i] == row["predicted_period"]
    assert str(table["prediction_error"][2]) == rows[2]["prediction_error"]
    assert str(table["predicted_period"].unit) == "d"
    suffix = {"ecsv": "ecsv", "votable": "vot"}[name]
    assert f"catalogue_predictions.{suffix}" in answer.headers["Content-Disposition"]
    assert files_in(services.storage.incoming) == {}


def test_what_predicted_which_file_stands_in_the_table(api, done):
    batch_id = done(GERMAN)
    batch = api.get(f"{BATCHES}/{batch_id}")["batch"]
    table, _ = table_of(api, batch_id, "ecsv", predicted_label="CONFIRMED")
    assert table.meta["model_sha256"] == batch["model"]["sha256"]
    assert table.meta["file"] == "catalogue.csv"
    assert table.meta["filters"] == "label=1"
    answer = api.get(f"{BATCHES}/{batch_id}/result", None, query_string={"format": "votable"})
    infos = votable.parse(io.BytesIO(answer.data)).resources[0].infos
    assert {each.name: each.value for each in infos}["model_sha256"] == batch["model"]["sha256"]


def test_filters_and_order_hold_in_each_format(api, done):
    batch_id = done(catalogue(45))
    query = {"sort": "depth", "descending": "true"}
    table, _ = table_of(api, batch_id, "votable", **query)
    wanted = [row["values"]["depth"] for row in rows_of(api, batch_id, limit=45, **query)]
    np.testing.assert_array_equal(np.asarray(table["depth"], float), wanted)


def test_a_batch_is_read_as_a_person_says(api, done):
    content = "P_orb,duration,depth,verdict\n3.5,2.5,0.08,good\n4.5,2.5,0.09,\n"
    batch_id = done(
        content,
        columns='{"period": "P_orb", "label": "verdict"}',
        units='{"depth": "percent"}',
        labels='{"good": 1}',
    )
    first, second = rows_of(api, batch_id)
    assert (first["values"]["period"], first["label"]) == (3.5, "CONFIRMED")
    assert first["values"]["depth"] == pytest.approx(800)
    assert second["label"] is None
    table, _ = table_of(api, batch_id, "ecsv")
    np.testing.assert_array_equal(table["depth"], [0.08, 0.09])
    assert table["depth"].description == "times 10000: depth in ppm"


def test_a_votable_is_a_batch_too(api, key, done, services):
    columns = {"period": [3.5, 4.5], "duration": [150.0, 180.0], "depth": [800.0, 900.0]}
    source = Table(columns, units={"period": "d", "duration": "min"})
    written = io.BytesIO()
    source.write(written, format="votable")
    batch_id = done(written.getvalue(), file_name="mine.vot")
    assert [row["values"]["duration"] for row in rows_of(api, batch_id)] == [2.5, 3.0]
    answer = api.get(f"{BATCHES}/{batch_id}/result", None)
    assert '"kind": "votable"' in answer.headers["Exotrain-File"]
    at_once = api.batch(key, written.getvalue(), None, file_name="mine.vot")
    assert at_once.data == answer.data
    assert at_once.headers["Exotrain-File"] == answer.headers["Exotrain-File"]
    assert files_in(services.storage.incoming) == {}


def test_what_cannot_be_meant_posts_no_batch(api, key, model_id):
    data = form(catalogue(9), workspace_key=key, columns='{"period": "nowhere"}')
    problem = problem_of(api.post(BATCHES, None, data=data))
    assert (problem["status"], problem["errors"][0]["field"]) == (422, "columns")
    assert api.get(f"{BATCHES}?workspace_key={key}")["count"] == 0


def test_the_same_key_with_another_reading_is_another_request(api, key, model_id):
    headers = {"Idempotency-Key": "one"}
    data = form(catalogue(9), workspace_key=key)
    first = api.post(BATCHES, 202, data=data, headers=headers)["batch"]["id"]
    data = form(catalogue(9), workspace_key=key)
    assert api.post(BATCHES, 202, data=data, headers=headers)["batch"]["id"] == first
    data = form(catalogue(9), workspace_key=key, units='{"depth": "ppt"}')
    assert problem_of(api.post(BATCHES, None, data=data, headers=headers))["status"] == 422


def test_columns_of_the_same_name_are_told_apart(api, done):
    content = f"{HEADER},uncertain,\n" + "3.5,2.5,500,0.2,30,5700,1.0,4.4,14.2,1,star,mine,x\n"
    table, _ = table_of(api, done(content), "votable")
    assert {"uncertain", "uncertain_", "column_13"} <= set(table.colnames)
