"""The form of a transit, from U to V, as a line of light curve against which depths are measured.

Along a transit the planet moves nearly straight. With x running from -1 at the first to 1 at the
last contact, impact b and radius ratio k, the distance of the centres is

    z = sqrt(b^2 + ((1 + k)^2 - b^2) x^2)

so a form depends on b, k and the limb darkening alone, and the duration only scales it.
"""

from typing import NamedTuple

import numpy as np

from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.photometry.segments import Floats, Signal

# Points of a form from its first contact to its last; straight lines in between.
_POINTS = 257
# What a form may be asked to hide: a smaller planet has the same form, and a larger is no planet.
_DEPTHS_PPM = (10.0, 900_000.0)

# The band of the limb darkening; K2 flew the instrument of Kepler.
_BANDS = {"tess": "tess"}


class Shape(NamedTuple):
    """The form of a transit.

    Attributes:
        integral: float64, (257,), of the form over x from -1; the form is 1 in its middle.
        ingress_share: the part of the duration in which the disc of the planet is on the limb of
            the star's: near 0 for a U, 1 for a V.
    """

    integral: Floats
    ingress_share: float


def shapes(signal: Signal, depth_ppm: float, impacts: Floats, mission: str) -> list[Shape]:
    """The forms of transits of one depth, one an impact.

    Args:
        signal: of its period, duration and star; unknown numbers of the star are the Sun's.
        depth_ppm: at mid-transit.
        impacts: float64, (m,), stellar radii; lowered where no planet gives that depth.
        mission: whose limb darkening is taken.
    """
    ones = np.ones_like(impacts)
    geometry = transit_geometry(
        {
            "period": signal.period * ones,
            "duration": signal.duration * ones,
            "depth": np.clip(depth_ppm, *_DEPTHS_PPM) * ones,
            "impact": impacts,
            "steff": signal.steff * ones,
            "slogg": signal.slogg * ones,
        },
        _BANDS.get(mission, "kepler"),
    )
    b2, k = geometry.impact[:, np.newaxis] ** 2, geometry.radius_ratio[:, np.newaxis]
    x = np.linspace(-1, 1, _POINTS)
    separation = np.sqrt(b2 + ((1 + k) ** 2 - b2) * x**2)
    per_point = [
        np.broadcast_to(value[:, np.newaxis], separation.shape).ravel()
        for value in (geometry.radius_ratio, geometry.u1, geometry.u2)
    ]
    hidden = hidden_flux(separation.ravel(), *per_point).reshape(separation.shape)
    forms = hidden / hidden[:, [_POINTS // 2]]
    steps = (forms[:, 1:] + forms[:, :-1]) / (_POINTS - 1)
    integrals = np.concatenate([np.zeros((len(forms), 1)), np.cumsum(steps, axis=1)], axis=1)
    flat2 = np.maximum((1 - k) ** 2 - b2, 0) * (np.sqrt(b2) < 1 - k)
    shares = 1 - np.sqrt(flat2 / ((1 + k) ** 2 - b2))[:, 0]
    return [Shape(*pair) for pair in zip(integrals, shares.tolist(), strict=True)]


def profile(
    shape: Shape, offset: Floats, duration: Floats | float, integration: Floats | float
) -> Floats:
    """The form as points see it that are integrated over some time.

    Args:
        offset: float64, any shape, days after mid-transit.
        duration, integration: days; they broadcast against `offset`.

    Returns:
        float64: the mean of the form over each point, 0 to 1.
    """
    half = np.maximum(integration, duration * 1e-3) / duration
    x = offset * (2 / duration)
    ends = np.stack([x - half, x + half])
    nodes = np.linspace(-1, 1, _POINTS)
    before, after = np.interp(ends, nodes, shape.integral)
    return (after - before) / (2 * half)
