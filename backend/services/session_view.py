"""A session's row in the database as the contract describes it: progress, ETA, model."""

import math
from statistics import median

from sqlalchemy import Connection

from backend.database import models, sessions
from backend.database.connection import Record
from backend.storage.layout import model_path

# Epochs differ: the first one traces the graph, and other work on the machine comes and goes.
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
    """The share of the work that is done: 0 to 1, the batches of the epoch under way included."""
    if session["status"] == "completed":
        return 1.0
    done = session["epochs_completed"] + _share_of_epoch(session)
    return min(1.0, done / session["epochs"])


def eta_seconds(session: Record, epoch_seconds: list[float]) -> float | None:
    """Seconds until the last epoch, if every one is as long as those of late.

    Args:
        session: its row.
        epoch_seconds: how long its finished epochs took, oldest first.

    Returns:
        None where nothing is known yet, or nothing remains to wait for.
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
