"""What is done to one model or to many alike: delete, star, tag."""

from collections.abc import Sequence

from sqlalchemy import Connection

from backend.database import batches, models
from backend.database.connection import Record
from backend.database.listing import model_facts
from backend.errors import Conflict
from backend.services.bin.put import put
from backend.services.context import Services
from backend.services.listing import marks


def delete(services: Services, connection: Connection, model: Record, user_id: int) -> int:
    """Put a model into the bin; gives the id there, to `finish` after the commit.

    Raises:
        Conflict: it is the current one, or a study or an unfinished batch needs it.
    """
    model_id = model["id"]
    if models.is_current(connection, model):
        raise Conflict(
            f"Model {model_id} is the current model of its workspace: promote another first."
        )
    study_id = models.study_of(connection, model)
    if study_id is not None:
        raise Conflict(f"Model {model_id} is part of study {study_id}: delete the study.")
    unfinished = batches.unfinished_with(connection, model_id)
    if unfinished:
        raise Conflict(
            f"Model {model_id} is used by unfinished batches "
            f"({', '.join(map(str, unfinished))}): cancel them, or wait until they have ended."
        )
    name = model_facts.title_of(connection, model_id) or model["name"]
    bin_id = put(services, connection, "model", model, name, user_id)
    models.remove(connection, model_id)
    return bin_id


def mark(action: str, connection: Connection, model: Record, tags: Sequence[str]) -> None:
    """Change the star or the tags of a model; raises as `marks.after`."""
    now = model_facts.tags_of(connection, model["id"])
    said = marks.after(action, f"Model {model['id']}", now, tags)
    model_facts.change(connection, model["id"], **said)
