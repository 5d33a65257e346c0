"""What models are listed by, and what of them is shown."""

from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    func,
    select,
)

from backend.database.connection import Record, every
from backend.database.listing.facts import FIGURES, MARKS, VALIDATION
from backend.database.listing.pages import Kind
from backend.database.listing.tables import model_facts
from backend.database.schema import datasets, models, training_sessions, users, workspaces

_models, _facts = models.c, model_facts.c

_DATASET_NAME = func.coalesce(datasets.c.name, _facts.dataset_name)
_IS_CURRENT = _models.id.is_not_distinct_from(workspaces.c.current_model_id)
_DATASET = and_(
    datasets.c.workspace_id == _models.workspace_id,
    datasets.c.identity == _facts.dataset_identity,
)


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(models)
        .join(model_facts, _facts.model_id == _models.id)
        .join(workspaces, workspaces.c.id == _models.workspace_id)
        .join(datasets, _DATASET, isouter=True)
        .join(users, users.c.id == _facts.user_id, isouter=True)
    )


def _within(query: Select[Any], workspace_id: int, study_id: int | None) -> Select[Any]:
    return _in(_joined(query), workspace_id, study_id)


def _in(query: Select[Any], workspace_id: int, study_id: int | None) -> Select[Any]:
    # From an index: which study a session is of stands behind its evaluation.
    parts = select(training_sessions.c.id).where(
        training_sessions.c.workspace_id == workspace_id, training_sessions.c.study_id.is_not(None)
    )
    if study_id is None:
        is_wanted = func.coalesce(_models.session_id, 0).not_in(parts)
    else:
        is_wanted = _models.session_id.in_(parts.where(training_sessions.c.study_id == study_id))
    return query.where(_models.workspace_id == workspace_id, is_wanted)


MODELS = Kind(
    id=_models.id,
    within=_within,
    texts={
        "name": func.coalesce(_facts.title, _models.name),
        "network": _facts.network,
        "dataset_name": _DATASET_NAME,
        "user": users.c.name,
    },
    times={"created": _models.created_at, "promoted": _models.promoted_at},
    numbers={
        "id": _models.id,
        "session": _models.session_id,
        "dataset": datasets.c.id,
        "dataset_version": _facts.dataset_version,
        "ensemble": _facts.ensemble,
        "size": _models.file_size,
        **{name: _facts[name] for name in (*FIGURES, *VALIDATION)},
    },
    flags={
        "starred": _facts.is_starred,
        "current": _IS_CURRENT,
        "joined": _facts.is_joined,
        "simulated": _facts.is_simulated,
        "beats_guessing": _facts.beats_guessing,
    },
    groups=("network", "dataset_name", "user", "dataset", "dataset_version", "ensemble"),
    tags=_facts.tags,
    searched=(_models.name, _facts.title, _facts.note, _DATASET_NAME, users.c.name),
)

_SHOWN = _joined(
    select(
        *models.c,
        *(_facts[name] for name in (*MARKS, *FIGURES, "intervals", "network", "is_joined")),
        *(_facts[name] for name in ("dataset_version", "ensemble")),
        datasets.c.id.label("dataset_id"),
        _DATASET_NAME.label("dataset_name"),
        users.c.name.label("user"),
        _IS_CURRENT.label("is_current"),
    )
)
_BY_IDS = _SHOWN.where(_models.id.in_(bindparam("ids", expanding=True)))


def shown_of(connection: Connection, model_ids: list[int]) -> list[Record]:
    """These models, in this order, with their facts, their dataset, and who made them."""
    found = {each["id"]: each for each in every(connection, _BY_IDS, ids=model_ids)}
    return [found[each] for each in model_ids if each in found]


def shown_in_workspace(
    connection: Connection, workspace_id: int, study_id: int | None
) -> list[Record]:
    """All models of a workspace as `shown_of`, newest first: those of a study, or those of none."""
    query = _in(_SHOWN, workspace_id, study_id)
    return every(connection, query.order_by(_models.id.desc()))
