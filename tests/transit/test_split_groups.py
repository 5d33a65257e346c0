"""Rows that may not be parted: stars, equal rows, shared eclipses, and chains of these."""

import subprocess
import sys

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit import ephemerides, split_groups
from backend.transit.columns import COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.split_groups import are_found_quickly, describe_groups, row_groups

EPOCH = 2_455_000.0


@pytest.fixture(autouse=True)
def chance_is_allowed(monkeypatch):
    """A few rows say nothing of chance."""
    monkeypatch.setattr(ephemerides, "MOST_CHANCE", 1e9)


def table(stars, periods):
    """Rows of stars with these names and periods, all else but the labels equal."""
    rows = np.zeros(len(stars), ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = np.nan
    rows["duration"], rows["depth"] = 3.0, 500.0
    rows["star"], rows["period"] = stars, periods
    rows["label"] = np.arange(len(stars)) % 3
    return rows


def epochs(*at):
    evidence = no_evidence(len(at))
    evidence["epoch"] = at
    return evidence


def test_equal_rows_without_a_star_are_one_group():
    groups = row_groups(table([b""] * 4, [2.0, 3.0, 2.0, 5.0]), None)
    assert groups.number[0] == groups.number[2]
    assert len(set(groups.number)) == 3
    assert groups.twins == 2
    assert groups.matches is None


def test_equal_rows_are_one_group_whatever_their_stars_are_called():
    groups = row_groups(table([b"a", b"b", b"c"], [2.0, 2.0, 3.0]), None)
    assert groups.number.tolist()[0] == groups.number.tolist()[1] != groups.number.tolist()[2]


def test_rows_at_one_place_are_one_group_whatever_their_stars_are_called():
    beside = epochs(EPOCH, EPOCH + 1, EPOCH + 2)
    beside["ra"], beside["dec"] = 290.0, [40.0, 40.0003, 40.1]
    groups = row_groups(table([b"a", b"b", b"c"], [2.0, 3.7, 5.1]), beside)
    assert groups.number[0] == groups.number[1] != groups.number[2]
    assert groups.star[0] == groups.star[1]


def test_labels_part_no_twins():
    rows = table([b""] * 2, [2.0, 2.0])
    rows["label"] = [1, 2]
    assert len(set(row_groups(rows, None).number)) == 1


def test_stars_that_share_an_ephemeris_are_one_group():
    rows = table([b"a", b"b", b"c"], [2.0, 2.00001, 1.99999])
    groups = row_groups(rows, epochs(EPOCH, EPOCH + 0.01, EPOCH + 1.0))
    assert groups.number[0] == groups.number[1] != groups.number[2]


def test_what_belongs_together_over_others_is_one_group():
    """a and b share an ephemeris, another candidate of b is a twin of c's, whose second is d's."""
    rows = table([b"a", b"b", b"b", b"c", b"c", b"d", b"e"], [2.0, 2.00001, 7, 7, 9, 9, 11])
    at = (EPOCH, EPOCH, EPOCH + 1, EPOCH + 2, EPOCH + 3, EPOCH + 4, EPOCH)
    groups = row_groups(rows, epochs(*at))
    assert len(set(groups.number[:6])) == 1
    assert groups.number[6] != groups.number[0]


def test_a_long_chain_is_one_group():
    stars = [f"{i // 2}".encode() for i in range(4000)]
    periods = [
        float((i + 1) // 2 + 1) for i in range(4000)
    ]  # one star's second is the next's first
    assert len(set(row_groups(table(stars, periods), None).number)) == 1


def test_the_description_counts_groups_twins_and_matches():
    rows = table([b"a", b"b", b"c", b"", b""], [2.0, 2.00001, 4.5, 7.0, 7.0])
    rows["label"] = [2, 2, 1, 0, -1]
    groups = row_groups(rows, epochs(EPOCH, EPOCH, EPOCH + 1, np.nan, np.nan))
    usable = np.arange(4)
    found = describe_groups(groups, usable, rows["label"][usable])
    largest = found.pop("largest")
    shared = found.pop("shared_ephemerides")
    assert found == {"rows": 4, "stars": 4, "groups": 3, "twins": 2}
    assert largest["labels"] == {"CANDIDATE": 0, "CONFIRMED": 0, "FALSE POSITIVE": 2}
    assert (largest["rows"], largest["share"], largest["is_large"]) == (2, 0.5, True)
    assert shared["rows"] == 2
    assert shared["period_tolerance"] == [1e-5, 1e-4]
    assert (
        describe_groups(row_groups(rows, None), usable, rows["label"][usable])["shared_ephemerides"]
        is None
    )


def test_equal_rows_without_a_star_share_no_ephemeris_with_each_other():
    rows = table([b""] * 4, [2.0, 3.0, 2.0, 3.0])
    groups = row_groups(rows, epochs(EPOCH, EPOCH + 1, EPOCH, EPOCH + 1))
    assert groups.matches is not None
    assert groups.matches.rows == 0
    assert groups.twins == 4
    assert len(set(groups.number)) == 2


def test_groups_by_place_and_ephemeris_are_found_without_scipy_and_pandas():
    """The server finds them too."""
    script = (
        "import sys, numpy as np\n"
        "from backend.transit.columns import ROW_DTYPE\n"
        "from backend.transit.ephemerides import no_evidence\n"
        "from backend.transit.split_groups import row_groups\n"
        "rows, evidence = np.zeros(3, ROW_DTYPE), no_evidence(3)\n"
        "rows['period'], rows['duration'], rows['star'] = 9.5, 3, [b'a', b'b', b'c']\n"
        "rows['depth'] = [1, 2, 3]\n"
        "evidence['epoch'], evidence['ra'] = 2455000.0, [10, 10, 40]\n"
        "evidence['dec'] = [5, 5.0001, 5]\n"
        "assert len(set(row_groups(rows, evidence).star.tolist())) == 2\n"
        "assert not {'scipy', 'pandas'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_how_long_it_takes_follows_from_rows_and_from_pairs_of_near_periods(monkeypatch):
    rows, evidence = table([b"a", b"b", b"c", b"d"], [3.0, 3.0, 6.0, 9.0]), epochs(*[EPOCH] * 4)
    assert are_found_quickly(rows, evidence)
    monkeypatch.setattr(split_groups, "_QUICK_PAIRS", 2)
    assert not are_found_quickly(rows, evidence)  # 3 and 3, both 3 and 6
    assert are_found_quickly(rows, None)
    evidence["epoch"][0] = np.nan
    assert are_found_quickly(rows, evidence)
    monkeypatch.setattr(split_groups, "_QUICK_ROWS", 3)
    assert not are_found_quickly(rows, None)
