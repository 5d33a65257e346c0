"""A session as the API returns it: its database row with progress, ETA and epochs."""

import json
import math
from statistics import median

from sqlalchemy import Connection

from backend.database import finished_epochs, kept, sessions
from backend.database.connection import Record
from backend.database.finished_epochs import StoredEpoch
from backend.services.context import Services
from backend.services.sessions.place import place_of
from backend.storage.layout import model_path

# Epochs differ in length: the first one traces the graph, and the machine has other work.
_EPOCHS_FOR_ETA = 5

# The progress of a session that has only its evaluation before it.
_BEFORE_THE_END = 0.99


def describe(
    services: Services, connection: Connection, session: Record, after_epoch: int = 0
) -> Record:
    """One session, from `sessions.shown`, with the epochs after `after_epoch` as JSON."""
    is_training = session["status"] == "training"
    first_for_eta = session["epochs_completed"] - _EPOCHS_FOR_ETA if is_training else after_epoch
    epochs = finished_epochs.history(connection, session["id"], min(after_epoch, first_for_eta))
    history = ",".join(_as_json(each) for each in epochs if each.number > after_epoch)
    return {**_summary(services, connection, session, epochs), "history": f"[{history}]"}


def described(services: Services, connection: Connection, session_id: int) -> Record:
    """The session with that id, which was found in this transaction, with all its epochs."""
    session = sessions.shown(connection, session_id)
    assert session is not None
    return describe(services, connection, session)


def describe_all(services: Services, connection: Connection, found: list[Record]) -> list[Record]:
    """Sessions, from `sessions.shown_in_workspace`, without their epochs."""
    training = [each["id"] for each in found if each["status"] == "training"]
    latest = finished_epochs.latest(connection, training, _EPOCHS_FOR_ETA)
    return [_summary(services, connection, each, latest.get(each["id"], [])) for each in found]


def progress(session: Record) -> float:
    """The fraction of the work done, 0 to 1, including the batches of the current epoch.

    1 is for what has ended: after its last epoch a session still measures its test rows.
    """
    if session["status"] == "completed":
        return 1.0
    done = session["epochs_completed"] + _share_of_epoch(session)
    most = _BEFORE_THE_END if session["status"] == "training" else 1.0
    return min(most, done / session["epochs"])


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


def _summary(
    services: Services, connection: Connection, session: Record, latest_epochs: list[StoredEpoch]
) -> Record:
    is_training = session["status"] == "training"
    seconds = _epoch_seconds(latest_epochs) if is_training else []
    return {
        **session,
        **place_of(services, connection, session),
        "stage": session["stage"] if is_training or session["request"] == "keep" else None,
        "progress": progress(session),
        "eta_seconds": eta_seconds(session, seconds),
        "model_path": None if session["file"] is None else model_path(session["file"]),
        "keepable_until": kept.keepable_until(session),
        "figures": None if session["accuracy"] is None else session,
    }


def _share_of_epoch(session: Record) -> float:
    return min(1.0, session["batches_done"] / session["batches"]) if session["batches"] else 0.0


def _epoch_seconds(epochs: list[StoredEpoch]) -> list[float]:
    durations = [
        json.loads(each.metrics).get("epoch_seconds") for each in epochs[-_EPOCHS_FOR_ETA:]
    ]
    return [each for each in durations if each is not None and math.isfinite(each)]


def _as_json(epoch: StoredEpoch) -> str:
    comma = "," if epoch.metrics != "{}" else ""
    return f'{{"epoch":{epoch.number}{comma}{epoch.metrics[1:]}'
