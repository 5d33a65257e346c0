"""What is in the bin gives way where a quota or the disk is full, and when its time is over."""

import errno
import logging
import shutil

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from backend.database import audit
from backend.database.bin import entries
from backend.database.connection import DatabaseBusy
from backend.services.context import Services
from backend.storage.incoming import RESERVED_BYTES

log = logging.getLogger(__name__)


def make_room(services: Services, connection: Connection, owner_id: int, size: int) -> bool:
    """Give up the oldest entries of an owner until `size` bytes are free.

    Args:
        services: the server's.
        connection: open for writing.
        owner_id: of the workspaces.
        size: what is missing, in bytes.

    Returns:
        Whether there was enough; else nothing is given up.
    """
    given_up, found = _oldest(connection, owner_id, size)
    if found < size:
        return False
    if given_up:
        log.info("the bin of user %d gives up entries %s: the quota is full", owner_id, given_up)
    give_up(services, connection, given_up, "bin_evicted")
    return True


def relieve_disk(services: Services, size: int, *, partly: bool) -> int:
    """Give up the oldest entries of all owners until `size` bytes leave the disk.

    Args:
        services: the server's.
        size: what is missing, in bytes.
        partly: whether less helps as well; else nothing is given up where all is not enough.

    Returns:
        How many bytes go, with those that are still on their way: for these nothing else is given
        up. 0 also where the database cannot be written.
    """
    try:
        with services.database.write() as connection:
            going = sum(each["stored_bytes"] for each in entries.going(connection))
            given_up, found = _oldest(connection, None, max(1, size) - going)
            if found + going < size and not partly:
                return 0
            if not given_up:
                return going
            log.warning("the bin gives up entries %s: the disk is full", given_up)
            give_up(services, connection, given_up, "bin_evicted")
    except (DBAPIError, DatabaseBusy, OSError) as error:
        log.error("the bin cannot make room on the disk: %s", error)
        return 0
    return found + going


def relieve_full_disk(services: Services, error: OSError) -> int:
    """As `relieve_disk`, after a write that failed so: nothing is given up that would not help.

    A file that is too large needs no room, and a disk that has room again needs none either; what
    a quota of the system leaves is not known.
    """
    if error.errno == errno.EFBIG:
        return 0
    free = shutil.disk_usage(services.storage.uploads).free
    if error.errno != errno.EDQUOT and free >= RESERVED_BYTES:
        return 0
    return relieve_disk(services, RESERVED_BYTES, partly=True)


def keep_disk_free(services: Services) -> None:
    """Give up entries where the reserve is used, without which nobody can write anything."""
    free = shutil.disk_usage(services.storage.uploads).free
    if free < RESERVED_BYTES:
        relieve_disk(services, 2 * RESERVED_BYTES - free, partly=True)


def _oldest(connection: Connection, owner_id: int | None, size: int) -> tuple[list[int], int]:
    """The oldest entries that take `size` bytes, of an owner or of all, and what they take."""
    found, total = [], 0
    for each in entries.oldest(connection, owner_id):
        if total >= size:
            break
        found.append(each["id"])
        total += each["stored_bytes"]
    return found, total


def give_up(services: Services, connection: Connection, bin_ids: list[int], action: str) -> None:
    """Delete entries for good, which nobody asked for: the audit log names the server.

    Args:
        services: the server's.
        connection: open for writing.
        bin_ids: of the entries.
        action: "bin_evicted" (there was no room) or "bin_expired" (their time is over).
    """
    found = [entry for each in bin_ids if (entry := entries.find(connection, each))]
    of_each = [
        {
            "workspace_id": entry["workspace_id"],
            "target": f"{entry['kind']} {entry['item_id']}",
            "detail": entry["name"],
        }
        for entry in found
    ]
    keep = audit.Keep(services.settings.audit_entries, services.settings.audit_days)
    audit.add_each(connection, keep, action, of_each)
    entries.give_up(connection, bin_ids)
    if found:
        services.database.after_commit(services.notify_bin)
