"""The place of each waiting session in the queue, and a guess of how long it waits.

The guess: each session takes as long as the median of those that completed last, whatever its
network and its table; those in training have that time less what has passed.
"""

import heapq
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.listing import queue


def places(connection: Connection, trainings: int) -> dict[int, Record]:
    """`{queue_position, wait_seconds}` of each waiting session, by its id.

    Args:
        connection: open for reading.
        trainings: how many sessions train at once.
    """
    found = queue.under_way(connection)
    waiting = [each for each in found if each["status"] == "pending"]
    if not waiting:
        return {}
    running = [each for each in found if each["status"] == "training"]
    running.sort(key=lambda each: each["started_at"] or "")
    order = in_turn(waiting, running[-1]["asker"] if running else 0)
    waits = _waits(connection, running, len(order), trainings)
    return {
        session_id: {"queue_position": number, "wait_seconds": wait}
        for number, (session_id, wait) in enumerate(zip(order, waits, strict=True), 1)
    }


def in_turn(waiting: list[Record], last: int) -> list[int]:
    """The ids of waiting sessions in the order of `queue.next_pending`; `last` had its turn."""
    of_user: dict[int, list[tuple[bool, bool, int]]] = {}
    for each in waiting:
        entry = (not each["is_interrupted"], bool(each["is_of_study"]), each["id"])
        of_user.setdefault(each["asker"], []).append(entry)
    for entries in of_user.values():
        entries.sort(reverse=True)
    order = []
    while of_user:
        had = last
        last = min(of_user, key=lambda user: (of_user[user][-1][0], user <= had, user))
        order.append(of_user[last].pop()[2])
        if not of_user[last]:
            del of_user[last]
    return order


def _waits(
    connection: Connection, running: list[Record], count: int, trainings: int
) -> list[float | None]:
    took = queue.recent_seconds(connection)
    if not took:
        return [None] * count
    each_takes = median(took)
    free = [max(0.0, each_takes - _passed(each["started_at"])) for each in running]
    free += [0.0] * (trainings - len(free))
    heapq.heapify(free)
    waits: list[float | None] = []
    for _ in range(count):
        start = heapq.heappop(free)
        waits.append(start)
        heapq.heappush(free, start + each_takes)
    return waits


def _passed(started_at: str | None) -> float:
    if started_at is None:
        return 0.0
    return (datetime.now(UTC) - datetime.fromisoformat(started_at)).total_seconds()
