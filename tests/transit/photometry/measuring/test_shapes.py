"""The form of a transit: against the transit model's own flux."""

from dataclasses import replace

import numpy as np
import pytest

from backend.transit.photometry.measuring.shapes import profile, shapes
from tests.transit.photometry.made import HOT_JUPITER, START, transit_flux

LONG = replace(HOT_JUPITER, period=60.0, duration=5.0, epoch=START)


@pytest.mark.parametrize("exposure", [0.0, 0.0204, 0.1])
@pytest.mark.parametrize(("impact", "depth"), [(0.0, 1e4), (0.6, 500.0), (0.95, 1e4), (0.3, 2e5)])
def test_the_form_is_the_models_flux_as_an_exposure_sees_it(impact, depth, exposure):
    signal = replace(LONG, impact=impact, depth=depth)
    offset = np.linspace(-0.2, 0.2, 161)
    (shape,) = shapes(signal, depth, np.array([impact]), "kepler")
    found = profile(shape, offset, signal.duration_days, exposure)
    wanted = (1 - transit_flux(START + offset, exposure, signal)) / depth * 1e6
    # The model is averaged over 15 moments, the form by its integral.
    np.testing.assert_allclose(found, wanted, atol=0.04)
    assert np.abs(found - wanted).mean() < 0.004


def test_a_form_is_1_in_its_middle_and_0_outside():
    (shape,) = shapes(LONG, 1000.0, np.array([0.3]), "kepler")
    days = LONG.duration_days
    found = profile(shape, np.array([0.0, days / 2 + 0.001, -days]), days, 0.0)
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-5)


def test_the_ingress_share_runs_from_a_u_to_a_v():
    found = [shape.ingress_share for shape in shapes(LONG, 1e4, np.array([0, 0.8, 1.0]), "tess")]
    # k is about 0.09: 1 - 0.91 / 1.09 of a central transit.
    assert found[0] == pytest.approx(0.17, abs=0.02)
    assert found[0] < found[1] < found[2]
    assert found[2] == 1
