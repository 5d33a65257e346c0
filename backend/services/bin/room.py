"""What is in the bin gives way where a quota is full."""

import logging

from sqlalchemy import Connection

from backend.database.bin import entries

log = logging.getLogger(__name__)


def make_room(connection: Connection, owner_id: int, size: int) -> bool:
    """Give up the oldest entries of an owner until `size` bytes are free.

    Args:
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
    entries.give_up(connection, given_up)
    return True
