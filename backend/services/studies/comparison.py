"""Compares two studies on the rows that both have tested, in the background."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.finder import Finder, Tell
from backend.services.studies.predictions import Tested, read_by_seed
from backend.services.studies.view import seed_of
from backend.storage.layout import Storage
from backend.transit.evaluation.bootstrap import Array
from backend.transit.evaluation.paired_means import measure_side, paired_mean_differences
from backend.transit.rows import Index

_REFUSAL = "refusal"


class StudySide(NamedTuple):
    """One of the two studies.

    Attributes:
        study: its row.
        parts: its sessions, from `studies.parts_of`.
    """

    study: Record
    parts: list[Record]

    @property
    def tested(self) -> list[Record]:
        """Its sessions that have a model."""
        return [part for part in self.parts if part["file"] is not None]


class _Rows(NamedTuple):
    """What the seeds of a study that count have all tested.

    Attributes:
        seeds: that count: those that have tested every row with a label; if none has, the one that
            has tested most.
        rows: intp, (n,), increasing.
        true: int8, (n,), the labels of the table.
        group: int64, (n,), equal for rows of one group.
        is_complete: whether all seeds of the study count.
    """

    seeds: list[int]
    rows: Index
    true: NDArray[np.int8]
    group: NDArray[np.int64]
    is_complete: bool


class StudyComparisons:
    """The comparisons of studies that somebody has asked for."""

    def __init__(self, storage: Storage, finder: Finder | None = None) -> None:
        self._storage = storage
        self._finder = finder or Finder("study-comparisons")

    def of(self, one: StudySide, other: StudySide, patience: float | None = None) -> Record | None:
        """How two studies compare that `require_comparable` lets pass.

        Args:
            one, other: the studies; differences are those of `one` minus `other`.
            patience: how long to wait, in seconds.

        Returns:
            As `compare`; None: it is not found yet.

        Raises:
            Conflict: as `compare`.
        """

        def find(tell: Tell) -> None:
            try:
                tell(compare(self._storage, one, other))
            except Conflict as error:
                tell({_REFUSAL: str(error)})
                raise

        state = tuple(tuple(part["id"] for part in side.tested) for side in (one, other))
        key = one.study["id"], other.study["id"]
        found = self._finder.of(key, state, find, patience)
        if found is not None and _REFUSAL in found:
            raise Conflict(found[_REFUSAL])
        return found


def require_comparable(one: StudySide, other: StudySide) -> None:
    """Check that both studies have tested something of the same table, divided into equal groups.

    Raises:
        Conflict: they have not; the message says why.
    """
    both = f"Studies {one.study['id']} and {other.study['id']}"
    for study, _ in (one, other):
        if study["kind"] != "folds":
            raise Conflict(
                f"Study {study['id']} is of kind {study['kind']}: expected two of kind folds, "
                "which test every row. A grid compares its settings itself."
            )
    specs = [side.study["settings"]["spec"] for side in (one, other)]
    if specs[0]["dataset_sha256"] != specs[1]["dataset_sha256"]:
        raise Conflict(
            f"{both} are of different tables: expected the same file, read in the same way."
        )
    if specs[0]["grouping"] != specs[1]["grouping"]:
        found = " and ".join(repr(each["grouping"]) for each in specs)
        raise Conflict(
            f"{both} have different groups: expected the same grouping, found {found}. Start the "
            "older one again."
        )
    for side in (one, other):
        if not side.tested:
            raise Conflict(f"No session of study {side.study['id']} has completed yet.")


def compare(storage: Storage, one: StudySide, other: StudySide) -> dict[str, Any]:
    """Compare two studies on the rows that both have tested; neither side was trained on them.

    Args:
        storage: where the models are.
        one, other: of the same table.

    Returns:
        JSON-able: `rows` and `groups`, how many both have tested; `only`, of each how many rows the
        other has not; `seeds`, of each how many count; `is_complete`; and what
        `paired_mean_differences` has, measured against the labels of the table.

    Raises:
        Conflict: they have no row in common, the groups of their rows differ, or predictions are
            missing on the server.
    """
    sides = (one, other)
    found = [_rows_of(storage, side) for side in sides]
    rows, *places = np.intersect1d(
        found[0].rows, found[1].rows, assume_unique=True, return_indices=True
    )
    if not len(rows):
        raise Conflict(
            f"Studies {one.study['id']} and {other.study['id']} have tested different rows so far: "
            "expected at least one that both have."
        )
    groups = _same_groups(sides, [each.group[at] for each, at in zip(found, places, strict=True)])
    true = found[0].true[places[0]]
    measured = [
        measure_side(true, _predictions(storage, side, each.seeds, rows), groups)
        for side, each in zip(sides, found, strict=True)
    ]
    return {
        "rows": len(rows),
        "groups": int(groups.max()) + 1,
        "only": [len(each.rows) - len(rows) for each in found],
        "seeds": [each.seeds for each in measured],
        "is_complete": all(each.is_complete for each in found),
        **paired_mean_differences(true, *measured),
    }


def _rows_of(storage: Storage, side: StudySide) -> _Rows:
    labelled = side.study["settings"]["labelled"]
    whole: list[int] = []
    most: Tested | None = None
    for tested in read_by_seed(storage, side.study, side.tested):
        if len(tested.rows) == labelled:
            whole.append(tested.seed)
        if most is None or len(tested.rows) > len(most.rows):
            most = tested
    assert most is not None  # `require_comparable`
    is_complete = len(whole) == len(side.study["settings"]["seeds"])
    return _Rows(whole or [most.seed], most.rows, most.true, most.group, is_complete)


def _predictions(
    storage: Storage, side: StudySide, seeds: list[int], rows: Index
) -> Iterator[Array]:
    parts = [part for part in side.tested if seed_of(part) in seeds]
    for tested in read_by_seed(storage, side.study, parts):
        yield tested.probabilities[np.searchsorted(tested.rows, rows)]


def _same_groups(sides: tuple[StudySide, StudySide], groups: list[NDArray[np.int64]]) -> Index:
    """The groups of the common rows, from 0."""
    one, other = (np.unique(each, return_inverse=True)[1] for each in groups)
    pairs = len(np.unique(np.stack([one, other]), axis=1)[0])
    if not pairs == one.max() + 1 == other.max() + 1:
        raise Conflict(
            f"Studies {sides[0].study['id']} and {sides[1].study['id']} have different groups: "
            "expected the same rows in one group in both. Start the older one again."
        )
    return one
