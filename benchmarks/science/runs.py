"""One run: train a network or fit trees on given rows, and store predictions of other rows."""

import hashlib
import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from backend import wire
from backend.training.spec import TrainingSpec
from backend.training.split import Split, split_by_group
from backend.transit.catalog.reader import band
from backend.transit.evaluation.baseline import TABLES, tree_probabilities
from backend.transit.evaluation.calibration import apply_temperature, fit_temperature
from backend.transit.light_curve.curve import BINS
from backend.transit.light_curve.diagnostics import DIAGNOSTICS
from backend.transit.light_curve.orbit import Geometry
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import RowGroups

FOLDS = 5
# The default of a session is a share of all stars; here it is a share of four fifths of them.
VALIDATION = 0.15 / 0.8
SEED = 0


@dataclass(frozen=True)
class Run:
    """One method, its training rows and its test rows; equal runs have equal files.

    Attributes:
        part: of the benchmark: "koi", "transfer" or "ablation".
        method: a network's name, or "<library> on <information>" for trees.
        trained, tested: catalogues: "koi", "toi", "both".
        fold: which fifth of the stars is the test; -1 to train and test on whole catalogues.
        ensemble: members of the network.
        changes: as for `changed`, as JSON.
        settings: further fields of the training spec, as JSON.
        whole: whether trees are trained on the validation stars too.
    """

    part: str
    method: str
    trained: str
    tested: str
    fold: int = 0
    ensemble: int = 1
    changes: str = "{}"
    settings: str = "{}"
    whole: bool = False

    def file(self, folder: Path) -> Path:
        """The file of its predictions."""
        words = [str(each) for each in asdict(self).values()]
        readable = "-".join(words[:6]).replace(" ", "_")
        return folder / f"{readable}-{hashlib.sha256(repr(self).encode()).hexdigest()[:8]}.npz"


@dataclass(frozen=True)
class Work:
    """The rows of a run: a table, its split, and the number of each row's group."""

    table: Rows
    split: Split
    source: str
    groups: Index


def execute(run: Run, tables: dict[str, Rows], groups: dict[str, Index], folder: Path) -> None:
    """Train, predict the test rows and write the file; nothing if the file exists."""
    if run.file(folder).exists():
        return
    work = prepare(run, tables, groups)
    started = time.perf_counter(), time.process_time()
    found = _trees(run, work) if " on " in run.method else _network(run, work, folder)
    tested = work.table[work.split.test]
    partial = run.file(folder).with_suffix(".partial.npz")
    np.savez(
        partial,
        true=tested["label"],
        true_period=tested["period"],
        true_depth=tested["depth"],
        group=work.split.test_groups,
        is_koi=_is_koi(run, work, tables),
        wall=time.perf_counter() - started[0],
        processor=time.process_time() - started[1],
        **found,
    )
    partial.replace(run.file(folder))


def prepare(run: Run, tables: dict[str, Rows], groups: dict[str, Index]) -> Work:
    """The rows of a run; the test rows serve neither to train nor to choose.

    Args:
        run: what is trained and tested.
        tables: ROW_DTYPE, by name.
        groups: of each row the number of its group, by name.
    """
    source = run.trained if run.trained in tables else "exotrain"
    known = [name for name in tables if run.trained in (name, "both")]
    if run.fold < 0:
        known = [run.trained, run.tested]
        learnt = np.arange(len(tables[run.trained]))
        tested = len(learnt) + np.arange(len(tables[run.tested]))
    else:
        learnt, tested = _fold({name: (tables[name], groups[name]) for name in known}, run)
    table = np.concatenate([_named(name, tables[name]) for name in known])
    number = _apart([groups[name] for name in known])
    among = RowGroups(number[learnt], number[learnt], 0, None)
    inner = split_by_group(table[learnt], among, VALIDATION, 0.0, SEED)
    watched = learnt[inner.validation]
    split = Split(learnt[inner.train], watched, tested, number[watched], number[tested])
    return Work(table, split, source, number)


def _is_koi(run: Run, work: Work, tables: dict[str, Rows]) -> NDArray[np.bool_]:
    """Which test rows are from the KOI table, which comes first where both are joined."""
    if run.tested == "both":
        return work.split.test < len(tables["koi"])
    return np.full(len(work.split.test), run.tested == "koi")


def _apart(numbers: list[Index]) -> Index:
    """The numbers of groups of several tables, none of which share a group."""
    starts = np.cumsum([0, *(each.max() + 1 for each in numbers)])
    return np.concatenate([each + start for each, start in zip(numbers, starts, strict=False)])


def _fold(known: dict[str, tuple[Rows, Index]], run: Run) -> tuple[Index, Index]:
    learnt, tested, start = [], [], 0
    for name, (table, number) in known.items():
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
        parts = list(folds.split(table, table["label"], number))[run.fold]
        learnt.append(start + parts[0])
        if run.tested in (name, "both"):
            tested.append(start + parts[1])
        start += len(table)
    return np.concatenate(learnt), np.concatenate(tested)


def _named(name: str, table: Rows) -> Rows:
    """The table with its stars renamed: no star shares a name with one of another catalogue."""
    table = table.copy()
    table["star"] = [name.encode() + star for star in table["star"]]
    return table


def _trees(run: Run, work: Work) -> dict[str, Any]:
    library, information = run.method.split(" on ")
    columns = TABLES[information.replace(" ", "_")]
    learnt = work.split.train
    if run.whole:
        learnt = np.sort(np.concatenate([learnt, work.split.validation]))
    known, asked = columns(work.table[learnt]), columns(work.table[work.split.test])
    labels = work.table["label"][learnt]
    if library not in _LIBRARIES:
        watched = work.table[work.split.validation]
        return {
            "probabilities": _stopped_early(
                known, labels, columns(watched), watched["label"], asked
            )
        }
    return {"probabilities": _LIBRARIES[library](known, labels, asked, SEED)}


def _lightgbm(
    known: NDArray[np.float64], labels: NDArray[np.int8], asked: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    trees = lightgbm.LGBMClassifier(random_state=seed, n_jobs=1, verbose=-1, deterministic=True)
    return np.asarray(trees.fit(known, labels).predict_proba(asked))


def _stopped_early(
    known: NDArray[np.float64],
    labels: NDArray[np.int8],
    watched: NDArray[np.float64],
    watched_labels: NDArray[np.int8],
    asked: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Trees with a low rate, stopped and calibrated on the validation stars like a network."""
    trees = lightgbm.LGBMClassifier(
        n_estimators=2000,
        learning_rate=0.03,
        random_state=SEED,
        n_jobs=1,
        verbose=-1,
        deterministic=True,
    )
    stop = lightgbm.early_stopping(50, verbose=False)
    trees.fit(known, labels, eval_set=[(watched, watched_labels)], callbacks=[stop])
    temperature = fit_temperature(watched_labels, np.asarray(trees.predict_proba(watched)))
    return apply_temperature(np.asarray(trees.predict_proba(asked)), temperature)


_LIBRARIES = {"HistGradientBoosting": tree_probabilities, "LightGBM": _lightgbm}


def _network(run: Run, work: Work, folder: Path) -> dict[str, Any]:
    from backend.training import keras_setup
    from backend.training.examples.batches import Examples
    from backend.training.fit import fit_network
    from backend.training.results.evaluate import publish_calibrated
    from backend.training.results.predict import predict

    keras_setup.prepare_tensorflow()
    spec = TrainingSpec(
        session_id=0,
        table=folder,
        source=work.source,
        dataset_sha256="",
        model_name="benchmark",
        model_path=folder / "none.keras",
        checkpoint=run.file(folder).with_suffix(".ckpt"),
        validation_split=VALIDATION,
        seed=SEED,
        network=run.method,
        ensemble=run.ensemble,
    )
    spec = replace(spec, **json.loads(run.settings))
    events: list[wire.SessionEvent] = []
    with changed(json.loads(run.changes)):
        trained = fit_network(spec, work.table, work.split, events.append, _never_stop)
        groups = work.split.validation_groups
        published = publish_calibrated(trained.steps, trained.validation, groups, spec.seed)
        asked = work.table[work.split.test]
        tested_band = band(run.tested if run.trained != "both" else work.source)
        steps = trained.steps
        tested = Examples(asked, tested_band, steps.names, 0, _never_stop, steps.read)
        found = predict(steps, tested, published.calibration, _never_stop)
    spec.checkpoint.unlink(missing_ok=True)
    seconds = [each.metrics.epoch_seconds for each in events if isinstance(each, wire.Epoch)]
    return {
        **found,
        "temperature": published.calibration.temperature,
        "biases": np.array(published.calibration.biases),
        "epochs": len(seconds),
        "epoch_seconds": np.median(seconds),
    }


def changed(changes: dict[str, Any]) -> ExitStack:
    """Replace constants for a while: {"backend.module.NAME": value}.

    "@name" is a function of this module.
    """
    stack = ExitStack()
    for name, value in changes.items():
        is_function = isinstance(value, str) and value.startswith("@")
        stack.enter_context(patch(name, globals()[value[1:]] if is_function else value))
    return stack


def no_convolutions(shape: Any, _seeds: Any) -> Any:
    """Replaces `transit_cnn.convolve`: nothing is read from the transit's shape."""
    from keras import ops

    return ops.zeros_like(shape[:, :1, 0])


def nothing_derived(summary: Any, _features: Any) -> Any:
    """Replaces `transit_cnn.derive_numbers`: all unknown."""
    from keras import ops

    return ops.concatenate([summary[:, :1] * np.nan] * 5, axis=-1)


def even_phase_windows() -> NDArray[np.float32]:
    """Replaces `curve_reading.log_phase_windows`: equal steps in phase."""
    from backend.transit.networks.curve_reading import WINDOWS

    points = BINS // 2 + 1
    edges = np.linspace(0.0, points, WINDOWS + 1)
    steps = np.arange(points)[:, None]
    shares = np.minimum(steps + 1, edges[1:]) - np.maximum(steps, edges[:-1])
    weights = np.clip(shares, 0, None)
    return (weights / weights.sum(axis=0)).astype(np.float32)


def box_curves(geometry: Geometry) -> NDArray[np.float32]:
    """Replaces `curve.transit_curves`: the depth for the duration, without star or orbit."""
    half = (geometry.duration / 24.0 / geometry.period)[:, None] / 2
    edges = (np.arange(BINS + 1) - BINS / 2) / BINS
    inside = np.clip(edges, -half, half)
    depth = geometry.depth[:, None] * 1e-6
    return (1.0 - depth * np.diff(inside, axis=1) * BINS).astype(np.float32)


def no_diagnostics(rows: Rows, _geometry: Geometry, _band: str) -> dict[str, NDArray[np.float64]]:
    """Replaces `diagnostics.physical_diagnostics`: all unknown."""
    return {name: np.full(len(rows), np.nan) for name in DIAGNOSTICS}


def _never_stop() -> None:
    return None
