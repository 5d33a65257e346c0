"""The out-of-fold predictions of a study as rows of an answer, and as CSV."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backend.database.connection import Record
from backend.services.predictions.cells import harmless, quoted
from backend.services.studies.predictions import Predictions
from backend.transit.columns import COLUMNS, LABELS
from backend.transit.evaluation.ranking import planet_score
from backend.transit.rows import Index, Rows

# Rows of the CSV that are in memory at once.
_BLOCK = 2_000

_COLUMNS = (
    *("row", "line", "star", "label", "predicted_label"),
    *("p_candidate", "p_confirmed", "p_false_positive", "p_confirmed_spread", "planet_score"),
    *("networks", "fold"),
    *COLUMNS,
)


def described(predictions: Predictions, places: Index, table: Rows | None) -> list[Record]:
    """Some rows as the API returns them.

    Args:
        predictions: of a study.
        places: of the rows, in `predictions`.
        table: ROW_DTYPE, the dataset's rows, from `open_rows`; None: it was deleted.
    """
    own = None if table is None else np.array(table[predictions.rows[places]])
    return [
        {**_predicted(predictions, int(place)), **_own(None if own is None else own[number])}
        for number, place in enumerate(places)
    ]


def as_csv(
    predictions: Predictions,
    places: Index,
    table: Rows | None,
    beside: Mapping[str, list[Any]] | None = None,
) -> Iterator[str]:
    """Some rows as CSV: what the table does not have is empty.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.

    Args:
        predictions, places, table: as of `described`.
        beside: further columns by name, of the rows in that order; they stand last.
    """
    further = beside or {}
    yield _lines([(*_COLUMNS, *further)])
    score = planet_score(predictions.probabilities)
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        rows = described(predictions, block, table)
        scores = score[block].tolist()
        lines = [_cells(row, one) for row, one in zip(rows, scores, strict=True)]
        for column in further.values():
            for cells, value in zip(lines, column[start : start + _BLOCK], strict=True):
                cells.append(value)
        yield _lines(lines)


def _predicted(predictions: Predictions, place: int) -> Record:
    probabilities = predictions.probabilities[place]
    label, predicted = int(predictions.true[place]), int(probabilities.argmax())
    return {
        "row": int(predictions.rows[place]),
        "label": label,
        "label_name": LABELS[label],
        "predicted": predicted,
        "predicted_name": LABELS[predicted],
        "probabilities": dict(zip(LABELS, probabilities.tolist(), strict=True)),
        "spread": _number(predictions.spread[place]),
        "seeds": int(predictions.seeds[place]),
        "fold": int(predictions.fold[place]),
    }


def _own(row: np.void | None) -> Record:
    if row is None:
        return {"line": None, "star": None, "candidate": None}
    return {
        "line": int(row["line"]),
        "star": row["star"].decode("utf-8", "replace") or None,
        "candidate": {name: _number(row[name]) for name in COLUMNS},
    }


def _cells(row: Record, score: float) -> list[Any]:
    candidate = row["candidate"] or dict.fromkeys(COLUMNS)
    cells = [
        *(row["row"], row["line"], harmless(row["star"] or "")),
        *(row["label_name"], row["predicted_name"]),
        *row["probabilities"].values(),
        *(row["spread"], score, row["seeds"], row["fold"]),
        *(candidate[name] for name in COLUMNS),
    ]
    return ["" if each is None else each for each in cells]


def _lines(records: list[Any]) -> str:
    return "".join(",".join(map(quoted, record)) + "\n" for record in records)


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
