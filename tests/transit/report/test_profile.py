"""A table's profile: what is in it, what is missing, and that a long one needs little memory."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from backend.transit.columns import COLUMNS, ROW_DTYPE
from backend.transit.report.profile import HISTOGRAM_BINS, profile
from backend.transit.simulation.catalogue import simulate

STATUS = Path("/proc/self/status")
NOTHING_LEFT_OUT = {"total": 0, "by_reason": {}, "first": []}


def rows(count, **columns):
    """A table of equal rows, but for the columns given."""
    table = np.zeros(count, ROW_DTYPE)
    for name in COLUMNS:
        table[name] = 1.0
    for name, values in columns.items():
        table[name] = values
    return table


def described(column, values):
    return profile(rows(len(values), **{column: values}), NOTHING_LEFT_OUT)["columns"][column]


def test_classes_are_counted_by_name():
    found = profile(rows(6, label=[0, 1, 1, 2, 2, -1]), NOTHING_LEFT_OUT)
    assert found["class_counts"] == {"CANDIDATE": 1, "CONFIRMED": 2, "FALSE POSITIVE": 2}
    assert found["rows_without_label"] == 1
    assert found["rows"] == 6


def test_a_column_says_its_range_median_unit_and_gaps():
    found = described("steff", [4000, np.nan, 6000, 5000, np.nan])
    assert [found[key] for key in ("min", "median", "max", "missing", "unit")] == [
        4000,
        5000,
        6000,
        2,
        "K",
    ]


def test_columns_without_any_value_are_absent_and_have_no_histogram():
    found = profile(rows(3, impact=np.nan, snr=np.nan), NOTHING_LEFT_OUT)
    assert found["absent"] == ["impact", "snr"]
    assert found["columns"]["snr"] == {
        "unit": "",
        "missing": 3,
        "min": None,
        "median": None,
        "max": None,
        "histogram": None,
    }


@pytest.mark.parametrize("column", COLUMNS)
def test_every_value_is_in_the_histogram_or_counted_beside_it(column):
    table = simulate(2000, seed=1)
    table["snr"][:3] = 0
    table["impact"][3:5] = 50
    values = table[column][~np.isnan(table[column])]
    found = profile(table, NOTHING_LEFT_OUT)["columns"][column]["histogram"]
    assert len(found["edges"]) == HISTOGRAM_BINS + 1
    assert sum(found["counts"]) + found["below"] + found["above"] == len(values)
    expected = [
        sum((values >= low) & (values < high))
        for low, high in zip(found["edges"][:-1], found["edges"][1:], strict=True)
    ]
    assert found["counts"][:-1] == expected[:-1]


def test_scales_that_spread_over_factors_have_even_steps_in_the_logarithm():
    edges = described("period", [0.5, 3, 500])["histogram"]["edges"]
    steps = np.diff(np.log(edges))
    assert np.allclose(steps, steps[0])
    found = described("slogg", [-1, 3, 5])["histogram"]
    assert found["log"] is False
    assert np.allclose(np.diff(found["edges"]), np.diff(found["edges"])[0])


def test_runaway_impacts_do_not_squeeze_the_others_into_one_bin():
    found = described("impact", [0.1, 0.5, 0.9, 100])["histogram"]
    assert found["edges"][-1] == 2
    assert found["above"] == 1
    assert sum(count > 0 for count in found["counts"]) == 3


def test_an_snr_of_zero_is_counted_below_the_logarithmic_axis():
    found = described("snr", [0, 0, 7, 70])["histogram"]
    assert found["log"] is True
    assert found["below"] == 2


@pytest.mark.parametrize("value", [0.0, -1.0, 5.0])
@pytest.mark.parametrize("column", ["snr", "slogg", "impact", "period"])
def test_equal_values_still_make_a_histogram(column, value):
    found = described(column, [value] * 4)["histogram"]
    assert np.all(np.diff(found["edges"]) > 0)
    assert sum(found["counts"]) + found["below"] + found["above"] == 4


def test_stars_are_counted_by_identifier():
    found = profile(rows(4, star=[b"1", b"2", b"1", b"12"]), NOTHING_LEFT_OUT)
    assert (found["stars"], found["rows_without_star"]) == (3, 0)


def test_rows_without_an_identifier_are_one_star_where_three_stellar_columns_agree():
    nan = np.nan
    table = rows(
        7,
        star=[b"", b"", b"", b"", b"", b"", b"1"],
        steff=[5000, 5000, 5000, nan, nan, nan, 5000],
        srad=[1, 1, 2, 1, 1, nan, 1],
        slogg=[4, 4, 4, 4, 4, nan, 4],
        tmag=[10, 10, 10, 10, 10, 10, 10],
    )
    found = profile(table, NOTHING_LEFT_OUT)
    assert found["stars"] == 5
    assert found["rows_without_star"] == 6
    table["steff"][3:5] = table["srad"][3:5] = nan
    assert profile(table, NOTHING_LEFT_OUT)["stars"] == 6


def test_the_stars_of_a_large_table_are_counted_exactly():
    table = simulate(80_000, seed=2)
    assert profile(table, NOTHING_LEFT_OUT)["stars"] == len(np.unique(table["star"]))


def test_the_rows_left_out_are_in_the_profile():
    left_out = {"total": 2, "by_reason": {"not_a_number": 2}, "first": []}
    assert profile(rows(2), left_out)["rejected"] == left_out


def test_it_is_json_without_nan():
    table = simulate(300, seed=3)
    table["impact"] = np.nan
    json.dumps(profile(table, NOTHING_LEFT_OUT), allow_nan=False)


def test_a_table_on_disk_gives_the_same_profile_in_little_memory(tmp_path):
    table = np.tile(simulate(10_000, seed=4), 30)
    np.save(tmp_path / "rows.npy", table)
    expected = profile(table, NOTHING_LEFT_OUT)
    size = table.nbytes
    del table
    tracemalloc.start()
    found = profile(np.load(tmp_path / "rows.npy", mmap_mode="r"), NOTHING_LEFT_OUT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == expected
    assert peak < size / 3


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux reports what of a file is in memory")
def test_a_table_on_disk_is_not_kept_in_memory(tmp_path):
    np.save(tmp_path / "rows.npy", np.tile(simulate(10_000, seed=4), 30))
    table = np.load(tmp_path / "rows.npy", mmap_mode="r")
    before = file_pages_in_memory()
    profile(table, NOTHING_LEFT_OUT)
    assert file_pages_in_memory() - before < table.nbytes / 4


def file_pages_in_memory():
    """Bytes of mapped files that this process holds."""
    (line,) = [each for each in STATUS.read_text().splitlines() if each.startswith("RssFile")]
    return int(line.split()[1]) * 1024
