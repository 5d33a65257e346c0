"""Trains one network on one dataset: `train(spec, emit, should_stop)`, in any process.

Step by step: rows -> split by group -> curves -> scaling -> inner graph, trained -> outer graph,
saved -> evaluation on the test stars. After each epoch a checkpoint; a session that finds one of
its own goes on from there and ends with the same weights. The checkpoint stays: whoever records the
model removes it.
"""

from backend.training import keras_setup  # before Keras: it chooses the backend

import tensorflow as tf  # isort: skip
import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.storage.dataset_table import open_evidence
from backend.storage.layout import BESIDE_MODEL
from backend.storage.version_labels import with_labels
from backend.training import defaults
from backend.training.callbacks import Emit, ShouldStop
from backend.training.examples.teaching import teaching_of
from backend.training.fit import examples, fit_network, new_steps, obey_cancel
from backend.training.results.baselines import Baselines
from backend.training.results.evaluate import evaluate_model, publish_calibrated
from backend.training.results.joined import join_models
from backend.training.results.save import save_model
from backend.training.spec import Cancelled, DataError, Diverged, NothingToKeep, TrainingSpec
from backend.training.split import check_trainable, fold_of, split_rows
from backend.training.steps import Steps
from backend.transit.columns import relation_columns
from backend.transit.networks import registry
from backend.transit.networks.inputs import relation_matrix
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, ViewRows
from backend.transit.rows import Rows

_DAMAGED = (
    "The rows of the dataset are missing on the server, or damaged; its log says more. Restore the "
    "dataset's files from a backup, or upload it again."
)

_NO_VIEWS = (
    "The views of the light curves that this session learns from are missing on the server, or "
    "damaged. Retry the session: they are made again."
)

__all__ = ["Cancelled", "DataError", "Diverged", "NothingToKeep", "TrainingSpec", "train"]


def prepare(network: str = defaults.NETWORK, ensemble: int = defaults.ENSEMBLE) -> Steps:
    """Build and trace a network before a session of it is known; `train` takes it."""
    steps = new_steps(network, ensemble)
    steps.warm_up()
    return steps


def train(
    spec: TrainingSpec, emit: Emit, should_stop: ShouldStop, prepared: Steps | None = None
) -> None:
    """Trains, evaluates and saves one model.

    Args:
        spec: what to train, on what, and where the files go.
        emit: takes the events Started, Batch, Epoch, Stage, Evaluated and Saved.
        should_stop: gives "stop" (finish this epoch, keep the best weights), "cancel" (end now,
            keep nothing) or None; asked at every batch.
        prepared: from `prepare`; used if it is of the spec's network. It changes nothing but the
            time until the first batch.

    Raises:
        DataError: the dataset cannot serve the spec.
        ModelFileError: a model that is to be joined is missing, or was changed.
        Diverged: the loss stopped being finite.
        NothingToKeep: the checkpoint to keep cannot be read.
        Cancelled: `should_stop` said so; nothing is left behind.
        MemoryError: no memory was left.
        OSError: a file could not be written.
    """
    keras_setup.prepare_tensorflow()
    try:
        _train(spec, emit, should_stop, prepared)
    except Cancelled:
        remove_files(spec)
        raise
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(str(error)) from error


def remove_files(spec: TrainingSpec) -> None:
    """Remove whatever a session of this spec has written; a checkpoint to keep was there before."""
    for suffix in (".keras", *BESIDE_MODEL):
        spec.model_path.with_suffix(suffix).unlink(missing_ok=True)
    if not spec.keep:
        spec.checkpoint.unlink(missing_ok=True)


def _train(spec: TrainingSpec, emit: Emit, should_stop: ShouldStop, prepared: Steps | None) -> None:
    def poll() -> None:
        obey_cancel(should_stop)

    try:
        table = _table(spec)
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise DataError(_DAMAGED) from error
    besides = _besides(spec, table)
    evidence = besides if spec.grouping == "ephemeris" else None
    if spec.members is not None:
        relations = _relations(spec, table, evidence)
        return join_models(spec, table, evidence, relations, emit, poll)
    views = _views(spec, table)
    check_trainable(table, spec.validation_split, spec.test_split)
    fractions = spec.validation_split, spec.test_split
    split = split_rows(table, evidence, spec.grouping, fractions, spec.seed, fold_of(spec))
    relations = _relations(spec, table, evidence)
    teaching = teaching_of(spec, table, besides, split.train)
    baselines = Baselines(spec, table, split, relations, views, teaching.weights)
    trained = fit_network(
        spec,
        table,
        split,
        emit,
        should_stop,
        prepared,
        baselines.start,
        relations,
        views,
        teaching,
    )
    trained.training.forget_readings()  # the evaluation needs the memory
    emit(wire.Stage(stage="evaluating"))
    groups = split.validation_groups
    published = publish_calibrated(trained.steps, trained.validation, groups, spec.seed)
    trained.validation.forget_readings()
    test = examples(spec, trained.steps, table, split.test, relations, poll, views)
    results = evaluate_model(spec, trained.steps, published, test, split, baselines, poll)
    if results.evaluation is not None:
        results.evaluation["kinds"] = list(teaching.names)
    emit(wire.Evaluated(evaluation=results.evaluation))
    metrics = {"best_epoch": trained.best_epoch, **trained.metrics.model_dump()}
    manifest = save_model(
        spec,
        table,
        evidence,
        split,
        trained.training,
        published,
        metrics,
        results,
        teaching.names,
    )
    emit(
        wire.Saved(
            sha256=manifest["sha256"],
            manifest=manifest,
            best_epoch=trained.best_epoch,
            metrics=trained.metrics,
        )
    )


def _table(spec: TrainingSpec) -> Rows:
    """The rows, with the labels of the version that the session trains on."""
    if spec.labels is None:
        rows: Rows = np.load(spec.table, mmap_mode="r")
        return rows
    return with_labels(spec.table, spec.labels)


def _relations(
    spec: TrainingSpec, table: Rows, evidence: Rows | None
) -> NDArray[np.float32] | None:
    """The `relation_input` of all rows; None for a network without it."""
    if not spec.use_relations:
        return None
    from backend.transit.relations import find_relations  # pandas takes half a second

    found = find_relations(np.asarray(table), evidence)
    return relation_matrix(found.values, len(relation_columns(spec.use_stellar_uncertainties)))


def _views(spec: TrainingSpec, table: Rows) -> ViewRows | None:
    """What light curves show of the rows; None for a network that reads none.

    Raises:
        DataError: it is missing, or of other rows.
    """
    if not registry.NETWORKS[spec.network].takes_curves:
        return None
    if spec.views is None:
        raise DataError(_NO_VIEWS)
    try:
        found = np.load(spec.views, mmap_mode="r")
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise DataError(_NO_VIEWS) from error
    if found.dtype != VIEW_ROW_DTYPE or found.ndim != 1:
        raise DataError(_NO_VIEWS)
    places = np.asarray(found["row"])
    is_sorted = bool((np.diff(places) > 0).all())
    if not is_sorted or (len(places) and not 0 <= places[0] <= places[-1] < len(table)):
        raise DataError(_NO_VIEWS)
    return found


def _besides(spec: TrainingSpec, table: Rows) -> Rows | None:
    """What the catalogue says of the rows besides; None where the session does not use it.

    Raises:
        DataError: it is missing, or of other rows.
    """
    learns_kinds = spec.use_kinds and registry.NETWORKS[spec.network].takes_curves
    is_used = spec.grouping == "ephemeris" or spec.use_weights or learns_kinds
    if not is_used or spec.evidence is None:
        return None
    try:
        found = open_evidence(spec.evidence)
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise DataError(_DAMAGED) from error
    if found.shape != table.shape:
        raise DataError(_DAMAGED)
    return found
