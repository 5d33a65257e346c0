"""The same file read in several ways: mapped columns, other units, other labels; and previews."""

import json
import threading

import numpy as np
import pytest

from tests.api import form, problem_of
from tests.services.datasets.files import files_of

PATH = "/api/training/upload-dataset"


def rows_of(api, answer):
    return api.get(f"/api/training/dataset/{answer['dataset']['id']}/rows")["rows"]


def table(header="P_orb,dur,depth,label", count=30, depth=0.08):
    """A table with its first column under a name that nobody knows, and depths in percent."""
    lines = [f"{3 + i / 7:.3f},{2 + i % 3}.5,{depth + i / 1000:.4f},{i % 3}" for i in range(count)]
    return "\n".join([header, *lines, ""])


SAID = {
    "columns": json.dumps({"period": "P_orb", "duration": "dur"}),
    "units": json.dumps({"depth": "percent"}),
}


def preview(api, key, content, expect=200, **fields):
    data = form(content, workspace_key=key, **fields)
    return api.post(f"{PATH}?preview=1", expect, data=data)


def test_columns_and_units_that_are_said_are_used(api, key):
    answer = api.upload(key, table(), **SAID)
    first = rows_of(api, answer)[0]
    assert (first["period"], first["duration"]) == (3.0, 2.5)
    assert first["depth"] == pytest.approx(800)
    dataset = api.get(f"/api/training/dataset/{answer['dataset']['id']}")["dataset"]
    assert dataset["read_as"] == {
        "columns": {"duration": "dur", "period": "P_orb"},
        "units": {"depth": "percent"},
        "labels": {},
        "table": None,
    }
    assert dataset["profile"]["recognised"]["period"] == "P_orb"
    assert dataset["profile"]["factors"] == {"depth": 1e4}
    assert not [each for each in answer["warnings"] if each["code"] == "unlikely_unit"]


def test_a_flux_is_one_minus_the_depth(api, key):
    lines = [f"{3 + i / 7:.3f},2.5,{0.999 - i / 1e5:.6f},{i % 3}" for i in range(30)]
    answer = api.upload(
        key, "\n".join(["period,duration,depth,label", *lines]), units='{"depth": "flux"}'
    )
    assert [row["depth"] for row in rows_of(api, answer)[:2]] == pytest.approx([1000, 1010])


def test_what_the_unit_is_confirmed_to_be_is_no_warning(api, key):
    content = table("period,duration,depth,label", depth=1.0)
    codes = [each["code"] for each in api.upload(key, content)["warnings"]]
    assert codes[0] == "unlikely_unit"
    confirmed = api.upload(key, content, units='{"depth": "ppm"}')
    assert "unlikely_unit" not in [each["code"] for each in confirmed["warnings"]]


def test_labels_that_are_said_come_before_the_known_words(api, key):
    lines = [f"{3 + i / 7:.3f},2.5,600,{('PC', 'AFP', 'Sure')[i % 3]}" for i in range(30)]
    content = "\n".join(["tce_period,tce_duration,tce_depth,av_training_set", *lines])
    plain = api.upload(key, content)
    assert plain["dataset"]["class_counts"] == {
        "CANDIDATE": 10,
        "CONFIRMED": 0,
        "FALSE POSITIVE": 10,
    }
    said = api.upload(key, content, labels='{"pc": 1, "SURE": "confirmed"}')
    assert said["dataset"]["class_counts"] == {
        "CANDIDATE": 0,
        "CONFIRMED": 20,
        "FALSE POSITIVE": 10,
    }
    assert said["dataset"]["read_as"]["labels"] == {"pc": 1, "sure": 1}


def test_numbers_as_labels_can_mean_something_else(api, key):
    content = table("period,duration,depth,label", depth=600).replace(",2\n", ",1.0\n")
    answer = api.upload(key, content, labels='{"0": 2, "1": 1}')
    counts = answer["dataset"]["class_counts"]
    assert (counts["CANDIDATE"], counts["CONFIRMED"], counts["FALSE POSITIVE"]) == (0, 20, 10)
    assert "binary_labels" not in [each["code"] for each in answer["warnings"]]


def test_a_column_that_is_said_not_to_be_read_is_not(api, key):
    content = table("period,duration,depth,label", depth=600).replace("label", "label,snr", 1)
    content = "\n".join(line + ",7" if i else line for i, line in enumerate(content.split("\n")))
    read = api.upload(key, content)
    assert rows_of(api, read)[0]["snr"] == 7
    unread = api.upload(key, content, columns='{"snr": null}')
    assert rows_of(api, unread)[0]["snr"] is None


def test_a_column_that_is_said_to_be_another_is_not_read_twice(api, key):
    content = table("period,duration,depth,label", depth=600)
    problem = problem_of(api.upload(key, content, None, columns='{"snr": "depth"}'))
    assert problem["status"] == 422
    assert problem["missing"] == ["depth"]


@pytest.mark.parametrize(
    ("field", "said", "message"),
    [
        ("columns", '{"period": "nowhere"}', "name of a column of the file, received 'nowhere'"),
        ("columns", '{"perod": "P_orb"}', "Expected one of period, duration"),
        ("columns", '{"period": 3}', "Expected for period a name, received 3"),
        ("columns", '{"period": "dur", "duration": "dur"}', "received 'dur' for duration and for"),
        ("units", '{"depth": "mmag"}', "one of ppm, percent, %, ppt, fraction"),
        ("units", '{"depth": ""}', "Expected for depth one of"),
        ("units", '{"label": "ppm"}', "Expected one of period"),
        (
            "units",
            '{"depth": "ppm", "snr": "-"}',
            "Expected columns that the table has, received snr",
        ),
        ("units", '["depth"]', "Expected a JSON object"),
        ("units", "{depth: percent}", "Expected a JSON object"),
        ("units", '{"depth": "ppm", "depth": "percent"}', "each name once"),
        ("labels", '{"PC": 7}', "Expected for 'PC' one of 0, 1, 2"),
        ("labels", '{"PC": true}', "Expected for 'PC' one of 0, 1, 2"),
        ("labels", '{"PC": 1, "pc": 2}', "Expected one label for 'pc', received two"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(api, key, services, field, said, message):
    problem = problem_of(api.upload(key, table(), None, **{**SAID, field: said}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field
    assert message in problem["errors"][0]["message"]
    assert files_of(services) == []


@pytest.mark.usefixtures("without_bin")
def test_the_same_file_read_in_another_way_is_another_dataset_with_the_same_file(
    api, key, services
):
    content = table("period,duration,depth,label", depth=100)
    first = api.upload(key, content, file_name="mine.tsv")["dataset"]
    second = api.upload(key, content, file_name="mine.csv", units='{"depth": "ppt"}')["dataset"]
    assert first["sha256"] == second["sha256"] == first["identity"] != second["identity"]
    again = api.upload(key, content, 200, units='{"depth": " PPT"}')
    assert again["dataset"]["id"] == second["id"]
    names = {
        f"{each['identity']}.{end}" for each in (first, second) for end in ("npy", "rejected.jsonl")
    }
    assert set(files_of(services)) == {f"{first['sha256']}.tsv", *names}

    used = [api.get("/api/me")["usage"]["stored_bytes"]["used"]]
    on_disk = sum(
        path.stat().st_size for path in services.storage.uploads.rglob("*") if path.is_file()
    )
    assert used == [on_disk]
    api.delete(f"/api/training/dataset/{first['id']}")
    assert f"{first['sha256']}.tsv" in files_of(services)
    assert len(rows_of(api, {"dataset": second})) == 30
    on_disk = sum(
        path.stat().st_size for path in services.storage.uploads.rglob("*") if path.is_file()
    )
    assert api.get("/api/me")["usage"]["stored_bytes"]["used"] == on_disk
    api.delete(f"/api/training/dataset/{second['id']}")
    assert files_of(services) == []


def test_missing_rows_are_read_again_in_the_way_that_was_said(api, key, services):
    dataset = api.upload(key, table(), **SAID)["dataset"]
    path = next(services.storage.uploads.rglob("*.npy"))
    before = path.read_bytes()
    path.unlink()
    services.tables.rebuild_missing()
    for thread in threading.enumerate():
        if thread.name == "missing tables":
            thread.join()
    assert path.read_bytes() == before
    assert np.load(path)["depth"][0] == pytest.approx(800)
    assert dataset["num_samples"] == 30


def test_a_preview_tells_what_would_be_and_stores_nothing(api, key, services):
    content = table("period,duration,depth,label", depth=1.0)
    seen = preview(api, key, content)
    assert seen["is_usable"] is True
    assert seen["preview"] is True
    assert seen["problem"] is None
    assert (seen["form"], seen["header_line"], seen["separator"]) == ("exotrain", 1, ",")
    assert seen["columns"][2] == {
        "name": "depth",
        "examples": ["1.0000", "1.0010", "1.0020"],
        "column": "depth",
        "unit": None,
    }
    assert (seen["num_samples"], seen["num_rejected"]) == (30, 0)
    assert seen["units"][0]["likely"] in ("percent", "ppt", "fraction")
    assert seen["warnings"][0]["code"] == "unlikely_unit"
    assert "percent" in seen["units_known"]["depth"]
    assert seen["profile"]["rows"] == 30
    assert seen["existing_dataset_id"] is None
    assert files_of(services) == []
    assert api.get(f"/api/training/datasets?workspace_key={key}")["count"] == 0
    stored = api.upload(key, content)["dataset"]["id"]
    assert preview(api, key, content)["existing_dataset_id"] == stored


def test_a_preview_of_a_table_with_unknown_names_shows_its_columns(api, key, services):
    seen = preview(api, key, table())
    assert seen["is_usable"] is False
    assert seen["missing"] == ["period", "duration"]
    assert [each["name"] for each in seen["columns"]] == ["P_orb", "dur", "depth", "label"]
    assert [each["column"] for each in seen["columns"]] == [None, None, "depth", "label"]
    assert "Required columns are missing: period, duration" in seen["problem"]
    assert preview(api, key, table(), **SAID)["is_usable"] is True
    assert files_of(services) == []


@pytest.mark.parametrize("name", ["a name of more than forty characters for a period", "P\\orb"])
def test_a_column_can_be_mapped_by_the_name_that_its_preview_gives(api, key, name):
    content = table(f"{name},duration,depth,label")
    seen = preview(api, key, content)["columns"][0]["name"]
    said = json.dumps({"period": seen})
    assert preview(api, key, content, columns=said)["missing"] == []


def test_a_preview_of_a_table_without_a_usable_row_offers_the_unit(api, key):
    lines = [f"{3 + i / 7:.3f},2.5,{0.0008 + i / 1e6:.6f},{i % 3}" for i in range(30)]
    content = "\n".join(["period,duration,depth,label", *lines])
    seen = preview(api, key, content)
    assert seen["is_usable"] is False
    assert [(each["column"], each["likely"]) for each in seen["units"]] == [("depth", "fraction")]
    assert preview(api, key, content, units='{"depth": "fraction"}')["num_samples"] == 30


def test_a_preview_of_no_table_is_refused(api, key, services):
    assert preview(api, key, b"%PDF-1.7 rubbish", 422)["found"] == []
    assert files_of(services) == []
