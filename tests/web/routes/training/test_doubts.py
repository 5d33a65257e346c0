"""Doubts of a study over the API: rows, evidence, CSV, and when there are none."""

import csv
import hashlib
from io import BytesIO

import numpy as np
import pytest

from backend.database import datasets, models
from backend.storage.dataset_table import open_rows
from backend.transit.neighbours import keep_neighbours
from tests.api import Api, predict_part, problem_of

_STUDIES = "/api/training/studies"
ROWS = 90

# What the networks say of rows 4 (CONFIRMED) and 8 (FALSE POSITIVE) is the contrary.
TOLD = np.eye(3)[np.arange(ROWS) % 3] * 0.85 + 0.05
TOLD[4], TOLD[8] = [0.04, 0.01, 0.95], [0.05, 0.93, 0.02]


def parts_of(api, study_id):
    return api.get(f"{_STUDIES}/{study_id}")["study"]["sessions"]


def study_with(api, services, key, dataset_id, told=TOLD, folds=(1, 2, 3), **settings):
    """The id of a study some folds of which have been tested."""
    study_id = api.study(key, dataset_id, **settings)["study"]["id"]
    for part in parts_of(api, study_id):
        if part["fold"] in folds:
            predict_part(services, part, probabilities=told)
    return study_id


def doubts_in(api, study_id, query=""):
    return api.get(f"{_STUDIES}/{study_id}/doubts{query}")


def test_labels_that_the_networks_contradict_are_listed(api, key, dataset_id, services):
    study_id = study_with(api, services, key, dataset_id)
    found = doubts_in(api, study_id)
    assert [row["row"] for row in found["rows"]] == [4, 8]
    assert (found["count"], found["total"], found["offset"], found["limit"]) == (2, 2, 0, 25)
    first = found["rows"][0]
    assert (first["label_name"], first["suggested_name"]) == ("CONFIRMED", "FALSE POSITIVE")
    assert (first["star"], first["line"]) == ("star-4", 6)
    assert first["self_confidence"] == pytest.approx(0.01 / 0.96)
    assert first["two_class"]["FALSE POSITIVE"] == pytest.approx(0.95 / 0.96)
    assert first["candidate"]["period"] == pytest.approx(3.04)
    summary = found["summary"]
    assert (summary["tested_rows"], summary["table_rows"], summary["candidates"]) == (90, 90, 30)
    assert summary["doubts"] == {"CONFIRMED": 1, "FALSE POSITIVE": 1}
    assert summary["reason"] is None


def test_they_are_sorted_filtered_and_paged(api, key, dataset_id, services):
    told = TOLD.copy()
    told[8] = [0.05, 0.945, 0.005]
    study_id = study_with(api, services, key, dataset_id, told)
    for query, expected in (
        ("?sort=margin", [8, 4]),
        ("?sort=self_confidence", [8, 4]),
        ("?sort=row", [4, 8]),
        ("?label=CONFIRMED", [4]),
        ("?label=2", [8]),
        ("?label=CANDIDATE", []),
        ("?offset=1&limit=1", [4]),
        ("?offset=5", []),
    ):
        found = doubts_in(api, study_id, query)
        assert [row["row"] for row in found["rows"]] == expected, query
    assert problem_of(api.get(f"{_STUDIES}/{study_id}/doubts?sort=star", None))["status"] == 422
    assert problem_of(api.get(f"{_STUDIES}/{study_id}/doubts?limit=101", None))["status"] == 422


def test_each_has_its_diagnostics_relations_and_nearest_training_rows(
    api, key, dataset_id, services
):
    study_id = api.study(key, dataset_id)["study"]["id"]
    dataset = dataset_of(services, dataset_id)
    table = open_rows(services.tables.table(dataset))
    for part in parts_of(api, study_id):
        trained = np.flatnonzero(np.arange(ROWS) % 3 != part["fold"] - 1)
        kept = BytesIO()
        np.save(kept, keep_neighbours(table, trained, 0))
        content = kept.getvalue()
        beside = {"sha256": hashlib.sha256(content).hexdigest(), "sparse_above": 1.0}
        ranges = {"depth": {"p1": 510.0, "p99": 580.0}}
        model_id = predict_part(
            services, part, probabilities=TOLD, neighbours=beside, training_ranges=ranges
        )
        with services.database.read() as connection:
            file = models.find(connection, model_id)["file"]
        services.storage.model_neighbours(file).write_bytes(content)
    found = doubts_in(api, study_id)
    assert found["relations_state"] in ("found", "pending")
    first = found["rows"][0]
    assert [each["row"] for each in first["nearest"]] == [5, 3, 6, 2, 8]
    assert first["nearest"][0]["label"] == "FALSE POSITIVE"
    assert first["is_sparse"] is False
    assert first["diagnostics"]["planet_radius"] > 0
    outside = first["diagnostics"]["outside_training_range"]
    assert [(each["column"], each["value"]) for each in outside] == [("depth", 504.0)]
    services.relations.of(dataset, patience=60)
    first = doubts_in(api, study_id)["rows"][0]
    assert "Its star has no other candidate." in first["relations"]["sentences"]
    # What a model keeps may be damaged: the rest is there.
    services.storage.model_neighbours(file).write_bytes(b"other")
    for row in doubts_in(api, study_id)["rows"]:
        assert (row["nearest"] is None) == (row["fold"] == 3)
        assert row["diagnostics"] is not None


def test_without_what_a_model_keeps_nearest_rows_are_unknown(api, key, dataset_id, services):
    study_id = study_with(api, services, key, dataset_id)
    row = doubts_in(api, study_id)["rows"][0]
    assert (row["nearest"], row["is_sparse"], row["sparsity"]) == (None, None, None)


def test_of_several_seeds_the_mean_counts_and_the_spread_is_told(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id, seeds=2)["study"]["id"]
    other = TOLD.copy()
    other[4] = [0.05, 0.9, 0.05]  # the second seed does not doubt it
    other[8] = [0.05, 0.9, 0.05]
    for part in parts_of(api, study_id):
        predict_part(services, part, probabilities=TOLD if part["seed"] == 0 else other)
    found = doubts_in(api, study_id)
    assert [row["row"] for row in found["rows"]] == [8]
    assert found["rows"][0]["seeds"] == 2
    assert found["rows"][0]["spread"] == pytest.approx(0.03 / 2**0.5, abs=1e-6)


def test_a_study_that_has_tested_only_some_rows_says_of_how_many(api, key, dataset_id, services):
    study_id = api.study(key, dataset_id)["study"]["id"]
    assert problem_of(api.get(f"{_STUDIES}/{study_id}/doubts", None))["status"] == 409
    assert problem_of(api.get(f"{_STUDIES}/{study_id}/doubts.csv", None))["status"] == 409
    # Fold 2 has the rows 1, 4, 7, …: all of them CONFIRMED.
    study_id = study_with(api, services, key, dataset_id, folds=(2,))
    found = doubts_in(api, study_id)
    assert found["rows"] == []
    assert (found["summary"]["tested_rows"], found["summary"]["table_rows"]) == (30, 90)
    assert "FALSE POSITIVE" in found["summary"]["reason"]
    study_id = study_with(api, services, key, dataset_id, folds=(2, 3))
    assert [row["row"] for row in doubts_in(api, study_id)["rows"]] == [4, 8]


def test_they_are_downloaded_as_csv(api, key, dataset_id, services):
    study_id = study_with(api, services, key, dataset_id)
    response = api.get(f"{_STUDIES}/{study_id}/doubts.csv?label=FALSE POSITIVE", None)
    assert response.mimetype == "text/csv"
    assert f"mine_{study_id}_doubts.csv" in response.headers["Content-Disposition"]
    (row,) = csv.DictReader(response.get_data(as_text=True).splitlines())
    assert (row["row"], row["star"], row["suggested_label"]) == ("8", "star-8", "CONFIRMED")
    assert float(row["self_confidence"]) == pytest.approx(0.02 / 0.95)
    last = api.get("/api/audit")["entries"][0]
    assert (last["action"], last["target"]) == ("study_downloaded", f"study {study_id}")


def test_a_deleted_dataset_leaves_the_doubts(api, key, dataset_id, services):
    study_id = study_with(api, services, key, dataset_id)
    api.delete(f"/api/training/dataset/{dataset_id}")
    found = doubts_in(api, study_id)
    assert [row["row"] for row in found["rows"]] == [4, 8]
    unknown = ("candidate", "line", "star", "diagnostics", "nearest", "relations")
    assert all(found["rows"][0][name] is None for name in unknown)
    assert found["relations_state"] == "unknown"
    text = api.get(f"{_STUDIES}/{study_id}/doubts.csv", None).get_data(as_text=True)
    assert len(text.splitlines()) == 3


def test_others_see_nothing_of_them(api, key, dataset_id, services):
    study_id = study_with(api, services, key, dataset_id)
    stranger: Api = api.new_user("stranger")
    for path in ("doubts", "doubts.csv"):
        assert problem_of(stranger.get(f"{_STUDIES}/{study_id}/{path}", None))["status"] == 404


def dataset_of(services, dataset_id):
    with services.database.read() as connection:
        return datasets.find(connection, dataset_id)
