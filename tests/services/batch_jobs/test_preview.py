"""Previews of batches: how a table would be read, what would be predicted; nothing is left."""

import json

import pytest

from backend.services.batch_jobs.runner import BatchRunner
from tests.api import HEADER, catalogue, complete, form, problem_of, use_depth_predictor
from tests.tables.files import write_xlsx

BATCHES = "/api/predict/batches"

LINES = [f"{3 + i / 7:.3f},{2 + i % 3}.5,{0.08 + i / 1000:.4f},{'abc'[i % 3]}" for i in range(30)]
FOREIGN = "\n".join(["P_orb,T14,drop,verdict", *LINES, ""])
SAID = {
    "columns": json.dumps({"period": "P_orb", "duration": "T14", "depth": "drop"}),
    "units": json.dumps({"depth": "percent"}),
}


def preview(api, key, content, expect=200, **fields):
    data = form(content, workspace_key=key, **fields)
    return api.post(f"{BATCHES}?preview=1", expect, data=data)


@pytest.fixture
def leaves_nothing(api, key, services):
    """After the test there is no file and no batch that was not there before."""

    def there():
        files = {path for path in services.storage.uploads.rglob("*") if path.is_file()}
        return files, api.get(BATCHES, query_string={"workspace_key": key})["count"]

    before = there()
    yield
    assert there() == before
    assert list(services.storage.incoming.iterdir()) == []


@pytest.fixture
def model_id(api, key, services):
    use_depth_predictor(api.client)
    return complete(services, api.session(key))


@pytest.mark.usefixtures("leaves_nothing")
def test_a_preview_tells_what_would_be_predicted_without_a_model_and_stores_nothing(api, key):
    text = catalogue(5) + "3,2.5,,0.2,30,5700,1,4.4,14.2,1,star-x\n"
    seen = preview(api, key, text)
    assert (seen["is_usable"], seen["preview"], seen["problem"]) == (True, True, None)
    assert (seen["num_predicted"], seen["num_rejected"]) == (5, 1)
    assert seen["message"] == "5 rows would be predicted, 1 left out."
    assert seen["profile"]["rejected"]["by_reason"] == {"missing_value": 1}
    assert seen["profile"]["rejected"]["first"][0]["line"] == 7
    assert (seen["form"], seen["source"], seen["header_line"]) == ("exotrain", "exotrain", 1)
    assert seen["columns"][2]["column"] == "depth"
    assert seen["columns"][2]["examples"] == ["500", "501", "502"]
    assert "percent" in seen["units_known"]["depth"]


@pytest.mark.usefixtures("leaves_nothing")
def test_columns_that_are_not_known_are_told_and_can_be_said(api, key):
    seen = preview(api, key, FOREIGN)
    assert seen["is_usable"] is False
    assert seen["missing"] == ["period", "duration", "depth"]
    assert [each["name"] for each in seen["columns"]] == ["P_orb", "T14", "drop", "verdict"]
    assert "Required columns are missing: period, duration, depth" in seen["problem"]
    mapped = preview(api, key, FOREIGN, columns=SAID["columns"])
    assert (mapped["is_usable"], mapped["num_predicted"]) == (True, 30)
    assert [each["likely"] for each in mapped["units"]] == ["percent"]
    assert [each["code"] for each in mapped["warnings"]] == ["unlikely_unit"]
    assert preview(api, key, FOREIGN, **SAID)["warnings"] == []


@pytest.mark.usefixtures("leaves_nothing")
def test_labels_are_not_needed_and_their_words_are_told_without_a_warning(api, key):
    lines = [line.rpartition(",")[0] for line in LINES]
    without = "\n".join(["period,duration,depth", *lines])
    assert preview(api, key, without, units=SAID["units"])["num_predicted"] == 30
    columns = json.dumps({**json.loads(SAID["columns"]), "label": "verdict"})
    seen = preview(api, key, FOREIGN, columns=columns, units=SAID["units"])
    assert (seen["num_predicted"], seen["num_rejected"]) == (30, 0)
    assert seen["profile"]["report"]["unknown_labels"] == {"a": 10, "b": 10, "c": 10}
    assert seen["warnings"] == []


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        pytest.param(FOREIGN, {}, id="columns that are not known"),
        pytest.param(
            FOREIGN, {"columns": '{"period": "nowhere"}'}, id="a column that is not there"
        ),
        pytest.param(f"{HEADER}\n", {}, id="no row"),
        pytest.param(f"{HEADER.replace('depth', 'period')}\n3,2,1\n", {}, id="a name twice"),
    ],
)
@pytest.mark.usefixtures("model_id")
def test_a_table_is_no_better_for_a_preview_than_for_a_batch(api, key, content, fields):
    seen = preview(api, key, content, **fields)
    assert seen["is_usable"] is False
    at_once = problem_of(api.batch(key, content, None, **fields))
    assert at_once["status"] == 422
    assert at_once["detail"].removeprefix("columns: ") == seen["problem"]


@pytest.mark.usefixtures("model_id")
def test_a_batch_predicts_the_rows_that_its_preview_promised(api, key, services):
    text = FOREIGN + "5,900,0.09,a\n5,2.5,?,b\n"
    seen = preview(api, key, text, **SAID)
    posted = api.post(BATCHES, 202, data=form(text, workspace_key=key, **SAID))["batch"]
    BatchRunner(services).work()
    counts = api.get(f"{BATCHES}/{posted['id']}")["batch"]["counts"]
    assert seen["num_predicted"] == counts["all"] - counts["errors"] == 30
    assert seen["num_rejected"] == counts["errors"] == 2


@pytest.mark.usefixtures("leaves_nothing")
def test_a_table_of_several_must_be_named(api, key, tmp_path):
    rows = [["period", "duration", "depth"], [3, 2.5, 500], [4, 2.5, 600]]
    write_xlsx(tmp_path / "x", {"First": rows, "Second": rows[:2]})
    content = (tmp_path / "x").read_bytes()
    assert preview(api, key, content, 422)["tables"] == ["First", "Second"]
    seen = preview(api, key, content, table="Second")
    assert seen["num_predicted"] == 1
    assert seen["profile"]["file"]["table"] == "Second"


@pytest.mark.usefixtures("leaves_nothing")
@pytest.mark.parametrize("content", [b"%PDF-1.7 rubbish", b"", b"PK\x03\x04 a damaged xlsx"])
def test_what_is_no_table_is_refused_and_leaves_nothing(api, key, content):
    assert preview(api, key, content, 422)["found"] == []


@pytest.mark.usefixtures("leaves_nothing")
def test_what_cannot_be_meant_is_refused(api, key):
    problem = preview(api, key, FOREIGN, 422, units='{"depth": "mmag"}')
    assert problem["errors"][0]["field"] == "units"
