"""Where the files of curve sets are, and of what is on its way into them."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from backend.storage.layout import Storage

INSIDE = re.compile(r"[0-9a-f]{64}\.curves|[1-9]\d{0,8}\.json", re.ASCII)
NAME = re.compile(
    r"curves-[1-9]\d{0,14}\.(part|[1-9]\d{0,14}-\d{1,6}\.import)"
    r"|views-[1-9]\d{0,14}\.\d{1,9}\.part"
    r"|[0-9a-f]{64}\.[0-9a-f]{64}\.[1-9]\d{0,8}\.views\.npy",
    re.ASCII,
)
_FOLDER = re.compile(r"curves-[1-9]\d{0,14}", re.ASCII)


def folder(storage: Storage, curve_set: Mapping[str, Any]) -> Path:
    """Where the versions of a set are; `storage.curve_sets` says what is in it.

    Args:
        storage: the data folder.
        curve_set: at least id and workspace_id.
    """
    return storage.uploads / str(curve_set["workspace_id"]) / f"curves-{curve_set['id']}"


def files(storage: Storage, curve_set: Mapping[str, Any]) -> list[Path]:
    """The files of all versions of a set that are there."""
    found = folder(storage, curve_set)
    if not found.is_dir():
        return []
    return sorted(each for each in found.iterdir() if INSIDE.fullmatch(each.name))


def views(
    storage: Storage, workspace_id: int, identity: str, curves_sha256: str, recipe: int
) -> Path:
    """What light curves show of the rows of a dataset: VIEW_ROW_DTYPE, see `view_rows`.

    Args:
        storage: the data folder.
        workspace_id: of both.
        identity: of the dataset.
        curves_sha256: of a version of the curve set.
        recipe: how they were made.
    """
    folder = storage.uploads / str(workspace_id)
    return folder / f"{identity}.{curves_sha256}.{recipe}.views.npy"


def views_of(storage: Storage, job: Mapping[str, Any]) -> Path:
    """Where `views` are that were asked for.

    Args:
        storage: the data folder.
        job: a row of `curve_views`.
    """
    names = ("workspace_id", "identity", "curves_sha256", "recipe")
    return views(storage, *(job[name] for name in names))


def views_part(storage: Storage, job: Mapping[str, Any], number: int) -> Path:
    """A part of views on their way; parts are numbered from 0."""
    return storage.uploads / str(job["workspace_id"]) / f"views-{job['id']}.{number}.part"


def views_parts(storage: Storage, job: Mapping[str, Any]) -> list[Path]:
    """The parts that are there."""
    folder = storage.uploads / str(job["workspace_id"])
    return sorted(folder.glob(f"views-{job['id']}.*.part"))


def remove_views_parts(storage: Storage, job: Mapping[str, Any]) -> None:
    """Delete the parts of views that have ended, and what killed processes left of them."""
    for path in views_parts(storage, job):
        path.unlink(missing_ok=True)
    folder = storage.uploads / str(job["workspace_id"])
    for path in folder.glob(f".views-{job['id']}.*.part.*.partial"):
        path.unlink(missing_ok=True)


def is_folder(path: Path) -> bool:
    """Whether a path is that of a set."""
    return _FOLDER.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def remove_folder_of(path: Path) -> None:
    """Remove the folder of a set whose last file was deleted."""
    if is_folder(path.parent):
        with suppress(OSError):  # it is not empty
            path.parent.rmdir()


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
