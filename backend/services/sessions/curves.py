"""The light curves that a session learns from: which version, and whether their views are made."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from backend import wire
from backend.database.connection import Record
from backend.database.curves import sets, view_jobs
from backend.errors import Conflict
from backend.services.context import Services
from backend.services.curves.chosen import chosen_set
from backend.services.curves.views import ensure
from backend.training.spec import reads_views
from backend.transit.photometry.view_rows import RECIPE

_BEING_MADE = ("pending", "running")


def with_curves(
    connection: Connection,
    dataset: Record,
    spec: wire.Spec,
    earlier: Mapping[str, Any] | None = None,
) -> wire.Spec:
    """The spec of a new session, or of those of a study, with the version of its curve set.

    Args:
        connection: open for reading.
        dataset: that it is of.
        spec: without a version.
        earlier: the spec that the same Idempotency-Key started before: it keeps its version.

    Raises:
        NotFound: there is no such set in the dataset's workspace.
        Conflict: it has no light curves yet.
    """
    if spec.curve_set_id is None:
        return spec
    if earlier is not None and earlier.get("curve_set_id") == spec.curve_set_id:
        known = {name: earlier.get(name) for name in ("curves_sha256", "curve_recipe")}
        return spec.model_copy(update=known)
    found = chosen_set(connection, dataset["workspace_id"], spec.curve_set_id)
    return spec.model_copy(update={"curves_sha256": found["sha256"], "curve_recipe": RECIPE})


def need_views(
    services: Services, connection: Connection, dataset: Record, spec: wire.Spec, user_id: int
) -> None:
    """Have the views made that sessions of a spec learn from, if they are not there.

    Args:
        services: the server's; its preparer is to be notified after the commit.
        connection: open for writing.
        dataset: that they are of.
        spec: from `with_curves`.
        user_id: who starts them.

    Raises:
        Conflict: they are not there, and the curve set that they are made of was deleted.
    """
    if spec.curve_set_id is None or spec.curves_sha256 is None:
        return  # those of a grid or a search that do not read them have them nevertheless
    found = sets.find(connection, spec.curve_set_id)
    if found is None or found["workspace_id"] != dataset["workspace_id"]:
        job = view_jobs.find_for_spec(connection, dataset["workspace_id"], spec.model_dump())
        if job is None or job["status"] != "completed":
            raise Conflict(f"Curve set {spec.curve_set_id} was deleted: bring its files again.")
        return
    ensure(services, connection, dataset, {**found, "sha256": spec.curves_sha256}, user_id)


def why_waiting_for_views(connection: Connection, session: Record) -> str | None:
    """What a waiting session waits for, in words, while views of light curves are made.

    Args:
        connection: open for reading.
        session: its row, its spec as text.
    """
    if session["status"] != "pending":
        return None
    spec = json.loads(session["spec"])
    if not reads_views(spec):
        return None
    job = view_jobs.find_for_spec(connection, session["workspace_id"], spec)
    if job is None or job["status"] not in _BEING_MADE:
        return None
    if not job["rows"]:
        return "Its light curves are being prepared."
    return f"Its light curves are being prepared: {job['rows_done']:,} of {job['rows']:,} rows."
