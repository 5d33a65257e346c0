"""What can be done with the finished epochs of a failed session: keep the best, or delete them."""

from sqlalchemy import Connection

from backend.database import datasets, kept, models, sessions, workspaces
from backend.database.connection import Record
from backend.database.labels import versions
from backend.errors import Conflict
from backend.services.context import Services
from backend.services.quota import require_bytes


def request_keep(services: Services, connection: Connection, session: Record) -> None:
    """Ask for the best epoch of a failed session as a model.

    Raises:
        Conflict: it has not failed, no epoch of it is kept, it is being kept already, or its
            dataset was deleted.
        NoSpace: the quota of the workspace's owner is used up, even without the finished epochs,
            which go once the model is saved.
    """
    _require_checkpoint(connection, session)
    if session["request"] == "keep":
        raise Conflict(f"Session {session['id']} is being kept already: wait until it has ended.")
    workspace_id = session["workspace_id"]
    identity = session["spec"]["dataset_sha256"]
    dataset = datasets.find_by_identity(connection, workspace_id, identity)
    if dataset is None:
        raise Conflict(
            f"The dataset of session {session['id']} was deleted: upload it again, then keep the "
            "best epoch."
        )
    spec = {**session["spec"], **_version_in(connection, session, dataset)}
    owner_id = workspaces.owner_of(connection, workspace_id)
    require_bytes(services, connection, owner_id, 1, freed=session["checkpoint_bytes"])
    sessions.change(
        connection,
        session["id"],
        request="keep",
        dataset_id=dataset["id"],  # it may have been deleted and uploaded again
        spec=spec,
        stage=None,
        starts_without_epoch=0,
        error={**session["error"], "keep_error": None},
    )


def _version_in(connection: Connection, session: Record, dataset: Record) -> Record:
    """The number that the labels of a session have in its dataset, which may be another one now.

    Raises:
        Conflict: the dataset has no such labels.
    """
    sha256 = session["spec"].get("dataset_version_sha256")
    if sha256 is None:
        return {}
    version = versions.find_by_hash(connection, dataset["id"], sha256)
    if version is None:
        raise Conflict(
            f"The labels that session {session['id']} learnt, version "
            f"{session['spec']['dataset_version']} of its dataset, were deleted with it: import "
            "them into the dataset and freeze a version, then keep the best epoch."
        )
    return {"dataset_version": version["number"]}


def forget_checkpoint(connection: Connection, session: Record) -> None:
    """Record that the finished epochs of a failed session go; after the commit, delete them.

    Raises:
        Conflict: there are none, or the best one is being kept.
    """
    _require_checkpoint(connection, session)
    require_not_being_kept(session)
    kept.forget(connection, session["id"])


def require_not_being_kept(session: Record) -> None:
    """Check that no worker reads the finished epochs of a session.

    Raises:
        Conflict: its best epoch is being kept.
    """
    if kept.is_requested(session):
        raise Conflict(
            f"The best epoch of session {session['id']} is being kept: cancel that, or wait until "
            "it has ended."
        )


def _require_checkpoint(connection: Connection, session: Record) -> None:
    session_id, status = session["id"], session["status"]
    if status != "failed":
        raise Conflict(
            f"Session {session_id} is {status}; only the finished epochs of failed sessions are "
            "kept."
        )
    if session["checkpoint_bytes"] is not None:
        return
    model = models.of_session(connection, session_id)
    if model is not None:
        raise Conflict(f"The best epoch of session {session_id} is model {model['id']} already.")
    raise Conflict(
        f"Session {session_id} has no finished epochs to keep: it failed before the first one "
        f"ended, more than {kept.KEPT_DAYS} days have passed, or they were kept or deleted."
    )
