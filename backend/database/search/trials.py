"""The trials of searches: added one at a time, each a session with a number."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, update

from backend.database.connection import Record, every, first
from backend.database.schema import epochs, models, now, studies, training_sessions
from backend.database.search.minutes import used_by
from backend.database.search.tables import search_trials, searches
from backend.database.sessions import ERROR

# Why no more trials are added to a search: its budget is used up; somebody stopped or cancelled
# it; everything that its space allows was tried; trial after trial failed; the dataset was
# deleted; the quota of the workspace's owner is used up.
ENDS = (
    *("trials", "minutes", "stopped", "cancelled"),
    *("exhausted", "failures", "dataset_deleted", "no_space"),
)

# After which of them a search may go on.
_TO_BE_CONTINUED = ("stopped", "cancelled", "failures", "no_space", "dataset_deleted")

# What the search follows: the log loss of the label on the validation rows.
_VALUE = func.json_extract(epochs.c.metrics, "$.val_label_loss")


def create(connection: Connection, study_id: int) -> None:
    """Make a study a search that is open, without a trial."""
    connection.execute(insert(searches).values(study_id=study_id))


def find(connection: Connection, study_id: int) -> Record | None:
    """`study_id`, `state`, `last_trial`, `used_seconds` and `reopened_at` of a search."""
    return first(connection, select(searches).where(searches.c.study_id == study_id))


def of_studies(connection: Connection, study_ids: Collection[int]) -> dict[int, Record]:
    """The rows, as of `find`, of those of some studies that are searches."""
    rows = every(connection, select(searches).where(searches.c.study_id.in_(study_ids)))
    return {each["study_id"]: each for each in rows}


def open_ones(connection: Connection) -> list[Record]:
    """The studies whose search is open, oldest first.

    With what `find` has of them; `pending` and `training`, how many of their trials are.
    """
    own = training_sessions.c

    def counted(status: str) -> Any:
        return func.coalesce(func.sum(case((own.status == status, 1), else_=0)), 0).label(status)

    query = (
        select(*studies.c, *searches.c, counted("pending"), counted("training"))
        .select_from(searches)
        .join(studies, studies.c.id == searches.c.study_id)
        .join(training_sessions, own.study_id == studies.c.id, isouter=True)
        .where(searches.c.state == "open")
        .group_by(studies.c.id)
        .order_by(studies.c.id)
    )
    return every(connection, query)


def learning(connection: Connection) -> list[Record]:
    """Trials that learn and may end early: `session_id`, `study_id`, `epochs_completed`."""
    own = training_sessions.c
    query = (
        select(own.id.label("session_id"), own.study_id, own.epochs_completed)
        .join(search_trials, search_trials.c.session_id == own.id)
        .join(studies, studies.c.id == search_trials.c.study_id)
        .where(
            func.json_extract(studies.c.settings, "$.pruning"),
            own.status == "training",
            own.stage == "learning",
            own.request.is_(None),
            own.epochs_completed > 0,
            own.epochs_completed < own.epochs,
        )
        .order_by(own.id)
    )
    return every(connection, query)


def ended(connection: Connection, study_id: int) -> list[Record]:
    """The trials of a search that have ended, by number, without their epochs.

    `status`, `reason`, of the error of a failed one, and `completed_at`.
    """
    own = training_sessions.c
    query = (
        select(own.status, func.json_extract(own.error, "$.reason").label("reason"))
        .add_columns(own.completed_at)
        .join(search_trials, search_trials.c.session_id == own.id)
        .where(search_trials.c.study_id == study_id, own.completed_at.is_not(None))
        .order_by(search_trials.c.number)
    )
    return every(connection, query)


def of_study(connection: Connection, study_id: int) -> list[Record]:
    """The trials of a search by number.

    Each has `number`, `session_id`, `status`, `spec`, `error`, `epochs_completed`, `model_id`, and
    `values`, the log loss on the validation rows by epoch; None: it was no finite number.
    """
    own = training_sessions.c
    query = (
        select(search_trials.c.number, own.id.label("session_id"))
        .add_columns(*(own[name] for name in ("status", "spec", "epochs_completed")))
        .add_columns(ERROR)
        .add_columns(models.c.id.label("model_id"))
        .join(training_sessions, own.id == search_trials.c.session_id)
        .join(models, models.c.session_id == own.id, isouter=True)
        .where(search_trials.c.study_id == study_id)
        .order_by(search_trials.c.number)
    )
    found = every(connection, query)
    values: dict[int, dict[int, float | None]] = {each["session_id"]: {} for each in found}
    measured = (
        select(epochs.c.session_id, epochs.c.epoch, _VALUE)
        .join(search_trials, search_trials.c.session_id == epochs.c.session_id)
        .where(search_trials.c.study_id == study_id)
        .order_by(epochs.c.session_id, epochs.c.epoch)
    )
    for session_id, epoch, value in connection.execute(measured):
        values[session_id][epoch] = value
    return [{**each, "values": values[each["session_id"]]} for each in found]


def add(connection: Connection, study_id: int, number: int, session_id: int) -> bool:
    """Make a session the trial with that number; False: the search is not open, or is past it."""
    counted = (
        update(searches)
        .where(
            searches.c.study_id == study_id,
            searches.c.state == "open",
            searches.c.last_trial == number - 1,
        )
        .values(last_trial=number)
    )
    if connection.execute(counted).rowcount == 0:
        return False
    replace(connection, study_id, number, session_id)
    return True


def numbers_of(connection: Connection, study_id: int) -> dict[int, int]:
    """The numbers of the trials of a search, by session."""
    query = select(search_trials.c.session_id, search_trials.c.number)
    rows = connection.execute(query.where(search_trials.c.study_id == study_id))
    return {row.session_id: row.number for row in rows}


def replace(connection: Connection, study_id: int, number: int, session_id: int) -> None:
    """Make another session the trial with that number."""
    own = search_trials.c
    connection.execute(delete(search_trials).where(own.study_id == study_id, own.number == number))
    connection.execute(
        insert(search_trials).values(study_id=study_id, number=number, session_id=session_id)
    )


def close(connection: Connection, study_id: int, state: str) -> bool:
    """Add no more trials to an open search, for one of ENDS; False: it was not open."""
    search = find(connection, study_id)
    if search is None or search["state"] != "open":
        return False
    _change(connection, study_id, state=state, used_seconds=used_by(connection, search))
    return True


def close_all(connection: Connection, workspace_id: int, state: str) -> None:
    """Add no more trials to any open search of a workspace."""
    query = select(searches.c.study_id).join(studies, studies.c.id == searches.c.study_id)
    own = studies.c.workspace_id == workspace_id, searches.c.state == "open"
    for study_id in connection.execute(query.where(*own)).scalars().all():
        close(connection, study_id, state)


def note_cancel(connection: Connection, study_id: int) -> None:
    """A search that was stopped is cancelled while its last trials were under way."""
    search = find(connection, study_id)
    if search is not None and search["state"] == "stopped":
        _change(connection, study_id, state="cancelled")


def reopen(connection: Connection, study_id: int) -> bool:
    """Add trials again to a search that was stopped or cancelled, or whose trials failed.

    What an open one has used is counted: its sessions may be replaced afterwards.

    Returns:
        False: it is none, it is open, or its end is final.
    """
    search = find(connection, study_id)
    if search is None or search["state"] not in ("open", *_TO_BE_CONTINUED):
        return False
    used = used_by(connection, search)
    _change(connection, study_id, state="open", used_seconds=used, reopened_at=now())
    return search["state"] != "open"


def _change(connection: Connection, study_id: int, **values: Any) -> None:
    connection.execute(update(searches).where(searches.c.study_id == study_id).values(**values))
