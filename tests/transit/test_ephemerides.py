"""Stars that share an ephemeris: known pairs, drift, harmonics, chance, the real KOI table."""

import numpy as np
import pytest

from backend.transit import ephemerides
from backend.transit.ephemerides import Ephemerides, find_matches, separation
from backend.transit.split_groups import joined

KEPLER = 2_454_833.0


def made(period, epoch, **columns):
    """Rows of different stars in one place, which transit for 3 hours."""
    count = len(period)
    values = {"duration": 0.125, "period_err": np.nan, "ra": 290.0, "dec": 44.0} | columns
    others = {name: np.broadcast_to(np.array(each, float), count) for name, each in values.items()}
    star = others.pop("star", np.arange(count)).astype(np.intp)
    return Ephemerides(star, np.array(period, float), np.array(epoch, float), **others)


def pairs_of(found):
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


@pytest.fixture(autouse=True)
def most_chance(monkeypatch):
    """A few rows say nothing of chance; gives what counts otherwise."""
    usual = ephemerides.MOST_CHANCE
    monkeypatch.setattr(ephemerides, "MOST_CHANCE", 1e9)
    return usual


@pytest.fixture
def chance_counts(most_chance, monkeypatch):
    monkeypatch.setattr(ephemerides, "MOST_CHANCE", most_chance)


def test_equal_periods_that_transit_together_match():
    found = find_matches(made([3.0, 3.00001, 3.01], [KEPLER, KEPLER + 0.03, KEPLER]))
    assert pairs_of(found) == {(0, 1)}
    assert found.ratio.tolist() == [1.0]
    assert found.rows == 2


@pytest.mark.parametrize(("hours", "meets"), [(1.4, True), (1.6, False)])
def test_transits_meet_within_half_a_duration(hours, meets):
    found = find_matches(made([3.0, 3.0], [KEPLER, KEPLER + hours / 24]))
    assert len(found.first) == meets


def test_epochs_are_compared_modulo_the_period_on_either_side():
    at = [KEPLER, KEPLER + 7 * 3.0, KEPLER - 2 * 3.0, KEPLER + 1.5]
    assert pairs_of(find_matches(made([3.0] * 4, at))) == {(0, 1), (0, 2), (1, 2)}


def test_twice_the_period_matches_and_says_so():
    found = find_matches(made([6.0, 3.0, 9.0], [KEPLER, KEPLER + 3.0, KEPLER]))
    assert pairs_of(found) == {(1, 0)}
    assert found.ratio.tolist() == [2.0]


def test_the_drift_between_distant_epochs_is_allowed_for():
    """After 1,000 orbits a difference of 3e-6 adds up to 3 hours of a 41-day period."""
    period, epoch = [41.0, 41.0 * (1 + 3e-6)], [KEPLER, KEPLER + 1000 * 41.0 + 0.15]
    assert len(find_matches(made(period, epoch)).first) == 1
    same = [41.0, 41.0]
    assert len(find_matches(made(same, epoch)).first) == 0


def test_a_drift_over_a_large_part_of_the_orbit_proves_nothing():
    period, epoch = [1.0, 1.0 + 9e-6], [KEPLER, KEPLER + 60_000.2]
    assert len(find_matches(made(period, epoch)).first) == 0


def test_uncertain_periods_match_within_three_standard_deviations_but_not_any():
    def count(difference, error):
        pair = made([9.0, 9.0 * (1 + difference)], [KEPLER] * 2, period_err=9.0 * error)
        return len(find_matches(pair).first)

    assert count(4e-5, 1e-5) == 1  # 4e-5 < 3 * 1e-5 * sqrt(2)
    assert count(5e-5, 1e-5) == 0
    assert count(2e-4, 1e-3) == 0


def test_rows_of_one_star_and_stars_far_apart_do_not_match():
    same = made([3.0, 3.0], [KEPLER] * 2, star=[4, 4])
    assert len(find_matches(same).first) == 0
    distant = made([3.0, 3.0], [KEPLER] * 2, dec=[44.0, 10.0])
    assert len(find_matches(distant).first) == 0
    unknown = made([3.0, 3.0], [KEPLER] * 2, dec=[44.0, np.nan])
    assert len(find_matches(unknown).first) == 1


def test_rows_without_an_epoch_have_no_match():
    found = find_matches(made([3.0, 3.0, 3.0], [KEPLER, np.nan, KEPLER]))
    assert pairs_of(found) == {(0, 2)}
    assert find_matches(made([3.0], [np.nan])).rows == 0
    assert find_matches(made([], [])).rows == 0


def test_thousands_with_one_ephemeris_are_a_chain_and_not_all_pairs():
    same = find_matches(made(np.full(5000, 3.0), np.full(5000, KEPLER)))
    assert len(same.first) < 5000 * 201
    assert same.rows == 5000
    root = joined(5000, same.first, same.second)
    assert len(set(root)) == 1


def test_blocks_find_the_same_pairs(monkeypatch):
    random = np.random.default_rng(0)
    many = made(random.choice([2.0, 3.0, 4.0], 300), KEPLER + random.choice([0.0, 1.0], 300))
    at_once = pairs_of(find_matches(many))
    monkeypatch.setattr(ephemerides, "_PAIRS_AT_ONCE", 1000)
    assert len(at_once) > 10_000
    assert pairs_of(find_matches(many)) == at_once


def test_a_table_in_which_every_match_is_chance_has_none(chance_counts):
    """30,000 stars with periods and epochs at random."""
    random = np.random.default_rng(0)
    period = random.uniform(3.0, 6.0, 30_000)
    found = find_matches(made(period, KEPLER + random.uniform(0, 6, 30_000), duration=0.3))
    assert found.tolerance is None
    assert (len(found.first), found.rows) == (0, 0)
    assert found.chance_rows > 100


def test_a_stricter_tolerance_is_taken_where_the_wider_ones_give_chance(chance_counts):
    """200 stars see one eclipse; 3,000 others at random have periods known to 1e-4."""
    random = np.random.default_rng(0)
    period = np.concatenate([np.full(200, 3.0), random.uniform(1.0, 2.0, 3000)])
    epoch = KEPLER + np.concatenate([np.zeros(200), random.uniform(0, 2, 3000)])
    error = np.where(period == 3.0, 1e-8, 1e-4)
    found = find_matches(made(period, epoch, period_err=error))
    assert found.tolerance is not None
    assert found.tolerance[1] < ephemerides.TOLERANCES[0][1]
    assert {(0, 1), (0, 199)} <= pairs_of(found)
    assert found.chance_rows <= 0.1 * found.rows


def test_the_angle_between_two_places():
    known = separation(*(np.array([each]) for each in (10.0, 60.0, 10.001, 60.0)))
    assert known[0] == pytest.approx(0.0005, rel=1e-6)
    poles = separation(*(np.array([each]) for each in (0.0, 90.0, 77.0, -90.0)))
    assert poles[0] == pytest.approx(180.0)
