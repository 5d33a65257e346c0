"""What the other rows of a table say of a row: siblings, shared ephemerides, uncertainties."""

import numpy as np
import pytest

from backend.transit import ephemerides
from backend.transit.columns import (
    COLUMNS,
    NEIGHBOUR_COLUMNS,
    RELATION_COLUMNS,
    RELATION_UNITS,
    ROW_DTYPE,
)
from backend.transit.ephemerides import no_evidence
from backend.transit.relations import MOST_ON_A_STAR, find_relations

EPOCH = 2_455_000.0


@pytest.fixture(autouse=True)
def chance_is_allowed(monkeypatch):
    """A few rows say nothing of chance."""
    monkeypatch.setattr(ephemerides, "MOST_CHANCE", 1e9)


def table(stars, periods, **columns):
    rows = np.zeros(len(stars), ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = columns.get(name, np.nan)
    rows["duration"] = columns.get("duration", 3.0)
    rows["depth"] = columns.get("depth", 500.0)
    rows["star"], rows["period"], rows["label"] = stars, periods, -1
    return rows


def evidence(rows, **columns):
    found = no_evidence(len(rows))
    for name, values in columns.items():
        found[name] = values
    return found


def column(found, name):
    return found.values[:, RELATION_COLUMNS.index(name)]


def test_a_row_knows_how_many_others_its_star_has_and_the_nearest_in_period():
    rows = table([b"a", b"a", b"a", b"b"], [10.0, 2.0, 21.0, 5.0])
    found = find_relations(rows, None)
    assert column(found, "candidates_on_star").tolist() == [2, 2, 2, 0]
    assert column(found, "sibling_period_ratio")[:3] == pytest.approx([2.1, 5.0, 2.1])
    assert np.isnan(column(found, "sibling_period_ratio")[3])
    assert found.sibling.tolist() == [2, 0, 0, -1]


def test_the_same_signal_is_never_its_own_neighbour():
    """One candidate in two rows, in a table that joins two searches."""
    rows = table([b"a", b"a", b"a"], [10.0, 10.0004, 25.0])
    found = find_relations(rows, evidence(rows, epoch=EPOCH + np.array([0.0, 20.01, 3.0])))
    assert column(found, "candidates_on_star").tolist() == [1, 1, 1]
    assert column(found, "sibling_period_ratio")[:2] == pytest.approx([2.5, 2.5], rel=1e-4)
    assert set(found.sibling[:2]) == {2}
    assert column(found, "ephemeris_matches").tolist() == [0, 0, 0]


def test_a_secondary_eclipse_with_the_period_of_the_primary_is_a_neighbour():
    rows = table([b"a", b"a"], [10.0, 10.0])
    found = find_relations(rows, evidence(rows, epoch=EPOCH + np.array([0.0, 5.0])))
    assert column(found, "candidates_on_star").tolist() == [1, 1]
    assert column(found, "sibling_period_ratio").tolist() == [1.0, 1.0]
    unknown = find_relations(rows, None)
    assert column(unknown, "candidates_on_star").tolist() == [0, 0]


def test_a_shared_ephemeris_is_counted_once_a_signal_and_the_deepest_is_described():
    rows = table(
        [b"a", b"b", b"b", b"c", b"d"],
        [10.0, 10.00001, 10.00002, 20.0, 10.0],
        depth=np.array([100.0, 4000.0, 3900.0, 50.0, 100.0]),
        tmag=np.array([14.0, 11.0, 11.0, 15.0, 12.0]),
    )
    seen = evidence(rows, epoch=EPOCH + np.array([0.0, 0.01, 10.01, 0.0, 5.0]), ra=290.0)
    seen["dec"] = 44.0 + np.array([0, 14, 14, 20, 5]) / 3600
    found = find_relations(rows, seen)
    assert column(found, "ephemeris_matches").tolist() == [2, 2, 2, 2, 0]
    assert found.match.tolist() == [1, 0, 0, 1, -1]
    assert column(found, "match_separation")[0] == pytest.approx(14.0, rel=1e-6)
    assert column(found, "match_separation")[3] == pytest.approx(6.0, rel=1e-6)
    assert column(found, "match_depth_ratio")[:2].tolist() == [40.0, 0.025]
    assert column(found, "match_magnitude_difference")[:2].tolist() == [-3.0, 3.0]
    assert np.isnan(column(found, "match_separation")[4])


def test_without_epochs_nothing_is_said_of_shared_ephemerides():
    found = find_relations(table([b"a", b"b"], [2.0, 2.0]), None)
    assert np.isnan(found.values[:, 2:]).all()
    partly = table([b"a", b"b"], [2.0, 2.0])
    found = find_relations(partly, evidence(partly, epoch=[EPOCH, np.nan]))
    assert column(found, "ephemeris_matches").tolist()[0] == 0
    assert np.isnan(column(found, "ephemeris_matches")[1])


def test_stars_are_known_by_their_values_and_an_unknown_star_has_unknown_siblings():
    values = {"steff": 5000.0, "srad": 1.0, "slogg": 4.5}
    found = find_relations(table([b"", b""], [2.0, 5.0], **values), None)
    assert column(found, "candidates_on_star").tolist() == [1, 1]
    unknown = find_relations(table([b"", b""], [2.0, 5.0]), None)
    assert np.isnan(unknown.values).all()
    assert unknown.sibling.tolist() == [-1, -1]


def test_a_star_of_too_many_candidates_is_none():
    count = MOST_ON_A_STAR + 1
    found = find_relations(table([b"a"] * count, 2.0 + np.arange(count)), None)
    assert np.isnan(found.values).all()
    assert (found.sibling == -1).all()
    fewer = find_relations(table([b"a"] * MOST_ON_A_STAR, 2.0 + np.arange(MOST_ON_A_STAR)), None)
    assert (column(fewer, "candidates_on_star") == MOST_ON_A_STAR - 1).all()


def test_uncertainties_are_relative_to_what_they_are_of():
    rows = table([b"a"], [10.0], duration=4.0, depth=200.0, steff=5000.0, srad=2.0, slogg=4.0)
    seen = evidence(rows, period_err=1e-4, epoch_err=0.01, duration_err=0.2, depth_err=10.0)
    for name, value in {"impact": 0.3, "steff": 100.0, "srad": 0.5, "slogg": 0.1}.items():
        seen[f"{name}_err"] = value
    found = dict(zip(RELATION_COLUMNS, find_relations(rows, seen).values[0], strict=True))
    assert found["period_err"] == pytest.approx(1e-5)
    assert found["epoch_err"] == pytest.approx(0.06)
    assert found["duration_err"] == pytest.approx(0.05)
    assert found["depth_err"] == pytest.approx(0.05)
    assert found["impact_err"] == 0.3
    assert found["steff_err"] == pytest.approx(0.02)
    assert found["srad_err"] == pytest.approx(0.25)
    assert found["slogg_err"] == 0.1


def test_labels_and_the_order_of_the_rows_change_nothing():
    random = np.random.default_rng(1)
    rows = table(
        random.integers(0, 60, 200).astype("S48"),
        random.choice([2.0, 3.0, 5.5, 7.25], 200) * random.choice([1.0, 1.00001, 2.0], 200),
        depth=random.uniform(100, 10_000, 200),
    )
    seen = evidence(rows, epoch=EPOCH + random.choice([0.0, 1.0], 200), ra=10.0, dec=5.0)
    found = find_relations(rows, seen)
    assert np.nanmax(column(found, "ephemeris_matches")) > 5
    order = random.permutation(200)
    rows["label"] = random.integers(0, 3, 200)
    again = find_relations(rows[order], seen[order])
    assert np.array_equal(again.values, found.values[order], equal_nan=True)


def test_every_relation_has_a_unit_and_none_is_named_as_a_column():
    assert RELATION_UNITS.keys() == set(RELATION_COLUMNS)
    assert not set(RELATION_COLUMNS) & set(COLUMNS)
    assert RELATION_COLUMNS[: len(NEIGHBOUR_COLUMNS)] == NEIGHBOUR_COLUMNS


def test_an_empty_table_has_no_relations():
    found = find_relations(table([], []), None)
    assert found.values.shape == (0, len(RELATION_COLUMNS))


def test_a_row_that_stands_twice_without_its_star_is_no_contamination_of_itself():
    rows = table([b""] * 3, [10.0, 10.0, 10.00001])
    found = find_relations(rows, evidence(rows, epoch=EPOCH))
    assert column(found, "ephemeris_matches").tolist() == [1, 1, 1]
    assert found.match[:2].tolist() == [2, 2]


def test_rows_of_another_table_are_neighbours_too():
    rows = table([b"a", b"b"], [10.0, 7.0])
    known = table([b"a", b"c"], [20.0, 7.0], depth=5_000.0)
    beside = evidence(rows, epoch=EPOCH), evidence(known, epoch=EPOCH + 0.01)
    found = find_relations(rows, beside[0], (known, beside[1]))
    assert len(found.values) == 2
    assert found.sibling.tolist() == [2, -1]
    assert found.match.tolist() == [-1, 3]
    assert column(found, "candidates_on_star").tolist() == [1, 0]
    assert column(found, "match_depth_ratio")[1] == pytest.approx(10.0)


def test_the_same_signal_of_another_table_is_no_neighbour_and_is_counted_once():
    """A catalogue of stars that the model was trained on."""
    rows = table([b"a", b"a", b"b"], [10.0, 25.0, 10.0], depth=[500.0, 300.0, 9_000.0])
    epochs = EPOCH + np.array([0.0, 3.0, 0.01])
    alone = find_relations(rows, evidence(rows, epoch=epochs))
    for places in ([0, 1, 2], [0], [2, 1]):
        some, at = rows[places], epochs[places]
        found = find_relations(some, evidence(some, epoch=at), (rows, evidence(rows, epoch=epochs)))
        assert np.array_equal(found.values, alone.values[places], equal_nan=True)


def test_a_known_row_whose_epoch_is_unknown_is_the_same_signal_as_one_of_equal_period():
    rows = table([b"a"], [10.0])
    known = table([b"a", b"a"], [10.0001, 30.0])
    found = find_relations(
        rows, evidence(rows, epoch=EPOCH), (known, evidence(known, epoch=np.nan))
    )
    assert column(found, "candidates_on_star").tolist() == [1]
    assert found.sibling.tolist() == [2]


def test_no_known_rows_are_as_none_at_all():
    rows = table([b"a", b"a"], [10.0, 25.0])
    with_none = find_relations(rows, None, (rows[:0], evidence(rows[:0])))
    assert np.array_equal(with_none.values, find_relations(rows, None).values, equal_nan=True)
    nothing = find_relations(rows[:0], None, (rows, evidence(rows)))
    assert len(nothing.values) == 0


def test_a_star_without_an_identifier_is_recognised_by_its_place():
    """A catalogue that names stars in another way, of candidates that the model was trained on."""
    known = table([b"757", b"757"], [10.0, 25.0])
    there = {"ra": 290.0, "dec": 40.0}
    rows = table([b""], [10.00001], depth=520.0)
    epochs = evidence(known, epoch=[EPOCH, EPOCH + 3], **there)
    at = evidence(rows, epoch=EPOCH, **{**there, "dec": 40.0 + 1 / 3600})
    found = find_relations(rows, at, (known, epochs))
    assert column(found, "candidates_on_star").tolist() == [1]
    assert column(found, "ephemeris_matches").tolist() == [0]
    assert found.sibling.tolist() == [2]
    nowhere = find_relations(rows, evidence(rows, epoch=EPOCH), (known, epochs))
    assert column(nowhere, "ephemeris_matches").tolist() == [1]


def test_a_candidate_of_one_name_is_one_signal_in_both_tables():
    known = table([b"757", b"757"], [10.0, 25.0])
    rows = table([b""], [10.02], depth=520.0)
    named = evidence(known, epoch=EPOCH, name=[b"K757.01", b"K757.02"])
    found = find_relations(rows, evidence(rows, epoch=EPOCH, name=b"K757.01"), (known, named))
    assert column(found, "candidates_on_star").tolist() == [1]
    assert found.sibling.tolist() == [2]


def test_a_name_that_several_rows_have_names_none():
    known = table([b"1", b"2"], [10.0, 25.0])
    rows = table([b"3"], [40.0])
    named = evidence(known, name=b"candidate")
    found = find_relations(rows, evidence(rows, name=b"candidate"), (known, named))
    assert column(found, "candidates_on_star").tolist() == [0]


def test_periods_that_agree_within_their_uncertainties_are_of_one_signal():
    rows = table([b"a", b"a"], [10.0, 10.02])
    sure = evidence(rows, epoch=EPOCH, period_err=1e-5)
    assert column(find_relations(rows, sure), "candidates_on_star").tolist() == [1, 1]
    unsure = evidence(rows, epoch=EPOCH, period_err=0.005)
    assert column(find_relations(rows, unsure), "candidates_on_star").tolist() == [0, 0]


def test_a_table_that_has_each_row_twice_says_of_each_what_it_says_once():
    once = table([b"a", b"b", b"b"], [10.0, 10.0, 23.0], depth=[500.0, 9_000.0, 100.0])
    beside = evidence(once, epoch=EPOCH + np.array([0.0, 0.01, 5.0]))
    alone = find_relations(once, beside)
    twice = find_relations(np.concatenate([once, once]), np.concatenate([beside, beside]))
    assert np.array_equal(twice.values[:3], alone.values, equal_nan=True)
    assert np.array_equal(twice.values[3:], alone.values, equal_nan=True)
    assert twice.match.tolist() == [1, 0, -1, 1, 0, -1]


def test_as_many_candidates_of_a_star_as_are_compared_may_be_in_both_tables():
    periods = 2.0 * 1.1 ** np.arange(MOST_ON_A_STAR)
    rows = table([b"a"] * MOST_ON_A_STAR, periods)
    found = find_relations(rows, evidence(rows), (rows, evidence(rows)))
    assert set(column(found, "candidates_on_star")) == {MOST_ON_A_STAR - 1}
