"""Stars to folds, and the learnt rows of a fold to those that train and those that only watch."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from backend.training.split import Split
from backend.transit.rows import Index

FOLDS = 5
_SEED = 0


def star_folds(
    star: NDArray[np.integer], is_scored: NDArray[np.bool_], labels: NDArray[np.integer]
) -> Index:
    """The fold of each row: intp, (n,), 0 to 4, one for all rows of a star.

    Args:
        star: int, (n,), equal for rows of one star.
        is_scored: bool, (n,); the folds have alike shares of the labels of these rows.
        labels: int, (n,).

    Returns:
        -1 for rows of stars of which no row is scored: they are only learnt from.
    """
    scored = np.flatnonzero(is_scored)
    fold_of: dict[int, int] = {}
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED)
    parts = folds.split(scored, labels[scored], star[scored])
    for number, (_, tested) in enumerate(parts):
        fold_of |= dict.fromkeys(star[scored[tested]].tolist(), number)
    return np.array([fold_of.get(each, -1) for each in star.tolist()], np.intp)


def split_of_fold(
    star: NDArray[np.integer], learnt: Index, tested: Index, watched_share: float, seed: list[int]
) -> Split:
    """Some of the stars that are learnt from, by chance, only tell when to stop.

    Args:
        star: int, (n,), equal for rows of one star.
        learnt, tested: positions of rows.
        watched_share: of the stars that are learnt from.
        seed: of the choice.
    """
    stars = np.unique(star[learnt])
    random = np.random.default_rng(seed)
    watched = random.permutation(stars)[: round(watched_share * len(stars))]
    is_watched = np.isin(star[learnt], watched)
    train, validation = learnt[~is_watched], learnt[is_watched]
    groups = np.unique(star, return_inverse=True)[1]
    return Split(train, validation, tested, groups[validation], groups[tested])
