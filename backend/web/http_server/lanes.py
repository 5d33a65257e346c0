"""Lanes: thread pools for requests of one kind, so that no kind can stop another.

Within a lane the callers take turns, so that no caller can stop another either.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")


class LaneFull(Exception):
    """No place is free; the message is for the caller."""


class Lane:
    """Some threads, and a bounded queue in front of them. Used from the event loop alone."""

    def __init__(self, name: str, threads: int, waiting: int, *, when_full: str) -> None:
        """Make a lane.

        Args:
            name: of its threads.
            threads: how many requests it works on at once.
            waiting: how many may wait; one caller may have half of them.
            when_full: what those beyond are told.
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads
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
        if self._free:
            self._free -= 1
        else:
            await self._turn_of(caller)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._pass_on()

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
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give a free thread to the next caller that waits."""
        while self._queues:
            caller, own = self._queues.popitem(last=False)
            turn = own.popleft()
            self._waiting -= 1
            if own:
                self._queues[caller] = own  # to the end: the others come first
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
