"""TESS's settled views whose signal is in the TOI table, with the table's columns of the star."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import FEATURES, REQUIRED, STAR_FEATURES
from backend.transit.evaluation.baseline import tree_probabilities
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.rows import Rows
from benchmarks.curve_evidence.folds import split_of_fold
from benchmarks.curve_evidence.learning import Recipe, learn
from benchmarks.curve_evidence.population import ARCHIVE_DATA, SAME_PERIOD, Population
from benchmarks.curve_evidence.runs import COMPONENTS
from benchmarks.curve_evidence.trials import Array, Task, Trial

TABLE = Path("toi.csv")

BOTH, HIDDEN = "light_curve_cnn, both", "light_curve_cnn, both, light curves hidden"
COLUMNS_ALONE, VIEWS_ALONE = "transit_cnn_catalogue, columns alone", "light_curve_cnn, views alone"
TREES_COLUMNS, TREES_VIEWS = "trees, columns alone", "trees, views alone"
TREES_BOTH = "trees, both"

PAIRS = (
    (BOTH, COLUMNS_ALONE),
    (BOTH, VIEWS_ALONE),
    (BOTH, TREES_BOTH),
    (BOTH, HIDDEN),
    (HIDDEN, COLUMNS_ALONE),
    (COLUMNS_ALONE, TREES_COLUMNS),
    (VIEWS_ALONE, TREES_VIEWS),
    (TREES_BOTH, TREES_COLUMNS),
    (TREES_BOTH, TREES_VIEWS),
)

_WATCHED = 0.1


@dataclass(frozen=True)
class WithStars:
    """The population, and what the TOI table says of its stars.

    Attributes:
        population: all threshold crossings.
        rows: ROW_DTYPE, (n,), the population's, with the columns of the star where they are known.
        is_known: bool, (n,), whether the table has the signal.
    """

    population: Population
    rows: Rows
    is_known: NDArray[np.bool_]


def read_toi(path: Path = ARCHIVE_DATA / TABLE) -> Rows:
    """The rows of the TOI table.

    Raises:
        OSError: there is none.
    """
    with open(path, "rb") as stream:
        return np.concatenate([part.rows for part in open_catalog(stream, label_required=True)])


def with_star_columns(population: Population, table: Rows) -> WithStars:
    """Give each threshold crossing the columns of its star, if the table has its signal.

    A signal is the same if the star is, and the periods differ by less than 1%; of several the
    nearest period counts. Nothing but the star's columns is taken from the table.
    """
    rows = population.rows.copy()
    is_known = np.zeros(len(rows), bool)
    order = np.argsort(table["star"], kind="stable")
    ordered = table["star"][order]
    starts = np.searchsorted(ordered, rows["star"])
    ends = np.searchsorted(ordered, rows["star"], side="right")
    for number in np.flatnonzero(ends > starts).tolist():
        listed = table[order[starts[number] : ends[number]]]
        apart = np.abs(np.log(listed["period"] / rows["period"][number]))
        nearest = int(np.argmin(apart))
        if apart[nearest] < SAME_PERIOD:
            is_known[number] = True
            for name in STAR_FEATURES:
                value = listed[name][nearest]
                if np.isfinite(value):
                    rows[name][number] = value
    return WithStars(population, rows, is_known)


def views_alone(rows: Rows, views: ViewRows) -> tuple[Rows, ViewRows]:
    """Rows and views of which a network learns nothing but the folded flux.

    The three numbers that every row must have are the same in all rows: the medians. Other columns
    and the numbers beside the views are unknown.
    """
    plain, records = rows.copy(), views.copy()
    for name in REQUIRED:
        plain[name] = np.median(rows[name])
    for name in FEATURES:
        plain[name] = np.nan
    records["evidence"] = np.nan
    return plain, records


def star_trial(known: WithStars) -> Trial:
    """Settled views alone are learnt from; those whose signal is in the table are scored."""
    population = known.population
    shown = (known.rows, population.views)
    kept: dict[str, Any] = {}
    network = partial(_network, population.star, kept)
    bare = views_alone(*shown)
    return Trial(
        "stars",
        known.rows["label"],
        population.star,
        population.fold,
        is_learnt=population.is_settled,
        is_scored=population.is_settled & known.is_known,
        methods={
            "trees": partial(_trees, known),
            "both": partial(network, "light_curve_cnn", shown, BOTH, hidden_name=HIDDEN),
            "columns": partial(network, "transit_cnn_catalogue", (known.rows, None), COLUMNS_ALONE),
            "views": partial(network, "light_curve_cnn", bare, VIEWS_ALONE),
        },
    )


def _network(
    star: NDArray[np.integer],
    kept: dict[str, Any],
    network: str,
    given: tuple[Rows, ViewRows | None],
    name: str,
    task: Task,
    hidden_name: str | None = None,
) -> dict[str, Array]:
    """What a network predicts that learns from given rows and views, by `name`."""
    rows, views = given
    split = split_of_fold(star, task.learnt, task.tested, _WATCHED, [task.seed, task.fold])
    predict = learn(Recipe(network, "toi", task.seed), rows, views, split, kept)
    found = {name: predict(rows, task.tested, views, False)}
    if hidden_name is not None:
        found[hidden_name] = predict(rows, task.tested, views, True)
    return found


def _trees(known: WithStars, task: Task) -> dict[str, Array]:
    """Trees get all numbers of the file besides the star's columns, and the views' components."""
    flux = known.population.flux
    fitted = PCA(COMPONENTS, random_state=task.seed).fit(flux[task.learnt])
    star = np.column_stack([known.rows[name] for name in STAR_FEATURES])
    columns = np.hstack([known.population.numbers, star])
    components = fitted.transform(flux)
    labels = known.rows["label"][task.learnt]
    given = {
        TREES_COLUMNS: columns,
        TREES_VIEWS: components,
        TREES_BOTH: np.hstack([columns, components]),
    }
    return {
        name: tree_probabilities(each[task.learnt], labels, each[task.tested], task.seed)
        for name, each in given.items()
    }
