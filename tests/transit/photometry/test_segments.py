"""Segments and signals."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.segments import TIME_OFFSETS, Signal
from tests.transit.photometry.made import HOT_JUPITER, LONG_CADENCE, segment


def test_the_time_systems_are_days_of_one_calendar():
    # 2009-01-01T12:00, 2014-12-08T12:00 and 1858-11-17T00:00 as Julian dates.
    assert TIME_OFFSETS == {
        "BJD": 0.0,
        "BKJD": 2_454_833.0,
        "BTJD": 2_457_000.0,
        "MJD": 2_400_000.5,
    }


def test_the_time_step_is_that_of_most_points():
    plain = segment(days=10)
    gap = plain.where(np.abs(plain.time - plain.time[100]) > 0.5)
    assert gap.step == pytest.approx(LONG_CADENCE)


def test_a_point_is_integrated_over_its_exposure_or_else_over_the_time_step():
    plain = segment(days=10)
    assert replace(plain, exposure=0.01).integration == pytest.approx(0.01)
    assert replace(plain, exposure=np.nan).integration == pytest.approx(LONG_CADENCE)
    assert replace(plain, exposure=1.0).integration == pytest.approx(LONG_CADENCE)


@pytest.mark.parametrize(
    ("mission", "name", "season"),
    [
        ("kepler", "Q3", "season 3"),
        ("kepler", "Q7", "season 3"),
        ("kepler", "Q8", "season 0"),
        ("kepler", "", ""),
        ("tess", "S3", "S3"),
        ("k2", "C3", "C3"),
    ],
)
def test_every_fourth_quarter_of_kepler_is_the_same_season(mission, name, season):
    assert segment(mission=mission, name=name).season == season


@pytest.mark.parametrize(
    "change",
    [
        {"period": np.nan},
        {"epoch": np.nan},
        {"duration": np.nan},
        {"period": 0.0},
        {"period": -3.0},
        {"duration": 0.0},
        {"duration": 80.0},
        {"epoch": np.inf},
    ],
)
def test_a_signal_needs_a_period_an_epoch_and_a_duration_within_its_orbit(change):
    assert HOT_JUPITER.is_usable
    assert not replace(HOT_JUPITER, **change).is_usable


def test_a_signal_needs_no_more():
    assert Signal(3.0, 2_455_000.0, 3.0).is_usable
