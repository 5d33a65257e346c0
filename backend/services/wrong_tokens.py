"""Wrong tokens, counted by the address that they came from: limited, logged, recorded.

A valid token is never refused, wherever it comes from. So the limit locks nobody out who shares an
address, and whoever guesses learns nothing faster than by guessing 256 bits.

Nothing here grows with the number of attackers. At most MOST_ADDRESSES are counted one by one;
while the table is full, all other addresses share one count. No count is given up before its minute
is over, so nobody gets a new minute by coming from many addresses.
"""

import ipaddress
import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from backend.config import Settings
from backend.database import Database, audit
from backend.database.connection import DatabaseBusy
from backend.errors import TooMany

WINDOW_SECONDS = 60
MOST_ADDRESSES = 10_000

# The addresses with most wrong tokens get an audit entry each minute, all others one together.
MOST_RECORDED = 20

OTHERS = "other addresses"
_UNKNOWN = "an unknown address"

_IPV6_NETWORK_BITS = 64

# A report waits for what comes right after the first wrong token.
_GATHER_SECONDS = 1

log = logging.getLogger(__name__)


@dataclass
class _Count:
    """The wrong tokens from one address."""

    since: float = 0.0
    wrong: int = 0
    refused: int = 0


class WrongTokens:
    """Counts wrong tokens, and refuses addresses that send too many."""

    def __init__(
        self, settings: Settings, database: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = settings.wrong_tokens
        self._keep = audit.Keep(settings.audit_entries, settings.audit_days)
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        # By address, the oldest minute first. A plain dict would search for its first key.
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._others = _Count()
        self._unreported: dict[str, _Count] = {}
        self._news = threading.Event()
        self._closing = threading.Event()
        self._reporter: threading.Thread | None = None

    def count(self, address: str | None) -> None:
        """Count one wrong token.

        Raises:
            TooMany: the address has sent more than it may within a minute.
        """
        source = source_of(address)
        with self._lock:
            now = self._clock()
            count = self._count_of(source, now)
            count.wrong += 1
            is_refused = count.wrong > self._most
            self._note(source, is_refused)
            seconds = max(1, math.ceil(count.since + WINDOW_SECONDS - now))
        self._news.set()
        if is_refused:
            raise TooMany(
                f"Expected at most {self._most} wrong tokens a minute from one address, received "
                f"more: send a valid token, or try again in {seconds} seconds.",
                Retry_After=str(seconds),
            )

    def start(self) -> None:
        """Report from now on: at most one line in the log and one transaction a minute."""
        reporter = threading.Thread(target=self._keep_reporting, name="wrong tokens", daemon=True)
        reporter.start()
        self._reporter = reporter  # what could not be started is not waited for

    def close(self) -> None:
        """Report what is left, and end."""
        self._closing.set()
        self._news.set()
        if self._reporter is not None:
            self._reporter.join()
            self.report()

    def report(self) -> None:
        """Log and record what came since the last report."""
        with self._lock:
            self._news.clear()
            counts, self._unreported = self._unreported, {}
        if not counts:
            return
        ordered = sorted(counts.items(), key=lambda each: each[1].wrong, reverse=True)
        total = _sum(list(counts.values()))
        log.warning(
            "%s from %s; most from %s: %d",
            _in_words(total),
            "1 address" if len(counts) == 1 else f"{len(counts):,} addresses",
            ordered[0][0],
            ordered[0][1].wrong,
        )
        rest = ordered[MOST_RECORDED:]
        recorded = ordered[:MOST_RECORDED]
        if rest:
            recorded.append((OTHERS, _sum([count for _, count in rest])))
        try:
            with self._database.write() as connection:
                for source, count in recorded:
                    audit.add(
                        connection,
                        self._keep,
                        audit.SIGN_IN_FAILED,
                        address=source,
                        detail=_in_words(count),
                    )
        except (DBAPIError, DatabaseBusy) as error:
            log.error("they are not in the audit log: %s", error)

    def _keep_reporting(self) -> None:
        while True:
            self._news.wait()
            if self._closing.wait(_GATHER_SECONDS):
                return
            self.report()
            if self._closing.wait(WINDOW_SECONDS):
                return

    def _count_of(self, source: str, now: float) -> _Count:
        """The count of the address's current minute."""
        self._forget_ended(now)
        count = self._counts.get(source)
        if count is not None:
            return count
        if len(self._counts) < MOST_ADDRESSES:
            self._counts[source] = _Count(now)
            return self._counts[source]
        if self._others.since + WINDOW_SECONDS <= now or not self._others.wrong:
            self._others = _Count(now)
        return self._others

    def _forget_ended(self, now: float) -> None:
        while self._counts:
            oldest = next(iter(self._counts))
            if self._counts[oldest].since + WINDOW_SECONDS > now:
                return
            del self._counts[oldest]

    def _note(self, source: str, is_refused: bool) -> None:
        """Keep it for the next report."""
        is_full = len(self._unreported) >= MOST_ADDRESSES
        name = OTHERS if is_full and source not in self._unreported else source
        count = self._unreported.setdefault(name, _Count())
        count.wrong += 1
        count.refused += is_refused


def source_of(address: str | None) -> str:
    """What is counted together: an IPv4 address, or the /64 of an IPv6 address.

    Whoever has one IPv6 address usually has the 2^64 of its network.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return _UNKNOWN
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    network = ipaddress.ip_network((int(parsed), _IPV6_NETWORK_BITS), strict=False)
    return str(network)


def _sum(counts: list[_Count]) -> _Count:
    return _Count(0.0, sum(each.wrong for each in counts), sum(each.refused for each in counts))


def _in_words(count: _Count) -> str:
    tokens = "token" if count.wrong == 1 else "tokens"
    refused = f", {count.refused:,} of them beyond the limit" if count.refused else ""
    return f"{count.wrong:,} wrong {tokens}{refused}"
