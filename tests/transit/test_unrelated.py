"""Rows without neighbours: what is said of them at once is what is found for any table."""

import subprocess
import sys

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit.columns import COLUMNS, EVIDENCE_UNITS, RELATION_COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.relations import find_relations
from backend.transit.unrelated import relations_without_neighbours


def made(count, random, stars):
    """Rows with gaps everywhere and all kinds of evidence, and few values to choose from."""
    rows, evidence = np.zeros(count, ROW_DTYPE), no_evidence(count)
    for name in COLUMNS:
        rows[name] = random.integers(1, 4, count)
        if name not in ("period", "duration", "depth"):
            rows[name][random.random(count) < 0.4] = np.nan
    rows["period"] += random.integers(0, 40, count)
    rows["star"] = [
        b"" if each > stars else b"star %d" % each for each in random.integers(0, 40, count)
    ]
    for name in EVIDENCE_UNITS:
        evidence[name] = random.integers(1, 300, count)
        evidence[name][random.random(count) < 0.7] = np.nan
    evidence["dec"] /= 4
    evidence["epoch"] = np.where(random.random(count) < 0.1, 2_455_000.0, np.nan)
    evidence["name"] = [
        b"" if each > 9 else b"%d" % each for each in random.integers(0, 300, count)
    ]
    return rows, evidence


def test_what_is_said_at_once_is_what_is_found():
    said = {"with neighbours": 0, "rows alone": 0, "beside others": 0, "of known stars": 0}
    for seed in range(600):
        random = np.random.default_rng(seed)
        rows, evidence = made(random.integers(1, 4), random, random.integers(-1, 40))
        known = made(random.integers(1, 6), random, 40) if seed % 3 else None
        beside = None if seed % 5 == 0 else evidence
        at_once = relations_without_neighbours(rows, beside, known)
        if at_once is None:
            said["with neighbours"] += 1
            continue
        found = find_relations(rows, beside, known)
        assert np.array_equal(at_once, found.values, equal_nan=True), seed
        assert (found.sibling == -1).all()
        assert (found.match == -1).all()
        said["rows alone" if known is None else "beside others"] += 1
        said["of known stars"] += bool((at_once[:, 0] == 0).any())
    assert min(said.values()) > 40, said


def two_rows(**columns):
    rows = np.zeros(2, ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = columns.get(name, np.nan)
    rows["duration"], rows["star"] = 3.0, columns.get("star", b"")
    rows["period"], rows["depth"] = columns.get("period", [2.0, 5.0]), [500.0, 600.0]
    return rows


VALUES = {"steff": 5000.0, "srad": 1.0, "slogg": 4.5}


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("columns", "beside"),
    [
        ({"star": b"a"}, {}),
        (VALUES, {}),
        ({}, {"ra": 290.0, "dec": [40.0, 40.0001]}),
        ({"star": [b"a", b"b"]}, {"epoch": 2_455_000.0}),
    ],
)
def test_rows_that_may_be_neighbours_are_left_to_the_search(columns, beside, is_known):
    rows, evidence = two_rows(**columns), no_evidence(2)
    for name, value in beside.items():
        evidence[name] = value
    if is_known:
        found = relations_without_neighbours(rows[:1], evidence[:1], known=(rows[1:], evidence[1:]))
    else:
        found = relations_without_neighbours(rows, evidence)
    assert found is None


def test_a_name_that_the_model_s_table_has_too_is_left_to_the_search():
    rows, evidence = two_rows(star=[b"a", b"b"]), no_evidence(2)
    evidence["name"] = b"K1"
    assert relations_without_neighbours(rows[:1], evidence[:1], (rows[1:], evidence[1:])) is None
    evidence["name"] = b""
    found = relations_without_neighbours(rows[:1], evidence[:1], (rows[1:], evidence[1:]))
    assert found[:, RELATION_COLUMNS.index("candidates_on_star")].tolist() == [0.0]


def test_equal_rows_are_of_one_star_and_left_to_the_search():
    rows = two_rows()
    rows[1] = rows[0]
    assert relations_without_neighbours(rows, None) is None
    assert np.isnan(relations_without_neighbours(two_rows(), None)).all()


def test_a_server_needs_neither_pandas_nor_scipy_for_it():
    script = (
        "import sys, numpy as np\n"
        "from backend.transit.columns import ROW_DTYPE\n"
        "from backend.transit.ephemerides import no_evidence\n"
        "from backend.transit.unrelated import relations_without_neighbours\n"
        "rows, evidence = np.zeros(2, ROW_DTYPE), no_evidence(2)\n"
        "rows['period'], rows['star'] = [2, 5], [b'a', b'b']\n"
        "evidence['ra'], evidence['dec'] = [10, 20], 5\n"
        "assert relations_without_neighbours(rows, evidence) is not None\n"
        "assert not {'scipy', 'pandas'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
