"""Whatever the points and the signal are: views and numbers, or flags, and nothing is raised."""

import time

import numpy as np
import pytest

from backend.transit.photometry.prepare import FLAGS, prepare
from backend.transit.photometry.segments import Segment, Signal
from tests.transit.photometry.made import HOT_JUPITER, START, segment, with_signal

# Of one light curve of a few points, on a crowded machine.
LONGEST_SECONDS = 20


def odd_segment(random: np.random.Generator) -> Segment:
    points = int(random.choice([0, 1, 2, 3, 4, 5, 8, 20, 100, 1000]))
    at = START + random.uniform(0, 50) + np.arange(points) * random.choice([1e-5, 0.0014, 0.02, 1])
    if random.random() < 0.3 and points:
        at = random.choice(at, points)
    unit = random.choice([1, 1e-12, 1e12, -5.0, 0.0, 1e-300, 1e300])
    flux = unit * (1 + random.choice([0, 1e-4, 0.1, 3]) * random.normal(size=points))
    for values in (at, flux):
        if random.random() < 0.3:
            values[random.random(points) < random.random()] = random.choice([np.nan, np.inf])
    return Segment(
        at,
        flux,
        np.full(points, np.nan),
        random.choice([0, 0, 1, 2048], points).astype(np.int32),
        float(random.choice([np.nan, 0.0, 0.02, -1.0, 10.0])),
        str(random.choice(["kepler", "tess", "k2", ""])),
        str(random.choice(["", "Q1", "Qx", "S3"])),
    )


def odd_signal(random: np.random.Generator) -> Signal:
    """From the ends of the ranges that a catalogue may have, and beyond."""
    return Signal(
        10 ** random.uniform(-2, 5),
        START + random.uniform(-100, 100) * random.choice([0, 1, 1e4]),
        10 ** random.uniform(-2, 3),
        random.choice([np.nan, 0.01, 100.0, 2e6]),
        random.choice([np.nan, 0, 0.9, 1000.0]),
        random.choice([np.nan, 500.0, 5778.0, 2e5]),
        random.choice([np.nan, -3, 4.4, 10]),
    )


@pytest.mark.parametrize("seed", range(60))
def test_odd_points_and_signals_raise_nothing_and_take_no_time(seed):
    random = np.random.default_rng(seed)
    segments = [odd_segment(random) for _ in range(random.integers(0, 4))]
    others = tuple(odd_signal(random) for _ in range(random.integers(0, 3)))
    start = time.process_time()
    found = prepare(segments, odd_signal(random), others)
    assert time.process_time() - start < LONGEST_SECONDS
    assert set(found.flags) <= set(FLAGS)
    assert not np.isinf(found.evidence).any()
    assert all(np.isfinite(view.flux).all() for view in found.views.values())


def test_where_other_planets_hide_every_point_nothing_can_be_used():
    everywhere = Signal(0.3, START, 6.0)
    found = prepare([segment(days=1)], HOT_JUPITER, (everywhere,))
    assert found.flags == ("no data in transit",)


@pytest.mark.parametrize(("period", "duration"), [(7717.0, 0.04), (0.18, 0.02), (1e5, 0.01)])
def test_a_duration_far_below_the_time_step_takes_no_time(period, duration):
    signal = Signal(period, START + 0.01, duration)
    start = time.process_time()
    prepare([with_signal(segment(days=30), HOT_JUPITER)], signal)
    assert time.process_time() - start < LONGEST_SECONDS
