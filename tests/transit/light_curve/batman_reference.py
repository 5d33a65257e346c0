"""Transit curves by the independent package batman (Kreidberg 2015), for tests and benchmarks."""

from pathlib import Path

import batman
import numpy as np

from backend.transit.catalog.reader import open_catalog
from backend.transit.light_curve.curve import BINS, Geometry
from backend.transit.light_curve.occultation import hidden_flux
from backend.transit.light_curve.orbit import scaled_semi_major_axis

MIDDLE = BINS // 2
HALF_CURVE = np.arange(MIDDLE + 1) / BINS


def koi_rows(archive_data: Path) -> np.ndarray:
    """The usable rows of the archive's KOI table: ROW_DTYPE, (n,)."""
    with (archive_data / "koi_cumulative.csv").open("rb") as stream:
        return np.concatenate([chunk.rows for chunk in open_catalog(stream, label_required=False)])


def transits_of(
    radius_ratio: np.ndarray,
    impact: np.ndarray,
    duration_in_orbits: np.ndarray,
    u1: np.ndarray,
    u2: np.ndarray,
) -> Geometry:
    """Transits by shape instead of depth, with a period of one day."""
    period, duration = np.ones_like(impact), 24 * duration_in_orbits
    return Geometry(
        period=period,
        duration=duration,
        depth=1e6 * hidden_flux(impact, radius_ratio, u1, u2),
        impact=impact,
        radius_ratio=radius_ratio,
        scaled_semi_major_axis=scaled_semi_major_axis(period, duration, radius_ratio, impact),
        u1=u1,
        u2=u2,
        flags=np.zeros(len(impact), np.uint8),
    )


def edge_cases() -> Geometry:
    """A seeded grid of transits whose contacts are hard to integrate over."""
    random = np.random.default_rng(20251004)
    shapes = []
    for k in (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5):
        near_contact = [1 - k + side * k * d for side in (-1, 1) for d in (1e-8, 1e-4, 0.01, 0.1)]
        grazing = [1.0, 1 + k * (1 - 1e-3), 1 + k * (1 - 1e-6)]
        for b in [0.0, 1 - k, *near_contact, *grazing, *random.uniform(0, 1 + k, 3)]:
            shapes += [(k, b, x) for x in (1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5)]
    stars = np.array([(0.3, 0.25), (0.6, 0.1), (0.1, 0.5), (0.7785, 0.2275)])
    u1, u2 = stars[random.integers(0, len(stars), len(shapes))].T
    radius_ratio, impact, duration_in_orbits = np.array(shapes).T
    return transits_of(radius_ratio, impact, duration_in_orbits, u1, u2)


def batman_parameters(transits: Geometry, row: int) -> batman.TransitParams:
    """One transit for batman, with a period of 1, so that its times are our phases."""
    parameters = batman.TransitParams()
    parameters.t0, parameters.per, parameters.ecc, parameters.w = 0.0, 1.0, 0.0, 90.0
    parameters.rp = transits.radius_ratio[row]
    parameters.a = transits.scaled_semi_major_axis[row]
    parameters.inc = np.degrees(np.arccos(transits.impact[row] / parameters.a))
    parameters.limb_dark = "quadratic"
    parameters.u = [transits.u1[row], transits.u2[row]]
    return parameters


def batman_flux(transits: Geometry, row: int, phases: np.ndarray, **options: float) -> np.ndarray:
    """batman's relative flux at `phases` (any shape); `options` as for batman.TransitModel."""
    parameters = batman_parameters(transits, row)
    model = batman.TransitModel(parameters, np.ascontiguousarray(phases.ravel()), **options)
    return model.light_curve(parameters).reshape(phases.shape)


def contact_phases(transits: Geometry, row: int) -> tuple[float, float]:
    """Phases after mid-transit of the third (0 where there is none) and the last contact."""
    radius_ratio, impact = transits.radius_ratio[row], transits.impact[row]
    axis = transits.scaled_semi_major_axis[row]

    def at_separation(separation: float) -> float:
        sine2 = max(separation**2 - impact**2, 0) / ((axis - impact) * (axis + impact))
        return float(np.arcsin(np.sqrt(min(sine2, 1))) / (2 * np.pi))

    third = at_separation(1 - radius_ratio) if impact < 1 - radius_ratio else 0.0
    return third, at_separation(1 + radius_ratio)


def converged_half_curve(transits: Geometry, row: int, samples: int = 24) -> np.ndarray:
    """Bin means of batman's flux from mid-transit on: float64, (1001,).

    batman's own supersampling converges as 1/samples. So its flux is sampled here at the nodes of
    a Gauss-Legendre rule in each bin, which is cut at the contacts and stretched to take up the
    square roots there; more than `samples` nodes change no bin by 0.001 ppm.
    """
    third, last = contact_phases(transits, row)
    edges = np.minimum((np.arange(MIDDLE + 1) + 0.5) / BINS, last)
    cuts = np.unique(np.concatenate([[0.0], edges, [third]]))
    start, length = cuts[:-1, np.newaxis], np.diff(cuts)[:, np.newaxis]

    x, weight = np.polynomial.legendre.leggauss(samples)
    angle = (x + 1) * np.pi / 4
    phases = start + length * np.sin(angle) ** 2
    hidden = (1 - batman_flux(transits, row, phases)) * np.sin(2 * angle) * weight * np.pi / 4

    in_bin = np.rint((cuts[:-1] + cuts[1:]) / 2 * BINS).astype(int)
    sums = np.bincount(in_bin, hidden.sum(axis=1) * length[:, 0], minlength=MIDDLE + 1)
    sums[0] *= 2
    return 1 - BINS * sums


def bins_in_half_transit(transits: Geometry, row: int) -> int:
    """How many bins from mid-transit on hold any of the transit."""
    return int(contact_phases(transits, row)[1] * BINS + 0.5) + 1


def largest_errors(curves: np.ndarray, transits: Geometry) -> np.ndarray:
    """Of each curve, the largest difference of a bin from batman: float64, (n,), ppm."""
    return np.array(
        [
            np.abs(curves[row, MIDDLE:] - converged_half_curve(transits, row)).max() * 1e6
            for row in range(len(transits))
        ]
    )
