"""What visitors asked for and what was accepted: nothing of it may be lost.

A visitor writes down a request before it is sent, and its answer when it came: of a request
whose answer a kill took away, both outcomes are right.
"""

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Thing:
    """A session, a dataset or a model that a server has named.

    Attributes:
        workspace: its id.
        asked: what was asked for, answered or not: cancel, stop, delete.
        accepted: what of it was accepted.
        ended_as: a final status that was seen.
    """

    workspace: int
    asked: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    ended_as: str | None = None


@dataclass
class Current:
    """The current model of a workspace.

    Attributes:
        accepted: of the last promotion that was accepted; None: none was.
        asked: of the promotions since then whose answer did not come.
    """

    accepted: int | None = None
    asked: set[int] = field(default_factory=set)


class Ledger:
    """Written by the visitors, read by the checker."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.things: dict[str, dict[int, Thing]] = {"session": {}, "dataset": {}, "model": {}}
        self.current: dict[int, Current] = {}
        self.complaints: list[str] = []  # what a visitor has seen that must not be
        self.accepted = 0
        self.refused = 0
        self.unanswered = 0

    def named(self, kind: str, number: int, workspace: int) -> None:
        """A server has named it: from now on it exists."""
        with self.lock:
            self.things[kind].setdefault(number, Thing(workspace))

    def asks(self, kind: str, number: int, what: str) -> None:
        """A request about it is sent now."""
        with self.lock:
            self.things[kind][number].asked.add(what)

    def accepts(self, kind: str, number: int, what: str) -> None:
        """That request was accepted."""
        with self.lock:
            self.things[kind][number].accepted.add(what)

    def takes_back(self, kind: str, number: int, what: str) -> None:
        """That request was refused: it has changed nothing."""
        with self.lock:
            self.things[kind][number].asked.discard(what)

    def saw_end(self, session_id: int, status: str) -> None:
        """A session was seen in a final state, which must not change any more."""
        with self.lock:
            session = self.things["session"][session_id]
            if session.ended_as not in (None, status):
                self.complain(f"session {session_id} was {session.ended_as} and then was {status}")
            session.ended_as = status

    def asks_promotion(self, workspace: int, model_id: int) -> None:
        """A promotion is sent now."""
        with self.lock:
            self.current.setdefault(workspace, Current()).asked.add(model_id)

    def accepts_promotion(self, workspace: int, model_id: int) -> None:
        """That promotion was accepted; those before it are over."""
        with self.lock:
            self.current[workspace] = Current(model_id)

    def complain(self, what: str) -> None:
        """A visitor has seen something that must not be."""
        with self.lock:
            self.complaints.append(what)

    def existing(self, kind: str, workspace: int) -> list[int]:
        """What of a workspace nobody asked to delete."""
        with self.lock:
            things = self.things[kind].items()
            return [
                number
                for number, thing in things
                if thing.workspace == workspace and "delete" not in thing.asked
            ]

    def as_json(self) -> dict[str, Any]:
        """All of it, for the folder of a failed point."""
        with self.lock:
            return {
                "things": {
                    kind: {
                        number: {
                            "workspace": thing.workspace,
                            "asked": sorted(thing.asked),
                            "accepted": sorted(thing.accepted),
                            "ended_as": thing.ended_as,
                        }
                        for number, thing in things.items()
                    }
                    for kind, things in self.things.items()
                },
                "current": {
                    workspace: {"accepted": each.accepted, "asked": sorted(each.asked)}
                    for workspace, each in self.current.items()
                },
                "complaints": self.complaints,
            }
