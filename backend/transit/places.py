"""Rows that lie at one place in the sky: one star, whatever it is called."""

import numpy as np
from numpy.typing import NDArray

from backend.transit.rows import Index

Floats = NDArray[np.float64]

# Catalogues give a star's place to better than this, also some years apart.
SAME_PLACE_ARCSEC = 2.0

# A place that more rows have stands for none, such as the middle of a field.
MOST_AT_A_PLACE = 100

_ARCSEC_PER_DEGREE = 3600.0


def pairs_at_one_place(ra: Floats, dec: Floats) -> tuple[Index, Index]:
    """Pairs of rows that lie within 2 arcsec of each other, enough to join all that do.

    Args:
        ra, dec: float64, (n,), degrees; NaN where unknown.

    Returns:
        intp, (m,) each.
    """
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    if len(known) < 2:
        return known[:0], known[:0]
    places, place = np.unique(
        np.stack([ra[known], dec[known]], axis=1), axis=0, return_inverse=True
    )
    place = place.ravel()
    sizes = np.bincount(place)
    order = np.argsort(place, kind="stable")
    first = known[order[np.cumsum(sizes) - sizes]]  # of each place
    is_one = sizes <= MOST_AT_A_PLACE
    equal = is_one[place]
    near = _near(places[is_one])
    found = first[is_one]
    return (
        np.concatenate([known[equal], found[near[:, 0]]]),
        np.concatenate([first[place[equal]], found[near[:, 1]]]),
    )


def _near(places: Floats) -> Index:
    """Pairs of different places: intp, (m, 2)."""
    from scipy.spatial import cKDTree  # not in a server

    longitude, latitude = np.radians(places).T
    across = np.cos(latitude)
    points = np.stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
    )
    angle = np.radians(SAME_PLACE_ARCSEC / _ARCSEC_PER_DEGREE)
    return np.asarray(cKDTree(points).query_pairs(2 * np.sin(angle / 2), output_type="ndarray"))
