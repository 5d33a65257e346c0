"""The numbers of the server for Prometheus, read when it asks for them.

A source gives a few metrics. One that fails is left out, and `exotrain_scrape_errors` says so:
the others are answered all the same. Nothing is written, and no source waits for the writer.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from backend.database import Database
from backend.services.monitoring import numbers, processes
from backend.services.monitoring.request_times import RequestTimes
from backend.troubles import Troubles

Source = Callable[[], Iterable[Metric]]

# What every scraper reads. The library would choose a format by the header `Accept`, and fails for
# some of what a client may write there.
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

log = logging.getLogger(__name__)

disable_created_metrics()  # every counter began when the process did


class Metrics:
    """What one application has to say; several in a process do not meet.

    Attributes:
        request_times: how long requests took; whoever answers them adds to it.
    """

    def __init__(self, database: Database, data_dir: Path, troubles: Troubles) -> None:
        """Prepare the sources that every server has; `add` takes what joins them."""
        self._sources = _Sources()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self._sources)
        ProcessCollector(registry=self._registry)
        self.request_times = RequestTimes(self._registry)
        self.add("version", numbers.version)
        self.add("queue", lambda: numbers.queues(database))
        self.add("stored", lambda: numbers.stored(database))
        self.add("disk", lambda: numbers.disk(data_dir))
        self.add("database", lambda: numbers.database_files(data_dir / "exotrain.db"))
        self.add("troubles", lambda: numbers.troubles(troubles))
        self.add("workers", processes.children)

    def add(self, name: str, source: Source) -> None:
        """Take one more source, such as the nodes of a cluster.

        Args:
            name: the label of its failures; the source that had it before is replaced.
            source: called at each scrape, from any thread. It must be quick, must not write, and
                names no user, workspace or file.
        """
        self._sources.add(name, source)

    def text(self) -> bytes:
        """Everything, as CONTENT_TYPE."""
        return generate_latest(self._registry)


class _Sources(Collector):
    """Asks one source after the other."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._failing: set[str] = set()
        self._lock = threading.Lock()

    def add(self, name: str, source: Source) -> None:
        with self._lock:
            self._sources = self._sources | {name: source}

    def collect(self) -> Iterator[Metric]:
        errors = GaugeMetricFamily(
            "exotrain_scrape_errors",
            "Whether these numbers could not be read and are left out.",
            labels=["source"],
        )
        for name, source in self._sources.items():
            found = self._read(name, source)
            errors.add_metric([name], 0 if found is not None else 1)
            yield from found or ()
        yield errors

    def _read(self, name: str, source: Source) -> list[Metric] | None:
        """The metrics of a source, None if it fails; the log has the first of its failures."""
        try:
            found = list(source())
        except Exception as error:
            with self._lock:
                is_new = name not in self._failing
                self._failing.add(name)
            if is_new:
                log.warning("the metrics of %s cannot be read: %r", name, error)
            return None
        with self._lock:
            self._failing.discard(name)
        return found
