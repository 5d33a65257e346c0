"""One run: a network or trees learn from four fifths of the stars and classify the last fifth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from backend.transit.columns import LABELS, TEACHING_DTYPE
from backend.transit.evaluation.baseline import tree_probabilities
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence.folds import split_of_fold
from benchmarks.curve_evidence.learning import Recipe, learn
from benchmarks.curve_evidence.population import Population

NETWORK, WITHOUT_VIEWS = "light_curve_cnn", "light_curve_cnn, views hidden"
TREES = "HistGradientBoosting"
WEIGHED = f"{NETWORK}, the others at 0.15"
METHODS = (NETWORK, WEIGHED, f"{TREES} on all rows", f"{TREES} on settled rows")

# Few stars are settled: those that only decide when to stop are missed among those learnt from
# (a trial on folds 2 and 3: AUC 0.82 and 0.80 with 0.15 of the stars held out, 0.86 and 0.85 with
# none).
VALIDATION = 0.05
COMPONENTS = 30

# Of a row whose verdict is not settled, as a column `weight` would say it: it only teaches.
OTHERS_WEIGH = 0.15

_CONFIRMED, _FALSE_POSITIVE = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")


@dataclass(frozen=True)
class Run:
    """One method on one fold with one seed."""

    method: str
    seed: int
    fold: int

    def file(self, folder: Path) -> Path:
        """The file of its scores."""
        readable = self.method.replace(" ", "_").replace(",", "")
        return folder / f"{readable}-{self.seed}-{self.fold}.npz"


def execute(run: Run, population: Population, folder: Path, kept: dict[str, Any]) -> None:
    """Learn, classify the fold's settled rows and write the file; nothing if the file exists.

    Args:
        run: what to do.
        population: the rows.
        folder: for the file.
        kept: what the next run of this process can use again; empty at first.
    """
    if run.file(folder).exists():
        return
    is_tested = population.is_settled & (population.fold == run.fold)
    tested = np.flatnonzero(is_tested)
    learnt = np.flatnonzero(population.fold != run.fold)
    if run.method in (NETWORK, WEIGHED):
        shown, hidden = _network(run, population, learnt, tested, kept)
        score, without = planet_share(shown), planet_share(hidden)
    else:
        if run.method.endswith("settled rows"):
            learnt = learnt[population.is_settled[learnt]]
        score = without = planet_share(_trees(run, population, learnt, tested))
    partial = run.file(folder).with_suffix(".partial.npz")
    np.savez(partial, tested=tested, score=score, hidden=without)
    partial.replace(run.file(folder))


def planet_share(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(confirmed) over P(confirmed) + P(false positive): float64, (n,)."""
    confirmed = probabilities[:, _CONFIRMED]
    return confirmed / np.maximum(confirmed + probabilities[:, _FALSE_POSITIVE], 1e-12)


def teaching_columns(population: Population) -> Rows:
    """What columns `weight` and `kind` of a catalogue of these rows would say.

    Returns:
        TEACHING_DTYPE, (n,).
    """
    taught = np.zeros(len(population.rows), TEACHING_DTYPE)
    taught["weight"] = np.where(population.is_settled, 1.0, OTHERS_WEIGH)
    taught["kind"] = population.kind
    return taught


def _trees(run: Run, population: Population, learnt: Index, tested: Index) -> NDArray[np.float64]:
    components = PCA(COMPONENTS, random_state=run.seed).fit(population.flux[learnt])
    columns = np.hstack([population.numbers, components.transform(population.flux)])
    labels = population.rows["label"][learnt]
    return tree_probabilities(columns[learnt], labels, columns[tested], run.seed)


def _network(
    run: Run, population: Population, learnt: Index, tested: Index, kept: dict[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of the tested rows, and with their light curves hidden."""
    table, views = population.rows, population.views
    split = split_of_fold(population.star, learnt, tested, VALIDATION, [run.seed, run.fold])
    taught = teaching_columns(population) if run.method == WEIGHED else None
    predict = learn(Recipe(NETWORK, "toi", run.seed), table, views, split, kept, taught)
    return predict(table, tested, views, False), predict(table, tested, views, True)
