"""Where the files of curve sets are, and of what is on its way into them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.storage.layout import Storage

NAME = re.compile(r"curves-[1-9]\d{0,14}\.(part|[1-9]\d{0,14}-\d{1,6}\.import)", re.ASCII)


def part(storage: Storage, workspace_id: int, upload_id: int) -> Path:
    """What has been received of an upload that comes in pieces."""
    return storage.uploads / str(workspace_id) / f"curves-{upload_id}.part"


def to_import(
    storage: Storage, workspace_id: int, curve_set_id: int, import_id: int, number: int
) -> Path:
    """A received file of an import, until that has ended; files are numbered from 0."""
    name = f"curves-{curve_set_id}.{import_id}-{number}.import"
    return storage.uploads / str(workspace_id) / name


def all_to_import(storage: Storage, job: Mapping[str, Any]) -> list[Path]:
    """The received files of an import, in the order of its row's `files`."""
    place = job["workspace_id"], job["curve_set_id"], job["id"]
    return [to_import(storage, *place, number) for number in range(len(job["files"]))]


def remove_import(storage: Storage, job: Mapping[str, Any]) -> None:
    """Delete the received files of an import that has ended."""
    for path in all_to_import(storage, job):
        path.unlink(missing_ok=True)
