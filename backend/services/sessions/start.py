"""Adds a session to the queue: once per Idempotency-Key, within the quota, if it is trainable."""

import re
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from backend import wire
from backend.database import datasets, sessions, workspaces
from backend.database.connection import Record
from backend.errors import Conflict, Invalid
from backend.services.bin.meanwhile import require_there
from backend.services.context import Services
from backend.services.labels.layer import Layer, current_layer
from backend.services.labels.versions import freeze, version_of
from backend.services.quota import require_bytes, require_waiting_place
from backend.services.sessions.curves import need_views
from backend.storage.dataset_table import read_rows, sample_of_labels
from backend.storage.version_labels import with_changes
from backend.training.spec import DataError, UnusableSpec, upgrade_spec
from backend.training.split import MAX_HELD_OUT, check_groups, check_trainable
from backend.transit.rows import Rows
from backend.transit.split_groups import are_found_quickly

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def checked_key(header: str | None) -> str | None:
    """The Idempotency-Key, if the request has one.

    Raises:
        Invalid: it is empty, too long or not plain ASCII.
    """
    if header is not None and not _IDEMPOTENCY_KEY.fullmatch(header):
        raise Invalid.field("Idempotency-Key", "Expected 1 to 200 ASCII characters without spaces.")
    return header


def require_trainable(
    services: Services, dataset: Record, spec: wire.Spec, layer: Layer | None = None
) -> None:
    """Check that the dataset can be trained with this spec, and a layer over its labels.

    A class in too few groups is noticed here only in a table whose groups are found quickly; in
    others, of more than 20,000 rows or with very many equal periods, the worker notices it.

    Raises:
        Invalid: it cannot; the message gives the numbers.
        Conflict, Unavailable: the dataset's rows are missing, or are being read again.
    """
    path = services.tables.table(dataset)
    changed = with_changes(path, layer) if layer else None
    splits = spec.validation_split, spec.test_split
    sample = sample_of_labels(path) if changed is None else changed
    try:
        check_trainable(sample, *splits)
    except DataError:
        # Some rows were not in the sample; only all of them decide.
        try:
            whole = read_rows(path, 0, dataset["num_samples"])[1] if changed is None else changed
            check_trainable(whole, *splits)
        except DataError as error:
            field = "test_split" if sum(splits) > MAX_HELD_OUT else "dataset_id"
            raise _refused(error, field) from error
    table = np.load(path, mmap_mode="r") if changed is None else changed
    _require_groups(table, services.tables.evidence(dataset), spec)


def add_session(
    services: Services,
    connection: Connection,
    dataset: Record,
    spec: wire.Spec,
    *,
    user_id: int,
    idempotency_key: str | None = None,
    retry_of: int | None = None,
) -> Record:
    """Add a pending session, or return the one that the same key added before.

    Raises:
        Invalid: the key was used for another request.
        Conflict: the dataset has just been deleted.
        TooMany: as many sessions of the user wait as may wait.
        NoSpace: the quota of the workspace's owner is used up. A model that a session saves is
            never refused, so no session starts where there is no room for one.
    """
    workspace_id = dataset["workspace_id"]
    if idempotency_key is not None:
        earlier = sessions.find_by_idempotency_key(connection, workspace_id, idempotency_key)
        if earlier is not None:
            return _same_request(earlier, dataset, spec, retry_of)
    require_there(connection, workspace_id)
    if datasets.find(connection, dataset["id"]) is None:
        raise Conflict(f"Dataset {dataset['id']} was deleted: upload it again.")
    require_waiting_place(services, connection, user_id)
    require_bytes(services, connection, workspaces.owner_of(connection, workspace_id), 1)
    need_views(services, connection, dataset, spec, user_id)
    return sessions.create(
        connection,
        workspace_id,
        user_id=user_id,
        dataset_id=dataset["id"],
        dataset_size=dataset["num_samples"],
        model_name=spec.model_name,
        epochs=spec.epochs,
        spec=spec.model_dump(),
        idempotency_key=idempotency_key,
        retry_of=retry_of,
    )


def spec_of(session: Record) -> wire.Spec:
    """The spec of a stored session.

    Raises:
        Conflict: another version of exotrain stored it, and this one cannot read it.
    """
    try:
        return upgrade_spec(session["spec"])
    except UnusableSpec as error:
        raise Conflict(str(error)) from error


def with_simulated(services: Services, dataset: Record, spec: wire.Spec) -> wire.Spec:
    """The spec with `simulated` filled in, where it is not and the dataset's file can be read."""
    if spec.simulated is not None:
        return spec
    return spec.model_copy(update={"simulated": services.tables.is_simulated(dataset)})


def with_grouping(services: Services, dataset: Record, spec: wire.Spec) -> wire.Spec:
    """The spec of a new session, split by all that is known of the dataset's rows.

    Raises:
        Conflict, Unavailable: the dataset's evidence is missing, or is being read again.
    """
    grouping = "rows" if services.tables.evidence(dataset) is None else "ephemeris"
    return spec.model_copy(update={"grouping": grouping})


def asked_layer(
    services: Services, connection: Connection, dataset: Record, asked: int | None
) -> Layer:
    """The layer that a session is asked to train on: that of a version, or the one of now.

    Raises:
        Invalid: there is no version with that number.
    """
    if asked is None:
        return current_layer(services, connection, dataset)
    return version_of(connection, dataset, asked).layer


def with_version(
    services: Services,
    connection: Connection,
    dataset: Record,
    spec: wire.Spec,
    *,
    asked: int | None,
    user: Record,
    earlier: Record | None,
) -> wire.Spec:
    """The spec of a session, or of those of a study, with the version that it trains on.

    Args:
        services: the server's.
        connection: open for writing.
        dataset: its row.
        spec: without a version.
        asked: its number; None: the layer as it is now, which is frozen.
        user: who starts it: id and name.
        earlier: the spec that the same Idempotency-Key started before: it keeps its version.

    Raises:
        Invalid, NoSpace: as of `versions.version_of` and `versions.freeze`.
    """
    if earlier is not None and asked is None:
        asked = earlier.get("dataset_version", 0)
    if asked is None:
        version, _ = freeze(services, connection, dataset, user)
    else:
        version = version_of(connection, dataset, asked)
    if not version.number:
        return spec
    return spec.model_copy(
        update={"dataset_version": version.number, "dataset_version_sha256": version.sha256}
    )


def _require_groups(table: Rows, evidence_path: Path | None, spec: wire.Spec) -> None:
    """Check that every class is in enough groups, where that is quick."""
    evidence = None
    if spec.grouping == "ephemeris" and evidence_path is not None:
        evidence = np.load(evidence_path, mmap_mode="r")
    if not are_found_quickly(table, evidence):
        return
    try:
        check_groups(table, evidence, spec.grouping, spec.folds)
    except DataError as error:
        raise _refused(error, "dataset_id") from error


def _refused(error: DataError, field: str) -> Invalid:
    return Invalid(str(error), [{"field": field, "message": str(error)}])


def _same_request(
    earlier: Record, dataset: Record, spec: wire.Spec, retry_of: int | None
) -> Record:
    # 0.3.0 did not store the first; the second depends on what was known of the dataset then.
    unasked = {"simulated": spec.simulated, "grouping": spec.grouping}
    stored = spec_of(earlier).model_copy(update=unasked)
    is_same = stored == spec and earlier["retry_of"] == retry_of
    if not is_same or earlier["dataset_id"] not in (None, dataset["id"]):
        raise Invalid.field(
            "Idempotency-Key",
            f"Expected a new key, received that of another request, which started session "
            f"{earlier['id']}.",
        )
    return earlier
