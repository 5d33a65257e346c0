"""What does not work at the moment, in words; the health answer shows it."""

import threading
import time
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Code = Literal[
    "database",
    "workers",
    "current_copy",
    "supervisor",
    "batches",
    "batches_with_curves",
    "light_curves",
    "views",
    "cluster",
]

_MESSAGES: dict[Code, str] = {
    "database": "The database cannot be written. What sessions report is kept until it can.",
    "workers": "Workers cannot be started. Sessions wait, and are tried again.",
    "current_copy": "The copy of a current model cannot be written. It is tried again; predictions "
    "do not need it.",
    "supervisor": "The session queue was started again after an error; the server's log has it.",
    "batches": "Catalogues are not predicted in the background at the moment: batches wait. The "
    "server's log says why.",
    "batches_with_curves": "Catalogues with light curves are not predicted at the moment: batches "
    "with a curve set wait. The server's log says why.",
    "light_curves": "Light curves are not read at the moment: imports wait. The server's log says "
    "why.",
    "views": "Light curves are not prepared at the moment: what was asked for waits. The server's "
    "log says why.",
    "cluster": "Cluster unreachable. Sessions wait, and go on from their last finished epoch once "
    "it can be reached.",
}


class Trouble(NamedTuple):
    """One reason why the server is degraded.

    Attributes:
        since: UTC, ISO 8601: when it was noted first, without a time since at which it was over.
    """

    code: Code
    message: str
    since: str


class _Held(NamedTuple):
    """A reason that was noted: when it began, and when it ends by itself."""

    since: datetime
    end: float


class Troubles:
    """The reasons of now, from any thread. Whoever meets one notes it again until it is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Code, _Held] = {}

    def note(self, code: Code, seconds: float) -> None:
        """Show a reason for some seconds, unless it is cleared before."""
        now = time.monotonic()
        with self._lock:
            held = self._held.get(code)
            is_new = held is None or held.end <= now
            since = datetime.now(UTC) if is_new or held is None else held.since
            self._held[code] = _Held(since, now + seconds)

    def clear(self, code: Code) -> None:
        """A reason is over."""
        with self._lock:
            self._held.pop(code, None)

    def current(self) -> list[Trouble]:
        """The reasons that hold, in the order of `Code`."""
        now = time.monotonic()
        with self._lock:
            held = {code: each for code, each in self._held.items() if now < each.end}
        return [
            Trouble(
                code,
                message,
                held[code].since.isoformat(timespec="seconds").replace("+00:00", "Z"),
            )
            for code, message in _MESSAGES.items()
            if code in held
        ]
