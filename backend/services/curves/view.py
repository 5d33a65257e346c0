"""Curve sets as the API shows them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import imports
from backend.services.curves import folder_files


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
    is_of_folder = folder_files.is_of_folder(job["asked"])
    # How many bytes files of the server's folder have is known once they are chosen.
    is_whole = job["status"] == "completed" or not (job["bytes"] or is_of_folder)
    progress = 1.0 if is_whole else min(job["bytes_done"] / max(job["bytes"], 1), 1.0)
    return {
        **job,
        "files": [] if is_of_folder else job["files"],
        "server_folder": is_of_folder,
        "dataset_id": job["asked"].get("dataset_id"),
        "progress": progress,
        "refusals": job["refusals"] or [],
        "notes": job["notes"] or [],
    }
