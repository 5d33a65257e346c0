"""Rows unlike those that a model learnt from: another survey, an input that all of them lack."""

from typing import Any

import numpy as np
import pytest

from backend.database import batches
from backend.services.batch_jobs.index import add_counts
from backend.services.batch_jobs.runner import BatchRunner
from backend.services.predictions.unlike_training import (
    count_known,
    learnt_from,
    missing_in_all,
    sentences,
    told_unlike,
    unlike_training,
)
from backend.transit.columns import FEATURES, RELATION_COLUMNS
from backend.transit.related import RelationsOfSome
from backend.transit.rows import as_rows
from tests.api import CANDIDATE, HEADER, complete, form, use_depth_predictor

FULL = {**CANDIDATE, "impact": 0.2, "snr": 30, "steff": 5700, "srad": 1, "slogg": 4.4, "tmag": 14}

KOI_HEADER = (
    "kepid,koi_period,koi_duration,koi_depth,koi_impact,koi_model_snr,koi_steff,koi_srad,"
    "koi_slogg,koi_kepmag"
)
KOI = f"{KOI_HEADER}\n1,3.5,3,8000,0.2,30,5700,1,4.4,14\n2,4.5,3,700,0.2,30,5700,1,4.4,14\n"
TOI_HEADER = "tid,pl_orbper,pl_trandurh,pl_trandep,st_teff,st_rad,st_logg,st_tmag"
TOI = f"{TOI_HEADER}\n1,3.5,3,8000,5700,1,4.4,10\n2,4.5,3,700,5700,1,4.4,10\n"
K2_HEADER = (
    "pl_name,epic_hostname,disposition,pl_orbper,pl_trandur,pl_trandep,pl_imppar,st_teff,st_rad,"
    "st_logg,sy_kepmag"
)
K2 = f"{K2_HEADER}\nK2-0 b,EPIC 1,CONFIRMED,3.5,3,0.8,0.2,5700,1,4.4,14\n"

UNSAID = dict.fromkeys(("accuracy", "accuracy_with", "precision", "coverage"))
SURVEY: dict[str, Any] = {
    **UNSAID,
    "code": "another_survey",
    "trained_on": "koi",
    "source": "toi",
    "columns": [],
}
MISSING = {
    **UNSAID,
    "code": "missing_input",
    "trained_on": None,
    "source": None,
    "columns": ["impact", "snr"],
}


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    """A model of KOI rows, all of which had all features but the magnitude."""
    known = {name: {"known": 100, "min": 0.0, "max": 1e9} for name in FEATURES}
    known["tmag"] |= {"known": 49}
    return complete(
        services,
        api.session(key),
        source="koi",
        training_ranges=known,
        rows={"train": 100},
        abstention={"threshold": 0.3, "precision": 0.9},
    )


def ask(api, key, **body):
    return api.post("/api/predict", 200, json={"workspace_key": key, **body})


def predicted(api, key, services, content):
    data = form(content, workspace_key=key)
    batch_id = api.post("/api/predict/batches", 202, data=data)["batch"]["id"]
    BatchRunner(services).work()
    return api.get(f"/api/predict/batches/{batch_id}")["batch"]


@pytest.mark.parametrize(
    ("trained_on", "source", "is_told"),
    [
        ("koi", "toi", True),
        ("toi", "koi", True),
        ("koi", "k2", True),
        ("k2", "koi", True),
        ("k2", "toi", True),
        ("k2", "exotrain", True),
        ("koi", "exotrain", True),
        ("koi", "koi", False),
        ("toi", "toi", False),
        ("k2", "k2", False),
        ("exotrain", "koi", False),
        ("exotrain", "toi", False),
        ("exotrain", "k2", False),
        (None, "toi", False),
    ],
)
def test_a_survey_is_another_one_where_both_are_known(trained_on, source, is_told):
    found = unlike_training({"trained_on": trained_on, "inputs": []}, source, [])
    assert [each["code"] for each in found] == ["another_survey"] * is_told


def test_an_input_counts_if_half_of_the_training_rows_had_it():
    known = {name: {"known": 50} for name in FEATURES}
    known["snr"], known["tmag"] = {"known": 49}, {"known": 0}
    del known["slogg"]
    manifest = {"spec": {"source": "koi"}, "training_ranges": known, "rows": {"train": 100}}
    learnt = learnt_from({"manifest": manifest})
    assert learnt == {"trained_on": "koi", "inputs": ["impact", "steff", "srad"]}
    (found,) = unlike_training(learnt, "koi", FEATURES)
    assert found["columns"] == ["impact", "steff", "srad"]


def learnt_from_relations(known=100):
    related = {"known": known, "accuracy": {"with": 0.81, "without": 0.7}}
    related |= {"precision": 0.88, "coverage": 0.5}
    spec = {"source": "koi", "use_relations": True}
    manifest = {"spec": spec, "training_ranges": {}, "rows": {"train": 100}, "related": related}
    return learnt_from({"manifest": manifest})


def test_a_model_that_learnt_from_relations_says_what_it_can_without():
    learnt = learnt_from_relations()
    (found,) = unlike_training(learnt, "koi", ["relations"])
    assert (found["code"], found["columns"]) == ("no_relations", ["relations"])
    (sentence,) = sentences([found], 7)
    assert "model 7 learnt from that too" in sentence
    assert "its accuracy is 0.700 without relations and 0.810 with them" in sentence
    assert sentence.endswith(
        "Without them 88.0% of the predictions above its threshold are right (50.0% are above it)."
    )
    told = "no_relations;accuracy=0.700;accuracy_with=0.810;precision=0.880;coverage=0.500"
    assert told_unlike([found]) == told
    assert unlike_training(learnt, "koi", []) == []


def test_a_model_whose_test_rows_were_not_measured_without_relations_gives_no_figure():
    nothing = dict.fromkeys(("accuracy", "accuracy_with", "precision", "coverage"))
    learnt = {**learnt_from_relations(), "no_relations": nothing}
    found = unlike_training(learnt, "koi", ["relations"])
    assert "accuracy" not in sentences(found, 7)[0]
    assert told_unlike(found) == "no_relations"


def test_relations_that_few_training_rows_had_are_not_missed():
    assert unlike_training(learnt_from_relations(known=49), "koi", ["relations"]) == []


def test_a_feature_that_one_row_has_is_not_missing():
    unknown = {**FULL, "impact": np.nan, "snr": np.nan}
    rows = as_rows([unknown, {**unknown, "snr": 30.0}])
    known = count_known(rows, None)
    assert known == {**dict.fromkeys(FEATURES, 2), "impact": 0, "snr": 1, "relations": 0}
    assert missing_in_all(known) == ["impact", "relations"]


def test_a_row_whose_uncertainty_alone_is_known_has_relations():
    values = np.full((2, len(RELATION_COLUMNS)), np.nan)
    related = RelationsOfSome(values, [None] * 2, [None] * 2)
    rows = as_rows([FULL, FULL])
    assert count_known(rows, related)["relations"] == 0
    values[1, RELATION_COLUMNS.index("depth_err")] = 0.1
    assert count_known(rows, related)["relations"] == 1
    values[1] = np.nan
    values[1, RELATION_COLUMNS.index("steff_err")] = 0.1  # no input unless it is asked for
    assert count_known(rows, related)["relations"] == 0


def test_one_candidate_of_another_survey_is_told_with_what_it_means(api, key, model_id):
    answer = ask(api, key, source="toi", **FULL)
    assert answer["unlike_training"] == [SURVEY]
    assert answer["predictions"][0]["unlike_training"] == [SURVEY]
    (sentence,) = answer["warnings"]
    assert f"Model {model_id} was trained on Kepler (KOI)" in sentence
    assert "these rows are from TESS (TOI)" in sentence
    assert "is unknown" in sentence


def test_a_candidate_like_the_training_rows_has_no_warning(api, key, model_id):
    answer = ask(api, key, **{**FULL, "tmag": None})
    assert answer["unlike_training"] == answer["warnings"] == []
    assert answer["predictions"][0]["unlike_training"] == []


def test_of_many_candidates_only_what_all_of_them_lack_is_told_above_them(api, key, model_id):
    lacking = {**FULL, "impact": None, "snr": None}
    answer = ask(api, key, rows=[lacking, {**lacking, "snr": 30}, {"period": -1}])
    assert [each["columns"] for each in answer["unlike_training"]] == [["impact"]]
    assert "Missing in every row: impact." in answer["warnings"][0]
    first, second, bad = (each["unlike_training"] for each in answer["predictions"])
    assert first == [MISSING]
    assert [each["columns"] for each in second] == [["impact"]]
    assert bad == []


def test_candidates_none_of_which_can_be_predicted_lack_nothing(api, key, model_id):
    assert ask(api, key, rows=[{"period": -1}])["unlike_training"] == []


def test_a_batch_of_another_survey_says_so_and_names_what_its_table_lacks(
    api, key, model_id, services
):
    batch = predicted(api, key, services, TOI)
    assert batch["unlike_training"] == [SURVEY, MISSING]
    assert len(batch["warnings"]) == 2
    assert batch["counts"]["known"] == {
        **dict.fromkeys(FEATURES, 2),
        "impact": 0,
        "snr": 0,
        "relations": 2,
    }
    path = f"/api/predict/batches/{batch['id']}/result"
    header = api.get(path, None).headers["Exotrain-Unlike-Training"]
    assert header == (
        'another_survey;trained_on=koi;source=toi, missing_input;columns="impact snr"'
    )
    ecsv = api.get(f"{path}?format=ecsv", None)
    assert "trained on Kepler (KOI)" in ecsv.text.replace("\n", " ")


def test_k2_rows_are_another_survey_than_keplers(api, key, model_id, services):
    batch = predicted(api, key, services, K2)
    assert batch["unlike_training"][0] == {**SURVEY, "source": "k2"}
    said = f"Model {model_id} was trained on Kepler (KOI); these rows are from K2."
    assert batch["warnings"][0].startswith(said)
    at_once = api.batch(key, K2, None)
    assert at_once.headers["Exotrain-Source"] == "k2"
    assert at_once.headers["Exotrain-Unlike-Training"].startswith(
        "another_survey;trained_on=koi;source=k2"
    )


def test_keplers_rows_are_another_survey_than_k2(api, key, services, predictor):
    complete(services, api.session(key), source="k2")
    (found,) = predicted(api, key, services, KOI)["unlike_training"]
    assert (found["code"], found["trained_on"], found["source"]) == ("another_survey", "k2", "koi")
    assert predicted(api, key, services, K2)["unlike_training"] == []
    assert ask(api, key, source="k2", **FULL)["unlike_training"] == []
    (warning,) = ask(api, key, source="koi", **FULL)["warnings"]
    assert "was trained on K2; these rows are from Kepler (KOI)." in warning


def test_a_batch_of_the_models_own_survey_says_nothing(api, key, model_id, services):
    batch = predicted(api, key, services, KOI)
    assert batch["unlike_training"] == batch["warnings"] == []
    answer = api.get(f"/api/predict/batches/{batch['id']}/result", None)
    assert "Exotrain-Unlike-Training" not in answer.headers


def test_a_table_that_names_no_survey_is_taken_for_the_models(api, key, model_id, services):
    content = f"{HEADER}\n3,2.5,500,0.2,30,5700,1,4.4,14.2,0,star-1\n"
    assert predicted(api, key, services, content)["unlike_training"] == []


def test_a_batch_that_has_no_row_yet_says_nothing(api, key, model_id):
    data = form(TOI, workspace_key=key)
    batch = api.post("/api/predict/batches", 202, data=data)["batch"]
    assert batch["unlike_training"] == []


def test_a_catalogue_that_is_answered_at_once_says_it_in_its_head(api, key, model_id):
    assert api.batch(key, TOI, None).headers["Exotrain-Unlike-Training"] == (
        'another_survey;trained_on=koi;source=toi, missing_input;columns="impact snr"'
    )
    assert "Exotrain-Unlike-Training" not in api.batch(key, KOI, None).headers


def test_a_batch_of_an_earlier_release_is_shown_without(api, key, model_id, services):
    batch = predicted(api, key, services, TOI)
    with services.database.write() as connection:
        stored = batches.find(connection, batch["id"])
        model = {k: v for k, v in stored["model"].items() if k not in ("trained_on", "inputs")}
        counts = {k: v for k, v in stored["counts"].items() if k != "known"}
        batches.change(connection, batch["id"], model=model, counts=counts)
    shown = api.get(f"/api/predict/batches/{batch['id']}")["batch"]
    assert shown["unlike_training"] == []
    assert shown["counts"]["known"] == {}


def test_counts_that_an_earlier_release_began_claim_nothing_of_its_rows():
    classes = {"CANDIDATE": 1, "CONFIRMED": 0, "FALSE POSITIVE": 0}
    begun = {"all": 1, "classes": classes, "uncertain": 0, "errors": 0}
    added = add_counts(begun, {**begun, "known": {"snr": 0}})
    assert missing_in_all(added["known"]) == []
    assert missing_in_all({"snr": 3, **dict.fromkeys(FEATURES, 1)}) == ["relations"]
    both = add_counts({**begun, "known": {"snr": 3}}, {**begun, "known": {"snr": 2}})
    assert both["known"] == {"snr": 5}


def test_what_a_saved_prediction_was_unlike_is_kept(api, key, model_id):
    (prediction,) = ask(api, key, source="toi", **FULL)["predictions"]
    body = {"workspace_key": key, "title": "x", "candidates": [FULL], "predictions": [prediction]}
    analysis = api.post("/api/analyses", 201, json=body)["analysis"]
    kept = api.get(f"/api/analyses/{analysis['id']}")["analysis"]["predictions"][0]
    assert kept["unlike_training"] == [SURVEY]
