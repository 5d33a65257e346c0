"""The list of sessions as CSV: what was chosen and how, the figures, who and when."""

import json
from collections.abc import Iterator
from typing import Any

from backend.database import sessions
from backend.database.connection import Database, Record
from backend.database.listing.facts import VALIDATION
from backend.services.listing.lines import FIGURE_COLUMNS, figure_cells, lines_of

# Sessions that are in memory at once.
_BLOCK = 200

_SETTINGS = (
    *("network", "epochs", "batch_size", "learning_rate", "validation_split", "test_split"),
    *("patience", "seed", "ensemble", "use_relations", "use_stellar_uncertainties"),
)
_OWN = (
    *("id", "model_name", "title", "status", "tags", "note", "is_starred", "user", "dataset_id"),
    *("dataset_name", "dataset_size", "epochs_completed", "best_epoch"),
    *("created_at", "started_at", "completed_at", "model_id", "retry_of", "study_id"),
)
COLUMNS = (
    *_OWN,
    "dataset_version",
    *_SETTINGS,
    *VALIDATION,
    *FIGURE_COLUMNS,
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
    yield lines_of([COLUMNS])
    for start in range(0, len(ids), _BLOCK):
        with database.read() as connection:
            found = sessions.shown_of(connection, ids[start : start + _BLOCK])
        yield lines_of([_cells({**each, **in_queue.get(each["id"], {})}) for each in found])


def _cells(session: Record) -> list[Any]:
    spec, metrics, error = (
        json.loads(session[name] or "null") or {} for name in ("spec", "metrics", "error")
    )
    values = {
        **{name: session[name] for name in _OWN},
        "dataset_version": spec.get("dataset_version", 0),
        **{name: spec.get(name) for name in _SETTINGS},
        "tags": ", ".join(json.loads(session["tags"] or "[]")),
        **{name: metrics.get(metric) for name, metric in VALIDATION.items()},
        **{f"error_{name}": error.get(name) for name in ("reason", "message")},
        **{name: session.get(name) for name in ("queue_position", "wait_seconds")},
        **figure_cells(session),
    }
    return [values[name] for name in COLUMNS]
