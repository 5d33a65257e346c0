"""Data folders to back up and to restore, and what is in them."""

import hashlib
from pathlib import Path

from backend.database import models, sessions
from backend.services.context import Services
from tests.api import Api, complete
from tests.services.datasets.evidence import with_evidence


def fill(services: Services, api: Api, key: str) -> None:
    """Datasets, two of one file; a model; and a session in training with its checkpoint."""
    session_id = api.session(key)
    neighbours, related = b"training rows", b"rows of the table"
    model = complete(
        services,
        session_id,
        neighbours={"sha256": hashlib.sha256(neighbours).hexdigest(), "sparse_above": 1.0},
        related={"sha256": hashlib.sha256(related).hexdigest()},
    )
    with services.database.read() as connection:
        found = models.find(connection, model)
    assert found is not None
    services.storage.model_neighbours(found["file"]).write_bytes(neighbours)
    services.storage.model_related(found["file"]).write_bytes(related)
    training = api.session(key)
    with services.database.write() as connection:
        sessions.change(connection, training, status="training")
    for units in ("{}", '{"depth": "ppt"}'):
        api.upload(key, with_evidence(12), file_name="table.tsv", units=units)
    checkpoints = services.storage.checkpoints
    (checkpoints / f"{training}.ckpt").write_bytes(b"its state")
    (checkpoints / f"{session_id}.ckpt").write_bytes(b"of an ended session")


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; those that belong to no backup left out."""
    found = {}
    for top in ("uploads", "model"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_file() and path.name != "exoplanet_model.keras":
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def without_ended(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the checkpoints of sessions that have ended, which belong to no backup either."""
    return {path: content for path, content in files.items() if b"of an ended" not in content}
