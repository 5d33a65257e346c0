"""A session as the API returns it: its database row with progress, ETA and model."""

import math
from statistics import median

from sqlalchemy import Connection

from backend.database import models, sessions
from backend.database.connection import Record
from backend.storage.layout import model_path

# Epochs differ in length: the first one traces the graph, and the machine has other work.
_EPOCHS_FOR_ETA = 5


def describe(connection: Connection, session: Record, after_epoch: int = 0) -> Record:
    """One session with the epochs after `after_epoch`."""
    history = sessions.history(connection, session["id"], after_epoch)
    model = models.of_session(connection, session["id"])
    return {**_summary(connection, session, model), "history": history}


def describe_all(connection: Connection, workspace_id: int, found: list[Record]) -> list[Record]:
    """Sessions of one workspace, without their epochs."""
    by_session = models.by_session(connection, workspace_id)
    return [_summary(connection, each, by_session.get(each["id"])) for each in found]


def progress(session: Record) -> float:
    """The fraction of the work done, 0 to 1, including the batches of the current epoch."""
    if session["status"] == "completed":
        return 1.0
    done = session["epochs_completed"] + _share_of_epoch(session)
    return min(1.0, done / session["epochs"])


def eta_seconds(session: Record, epoch_seconds: list[float]) -> float | None:
    """Seconds until the last epoch, if each takes as long as the latest ones.

    Args:
        session: its row.
        epoch_seconds: durations of its finished epochs, oldest first.

    Returns:
        None if nothing is known yet, or nothing remains to be done.
    """
    if session["status"] != "training" or not epoch_seconds:
        return None
    remaining = session["epochs"] - session["epochs_completed"] - _share_of_epoch(session)
    return max(0.0, remaining) * median(epoch_seconds[-_EPOCHS_FOR_ETA:])


def _summary(connection: Connection, session: Record, model: Record | None) -> Record:
    return {
        **session,
        "stage": session["stage"] if session["status"] == "training" else None,
        "progress": progress(session),
        "eta_seconds": eta_seconds(session, _epoch_seconds(connection, session)),
        "model_id": None if model is None else model["id"],
        "model_path": None if model is None else model_path(model["file"]),
    }


def _share_of_epoch(session: Record) -> float:
    return min(1.0, session["batches_done"] / session["batches"]) if session["batches"] else 0.0


def _epoch_seconds(connection: Connection, session: Record) -> list[float]:
    if session["status"] != "training":
        return []
    first = max(0, session["epochs_completed"] - _EPOCHS_FOR_ETA)
    history = sessions.history(connection, session["id"], first)
    durations = [epoch.get("epoch_seconds") for epoch in history]
    return [each for each in durations if each is not None and math.isfinite(each)]
