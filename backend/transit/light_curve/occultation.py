"""The light that a dark disc hides of a star with quadratic limb darkening.

The brightness at distance r from the star's centre, with mu = sqrt(1 - r^2), is

    I = 1 - u1 (1 - mu) - u2 (1 - mu)^2 = (1 - u1 - 2 u2) + (u1 + 2 u2) mu + u2 r^2

so the hidden light needs three integrals over the hidden area: of 1, of r^2 (both elementary) and
of mu. Green's theorem turns the last into two thirds of the hidden area plus

    1/3 * integral along the planet's edge of mu^2 / (1 + mu) * (k^2 + z k cos(phi)) dphi

with k the radius ratio, z the separation of the centres and phi the position angle on the planet's
edge. This form has no case distinction at z = k or z = 0 and loses no digits for small planets. Its
integrand is smooth in the angle used here, so a few Gauss-Legendre nodes replace the elliptic
integrals of the closed form (Mandel & Agol 2002, ApJ 580, L171; Agol, Luger & Foreman-Mackey 2020,
AJ 159, 123, whose tests of the hard cases are repeated in `test_occultation.py`).
"""

import numpy as np
from numpy.typing import NDArray

# 16 nodes keep the error below 1e-7 of the star's light for every radius ratio up to 1; it is
# largest within 1e-4 of the inner contacts and below 1e-9 elsewhere.
QUADRATURE_NODES = 16
_x, _weight = np.polynomial.legendre.leggauss(QUADRATURE_NODES)
_angle = (_x + 1) * np.pi / 4
_SIN2 = np.sin(_angle) ** 2
_COS = np.cos(_angle)
# Both sums over the nodes, plain and times sin^2, in one matrix product.
_SUMS = np.stack([_weight, _weight * _SIN2]) * (np.pi / 4)
_CROSSING_SUMS = _SUMS * _COS**3

# Keeps divisions finite where the centres or the edges meet exactly.
_TINY = 1e-30


def hidden_flux(
    separation: NDArray[np.float64],
    radius_ratio: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Part of the star's light that the planet hides.

    Args:
        separation: float64, (n,), between the centres, stellar radii, at least 0.
        radius_ratio: float64, (n,), Rp/R*, 0 to 1.
        u1: float64, (n,), linear limb-darkening coefficient.
        u2: float64, (n,), quadratic limb-darkening coefficient.

    Returns:
        float64, (n,), fraction of the star's light: 0 where nothing is hidden.
    """
    hidden = np.zeros_like(separation)
    for selected, part in (
        (separation <= 1 - radius_ratio, hidden_flux_inside),
        (np.abs(separation - 1) < radius_ratio, hidden_flux_crossing),
    ):
        if selected.any():  # of a single candidate, one of the parts is empty
            hidden[selected] = part(*(v[selected] for v in (separation, radius_ratio, u1, u2)))
    return hidden


def hidden_flux_inside(
    z: NDArray[np.float64], k: NDArray[np.float64], u1: NDArray[np.float64], u2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`hidden_flux` where the planet's disc is wholly on the star: z <= 1 - k.

    The arrays broadcast against `z`.
    """
    # mu^2 along the planet's edge is `nearest` - `spread` sin^2(angle), angle 0 to pi/2.
    nearest = (1 + k - z) * (1 - k + z)
    spread = 4 * z * k
    mu2 = np.maximum(nearest - _SIN2.reshape(-1, *[1] * z.ndim) * spread, 0)
    plain, sine = _sums(_SUMS, mu2 / (1 + np.sqrt(mu2)))
    area = np.pi * k * k
    mu_integral = 2 / 3 * area + 4 / 3 * (k * (k - z) * plain + spread / 2 * sine)
    return _fraction(area, mu_integral, area * (z * z + k * k / 2), u1, u2)


def hidden_flux_crossing(
    z: NDArray[np.float64], k: NDArray[np.float64], u1: NDArray[np.float64], u2: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`hidden_flux` where the planet's edge crosses the star's: 1 - k <= z <= 1 + k.

    The arrays broadcast against `z`.
    """
    nearest = np.maximum((1 + k - z) * (1 - k + z), _TINY)
    # mu = sqrt(nearest) cos(angle) along the part of the edge that is on the star.
    ratio = np.maximum(4 * z * k / nearest, 1)
    shape = (-1, *[1] * z.ndim)
    edge = (1 + _COS.reshape(shape) * np.sqrt(nearest)) * np.sqrt(ratio - _SIN2.reshape(shape))
    plain, sine = _sums(_CROSSING_SUMS, 1 / edge)
    area, r2_integral = _lens(z, k)
    mu_integral = 2 / 3 * area + 4 / 3 * nearest * (k * (k - z) * plain + nearest / 2 * sine)
    return _fraction(area, mu_integral, r2_integral, u1, u2)


def _sums(weights: NDArray[np.float64], integrand: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both weighted sums over the first axis of `integrand`, as the first axis of the result."""
    sums = weights @ integrand.reshape(len(integrand), -1)
    return sums.reshape(2, *integrand.shape[1:])


def _lens(
    z: NDArray[np.float64], k: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Area common to both discs, and the integral of r^2 over it (Mandel & Agol 2002, table 1)."""
    # 1 - k first: exact where k is near 1, so that z may be as small as it likes.
    gap = 1 - k
    kite = np.sqrt(np.maximum((1 + k + z) * (1 + k - z) * (gap + z) * (z - gap), 0))
    k2, z2 = k * k, z * z
    at_planet = np.arctan2(kite, z2 - gap * (1 + k))
    at_star = np.arctan2(kite, z2 + gap * (1 + k))
    area = k2 * at_planet + at_star - kite / 2
    r2 = at_star + k2 * (k2 + 2 * z2) * at_planet - (1 + 5 * k2 + z2) * kite / 4
    return area, r2 / 2


def _fraction(
    area: NDArray[np.float64],
    mu_integral: NDArray[np.float64],
    r2_integral: NDArray[np.float64],
    u1: NDArray[np.float64],
    u2: NDArray[np.float64],
) -> NDArray[np.float64]:
    hidden = (1 - u1 - 2 * u2) * area + (u1 + 2 * u2) * mu_integral + u2 * r2_integral
    return hidden / (np.pi * (1 - u1 / 3 - u2 / 6))
