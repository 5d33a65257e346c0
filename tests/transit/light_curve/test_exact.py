"""Transits as they are: the means of their bins are the curve's, their shape is batman's."""

import numpy as np
import pytest

from backend.transit.light_curve.curve import BINS, phase, transit_curves, transit_geometry
from backend.transit.light_curve.exact import bins_in_transit, exact_transit, flux_at
from backend.transit.light_curve.orbit import Geometry
from tests.transit.light_curve.batman_reference import batman_flux


def transit(bins: float, **changes: float) -> Geometry:
    """One transit that lasts so many bins."""
    row = {"period": 100.0, "depth": 10_000.0, "impact": 0.4, "steff": 5800.0, "slogg": 4.4}
    row |= {"duration": bins / BINS * 2400} | changes
    return transit_geometry({name: np.array([value]) for name, value in row.items()}, "kepler")


SHAPES = [(100, 0.0), (10_000, 0.4), (50_000, 0.9), (9e5, 0.1), (2e5, 1.2)]
WIDTHS = [0.001, 0.5, 1.0, 1.5, 2.999, 4.99]


def bin_sums(pieces: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """What lies in each bin of some integrals over pieces, whose ends are bins' edges among others.

    Args:
        pieces: of the hidden flux, (m,).
        ends: of the pieces, (m + 1,).
    """
    middles = (ends[1:] + ends[:-1]) / 2
    return np.bincount(np.rint((middles + 0.5) * BINS - 0.5).astype(int), pieces, BINS)


def cut_at_bins(at_phase: np.ndarray) -> np.ndarray:
    """Phases and the bins' edges among them, increasing."""
    edges = phase() + 0.5 / BINS
    return np.union1d(at_phase, edges[np.abs(edges) < at_phase[-1]])


@pytest.mark.parametrize("bins", WIDTHS)
@pytest.mark.parametrize(("depth", "impact"), SHAPES)
def test_the_means_of_the_exact_flux_over_the_bins_are_the_bins(bins, depth, impact):
    drawn = transit(bins, depth=depth, impact=impact)
    ends = cut_at_bins(exact_transit(drawn).phase)
    nodes, weights = np.polynomial.legendre.leggauss(3)
    lengths = np.diff(ends)
    at = ends[:-1, np.newaxis] + lengths[:, np.newaxis] * (nodes + 1) / 2
    hidden = 1 - flux_at(drawn, at.ravel()).reshape(at.shape)

    means = 1 - BINS * bin_sums(hidden @ weights / 2 * lengths, ends)

    curve = transit_curves(drawn, np.float64)[0]
    np.testing.assert_allclose(means, curve, rtol=0, atol=1e-7)


@pytest.mark.parametrize("bins", WIDTHS)
@pytest.mark.parametrize(("depth", "impact"), SHAPES)
def test_straight_lines_between_the_points_keep_the_means(bins, depth, impact):
    drawn = transit(bins, depth=depth, impact=impact)
    exact = exact_transit(drawn)
    ends = cut_at_bins(exact.phase)
    hidden = 1 - np.interp(ends, *exact)

    means = 1 - BINS * bin_sums((hidden[1:] + hidden[:-1]) / 2 * np.diff(ends), ends)

    curve = transit_curves(drawn, np.float64)[0]
    np.testing.assert_allclose(means, curve, rtol=0, atol=1e-6 if depth < 1e5 else 1e-5)


@pytest.mark.parametrize("impact", [0.0, 0.4, 0.95, 1.02])
def test_the_exact_transit_is_batmans(impact):
    drawn = transit(1.5, impact=impact)

    exact = exact_transit(drawn)

    assert 1 - exact.flux.min() == pytest.approx(0.01, abs=1e-9)
    np.testing.assert_allclose(exact.flux, batman_flux(drawn, 0, exact.phase), rtol=0, atol=2e-7)


def test_it_begins_and_ends_flat_and_mirrors_at_mid_transit():
    at_phase, flux = exact_transit(transit(4.9))

    assert (np.diff(at_phase) > 0).all()
    assert flux[0] == flux[-1] == 1
    assert -at_phase[0] == at_phase[-1] == 6.5 / BINS
    assert np.array_equal(flux, flux[::-1])
    assert np.array_equal(at_phase, -at_phase[::-1])


def test_a_transit_of_five_bins_is_shown_by_its_bins_alone():
    assert exact_transit(transit(4.999)) is not None
    assert exact_transit(transit(5.001)) is None
    assert bins_in_transit(transit(1.5)) == pytest.approx(1.5)
