"""The end of a study: stopped, cancelled, what failed started again, deleted whole."""

from sqlalchemy import Connection

from backend.background.search.trials import DIVERGED
from backend.database import batches, datasets, kept, models, sessions, studies, workspaces
from backend.database.connection import Record
from backend.database.listing import facts
from backend.database.search import trials
from backend.errors import Conflict
from backend.services.bin.put import put
from backend.services.context import Services
from backend.services.quota import require_bytes, require_waiting_place
from backend.services.sessions.curves import need_views
from backend.services.sessions.end import request_end
from backend.services.studies.parts import stored_spec
from backend.services.studies.start import add_part, model_bytes
from backend.services.studies.view import UNDER_WAY
from backend.storage.removal import Removal

_ABANDONED = ("failed", "cancelled")


def request_end_of_all(connection: Connection, study: Record, request: str) -> list[Record]:
    """Request the end of every session of a study that is under way.

    Args:
        connection: open for writing.
        study: its row.
        request: "stop" or "cancel".

    Returns:
        The rows, as they were, of those that have been cancelled at once: their files go after the
        commit, with `session_end.remove_files`.

    Raises:
        Conflict: all have ended.
    """
    cancelled, is_any = [], _close_search(connection, study, request)
    for part in _parts(connection, study):
        session = sessions.find(connection, part["id"])
        if session is None or request_end(connection, session, request) is None:
            continue
        is_any = True
        changed = sessions.find(connection, part["id"])
        if changed is not None and changed["status"] == "cancelled":
            cancelled.append(session)
    if not is_any:
        raise Conflict(f"Study {study['id']} has already ended.")
    return cancelled


def retry(
    services: Services, connection: Connection, removal: Removal, study: Record, user_id: int
) -> int:
    """Put new sessions in the place of those that have failed or were cancelled.

    Args:
        services: the server's.
        connection: open for writing.
        removal: of the files of the sessions that go; around this transaction.
        study: its row.
        user_id: who asks for it.

    Returns:
        How many.

    Raises:
        Conflict: none has failed or was cancelled without a model, or the dataset was deleted, or
            the light curves that they learn from. A search that was stopped or cancelled goes on
            with what is left of its budget; a trial that diverged has its result.
        TooMany, NoSpace: as of the start of a study.
    """
    parts = _parts(connection, study)
    wanted = [part for part in parts if _is_abandoned(part)]
    search = trials.find(connection, study["id"])
    if search is not None and search["state"] == "minutes":  # what never began came too late
        wanted = [part for part in wanted if part["started_at"] is not None]
    if not trials.reopen(connection, study["id"]) and not wanted:
        raise Conflict(_nothing_to_retry(study, parts))
    dataset = datasets.find(connection, study["dataset_id"] or 0)
    if dataset is None:
        raise Conflict(f"The dataset of study {study['id']} was deleted: upload it again.")
    if wanted and not any(part["status"] == "pending" for part in parts):
        require_waiting_place(services, connection, user_id)
    owner_id = workspaces.owner_of(connection, study["workspace_id"])
    specs = [stored_spec(part["spec"]) for part in wanted]
    size = sum(model_bytes(dataset, spec) for spec in specs)
    require_bytes(services, connection, owner_id, size)
    need_views(services, connection, dataset, stored_spec(study["settings"]["spec"]), user_id)
    for part, spec in zip(wanted, specs, strict=True):
        removal.add(services.storage.kept_checkpoint(part["id"]))
        marks = facts.marks_of(connection, part["id"])
        sessions.remove(connection, part["id"])
        session_id = add_part(connection, study, spec, user_id=user_id)
        facts.change(connection, session_id, **marks)
        if part["trial"] is not None:
            trials.replace(connection, study["id"], part["trial"], session_id)
    return len(wanted)


def _nothing_to_retry(study: Record, parts: list[Record]) -> str:
    if any(_is_abandoned(part) for part in parts):
        return (
            f"The minutes of search {study['id']} are over: what had not begun by then is not "
            "trained."
        )
    if any(_is_bad(part) for part in parts):
        return (
            f"No session of study {study['id']} was cancelled, or has failed but by diverging. A "
            "trial that diverged is a result of its setting: it would do so again."
        )
    return f"No session of study {study['id']} has failed or was cancelled."


def remove(services: Services, connection: Connection, study: Record, user_id: int) -> int:
    """Put a study into the bin, with its sessions, their models and what lies beside these.

    Args:
        services: the server's.
        connection: open for writing.
        study: its row.
        user_id: who deletes it.

    Returns:
        The entry of the bin.

    Raises:
        Conflict: a session is under way or is being kept, or a model is in use.
    """
    parts = _parts(connection, study)
    _require_unused(connection, study, parts)
    more = {
        "training_sessions": [part["id"] for part in parts],
        "models": [part["model_id"] for part in parts if part["model_id"] is not None],
    }
    bin_id = put(services, connection, "study", study, study["name"], user_id, more)
    studies.remove(connection, study["id"])
    return bin_id


def _close_search(connection: Connection, study: Record, request: str) -> bool:
    """Add no more trials to a search; False: it is none, or added none any more."""
    if request == "cancel":
        trials.note_cancel(connection, study["id"])
    state = "stopped" if request == "stop" else "cancelled"
    return trials.close(connection, study["id"], state)


def _parts(connection: Connection, study: Record) -> list[Record]:
    return studies.parts_of(connection, [study["id"]])[study["id"]]


def _is_abandoned(part: Record) -> bool:
    is_being_kept = kept.is_requested(part)
    is_lost = part["status"] in _ABANDONED and part["model_id"] is None
    return is_lost and not is_being_kept and not part["is_pruned"] and not _is_bad(part)


def _is_bad(part: Record) -> bool:
    """Whether it is a trial that diverged: that is what its setting gives, not a failure."""
    has_diverged = part["status"] == "failed" and (part["error"] or {}).get("reason") == DIVERGED
    return part["trial"] is not None and has_diverged


def _require_unused(connection: Connection, study: Record, parts: list[Record]) -> None:
    search = trials.find(connection, study["id"])
    is_open = search is not None and search["state"] == "open"
    if is_open or any(part["status"] in UNDER_WAY or kept.is_requested(part) for part in parts):
        raise Conflict(
            f"Study {study['id']} has not ended and cannot be deleted until it has: cancel it, or "
            "wait."
        )
    joining = [
        each["session_id"]
        for each in studies.joined_of(connection, study)
        if each["status"] in UNDER_WAY
    ]
    if joining:
        raise Conflict(
            f"The models of study {study['id']} are being joined by session {joining[0]}: cancel "
            "it, or wait."
        )
    current = models.current_of(connection, study["workspace_id"])
    for part in parts:
        model_id = part["model_id"]
        if model_id is None:
            continue
        if current is not None and current["id"] == model_id:
            raise Conflict(
                f"Model {model_id} of study {study['id']} is the current model of its workspace: "
                "promote another first."
            )
        unfinished = batches.unfinished_with(connection, model_id)
        if unfinished:
            raise Conflict(
                f"Model {model_id} of study {study['id']} is used by unfinished batches "
                f"({', '.join(map(str, unfinished))}): cancel them, or wait until they have ended."
            )
