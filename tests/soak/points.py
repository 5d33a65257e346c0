"""Kill points: who is killed at which moment, decided by a seed and a number."""

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.server import Server
from tests.soak.processes import is_worker, marked

TARGETS = ("server", "worker", "both")

# How long a point waits for a process that is to be killed at its nth call.
_CALL_SECONDS = 4.0

_MOST_CALLS = 40


@dataclass(frozen=True)
class Point:
    """One kill.

    Attributes:
        number: of the point, from 1.
        target: server, worker, or both at once.
        seconds: after which it is killed, or
        calls: at which of its calls that put files in place or take them away; 0: at none.
        choice: which of the workers.
    """

    number: int
    target: str
    seconds: float
    calls: int
    choice: float

    @classmethod
    def of(cls, seed: int, number: int, longest_seconds: float) -> "Point":
        """The point of this number."""
        chosen = random.Random(f"{seed} {number}")
        target = chosen.choice(TARGETS)
        seconds = chosen.uniform(0.1, longest_seconds)
        calls = chosen.randint(1, _MOST_CALLS) if chosen.random() < 0.6 else 0
        return cls(number, target, seconds, calls, chosen.random())

    def __str__(self) -> str:
        moment = f"at its call {self.calls}" if self.calls else f"after {self.seconds:.2f} s"
        return f"point {self.number}: {self.target} killed {moment}"

    def kill(self, server: Server, mark: str, orders: Path) -> None:
        """Wait for the moment, and kill.

        Args:
            server: that runs.
            mark: of its processes.
            orders: the folder of the hook `kill`.
        """
        if not self.calls:
            time.sleep(self.seconds)
        elif self._was_killed_at_a_call(orders):
            if self.target == "both":
                server.process.kill()
            return
        if self.target in ("worker", "both"):
            self._kill_a_worker(mark)
        if self.target in ("server", "both"):
            server.process.kill()

    def _was_killed_at_a_call(self, orders: Path) -> bool:
        role = "server" if self.target == "server" else "worker"
        name = f"point{self.number}"
        order = orders / f"{role}.order"
        order.write_text(f"{name} {self.calls}")
        deadline = time.monotonic() + _CALL_SECONDS
        while time.monotonic() < deadline and not (orders / f"{name}.done").exists():
            time.sleep(0.01)
        order.unlink()
        return (orders / f"{name}.done").exists()

    def _kill_a_worker(self, mark: str) -> None:
        workers = sorted(number for number, command in marked(mark).items() if is_worker(command))
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[int(self.choice * len(workers))], signal.SIGKILL)
