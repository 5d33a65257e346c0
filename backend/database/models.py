"""The models of a workspace."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from backend.database import sessions
from backend.database.connection import Record, every, first, one
from backend.database.listing import model_facts
from backend.database.schema import models, now, training_sessions, workspaces
from backend.database.workspaces import IS_THERE, accessible, set_current_model

# What a verdict says.
VERDICT = ("beats_guessing", "log_loss", "guessing_log_loss", "part", "rows")

# Each prediction asks for it.
_BY_ID = select(models).where(models.c.id == bindparam("model_id"))

_CURRENT = select(models).join(workspaces, workspaces.c.current_model_id == models.c.id)


def create(connection: Connection, workspace_id: int, **values: Any) -> Record:
    """Record a saved model; it becomes the current one if `takes_over` says so.

    Args:
        connection: open for writing.
        workspace_id: the workspace that it belongs to.
        values: session_id, name, file, sha256, file_size, stored_bytes, manifest.
    """
    statement = insert(models).values(workspace_id=workspace_id, created_at=now(), **values)
    model = one(connection, statement.returning(*models.c))
    model_facts.add(connection, model)
    _change_session(connection, model["session_id"])
    is_in_study = study_of(connection, model) is not None
    if not is_in_study and takes_over(model, current_of(connection, workspace_id)):
        promote(connection, model, by_hand=False)
    return model


def study_of(connection: Connection, model: Record) -> int | None:
    """The study that a model is a part of: of one fold, and never current by itself."""
    query = select(training_sessions.c.study_id)
    found = connection.execute(query.where(training_sessions.c.id == model["session_id"]))
    return found.scalar_one_or_none()


def takes_over(model: Record, current: Record | None) -> bool:
    """Whether a model that was just saved becomes the current one by itself.

    One that is no better than guessing never does. Where the workspace has none, any other does,
    also one without a verdict. The first of real data that beats guessing takes the place of one of
    simulated data, unless a person has promoted that one.
    """
    verdict = verdict_of(model)
    if current is None:
        return verdict is None or verdict["beats_guessing"]
    is_stopgap = is_simulated(current) is True and not current["is_promoted_by_hand"]
    is_real = is_simulated(model) is False
    return is_stopgap and is_real and verdict is not None and verdict["beats_guessing"]


def is_simulated(model: Record) -> bool | None:
    """Whether a model was trained on simulated data; None: an earlier release saved it."""
    return model["manifest"].get("simulated")


def verdict_of(model: Record) -> Record | None:
    """Whether a model is better than guessing, as `training.results.verdict` says.

    None: its manifest has none, or one that cannot be read: an earlier release saved it.
    """
    verdict = model["manifest"].get("verdict")
    if not isinstance(verdict, dict) or not verdict.keys() >= set(VERDICT):
        return None
    return {name: verdict[name] for name in VERDICT}


def neighbours_sha256(model: Record) -> str | None:
    """The hash of the training rows beside a model; None: it has none, as those of 0.4.0."""
    return (model["manifest"].get("neighbours") or {}).get("sha256")


def related_sha256(model: Record) -> str | None:
    """The hash of what a model keeps of its table, to relate others to; None: it keeps nothing."""
    return (model["manifest"].get("related") or {}).get("sha256")


def find(connection: Connection, model_id: int) -> Record | None:
    """The model with that id, in any workspace."""
    return first(connection, _BY_ID, model_id=model_id)


def find_for(connection: Connection, model_id: int, user_id: int) -> Record | None:
    """The model with that id and the user's `role`, if the user has access to it."""
    query = select(models).where(models.c.id == model_id)
    return first(connection, accessible(query, models, user_id))


def of_session(connection: Connection, session_id: int) -> Record | None:
    """The model that a session saved, or None."""
    return first(connection, select(models).where(models.c.session_id == session_id))


def in_workspace(
    connection: Connection, workspace_id: int, study_id: int | None = None
) -> list[Record]:
    """All models of a workspace, newest first: those of a study, or those of none."""
    query = (
        select(models)
        .join(training_sessions, training_sessions.c.id == models.c.session_id, isouter=True)
        .where(
            models.c.workspace_id == workspace_id,
            training_sessions.c.study_id.is_not_distinct_from(study_id),
        )
    )
    return every(connection, query.order_by(models.c.id.desc()))


def promote(connection: Connection, model: Record, *, by_hand: bool) -> None:
    """Make a model the current one of its workspace; `by_hand`: a person did."""
    set_current_model(connection, model["workspace_id"], model["id"])
    values = {"promoted_at": now(), "is_promoted_by_hand": by_hand}
    connection.execute(update(models).where(models.c.id == model["id"]).values(**values))


def is_current(connection: Connection, model: Record) -> bool:
    """Whether the workspace predicts with this model."""
    query = select(workspaces.c.current_model_id).where(workspaces.c.id == model["workspace_id"])
    return connection.execute(query).scalar_one() == model["id"]


def current_of(connection: Connection, workspace_id: int) -> Record | None:
    """The current model of a workspace, or None."""
    query = select(models).join(workspaces, workspaces.c.current_model_id == models.c.id)
    return first(connection, query.where(workspaces.c.id == workspace_id))


def unrecorded_files(connection: Connection) -> list[str]:
    """The files that ended sessions chose for their models without recording one.

    Those of a session of which something is still requested are not among them.
    """
    chosen = training_sessions.c.model_file
    query = (
        select(chosen)
        .join(models, models.c.file == chosen, isouter=True)
        .where(
            training_sessions.c.status.in_(("failed", "cancelled")),
            training_sessions.c.request.is_(None),
            chosen.is_not(None),
            models.c.id.is_(None),
        )
    )
    return list(connection.execute(query).scalars())


def current_models(connection: Connection) -> list[Record]:
    """The current model of every workspace that has one; none of a workspace in the bin."""
    return every(connection, _CURRENT.where(IS_THERE))


def current_models_and_hidden(connection: Connection) -> list[Record]:
    """The same with those of workspaces in the bin, which may come back."""
    return every(connection, _CURRENT)


def all_files(connection: Connection) -> list[str]:
    """The file of every model."""
    return list(connection.execute(select(models.c.file)).scalars())


def unmeasured(connection: Connection) -> list[Record]:
    """The models whose size on disk is not known: `{id, file}`."""
    query = select(models.c.id, models.c.file)
    return every(connection, query.where(models.c.stored_bytes.is_(None)))


def set_stored_bytes(connection: Connection, model_id: int, size: int) -> None:
    """Record what the files of a model take on disk."""
    connection.execute(update(models).where(models.c.id == model_id).values(stored_bytes=size))


def remove(connection: Connection, model_id: int) -> None:
    """Delete a model; analyses made with it stay, without a model."""
    statement = delete(models).where(models.c.id == model_id).returning(models.c.session_id)
    _change_session(connection, connection.execute(statement).scalar_one_or_none())


def _change_session(connection: Connection, session_id: int | None) -> None:
    """The session that saved a model names it: what is shown of it has changed."""
    if session_id is not None:
        sessions.change(connection, session_id)
