"""A worker's jobs: train one session, or predict; every failure becomes an event.

Importing this module imports TensorFlow.
"""

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from backend import wire
from backend.storage import curve_files, disk
from backend.storage.layout import Storage
from backend.training import train
from backend.training.callbacks import Emit, ShouldStop
from backend.training.model_file import ModelFileError
from backend.training.spec import JoinedFile
from backend.training.steps import Steps
from backend.worker.loaded_models import LoadedModels
from backend.worker.memory import OverLimit

# What is read from a row's curve takes 268 bytes: 7 million rows fit into the default budget. The
# whole curve, for a network that learns from it, takes 8 kB: 250,000 rows fit.
DEFAULT_CURVE_MEMORY_MB = 2000

# What a session needs of a machine, and not of its training.
_OF_THE_PLACE = ("cpus", "gpus", "memory_mb")

log = logging.getLogger(__name__)


def prepare_while_waiting(is_waiting: Callable[[], bool]) -> Steps | None:
    """The default network, ready to train; None where the first command is there already."""
    return train.prepare() if is_waiting() else None


def train_session(
    job: wire.Train,
    storage: Storage,
    emit: Emit,
    should_stop: ShouldStop,
    prepared: Steps | None = None,
) -> None:
    """Train one session; the last event is Saved, Cancelled or Failed.

    Args:
        job: from `session_starts.describe_job`.
        storage: where the job's files are on this machine.
        emit: takes the events.
        should_stop: gives "stop", "cancel" or None; asked at every batch.
        prepared: from `train.prepare`, or None.
    """
    try:
        train.train(_training_spec(job, storage), emit, should_stop, prepared)
    except train.Cancelled:
        emit(wire.Cancelled())
    except Exception as error:
        reason, message = _explain(error, storage)
        log.exception("session %s failed (%s)", job.session_id, reason)
        emit(wire.Failed(reason=reason, message=wire.encodable(message)))


def answer_predictions(
    storage: Storage,
    next_request: Callable[[], wire.PredictionRequest],
    answer: Callable[[wire.PredictionAnswer | wire.PredictionRefusal], None],
) -> None:
    """Answer prediction requests until the process ends; each answer carries the request's id."""
    models = LoadedModels(storage)
    while True:
        request = next_request()
        try:
            found = models.answer(request)
            answer(wire.PredictionAnswer(id=request.id, predictions=found.tobytes()))
        except Exception as error:
            log.exception("prediction with %s failed", request.model_file)
            words = wire.encodable(in_words(error))
            reason = refusal_reason(error)
            answer(wire.PredictionRefusal(id=request.id, error=words, reason=reason))


def refusal_reason(error: Exception) -> Literal["failed", "model_corrupt"]:
    """Whether the model's file is to blame for a prediction that failed."""
    return "model_corrupt" if isinstance(error, ModelFileError) else "failed"


def in_words(error: Exception) -> str:
    """What an exception says, for the person whose request it ended."""
    if isinstance(error, ValidationError):
        return f"{error.title} is not valid: {wire.explain(error)}"
    return str(error) or type(error).__name__


def _training_spec(job: wire.Train, storage: Storage) -> train.TrainingSpec:
    settings = job.spec.model_dump(exclude={"version", "members", *_OF_THE_PLACE})
    members = job.spec.members
    return train.TrainingSpec(
        session_id=job.session_id,
        table=storage.table(job.workspace_id, job.spec.dataset_sha256),
        evidence=storage.evidence(job.workspace_id, job.spec.dataset_sha256),
        labels=_labels(job, storage),
        views=_views(job, storage),
        model_path=storage.model(job.model_file),
        checkpoint=_checkpoint(job, storage),
        keep=job.keep,
        curve_memory_mb=_curve_memory_mb(job.memory_mb),
        members=None if members is None else tuple(_joined_file(each, storage) for each in members),
        **settings,
    )


def _joined_file(member: wire.Member, storage: Storage) -> JoinedFile:
    path = storage.model(member.model_file)
    return JoinedFile(path, member.sha256, member.seed, member.fold)


def _labels(job: wire.Train, storage: Storage) -> Path | None:
    sha256 = job.spec.dataset_version_sha256
    if sha256 is None:
        return None
    return storage.version_labels(job.workspace_id, job.spec.dataset_sha256, sha256)


def _views(job: wire.Train, storage: Storage) -> Path | None:
    spec = job.spec
    if spec.curves_sha256 is None or spec.curve_recipe is None:
        return None
    place = job.workspace_id, spec.dataset_sha256
    return curve_files.views(storage, *place, spec.curves_sha256, spec.curve_recipe)


def _checkpoint(job: wire.Train, storage: Storage) -> Path:
    if job.keep:
        return storage.kept_checkpoint(job.session_id)
    return storage.checkpoint(job.session_id, job.start)


def _curve_memory_mb(limit_mb: int | None) -> int:
    if limit_mb is None:
        return DEFAULT_CURVE_MEMORY_MB
    # TensorFlow itself, the network and a batch take about a gigabyte.
    return min(DEFAULT_CURVE_MEMORY_MB, max(16, (limit_mb - 1000) // 2))


def _explain(error: Exception, storage: Storage) -> tuple[wire.Reason, str]:
    """The contract's reason, and a message for the person who started the session."""
    if isinstance(error, train.DataError | ModelFileError):
        return "data", str(error)
    if isinstance(error, train.NothingToKeep):
        return "crashed", str(error)
    if isinstance(error, train.Diverged):
        return "diverged", str(error)
    if isinstance(error, OverLimit):
        return "out_of_memory", str(error)
    if _is_lack_of_memory(error):
        said = f" ({in_words(error)[:300]})" if str(error) else ""
        return "out_of_memory", (
            f"The machine had no memory left for this session{said}. "
            "Use a smaller batch_size or dataset, or train fewer sessions at once."
        )
    if isinstance(error, OSError) and disk.is_full(error):
        message = disk.full_message(error, storage.models)
        return "disk_full", f"{message} Free some space, then retry this session."
    return "crashed", f"{type(error).__name__}: {in_words(error)[:500]}"


def _is_lack_of_memory(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
