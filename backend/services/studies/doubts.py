"""Doubts about labels: rows of a study whose out-of-fold prediction contradicts them surely.

CONFIRMED and FALSE POSITIVE say what an object is; CANDIDATE says that nobody has decided yet. A
candidate that looks like a planet is no wrong label: these rows are not considered.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.services.studies.predictions import Predictions
from backend.services.studies.table import described
from backend.transit.columns import LABELS
from backend.transit.evaluation import doubts as confident
from backend.transit.evaluation.ranking import planet_score
from backend.transit.rows import Index, Rows

# In the order of `backend.transit.evaluation.doubts`.
DECIDED = ("CONFIRMED", "FALSE POSITIVE")
_CODES = tuple(LABELS.index(name) for name in DECIDED)
_CANDIDATE = LABELS.index("CANDIDATE")

SORTS = ("margin", "self_confidence", "row")


class StudyDoubts(NamedTuple):
    """What a study says of the labels of its table.

    Attributes:
        predictions: of the study, of all rows.
        considered: intp, (n,), which of these have one of the two labels.
        given: int8, (n,), 0 CONFIRMED, 1 FALSE POSITIVE.
        two_class: float64, (n, 2), probabilities over these two.
        found: of the n rows.
    """

    predictions: Predictions
    considered: Index
    given: NDArray[np.int8]
    two_class: NDArray[np.float64]
    found: confident.Doubts


def doubts_of(predictions: Predictions) -> StudyDoubts:
    """Weigh the labels of a study's rows; of several seeds, the means of their probabilities."""
    considered = np.flatnonzero(np.isin(predictions.true, _CODES))
    given = np.where(predictions.true[considered] == _CODES[1], 1, 0).astype(np.int8)
    planet = planet_score(predictions.probabilities[considered])
    two_class = np.stack([planet, 1.0 - planet], axis=1)
    found = confident.find_doubts(given, two_class)
    return StudyDoubts(predictions, considered, given, two_class, found)


def find(doubts: StudyDoubts, sort: str, label: int | None) -> Index:
    """The places, among the considered rows, of the doubts that are wanted, in their order.

    Args:
        doubts: of a study.
        sort: one of SORTS; the scores rise, the surest contradiction is the first, and equal ones
            are in the order of the table.
        label: only rows with this label in the table; None: all.
    """
    places = np.flatnonzero(doubts.found.is_doubt)
    if label is not None:
        places = places[doubts.predictions.true[doubts.considered[places]] == label]
    if sort == "row":
        return places
    of_found = doubts.found
    key = of_found.normalised_margin if sort == "margin" else of_found.self_confidence
    return places[np.argsort(key[places], kind="stable")]


def rows_of(doubts: StudyDoubts, places: Index, table: Rows | None) -> list[Record]:
    """Some doubts as the API returns them, without what is known of the candidates besides.

    Args:
        doubts: of a study.
        places: from `find`.
        table: ROW_DTYPE, the dataset's rows; None: it was deleted.
    """
    columns = _columns(doubts, places)
    rows = described(doubts.predictions, doubts.considered[places], table)
    return [row | {name: columns[name][i] for name in columns} for i, row in enumerate(rows)]


def columns_of(doubts: StudyDoubts, places: Index) -> dict[str, list[Any]]:
    """What the CSV has besides the columns of a prediction."""
    columns = _columns(doubts, places)
    shares = columns.pop("two_class")
    named = {"suggested_label": columns.pop("suggested_name")}
    del columns["suggested"]
    for name in DECIDED:
        column = f"two_class_p_{name.lower().replace(' ', '_')}"
        named[column] = [each[name] for each in shares]
    return named | columns


def summary_of(doubts: StudyDoubts, study: Record) -> Record:
    """What was considered, the thresholds, and how many labels are wrong by estimate.

    Args:
        doubts: of a study.
        study: its row.
    """
    found, predictions = doubts.found, doubts.predictions
    considered = np.bincount(doubts.given, minlength=len(DECIDED))
    doubted = np.bincount(doubts.given[found.is_doubt], minlength=len(DECIDED))
    wrong = np.array([found.estimated[0, 1], found.estimated[1, 0]])
    is_known = bool(considered.all())
    return {
        "tested_rows": len(predictions.rows),
        "table_rows": study["settings"]["labelled"],
        "candidates": int((predictions.true == _CANDIDATE).sum()),
        "considered": _by_label(considered),
        "doubts": _by_label(doubted),
        "thresholds": {
            name: None if np.isnan(each) else float(each)
            for name, each in zip(DECIDED, found.thresholds, strict=True)
        },
        "confident_joint": {
            name: _by_label(counts) for name, counts in zip(DECIDED, found.joint, strict=True)
        },
        "estimated_wrong": {
            name: {
                "rows": int(np.rint(wrong[each])) if is_known else None,
                "share": float(wrong[each] / considered[each]) if is_known else None,
            }
            for each, name in enumerate(DECIDED)
        },
        "reason": None if is_known else _without(considered),
    }


def _columns(doubts: StudyDoubts, places: Index) -> dict[str, list[Any]]:
    other = (1 - doubts.given[places]).tolist()
    return {
        "suggested": [_CODES[each] for each in other],
        "suggested_name": [DECIDED[each] for each in other],
        "two_class": [
            dict(zip(DECIDED, each, strict=True)) for each in doubts.two_class[places].tolist()
        ],
        "self_confidence": doubts.found.self_confidence[places].tolist(),
        "normalised_margin": doubts.found.normalised_margin[places].tolist(),
    }


def _by_label(counts: NDArray[np.integer]) -> dict[str, int]:
    return dict(zip(DECIDED, counts.tolist(), strict=True))


def _without(considered: NDArray[np.integer]) -> str:
    missing = [name for name, count in zip(DECIDED, considered, strict=True) if not count]
    return (
        f"No tested row is labelled {' or '.join(missing)}: doubts need rows of both classes, "
        "CONFIRMED and FALSE POSITIVE."
    )
