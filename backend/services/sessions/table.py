"""The list of sessions as CSV: what was chosen and how, the figures, who and when."""

import json
import math
from collections.abc import Iterator
from typing import Any

from backend.database import sessions
from backend.database.connection import Database, Record
from backend.services.prediction_cells import harmless, quoted

# Sessions that are in memory at once.
_BLOCK = 200

_FIGURES = ("accuracy", "macro_f1", "log_loss", "ece")
_SETTINGS = (
    *("network", "epochs", "batch_size", "learning_rate", "validation_split", "test_split"),
    *("patience", "seed", "ensemble", "use_relations", "use_stellar_uncertainties"),
)
_VALIDATION = {
    "val_accuracy": "val_accuracy",
    "val_log_loss": "val_label_loss",
    "val_loss": "val_loss",
}
_OWN = (
    *("id", "model_name", "title", "status", "tags", "note", "is_starred", "user", "dataset_id"),
    *("dataset_name", "dataset_size", "epochs_completed", "best_epoch"),
    *("created_at", "started_at", "completed_at", "model_id", "retry_of", "study_id"),
)
COLUMNS = (
    *_OWN,
    "dataset_version",
    *_SETTINGS,
    *_VALIDATION,
    *(f"{name}{end}" for name in _FIGURES for end in ("", "_low", "_high")),
    *("error_reason", "error_message", "queue_position", "wait_seconds"),
)


def as_csv(database: Database, ids: list[int], in_queue: dict[int, Record]) -> Iterator[str]:
    """Sessions as CSV, each at most once; one that is deleted meanwhile is left out.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.

    Args:
        database: read block by block, so that a slow client holds no transaction open.
        ids: in the order of the lines.
        in_queue: of `waiting.places`.
    """
    yield _lines([COLUMNS])
    for start in range(0, len(ids), _BLOCK):
        with database.read() as connection:
            found = sessions.shown_of(connection, ids[start : start + _BLOCK])
        yield _lines([_cells({**each, **in_queue.get(each["id"], {})}) for each in found])


def _cells(session: Record) -> list[Any]:
    spec, metrics, error, intervals = (
        json.loads(session[name] or "null") or {}
        for name in ("spec", "metrics", "error", "intervals")
    )
    values = {
        **{name: session[name] for name in _OWN},
        "dataset_version": spec.get("dataset_version", 0),
        **{name: spec.get(name) for name in _SETTINGS},
        "tags": ", ".join(json.loads(session["tags"] or "[]")),
        **{name: metrics.get(metric) for name, metric in _VALIDATION.items()},
        **{f"error_{name}": error.get(name) for name in ("reason", "message")},
        **{name: session.get(name) for name in ("queue_position", "wait_seconds")},
    }
    for name in _FIGURES:
        low, high = intervals.get(name) or (None, None)
        values |= {name: session[name], f"{name}_low": low, f"{name}_high": high}
    return [values[name] for name in COLUMNS]


def _lines(lines: list[Any]) -> str:
    return "".join(f"{','.join(map(_cell, cells))}\r\n" for cells in lines)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(harmless(str(value)))
