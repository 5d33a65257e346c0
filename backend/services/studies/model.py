"""One model of all folds: a session that joins the models of a study and trains nothing."""

from sqlalchemy import Connection

from backend import wire
from backend.database import models, sessions, workspaces
from backend.database.connection import Record
from backend.errors import Conflict, Invalid
from backend.services.context import Services
from backend.services.quota import require_bytes
from backend.services.sessions.start import add_session
from backend.services.studies.kinds import folds, require_every_row
from backend.services.studies.parts import fold_of, seed_of
from backend.services.studies.start import BYTES_PER_ROW


def add_model(
    services: Services,
    connection: Connection,
    study: Record,
    parts: list[Record],
    dataset: Record,
    *,
    model_name: str,
    user_id: int,
    idempotency_key: str | None = None,
) -> Record:
    """Add the session, or return the one that the same key added before.

    Args:
        services: the server's.
        connection: open for writing.
        study: its row.
        parts: its sessions, from `studies.parts_of`.
        dataset: that it is of.
        model_name: of the new model.
        user_id: who wants it.
        idempotency_key: of the request.

    Raises:
        Conflict: the study is of another kind, no seed has a model of every fold, or the dataset
            has just been deleted.
        Invalid, TooMany, NoSpace: as of a session.
    """
    require_every_row(study)
    if idempotency_key is not None:
        workspace_id = study["workspace_id"]
        earlier = sessions.find_by_idempotency_key(connection, workspace_id, idempotency_key)
        if earlier is not None:
            return _same_request(earlier, study, model_name)
    members, size = _members(connection, study, parts)
    size += BYTES_PER_ROW * dataset["num_samples"]
    owner_id = workspaces.owner_of(connection, study["workspace_id"])
    require_bytes(services, connection, owner_id, size)
    of_one = folds.spec_of(study["name"], study["settings"], members[0].seed, 1)
    spec = of_one.model_copy(
        update={
            "model_name": model_name,
            **dict.fromkeys(("folds", "fold", "fold_seed")),
            "joined_study": study["id"],
            "members": members,
        }
    )
    return add_session(
        services,
        connection,
        dataset,
        spec,
        user_id=user_id,
        idempotency_key=idempotency_key,
    )


def _same_request(earlier: Record, study: Record, model_name: str) -> Record:
    joins_it = earlier["spec"].get("joined_study") == study["id"]
    if not joins_it or earlier["model_name"] != model_name:
        raise Invalid.field(
            "Idempotency-Key",
            f"Expected a new key, received that of another request, which started session "
            f"{earlier['id']}.",
        )
    return earlier


def whole_seeds(study: Record, parts: list[Record]) -> list[int]:
    """The seeds of which every fold has a model, rising."""
    of_seed: dict[int, set[int]] = {}
    for part in parts:
        if part["model_id"] is not None:
            of_seed.setdefault(seed_of(part), set()).add(fold_of(part))
    wanted = study["settings"]["folds"]
    return sorted(seed for seed, found in of_seed.items() if len(found) == wanted)


def _members(
    connection: Connection, study: Record, parts: list[Record]
) -> tuple[list[wire.Member], int]:
    """The models to join, by seed, then by fold, and the size of their files."""
    seeds = whole_seeds(study, parts)
    if not seeds:
        done = sum(part["model_id"] is not None for part in parts)
        raise Conflict(
            f"Expected a model of each of the {study['settings']['folds']} folds of study "
            f"{study['id']}, found {done} of {len(parts)} sessions completed: wait for the others, "
            "or retry those that have failed."
        )
    members: list[wire.Member] = []
    size = 0
    for part in sorted(parts, key=lambda part: (seed_of(part), fold_of(part))):
        model = models.find(connection, part["model_id"] or 0)
        if seed_of(part) not in seeds or model is None:
            continue
        place = {"seed": seed_of(part), "fold": fold_of(part)}
        members.append(wire.Member(model_file=model["file"], sha256=model["sha256"], **place))
        size += model["file_size"]
    return members, size
