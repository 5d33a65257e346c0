"""The list of models as CSV: what they learnt from, the figures, who and when."""

import json
from collections.abc import Iterator
from typing import Any

from backend.database import models
from backend.database.connection import Database, Record
from backend.database.listing.facts import VALIDATION, validation_of
from backend.database.listing.models import shown_of
from backend.services.listing.lines import FIGURE_COLUMNS, figure_cells, lines_of

# Models that are in memory at once, each with its manifest.
_BLOCK = 200

_OWN = (
    *("id", "name", "title", "is_current", "tags", "note", "is_starred", "user", "session_id"),
    *("dataset_id", "dataset_name", "dataset_version", "network", "ensemble", "is_joined"),
    *("file_size", "sha256", "created_at", "promoted_at", "is_promoted_by_hand"),
)
COLUMNS = (*_OWN, "simulated", "beats_guessing", *VALIDATION, *FIGURE_COLUMNS)


def as_csv(database: Database, ids: list[int]) -> Iterator[str]:
    """Models as CSV, each at most once; one that is deleted meanwhile is left out.

    Args:
        database: read block by block, so that a slow client holds no transaction open.
        ids: in the order of the lines.
    """
    yield lines_of([COLUMNS])
    for start in range(0, len(ids), _BLOCK):
        with database.read() as connection:
            found = shown_of(connection, ids[start : start + _BLOCK])
        yield lines_of(map(_cells, found))


def _cells(model: Record) -> list[Any]:
    verdict = models.verdict_of(model) or {}
    values = {
        **{name: model[name] for name in _OWN},
        "tags": ", ".join(json.loads(model["tags"] or "[]")),
        "simulated": models.is_simulated(model),
        "beats_guessing": verdict.get("beats_guessing"),
        **validation_of(model["manifest"].get("metrics") or {}),
        **figure_cells(model),
    }
    return [values[name] for name in COLUMNS]
