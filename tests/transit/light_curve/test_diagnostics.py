"""Diagnostics of planet and star from a transit."""

import numpy as np
import pytest

from backend.transit.columns import ROW_DTYPE
from backend.transit.light_curve.diagnostics import DIAGNOSTICS, OBSERVED_DAYS, physical_diagnostics
from backend.transit.light_curve.orbit import transit_geometry

EARTH_RADIUS_KM = 6_378.1
SUN_RADIUS_KM = 695_700.0


def sun_and_earth(**changes):
    """A planet like the Earth before a star like the Sun, as a catalogue's row."""
    rows = np.zeros(1, dtype=ROW_DTYPE)
    known = {
        "period": 365.25,
        "duration": 13.1,  # hours, (P / pi) asin((1 + k) R / a), central
        "depth": 84.0,
        "impact": 0.0,
        "snr": 12.0,
        "steff": 5772.0,
        "srad": 1.0,
        "slogg": 4.438,
        "tmag": 10.0,
    }
    for name, value in {**known, **changes}.items():
        rows[name] = value
    return rows


def diagnose(band="kepler", **changes):
    rows = sun_and_earth(**changes)
    found = physical_diagnostics(rows, transit_geometry(rows, band), band)
    return {name: float(values[0]) for name, values in found.items()}


def test_the_earth_before_the_sun_has_the_radius_of_the_earth_and_the_density_of_the_sun():
    found = diagnose()
    assert tuple(found) == DIAGNOSTICS
    k = float(transit_geometry(sun_and_earth(), "kepler").radius_ratio[0])
    assert found["planet_radius"] == pytest.approx(k * SUN_RADIUS_KM / EARTH_RADIUS_KM)
    assert found["planet_radius"] == pytest.approx(0.9, abs=0.1)
    assert found["density_ratio"] == pytest.approx(1.0, abs=0.03)
    assert found["relative_duration"] == pytest.approx(13.1 / 24 / 365.25)


def test_the_same_transit_before_a_star_twice_as_large_and_as_dense_implies_a_larger_planet():
    # g = G M / R^2 and so the mean density is proportional to g / R.
    found = diagnose(srad=2.0, slogg=4.438 + np.log10(2))
    assert found["planet_radius"] == pytest.approx(2 * diagnose()["planet_radius"], rel=1e-3)
    assert found["density_ratio"] == pytest.approx(diagnose()["density_ratio"], rel=1e-3)


def test_a_transit_twice_as_long_comes_from_a_star_an_eighth_as_dense():
    ratio = diagnose(duration=26.2)["density_ratio"] / diagnose()["density_ratio"]
    assert ratio == pytest.approx(1 / 8, rel=0.01)


def test_a_grazing_transit_has_a_margin_below_zero():
    assert diagnose(impact=0.5)["grazing_margin"] > 0
    assert diagnose(impact=1.0)["grazing_margin"] < 0


def test_the_signal_of_a_single_transit_is_what_the_number_of_transits_leaves():
    snr = diagnose(period=10.0, duration=3.0)["single_transit_snr"]
    assert snr == pytest.approx(12 / np.sqrt(OBSERVED_DAYS["kepler"] / 10))
    assert diagnose(period=1e4)["single_transit_snr"] == 12.0


def test_where_the_impact_is_unknown_the_density_is_that_of_the_assumed_one():
    assert diagnose(impact=np.nan)["density_ratio"] == diagnose(impact=0.3)["density_ratio"]
    assert np.isnan(diagnose(impact=np.nan)["grazing_margin"])


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        ("snr", {"single_transit_snr"}),
        ("srad", {"density_ratio", "planet_radius"}),
        ("slogg", {"density_ratio"}),
        ("steff", set()),
        ("tmag", set()),
    ],
)
def test_what_needs_a_missing_feature_is_unknown_and_nothing_else(missing, unknown):
    found = diagnose(**{missing: np.nan})
    assert {name for name, value in found.items() if np.isnan(value)} == unknown
