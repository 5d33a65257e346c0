"""Where the views of a batch are: what light curves show of its rows, until it has ended."""

from pathlib import Path

from backend.storage.layout import Storage


def whole(storage: Storage, workspace_id: int, batch_id: int) -> Path:
    """All of them, `.npy` of VIEW_ROW_DTYPE."""
    return storage.uploads / str(workspace_id) / f"batch-{batch_id}.views"


def part(storage: Storage, workspace_id: int, batch_id: int, number: int) -> Path:
    """A part of them, see `light_curves.preparing.parts`; parts are numbered from 0."""
    return storage.uploads / str(workspace_id) / f"batch-{batch_id}.{number}.views"


def files(storage: Storage, workspace_id: int, batch_id: int) -> list[Path]:
    """The parts and the whole that are there."""
    folder = storage.uploads / str(workspace_id)
    parts = folder.glob(f"batch-{batch_id}.*.views")
    return [*sorted(parts), *folder.glob(f"batch-{batch_id}.views")]


def remove(storage: Storage, workspace_id: int, batch_id: int) -> None:
    """Delete them, and what killed processes left of them."""
    for path in files(storage, workspace_id, batch_id):
        path.unlink(missing_ok=True)
    folder = storage.uploads / str(workspace_id)
    for path in folder.glob(f".batch-{batch_id}.*views.*.partial"):
        path.unlink(missing_ok=True)
