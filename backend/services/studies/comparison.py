"""Compares two studies on the rows that both have tested, in the background."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict, Unavailable
from backend.services.studies.finder import PAUSE_SECONDS, Finder, Tell
from backend.services.studies.parts import seed_of
from backend.services.studies.predictions import Tested, read_by_seed
from backend.storage.layout import Storage
from backend.transit.columns import NO_LABEL
from backend.transit.evaluation.bootstrap import Array
from backend.transit.evaluation.paired_means import measure_side, paired_mean_differences
from backend.transit.rows import Index

_REFUSAL = "refusal"
_FAILURE = "failure"
_TRY_AGAIN = "the server's log says why. It is tried again when you ask in a minute."


class StudySide(NamedTuple):
    """One of the two studies.

    Attributes:
        study: its row.
        parts: its sessions, from `studies.parts_of`.
    """

    study: Record
    parts: list[Record]

    @property
    def version(self) -> int:
        """Of the dataset, whose labels its networks learnt; 0: those of the file."""
        version: int = self.study["settings"]["spec"].get("dataset_version", 0)
        return version

    @property
    def labels_sha256(self) -> str | None:
        """Of these labels; None: those of the file. Datasets of one file count their own way."""
        sha256: str | None = self.study["settings"]["spec"].get("dataset_version_sha256")
        return sha256

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
        true: int8, (n,), the labels that the study learnt.
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

    def of(
        self,
        one: StudySide,
        other: StudySide,
        in_file: NDArray[np.int8] | None = None,
        patience: float | None = None,
    ) -> Record | None:
        """How two studies compare that `require_comparable` lets pass.

        Args:
            one, other: the studies; differences are those of `one` minus `other`.
            in_file: as of `compare`.
            patience: how long to wait, in seconds.

        Returns:
            As `compare`; None: it is not found yet.

        Raises:
            Conflict: as `compare`.
            Unavailable: it failed unexpectedly; it is tried again after a minute.
        """

        def find(tell: Tell) -> None:
            try:
                tell(compare(self._storage, one, other, in_file))
            except Conflict as error:
                tell({_REFUSAL: str(error)})
                raise

        state = tuple(tuple(part["id"] for part in side.tested) for side in (one, other))
        key = one.study["id"], other.study["id"]
        failure = {
            _FAILURE: f"The comparison of studies {key[0]} and {key[1]} failed: {_TRY_AGAIN}"
        }
        found = self._finder.of(key, state, find, patience, when_failed=failure)
        if found is not None and _REFUSAL in found:
            raise Conflict(found[_REFUSAL])
        if found is not None and _FAILURE in found:
            raise Unavailable(found[_FAILURE], Retry_After=str(PAUSE_SECONDS))
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
    is_gone = one.study["dataset_id"] is None and other.study["dataset_id"] is None
    if one.labels_sha256 != other.labels_sha256 and is_gone:
        raise Conflict(
            f"{both} learnt different versions of labels, and their dataset was deleted: which "
            "rows nobody has touched is no longer known."
        )
    for side in (one, other):
        if not side.tested:
            raise Conflict(f"No session of study {side.study['id']} has completed yet.")


def compare(
    storage: Storage,
    one: StudySide,
    other: StudySide,
    in_file: NDArray[np.int8] | None = None,
) -> dict[str, Any]:
    """Compare two studies on the rows that both have tested; neither side was trained on them.

    Networks that learnt corrected labels are favoured by these, and the others by the file's. So
    studies of different versions are compared on the rows whose label nobody has changed: only
    these can say that the corrections helped. How they compare on the other labels is told too.

    Args:
        storage: where the models are.
        one, other: of the same table.
        in_file: int8, (rows of the table,), the labels of the file; needed for different versions.

    Returns:
        JSON-able: `versions`, of each; `rows` and `groups`, how many both have tested; `only`, of
        each how many rows the other has not; `seeds`, of each how many count; `is_complete`; what
        `paired_mean_differences` has, measured against the labels that both have learnt; and
        `scorings`, none for one version, else the same against other labels.

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
    learnt = [each.true[at] for each, at in zip(found, places, strict=True)]

    def score(labels: str, true: NDArray[np.int8], is_counted: NDArray[np.bool_]) -> dict[str, Any]:
        chosen, labels_of_rows = rows[is_counted], true[is_counted]
        of_group = np.unique(groups[is_counted], return_inverse=True)[1]
        measured = [
            measure_side(labels_of_rows, _predictions(storage, side, each.seeds, chosen), of_group)
            for side, each in zip(sides, found, strict=True)
        ]
        return {
            "labels": labels,
            "rows": len(chosen),
            "groups": int(of_group.max()) + 1,
            **paired_mean_differences(labels_of_rows, *measured),
        }

    wanted = _labels_to_score(sides, learnt, in_file, rows)
    scorings = [score(*each) for each in wanted]
    return {
        "versions": [side.version for side in sides],
        "only": [len(each.rows) - len(rows) for each in found],
        "seeds": [len(each.seeds) for each in found],
        "is_complete": all(each.is_complete for each in found),
        **{name: value for name, value in scorings[0].items() if name != "labels"},
        "scorings": scorings if len(scorings) > 1 else [],
    }


def _labels_to_score(
    sides: tuple[StudySide, StudySide],
    learnt: list[NDArray[np.int8]],
    in_file: NDArray[np.int8] | None,
    rows: Index,
) -> list[tuple[str, NDArray[np.int8], NDArray[np.bool_]]]:
    """Names of labels, the labels of the common rows, and which of these count.

    The first ones decide: of one version its labels, of two the rows that nobody has touched.
    """
    if sides[0].labels_sha256 == sides[1].labels_sha256:
        return [("one", learnt[0], np.ones(len(rows), np.bool_))]
    assert in_file is not None
    file = np.asarray(in_file[rows])
    is_untouched = (learnt[0] == file) & (learnt[1] == file)
    if not is_untouched.any():
        raise Conflict(
            f"Studies {sides[0].study['id']} and {sides[1].study['id']} learnt different versions "
            "of labels, and no row that both have tested has the label of the file in both."
        )
    found = [("untouched", file, is_untouched), ("file", file, file != NO_LABEL)]
    for name, side, labels in zip(("one", "other"), sides, learnt, strict=True):
        if side.labels_sha256 is not None:
            found.append((name, labels, np.ones(len(rows), np.bool_)))
    return found


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
