"""From segments to views and numbers: made light curves of every awkward kind."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.evidence import (
    EVIDENCE,
    EVIDENCE_MEANINGS,
    EVIDENCE_UNITS,
)
from backend.transit.photometry.prepare import FLAGS, VIEWS, Prepared, prepare
from backend.transit.photometry.segments import Segment, Signal
from backend.transit.photometry.views import LOCAL_BINS, WHOLE_BINS
from tests.transit.photometry.made import (
    HOT_JUPITER,
    START,
    as_catalogued,
    half_later,
    segment,
    with_signal,
)

CATALOGUED = as_catalogued(HOT_JUPITER)


def numbers(prepared: Prepared) -> dict[str, float]:
    return dict(zip(EVIDENCE, prepared.evidence.tolist(), strict=True))


@pytest.fixture(scope="module")
def hot_jupiter() -> Prepared:
    return prepare([with_signal(segment(), HOT_JUPITER)], CATALOGUED)


def test_a_planet_has_its_depth_duration_and_form(hot_jupiter):
    found = numbers(hot_jupiter)
    assert hot_jupiter.is_usable
    assert hot_jupiter.flags == ()
    assert found["depth"] == pytest.approx(10_000, rel=0.01)
    assert found["depth_ratio"] == pytest.approx(1, rel=0.01)
    assert found["duration_ratio"] == pytest.approx(1, rel=0.03)
    assert found["transit_shift"] == pytest.approx(0, abs=0.01)
    assert found["ingress_share"] == pytest.approx(0.19, abs=0.05)
    assert found["transits_seen"] == found["transits_expected"] == 26
    assert found["point_scatter"] == pytest.approx(100, rel=0.1)
    assert found["red_noise"] == pytest.approx(1, abs=0.15)


def test_a_planet_has_no_second_eclipse_no_odd_ones_and_no_scatter(hot_jupiter):
    found = numbers(hot_jupiter)
    for name in ("secondary", "odd_even", "dip", "depth_scatter"):
        assert abs(found[f"{name}_significance"]) < 3.5, name


def test_the_views_show_the_transit_in_their_middle(hot_jupiter):
    middle = LOCAL_BINS // 2
    assert tuple(hot_jupiter.views) == VIEWS
    for name in ("local_view", "odd_view", "even_view"):
        flux = hot_jupiter.views[name].flux
        assert flux[middle] == pytest.approx(0.99, abs=3e-4), name
        assert np.median(flux[:30]) == pytest.approx(1, abs=1e-4), name
        np.testing.assert_allclose(flux, flux[::-1], atol=2.5e-3)
    assert hot_jupiter.views["global_view"].flux.argmin() == pytest.approx(
        WHOLE_BINS // 2, abs=WHOLE_BINS * 0.02
    )
    for name in ("secondary_view", "dip_view"):
        assert np.abs(hot_jupiter.views[name].flux - 1).max() < 1e-3, name


@pytest.mark.parametrize("period", [0.3, 1.0, 7.3, 40.0, 300.0])
def test_a_secondary_lands_half_an_orbit_later(period):
    duration = min(0.1 * period * 24, 8.0)
    signal = replace(HOT_JUPITER, period=period, duration=duration, depth=50_000.0)
    step = min(0.0204, duration / 24 / 10)
    plain = segment(days=min(3.2 * period, 700) + 10, step=step)
    found = prepare(
        [with_signal(with_signal(plain, signal), half_later(signal, 10_000.0))],
        as_catalogued(signal),
    )
    measured = numbers(found)
    assert measured["secondary_depth"] == pytest.approx(10_000, rel=0.05)
    assert measured["secondary_significance"] > 10
    assert measured["dip_significance"] < 3.5
    view = found.views["secondary_view"].flux
    assert view[LOCAL_BINS // 2] == pytest.approx(0.99, abs=1e-3)
    half = found.views["global_view"].flux[[0, 1, -1]]
    assert half.min() == pytest.approx(0.99, abs=1e-3)


def test_an_eclipse_elsewhere_is_the_deepest_dip():
    plain = with_signal(segment(), HOT_JUPITER)
    eccentric = replace(HOT_JUPITER, epoch=HOT_JUPITER.epoch + 0.3 * HOT_JUPITER.period, depth=900)
    measured = numbers(found := prepare([with_signal(plain, eccentric)], CATALOGUED))
    assert measured["dip_phase"] == pytest.approx(0.3, abs=0.01)
    assert measured["dip_depth"] == pytest.approx(900, rel=0.12)
    assert measured["dip_significance"] > 8
    assert abs(measured["secondary_significance"]) < 3.5
    assert found.views["dip_view"].flux[LOCAL_BINS // 2 - 4 : LOCAL_BINS // 2 + 5].mean() < 0.9994


def test_an_eclipsing_binary_at_half_its_period_has_odd_and_even_depths():
    double = replace(HOT_JUPITER, period=2 * HOT_JUPITER.period)
    plain = with_signal(segment(), double)
    binary = with_signal(plain, half_later(double, 8_000.0))
    found = prepare([binary], CATALOGUED)
    measured = numbers(found)
    # Even transits are the deeper ones: the epoch is one of them.
    assert measured["odd_even_difference"] == pytest.approx(-2_000 / 9_000, rel=0.1)
    assert measured["odd_even_significance"] < -20
    middle = LOCAL_BINS // 2
    assert found.views["odd_view"].flux[middle] == pytest.approx(0.992, abs=3e-4)
    assert found.views["even_view"].flux[middle] == pytest.approx(0.990, abs=3e-4)


def test_a_grazing_eclipse_is_a_v():
    grazing = replace(HOT_JUPITER, impact=1.02)
    measured = numbers(prepare([with_signal(segment(), grazing)], as_catalogued(grazing)))
    assert measured["ingress_share"] > 0.9
    assert measured["depth"] == pytest.approx(10_000, rel=0.03)


def test_depths_that_follow_the_season_say_so():
    quarters = []
    for number in range(3, 11):
        depth = 10_000.0 if number % 4 else 8_000.0
        plain = segment(days=60, start=START + 90 * number, seed=number, name=f"Q{number}")
        quarters.append(with_signal(plain, replace(HOT_JUPITER, depth=depth)))
    measured = numbers(prepare(quarters, CATALOGUED))
    assert measured["season_correlation"] > 0.9
    assert measured["season_significance"] > 10
    assert measured["depth_scatter"] == pytest.approx(0.09, abs=0.02)


def test_other_planets_of_the_star_are_left_out():
    other = replace(HOT_JUPITER, period=4.7, epoch=START + 2.2, depth=30_000.0)
    both = with_signal(with_signal(segment(), HOT_JUPITER), other)
    known = numbers(prepare([both], CATALOGUED, (other,)))
    unknown = numbers(prepare([both], CATALOGUED))
    assert known["depth"] == pytest.approx(10_000, rel=0.02)
    assert known["depth_scatter_significance"] < 3.5
    assert unknown["depth_scatter_significance"] > 10


def test_unsorted_and_doubled_times_change_nothing(hot_jupiter):
    plain = with_signal(segment(), HOT_JUPITER)
    twice = np.random.default_rng(8).permutation(np.tile(np.arange(len(plain)), 2))
    found = prepare([plain.where(twice)], CATALOGUED)
    np.testing.assert_allclose(found.evidence, hot_jupiter.evidence, rtol=1e-9)
    assert found.points == hot_jupiter.points


def test_a_segment_that_is_given_twice_counts_once(hot_jupiter):
    plain = with_signal(segment(), HOT_JUPITER)
    found = prepare([plain, plain], CATALOGUED)
    np.testing.assert_allclose(found.evidence, hot_jupiter.evidence, rtol=1e-9)


def test_the_unit_of_the_flux_changes_nothing(hot_jupiter):
    plain = with_signal(segment(), HOT_JUPITER)
    found = prepare([replace(plain, flux=plain.flux * 1e-6)], CATALOGUED)
    np.testing.assert_allclose(found.evidence, hot_jupiter.evidence, rtol=1e-6)


def test_quarters_of_different_brightness_are_one_light_curve():
    parts = [
        with_signal(segment(days=30, start=START + 40 * n, seed=n, name=f"Q{n}"), HOT_JUPITER)
        for n in range(4)
    ]
    parts = [replace(part, flux=part.flux * (1 + n)) for n, part in enumerate(parts)]
    measured = numbers(prepare(parts, CATALOGUED))
    assert measured["depth"] == pytest.approx(10_000, rel=0.01)
    assert measured["depth_scatter_significance"] < 3.5


def test_a_gap_in_the_middle_of_a_sector_hides_its_transit():
    plain = with_signal(segment(), HOT_JUPITER)
    hidden = HOT_JUPITER.epoch + 7 * HOT_JUPITER.period
    found = prepare([plain.where(np.abs(plain.time - hidden) > 1.0)], CATALOGUED)
    measured = numbers(found)
    assert (measured["transits_seen"], measured["transits_expected"]) == (25, 26)
    assert measured["depth"] == pytest.approx(10_000, rel=0.01)


def test_a_jump_in_a_gap_is_no_transit():
    plain = with_signal(segment(), HOT_JUPITER)
    late = plain.time > START + 40
    jumped = replace(plain, flux=np.where(late, plain.flux * 1.05, plain.flux))
    found = prepare([jumped.where(np.abs(plain.time - START - 40) > 0.6)], CATALOGUED)
    assert numbers(found)["depth"] == pytest.approx(10_000, rel=0.01)
    assert np.abs(found.views["global_view"].flux - 1).max() < 0.012


LONG = replace(HOT_JUPITER, period=500.0, epoch=START + 33.3, duration=10.0)


def test_a_period_longer_than_the_data_is_flagged_and_its_transit_measured():
    found = prepare([with_signal(segment(), LONG)], as_catalogued(LONG))
    measured = numbers(found)
    assert found.flags == ("period longer than the data", "one transit")
    assert found.is_usable
    assert measured["depth"] == pytest.approx(10_000, rel=0.02)
    assert measured["transits_seen"] == measured["transits_expected"] == 1
    assert np.isnan(measured["odd_even_significance"])
    assert np.isnan(measured["depth_scatter_significance"])
    assert not found.views["odd_view"].has_points.any()
    assert 0.1 < found.views["global_view"].has_points.mean() < 0.2


def test_where_no_transit_was_observed_nothing_can_be_used():
    elsewhere = replace(LONG, epoch=START + 300)
    found = prepare([segment()], elsewhere)
    assert not found.is_usable
    assert "no data in transit" in found.flags
    assert np.isnan(numbers(found)["depth"])


def only(plain: Segment, points: list[int]) -> Segment:
    return plain.where(np.array(points))


def empty(plain: Segment) -> Segment:
    return plain.where(np.zeros(len(plain), dtype=bool))


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        (empty, "no usable points"),
        (lambda plain: replace(plain, time=plain.time * np.nan), "no usable points"),
        (lambda plain: replace(plain, flux=plain.flux * np.nan), "no usable points"),
        (lambda plain: replace(plain, flux=plain.flux * 0), "no usable points"),
        (lambda plain: replace(plain, quality=plain.quality + 1), "no usable points"),
        (lambda plain: replace(plain, flux=plain.flux * 0 + 7), "constant flux"),
        (lambda plain: only(plain, [0]), "no data in transit"),
        (lambda plain: only(plain, [0, 1, 2]), "no data in transit"),
        (lambda plain: only(plain, [63, 64, 65]), "few points"),
    ],
)
def test_what_cannot_be_used_is_flagged_and_nothing_is_raised(change, flag):
    found = prepare([change(segment())], CATALOGUED)
    assert flag in found.flags
    assert set(found.flags) <= set(FLAGS)
    assert found.evidence.shape == (len(EVIDENCE),)
    assert not np.isinf(found.evidence).any()
    for name, view in found.views.items():
        assert len(view.flux) == (WHOLE_BINS if name == "global_view" else LOCAL_BINS)
        assert np.isfinite(view.flux).all()


def test_without_any_segment_nothing_can_be_used():
    assert prepare([], CATALOGUED).flags == ("no usable points",)


def test_without_an_epoch_nothing_can_be_used():
    found = prepare([segment()], Signal(3.0, np.nan, 3.0))
    assert found.flags == ("no usable signal",)
    assert not found.is_usable


def test_another_signal_without_an_epoch_is_passed_over(hot_jupiter):
    found = prepare([with_signal(segment(), HOT_JUPITER)], CATALOGUED, (Signal(9.0, np.nan, 3.0),))
    np.testing.assert_allclose(found.evidence, hot_jupiter.evidence, rtol=1e-9)


def test_every_number_has_a_unit_and_a_meaning():
    assert tuple(EVIDENCE_UNITS) == tuple(EVIDENCE_MEANINGS) == EVIDENCE
    assert all(meaning.endswith(".") for meaning in EVIDENCE_MEANINGS.values())
