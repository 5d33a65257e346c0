"""Real stars: what is not there, and what was put in.

Signals at random places of real stars are nothing, so their significances are those of noise, with
all that stars and instruments do. Transits that are put in come back with their depth.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.folding import in_transit
from backend.transit.photometry.prepare import prepare, prepare_signal
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.star_curve import star_curve
from tests.transit.photometry import real
from tests.transit.photometry.made import as_catalogued, half_later, with_signal

pytestmark = pytest.mark.archive

STARS = (real.KEPLER_90, real.WASP_4, real.PI_MEN, *real.QUIET_TESS)
LONG_STARS = (real.KEPLER_10, real.KEPLER_11, real.TRES_2)
# Of the four years of the long ones, so that a test is fast.
MOST_SEGMENTS = 6


@cache
def light_curve(archive_data: Path, star: str) -> tuple[list[Segment], tuple[Signal, ...]]:
    signals = tuple(real.signals_of(archive_data, star).values())
    return real.segments_of(archive_data, star)[:MOST_SEGMENTS], signals


def random_signal(random: np.random.Generator, segments: list[Segment], most_periods: float):
    start = min(segment.time[0] for segment in segments)
    days = max(segment.time[-1] for segment in segments) - start
    duration = np.exp(random.uniform(np.log(1.2), np.log(12.0)))
    shortest = max(0.5, 6 * duration / 24)
    period = np.exp(random.uniform(np.log(shortest), np.log(days / most_periods)))
    return Signal(period, start + random.uniform(0, period), duration, 1000.0)


def nothings(archive_data: Path, stars: tuple[str, ...], each: int) -> dict[str, np.ndarray]:
    """The numbers of signals that are nothing, by name."""
    random = np.random.default_rng(11)
    rows = []
    for star in stars:
        segments, known = light_curve(archive_data, star)
        curve = star_curve(segments, known)
        for _ in range(each):
            signal = random_signal(random, segments, 3)
            rows.append(prepare_signal(curve, signal, known).evidence)
    return dict(zip(EVIDENCE, np.array(rows).T, strict=True))


def spread(values: np.ndarray) -> float:
    """About 0."""
    return float(np.sqrt(np.nanmean(values**2)))


@pytest.mark.slow
def test_the_significances_of_nothing_are_those_of_noise(archive_data):
    found = nothings(archive_data, (*STARS, *LONG_STARS), 60)
    for name in ("odd_even_significance", "secondary_significance"):
        assert spread(found[name]) == pytest.approx(1, abs=0.1), name
        assert abs(np.nanmean(found[name])) < 0.15, name
        assert np.nanmean(np.abs(found[name]) > 3) < 0.015, name
    assert spread(found["season_significance"]) == pytest.approx(1, abs=0.25)
    assert np.nanmean(found["depth_significance"] > 3) < 0.02
    assert np.nanmean(found["dip_significance"] > 4) < 0.05


def test_a_handful_of_nothings_is_no_eclipse(archive_data):
    found = nothings(archive_data, STARS, 5)
    for name in ("odd_even_significance", "secondary_significance"):
        assert spread(found[name]) == pytest.approx(1, abs=0.3), name
        assert np.nanmax(np.abs(found[name])) < 4, name


def planted(archive_data: Path, count: int, **fixed: float):
    """Transits in real stars: (true depth, measured, sigma), ppm, (count,) each.

    The catalogue's epoch and duration are a little off, as they are, and it knows no impact.
    """
    random = np.random.default_rng(12)
    rows = []
    for number in range(count):
        star = STARS[number % len(STARS)]
        segments, known = light_curve(archive_data, star)
        rough = random_signal(random, segments, 2)
        quiet = 300 if star != real.WASP_4 else 6_000
        signal = replace(
            rough,
            depth=np.exp(random.uniform(np.log(quiet), np.log(30_000))),
            impact=random.uniform(0, 0.9),
            steff=5778.0,
            slogg=4.44,
        )
        signal = replace(signal, **fixed)
        told = replace(
            as_catalogued(signal),
            epoch=signal.epoch + 0.03 * random.normal() * signal.duration_days,
            duration=signal.duration * np.exp(0.05 * random.normal()),
        )
        found = prepare([with_signal(segment, signal) for segment in segments], told, known)
        numbers = dict(zip(EVIDENCE, found.evidence, strict=True))
        rows.append((signal.depth, numbers["depth"], numbers["depth_error"]))
    truth, depth, sigma = np.array(rows).T
    is_seen = np.isfinite(depth) & (truth > 5 * sigma)
    return truth[is_seen], depth[is_seen], sigma[is_seen]


@pytest.mark.slow
def test_transits_that_are_put_in_come_back_with_their_depths(archive_data):
    truth, depth, sigma = planted(archive_data, 34)
    assert len(truth) >= 30
    assert abs(np.median(depth / truth) - 1) < 0.03
    assert (np.abs(depth - truth) < 2 * sigma).mean() >= 0.95 - 1 / len(truth)


def test_a_few_transits_that_are_put_in_come_back(archive_data):
    truth, depth, sigma = planted(archive_data, 8)
    assert len(truth) >= 5
    assert abs(np.median(depth / truth) - 1) < 0.03
    assert (np.abs(depth - truth) < 3 * sigma).all()


@pytest.mark.slow
def test_grazing_eclipses_come_back_as_well(archive_data):
    truth, depth, sigma = planted(archive_data, 15, impact=1.0)
    assert abs(np.median(depth / truth) - 1) < 0.03
    assert (np.abs(depth - truth) < 3 * sigma).mean() >= 0.9


@pytest.mark.slow
def test_secondaries_that_are_put_in_come_back_with_their_depths(archive_data):
    segments, known = light_curve(archive_data, real.QUIET_TESS[0])
    random = np.random.default_rng(13)
    pulls, ratios = [], []
    for _ in range(10):
        rough = replace(random_signal(random, segments, 5), impact=0.3, steff=5778, slogg=4.44)
        signal = replace(rough, depth=20_000.0)
        both = [
            with_signal(with_signal(segment, signal), half_later(signal, 3_000.0))
            for segment in segments
        ]
        found = prepare(both, as_catalogued(signal), known)
        numbers = dict(zip(EVIDENCE, found.evidence, strict=True))
        sigma = numbers["secondary_depth"] / numbers["secondary_significance"]
        pulls.append((numbers["secondary_depth"] - 3_000) / np.hypot(sigma, 0.02 * 3_000))
        ratios.append(numbers["secondary_depth"] / 3_000)
    assert abs(np.nanmedian(ratios) - 1) < 0.03
    assert np.nanmean(np.abs(pulls) < 2) > 0.8


@pytest.mark.parametrize("seconds", [600, 1800])
def test_the_cadence_makes_no_difference(archive_data, seconds):
    (plain,), known = light_curve(archive_data, real.PI_MEN)
    signal = Signal(3.7, plain.time[0] + 1.1, 2.4, 4_000.0, 0.4, 6037.0, 4.42)
    fine = with_signal(plain, signal)
    width = seconds / 86_400
    _, group = np.unique(np.floor((fine.time - fine.time[0]) / width), return_inverse=True)
    count = np.bincount(group)
    full = count >= 0.9 * np.median(count)
    coarse = replace(
        fine,
        time=(np.bincount(group, fine.time) / count)[full],
        flux=(np.bincount(group, fine.flux) / count)[full],
        error=np.full(full.sum(), np.nan),
        quality=np.zeros(full.sum(), dtype=np.int32),
        exposure=width,
    )
    depths = []
    for segment in (fine, coarse):
        found = prepare([segment], as_catalogued(signal), known)
        depths.append(dict(zip(EVIDENCE, found.evidence, strict=True))["depth"])
    assert depths[0] == pytest.approx(4_000, rel=0.02)
    assert depths[1] == pytest.approx(depths[0], rel=0.02)


@pytest.mark.parametrize("longest", [3.0, 12.0, 24.0])
def test_the_window_makes_no_difference(archive_data, longest):
    """Another planet of the star with a long transit makes the window long."""
    (plain,), known = light_curve(archive_data, real.QUIET_TESS[0])
    signal = Signal(3.7, plain.time[0] + 1.1, 2.4, 4_000.0, 0.4, 5778.0, 4.44)
    other = Signal(60.0, plain.time[0] + 12.0, longest)
    found = prepare([with_signal(plain, signal)], as_catalogued(signal), (*known, other))
    numbers = dict(zip(EVIDENCE, found.evidence, strict=True))
    assert numbers["depth"] == pytest.approx(4_000, rel=0.03)
    middle = np.median(found.views["local_view"].flux[50:55])
    assert middle == pytest.approx(0.996, abs=3e-4)


def test_the_fourth_year_of_kepler_leaves_no_trend(archive_data):
    segments = real.segments_of(archive_data, real.KEPLER_11)[-5:]
    known = tuple(real.signals_of(archive_data, real.KEPLER_11).values())
    curve = star_curve(segments, known)
    for segment, smooth in zip(curve.segments, curve.trends, strict=True):
        assert np.ptp(segment.flux) > 1e-3
        outside = ~in_transit(segment.time, known, 0.75)
        flat = (segment.flux / smooth)[outside]
        tenths = [np.mean(part) for part in np.array_split(flat, 10)]
        assert np.abs(np.array(tenths) - 1).max() < 3e-5
