"""The plan of `benchmarks.science`: networks, trees, and networks without one design choice.

`all_runs` lists every run; `tables` takes its rows from the same constants.
"""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

from benchmarks.science.runs import FOLDS, Run

PARTS = ("koi", "transfer", "ablation")

NETWORKS = ("transit_cnn", "transit_cnn_catalogue")
LIBRARIES = ("HistGradientBoosting", "LightGBM")

# Trees with what the networks have too: a lower rate, and validation stars to stop early and to
# calibrate on.
TUNED = "LightGBM, stopped early"
INFORMATION = ("same information", "all columns")
ENSEMBLE = 5

# The reference network takes half a minute an epoch.
REFERENCE_SETTINGS = '{"epochs": 6}'

ABLATION_FOLDS = 2
_PARTS = "backend.transit.networks.layers"
_READING = "backend.transit.networks.curve_reading"
_BATCHES = "backend.training.examples.batches"
_HIDING = "backend.training.examples.hiding"

# By network and title: which constants and functions of the product are replaced, and by what.
ABLATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "transit_cnn": {
        "one head instead of eight": {f"{_PARTS}.HEADS": 1},
        "no average of the weights": {"backend.training.weight_average.LONGEST": 0.0},
        "no convolutions": {"backend.transit.networks.transit_cnn.convolve": "@no_convolutions"},
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
            f"{_BATCHES}.transit_curves": "@box_curves",
            "backend.transit.networks.inputs.transit_curves": "@box_curves",
        },
        "no label smoothing": {"backend.training.fit.LABEL_SMOOTHING": 0.0},
        "label alone, no regressions": {"backend.training.fit.REGRESSION_WEIGHT": 0.0},
        "nothing hidden": {
            f"{_HIDING}.{name}": 0.0 for name in ("MASK_ONE", "MASK_FIT", "MASK_STAR")
        },
    },
    "transit_cnn_catalogue": {
        "one head instead of eight": {f"{_PARTS}.HEADS": 1},
        "no average of the weights": {"backend.training.weight_average.LONGEST": 0.0},
        "period, duration, depth without diagnostics": {
            "backend.transit.networks.inputs.physical_diagnostics": "@no_diagnostics"
        },
    },
}


def all_runs() -> Iterator[Run]:
    """Every run; those of the reference network, which take longest, are last."""
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
