"""Posts a batch: idempotency, quota, the model as it is, the file in its place."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from backend.database import batches, models, workspaces
from backend.database.connection import Record
from backend.errors import Conflict, Invalid
from backend.services.batch_jobs.index import INDEX_DTYPE
from backend.services.batch_jobs.light_curves import (
    asked_curves,
    described_curves,
    views_bytes,
)
from backend.services.bin.meanwhile import require_there
from backend.services.context import Services
from backend.services.predictions.model import training_source, warnings_about
from backend.services.predictions.unlike_training import (
    learnt_from,
    missing_in_all,
    sentences,
    unlike_training,
)
from backend.services.quota import require_batch_place, require_bytes
from backend.storage.atomic import put_in_place, sync
from backend.storage.incoming import IncomingFile, require_space
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import open_catalog


def earlier_batch(
    connection: Connection, workspace: Record, key: str | None, sha256: str, asked: Record
) -> Record | None:
    """The batch that an earlier request with the same key posted.

    Raises:
        Invalid: the key was used for another request.
    """
    if key is None:
        return None
    earlier = batches.find_by_idempotency_key(connection, workspace["id"], key)
    if earlier is not None and (earlier["file_sha256"], earlier["asked"]) != (sha256, asked):
        raise Invalid.field(
            "Idempotency-Key",
            "Expected a new key, received that of another request, which posted batch "
            f"{earlier['id']}.",
        )
    return earlier


def require_catalogue(services: Services, path: Path, read_as: ReadAs) -> None:
    """Check that a file begins as a catalogue; its rows are read later.

    Raises:
        CatalogError: it does not.
        ReadAsError: what was said does not fit the header.
    """
    with (
        open(path, "rb") as source,
        services.converter.as_text(source, path.parent, read_as.table) as (text, _),
    ):
        open_catalog(text, label_required=False, read_as=read_as)


def post_batch(
    services: Services,
    workspace: Record,
    model: Record,
    incoming: IncomingFile,
    *,
    name: str,
    asked: Record,
    curve_set_id: int | None = None,
    user_id: int,
    key: str | None,
) -> Record:
    """Add a pending batch, or return the one that the same key added before.

    Args:
        services: settings, database and files.
        workspace: the workspace that it belongs to.
        model: what predicts it; the batch has its hash and its threshold from now on.
        incoming: the received file; it is moved to its place, or left for its owner to discard.
        name: of the file.
        asked: model_id, source and read_as of the request.
        curve_set_id: whose light curves its rows have, in the version that is the newest now.
        user_id: who posts it.
        key: of idempotency.

    Raises:
        Invalid: the key was used for another request, or the model reads no light curves.
        NotFound: there is no such curve set in the workspace.
        Conflict: the model has just been deleted, or the set has no light curves yet.
        TooMany: as many batches of the user wait as may wait.
        NoSpace: the quota of the workspace's owner or the disk is full.
    """
    sync(incoming.path)
    require_space(incoming.path.parent, 2 * incoming.size)
    with ExitStack() as undo:
        with services.database.write() as connection:
            require_there(connection, workspace["id"])
            earlier = earlier_batch(connection, workspace, key, incoming.sha256, asked)
            if earlier is not None:
                return earlier
            if models.find(connection, model["id"]) is None:
                raise Conflict(f"Model {model['id']} was deleted: choose another one.")
            curves = asked_curves(connection, workspace, model, curve_set_id)
            require_batch_place(services, connection, user_id)
            owner_id = workspaces.owner_of(connection, workspace["id"])
            # The result is larger than the file: there must be room for both.
            require_bytes(services, connection, owner_id, 2 * incoming.size)
            batch = batches.create(
                connection,
                workspace["id"],
                user_id=user_id,
                model_id=model["id"],
                model=described_model(model),
                asked=asked,
                source=asked["source"] or training_source(model),
                light_curves=curves,
                file_name=name,
                file_size=incoming.size,
                file_sha256=incoming.sha256,
                stored_bytes=incoming.size,
                idempotency_key=key,
            )
            place = workspace["id"], batch["id"]
            undo.callback(services.storage.remove_batch_upload, *place)
            put_in_place(incoming.path, services.storage.batch_upload(*place))
            found = batches.find(connection, batch["id"])
        undo.pop_all()
    assert found is not None
    return found


def described_model(model: Record) -> Record:
    """What is told of the model that makes predictions, also when it is gone."""
    threshold = (model["manifest"].get("abstention") or {}).get("threshold")
    shown = {name: model[name] for name in ("id", "name", "sha256", "created_at")}
    return {
        **shown,
        "threshold": threshold,
        "simulated": models.is_simulated(model),
        "warnings": warnings_about(model),
        **learnt_from(model),
    }


def told_model(model: Record) -> str:
    """What makes predictions, from `described_model`, as a dictionary of structured fields."""
    threshold = model["threshold"]
    decided = "" if threshold is None else f", threshold={threshold:.6g}"
    made = model["created_at"]
    origin = ", simulated" if model.get("simulated") else ""
    return f'id={model["id"]}, sha256="{model["sha256"]}", created_at="{made}"{decided}{origin}'


def stored_bytes(batch: Record) -> int:
    """What the files of an unfinished batch take."""
    return batch["file_size"] + result_bytes(batch) + views_bytes(batch["light_curves"])


def result_bytes(batch: Record) -> int:
    """What the table and the index of a batch take."""
    return batch["result_bytes"] + batch["rows_done"] * INDEX_DTYPE.itemsize


def unlike_training_of(batch: Record) -> list[Record]:
    """In what the rows so far are unlike the model's training rows; nothing before the first."""
    counts = batch["counts"]
    if counts is None or counts["all"] == counts["errors"]:
        return []
    known = counts.get("known", {})
    return unlike_training(batch["model"], batch["reading"]["source"], missing_in_all(known))


def described(services: Services, batch: Record) -> dict[str, Any]:
    """A batch as the API shows it."""
    done, size = batch["bytes_done"], batch["file_size"]
    is_whole = batch["status"] == "completed" or not size
    unlike = unlike_training_of(batch)
    return {
        **batch,
        "warnings": [
            *batch["model"].get("warnings", []),
            *sentences(unlike, batch["model"]["id"]),
        ],
        "unlike_training": unlike,
        "progress": 1.0 if is_whole else min(done / size, 1.0),
        "expires_at": batches.expires_at(batch, services.settings.batch_days),
        "table": batch["reading"],
        "light_curves": described_curves(batch),
    }
