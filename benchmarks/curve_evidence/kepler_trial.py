"""Kepler's stars with and without their light curves: what is compared, and on which rows."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backend.transit.columns import FEATURES, REQUIRED
from backend.transit.evaluation.baseline import tree_probabilities
from backend.transit.evaluation.light_curves import ViewComponents
from backend.transit.networks.inputs import evidence_matrix, local_matrix
from backend.transit.photometry.view_rows import ViewRows
from benchmarks.curve_evidence.folds import split_of_fold, star_folds
from benchmarks.curve_evidence.kepler import KeplerStars, view_rows
from benchmarks.curve_evidence.learning import Recipe, learn
from benchmarks.curve_evidence.trials import Array, Task, Trial

SHOWN, HIDDEN = "light_curve_cnn", "light_curve_cnn, light curves hidden"
CATALOGUE = "transit_cnn_catalogue"
TREES, TREES_WITH = "trees, nine columns", "trees, nine columns and light curves"

PAIRS = (
    (SHOWN, HIDDEN),
    (SHOWN, CATALOGUE),
    (HIDDEN, CATALOGUE),
    (TREES_WITH, TREES),
    (SHOWN, TREES_WITH),
)

_WATCHED = 0.15


def kept_views(stars: KeplerStars, folder: Path) -> ViewRows:
    """The views of all rows with a usable light curve, from a file if they were made before."""
    file = folder / "kepler_views.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partly = file.with_suffix(".partial.npy")
        np.save(partly, view_rows(stars, np.arange(len(stars.rows))))
        partly.replace(file)
    return np.asarray(np.load(file))


def kepler_trial(stars: KeplerStars, views: ViewRows) -> Trial:
    """The rows with a usable light curve; all methods learn from the same ones.

    Args:
        stars: all rows.
        views: VIEW_ROW_DTYPE, of those with a usable light curve.
    """
    has_curve = np.zeros(len(stars.rows), bool)
    has_curve[views["row"]] = True
    labels = stars.rows["label"]
    kept: dict[str, Any] = {}
    return Trial(
        "kepler",
        labels,
        stars.star,
        star_folds(stars.star, has_curve, labels),
        is_learnt=has_curve,
        is_scored=has_curve,
        methods={
            "trees": partial(_trees, stars, views),
            "curves": partial(_curves, stars, views, kept),
            "catalogue": partial(_catalogue, stars, kept),
        },
    )


def _catalogue(stars: KeplerStars, kept: dict[str, Any], task: Task) -> dict[str, Array]:
    split = split_of_fold(stars.star, task.learnt, task.tested, _WATCHED, [task.seed, task.fold])
    recipe = Recipe("transit_cnn_catalogue", "koi", task.seed)
    predict = learn(recipe, stars.rows, None, split, kept)
    return {CATALOGUE: predict(stars.rows, task.tested, None, False)}


def _curves(
    stars: KeplerStars, views: ViewRows, kept: dict[str, Any], task: Task
) -> dict[str, Array]:
    split = split_of_fold(stars.star, task.learnt, task.tested, _WATCHED, [task.seed, task.fold])
    recipe = Recipe("light_curve_cnn", "koi", task.seed)
    predict = learn(recipe, stars.rows, views, split, kept)
    return {
        SHOWN: predict(stars.rows, task.tested, views, False),
        HIDDEN: predict(stars.rows, task.tested, views, True),
    }


def _trees(stars: KeplerStars, views: ViewRows, task: Task) -> dict[str, Array]:
    """Trees get the numbers and the components of the views, as a session's trees do."""
    nine = np.column_stack([stars.rows[name] for name in (*REQUIRED, *FEATURES)])
    place = np.searchsorted(views["row"], np.concatenate([task.learnt, task.tested]))
    local, numbers = local_matrix(views[place]), evidence_matrix(views[place])
    components = ViewComponents(local[: len(task.learnt)])(local)
    both = np.hstack([nine[views["row"][place]], numbers, components]).astype(np.float64)
    labels, learnt = stars.rows["label"][task.learnt], len(task.learnt)
    return {
        TREES: tree_probabilities(nine[task.learnt], labels, nine[task.tested], task.seed),
        TREES_WITH: tree_probabilities(both[:learnt], labels, both[learnt:], task.seed),
    }
