"""The training rows that lie nearest to a candidate, and how far away they are.

A column's share of the distance is measured on a logarithmic scale, in units of the column's
spread over the training rows. What a candidate lacks is left out; a value that a training row lacks
counts as the column's median: such a row is no witness of anything unusual.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import COLUMNS, LABELS, REQUIRED, ROW_DTYPE
from backend.transit.keys import read_rows, star_groups
from backend.transit.rows import Index, Rows

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

NEIGHBOURS = 5

# A model of more training rows keeps a random choice of them: 6 MB.
MAX_ROWS = 50_000

# A candidate is in a sparse place if it lies farther from its neighbours than this share of the
# training rows from theirs.
SPARSE_QUANTILE = 0.99

# Training rows that are asked how far their own neighbours are: more hardly change a percentile.
MAX_MEASURED = 10_000

# One training row: `row` is its place in the dataset, from 0.
NEIGHBOUR_DTYPE = np.dtype([("row", "<i8"), *ROW_DTYPE.descr])

# One of the nearest training rows; `row` is -1 where there is none, `distance` NaN then.
NEAREST_DTYPE = np.dtype(
    [
        ("row", "<i8"),
        ("line", "<i8"),
        ("star", "S48"),
        ("label", "i1"),
        ("period", "<f8"),
        ("depth", "<f8"),
        ("distance", "<f8"),
    ]
)

Array = NDArray[np.float64]

# Of rows in the space of some columns: the distances of the nearest training rows, and which.
_Look = Callable[[NDArray[np.bool_], Array, int], tuple[Array, Index]]

# A row that has hardly any of another star among so many nearest ones is not measured: a search for
# all 10,000 among thousands takes gigabytes.
_MOST_SEARCHED = 160

_NORMAL_QUARTILES = 1.349  # the distance between the quartiles of a normal distribution

_TREES_KEPT = 8  # one for each combination of known columns


def keep_neighbours(table: Rows, places: Index, seed: int) -> NDArray[np.void]:
    """What a model keeps of its training rows.

    Args:
        table: ROW_DTYPE, the dataset's rows.
        places: (n,), increasing, where the training rows stand in it.
        seed: of the choice where there are more than MAX_ROWS.

    Returns:
        NEIGHBOUR_DTYPE, (min(n, MAX_ROWS),), in the order of the dataset.
    """
    if len(places) > MAX_ROWS:
        random = np.random.default_rng([seed, 7])
        places = places[np.sort(random.choice(len(places), MAX_ROWS, replace=False))]
    rows = read_rows(table, places)
    kept = np.empty(len(rows), NEIGHBOUR_DTYPE)
    kept["row"] = places
    for name in ROW_DTYPE.names or ():
        kept[name] = rows[name]
    return kept


def no_neighbours(count: int) -> NDArray[np.void]:
    """NEAREST_DTYPE, (count, 5), for candidates whose neighbours are not known."""
    nearest = np.zeros((count, NEIGHBOURS), NEAREST_DTYPE)
    nearest["row"], nearest["distance"] = -1, np.nan
    return nearest


def describe_nearest(nearest: NDArray[np.void], sparse_above: float | None) -> list[dict[str, Any]]:
    """The neighbours of candidates, as the API shows them.

    Args:
        nearest: NEAREST_DTYPE, (n, 5).
        sparse_above: of the model, from its manifest.

    Returns:
        For each candidate `nearest`, its neighbours, None where they are not known; `sparsity`,
        its mean distance to them over `sparse_above`, and `is_sparse`, whether that is above 1,
        None where fewer than five are known.
    """
    known = (nearest["row"] >= 0).sum(axis=1).tolist()
    sparsity = nearest["distance"].mean(axis=1) / (sparse_above or np.nan)
    return [
        {
            "nearest": [_described(each) for each in rows[:count]] if count else None,
            "is_sparse": ratio > 1 if math.isfinite(ratio) else None,
            "sparsity": ratio if math.isfinite(ratio) else None,
        }
        for rows, count, ratio in zip(nearest.tolist(), known, sparsity.tolist(), strict=True)
    ]


def _described(values: tuple[Any, ...]) -> dict[str, Any]:
    row, line, star, label, period, depth, distance = values  # of NEAREST_DTYPE
    return {
        "row": row,
        "line": line,
        "star": star.decode(),
        "label": LABELS[label],
        "period": period,
        "depth": depth,
        "distance": distance,
    }


class TrainingNeighbours:
    """Finds the nearest ones of some training rows."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        """Measure the columns.

        Args:
            rows: NEIGHBOUR_DTYPE, (n,).
        """
        self._rows = rows
        values = _on_our_scales(rows)
        self._centre, self._spread = _centre_and_spread(values)
        self._places = np.nan_to_num((values - self._centre) / self._spread)
        self._trees: OrderedDict[bytes, cKDTree] = OrderedDict()

    def nearest(self, rows: Rows) -> NDArray[np.void]:
        """The nearest training rows of candidates, the nearest first.

        Args:
            rows: ROW_DTYPE, (n,); features may be NaN.

        Returns:
            NEAREST_DTYPE, (n, 5); without a training row nothing is near.
        """
        return self._rows_at(*self._search(_on_our_scales(rows), NEIGHBOURS))

    def nearest_to_few(self, rows: Rows) -> NDArray[np.void]:
        """The same where no tree is worth its while: each row is compared with all, without SciPy.

        Takes up to 10 ms a row.
        """
        return self._rows_at(*self._search(_on_our_scales(rows), NEIGHBOURS, self._one_by_one))

    def _rows_at(self, found: Index, distances: Array) -> NDArray[np.void]:
        nearest = no_neighbours(len(found))
        for name in NEAREST_DTYPE.names or ():
            if name != "distance":
                nearest[name][:, : found.shape[1]] = self._rows[name][found]
        nearest["distance"][:, : found.shape[1]] = distances
        return nearest

    def sparse_above(self, seed: int) -> float | None:
        """The mean distance to the five nearest that 99% of the training rows do not exceed.

        The neighbours of a training row are those of other stars: its own star's rows share
        the stellar columns, and a candidate to predict has no such rows as a rule.

        Args:
            seed: of the choice of the rows that are measured.

        Returns:
            None where no training row has five of other stars.
        """
        stars = star_groups(self._rows)
        chosen = np.arange(len(stars))
        if len(chosen) > MAX_MEASURED:
            random = np.random.default_rng([seed, 8])
            chosen = random.choice(len(chosen), MAX_MEASURED, replace=False)
        means = self._among_other_stars(chosen, stars)
        return float(np.quantile(means, SPARSE_QUANTILE)) if len(means) else None

    def _among_other_stars(self, chosen: Index, stars: Index) -> Array:
        """The mean distance of rows to the five nearest of other stars, if there are five."""
        values = _on_our_scales(self._rows)
        means: list[Array] = []
        wanted = 2 * NEIGHBOURS
        while len(chosen):
            found, distances = self._search(values[chosen], wanted)
            is_other = stars[found] != stars[chosen][:, np.newaxis]
            distances = np.where(is_other, distances, 0.0)
            is_used = is_other & (np.cumsum(is_other, axis=1) <= NEIGHBOURS)
            is_done = is_used.sum(axis=1) == NEIGHBOURS
            means.append((distances * is_used)[is_done].sum(axis=1) / NEIGHBOURS)
            if wanted >= min(len(stars), _MOST_SEARCHED):
                break
            chosen, wanted = chosen[~is_done], 4 * wanted
        return np.concatenate(means) if means else np.zeros(0)

    def _search(self, values: Array, wanted: int, look: _Look | None = None) -> tuple[Index, Array]:
        """The places of the nearest training rows, and their distances: (n, k), nearest first.

        Args:
            values: float64, (n, 9), on our scales, NaN where unknown.
            wanted: k, or the number of training rows if that is smaller.
            look: how; None: in a tree.
        """
        wanted = min(wanted, len(self._rows))
        places = (values - self._centre) / self._spread
        is_known = np.isfinite(places)  # of the columns that some training row has
        found = np.zeros((len(values), wanted), np.intp)
        distances = np.zeros((len(values), wanted))
        if not wanted or not len(values):
            return found, distances
        patterns, which = np.unique(is_known, axis=0, return_inverse=True)
        for number, columns in enumerate(patterns):
            members = np.flatnonzero(which.ravel() == number)
            asked = places[np.ix_(members, columns)]
            away, near = (look or self._in_tree)(columns, asked, wanted)
            found[members] = near
            distances[members] = away / np.sqrt(columns.sum())
        return found, distances

    def _in_tree(
        self, columns: NDArray[np.bool_], asked: Array, wanted: int
    ) -> tuple[Array, Index]:
        away, near = self._tree(columns).query(asked, k=np.arange(1, wanted + 1))
        return away, near

    def _one_by_one(
        self, columns: NDArray[np.bool_], asked: Array, wanted: int
    ) -> tuple[Array, Index]:
        places = self._places[:, columns]
        squares = np.zeros((len(asked), wanted))
        near = np.zeros((len(asked), wanted), np.intp)
        for number, each in enumerate(asked):
            every = ((places - each) ** 2).sum(axis=1)
            near[number] = np.argsort(every, kind="stable")[:wanted]
            squares[number] = every[near[number]]
        return np.sqrt(squares), near

    def _tree(self, columns: NDArray[np.bool_]) -> "cKDTree":
        from scipy.spatial import cKDTree  # not in a server

        key = columns.tobytes()
        tree = self._trees.pop(key, None) or cKDTree(self._places[:, columns])
        self._trees[key] = tree
        while len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return tree


def _on_our_scales(rows: Rows) -> Array:
    """float64, (n, 9), NaN where unknown: logarithms, or what is one for large values."""
    values = [
        np.log(rows[name]) if name in REQUIRED else np.arcsinh(rows[name]) for name in COLUMNS
    ]
    return np.stack(values, axis=1)


def _centre_and_spread(values: Array) -> tuple[Array, Array]:
    """Medians, NaN for a column that no row has, and spreads that outliers do not widen: (9,)."""
    centre, spread = np.full(values.shape[1], np.nan), np.ones(values.shape[1])
    for column, each in enumerate(values.T):
        known = each[np.isfinite(each)]
        if not len(known):
            continue
        low, centre[column], high = np.quantile(known, (0.25, 0.5, 0.75))
        spread[column] = (high - low) / _NORMAL_QUARTILES or known.std() or 1.0
    return centre, spread
