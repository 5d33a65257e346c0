"""Do the networks beat gradient-boosted trees on stars that they never saw?

    make benchmark-science        or  python -m benchmarks.science [--jobs 2] [--parts koi transfer]

Trains every network and the trees on five grouped 80/20 splits of the KOI table, carries them from
Kepler to TESS and back, leaves out one design choice after the other, and writes the tables and
pictures into docs/. What is done is kept in the folder of the results: run again, it goes on.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from backend.config import REPOSITORY
from benchmarks.science_runs import FOLDS, Rows, Run, execute
from benchmarks.training import ARCHIVE_DATA, TABLES, read_table

PARTS = ("koi", "transfer", "ablation")

NETWORKS = ("transit_cnn", "transit_cnn_catalogue")
LIBRARIES = ("HistGradientBoosting", "LightGBM")

# With what the networks have besides: a lower rate, stopped and calibrated on the validation stars.
TUNED = "LightGBM, stopped early"
INFORMATION = ("same information", "all columns")
ENSEMBLE = 5

# The reference network takes half a minute an epoch.
REFERENCE_SETTINGS = '{"epochs": 6}'

ABLATION_FOLDS = 2
_PARTS = "backend.transit.networks.layers"
_READING = "backend.transit.networks.curve_reading"
_BATCHES = "backend.training.batches"

# What is put in the place of constants and functions of the product, by network and title.
ABLATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "transit_cnn": {
        "one voice instead of eight": {f"{_PARTS}.VOICES": 1},
        "no average of the weights": {"backend.training.weight_average.LONGEST": 0.0},
        "no convolutions": {"backend.transit.networks.transit_cnn._convolve": "@no_convolutions"},
        "3 intervals instead of 24": {
            f"{_PARTS}.QUANTILES": 3,
            "backend.transit.networks.scaling.QUANTILES": 3,
        },
        "no derived numbers": {
            "backend.transit.networks.transit_cnn.derive_numbers": "@nothing_derived"
        },
        "windows in phase, not its logarithm": {
            f"{_READING}.log_phase_windows": "@even_phase_windows"
        },
        "a box for a curve": {
            f"{_BATCHES}.synthesise": "@box_curves",
            "backend.transit.networks.inputs.synthesise": "@box_curves",
        },
        "no label smoothing": {"backend.training.train.LABEL_SMOOTHING": 0.0},
        "label alone, no regressions": {"backend.training.train.REGRESSION_WEIGHT": 0.0},
        "nothing hidden": {
            f"{_BATCHES}.{name}": 0.0 for name in ("MASK_ONE", "MASK_FIT", "MASK_STAR")
        },
    },
    "transit_cnn_catalogue": {
        "one voice instead of eight": {f"{_PARTS}.VOICES": 1},
        "no average of the weights": {"backend.training.weight_average.LONGEST": 0.0},
        "period, duration, depth without diagnostics": {
            "backend.transit.networks.inputs.physical_diagnostics": "@no_diagnostics"
        },
    },
}


def main() -> None:
    arguments = _parse_arguments()
    if not (ARCHIVE_DATA / TABLES["koi"]).exists():
        sys.exit(f"No {TABLES['koi']} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    folder: Path = arguments.results
    folder.mkdir(parents=True, exist_ok=True)
    runs = [run for run in all_runs() if run.part in arguments.parts]
    if arguments.only is not None:
        execute(runs[arguments.only], read_tables(folder), folder)
        return
    _execute_all(runs, arguments)
    from benchmarks import science_tables

    science_tables.write(list(all_runs()), folder)


def all_runs() -> Iterator[Run]:
    """Every line of work; the reference, which takes longest, last."""
    folds = range(FOLDS)
    for method, fold in product(NETWORKS, folds):
        yield Run("koi", method, "koi", "koi", fold)
    trees = [f"{library} on {info}" for library, info in product(LIBRARIES, INFORMATION)]
    tuned = [f"{TUNED} on {info}" for info in INFORMATION]
    for method, fold, whole in product(trees, folds, (False, True)):
        yield Run("koi", method, "koi", "koi", fold, whole=whole)
    for fold in folds:
        yield Run("koi", "transit_cnn_catalogue", "koi", "koi", fold, ENSEMBLE)
    for method, fold in product(tuned, folds):
        yield Run("koi", method, "koi", "koi", fold)
    for method in (*NETWORKS, f"{TUNED} on same information", f"{TUNED} on all columns"):
        for trained, tested in (("koi", "toi"), ("toi", "koi")):
            yield Run("transfer", method, trained, tested, fold=-1)
        for fold in folds:
            yield Run("transfer", method, "toi", "toi", fold)
            yield Run("transfer", method, "both", "both", fold)
    for method, choices in ABLATIONS.items():
        for changes, fold in product(choices.values(), range(ABLATION_FOLDS)):
            yield Run("ablation", method, "koi", "koi", fold, changes=json.dumps(changes))
    for fold in folds:
        yield Run("koi", "seed_cnn", "koi", "koi", fold, settings=REFERENCE_SETTINGS)


def read_tables(folder: Path) -> dict[str, Rows]:
    """The accepted rows of both catalogues, ROW_DTYPE."""
    for name in TABLES:
        if not (folder / f"{name}.npy").exists():
            read_table(name, folder)
    return {name: np.load(folder / f"{name}.npy") for name in TABLES}


def _execute_all(runs: list[Run], arguments: argparse.Namespace) -> None:
    """Each in a process of its own, for TensorFlow gives no memory back."""
    read_tables(arguments.results)
    waiting = [n for n, run in enumerate(runs) if not run.file(arguments.results).exists()]
    command = [sys.executable, "-m", "benchmarks.science", "--results", str(arguments.results)]
    command += ["--parts", *arguments.parts, "--only"]

    def one(place: int) -> None:
        run = runs[waiting[place]]
        print(f"{place + 1} of {len(waiting)}: {run}", flush=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([*command, str(waiting[place])], cwd=REPOSITORY, env=environment, check=True)

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, range(len(waiting))))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".benchmark")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
