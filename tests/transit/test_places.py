"""Rows at one place in the sky are of one star."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from backend.transit import places
from backend.transit.places import pairs_at_one_place
from backend.transit.split_groups import joined

ARCSEC = 1 / 3600


def stars(ra, dec):
    """The least row that each row shares a place with."""
    one, other = pairs_at_one_place(np.array(ra, float), np.array(dec, float))
    return joined(len(ra), one, other).tolist()


def test_rows_within_two_arcsec_are_at_one_place():
    declinations = [40.0, 40.0 + 1.9 * ARCSEC, 40.0 + 4.1 * ARCSEC]
    assert stars([290.0] * 3, declinations) == [0, 0, 2]


@pytest.mark.parametrize("dec", [0.0, 60.0, 89.9, -89.9])
def test_right_ascension_counts_less_near_the_pole(dec):
    step = 1.5 * ARCSEC / np.cos(np.radians(dec))
    assert stars([10.0, 10.0 + step, 10.0 + 3 * step], [dec] * 3) == [0, 0, 2]


def test_places_on_both_sides_of_zero_hours_are_near():
    assert stars([0.2 * ARCSEC, 360 - 0.2 * ARCSEC], [5.0, 5.0]) == [0, 0]


def test_unknown_places_are_nowhere():
    assert stars([np.nan, np.nan, 290.0, 290.0], [40.0, 40.0, np.nan, 40.0]) == [0, 1, 2, 3]
    assert stars([], []) == []


def test_a_place_that_too_many_rows_have_is_none(monkeypatch):
    """The middle of a field, given for all of it."""
    monkeypatch.setattr(places, "MOST_AT_A_PLACE", 3)
    assert stars([290.0] * 3, [40.0] * 3) == [0, 0, 0]
    assert stars([290.0] * 4 + [10.0] * 2, [40.0] * 4 + [1.0] * 2) == [0, 1, 2, 3, 4, 4]


def test_many_places_close_together_are_none_either(monkeypatch):
    monkeypatch.setattr(places, "MOST_AT_A_PLACE", 3)
    step = 0.01 * ARCSEC
    assert stars([290.0] * 3, 40.0001 + step * np.arange(3)) == [0, 0, 0]
    assert stars([290.0] * 4, 40.0001 + step * np.arange(4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("width", [0.004, 0.05, 360.0])
@pytest.mark.parametrize("dec", [-89.97, 0.0, 45.0, 89.97])
def test_the_pairs_are_those_of_a_tree_of_the_points(width, dec):
    random = np.random.default_rng(3)
    ra = random.uniform(-width / 2, width / 2, 500) % 360
    declination = dec + random.uniform(-0.02, 0.02, 500)
    found = places._near(np.stack([ra, declination], axis=1))
    longitude, latitude = np.radians(ra), np.radians(declination)
    across = np.cos(latitude)
    points = [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)]
    tree = cKDTree(np.stack(points, axis=1))
    expected = tree.query_pairs(2 * np.sin(np.radians(ARCSEC)), output_type="ndarray")
    assert sorted(map(sorted, found.tolist())) == sorted(map(sorted, expected.tolist()))
    assert len(found) > 10 or (width == 360.0 and abs(dec) < 80)
