"""What sessions are listed by."""

from typing import Any

from sqlalchemy import Select, case, func

from backend.database.listing.facts import FIGURES, VALIDATION
from backend.database.listing.keyset import Key
from backend.database.listing.pages import Kind
from backend.database.listing.tables import SETTINGS, session_facts
from backend.database.schema import datasets, training_sessions, users

_sessions, _facts = training_sessions.c, session_facts.c

_DATASET_NAME = func.coalesce(datasets.c.name, _facts.dataset_name)
_SECONDS = (func.julianday(_sessions.completed_at) - func.julianday(_sessions.started_at)) * 86400.0


def _within(query: Select[Any], workspace_id: int, study_id: int | None) -> Select[Any]:
    return (
        query.select_from(training_sessions)
        .join(session_facts, _facts.session_id == _sessions.id)
        .join(datasets, datasets.c.id == _sessions.dataset_id, isouter=True)
        .join(users, users.c.id == _sessions.user_id, isouter=True)
        .where(_sessions.workspace_id == workspace_id)
        .where(_sessions.study_id.is_not_distinct_from(study_id))
    )


# Training first, then waiting in the order in which they were added, then the newest.
_ACTIVE = (
    Key(case((_sessions.status == "training", 0), (_sessions.status == "pending", 1), else_=2)),
    Key(case((_sessions.status == "pending", _sessions.id), else_=-_sessions.id)),
)

SESSIONS = Kind(
    id=_sessions.id,
    within=_within,
    texts={
        "name": func.coalesce(_facts.title, _sessions.model_name),
        "status": _sessions.status,
        "network": _facts.network,
        "dataset_name": _DATASET_NAME,
        "user": users.c.name,
    },
    times={name: _sessions[f"{name}_at"] for name in ("created", "started", "completed")},
    numbers={
        "id": _sessions.id,
        "dataset": _sessions.dataset_id,
        "rows": _sessions.dataset_size,
        "epochs_completed": _sessions.epochs_completed,
        "duration": _SECONDS,
        **{name: _facts[name] for name in (*FIGURES, *VALIDATION)},
        **{name: _facts[name] for name in SETTINGS},
        "dataset_version": func.coalesce(_facts.dataset_version, 0.0),
    },
    flags={"starred": _facts.is_starred},
    groups=("status", "network", "dataset_name", "user", *SETTINGS),
    tags=_facts.tags,
    searched=(_sessions.model_name, _facts.title, _facts.note, _DATASET_NAME, users.c.name),
    orders={"active": _ACTIVE},
    first_order="active",
)
