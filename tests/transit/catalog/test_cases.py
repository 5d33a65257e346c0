"""Tables of real people, each with what is right."""

import os
from pathlib import Path

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit.catalog.names.read_as import NOTHING_SAID, read_as
from backend.transit.catalog.reader import CatalogError, open_catalog
from backend.transit.columns import COLUMNS

ARCHIVE = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", REPOSITORY.parent / "shared" / "data"))
CASES = ARCHIVE.parent / "cases"

pytestmark = [
    pytest.mark.archive,
    pytest.mark.skipif(
        not CASES.is_dir(),
        reason=f"NO TABLES OF PEOPLE in {CASES}: set EXOTRAIN_ARCHIVE_DATA to the folder beside it",
    ),
]


def read(name, said=NOTHING_SAID):
    with open(CASES / name, "rb") as file:
        catalog = open_catalog(file, label_required=True, read_as=said)
        return catalog, np.concatenate([chunk.rows for chunk in catalog])


def refused(name):
    with pytest.raises(CatalogError) as caught:
        read(name)
    return caught.value


# All of them are the same rows, written with a decimal dot in this one.
PLAIN = "11-sep-line.csv"


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("02c-german-groups-and-commas.csv", 4),
        ("02f-decimal-comma-quoted.csv", 9),
        ("02g-tab-decimal-comma.txt", 9),
        ("02h-german-only-depth-grouped.csv", 9),
        ("22-semicolon-batch.csv", 9),
        ("09-excel-scientific-star.csv", 9),
        ("09e-star-with-prefix.csv", 9),
        ("12-double-bom.csv", 9),
        ("13d-rows-end-with-comma.csv", 9),
        ("06-camelcase.csv", 9),
        ("06c-names-with-spaces.csv", 9),
    ],
)
def test_the_same_rows_written_in_another_way_are_the_same_numbers(name, digits):
    _, expected = read(PLAIN)
    catalog, rows = read(name)
    assert not catalog.rejections.total
    same = rows[: len(expected)]
    for column in COLUMNS:
        # One form rounds what it groups, another one the depth to whole ppm.
        tolerance = 0.51 if column == "depth" and "02h" in name else 0.6 * 10.0**-digits
        tolerance = max(tolerance, 0.006 if "02c" in name and column in ("depth", "snr") else 0)
        np.testing.assert_allclose(same[column], expected[column], rtol=0, atol=tolerance)
    np.testing.assert_array_equal(same["label"], expected["label"])
    if "scientific" not in name:
        np.testing.assert_array_equal(same["star"], expected["star"])


def test_digits_that_were_grouped_anew_lose_most_rows_and_it_is_said_why():
    error = refused("02-excel-ptbr-dot-groups.csv")
    assert "ambiguous_number" in str(error)
    assert "'21.967.461'" in str(error)


def test_identifiers_that_a_spreadsheet_has_rounded_are_none_and_are_counted():
    catalog, rows = read("09-excel-scientific-star.csv")
    assert catalog.lost_stars == len(rows)
    assert set(rows["star"].tolist()) == {b""}


def test_a_notice_before_an_archive_table_is_passed_over():
    catalog, rows = read("01d-archive-with-unmarked-notice.csv")
    assert catalog.source == "toi"
    assert len(rows) > 90


@pytest.mark.parametrize("name", ["01-exofop-toi.csv", "01b-exofop-toi-no-preamble.csv"])
def test_the_toi_table_of_exofop_is_read_as_downloaded(name):
    catalog, rows = read(name)
    assert (catalog.form, catalog.source) == ("exofop", "toi")
    assert rows["star"][0] == b"25773352"
    first = rows[0][["period", "duration", "depth", "snr", "steff", "srad", "slogg", "tmag"]]
    assert first.tolist() == (5.3438948, 4.139, 6479, 18, 7469, 2.3, 3.95, 12.9324)
    assert set(catalog.rejections.by_reason) <= {"missing_value"}  # a blank is no label


def test_a_tce_table_is_read_as_downloaded():
    catalog, rows = read("07-tce-dr24.csv")
    assert (catalog.form, catalog.source) == ("tce", "koi")
    with open(CASES / "07-tce-dr24.csv") as file:
        words = [line.strip().rpartition(",")[2] for line in file][1:]
    codes = {"PC": 0, "AFP": 2, "NTP": 2}
    assert rows["label"].tolist() == [codes[word] for word in words if word in codes]


def test_a_list_without_depths_says_what_is_missing_and_what_was_found():
    error = refused("03-ctoi.csv")
    assert error.missing == ["depth", "label"]
    assert "Period (days)" in error.found


@pytest.mark.parametrize(
    ("name", "unit", "digits"),
    [
        ("04-depth-percent.csv", {"depth": "percent"}, 0.01),
        ("04b-depth-fraction.csv", {"depth": "fraction"}, 0.01),
        ("04d-duration-days.csv", {"duration": "days"}, 1e-4),
        ("04e-duration-minutes.csv", {"duration": "minutes"}, 1e-4),
    ],
)
def test_the_unit_that_is_likely_gives_the_same_numbers_once_it_is_said(name, unit, digits):
    try:
        warned = read(name)[0].reading()["units"]
    except CatalogError as error:
        warned = error.units
    assert {each["column"]: each["likely"] for each in warned} == unit
    catalog, rows = read(name, read_as(None, unit))
    plain = read(PLAIN)[1]
    rows = rows[: len(plain)]
    for column in COLUMNS:
        np.testing.assert_allclose(rows[column], plain[column], rtol=1e-4, atol=digits)
    assert catalog.reading()["units"] == []


def test_the_default_download_of_k2_says_which_columns_to_tick():
    error = refused("40-k2pandc.csv")
    assert error.missing == ["duration", "depth"]
    assert "tick Transit Duration (pl_trandur, hours) and Transit Depth (pl_trandep" in str(error)


def test_the_words_of_labels_can_be_said():
    _, rows = read("07-tce-dr24.csv", read_as(labels={"PC": 1}))
    plain = read("07-tce-dr24.csv")[1]
    assert (rows["label"][plain["label"] == 0] == 1).all()
    assert (plain["label"] == 0).any()


def test_of_two_labels_it_can_be_said_what_0_means():
    _, rows = read("26-binary-label.csv", read_as(labels={"0": 2}))
    assert set(rows["label"].tolist()) == {1, 2}
