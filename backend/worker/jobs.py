"""What a worker does: one training, or predictions; every failure becomes an event.

Importing this module imports TensorFlow.
"""

import errno
import logging
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from backend.storage.layout import Storage
from backend.training import train
from backend.transit.rows import rows_from_lists
from backend.worker.loaded_models import LoadedModels

Message = dict[str, Any]

# A row of the curves in memory takes 8 kB: 250,000 rows fit into the default budget.
DEFAULT_CURVE_MEMORY_MB = 2000


_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


def run_training(
    job: Message,
    storage: Storage,
    emit: Callable[[Message], None],
    should_stop: Callable[[], str | None],
) -> None:
    """Train one session; the last event is saved, cancelled or failed.

    Args:
        job: what `supervisor.describe_job` made: the session's spec and the names of its files.
        storage: where those files are on this machine.
        emit: takes the events of `training.train`, and `failed {reason, message}`, `cancelled`.
        should_stop: gives "stop", "cancel" or None; asked at every batch.
    """
    try:
        train.train(_training_spec(job, storage), emit, should_stop)
    except train.Cancelled:
        emit({"event": "cancelled"})
    except Exception as error:
        reason, message = _explain(error)
        log.exception("session %s failed (%s)", job["session_id"], reason)
        emit({"event": "failed", "reason": reason, "message": message})


def answer_predictions(
    storage: Storage, next_request: Callable[[], Message], answer: Callable[[Message], None]
) -> None:
    """Answer prediction requests for ever; each answer carries the request's id.

    A request is `{id, model_file, sha256, source, rows}`, the rows as lists of the nine columns
    with null for a missing number; no rows: only load the model.
    """
    models = LoadedModels(storage)
    while True:
        request = next_request()
        try:
            result = models.predict(
                request["model_file"],
                request["sha256"],
                rows_from_lists(request["rows"]),
                request["source"],
            )
            answer({"id": request["id"], **{k: v.tolist() for k, v in result.items()}})
        except Exception as error:
            log.exception("prediction with %s failed", request["model_file"])
            answer({"id": request["id"], "error": str(error) or type(error).__name__})


def _training_spec(job: Message, storage: Storage) -> train.TrainingSpec:
    known = {field.name for field in fields(train.TrainingSpec)}
    return train.TrainingSpec(
        table=storage.table(job["workspace_id"], job["dataset_sha256"]),
        model_path=storage.model(job["model_file"]),
        checkpoint=storage.checkpoint(job["session_id"]),
        curve_memory_mb=_curve_memory_mb(job["memory_mb"]),
        **{name: value for name, value in job.items() if name in known},
    )


def _curve_memory_mb(limit_mb: int | None) -> int:
    if limit_mb is None:
        return DEFAULT_CURVE_MEMORY_MB
    # TensorFlow itself, the network and a batch take about a gigabyte.
    return min(DEFAULT_CURVE_MEMORY_MB, max(16, (limit_mb - 1000) // 2))


def _explain(error: Exception) -> tuple[str, str]:
    """The contract's reason, and a message for the person who started the training."""
    if isinstance(error, train.DataError):
        return "data", str(error)
    if isinstance(error, train.Diverged):
        return "diverged", str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "out_of_memory", (
            "The machine had no memory left for this training. "
            "Use a smaller batch_size or dataset, or train fewer sessions at once."
        )
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return "disk_full", (
            "The disk of the data folder is full: free some space, then retry this session."
        )
    return "crashed", f"{type(error).__name__}: {str(error)[:500]}"
