"""The usable rows of a table, and their split by star; without Keras."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.training.spec import DataError
from backend.transit.columns import LABELS, NO_LABEL, STAR_FEATURES
from backend.transit.keys import read_column, read_columns, star_groups
from backend.transit.rows import Index, Rows

MIN_ROWS = 50
MIN_STARS_PER_CLASS = 10

# The validation and test stars together may take this much: what is left must still train.
MAX_HELD_OUT = 0.9


@dataclass(frozen=True)
class Split:
    """Row indices, each intp and increasing; no star is in two of them."""

    train: Index
    validation: Index
    test: Index


def usable_rows(table: Rows) -> Index:
    """Indices of the rows with a label: intp, increasing."""
    return np.flatnonzero(read_column(table, "label") != NO_LABEL)


def check_trainable(table: Rows, validation_split: float, test_split: float) -> None:
    """Refuse a table that cannot be trained on.

    Args:
        table: ROW_DTYPE, (n,); rows without a label are not counted.
        validation_split, test_split: fractions of the stars.

    Raises:
        DataError: too few usable rows, a single class, a class on too few stars, or fractions
            that leave nothing to train on; the message names the numbers.
    """
    if validation_split + test_split > MAX_HELD_OUT:
        raise DataError(
            f"Expected validation_split and test_split to be at most {MAX_HELD_OUT:g} together, "
            f"received {validation_split:g} and {test_split:g}: the rest is for training."
        )
    usable = usable_rows(table)
    if len(usable) < MIN_ROWS:
        raise DataError(
            f"Expected at least {MIN_ROWS} rows with a label, received {len(usable)} "
            f"(of {len(table)} accepted rows)."
        )
    stars, labels = _stars_and_labels(table, usable)
    counts = {name: len(np.unique(stars[labels == code])) for code, name in enumerate(LABELS)}
    present = {name: count for name, count in counts.items() if count}
    if len(present) < 2:
        raise DataError(
            f"Expected at least two classes, received only {next(iter(present))} "
            f"({len(usable)} rows)."
        )
    scarce = {name: count for name, count in present.items() if count < MIN_STARS_PER_CLASS}
    if scarce:
        numbers = ", ".join(f"{name} on {count}" for name, count in scarce.items())
        raise DataError(
            f"Expected every class on at least {MIN_STARS_PER_CLASS} different stars, "
            f"received {numbers}."
        )


def split_by_star(table: Rows, validation_split: float, test_split: float, seed: int) -> Split:
    """Divide the usable rows so that no star is in two parts.

    The stars are divided class by class (a star with several labels counts for its rarest), so
    that a class with the least number of stars allowed is in every part.

    Args:
        table: ROW_DTYPE, (n,).
        validation_split, test_split: fractions of the stars; a test split of 0 gives none.
        seed: the same seed and table give the same split.
    """
    usable = usable_rows(table)
    stars, labels = _stars_and_labels(table, usable)
    strata = _rarest_label(labels, stars)
    part = np.zeros(len(strata), dtype=np.int8)
    random = np.random.default_rng([seed, 0])
    for label in np.unique(strata):
        shuffled = random.permutation(np.flatnonzero(strata == label))
        n_test = _share(test_split, len(shuffled))
        n_validation = _share(validation_split, len(shuffled))
        part[shuffled[:n_test]] = 2
        part[shuffled[n_test : n_test + n_validation]] = 1
    train, validation, test = (usable[part[stars] == number] for number in range(3))
    return Split(train, validation, test)


def _stars_and_labels(table: Rows, usable: Index) -> tuple[Index, NDArray[np.int8]]:
    """The star's number and the label of each usable row; of a large table a part is copied."""
    needed = read_columns(table, ("star", *STAR_FEATURES))
    if len(usable) < len(table):
        needed = needed[usable]
    return star_groups(needed), read_column(table, "label")[usable]


def _share(fraction: float, stars: int) -> int:
    return max(1, round(fraction * stars)) if fraction > 0 else 0


def _rarest_label(labels: NDArray[np.int8], stars: Index) -> NDArray[np.int8]:
    """For each star the label, among its rows', that the fewest rows of the table have."""
    by_frequency = np.argsort(np.bincount(labels, minlength=len(LABELS)), kind="stable")
    rank = np.empty(len(LABELS), dtype=np.int8)
    rank[by_frequency] = np.arange(len(LABELS))
    rarest = np.full(int(stars.max()) + 1, len(LABELS), dtype=np.int8)
    np.minimum.at(rarest, stars, rank[labels])
    return by_frequency[rarest].astype(np.int8)
