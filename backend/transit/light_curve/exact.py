"""A transit as it is, beside the curve whose bins hold its means.

Where a transit is narrower than a few bins, its curve no longer shows its shape: three bins over a
flat floor look like a V, which is the shape of an eclipsing binary.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.light_curve.curve import (
    BINS,
    last_contact_of,
    separation_at,
    third_contact_of,
)
from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.light_curve.orbit import Geometry

# From so many bins on, a curve shows the shape of its transit.
ENOUGH_BINS = 5

# Of the piece between two contacts. Straight lines between so many points keep the mean of every
# bin within 1e-6 of that of the flux itself; within 1e-5 in eclipses by a body of the star's size.
PIECE_POINTS = 160

# Bins from mid-transit to the ends, so that a flat part is seen beside the widest such transit.
HALF_BINS = 6.5


class ExactTransit(NamedTuple):
    """One transit, from a flat part before it to a flat part after it.

    Attributes:
        phase: float64, (m,), orbits since mid-transit, increasing.
        flux: float64, (m,), relative to out of transit.
    """

    phase: NDArray[np.float64]
    flux: NDArray[np.float64]


def bins_in_transit(transits: Geometry) -> NDArray[np.float64]:
    """How many bins of a curve each transit lasts, first to last contact: float64, (n,)."""
    return 2 * BINS * last_contact_of(transits)


def exact_transit(transit: Geometry) -> ExactTransit | None:
    """One transit at points that lie close where its flux bends; None if its bins show its shape.

    Args:
        transit: one, from `transit_geometry`.
    """
    if bins_in_transit(transit)[0] >= ENOUGH_BINS:
        return None
    last_contact = last_contact_of(transit)
    third_contact = third_contact_of(transit, last_contact)[0]
    half = np.append(_points(third_contact, last_contact[0]), HALF_BINS / BINS)
    flux = flux_at(transit, half)
    return ExactTransit(np.concatenate([-half[:0:-1], half]), np.concatenate([flux[:0:-1], flux]))


def flux_at(transit: Geometry, at_phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """The flux of one transit at some moments, relative to out of transit.

    Args:
        transit: one, from `transit_geometry`.
        at_phase: float64, (m,), orbits since mid-transit, within a quarter of an orbit.
    """
    k, u1, u2 = (
        np.broadcast_to(value, at_phase.shape)
        for value in (transit.radius_ratio, transit.u1, transit.u2)
    )
    return 1 - hidden_flux(separation_at(transit, np.abs(at_phase)), k, u1, u2)


def _points(third_contact: float, last_contact: float) -> NDArray[np.float64]:
    """Phases from mid-transit to the last contact, close together at the contacts."""
    steps = np.sin(np.linspace(0, np.pi / 2, PIECE_POINTS)) ** 2
    on_limb = third_contact + (last_contact - third_contact) * steps
    inside = third_contact * steps[:-1] if third_contact > 0 else steps[:0]
    return np.concatenate([inside, on_limb])
