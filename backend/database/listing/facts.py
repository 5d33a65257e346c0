"""What lists of sessions need beside the sessions: figures, and what people say of a session."""

import json
import math
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select, update

from backend.database.listing.tables import SETTINGS, session_facts
from backend.database.schema import training_sessions

Record = dict[str, Any]  # `connection` imports the upgrades, which import this module

# Of an evaluation, on the test stars.
FIGURES = ("accuracy", "macro_f1", "log_loss", "ece")

# What people say of a session or a model.
MARKS = ("title", "tags", "note", "is_starred")

# Of the metrics, on the validation stars: the fact, and the metric that it is.
VALIDATION = {
    "val_accuracy": "val_accuracy",
    "val_log_loss": "val_label_loss",
    "val_loss": "val_loss",
}


def json_at(column: str, path: str) -> str:
    """SQL: what a stored JSON has there, null where it has nothing or is none."""
    return f"CASE WHEN json_valid({column}) THEN json_extract({column}, '$.{path}') END"


def _interval_at(name: str) -> str:
    interval = json_at("evaluation", f"intervals.{name}")
    return f"'{name}', json({interval})"


# Facts of the sessions that an earlier release recorded.
FILL = (
    "INSERT INTO session_facts (session_id, dataset_name, network, "
    f"{', '.join(FIGURES)}, intervals, {', '.join(VALIDATION)}) SELECT id, "
    f"{json_at('spec', 'dataset_name')}, {json_at('spec', 'network')}, "
    f"{', '.join(json_at('evaluation', name) for name in FIGURES)}, "
    f"CASE WHEN {json_at('evaluation', 'intervals')} IS NOT NULL THEN "
    f"json_object({', '.join(map(_interval_at, FIGURES))}) END, "
    f"{', '.join(json_at('metrics', name) for name in VALIDATION.values())} "
    "FROM training_sessions"
)


def _as_number(name: str) -> str:
    return f"CAST({json_at('spec', name)} AS REAL)"


# The settings of the sessions that an earlier version recorded.
FILL_SETTINGS = (
    f"UPDATE session_facts SET ({', '.join(SETTINGS)}) = (SELECT "
    f"{', '.join(map(_as_number, SETTINGS))} FROM training_sessions WHERE id = session_id)"
)


def add(connection: Connection, session_id: int, spec: Record) -> None:
    """Add the facts of a new session."""
    values = {"dataset_name": spec.get("dataset_name"), "network": spec.get("network")}
    values |= settings_of(spec)
    connection.execute(insert(session_facts).values(session_id=session_id, **values))


def follow(connection: Connection, session_id: int, changed: Record) -> None:
    """Take what a list needs out of what changes of a session: spec, metrics, evaluation."""
    values: dict[str, Any] = {}
    if "spec" in changed:
        values |= settings_of(changed["spec"])
    if "evaluation" in changed:
        evaluation = changed["evaluation"] or {}
        values |= figures_of(evaluation)
        values["intervals"] = _intervals(evaluation)
    if "metrics" in changed:
        values |= validation_of(changed["metrics"] or {})
    if values:
        change(connection, session_id, **values)


def settings_of(spec: Record) -> Record:
    """The settings that a list is sorted and grouped by, those that are numbers."""
    return {name: _number(spec.get(name)) for name in SETTINGS}


def figures_of(evaluation: Record) -> Record:
    """The figures of an evaluation on the test stars, those that are numbers."""
    return {name: _number(evaluation.get(name)) for name in FIGURES}


def validation_of(metrics: Record) -> Record:
    """The figures on the validation stars, of metrics."""
    return {name: _number(metrics.get(metric)) for name, metric in VALIDATION.items()}


def change(connection: Connection, session_id: int, **values: Any) -> None:
    """Change some facts of a session."""
    found = session_facts.c.session_id == session_id
    connection.execute(update(session_facts).where(found).values(**values))


def marks_of(connection: Connection, session_id: int) -> Record:
    """What people say of a session: its title, tags, note and star."""
    columns = (session_facts.c[name] for name in MARKS)
    query = select(*columns).where(session_facts.c.session_id == session_id)
    found = connection.execute(query).mappings().first()
    return dict(found or {})


def titles_of(connection: Connection, session_ids: Collection[int]) -> dict[int, str | None]:
    """What people call sessions in place of their names, by session; None: nothing."""
    query = select(session_facts.c.session_id, session_facts.c.title)
    found = connection.execute(query.where(session_facts.c.session_id.in_(session_ids)))
    return {row.session_id: row.title for row in found}


def tags_of(connection: Connection, session_id: int) -> list[str]:
    """The tags of a session."""
    return json.loads(marks_of(connection, session_id).get("tags") or "[]")


def name_dataset(connection: Connection, dataset_id: int, name: str) -> None:
    """Give the sessions of a dataset that is deleted the name that it had last."""
    own = select(training_sessions.c.id).where(training_sessions.c.dataset_id == dataset_id)
    found = session_facts.c.session_id.in_(own)
    connection.execute(update(session_facts).where(found).values(dataset_name=name))


def tags_as_text(tags: list[str]) -> str:
    """Tags as they are stored: letters as they are, so that a search finds them."""
    return json.dumps(tags, ensure_ascii=False)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _intervals(evaluation: Record) -> str | None:
    intervals = evaluation.get("intervals")
    if not intervals:
        return None
    return json.dumps({name: intervals.get(name) for name in FIGURES})
