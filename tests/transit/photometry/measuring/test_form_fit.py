"""The form of all transits together: what was made comes back, with honest sigmas."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.measuring.events import make_stretch
from backend.transit.photometry.measuring.form_fit import fit_form, fold_events
from backend.transit.photometry.measuring.shapes import shapes
from backend.transit.photometry.measuring.transits import measure_transits, weighted_mean
from tests.transit.photometry.made import HOT_JUPITER, segment, transit_flux


def fitted(truth, told, noise: float, seed: int = 0, days: float = 60.0):
    plain = segment(days=days, noise=noise, seed=seed)
    flux = plain.flux / 5000 * transit_flux(plain.time, plain.step, truth)
    stretch = make_stretch(plain.time, flux, plain.step, plain.step, told.duration_days)
    (first,) = shapes(told, 1000.0, np.array([0.3]), "kepler")
    transits = measure_transits([stretch], told, first, np.ones(1))
    fold = fold_events(transits.parts, told.duration_days)
    assert fold is not None
    depth, _ = weighted_mean(transits.depth[transits.seen], transits.sigma[transits.seen])
    return fit_form(fold, told, depth, "kepler")


@pytest.mark.parametrize("impact", [0.0, 0.5, 0.8, 0.95])
def test_without_noise_all_of_it_comes_back(impact):
    truth = replace(HOT_JUPITER, impact=impact)
    told = replace(truth, duration=3.3, epoch=truth.epoch + 0.01)
    form = fitted(truth, told, 1e-6)
    (shape,) = shapes(truth, truth.depth, np.array([impact]), "kepler")
    assert form.depth == pytest.approx(0.01, rel=0.005)
    assert form.duration * 24 == pytest.approx(3.0, rel=0.01)
    assert form.shift == pytest.approx(-0.01, abs=2e-4)
    assert form.ingress_share == pytest.approx(shape.ingress_share, abs=0.04)


def test_its_sigmas_are_how_far_it_is_off():
    pulls = []
    for seed in range(16):
        truth = replace(HOT_JUPITER, impact=0.05 * seed, depth=1_000.0)
        form = fitted(truth, truth, 4e-4, seed)
        pulls.append(
            (
                (form.depth - 1e-3) / form.depth_sigma,
                (form.duration - 3 / 24) / form.duration_sigma,
                form.shift / form.shift_sigma,
            )
        )
    spreads = np.sqrt(np.mean(np.square(pulls), axis=0))
    assert ((spreads > 0.5) & (spreads < 1.5)).all(), spreads


def test_where_noise_hides_all_the_catalogue_is_believed():
    form = fitted(replace(HOT_JUPITER, depth=20.0), HOT_JUPITER, 3e-3)
    assert abs(form.shift) < 0.15 * HOT_JUPITER.duration_days
    assert form.duration == pytest.approx(HOT_JUPITER.duration_days, rel=0.2)
    assert form.ingress_sigma > 0.1
