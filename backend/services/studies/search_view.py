"""A search as the API returns it: its trials, the best so far, and how much of its budget is left.

The figure that it follows is the log loss on the validation rows. The test rows take no part in
it: what the best trial has there is told beside it.
"""

import math
from collections import Counter

from sqlalchemy import Connection

from backend.background.search.trials import Trial, best_of, trials_from
from backend.database.connection import Record
from backend.database.search import trials as stored
from backend.database.search.minutes import used_seconds

_UNDER_WAY = ("pending", "training")
_FIGURES = ("rows", "accuracy", "macro_f1", "log_loss")


def summary(study: Record, search: Record) -> Record:
    """What a search was asked for, and whether it still adds trials."""
    names = ("space", "trials", "minutes", "parallel", "pruning")
    asked = {name: study["settings"][name] for name in names}
    return {**asked, "state": search["state"], "added": search["last_trial"]}


def describe(
    connection: Connection, study: Record, search: Record, evaluated: dict[int, Record]
) -> Record:
    """A search with its trials, and the best so far.

    Args:
        connection: open for reading.
        study: its row.
        search: its row, from `stored.of_studies`.
        evaluated: the figures of its sessions on their test rows, from `studies.evaluated`.
    """
    rows = stored.of_study(connection, study["id"])
    found = trials_from(rows, study["settings"]["space"])
    best = best_of(found)
    return {
        **summary(study, search),
        "tried": [_described(each) for each in found],
        "best": None if best is None else _with_test(best, evaluated),
    }


def status_of(search: Record, parts: list[Record]) -> str:
    """The state of a search with these sessions.

    pending: all wait; training: more are to come, or some are under way; completed: it has a model;
    failed or cancelled: it has none.
    """
    counts = Counter(part["status"] for part in parts)
    if counts["pending"] == len(parts):
        return "pending"
    if search["state"] == "open" or any(counts[each] for each in _UNDER_WAY):
        return "training"
    if search["state"] == "cancelled":
        return "cancelled"
    return next(each for each in ("completed", "failed", "cancelled") if counts[each])


def progress(study: Record, search: Record, parts: list[Record], done: list[float]) -> float:
    """The share of its budget that is used up, 0 to 1; trials that have ended count whole.

    Args:
        study, search: their rows.
        parts: its sessions.
        done: how far each is.
    """
    if search["state"] != "open" and not any(part["status"] in _UNDER_WAY for part in parts):
        return 1.0
    settings = study["settings"]
    shares = [0.0]
    if settings["trials"] is not None:
        whole = [
            one if part["status"] in _UNDER_WAY else 1.0
            for part, one in zip(parts, done, strict=True)
        ]
        shares.append(sum(whole) / settings["trials"])
    if settings["minutes"] is not None:
        shares.append(used_seconds(search, parts) / (60 * settings["minutes"]))
    return min(1.0, max(shares))


def epochs_to_come(study: Record, search: Record) -> float:
    """Of trials that are not yet there, at most; infinite with a budget in minutes alone."""
    settings = study["settings"]
    if search["state"] != "open":
        return 0.0
    if settings["trials"] is None:
        return math.inf
    left: int = settings["trials"] - search["last_trial"]
    return float(max(0, left) * settings["spec"]["epochs"])


def seconds_left(study: Record, search: Record, parts: list[Record]) -> float:
    """Of its budget in minutes; infinite without one."""
    minutes = study["settings"]["minutes"]
    if minutes is None:
        return math.inf
    return max(0.0, 60 * minutes - used_seconds(search, parts))


def _described(trial: Trial) -> Record:
    return {
        "number": trial.number,
        "session_id": trial.session_id,
        "model_id": trial.model_id,
        "settings": trial.tried,
        "status": trial.status,
        "value": trial.value,
        "best_epoch": trial.best_epoch,
        "epochs_completed": max(trial.values, default=0),
        "reason": None if trial.error is None else trial.error["message"],
    }


def _with_test(best: Trial, evaluated: dict[int, Record]) -> Record:
    own = evaluated.get(best.session_id) if best.model_id is not None else None
    test = None if own is None else {name: own[name] for name in _FIGURES}
    return {**_described(best), "test": test}
