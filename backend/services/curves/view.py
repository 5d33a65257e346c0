"""Curve sets as the API shows them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import imports


def describe_all(connection: Connection, found: Sequence[Record]) -> list[Record]:
    """Sets with their newest imports."""
    newest = imports.newest(connection, [each["id"] for each in found])
    return [{**each, "job": _described(newest.get(each["id"]))} for each in found]


def describe(connection: Connection, curve_set: Record) -> Record:
    """One set with its newest import."""
    return describe_all(connection, [curve_set])[0]


def _described(job: Record | None) -> Record | None:
    if job is None:
        return None
    is_whole = job["status"] == "completed" or not job["bytes"]
    progress = 1.0 if is_whole else min(job["bytes_done"] / job["bytes"], 1.0)
    return {
        **job,
        "progress": progress,
        "refusals": job["refusals"] or [],
        "notes": job["notes"] or [],
    }
