"""What takes a while to find: in a thread beside the requests, kept in memory until it changes."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from backend.database.connection import Record
from backend.errors import Conflict

# Answers that are kept in memory, and how many are found at once.
_KEPT = 100
_MOST_AT_ONCE = 2

# How long a request waits for one.
PATIENCE_SECONDS = 2.0

# What could not be found is tried again after so long.
PAUSE_SECONDS = 60

log = logging.getLogger(__name__)

Tell = Callable[[Record], None]


class _Found:
    """An answer about something in one state.

    Attributes:
        state: of what the answer is about.
        answer: None: not found yet.
        tried_again_at: when what could not be found is tried again, by the monotonic clock; None:
            it was found, or is being found.
    """

    def __init__(self, state: Any) -> None:
        self.state = state
        self.answer: Record | None = None
        self.tried_again_at: float | None = None
        self.changed = threading.Event()

    @property
    def is_to_be_tried_again(self) -> bool:
        """Whether something failed, and some time has passed."""
        return self.tried_again_at is not None and time.monotonic() >= self.tried_again_at


class Finder:
    """Finds answers in threads of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._found: OrderedDict[Any, _Found] = OrderedDict()
        self._running = 0  # threads

    def of(
        self,
        key: Any,
        state: Any,
        find: Callable[[Tell], None],
        patience: float | None = None,
        when_cut_short: Callable[[Record], Record] = lambda answer: answer,
        *,
        may_be_earlier: bool = False,
        when_failed: Record | None = None,
    ) -> Record | None:
        """The answer about something in one state, as far as it is found.

        Args:
            key: what it is about.
            state: another one makes the answer void.
            find: called in a thread; gives what it finds to its argument, again when it knows more.
            patience: how long to wait for a first answer, in seconds; None: two.
            when_cut_short: makes of the last answer the one that stays if no more could be found.
            may_be_earlier: whether the answer of an earlier state is better than none while no
                thread is free.
            when_failed: the answer for a minute if `find` failed before it gave one; after that
                the next request tries again.

        Returns:
            None: not found in time, or no thread is free: it is asked for again. Or it failed less
            than a minute ago, and there is no `when_failed`.
        """
        found = self._entry(key, state, find, when_cut_short, when_failed)
        if found is None or (found.state != state and not may_be_earlier):
            return None
        found.changed.wait(PATIENCE_SECONDS if patience is None else patience)
        return found.answer

    def _entry(
        self,
        key: Any,
        state: Any,
        find: Callable[[Tell], None],
        when_cut_short: Callable[[Record], Record],
        when_failed: Record | None,
    ) -> _Found | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None and found.state == state and not found.is_to_be_tried_again:
                self._found.move_to_end(key)
                return found
            if self._running >= _MOST_AT_ONCE:
                return found  # of an earlier state, or none: it is asked for again
            found = _Found(state)
            thread = threading.Thread(
                target=self._find,
                args=(found, key, find, when_cut_short, when_failed),
                name=self._name,
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError as error:  # none can be had
                log.warning("%s of %s were not found: %s", self._name, key, error)
                return None
            self._running += 1
            self._found[key] = found
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
            return found

    def _find(
        self,
        found: _Found,
        key: Any,
        find: Callable[[Tell], None],
        when_cut_short: Callable[[Record], Record],
        when_failed: Record | None,
    ) -> None:
        def tell(answer: Record) -> None:
            found.answer = answer
            found.changed.set()

        try:
            find(tell)
        except (Conflict, OSError, MemoryError) as error:
            log.warning("%s of %s were not found: %s", self._name, key, error)
            _give_up(found, when_cut_short, when_failed)
        except Exception:
            log.exception("%s of %s were not found", self._name, key)
            _give_up(found, when_cut_short, when_failed)
        finally:
            with self._lock:
                self._running -= 1
            found.changed.set()


def _give_up(
    found: _Found, when_cut_short: Callable[[Record], Record], when_failed: Record | None
) -> None:
    """Keep what there is; a while later a request tries again."""
    found.answer = when_failed if found.answer is None else when_cut_short(found.answer)
    found.tried_again_at = time.monotonic() + PAUSE_SECONDS
