"""Rows that lie at one place in the sky: one star, whatever it is called."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from backend.transit.rows import Index

Floats = NDArray[np.float64]

# Catalogues give a star's place to better than this, also some years apart.
SAME_PLACE_ARCSEC = 2.0

# A place that more rows have, or more places within 2 arcsec, stand for none, such as the middle of
# a field.
MOST_AT_A_PLACE = 100

_ARCSEC_PER_DEGREE = 3600.0

# The number of a cube from its three coordinates, which are below 2^20; and the steps from one to
# itself and to half of those around it.
_PLACE_OF_CUBE = np.array([1 << 40, 1 << 20, 1])
_TO_NEXT_CUBES = [
    step
    for each in product((-1, 0, 1), repeat=3)
    if (step := int(np.dot(each, _PLACE_OF_CUBE))) >= 0
]


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
    """Pairs of different places: intp, (m, 2).

    Space is cut into cubes as wide as the limit: what is near is in the same cube or in the next.
    """
    longitude, latitude = np.radians(places).T
    across = np.cos(latitude)
    points = np.stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
    )
    angle = np.radians(SAME_PLACE_ARCSEC / _ARCSEC_PER_DEGREE)
    widest = 2 * np.sin(angle / 2)
    cube = np.floor((points + 1) / widest).astype(np.int64) @ _PLACE_OF_CUBE
    order = np.argsort(cube, kind="stable")
    order = order[_have_few(cube[order])]
    cube, points = cube[order], points[order]
    found = []
    for step in _TO_NEXT_CUBES:
        one, other = _in_cubes_apart(cube, step)
        is_near = ((points[one] - points[other]) ** 2).sum(axis=1) <= widest**2
        found.append(np.stack([order[one[is_near]], order[other[is_near]]], axis=1))
    return np.concatenate(found)


def _have_few(cube: Index) -> NDArray[np.bool_]:
    """Which places, sorted by their cube, are in one with few."""
    return np.searchsorted(cube, cube, "right") - np.searchsorted(cube, cube) <= MOST_AT_A_PLACE


def _in_cubes_apart(cube: Index, step: int) -> tuple[Index, Index]:
    """Pairs whose second one is in the cube a step from the first one's; each pair once."""
    start = np.searchsorted(cube, cube + step)
    if step == 0:
        start = np.arange(1, len(cube) + 1)
    count = np.searchsorted(cube, cube + step, "right") - start
    one = np.repeat(np.arange(len(cube)), count)
    place = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    return one, place + np.repeat(start, count)
