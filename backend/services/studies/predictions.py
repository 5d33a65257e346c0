"""Out-of-fold predictions: of each row by networks that saw nothing of its group."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.parts import fold_of, seed_of
from backend.storage.layout import Storage
from backend.transit.columns import LABELS
from backend.transit.evaluation.ranking import planet_score
from backend.transit.rows import Index

_CONFIRMED = LABELS.index("CONFIRMED")

SORTS = ("row", "planet", "confirmed", "spread")


class Tested(NamedTuple):
    """What the sessions of one seed say of the rows that they have tested.

    Attributes:
        seed: of the networks.
        rows: intp, (n,), increasing: places among the accepted rows of the dataset.
        true: int8, (n,), label codes.
        probabilities: float64, (n, 3).
        group: int64, (n,), equal for rows of one group.
        fold: int8, (n,), from 1.
    """

    seed: int
    rows: Index
    true: NDArray[np.int8]
    probabilities: NDArray[np.float64]
    group: NDArray[np.int64]
    fold: NDArray[np.int8]


class Predictions(NamedTuple):
    """The mean over the seeds, of each row that any of them has tested.

    Attributes:
        rows, true, fold: as of `Tested`.
        probabilities: float64, (n, 3), means.
        spread: float64, (n,), standard deviation of p(CONFIRMED) over the seeds; NaN for one.
        seeds: int16, (n,), how many networks have tested it.
    """

    rows: Index
    true: NDArray[np.int8]
    fold: NDArray[np.int8]
    probabilities: NDArray[np.float64]
    spread: NDArray[np.float64]
    seeds: NDArray[np.int16]


def read_by_seed(storage: Storage, study: Record, parts: list[Record]) -> Iterator[Tested]:
    """Read what the sessions of a study have tested, one seed after the other.

    Only those of one seed are in memory at once.

    Args:
        storage: where the models are.
        study: its row.
        parts: its sessions, from `studies.parts_of`.

    Raises:
        Conflict: the predictions of a session are missing on the server, or damaged.
    """
    by_seed: dict[int, list[Record]] = {}
    for part in parts:
        if part["file"] is not None:
            by_seed.setdefault(seed_of(part), []).append(part)
    for seed, folds in sorted(by_seed.items()):
        joined = _joined(seed, [(fold_of(each), read_part(storage, study, each)) for each in folds])
        if (np.diff(joined.rows) == 0).any():
            raise Conflict(
                f"The folds of study {study['id']} were not dealt in the same way: some rows are "
                "in two of them. Start the study again."
            )
        yield joined


def read_part(storage: Storage, study: Record, part: Record) -> np.ndarray:
    """What a session of a study has tested, of TEST_ROW_DTYPE.

    Raises:
        Conflict: it is missing on the server, or damaged.
    """
    try:
        return np.load(storage.model(part["file"]).with_suffix(".test.npy"), allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise Conflict(
            f"The predictions of session {part['id']} of study {study['id']} are missing on the "
            "server, or damaged. Restore the model's files from a backup, or start the study again."
        ) from error


def mean_over_seeds(tested: Iterable[Tested], table_rows: int) -> Predictions | None:
    """The predictions of a study: of each row the mean of the networks that have tested it.

    Args:
        tested: from `read_by_seed`.
        table_rows: accepted rows of the dataset.

    Returns:
        None: none has tested any.
    """
    # Models give float32: their squares and a few sums of them are exact in float64.
    sums, squares = np.zeros((table_rows, len(LABELS))), np.zeros(table_rows)
    seeds = np.zeros(table_rows, np.int16)
    true, fold = np.zeros(table_rows, np.int8), np.zeros(table_rows, np.int8)
    for each in tested:
        sums[each.rows] += each.probabilities
        squares[each.rows] += each.probabilities[:, _CONFIRMED] ** 2
        seeds[each.rows] += 1
        true[each.rows], fold[each.rows] = each.true, each.fold
    rows = np.flatnonzero(seeds)
    if not len(rows):
        return None
    count = seeds[rows].astype(np.float64)
    mean = sums[rows] / count[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (squares[rows] - count * mean[:, _CONFIRMED] ** 2) / (count - 1)
    spread = np.where(count > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    return Predictions(rows, true[rows], fold[rows], mean, spread, seeds[rows])


def find(predictions: Predictions, sort: str, label: int | None) -> Index:
    """The places of the rows that are wanted, in their order.

    Args:
        predictions: of a study.
        sort: one of SORTS; all but the first fall, and equal ones are in the order of the table.
        label: only rows with this label in the table; None: all.
    """
    places = np.arange(len(predictions.rows))
    if label is not None:
        places = places[predictions.true == label]
    if sort == "row":
        return places
    if sort == "spread":
        key = np.nan_to_num(predictions.spread, nan=-1.0)
    elif sort == "confirmed":
        key = predictions.probabilities[:, _CONFIRMED]
    else:
        key = planet_score(predictions.probabilities)
    return places[np.argsort(-key[places], kind="stable")]


def _joined(seed: int, folds: list[tuple[int, np.ndarray]]) -> Tested:
    found = np.concatenate([each for _, each in folds])
    fold = np.concatenate([np.full(len(each), number, np.int8) for number, each in folds])
    order = np.argsort(found["row"], kind="stable")
    found, fold = found[order], fold[order]
    probabilities = found["probabilities"].astype(np.float64)
    return Tested(
        seed, found["row"].astype(np.intp), found["true"], probabilities, found["group"], fold
    )
