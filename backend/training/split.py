"""The usable rows of a table, and their split by group; without Keras."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.training.spec import DataError, TrainingSpec
from backend.transit.columns import LABELS, NO_LABEL, STAR_FEATURES
from backend.transit.keys import read_column, read_columns, star_groups
from backend.transit.parts import by_size_at_random, dealt, divided, rarest_label, share_of
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import RowGroups, describe_groups, row_groups

MIN_ROWS = 50
MIN_STARS_PER_CLASS = 10

# The validation and test stars together may take this much: what is left must still train.
MAX_HELD_OUT = 0.9


class Fold(NamedTuple):
    """One of the parts that a table is divided into, each of which is the test rows once.

    Attributes:
        folds: how many, at least 2.
        number: from 1.
        seed: the same seed and table give the same folds.
    """

    folds: int
    number: int
    seed: int


@dataclass(frozen=True)
class Split:
    """Row indices, each intp and increasing; no group is in two of them.

    Attributes:
        validation_groups, test_groups: intp, (n,), equal for rows of one group.
        groups: of all usable rows, as `describe_groups` has it; None where the groups are stars.
    """

    train: Index
    validation: Index
    test: Index
    validation_groups: Index
    test_groups: Index
    groups: dict[str, Any] | None = None


def fold_of(spec: TrainingSpec) -> Fold | None:
    """The fold that a session tests, or None."""
    if spec.folds is None or spec.fold is None or spec.fold_seed is None:
        return None
    return Fold(spec.folds, spec.fold, spec.fold_seed)


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


def check_groups(
    table: Rows, evidence: Rows | None, grouping: str, folds: int | None = None
) -> None:
    """Refuse a table as `split_rows` does.

    Args:
        table: ROW_DTYPE, (n,).
        evidence, grouping: as of `split_rows`.
        folds: how many it is divided into, if it is.

    Raises:
        DataError: a class is in too few groups; the message names it and their number.
    """
    if grouping == "star":
        return
    groups = row_groups(table, evidence if grouping == "ephemeris" else None)
    usable = usable_rows(table)
    _check_groups(read_column(table, "label")[usable], groups.number[usable], folds)


def split_rows(
    table: Rows,
    evidence: Rows | None,
    grouping: str,
    fractions: tuple[float, float],
    seed: int,
    fold: Fold | None = None,
) -> Split:
    """Divide the usable rows as a session's spec says.

    Args:
        table: ROW_DTYPE, (n,).
        evidence: EVIDENCE_DTYPE, (n,); used, and needed, where the grouping is "ephemeris".
        grouping: "star", "rows" or "ephemeris", see `wire.Spec`.
        fractions: of the validation and of the test rows.
        seed: the same seed and table give the same split.
        fold: whose rows are the test rows; None: a fraction of all.

    Raises:
        DataError: a class is in too few groups.
    """
    if grouping == "star" and fold is None:
        return split_by_star(table, *fractions, seed)
    groups = row_groups(table, evidence if grouping == "ephemeris" else None)
    if fold is not None:
        return split_by_fold(table, groups, fold, fractions[0], seed)
    return split_by_group(table, groups, *fractions, seed)


def split_by_group(
    table: Rows, groups: RowGroups, validation_split: float, test_split: float, seed: int
) -> Split:
    """Divide the usable rows so that no group is in two parts.

    Each class has its fraction of the rows in each part, as nearly as whole groups allow; a group
    with several labels counts for the one that the fewest rows have. Large groups are divided
    first, each at random by the room that is left, and those of one row fill what remains. Every
    class that has enough groups is in every part.

    Args:
        table: ROW_DTYPE, (n,).
        groups: of its rows.
        validation_split, test_split: fractions of the rows; a test split of 0 gives none.
        seed: the same seed and table give the same split.

    Raises:
        DataError: a class is in too few groups.
    """
    usable = usable_rows(table)
    labels = read_column(table, "label")[usable]
    number = np.unique(groups.number[usable], return_inverse=True)[1]
    _check_groups(labels, number)
    strata = rarest_label(labels, number)
    sizes = np.bincount(number)
    part = np.zeros(len(sizes), np.int8)
    random = np.random.default_rng([seed, 0])
    for label in np.unique(strata):
        by_size = by_size_at_random(np.flatnonzero(strata == label), sizes, random)
        part[by_size] = divided(sizes[by_size], validation_split, test_split, random)
    parts = part[number]
    train, validation, test = (usable[parts == each] for each in range(3))
    described = describe_groups(groups, usable, labels)
    return Split(train, validation, test, number[parts == 1], number[parts == 2], described)


def split_by_fold(
    table: Rows, groups: RowGroups, fold: Fold, validation_split: float, seed: int
) -> Split:
    """Take one fold as the test rows, and divide the others.

    Every usable row is in one fold, and no group is in two. Each fold has its share of the rows of
    each class, as nearly as whole groups allow.

    Args:
        table: ROW_DTYPE, (n,).
        groups: of its rows.
        fold: whose rows are the test rows.
        validation_split: fraction of the rows of the other folds.
        seed: of the division of the other folds.

    Raises:
        DataError: a class is in too few groups.
    """
    usable = usable_rows(table)
    labels = read_column(table, "label")[usable]
    number = np.unique(groups.number[usable], return_inverse=True)[1]
    _check_groups(labels, number, fold.folds)
    strata, sizes = rarest_label(labels, number), np.bincount(number)
    part = np.zeros(len(sizes), np.int8)
    dealing = np.random.default_rng([fold.seed, 13])
    dividing = np.random.default_rng([seed, fold.number, 14])
    held = np.zeros(fold.folds, np.int64)
    for label in np.unique(strata):
        by_size = by_size_at_random(np.flatnonzero(strata == label), sizes, dealing)
        is_tested = dealt(sizes[by_size], held, dealing) == fold.number - 1
        part[by_size[is_tested]] = 2
        others = by_size_at_random(by_size[~is_tested], sizes, dividing)
        part[others] = divided(sizes[others], validation_split, 0.0, dividing)
    parts = part[number]
    train, validation, test = (usable[parts == each] for each in range(3))
    described = describe_groups(groups, usable, labels)
    return Split(train, validation, test, number[parts == 1], number[parts == 2], described)


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
    strata = rarest_label(labels, stars)
    part = np.zeros(len(strata), dtype=np.int8)
    random = np.random.default_rng([seed, 0])
    for label in np.unique(strata):
        shuffled = random.permutation(np.flatnonzero(strata == label))
        n_test = share_of(test_split, len(shuffled))
        n_validation = share_of(validation_split, len(shuffled))
        part[shuffled[:n_test]] = 2
        part[shuffled[n_test : n_test + n_validation]] = 1
    parts = part[stars]
    train, validation, test = (usable[parts == number] for number in range(3))
    return Split(train, validation, test, stars[parts == 1], stars[parts == 2])


def _check_groups(labels: NDArray[np.int8], number: Index, folds: int | None = None) -> None:
    """Refuse a class that cannot be in all parts; `check_trainable` has counted its stars."""
    least = max(MIN_STARS_PER_CLASS, folds or 0)
    for code in np.unique(labels):
        count = len(np.unique(number[labels == code]))
        if count < least:
            asked = f" for {folds} folds" if folds is not None and least == folds else ""
            raise DataError(
                f"Expected {LABELS[code]} in at least {least} groups of rows that have nothing in "
                f"common{asked}, received {count}. Rows of one star, equal rows, and rows of stars "
                "that share an eclipse are one group."
            )


def _stars_and_labels(table: Rows, usable: Index) -> tuple[Index, NDArray[np.int8]]:
    """The star's number and the label of each usable row; of a large table a part is copied."""
    needed = read_columns(table, ("star", *STAR_FEATURES))
    if len(usable) < len(table):
        needed = needed[usable]
    return star_groups(needed), read_column(table, "label")[usable]
