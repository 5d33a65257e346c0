"""Doubts of a study: which rows are considered, in what order they come, what is told of them."""

import csv

import numpy as np
import pytest

from backend.services.studies.doubts import columns_of, doubts_of, find, rows_of, summary_of
from backend.services.studies.predictions import Predictions
from backend.services.studies.table import as_csv
from backend.transit.columns import LABELS

CANDIDATE, CONFIRMED, FALSE_POSITIVE = range(len(LABELS))
STUDY = {"settings": {"labelled": 400}}


def predictions_of(true, planet, candidate=0.0):
    """Rows with these labels, and of what is not a candidate the share of the planet."""
    true, planet = np.array(true, np.int8), np.array(planet, float)
    rest = 1.0 - candidate
    probabilities = np.stack([np.full(len(true), candidate), rest * planet, rest * (1 - planet)], 1)
    rows = 2 * np.arange(len(true))  # not every row of the table is tested
    return Predictions(
        rows,
        true,
        np.ones(len(true), np.int8),
        probabilities,
        np.full(len(true), np.nan),
        np.ones(len(true), np.int16),
    )


@pytest.fixture
def doubts():
    """Ten of each label; of each, the rows 3 and 7 look like the other class."""
    true = np.repeat([CANDIDATE, CONFIRMED, FALSE_POSITIVE], 10)
    planet = np.repeat([0.9, 0.9, 0.1], 10)
    planet[[13, 17]] = 0.02, 0.01
    planet[[23, 27]] = 0.97, 0.995
    return doubts_of(predictions_of(true, planet, candidate=0.5))


def rows_in(doubts, sort, label=None):
    places = find(doubts, sort, label)
    return [each["row"] for each in rows_of(doubts, places, None)]


def test_the_surest_contradiction_is_the_first(doubts):
    # By the probability of their labels: 0.005, 0.01, 0.02, 0.03.
    assert rows_in(doubts, "margin") == [54, 34, 26, 46]
    assert rows_in(doubts, "self_confidence") == [54, 34, 26, 46]
    assert rows_in(doubts, "row") == [26, 34, 46, 54]
    assert rows_in(doubts, "margin", CONFIRMED) == [34, 26]
    assert rows_in(doubts, "row", FALSE_POSITIVE) == [46, 54]
    assert rows_in(doubts, "row", CANDIDATE) == []


def test_candidates_are_not_considered_and_their_share_is_left_out(doubts):
    row = rows_of(doubts, find(doubts, "margin", None), None)[0]
    assert row["label_name"] == "FALSE POSITIVE"
    assert (row["suggested"], row["suggested_name"]) == (CONFIRMED, "CONFIRMED")
    assert row["probabilities"]["CANDIDATE"] == 0.5
    assert row["two_class"] == pytest.approx({"CONFIRMED": 0.995, "FALSE POSITIVE": 0.005})
    assert row["self_confidence"] == pytest.approx(0.005)
    assert row["normalised_margin"] == pytest.approx(0.005)
    assert len(doubts.considered) == 20


def test_the_summary_counts_what_was_considered_and_estimates_what_is_wrong(doubts):
    found = summary_of(doubts, STUDY)
    assert (found["tested_rows"], found["table_rows"], found["candidates"]) == (30, 400, 10)
    assert found["considered"] == {"CONFIRMED": 10, "FALSE POSITIVE": 10}
    assert found["doubts"] == {"CONFIRMED": 2, "FALSE POSITIVE": 2}
    assert found["thresholds"]["CONFIRMED"] == pytest.approx((8 * 0.9 + 0.03) / 10)
    assert found["confident_joint"] == {
        "CONFIRMED": {"CONFIRMED": 8, "FALSE POSITIVE": 2},
        "FALSE POSITIVE": {"CONFIRMED": 2, "FALSE POSITIVE": 8},
    }
    assert found["estimated_wrong"]["CONFIRMED"] == {"rows": 2, "share": pytest.approx(0.2)}
    assert found["reason"] is None


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        ([CONFIRMED], "FALSE POSITIVE"),
        ([FALSE_POSITIVE], "CONFIRMED"),
        ([CANDIDATE], "CONFIRMED or FALSE POSITIVE"),
    ],
)
def test_without_rows_of_both_classes_the_list_is_empty_and_says_why(labels, missing):
    doubts = doubts_of(predictions_of(labels * 4, [0.1, 0.9, 0.5, 0.2]))
    assert rows_in(doubts, "margin") == []
    found = summary_of(doubts, STUDY)
    assert found["reason"].startswith(f"No tested row is labelled {missing}:")
    assert found["estimated_wrong"]["CONFIRMED"] == {"rows": None, "share": None}
    assert None in found["thresholds"].values()


def test_a_row_that_only_a_candidate_could_be_is_not_doubted():
    predictions = predictions_of([CONFIRMED, FALSE_POSITIVE] * 5, [0.9, 0.1] * 5)
    predictions.probabilities[0] = [1.0, 0.0, 0.0]
    assert rows_in(doubts_of(predictions), "margin") == []


def test_the_csv_has_what_is_doubted_beside_the_prediction(doubts, monkeypatch):
    monkeypatch.setattr("backend.services.studies.table._BLOCK", 3)  # a second block of one row
    places = find(doubts, "margin", None)
    chosen = doubts.considered[places]
    text = "".join(as_csv(doubts.predictions, chosen, None, columns_of(doubts, places)))
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["row"] for row in rows] == ["54", "34", "26", "46"]
    assert [row["suggested_label"] for row in rows][:2] == ["CONFIRMED", "FALSE POSITIVE"]
    assert [float(row["self_confidence"]) for row in rows] == pytest.approx(
        [0.005, 0.01, 0.02, 0.03]
    )
    assert float(rows[3]["two_class_p_confirmed"]) == pytest.approx(0.97)
    assert float(rows[3]["normalised_margin"]) == pytest.approx(0.03)
