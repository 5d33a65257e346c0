"""The orders that wait for the predictor, and whose turn it is.

An order is at most a chunk of rows. Short ones, as a person at the page waits for, go before the
chunks of catalogues; in both lines users take turns, and each is served in order. Models are loaded
in advance only when nobody waits.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from backend import wire
from backend.transit.columns import ROW_DTYPE
from backend.worker.memory import MODELS_KEPT_LOADED

# Orders that may wait, of everybody and of one user. A person's take 10 ms each, a chunk 0.1 s.
MOST_WAITING = 64
MOST_WAITING_OF_USER = 48

SHORT_ROWS = 32

# So that catalogues are not held up for ever by many short orders.
_SHORT_IN_A_ROW = 8


class QueueFull(RuntimeError):
    """As many orders wait as may wait; the message says how many."""


@dataclass(eq=False)
class Order:
    """Rows to predict, and where the answer goes.

    Attributes:
        is_wanted: whether somebody still waits for the answer.
    """

    request: wire.PredictionRequest
    user_id: int = 0
    answer: Future = field(default_factory=Future)
    is_wanted: bool = True

    @property
    def is_short(self) -> bool:
        """Whether it is a few rows rather than a chunk of a catalogue."""
        return len(self.request.rows) <= SHORT_ROWS * ROW_DTYPE.itemsize


class PredictionQueue:
    """Bounded and fair; filled by any thread, emptied by one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._short, self._chunks = _Turns(), _Turns()
        self._preloads: OrderedDict[str, Order] = OrderedDict()  # by the model's sha256
        self._short_in_a_row = 0
        self._is_closed = False

    def add(self, order: Order, *, is_continued: bool = False) -> None:
        """Let an order wait for its turn.

        Args:
            order: not yet added.
            is_continued: it is a further chunk of a request whose first was let in. It is not
                refused: a catalogue that is half done would be lost.

        Raises:
            QueueFull: too many wait already.
        """
        with self._changed:
            line = self._short if order.is_short else self._chunks
            if not is_continued:
                self._require_place(order.user_id)
            line.add(order)
            self._changed.notify()

    def add_preload(self, order: Order) -> None:
        """Ask for a model to be loaded when there is time; the newest few are kept."""
        with self._changed:
            self._preloads[order.request.sha256] = order
            while len(self._preloads) > MODELS_KEPT_LOADED:
                self._preloads.popitem(last=False)
            self._changed.notify()

    def withdraw(self, order: Order) -> None:
        """Nobody waits for it any longer."""
        with self._changed:
            order.is_wanted = False
            (self._short if order.is_short else self._chunks).discard(order)

    def next(self) -> Order | None:
        """Wait for the next order; None when the queue was closed."""
        with self._changed:
            while True:
                if self._is_closed:
                    return None
                order = self._take()
                if order is not None:
                    return order
                self._changed.wait()

    def close(self) -> list[Order]:
        """End `next`; returns the orders that still waited."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            return [*self._short, *self._chunks]

    def _require_place(self, user_id: int) -> None:
        waiting = len(self._short) + len(self._chunks)
        of_user = self._short.of(user_id) + self._chunks.of(user_id)
        if waiting >= MOST_WAITING:
            raise QueueFull(f"{waiting} predictions are waiting already")
        if of_user >= MOST_WAITING_OF_USER:
            raise QueueFull(f"{of_user} of your predictions are waiting already")

    def _take(self) -> Order | None:
        if len(self._short) and (self._short_in_a_row < _SHORT_IN_A_ROW or not len(self._chunks)):
            self._short_in_a_row += 1
            return self._short.take()
        self._short_in_a_row = 0
        if len(self._chunks):
            return self._chunks.take()
        return self._preloads.popitem(last=False)[1] if self._preloads else None


class _Turns:
    """Orders by user; users take turns."""

    def __init__(self) -> None:
        self._by_user: OrderedDict[int, deque[Order]] = OrderedDict()  # who is next stands first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Order]:
        for orders in self._by_user.values():
            yield from orders

    def of(self, user_id: int) -> int:
        """How many orders of a user wait."""
        return len(self._by_user.get(user_id, ()))

    def add(self, order: Order) -> None:
        self._by_user.setdefault(order.user_id, deque()).append(order)
        self._count += 1

    def take(self) -> Order:
        user_id, orders = self._by_user.popitem(last=False)
        if len(orders) > 1:
            self._by_user[user_id] = orders
        self._count -= 1
        return orders.popleft()

    def discard(self, order: Order) -> None:
        orders = self._by_user.get(order.user_id, deque())
        if order in orders:
            orders.remove(order)
            self._count -= 1
            if not orders:
                del self._by_user[order.user_id]
