"""Units that a column as a whole cannot have, and numbers that stand for a gap."""

import numpy as np
import pytest

from backend.transit.columns import FEATURES, ROW_DTYPE
from backend.transit.report.whole_columns import WholeColumns, unit_sentence
from backend.transit.simulation.catalogue import simulate


@pytest.fixture(scope="module")
def rows():
    return simulate(400, seed=3)


def changed(rows, **factors):
    table = rows.copy()
    for name, factor in factors.items():
        table[name] = factor(table[name]) if callable(factor) else table[name] * factor
    return table


def units(*tables):
    columns = WholeColumns()
    for table in tables:
        columns.add(table)
    return {each["column"]: each["likely"] for each in columns.units()}


@pytest.mark.parametrize("share", [1.0, 0.03])
def test_columns_in_our_units_are_not_doubted(rows, share):
    assert units(rows[: int(len(rows) * share)]) == {}


@pytest.mark.parametrize(
    ("column", "factor", "likely"),
    [
        ("depth", 1e-4, "percent"),
        ("depth", 1e-3, "ppt"),
        ("depth", 1e-6, "fraction"),
        ("depth", lambda depth: 1 - depth * 1e-6, "flux"),
        ("depth", lambda depth: np.linspace(8, 33, len(depth)), "ppt"),
        ("depth", lambda depth: 1e6 - depth, "fraction"),
        ("duration", 1 / 24, "days"),
        ("duration", 60.0, "minutes"),
        ("duration", 3600.0, "seconds"),
        ("period", 24.0, "hours"),
        ("srad", 695_700.0, "km"),
        ("srad", 6.957e8, "m"),
    ],
)
def test_a_column_in_another_unit_is_found_with_the_likely_one(rows, column, factor, likely):
    assert units(changed(rows, **{column: factor})) == {column: likely}


def test_several_columns_may_be_in_other_units(rows):
    assert units(changed(rows, depth=1e-4, duration=1 / 24)) == {
        "depth": "percent",
        "duration": "days",
    }


def test_deep_eclipses_alone_and_two_rows_tell_nothing(rows):
    deep = rows[rows["depth"] > 5_000]
    assert len(deep) > 10
    assert units(deep) == {}
    assert units(changed(rows, depth=1e-4)[:2]) == {}


def test_the_first_rows_decide_and_gaps_do_not(rows):
    gaps = changed(rows, depth=1e-4)
    gaps["depth"][::2] = np.nan
    assert units(*[rows] * 50, *[gaps] * 100) == {}
    assert units(gaps, rows[:10]) == {"depth": "percent"}


def test_a_finding_is_a_sentence_that_begins_with_the_column():
    found = {"column": "depth", "expected": "ppm", "likely": "percent", "median": 0.0801234}
    assert unit_sentence(found) == (
        "depth as a whole cannot be in ppm (median 0.0801): it is probably in percent."
    )
    assert "probably a fraction" in unit_sentence({**found, "likely": "fraction"})


def test_numbers_that_stand_for_a_gap_are_counted_in_all_rows():
    table = np.zeros(300, ROW_DTYPE)
    for name in FEATURES:
        table[name] = 5.0
    table["tmag"][:50] = 0.0
    table["snr"][:2] = -99.0
    table["impact"][:3] = 0.0  # one in a hundred may well be 0
    columns = WholeColumns()
    columns.add(table)
    assert columns.placeholders() == [
        {"column": "snr", "value": -99.0, "rows": 2},
        {"column": "tmag", "value": 0.0, "rows": 50},
    ]
    columns.add(table)
    assert [each["rows"] for each in columns.placeholders()] == [4, 100]


def test_a_table_without_rows_tells_nothing():
    assert WholeColumns().units() == []
    assert WholeColumns().placeholders() == []
