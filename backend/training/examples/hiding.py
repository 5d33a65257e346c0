"""Which features and relations are hidden from the network while it learns, and hiding them."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import (
    FEATURES,
    NEIGHBOUR_COLUMNS,
    RELATION_COLUMNS,
    STAR_FEATURES,
    STELLAR_UNCERTAINTY_COLUMNS,
    UNCERTAINTY_COLUMNS,
)
from backend.transit.rows import Rows

# How often a feature is hidden from the network while it trains, so that it learns to do without:
# each on its own; impact and snr together, as in a TOI table; the star as a whole.
MASK_ONE = 0.02
MASK_FIT = 0.04
MASK_STAR = 0.02

# All relations, as of a single prediction; and those that are unknown together.
MASK_RELATIONS = 0.5
MASK_SOME_RELATIONS = 0.1

# The light curve: the network also serves rows without one.
MASK_CURVE = 0.3
MIRROR_CURVE = 0.5

FIT_FEATURES = ("impact", "snr")

_FIT_COLUMNS = [FEATURES.index(name) for name in FIT_FEATURES]
_STAR_COLUMNS = [FEATURES.index(name) for name in STAR_FEATURES]

# What other stars say is unknown in a table without epochs.
_OF_OTHER_STARS = tuple(name for name in NEIGHBOUR_COLUMNS if "match" in name)

_TOGETHER = [
    [RELATION_COLUMNS.index(name) for name in names]
    for names in (_OF_OTHER_STARS, UNCERTAINTY_COLUMNS, STELLAR_UNCERTAINTY_COLUMNS)
]


def hidden_features(rows: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the features to hide: bool, (rows, 6)."""
    hidden = random.random((rows, len(FEATURES))) < MASK_ONE
    hidden[:, _FIT_COLUMNS] |= random.random((rows, 1)) < MASK_FIT
    hidden[:, _STAR_COLUMNS] |= random.random((rows, 1)) < MASK_STAR
    return hidden


def hidden_relations(rows: int, columns: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the relations to hide: bool, (rows, columns), the first so many of RELATION_COLUMNS.

    Those that are unknown together are hidden together: all; what other stars say; the
    uncertainties; those of the star.
    """
    hidden = random.random((rows, columns)) < MASK_ONE
    hidden |= random.random((rows, 1)) < MASK_RELATIONS
    for together in _TOGETHER:
        known = [column for column in together if column < columns]
        hidden[:, known] |= random.random((rows, 1)) < MASK_SOME_RELATIONS
    return hidden


def hidden_curves(rows: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the rows whose light curve is hidden: bool, (rows,)."""
    return random.random(rows) < MASK_CURVE


def mirrored_curves(rows: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the rows whose light curve is shown with time reversed: bool, (rows,).

    Neither a transit nor an eclipse tells the direction of time: a light curve counts twice.
    """
    return random.random(rows) < MIRROR_CURVE


def without_features(rows: Rows, names: Collection[str]) -> Rows:
    """The same rows with some features unknown."""
    hidden = np.array([name in names for name in FEATURES])
    return hide_features(rows, np.broadcast_to(hidden, (len(rows), len(FEATURES))))


def hide_features(rows: Rows, hidden: NDArray[np.bool_] | None) -> Rows:
    """A copy of the rows with features unknown: bool, (n, 6); None hides none, and copies none."""
    if hidden is None:
        return rows
    rows = rows.copy()
    for column, name in enumerate(FEATURES):
        rows[name][hidden[:, column]] = np.nan
    return rows
