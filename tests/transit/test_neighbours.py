"""The training rows that lie nearest to a candidate: known places, and a search by brute force."""

import subprocess
import sys

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit import neighbours
from backend.transit.columns import COLUMNS, FEATURES, REQUIRED, ROW_DTYPE
from backend.transit.neighbours import (
    NEIGHBOUR_DTYPE,
    NEIGHBOURS,
    TrainingNeighbours,
    describe_nearest,
    keep_neighbours,
    no_neighbours,
)


def table(count, seed=1, **columns):
    """Rows spread over decades, each of its own star; `line` is 2 more than the place."""
    random = np.random.default_rng(seed)
    rows = np.zeros(count, ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = np.exp(random.normal(2.0, 1.0, count))
    rows["line"] = np.arange(count) + 2
    rows["star"] = [b"s%d" % n for n in range(count)]
    rows["label"] = np.arange(count) % 3
    for name, values in columns.items():
        rows[name] = values
    return rows


def known(rows):
    return TrainingNeighbours(keep_neighbours(rows, np.arange(len(rows)), 0))


def by_brute_force(trained, asked):
    """The places of the five nearest, and how far each is, one pair after the other."""
    scaled = []
    for name in COLUMNS:
        scale = np.log if name in REQUIRED else np.arcsinh
        values, wanted = scale(trained[name]), scale(asked[name])
        if np.isnan(values).all() or np.isnan(wanted):
            continue
        low, middle, high = np.nanpercentile(values, [25, 50, 75])
        values = np.where(np.isnan(values), middle, values)
        scaled.append((values - wanted) / ((high - low) / 1.349))
    distances = np.sqrt(np.mean(np.square(scaled), axis=0))
    order = np.argsort(distances)[:NEIGHBOURS]
    return order, distances[order]


@pytest.mark.parametrize("search", ["nearest", "nearest_to_few"])
def test_the_nearest_rows_are_those_of_a_search_by_brute_force(search):
    trained, asked = table(200), table(20, seed=2)
    trained["impact"][::3] = np.nan
    trained["tmag"] = np.nan
    asked["impact"][:5] = asked["steff"][3:9] = asked["slogg"][7] = np.nan
    found = getattr(known(trained), search)(asked)
    for row, candidate in zip(found, asked, strict=True):
        places, distances = by_brute_force(trained, candidate)
        assert row["row"].tolist() == places.tolist()
        assert row["distance"] == pytest.approx(distances, abs=1e-12)
        for name in ("line", "star", "label", "period", "depth"):
            assert row[name].tolist() == trained[name][places].tolist()


def test_rows_are_named_by_their_place_in_the_dataset():
    trained = table(30)
    places = np.arange(10, 20)
    found = TrainingNeighbours(keep_neighbours(trained, places, 0)).nearest(trained[12:13])
    assert found["row"][0, 0] == 12
    assert found["distance"][0, 0] == 0
    assert set(found["row"][0].tolist()) <= set(places.tolist())


def test_a_candidate_of_a_training_row_s_values_stands_upon_it_whatever_it_lacks():
    trained = table(50)
    asked = trained[7:8].copy()
    for name in FEATURES:
        asked[name] = np.nan
        assert known(trained).nearest(asked)["row"][0, 0] == 7


def test_fewer_than_five_training_rows_are_all_named():
    found = known(table(3)).nearest(table(2, seed=2))
    assert sorted(found["row"][0].tolist()) == [-1, -1, 0, 1, 2]
    (first, _) = describe_nearest(found, 1.0)
    assert len(first["nearest"]) == 3
    assert (first["is_sparse"], first["sparsity"]) == (None, None)


def test_a_column_that_all_rows_share_tells_rows_apart_that_do_not():
    trained = table(40, steff=5000.0)
    asked = table(1, seed=2, steff=5000.0)
    other = asked.copy()
    other["steff"] = 9000.0
    same, far = (known(trained).nearest(each)["distance"][0, 0] for each in (asked, other))
    assert far > same


def test_one_in_a_hundred_training_rows_is_as_far_from_the_others_as_a_sparse_place():
    trained = table(2_000)
    limit = known(trained).sparse_above(0)
    assert limit is not None
    fresh = known(trained).nearest(table(2_000, seed=5))["distance"].mean(axis=1)
    assert 0.003 < (fresh > limit).mean() < 0.03


def test_the_rows_of_its_own_star_are_no_neighbours_of_a_training_row():
    alone = table(100)
    # Each star three times, far more than the five nearest apart from its own rows.
    crowded = np.repeat(alone, 8)
    limit = known(crowded).sparse_above(0)
    measured = known(crowded)
    among_all = measured.nearest(crowded)["distance"].mean(axis=1)
    assert among_all.max() == 0
    assert limit is not None
    assert limit > 0
    # A candidate between the stars is not in a sparse place because they are each of many rows.
    asked = table(200, seed=9)
    assert (measured.nearest(asked)["distance"].mean(axis=1) > limit).mean() < 0.3


def test_where_there_is_one_star_no_place_is_sparse():
    assert known(table(40, star=b"one")).sparse_above(0) is None


def test_rows_of_a_star_with_thousands_are_not_searched_for_among_all(monkeypatch):
    rows = table(2000)
    rows["star"][:1900] = b"one"
    for name in COLUMNS:
        rows[name][:1900] = 7.0 + np.arange(1900) * 1e-6
    asked = []
    search = TrainingNeighbours._search

    def watched(self, values, wanted):
        asked.append(wanted)
        return search(self, values, wanted)

    monkeypatch.setattr(TrainingNeighbours, "_search", watched)
    assert known(rows).sparse_above(0) > 0
    assert max(asked) == neighbours._MOST_SEARCHED


def test_a_large_table_is_kept_in_part_by_its_seed(monkeypatch):
    monkeypatch.setattr(neighbours, "MAX_ROWS", 20)
    rows, places = table(100), np.arange(0, 100, 2)
    kept = keep_neighbours(rows, places, 3)
    assert kept.dtype == NEIGHBOUR_DTYPE
    assert len(kept) == 20
    assert (np.diff(kept["row"]) > 0).all()
    assert set(kept["row"].tolist()) <= set(places.tolist())
    assert kept["line"].tolist() == (kept["row"] + 2).tolist()
    assert kept.tobytes() == keep_neighbours(rows, places, 3).tobytes()
    assert kept.tobytes() != keep_neighbours(rows, places, 4).tobytes()


def test_few_rows_are_compared_without_scipy():
    code = (
        "import sys\nfrom tests.transit.test_neighbours import known, table\n"
        "found = known(table(3)).nearest_to_few(table(2, seed=2))\n"
        "print(found['row'].tolist(), 'scipy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True)
    expected = known(table(3)).nearest(table(2, seed=2))["row"].tolist()
    assert told.stdout.decode().strip() == f"{expected} False"


def test_no_more_than_a_few_searches_are_kept(monkeypatch):
    monkeypatch.setattr(neighbours, "_TREES_KEPT", 2)
    found, asked = known(table(30)), table(1, seed=2)
    expected = found.nearest(asked).tobytes()
    for name in FEATURES:
        lacking = asked.copy()
        lacking[name] = np.nan
        found.nearest(lacking)
        assert len(found._trees) <= 2
    assert found.nearest(asked).tobytes() == expected


def test_neighbours_are_described_with_their_star_label_and_distance():
    nearest = no_neighbours(2)
    for place in range(NEIGHBOURS):
        nearest[0, place] = (place, place + 2, "étoile".encode(), 2, 3.5, 500.0, 1.0 + place)
    sparse, unknown = describe_nearest(nearest, 2.0)
    assert sparse["nearest"][1] == {
        "row": 1,
        "line": 3,
        "star": "étoile",
        "label": "FALSE POSITIVE",
        "period": 3.5,
        "depth": 500.0,
        "distance": 2.0,
    }
    assert (sparse["is_sparse"], sparse["sparsity"]) == (True, 1.5)
    assert unknown == {"nearest": None, "is_sparse": None, "sparsity": None}
    assert describe_nearest(nearest, 3.0)[0]["is_sparse"] is False
    assert describe_nearest(nearest, None)[0]["is_sparse"] is None
