"""Uploads and batches of files that are no text, through the API and the real child."""

import json
import threading

import numpy as np
import pytest

from tests.api import catalogue, complete, form, problem_of, use_depth_predictor
from tests.tables.files import KINDS, write_xlsx
from tests.tables.test_bad_input import ERROR


def workbook(path, **sheets):
    write_xlsx(path, {name: list(rows) for name, rows in sheets.items()})
    return path.read_bytes()


def rows(count=90, shift=0.0):
    lines = [line.split(",") for line in catalogue(count).splitlines()]
    return [lines[0], *([float(line[0]) + shift, *map(_number, line[1:])] for line in lines[1:])]


def _number(cell):
    return cell if cell.startswith("star") else float(cell)


def incoming(services):
    return list(services.storage.incoming.iterdir())


def test_a_spreadsheet_is_a_dataset_like_the_same_rows_as_csv(api, key, services, tmp_path):
    plain = api.upload(key, catalogue())["dataset"]
    answer = api.upload(key, workbook(tmp_path / "x", Notes=[["hello"]], Planets=rows()))
    dataset = api.get(f"/api/training/dataset/{answer['dataset']['id']}")["dataset"]
    first, second = (
        api.get(f"/api/training/dataset/{each['id']}/rows")["rows"] for each in (plain, dataset)
    )
    for row in (*first, *second):
        del row["relations"]  # those of one of them may still be searched for
    assert first == second
    sheets = {"kind": "xlsx", "table": "Planets", "tables": ["Notes", "Planets"]}
    assert dataset["profile"]["file"] == sheets
    assert plain["num_samples"] == dataset["num_samples"] == 90
    assert incoming(services) == []


def test_what_was_odd_is_a_warning_of_the_answer(api, key, tmp_path):
    table = rows()
    table[1][4] = "=1+1"
    answer = api.upload(key, workbook(tmp_path / "x", S=table))
    assert "Formulas without a value: 1." in str(answer["warnings"])
    report = api.get(f"/api/training/dataset/{answer['dataset']['id']}")["dataset"]["profile"]
    assert len(report["report"]["notes"]) == 1


def test_the_field_table_names_the_sheet_also_when_missing_rows_are_made_again(
    api, key, services, tmp_path
):
    content = workbook(tmp_path / "x", A=rows(90), B=rows(90, shift=1.0))
    refused = api.upload(key, content, 422)
    assert "'A', 'B'" in refused["detail"]
    dataset = api.upload(key, content, table="B")["dataset"]
    (table,) = services.storage.uploads.glob("*/*.npy")
    before = table.read_bytes()
    assert np.load(table)["period"][0] == 4.0
    table.unlink()
    services.tables.rebuild_missing()
    for thread in threading.enumerate():
        if thread.name == "missing tables":
            thread.join(60)
    assert table.read_bytes() == before
    assert dataset["num_samples"] == 90
    assert incoming(services) == []


def test_an_error_message_of_an_archive_is_refused_in_its_words_and_nothing_is_left(
    api, key, services
):
    refused = api.upload(key, ERROR, 422)
    assert refused["detail"].endswith("Table koi is not known")
    assert incoming(services) == []


def test_text_has_no_table_to_name(api, key):
    assert "leave out" in api.upload(key, catalogue(), 422, table="A")["detail"]


@pytest.mark.filterwarnings("ignore")
def test_a_batch_of_any_kind_is_answered_as_csv_and_can_be_predicted_again(
    api, key, services, tmp_path
):
    use_depth_predictor(api.client)
    complete(services, api.session(key))
    KINDS["votable"](tmp_path / "x")
    answer = api.batch(key, (tmp_path / "x").read_bytes(), None)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.startswith("period [d],duration [h],depth [ppm],snr,steff [K],label,star,predicted")
    assert answer.headers["Exotrain-Dialect"] == "separator=comma, decimal=dot"
    told = json.loads(answer.headers["Exotrain-File"])
    assert told == {"kind": "votable", "table": "table 1", "tables": ["table 1"], "notes": []}
    again = api.batch(key, text, None)
    assert again.get_data(as_text=True) == text
    assert "Exotrain-File" not in again.headers
    assert incoming(services) == []


def test_the_tables_to_choose_from_are_named_one_by_one(api, key, tmp_path):
    content = workbook(tmp_path / "two.xlsx", First=rows(9), Second=rows(9, shift=1.0))
    for path in ("upload-dataset", "upload-dataset?preview=1"):
        data = form(content, "two.xlsx", workspace_key=key)
        problem = problem_of(api.post(f"/api/training/{path}", None, data=data))
        assert (problem["status"], problem["tables"]) == (422, ["First", "Second"])
    chosen = api.upload(key, content, table="Second", file_name="two.xlsx")["dataset"]
    other = api.upload(key, content, table="First", file_name="two.xlsx")["dataset"]
    assert chosen["read_as"]["table"] == "Second"
    assert chosen["sha256"] == other["sha256"]
    assert chosen["identity"] != other["identity"]
