"""What does not work at the moment, in words; the health answer shows it."""

import threading
import time
from typing import Literal, NamedTuple

Code = Literal["database", "workers", "current_copy", "supervisor", "batches"]

_MESSAGES: dict[Code, str] = {
    "database": "The database cannot be written. What sessions report is kept until it can.",
    "workers": "Workers cannot be started. Sessions wait, and are tried again.",
    "current_copy": "The copy of a current model cannot be written. It is tried again; predictions "
    "do not need it.",
    "supervisor": "The session queue was started again after an error; the server's log has it.",
    "batches": "Catalogues are not predicted in the background at the moment: batches wait. The "
    "server's log says why.",
}


class Trouble(NamedTuple):
    """One reason why the server is degraded."""

    code: Code
    message: str


class Troubles:
    """The reasons of now, from any thread. Whoever meets one notes it again until it is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[Code, float] = {}

    def note(self, code: Code, seconds: float) -> None:
        """Show a reason for some seconds, unless it is cleared before."""
        with self._lock:
            self._ends[code] = time.monotonic() + seconds

    def clear(self, code: Code) -> None:
        """A reason is over."""
        with self._lock:
            self._ends.pop(code, None)

    def current(self) -> list[Trouble]:
        """The reasons that hold, in the order of `Code`."""
        now = time.monotonic()
        with self._lock:
            held = {code for code, end in self._ends.items() if now < end}
        return [Trouble(code, message) for code, message in _MESSAGES.items() if code in held]
