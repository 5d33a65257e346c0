"""Lanes: thread pools for requests of one kind, so that no kind can stop another.

Within a lane the callers take turns, so that no caller can stop another either.
"""

import asyncio
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")

_START_SECONDS = 30.0


class LaneFull(Exception):
    """No place is free; the message is for the caller."""


class Lane:
    """Some threads, and a bounded queue in front of them. Used from the event loop alone."""

    def __init__(self, name: str, threads: int, waiting: int, *, when_full: str) -> None:
        """Make a lane.

        Args:
            name: of its threads.
            threads: how many requests it works on at once; one caller may have half of them.
            waiting: how many may wait; one caller may have half of them.
            when_full: what those beyond are told.
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        _start_all(self._pool, threads)
        self._free = threads
        self._most_running = max(1, threads // 2)
        self._running: Counter[str] = Counter()
        self._most_waiting = waiting
        self._when_full = when_full
        # The caller whose turn is next comes first.
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting = 0

    async def run(self, caller: str, work: Callable[[], _Result]) -> _Result:
        """Do some work in one of the threads, when it is this caller's turn.

        Args:
            caller: who asks for it.
            work: what to do.

        Raises:
            LaneFull: the queue is full, or this caller's half of it.
        """
        if self._free and self._running[caller] < self._most_running:
            self._free -= 1
            self._running[caller] += 1
        else:
            await self._turn_of(caller)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._pass_on(caller)

    def close(self) -> None:
        """Drop what waits; threads that work end with their work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn_of(self, caller: str) -> None:
        own = self._queues.get(caller, ())
        if self._waiting >= self._most_waiting or len(own) >= self._most_waiting // 2:
            raise LaneFull(f"{self._when_full} {len(own)} of those that wait are yours.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(caller)
            raise

    def _pass_on(self, caller: str) -> None:
        """Give a caller's thread to the next one that waits and does not have half of them."""
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]
        for other in list(self._queues):
            if self._running[other] < self._most_running and self._take_turn(other):
                return
        self._free += 1

    def _take_turn(self, caller: str) -> bool:
        """Wake the first of a caller's that still waits; the caller goes to the end of the line."""
        own = self._queues.pop(caller)
        while own:
            turn = own.popleft()
            self._waiting -= 1
            if not turn.done():
                turn.set_result(None)
                self._running[caller] += 1
                if own:
                    self._queues[caller] = own
                return True
        return False


def _start_all(pool: ThreadPoolExecutor, threads: int) -> None:
    """Start a pool's threads now: it starts one after it has taken the work that the thread is for.

    Where no thread can be started, that work would be refused and done nevertheless.
    """
    together = threading.Barrier(threads + 1)
    for _ in range(threads):
        pool.submit(together.wait, _START_SECONDS)
    together.wait(_START_SECONDS)
