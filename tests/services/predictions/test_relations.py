"""Relations of the rows of a catalogue to predict, and of a dataset: found, shown, given on."""

import csv
import hashlib
import io
import threading

import numpy as np
import pytest

from backend.database import models
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.datasets import relations as dataset_relations
from backend.services.predictions import relations as catalogue_relations
from backend.tables.converter import TableConverter
from backend.transit.catalog.delimited import records
from backend.transit.columns import COLUMNS, RELATION_COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.related import keep_known
from backend.web.routes import predictions as prediction_routes
from tests.api import complete, form, problem_of, use_depth_predictor
from tests.e2e.server import wait_for

HEAD = (
    "kepoi_name,kepid,koi_period,koi_duration,koi_depth,koi_impact,koi_model_snr,koi_steff,"
    "koi_srad,koi_slogg,koi_kepmag,koi_depth_err1"
)
KOI = f"""{HEAD}
K1.01,1,3.5,3,800,0.2,30,5700,1,4.4,14,8
K1.02,1,9.1,3,900,0.2,30,5700,1,4.4,14,9
K2.01,2,4.5,3,700,0.2,30,5100,1.1,4.3,13,
"""
SIBLINGS = RELATION_COLUMNS.index("candidates_on_star")


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


def kept_table(star):
    """The file of a model's table with one candidate, of this star."""
    rows = np.zeros(1, ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = np.nan
    rows["line"], rows["star"] = 5, star
    rows["period"], rows["duration"], rows["depth"] = 33.3, 2.0, 100.0
    evidence = no_evidence(1)
    evidence["name"] = b"K2.02"
    file = io.BytesIO()
    np.save(file, keep_known(rows, evidence, seed=0))
    return file.getvalue()


def put_beside(services, model_id, content):
    with services.database.read() as connection:
        path = services.storage.model_related(models.find(connection, model_id)["file"])
    path.write_bytes(content)


@pytest.fixture
def model_id(api, key, services, predictor):
    """A model that learnt from relations, of a table with one further candidate of star 2."""
    content = kept_table(b"2")
    related = {"sha256": hashlib.sha256(content).hexdigest(), "known": 100}
    related |= {"accuracy": {"with": 0.8, "without": 0.7}, "precision": None, "coverage": None}
    found = complete(
        services,
        api.session(key),
        source="koi",
        spec={"source": "koi", "use_relations": True},
        rows={"train": 100},
        related=related,
    )
    put_beside(services, found, content)
    return found


def batch(api, key, services, content=KOI):
    data = form(content, workspace_key=key)
    posted = api.post("/api/predict/batches", 202, data=data)["batch"]["id"]
    BatchRunner(services).work()
    return api.get(f"/api/predict/batches/{posted}")["batch"]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Nobody has to ask twice on a slow machine."""
    monkeypatch.setattr(dataset_relations, "PATIENCE_SECONDS", 60.0)


def rows_of(api, found):
    return api.get(f"/api/predict/batches/{found['id']}/rows")["rows"]


def test_a_batch_knows_its_own_rows_and_those_of_the_models_table(
    api, key, services, model_id, predictor
):
    found = batch(api, key, services)
    assert found["unlike_training"] == found["warnings"] == []
    first, second, third = (each["relations"] for each in rows_of(api, found))
    assert first["sibling"] == {
        "name": "K1.02",
        "line": None,
        "in_training_table": False,
        "row": None,
    }
    assert first["sentences"][0].startswith("Its star has one other candidate, K1.02")
    assert second["sibling"]["name"] == "K1.01"
    assert third["sibling"] == {
        "name": "K2.02",
        "line": None,
        "in_training_table": True,
        "row": None,
    }
    assert third["sibling_period_ratio"] == pytest.approx(7.4)
    assert predictor.relations[:, SIBLINGS].tolist() == [1, 1, 1]
    assert predictor.relations[0, RELATION_COLUMNS.index("depth_err")] == pytest.approx(0.01)


TOI = "tid,pl_orbper,pl_trandurh,pl_trandep\n1,3.5,3,800\n2,4.5,3,700\n"
K2 = (
    "pl_name,epic_hostname,disposition,pl_orbper,pl_trandur,pl_trandep\n"
    "K2-0 b,EPIC 1,CANDIDATE,3.5,3,0.08\nK2-1 b,EPIC 2,CANDIDATE,4.5,3,0.07\n"
)


@pytest.mark.parametrize("table", [TOI, K2])
def test_a_table_of_another_survey_is_not_related_to_the_models(
    api, key, services, model_id, predictor, table
):
    """The stars of two surveys may have the same number."""
    found = batch(api, key, services, table)
    assert [each["relations"]["sibling"] for each in rows_of(api, found)] == [None, None]


def test_a_k2_table_is_related_to_that_of_a_model_of_k2(api, key, services, predictor):
    content = kept_table(b"2")
    found = complete(
        services,
        api.session(key),
        source="k2",
        related={"sha256": hashlib.sha256(content).hexdigest(), "known": 0},
    )
    put_beside(services, found, content)
    first, second = (each["relations"] for each in rows_of(api, batch(api, key, services, K2)))
    assert first["sibling"] is None
    assert second["sibling"]["in_training_table"]


def test_a_catalogue_that_is_answered_at_once_has_the_same_columns(api, key, services, model_id):
    answer = api.batch(key, KOI, None)
    at_once = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    found = batch(api, key, services)
    stored = api.get(f"/api/predict/batches/{found['id']}/result", None).get_data(as_text=True)
    assert at_once == list(csv.DictReader(io.StringIO(stored)))
    assert at_once[2]["nearest_sibling"] == "K2.02 (training table)"
    assert at_once[0]["candidates_on_star"] == "1"
    assert at_once[0]["relations_in_words"].startswith("Its star has one other candidate, K1.02")
    assert "Exotrain-Unlike-Training" not in answer.headers


ALONE = (
    f"{HEAD}\nK7.01,7,3.5,3,800,0.2,30,5700,1,4.4,14,8\nK8.01,8,9.1,3,900,0.2,30,5100,1,4.4,13,\n"
)


@pytest.mark.parametrize("content", [ALONE, "period,duration,depth\n3.5,3,800\n4.5,3,700\n"])
def test_rows_without_neighbours_need_no_process_and_are_answered_alike(
    api, key, services, model_id, monkeypatch, content
):
    look, relate = catalogue_relations._without_neighbours, TableConverter.relate
    calls = []

    def counted(*arguments):
        calls.append(1)
        return relate(*arguments)

    monkeypatch.setattr(TableConverter, "relate", counted)
    at_once = api.batch(key, content, None)
    in_background = rows_of(api, batch(api, key, services, content))
    assert calls == []
    monkeypatch.setattr(catalogue_relations, "_without_neighbours", lambda *_files: None)
    searched = api.batch(key, content, None)
    assert calls == [1]
    assert at_once.data == searched.data
    assert dict(at_once.headers) == dict(searched.headers)
    assert in_background == rows_of(api, batch(api, key, services, content))
    assert calls == [1, 1]
    monkeypatch.setattr(catalogue_relations, "_without_neighbours", look)
    monkeypatch.setattr(catalogue_relations, "_MOST_LOOKED_AT", 2)
    assert api.batch(key, content, None).data == searched.data
    assert calls == [1, 1, 1]


def test_a_row_on_a_star_of_the_models_table_is_looked_for(
    api, key, services, model_id, monkeypatch
):
    content = ALONE.replace("K8.01,8,", "K2.01,2,")
    answer = api.batch(key, content, None).get_data(as_text=True)
    nearest = [each["nearest_sibling"] for each in csv.DictReader(io.StringIO(answer))]
    assert nearest == ["", "K2.02 (training table)"]


def test_a_name_that_a_spreadsheet_would_run_does_not(api, key, services, model_id):
    found = batch(api, key, services, KOI.replace("K1.02", "=1+1"))
    table = api.get(f"/api/predict/batches/{found['id']}/result", None).get_data(as_text=True)
    assert next(csv.DictReader(io.StringIO(table)))["nearest_sibling"] == "'=1+1"
    assert rows_of(api, found)[0]["relations"]["sibling"]["name"] == "=1+1"


def test_a_model_without_the_input_is_not_given_them_but_the_reader_is(
    api, key, services, predictor
):
    complete(services, api.session(key), source="koi")
    found = batch(api, key, services)
    assert predictor.relations is None
    assert rows_of(api, found)[0]["relations"]["candidates_on_star"] == 1
    assert found["unlike_training"] == []


def test_a_long_table_is_predicted_without_and_says_so(
    api, key, services, model_id, predictor, monkeypatch
):
    monkeypatch.setattr(catalogue_relations, "MAX_RELATED", 2)
    found = batch(api, key, services)
    assert found["status"] == "completed"
    assert predictor.relations is None
    assert [each["relations"] for each in rows_of(api, found)] == [None] * 3
    (unlike,) = found["unlike_training"]
    assert (unlike["code"], unlike["accuracy"], unlike["accuracy_with"]) == (
        "no_relations",
        0.7,
        0.8,
    )
    assert "its accuracy is 0.700 without relations" in found["warnings"][0]


def test_a_table_that_takes_too_much_is_predicted_without(
    api, key, services, model_id, monkeypatch
):
    monkeypatch.setattr(TableConverter, "relate", lambda *_arguments: False)
    assert batch(api, key, services)["unlike_training"][0]["code"] == "no_relations"


def test_a_damaged_table_of_the_model_ends_the_batch_in_words(api, key, services, model_id):
    put_beside(services, model_id, kept_table(b"7"))
    found = batch(api, key, services)
    assert (found["status"], found["error"]["reason"]) == ("failed", "model_corrupt")
    assert ".related.npy" in found["error"]["message"]
    problem = problem_of(api.batch(key, KOI, None))
    assert problem["code"] == "model_corrupt"


def test_a_cancelled_batch_is_not_related_first(api, key, services, model_id, monkeypatch):
    def relate(*_arguments):
        raise AssertionError("it was related")

    posted = api.post("/api/predict/batches", 202, data=form(KOI, workspace_key=key))["batch"]
    monkeypatch.setattr(TableConverter, "relate", relate)
    write_rows = catalogue_relations.write_rows

    def cancelled_meanwhile(*arguments, **options):
        api.post(f"/api/predict/batches/{posted['id']}/cancel")
        return write_rows(*arguments, **options)

    monkeypatch.setattr(catalogue_relations, "write_rows", cancelled_meanwhile)
    BatchRunner(services).work()
    found = api.get(f"/api/predict/batches/{posted['id']}")["batch"]
    assert found["status"] == "cancelled"
    assert list(services.storage.incoming.iterdir()) == []


def test_the_rows_of_a_dataset_have_relations(api, key, services):
    dataset = upload(api, key)
    first, *_, last = api.get(f"/api/training/dataset/{dataset}/rows")["rows"]
    assert first["relations"]["sibling"] == {
        "name": "K1.02",
        "line": 3,
        "in_training_table": False,
        "row": 1,
    }
    assert last["relations"]["candidates_on_star"] == 0
    of_class = api.get(f"/api/training/dataset/{dataset}/rows", query_string={"label": 1})["rows"]
    assert {each["name"]: each["relations"] for each in of_class}["K1.01"] == first["relations"]


def test_relations_of_a_dataset_are_found_once(api, key, services, monkeypatch):
    calls = []
    relate = TableConverter.relate

    def counted(self, *arguments):
        calls.append(1)
        return relate(self, *arguments)

    monkeypatch.setattr(TableConverter, "relate", counted)
    dataset = upload(api, key)
    quick = api.get(f"/api/training/dataset/{dataset}/rows?relations=false")["rows"]
    assert (quick[0]["relations"], calls) == (None, [])
    for _ in range(3):
        assert api.get(f"/api/training/dataset/{dataset}/rows")["rows"][0]["relations"]
    assert len(calls) == 1


def test_relations_that_another_request_has_just_found_are_not_found_again(
    api, key, services, monkeypatch
):
    """They appear between the look for the file and the turn."""
    path = services.storage.temporary / "relations-1-x-alone.npy"
    path.write_bytes(b"found meanwhile")
    calls = []
    monkeypatch.setattr(TableConverter, "relate", lambda *_arguments: calls.append(1))
    assert services.relations._find(path, path, None, 10.0)
    assert calls == []


def test_only_those_of_the_datasets_looked_at_last_are_kept(api, key, services, monkeypatch):
    monkeypatch.setattr(dataset_relations, "_KEPT", 2)
    for number in range(4):
        dataset = upload(api, key, labelled(extra=number))
        api.get(f"/api/training/dataset/{dataset}/rows")
    kept = services.storage.temporary.glob("relations-*")
    assert len(list(kept)) == 2


@pytest.mark.parametrize("why", ["too long", "too much"])
def test_rows_of_a_dataset_that_cannot_be_related_are_shown_without(
    api, key, services, monkeypatch, why
):
    dataset = upload(api, key)
    calls = []
    if why == "too long":
        monkeypatch.setattr(dataset_relations, "MAX_RELATED", 2)
    monkeypatch.setattr(TableConverter, "relate", lambda *_: bool(calls.append(1)))
    for _ in range(2):
        rows = api.get(f"/api/training/dataset/{dataset}/rows")["rows"]
        assert [each["relations"] for each in rows] == [None] * len(rows)
    assert len(calls) == (why == "too much")  # not tried again and again


def labelled(extra=0):
    head, *lines = KOI.strip().splitlines()
    words = ("CONFIRMED", "FALSE POSITIVE", "CANDIDATE")
    rows = [f"{line},{words[i % 3]}" for i, line in enumerate(lines)]
    for i in range(30 + extra):
        values = f"{5 + i},3,{500 + i},0.2,30,{5000 + i},1,4.4,14,8"
        rows.append(f"K{i + 3}.01,{i + 3},{values},{words[i % 3]}")
    return "\n".join([f"{head},koi_disposition", *rows]) + "\n"


def upload(api, key, content=None):
    return api.upload(key, content or labelled())["dataset"]["id"]


def test_one_candidate_is_predicted_as_the_row_that_it_is(api, key, services, model_id, predictor):
    dataset = upload(api, key)
    (row,) = api.get(f"/api/training/dataset/{dataset}/rows?offset=1&limit=1")["rows"]
    candidate = {name: row[name] for name in COLUMNS}
    asked = {"workspace_key": key, **candidate}
    place = {"dataset_id": dataset, "row": 1}
    answer = api.post("/api/predict", 200, json={**asked, "dataset_row": place})
    assert answer["predictions"][0]["relations"] == row["relations"]
    assert answer["unlike_training"] == []
    assert predictor.relations[0, SIBLINGS] == 1
    alone = api.post("/api/predict", 200, json=asked)
    assert alone["predictions"][0]["relations"] is None
    assert [each["code"] for each in alone["unlike_training"]] == ["no_relations"]
    assert predictor.relations is None


ROW = {"period": 3.5, "duration": 3, "depth": 800}


@pytest.mark.parametrize("name", ["period", "duration", "depth"])
def test_a_candidate_that_is_not_the_row_it_is_said_to_be_is_refused(
    api, key, services, model_id, name
):
    dataset = upload(api, key)
    place = {"dataset_id": dataset, "row": 0}
    body = {"workspace_key": key, **ROW, name: ROW[name] * 1.01, "dataset_row": place}
    problem = problem_of(api.post("/api/predict", None, json=body))
    assert problem["status"] == 422
    (error,) = problem["errors"]
    assert error["field"] == name
    assert f"Expected {ROW[name]:g}" in error["message"]


@pytest.mark.parametrize("place", [{"dataset_id": 99, "row": 0}, {"dataset_id": None, "row": 999}])
def test_a_row_that_is_not_there_is_a_404(api, key, services, model_id, place):
    dataset = upload(api, key)
    place = {**place, "dataset_id": place["dataset_id"] or dataset}
    body = {"workspace_key": key, **ROW, "dataset_row": place}
    assert problem_of(api.post("/api/predict", None, json=body))["status"] == 404


def test_a_row_of_a_dataset_is_one_candidate(api, key, services, model_id):
    body = {"workspace_key": key, "rows": [ROW], "dataset_row": {"dataset_id": 1, "row": 0}}
    (error,) = problem_of(api.post("/api/predict", None, json=body))["errors"]
    assert error["field"] == "dataset_row"
    assert error["message"] == "This field cannot stand beside the others of this request."


def test_the_relations_of_a_saved_prediction_are_kept(api, key, services, model_id):
    dataset = upload(api, key)
    candidate = ROW
    place = {"dataset_id": dataset, "row": 0}
    body = {"workspace_key": key, **candidate, "dataset_row": place}
    (prediction,) = api.post("/api/predict", 200, json=body)["predictions"]
    saved = {"workspace_key": key, "title": "x", "candidates": [candidate]}
    saved["predictions"] = [prediction]
    analysis = api.post("/api/analyses", 201, json=saved)["analysis"]
    kept = api.get(f"/api/analyses/{analysis['id']}")["analysis"]["predictions"][0]
    assert kept["relations"] == prediction["relations"]


class Slow:
    """Relates when it is let."""

    def __init__(self, monkeypatch):
        self.may_go_on = threading.Event()
        self.calls = 0
        relate = TableConverter.relate
        monkeypatch.setattr(dataset_relations, "PATIENCE_SECONDS", 0.01)

        def slow(converter, *arguments):
            self.calls += 1
            assert self.may_go_on.wait(60)
            return relate(converter, *arguments)

        monkeypatch.setattr(TableConverter, "relate", slow)


@pytest.fixture
def slow(monkeypatch):
    found = Slow(monkeypatch)
    yield found
    found.may_go_on.set()


def test_nobody_waits_for_relations_that_take_long(api, key, services, model_id, slow, monkeypatch):
    dataset = upload(api, key)
    path = f"/api/training/dataset/{dataset}/rows"
    for _ in range(3):
        answer = api.get(path)
        assert answer["relations_state"] == "pending"
        assert answer["rows"][0]["relations"] is None
    monkeypatch.setattr(prediction_routes, "_PATIENCE_SECONDS", 0.01)
    body = {"workspace_key": key, **ROW, "dataset_row": {"dataset_id": dataset, "row": 0}}
    busy = api.post("/api/predict", None, json=body)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    slow.may_go_on.set()
    wait_for(lambda: api.get(path)["relations_state"], lambda state: state == "found")
    assert slow.calls == 1
    assert api.get(path)["rows"][0]["relations"]["candidates_on_star"] == 1


def test_a_slow_table_keeps_no_other_from_being_shown(api, key, services, slow, monkeypatch):
    datasets = [upload(api, key, labelled(extra=number)) for number in range(6)]
    states = [
        api.get(f"/api/training/dataset/{dataset}/rows")["relations_state"] for dataset in datasets
    ]
    assert states == ["pending"] * 6
    wait_for(lambda: slow.calls, lambda calls: calls == dataset_relations._MOST_AT_ONCE)


def test_relations_of_a_deleted_dataset_are_deleted(api, key, services):
    dataset = upload(api, key)
    assert api.get(f"/api/training/dataset/{dataset}/rows")["relations_state"] == "found"
    api.call("DELETE", f"/api/training/dataset/{dataset}")
    assert list(services.storage.temporary.glob("relations-*")) == []


def test_a_table_that_was_too_much_is_tried_again_after_a_while(api, key, services, monkeypatch):
    dataset = upload(api, key)
    relate = TableConverter.relate
    monkeypatch.setattr(dataset_relations, "_PAUSE_SECONDS", -1.0)
    monkeypatch.setattr(TableConverter, "relate", lambda *_arguments: False)
    path = f"/api/training/dataset/{dataset}/rows"
    assert api.get(path)["relations_state"] == "unknown"
    monkeypatch.setattr(TableConverter, "relate", relate)
    assert api.get(path)["relations_state"] == "found"


def test_a_batch_that_goes_on_without_relations_begins_again(
    api, key, services, model_id, predictor, monkeypatch
):
    """Rows before and after are all with relations, or all without."""
    monkeypatch.setattr(records, "BATCH_RECORDS", 1)
    posted = api.post("/api/predict/batches", 202, data=form(KOI, workspace_key=key))["batch"]
    predict = predictor.predict

    def killed(*arguments, **options):
        if len(predictor.calls) == 2:
            raise Killed
        return predict(*arguments, **options)

    monkeypatch.setattr(predictor, "predict", killed)
    with pytest.raises(Killed):
        BatchRunner(services).work()
    path = f"/api/predict/batches/{posted['id']}"
    assert api.get(path)["batch"]["rows_done"] > 0
    monkeypatch.setattr(predictor, "predict", predict)
    monkeypatch.setattr(TableConverter, "relate", lambda *_arguments: False)
    BatchRunner(services).work()
    found = api.get(path)["batch"]
    assert found["status"] == "completed"
    assert [each["relations"] for each in rows_of(api, found)] == [None] * 3
    assert found["counts"]["known"]["relations"] == 0


class Killed(BaseException):
    """As if the process had ended."""


def test_an_own_column_with_the_name_of_one_of_ours_stays(api, key, services, model_id):
    """The answer of an earlier release, which had not this name yet."""
    head, *lines = KOI.strip().splitlines()
    added = "predicted_label,p_candidate,p_confirmed,p_false_positive"
    rows = [f"{line},mine,CONFIRMED,0.1,0.8,0.1" for line in lines]
    content = "\n".join([f"{head},nearest_sibling,{added}", *rows]) + "\n"
    answer = api.batch(key, content, None).get_data(as_text=True)
    names, *cells = csv.reader(io.StringIO(answer))
    place = names.index("nearest_sibling")
    assert [each[place] for each in cells] == ["mine"] * 3
    assert names.count("predicted_label") == 1
