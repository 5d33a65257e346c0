"""Findings in a table that deserve a second look."""

import json

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import COLUMNS, LABELS, ROW_DTYPE
from backend.transit.report.findings import MAX_EXAMPLES, _chance, report
from backend.transit.report.wording import FEW_ROWS
from backend.transit.simulation.catalogue import simulate


def rows(count, **columns):
    """Rows of different stars with possible values; line n + 2 is row n."""
    table = np.zeros(count, ROW_DTYPE)
    usual = {"duration": 3.0, "depth": 500.0, "steff": 5700.0, "srad": 1.0, "slogg": 4.4}
    for name in COLUMNS:
        table[name] = usual.get(name, 1.0)
    table["period"] = 5.0 + np.arange(count)
    table["line"] = np.arange(count) + 2
    table["star"] = [f"s{n}".encode() for n in range(count)]
    table["label"] = np.arange(count) % 3
    for name, values in columns.items():
        table[name] = values
    return table


def codes_of(found):
    return [each["code"] for each in found["warnings"]]


def test_a_good_table_has_no_warning_and_the_report_is_json():
    found = report(rows(3 * FEW_ROWS))
    assert found["warnings"] == []
    assert found["class_balance"]["CONFIRMED"] == {"rows": 100, "share": 1 / 3}
    json.dumps(report(simulate(500, seed=1)), allow_nan=False)


def test_rows_that_repeat_an_earlier_one_are_counted_and_named_by_line():
    table = rows(300)
    table[[7, 9]] = table[3]
    table["line"][[7, 9]] = [9, 11]
    found = report(table)
    assert found["duplicates"]["rows"] == 2
    assert found["duplicates"]["contradictory_rows"] == 0
    assert found["duplicates"]["examples"] == [[5, 9, 11]]
    assert "duplicates" in codes_of(found)


def test_missing_values_do_not_hide_a_duplicate():
    table = rows(300, snr=np.nan)
    table[7] = table[3]
    assert report(table)["duplicates"]["rows"] == 1


def test_equal_rows_with_different_labels_come_first():
    table = rows(300)
    table[4] = table[3]
    table["label"][[3, 4]] = [1, 2]
    found = report(table)
    assert found["duplicates"]["contradictory_rows"] == 2
    assert codes_of(found)[0] == "contradictory_duplicates"


def test_a_star_with_different_labels_is_named_and_so_are_its_conflicting_transits():
    table = rows(300)
    table["star"][[3, 4, 5]] = b"KIC 1"
    table["label"][[3, 4, 5]] = [1, 2, 2]
    table["period"][[3, 4, 5]] = [10.0, 10.001, 77.0]
    found = report(table)
    assert found["contradictory_stars"] == {
        "stars": 1,
        "rows": 3,
        "examples": [
            {
                "star": "KIC 1",
                "lines": [5, 6, 7],
                "labels": ["CONFIRMED", "FALSE POSITIVE", "FALSE POSITIVE"],
            }
        ],
    }
    transits = found["contradictory_transits"]
    assert transits["pairs"] == 1
    assert transits["examples"][0]["lines"] == [5, 6]
    assert codes_of(found)[0] == "contradictory_transits"


def test_rows_without_a_label_contradict_nothing():
    table = rows(300)
    table["star"][[3, 4]] = b"KIC 1"
    table["period"][[3, 4]] = 10.0
    table["label"][[3, 4]] = [1, -1]
    found = report(table)
    assert found["contradictory_stars"]["stars"] == found["contradictory_transits"]["pairs"] == 0


def test_a_column_that_one_class_lacks_reveals_the_label():
    table = rows(600)
    confirmed = np.flatnonzero(table["label"] == 1)
    table["slogg"][confirmed[:60]] = np.nan
    table["tmag"][::10] = np.nan
    found = report(table)
    slogg = found["missing_by_class"]["slogg"]
    assert slogg == {
        "shares": {"CANDIDATE": 0.0, "CONFIRMED": 0.3, "FALSE POSITIVE": 0.0},
        "differs": True,
    }
    assert found["missing_by_class"]["tmag"]["differs"] is False
    assert set(found["missing_by_class"]) == {"slogg", "tmag"}
    assert codes_of(found) == ["missing_tells_the_label"]
    assert "slogg is missing in 0% of CANDIDATE, 30% of" in found["warnings"][0]["message"]


@pytest.mark.parametrize("rows_of", [(400, 500), (300, 200, 450)])
def test_the_chance_of_a_difference_is_that_of_scipy_s_chi_squared_test(rows_of):
    random = np.random.default_rng(1)
    for _ in range(20):
        gaps = np.array([random.integers(20, 60) for _ in rows_of])
        counts = np.stack([gaps, np.array(rows_of) - gaps])
        expected = chi2_contingency(counts, correction=False).pvalue
        assert _chance(gaps, np.array(rows_of)) == pytest.approx(expected, rel=1e-9)


def test_a_few_gaps_are_chance():
    table = rows(60)
    table["slogg"][[1, 4]] = np.nan
    assert report(table)["missing_by_class"]["slogg"]["differs"] is False


@pytest.mark.parametrize(
    ("check", "values"),
    [
        ("impact", {"impact": 2.5}),
        ("depth", {"depth": 1.5e6}),
        ("duration", {"duration": 70.0, "period": 5.0}),
        ("steff", {"steff": 900.0}),
        ("srad", {"srad": 0.01, "slogg": np.nan}),
        ("slogg", {"slogg": 7.0, "srad": np.nan}),
        ("stellar_mass", {"srad": 20.0, "slogg": 5.0}),
    ],
)
def test_values_that_hardly_any_star_or_planet_has_are_named(check, values):
    table = rows(300)
    for name, value in values.items():
        table[name][11] = value
    (found,) = report(table)["unphysical"]
    assert (found["check"], found["rows"], found["lines"]) == (check, 1, [13])
    assert found["expected"]
    assert set(found["columns"]) <= set(COLUMNS)


def test_unknown_values_are_not_unphysical_and_examples_end():
    table = rows(300, impact=np.nan, srad=np.nan)
    assert report(table)["unphysical"] == []
    table["impact"] = 3.0
    assert len(report(table)["unphysical"][0]["lines"]) == MAX_EXAMPLES


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ([0] * 150 + [1] * 150, "class_absent"),
        ([0] * 150 + [1] * 140 + [2] * 10, "class_scarce"),
        ([0] * 2000 + [1] * 2000 + [2] * 120, "class_small"),
    ],
)
def test_a_class_with_hardly_any_rows_is_warned_of(labels, code):
    found = report(rows(len(labels), label=labels))
    assert codes_of(found) == [code]
    assert "FALSE POSITIVE" in found["warnings"][0]["message"]


def test_the_labels_only_table_of_one_row_has_a_report():
    found = report(rows(1))
    assert found["class_balance"]["CANDIDATE"]["rows"] == 1
    assert sorted(found["class_balance"]) == sorted(LABELS)


@pytest.mark.archive
def test_the_tess_table_reveals_labels_by_its_missing_gravities(archive_data):
    with open(archive_data / "toi.csv", "rb") as stream:
        table = np.concatenate([c.rows for c in open_catalog(stream, label_required=True)])
    assert "missing_tells_the_label" in codes_of(report(table))
