"""Fits a network to the training stars of a split: scaling, inner graph, epochs, best weights."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

from backend.training import keras_setup  # noqa: F401  before Keras: it chooses the backend

import keras  # isort: skip
import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.training import defaults, loop
from backend.training.callbacks import (
    MONITOR,
    AfterFirstBatch,
    Emit,
    KeepCheckpoint,
    ObeyRequests,
    ReportProgress,
    ShouldStop,
    StopWhenDiverged,
)
from backend.training.checkpoint import Checkpoint, load_checkpoint, load_kept
from backend.training.examples.batches import Examples
from backend.training.examples.real_curves import RealCurves
from backend.training.examples.teaching import NOTHING_TAUGHT, Teaching
from backend.training.spec import UP_TO_0_4_0, UP_TO_0_5_0, Cancelled, TrainingSpec
from backend.training.split import Split
from backend.training.steps import Steps
from backend.transit.catalog.reader import band
from backend.transit.columns import COLUMNS, ROW_DTYPE
from backend.transit.keys import read_column
from backend.transit.networks.build import build
from backend.transit.networks.scaling import learn_scaling
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Index

# The label is what the network is for; the regressions share its convolutions, and must not
# steer them.
LABEL_SMOOTHING = 0.02
REGRESSION_WEIGHT = 0.1

PLATEAU_PATIENCE = 4
PLATEAU_FACTOR = 0.4
WEIGHT_DECAY = 1e-3
GRADIENT_NORM = 1.0

# Rows that the scaling of what is read from a curve is measured on.
_SAMPLE_CURVES = 4096

_EVALUATION_BATCH = 512

# Changing what a checkpoint holds or means makes those of older code unusable.
_CHECKPOINT_VERSION = 2

_NO_INFLUENCE = (
    "labels",
    "dataset_version",  # its number; the hash of its labels stays
    "session_id",
    "table",
    "model_name",
    "model_path",
    "checkpoint",
    "curve_memory_mb",
    "keep",
    "dataset_name",
    "evidence",
    "curve_set_id",  # its number; the hash of its light curves stays
    "views",
    "simulated",
)


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        steps: with its best weights.
        training, validation: the training and the validation rows.
        best_epoch: from 1.
        metrics: of the best epoch.
    """

    steps: Steps
    training: Examples
    validation: Examples
    best_epoch: int
    metrics: wire.EpochMetrics


def fit_network(
    spec: TrainingSpec,
    table: NDArray[np.void],
    split: Split,
    emit: Emit,
    should_stop: ShouldStop,
    prepared: Steps | None = None,
    after_first_batch: Callable[[], None] = lambda: None,
    relations: NDArray[np.float32] | None = None,
    views: ViewRows | None = None,
    teaching: Teaching = NOTHING_TAUGHT,
) -> Trained:
    """Train the spec's network on a split of a table; the test rows are not looked at.

    Args:
        spec, emit, should_stop: as for `train`; the events are Started, Batch and Epoch.
        table: ROW_DTYPE, (n,), may be a memory-mapped file.
        split: of its rows.
        prepared: as for `train`.
        after_first_batch: called once.
        relations: float32, (n, k), of the table's rows; None for a network without them.
        views: VIEW_ROW_DTYPE, what light curves show of the table's rows; None for a network that
            reads none.
        teaching: of the table's rows. Validation rows count alike.

    Raises:
        Diverged, Cancelled, OSError: as `train`.
    """
    steps = prepared
    related = 0 if relations is None else relations.shape[1]
    wanted = (spec.network, spec.ensemble, related, len(teaching.names))
    if steps is None or (steps.name, steps.ensemble, steps.relations, steps.kinds) != wanted:
        steps = new_steps(*wanted)
    training, validation = (
        examples(
            spec,
            steps,
            table,
            rows,
            relations,
            lambda: obey_cancel(should_stop),
            views,
            teaching if rows is split.train else teaching._replace(weights=None),
        )
        for rows in (split.train, split.validation)
    )
    _load(spec, steps, training)
    progress = ReportProgress(emit, math.ceil(len(training) / spec.batch_size))
    load = load_kept if spec.keep else load_checkpoint
    resumed = load(spec.checkpoint, _fingerprint(spec))
    emit(_started(split, steps.parameters, progress, resumed))
    best_epoch = _fit(
        spec,
        steps,
        (training, validation),
        [ObeyRequests(should_stop), AfterFirstBatch(after_first_batch)],
        progress,
        resumed,
    )
    return Trained(steps, training, validation, best_epoch, progress.epochs[best_epoch])


def new_steps(network: str, ensemble: int, relations: int = 0, kinds: int = 0) -> Steps:
    """A network that is not yet built or traced; `relations`: how many its input has, or 0.

    `kinds`: how many kinds of false positives it learns to tell apart, or 0.
    """
    optimizer = keras.optimizers.AdamW(
        defaults.LEARNING_RATE, weight_decay=WEIGHT_DECAY, global_clipnorm=GRADIENT_NORM
    )
    return Steps(network, ensemble, relations, optimizer, LABEL_SMOOTHING, REGRESSION_WEIGHT, kinds)


def obey_cancel(should_stop: ShouldStop) -> None:
    """Check whether to go on.

    Raises:
        Cancelled: no.
    """
    if should_stop() == "cancel":
        raise Cancelled


def examples(
    spec: TrainingSpec,
    steps: Steps,
    table: NDArray[np.void],
    rows: Index,
    relations: NDArray[np.float32] | None,
    poll: Callable[[], None],
    views: ViewRows | None = None,
    teaching: Teaching = NOTHING_TAUGHT,
) -> Examples:
    """Some rows of the spec's table, with what is known of them besides, for its network."""
    return Examples(
        _needed(table, rows),
        band(spec.source),
        steps.names,
        spec.curve_memory_mb * 2**20,
        poll,
        steps.read,
        None if relations is None else relations[rows],
        None if views is None else RealCurves(views, rows, steps.read),
        None if teaching.weights is None else teaching.weights[rows],
        None if teaching.kinds is None else teaching.kinds[rows],
    )


def _needed(table: NDArray[np.void], rows: Index) -> NDArray[np.void]:
    """Some rows without their line and star: half of their bytes, which no network sees."""
    needed = np.empty(len(rows), _NEEDED_DTYPE)
    for name in needed.dtype.names or ():
        needed[name] = read_column(table, name)[rows]
    return needed


_NEEDED_DTYPE = np.dtype([(name, ROW_DTYPE[name]) for name in (*COLUMNS, "label")])


def _load(spec: TrainingSpec, steps: Steps, training: Examples) -> None:
    """Put the session's initial weights and its scaling into the steps."""
    evidence = None if training.real is None else training.real.evidence
    scaling = learn_scaling(training.rows, training.catalogue, training.relations, evidence)
    random = np.random.default_rng([spec.seed, 3])
    chosen = random.permutation(len(training))[:_SAMPLE_CURVES]
    sample, _ = training.batch(np.sort(chosen))
    graphs = build(spec.network, scaling, sample, spec.seed, spec.ensemble, steps.kinds)
    steps.load(graphs, scaling, spec.learning_rate, training.mean_weight)


def _started(
    split: Split, parameters: int, progress: ReportProgress, resumed: Checkpoint | None
) -> wire.Started:
    epochs = resumed.epochs() if resumed else {}
    return wire.Started(
        rows=len(split.train) + len(split.validation) + len(split.test),
        train=len(split.train),
        validation=len(split.validation),
        test=len(split.test),
        parameters=parameters,
        batches=progress.batches,
        resumed_from_epoch=resumed.epochs_finished if resumed else 0,
        history=tuple(wire.Epoch(epoch=n, metrics=each) for n, each in epochs.items()),
    )


def _fit(
    spec: TrainingSpec,
    steps: Steps,
    data: tuple[Examples, Examples],
    first_callbacks: list[keras.callbacks.Callback],
    progress: ReportProgress,
    resumed: Checkpoint | None,
) -> int:
    """Train to the best weights; return the number of the best epoch, from 1."""
    stopping = keras.callbacks.EarlyStopping(
        MONITOR, mode="min", patience=spec.patience, restore_best_weights=True
    )
    plateau = keras.callbacks.ReduceLROnPlateau(
        MONITOR, mode="min", patience=PLATEAU_PATIENCE, factor=PLATEAU_FACTOR, min_lr=1e-6
    )
    checkpoint = KeepCheckpoint(
        spec.checkpoint, _fingerprint(spec), stopping, plateau, progress, steps.average, resumed
    )
    first_epoch = resumed.epochs_finished if resumed else 0
    is_finished = resumed is not None and resumed.is_finished
    training, validation = data
    loop.fit(
        steps,
        training.shuffled(spec.batch_size, spec.seed, first_epoch),
        progress.batches,
        lambda: validation.in_order(_EVALUATION_BATCH),
        range(first_epoch, first_epoch if is_finished else spec.epochs),
        [*first_callbacks, StopWhenDiverged(), stopping, plateau, progress, checkpoint],
    )
    return int(stopping.best_epoch) + 1


def _fingerprint(spec: TrainingSpec) -> str:
    """A hash of everything that the weights depend on."""
    influences = dataclasses.asdict(spec)
    for name in _NO_INFLUENCE:
        del influences[name]
    for name, value in {**UP_TO_0_4_0, **UP_TO_0_5_0}.items():
        if name in influences and influences[name] == value:
            del influences[name]
    influences |= {"checkpoint": _CHECKPOINT_VERSION, "keras": keras.__version__}
    return hashlib.sha256(json.dumps(influences, sort_keys=True).encode()).hexdigest()
