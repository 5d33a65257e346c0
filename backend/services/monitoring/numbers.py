"""What the server says of itself to Prometheus: each function reads a few numbers."""

import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from backend import wire
from backend.config import VERSION
from backend.database import Database, batches, queue, schema, sessions, workspaces
from backend.database.bin import entries
from backend.troubles import Code, Troubles

_SESSIONS = ("pending", "training", *sessions.ENDED)
_BATCHES = (*batches.UNFINISHED, *batches.ENDED)

# What the bytes of a table are of, where its name does not say it.
_KINDS = {"training_sessions": "checkpoints", "label_layers": "labels"}


def version() -> Iterator[Metric]:
    """What runs."""
    value = {"version": VERSION, "python": platform.python_version()}
    yield InfoMetricFamily("exotrain_build", "The release, and the Python that runs it.", value)


def queues(database: Database) -> Iterator[Metric]:
    """Sessions and batches by state; how long the first of each has waited."""
    waits = GaugeMetricFamily(
        "exotrain_queue_oldest_seconds",
        "Age of the oldest pending session or batch since it was posted; 0: none waits.",
        labels=["queue"],
    )
    with database.read() as connection:
        for name, table, states, what in (
            ("sessions", schema.training_sessions, _SESSIONS, "Sessions by state."),
            ("batches", schema.batches, _BATCHES, "Batches by state: catalogues to predict."),
        ):
            counts = dict.fromkeys(states, 0) | queue.counts(connection, table)
            yield _gauges(f"exotrain_{name}", what, "state", counts)
            waits.add_metric([name], _age(queue.oldest_pending(connection, table)))
    yield waits


def stored(database: Database) -> Iterator[Metric]:
    """Bytes by what they are of, as the quotas count them."""
    with database.read() as connection:
        found = workspaces.stored_by_kind(connection)
        in_bin = entries.stored_bytes(connection, None)
    taken = {_KINDS.get(table, table): size for table, size in found.items()} | {"bin": in_bin}
    yield _gauges("exotrain_stored_bytes", "Bytes that quotas count, by kind.", "kind", taken)


def disk(data_dir: Path) -> Iterator[Metric]:
    """The disk of the data folder.

    Raises:
        OSError: it cannot be read.
    """
    usage = shutil.disk_usage(data_dir)
    for name, what, value in (
        (
            "free",
            "Bytes that the server may still write to the disk of the data folder.",
            usage.free,
        ),
        ("size", "Size of the disk of the data folder in bytes.", usage.total),
    ):
        yield GaugeMetricFamily(f"exotrain_disk_{name}_bytes", what, value)


def database_files(path: Path) -> Iterator[Metric]:
    """The database and its write-ahead log.

    Raises:
        OSError: the database cannot be seen.
    """
    sizes = {"database": path.stat().st_size, "log": 0}
    with suppress(FileNotFoundError):  # there is one only while somebody has the database open
        sizes["log"] = path.with_name(f"{path.name}-wal").stat().st_size
    what = "Bytes of the database and of its write-ahead log."
    yield _gauges("exotrain_database_bytes", what, "part", sizes)


def troubles(current: Troubles) -> Iterator[Metric]:
    """What `GET /api/health` calls reasons: 1 while it does not work."""
    held = {each.code for each in current.current()}
    values = {code: int(code in held) for code in get_args(Code)}
    yield _gauges("exotrain_trouble", "Whether this does not work at the moment.", "code", values)


def epochs(finished: int) -> Iterator[Metric]:
    """The epochs that this server has recorded since its start."""
    what = "Epochs that this server recorded since its start."
    yield CounterMetricFamily("exotrain_epochs", what, finished)


def cluster(*, is_reachable: bool, nodes: Sequence[wire.Node]) -> Iterator[Metric]:
    """The nodes of a Ray cluster as they were seen last, and what sessions can reserve of them."""
    what = "Whether the Ray cluster was seen just now."
    yield GaugeMetricFamily("exotrain_cluster_reachable", what, int(is_reachable))
    usable = [each for each in nodes if each.refusal is None]
    counts = {"usable": len(usable), "refused": len(nodes) - len(usable)}
    yield _gauges("exotrain_cluster_nodes", "Nodes of the Ray cluster.", "state", counts)
    for name, what, field in (
        ("cpus", "Processors of the usable nodes.", "cpus"),
        ("gpus", "Graphics cards of the usable nodes.", "gpus"),
    ):
        values = {
            "all": sum(getattr(each, field) for each in usable),
            "free": sum(getattr(each, f"{field}_free") for each in usable),
        }
        yield _gauges(f"exotrain_cluster_{name}", what, "part", values)


def _gauges(name: str, what: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family


def _age(since: str | None) -> float:
    """Seconds since a time of the database; 0 if the clock was set back meanwhile."""
    if since is None:
        return 0.0
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
