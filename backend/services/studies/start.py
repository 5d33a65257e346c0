"""Starts a study: all its sessions wait from then on, and are trained as places get free."""

from sqlalchemy import Connection

from backend import wire
from backend.database import datasets, sessions, studies, workspaces
from backend.database.connection import Record
from backend.database.search import trials
from backend.errors import Conflict, Invalid, NoSpace
from backend.services.bin.meanwhile import require_there
from backend.services.context import Services
from backend.services.labels.versions import labelled_rows
from backend.services.quota import require_bytes, require_waiting_place
from backend.services.sessions.curves import need_views
from backend.services.studies.kinds import KINDS
from backend.services.studies.parts import stored_spec
from backend.transit.networks import registry

# What the server computes of a study has so many rows in memory.
MAX_ROWS = 500_000

# What a model keeps of each row of its table, in bytes, about.
BYTES_PER_ROW = 250


def add_study(
    services: Services,
    connection: Connection,
    dataset: Record,
    spec: wire.Spec,
    *,
    name: str,
    kind: str,
    own: Record,
    seeds: int,
    user_id: int,
    idempotency_key: str | None = None,
) -> Record:
    """Add a study with its sessions, or return the one that the same key added before.

    Args:
        services: the server's.
        connection: open for writing.
        dataset: that it is of.
        spec: what its sessions have in common; its seed is the first.
        name: of the study.
        kind: one of KINDS.
        own: the fields of its kind, as the study stores them.
        seeds: how many.
        user_id: who starts it.
        idempotency_key: of the request.

    Raises:
        Invalid: the key was used for another request, or the table has too many rows.
        Conflict: the dataset has just been deleted.
        TooMany: as many sessions of the user wait as may wait; a study counts as one.
        NoSpace: the models of all sessions do not fit into what the workspace's owner has left.
    """
    workspace_id = dataset["workspace_id"]
    all_seeds = [spec.seed + each for each in range(seeds)]
    settings = {
        **own,
        "seeds": all_seeds,
        "labelled": labelled_rows(connection, dataset, spec.dataset_version),
        "spec": spec.model_dump(),
    }
    if idempotency_key is not None:
        earlier = studies.find_by_idempotency_key(connection, workspace_id, idempotency_key)
        if earlier is not None:
            return _same_request(earlier, dataset, (kind, name), settings)
    require_there(connection, workspace_id)
    if datasets.find(connection, dataset["id"]) is None:
        raise Conflict(f"Dataset {dataset['id']} was deleted: upload it again.")
    if dataset["num_samples"] > MAX_ROWS:
        raise Invalid.field(
            "dataset_id",
            f"Expected a dataset of at most {MAX_ROWS:,} rows for a study, received one of "
            f"{dataset['num_samples']:,}.",
        )
    require_waiting_place(services, connection, user_id)
    owner_id = workspaces.owner_of(connection, workspace_id)
    specs = KINDS[kind].specs(name, settings)
    size = sum(model_bytes(dataset, each) for each in specs) * (own.get("trials") or 1)
    require_bytes(services, connection, owner_id, size)
    need_views(services, connection, dataset, spec, user_id)
    study = studies.create(
        connection,
        workspace_id,
        user_id=user_id,
        dataset_id=dataset["id"],
        dataset_name=dataset["name"],
        dataset_size=dataset["num_samples"],
        name=name,
        kind=kind,
        settings=settings,
        idempotency_key=idempotency_key,
    )
    ids = [add_part(connection, study, each, user_id=user_id) for each in specs]
    if kind == "search":
        trials.create(connection, study["id"])
        trials.add(connection, study["id"], 1, ids[0])
    return study


def how_it_waits(study: Record, sessions: int) -> str:
    """What happens next to a new study with so many sessions, as a sentence."""
    if study["kind"] == "search":
        return f"The first trial of study {study['id']} waits for its turn; the others follow it."
    return f"Study {study['id']} has {sessions} sessions, which wait for their turn."


def model_bytes(dataset: Record, spec: wire.Spec) -> int:
    """About what a session leaves on the disk: its weights, and what it keeps of the rows."""
    weights = 4 * registry.NETWORKS[spec.network].parameters * spec.ensemble
    return weights + BYTES_PER_ROW * dataset["num_samples"]


def has_space(services: Services, connection: Connection, study: Record, spec: wire.Spec) -> bool:
    """Whether the model of one more session of a study fits into the quota.

    What is in the bin gives way, as for any other request.

    Args:
        services: the server's.
        connection: open for writing.
        study: its row.
        spec: of the session.
    """
    owner_id = workspaces.owner_of(connection, study["workspace_id"])
    size = model_bytes({"num_samples": study["dataset_size"]}, spec)
    try:
        require_bytes(services, connection, owner_id, size)
    except NoSpace:
        return False
    return True


def add_part(connection: Connection, study: Record, spec: wire.Spec, *, user_id: int) -> int:
    """Add a pending session to a study; gives its id."""
    session = sessions.create(
        connection,
        study["workspace_id"],
        user_id=user_id,
        dataset_id=study["dataset_id"],
        dataset_size=study["dataset_size"],
        model_name=spec.model_name,
        epochs=spec.epochs,
        spec=spec.model_dump(),
    )
    studies.take_in(connection, session["id"], study["id"])
    session_id: int = session["id"]
    return session_id


def _same_request(
    earlier: Record, dataset: Record, what: tuple[str, str], settings: Record
) -> Record:
    asked = {**settings, "spec": _asked(settings["spec"])}
    stored = {**earlier["settings"], "spec": _asked(earlier["settings"]["spec"])}
    is_same = stored == asked and (earlier["kind"], earlier["name"]) == what
    if not is_same or earlier["dataset_id"] not in (None, dataset["id"]):
        raise Invalid.field(
            "Idempotency-Key",
            f"Expected a new key, received that of another request, which started study "
            f"{earlier['id']}.",
        )
    return earlier


def _asked(stored: Record) -> Record:
    """Without what the server filled in from what was known of the dataset then."""
    spec = stored_spec(stored).model_dump()  # with the fields that an earlier version had not
    return {name: spec[name] for name in spec if name not in ("simulated", "grouping")}
