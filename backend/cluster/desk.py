"""Where nodes ask whether their session goes on.

An actor beside the bridge: it ends with it, and then every session on a node ends itself. Each
start of a session has its own number, so that a late task of an older one is told to end.
"""

from typing import Literal

from backend.wire.fields import RequestedEnd

Answer = Literal["go on", "stop", "end"]

_ANSWERS: dict[RequestedEnd | None, Answer] = {None: "go on", "stop": "stop", "cancel": "end"}


class Desk:
    """What each session is to do, by its id and the number of its start."""

    def __init__(self) -> None:
        self._current: dict[int, int] = {}  # session id: start
        self._asked: dict[int, RequestedEnd] = {}

    def begin(self, session_id: int, start: int) -> None:
        """From now on this is the session's start: older ones end."""
        self._current[session_id] = start
        self._asked.pop(session_id, None)

    def request(self, session_id: int, start: int, what: RequestedEnd) -> None:
        """The session is asked to end, after its epoch or now."""
        if self._current.get(session_id) == start:
            self._asked[session_id] = what

    def forget(self, session_id: int, start: int) -> None:
        """The session has ended."""
        if self._current.get(session_id) == start:
            del self._current[session_id]
            self._asked.pop(session_id, None)

    def answer(self, session_id: int, start: int) -> Answer:
        """What a node is to do with a start of a session."""
        if self._current.get(session_id) != start:
            return "end"
        return _ANSWERS[self._asked.get(session_id)]
