"""The pace that a client must keep: a least rate after a head start, and no long pause."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

GRACE_SECONDS = 15.0
BYTES_PER_SECOND = 8 * 1024

_Result = TypeVar("_Result")


class Pace:
    """Measures one transfer. What is bounded in size is thereby bounded in time."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._begin = self._now()
        self.transferred = 0

    async def within(self, step: Awaitable[_Result]) -> _Result:
        """Wait for the next piece.

        Raises:
            TimeoutError: the transfer is slower than it must be.
        """
        end_at_least_rate = self._begin + self.transferred / BYTES_PER_SECOND
        async with asyncio.timeout_at(min(end_at_least_rate, self._now()) + GRACE_SECONDS):
            return await step
