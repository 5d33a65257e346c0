"""Posts an import: the files in their place, a pending row, a new set where none is named."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection

from backend.database import workspaces
from backend.database.connection import Record
from backend.database.curves import imports, sets, uploads
from backend.errors import Conflict, Invalid, NotFound
from backend.services.bin.meanwhile import require_there
from backend.services.context import Services
from backend.services.curves.folder_files import NOT_CHOSEN, is_of_folder
from backend.services.curves.uploads import require_complete
from backend.services.quota import require_bytes, require_import_place
from backend.storage import curve_files
from backend.storage.atomic import put_in_place, sync
from backend.storage.incoming import IncomingFile

# Of an import: an archive is one.
MOST_FILES = 500


def earlier_set(
    connection: Connection, workspace: Record, key: str | None, name: str
) -> Record | None:
    """The set that an earlier request with the same key made.

    Raises:
        Invalid: the key was used for another request.
    """
    if key is None:
        return None
    earlier = sets.find_by_idempotency_key(connection, workspace["id"], key)
    if earlier is not None and earlier["name"] != name:
        raise Invalid.field(
            "Idempotency-Key",
            "Expected a new key, received that of another request, which made curve set "
            f"{earlier['id']} ({earlier['name']}).",
        )
    return earlier


def post_set(
    services: Services,
    workspace: Record,
    name: str,
    files: Sequence[tuple[str, IncomingFile]],
    pieced: Sequence[Record],
    *,
    asked: Record,
    user_id: int,
    key: str | None,
) -> Record:
    """Make a set, and post the import of its first files; the same key again changes nothing.

    Args:
        services: settings, database and files.
        workspace: that it belongs to.
        name: of the set.
        files: received by this request, with their names; they are moved to their places, or left
            for their owner to discard.
        pieced: the rows of uploads that came in pieces.
        asked: what was said of the files; with `server_folder`, which of the server's own are
            taken in place of these, see `folder_files`.
        user_id: who posts them.
        key: of idempotency.

    Returns:
        the set's row.

    Raises:
        Invalid: there is no file, there are too many, or the key was used for another request.
        Conflict: the workspace was deleted, or an upload is not complete.
        TooMany: as many imports of the user wait as may wait.
        NoSpace: the quota of the workspace's owner or the disk is full.
    """
    with ExitStack() as undo:
        if not is_of_folder(asked):
            _hold(services, files, pieced, undo)
        with services.database.write() as connection:
            require_there(connection, workspace["id"])
            earlier = earlier_set(connection, workspace, key, name)
            if earlier is not None:
                return earlier
            made = sets.create(
                connection, workspace["id"], user_id=user_id, name=name, idempotency_key=key
            )
            _post(services, connection, made, files, pieced, asked, user_id, undo)
            found = sets.find(connection, made["id"])
        undo.pop_all()
    assert found is not None
    return found


def post_files(
    services: Services,
    curve_set: Record,
    files: Sequence[tuple[str, IncomingFile]],
    pieced: Sequence[Record],
    *,
    asked: Record,
    user_id: int,
) -> Record:
    """Post the import of more files into a set; its arguments, and what it raises, are those of
    `post_set`.

    Raises:
        NotFound: the set was deleted meanwhile.
    """
    with ExitStack() as undo:
        if not is_of_folder(asked):
            _hold(services, files, pieced, undo)
        with services.database.write() as connection:
            require_there(connection, curve_set["workspace_id"])
            if sets.find(connection, curve_set["id"]) is None:
                raise NotFound(f"There is no curve set {curve_set['id']}.")
            _post(services, connection, curve_set, files, pieced, asked, user_id, undo)
            found = sets.find(connection, curve_set["id"])
        undo.pop_all()
    assert found is not None
    return found


def _hold(
    services: Services,
    files: Sequence[tuple[str, IncomingFile]],
    pieced: Sequence[Record],
    undo: ExitStack,
) -> None:
    count = len(files) + len(pieced)
    if not 0 < count <= MOST_FILES:
        raise Invalid.field(
            "file",
            f"Expected 1 to {MOST_FILES:,} files, received {count:,}. More files are better sent "
            "as one zip or tar file.",
        )
    for upload in pieced:
        undo.enter_context(services.curve_sending.alone(upload["id"]))
    for _, incoming in files:
        sync(incoming.path)


def _post(
    services: Services,
    connection: Connection,
    curve_set: Record,
    files: Sequence[tuple[str, IncomingFile]],
    pieced: Sequence[Record],
    asked: Record,
    user_id: int,
    undo: ExitStack,
) -> None:
    """Add a pending import, and move its files; `undo` gives back what was not received here."""
    require_import_place(services, connection, user_id)
    described: list[Record] = [{"name": name, "size": each.size} for name, each in files]
    sources = [incoming.path for _, incoming in files]
    for each in pieced:
        upload = uploads.find(connection, each["id"])
        if upload is None:
            raise Conflict(f"Upload {each['id']} was deleted or used meanwhile.")
        require_complete(services, upload)
        described.append({"name": upload["name"], "size": upload["size"]})
        sources.append(curve_files.part(services.storage, upload["workspace_id"], upload["id"]))
        uploads.remove(connection, upload["id"])
    if is_of_folder(asked):
        described.append(NOT_CHOSEN)
    size = sum(each["size"] for each in described)
    # What is kept of them is no larger, and counts once they are gone.
    require_bytes(
        services, connection, workspaces.owner_of(connection, curve_set["workspace_id"]), size
    )
    added = imports.create(
        connection,
        curve_set,
        user_id=user_id,
        asked=asked,
        files=described,
        bytes=size,
        stored_bytes=size,
    )
    sets.change(connection, curve_set["id"])
    places = curve_files.all_to_import(services.storage, added)[: len(sources)]
    for number, (source, place) in enumerate(zip(sources, places, strict=True)):
        put_in_place(source, place)
        is_pieced = number >= len(files)
        undo.callback(_take_back, place, source if is_pieced else None)


def _take_back(place: Path, source: Path | None) -> None:
    if source is None:
        place.unlink(missing_ok=True)
    else:
        place.replace(source)
