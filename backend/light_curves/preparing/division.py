"""Divides the rows of a table whose stars have light curves into parts, a star's rows together.

The division depends on table and curve set alone: whoever goes on after a kill finds the same one.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.storage.curve_sets.versions import CurveSet

# A part is about half a minute of work: not much is lost with it.
MOST_ROWS = 64
_MOST_POINTS = 2_000_000


class StarRows(NamedTuple):
    """A star that has light curves, and its rows in the table.

    Attributes:
        star: its identifier.
        rows: int64, (n,), positions from 0, increasing.
    """

    star: str
    rows: NDArray[np.int64]


class Part(NamedTuple):
    """A share of the work.

    Attributes:
        number: from 0.
        stars: in order of their identifiers.
        key: of what is in the part, given what is prepared: SHA-256, hexadecimal.
    """

    number: int
    stars: tuple[StarRows, ...]
    key: str

    @property
    def rows(self) -> int:
        """How many."""
        return sum(len(each.rows) for each in self.stars)


def divide(table: Path, curves: CurveSet, key: str, most_rows: int = MOST_ROWS) -> list[Part]:
    """The parts of a table; none if no star of it has a light curve.

    Args:
        table: of the dataset: `.npy` of ROW_DTYPE.
        curves: the set.
        key: of table, set and recipe.
        most_rows: of a part, but for a star that has more.

    Raises:
        OSError: the table cannot be read.
    """
    names, place = np.unique(curves.index["star"], return_inverse=True)
    weights = curves.index["points"].astype(np.float64)
    points = np.bincount(place, weights, minlength=len(names)).astype(np.float64)
    found: list[list[StarRows]] = []
    rows_of_part, points_of_part = 0, 0.0
    for star, rows, weight in _stars(table, names, points):
        is_full = rows_of_part + len(rows) > most_rows or points_of_part + weight > _MOST_POINTS
        if not found or is_full:
            found.append([])
            rows_of_part, points_of_part = 0, 0.0
        found[-1].append(StarRows(star.decode("utf-8", "replace"), rows))
        rows_of_part, points_of_part = rows_of_part + len(rows), points_of_part + weight
    return [Part(number, tuple(stars), _key_of(key, stars)) for number, stars in enumerate(found)]


def _stars(
    table: Path, names: NDArray[np.bytes_], points: NDArray[np.float64]
) -> Iterator[tuple[bytes, NDArray[np.int64], float]]:
    """The stars that are in both, with their rows and their points, in order."""
    stars = np.load(table, mmap_mode="r")["star"]
    rows = np.flatnonzero(np.isin(stars, names) & (stars != b""))
    rows = rows[np.argsort(stars[rows], kind="stable")]
    found, counts = np.unique(stars[rows], return_counts=True)
    if not len(found):
        return
    for star, of_star in zip(found, np.split(rows, np.cumsum(counts)[:-1]), strict=True):
        yield star, of_star, float(points[np.searchsorted(names, star)])


def _key_of(key: str, stars: list[StarRows]) -> str:
    of_part = hashlib.sha256(key.encode())
    for each in stars:
        of_part.update(each.star.encode() + b"\n" + each.rows.astype("<i8").tobytes())
    return of_part.hexdigest()
