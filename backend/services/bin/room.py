"""What is in the bin gives way where a quota or the disk is full, and when its time is over."""

import logging

from sqlalchemy import Connection

from backend.database import audit
from backend.database.bin import entries
from backend.services.context import Services

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
    oldest = [each for each in entries.oldest_of(connection, owner_id) if each["stored_bytes"]]
    if sum(each["stored_bytes"] for each in oldest) < size:
        return False
    given_up = []
    for each in oldest:
        if size <= 0:
            break
        given_up.append(each["id"])
        size -= each["stored_bytes"]
    if given_up:
        log.info("the bin of user %d gives up entries %s: the quota is full", owner_id, given_up)
    give_up(services, connection, given_up, "bin_evicted")
    return True


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
