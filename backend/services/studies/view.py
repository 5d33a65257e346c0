"""A study as the API returns it: its state is that of its sessions."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import median

from sqlalchemy import Connection

from backend.database import studies
from backend.database.connection import Record
from backend.database.search import trials
from backend.services.sessions.view import progress
from backend.services.studies import search_view
from backend.services.studies.kinds import kind_of

UNDER_WAY = ("pending", "training")

# Epochs of all its sessions that a guess of the time is made from.
_EPOCHS_FOR_ETA = 25

# What a spec has and a study has not, or has in a field of its own.
_OF_SESSIONS = ("version", "model_name", "folds", "fold", "fold_seed")

_FIGURES = ("accuracy", "macro_f1", "log_loss")


def describe_all(
    connection: Connection, found: list[Record], places: Callable[[Record], int]
) -> list[Record]:
    """Studies without their sessions; `places`: how many sessions of one can train at once."""
    ids = [each["id"] for each in found]
    parts, searches = studies.states_of(connection, ids), trials.of_studies(connection, ids)
    return [
        _summary(connection, each, parts[each["id"]], searches.get(each["id"]), places(each))
        for each in found
    ]


def describe(
    connection: Connection,
    study: Record,
    parts: list[Record],
    evaluated: dict[int, Record],
    places: int,
) -> Record:
    """One study with its sessions, each with its figures on the rows that it has tested.

    Args:
        connection: open for reading.
        study: its row.
        parts: its sessions, from `studies.parts_of`.
        evaluated: their figures, from `studies.evaluated`.
        places: how many of its sessions can train at once.
    """
    placed = [(kind_of(study).place(study, part), part) for part in parts]
    search = trials.find(connection, study["id"])
    more = {}
    if search is not None:
        more = {"search": search_view.describe(connection, study, search, evaluated)}
    return {
        **_summary(connection, study, parts, search, places),
        **more,
        "joined": studies.joined_of(connection, study),
        "sessions": [
            _described(part, place, evaluated.get(part["id"]))
            for place, part in sorted(placed, key=lambda each: _order(each[0]))
        ],
    }


def status_of(parts: list[Record]) -> str:
    """The state of a study with these sessions.

    pending: all wait; training: some run, or some have ended and some wait; completed: all are;
    failed: none is under way, and one has failed; cancelled: none has, and one is cancelled.
    """
    found = {part["status"] for part in parts}
    if "training" in found or ("pending" in found and len(found) > 1):
        return "training"
    in_order = ("pending", "failed", "cancelled", "completed")
    return next(each for each in in_order if each in found)


def _summary(
    connection: Connection,
    study: Record,
    parts: list[Record],
    search: Record | None,
    places: int,
) -> Record:
    status = status_of(parts) if search is None else search_view.status_of(search, parts)
    counts = Counter(part["status"] for part in parts)
    done = [progress(part) for part in parts]
    ended = [part["completed_at"] for part in parts if part["completed_at"] is not None]
    started = [part["started_at"] for part in parts if part["started_at"] is not None]
    settings = study["settings"]
    left_out = (*_OF_SESSIONS, *kind_of(study).NOT_SHOWN)
    return {
        **study,
        "folds": settings.get("folds"),
        "differences": settings.get("differences"),
        "seeds": settings["seeds"],
        "settings": {
            name: value for name, value in settings["spec"].items() if name not in left_out
        },
        "status": status,
        "counts": {each: counts[each] for each in (*UNDER_WAY, "completed", "failed", "cancelled")},
        "search": None if search is None else search_view.summary(study, search),
        "progress": _progress(study, parts, search, done),
        "eta_seconds": _eta_seconds(connection, study, parts, search, places),
        "started_at": min(started, default=None),
        "completed_at": None if status in UNDER_WAY else max(ended, default=None),
    }


def _progress(
    study: Record, parts: list[Record], search: Record | None, done: list[float]
) -> float:
    if search is not None:
        return search_view.progress(study, search, parts, done)
    return sum(done) / len(done) if done else 0.0


def _eta_seconds(
    connection: Connection,
    study: Record,
    parts: list[Record],
    search: Record | None,
    places: int,
) -> float | None:
    """An upper limit, if the study had all places: early stopping may end sessions sooner."""
    waiting = [part for part in parts if part["status"] in UNDER_WAY]
    if not any(part["status"] == "training" for part in waiting):
        return None
    metrics = studies.epoch_metrics(connection, study["id"], _EPOCHS_FOR_ETA)
    found = (each.get("epoch_seconds") for each in metrics)
    seconds = [each for each in found if each is not None and math.isfinite(each)]
    if not seconds:
        return None
    remaining = sum(part["epochs"] * (1 - progress(part)) for part in waiting)
    if search is None:
        return remaining * median(seconds) / max(1, min(places, len(waiting)))
    places = max(1, min(places, study["settings"]["parallel"]))
    further = search_view.epochs_to_come(study, search) * median(seconds) / places
    left = search_view.seconds_left(study, search, parts)
    return remaining * median(seconds) / places + min(further, left)


def _order(place: Mapping[str, int | None]) -> list[tuple[bool, int]]:
    return [(value is None, value or 0) for value in place.values()]


def _described(part: Record, place: Mapping[str, int | None], evaluated: Record | None) -> Record:
    figures = None
    if evaluated is not None and part["model_id"] is not None:
        figures = {name: evaluated[name] for name in ("rows", *_FIGURES)}
    return {
        **part,
        **place,
        "stage": part["stage"] if part["status"] == "training" else None,
        "progress": progress(part),
        "figures": figures,
    }
