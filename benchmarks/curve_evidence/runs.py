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
from benchmarks.curve_evidence.signals import joined_signals

NETWORK = "light_curve_cnn"
TREES = "HistGradientBoosting"
WEIGHED = f"{NETWORK}, the others at 0.15"
# Learnt from and classified as the product reads such a file: one row a signal.
JOINED = ", sectors joined"
METHODS = (
    *(NETWORK, WEIGHED, f"{WEIGHED}{JOINED}"),
    *(f"{TREES} on all rows", f"{TREES} on settled rows", f"{TREES} on settled rows{JOINED}"),
)

# Few stars are settled: those that only decide when to stop are missed among those learnt from
# (a trial on folds 2 and 3: AUC 0.82 and 0.80 with 0.15 of the stars held out, 0.86 and 0.85 with
# none).
VALIDATION = 0.05
COMPONENTS = 30

# Of a row whose verdict is not settled, as a column `weight` would say it: it only teaches.
OTHERS_WEIGH = 0.15

# Where the signals stand in what is kept from run to run.
_SIGNALS = "signals"

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
    if _SIGNALS not in kept:
        kept[_SIGNALS] = joined_signals(population)
    signals, of_row = kept[_SIGNALS]
    tested = _tested(population, run)
    if run.method.endswith(JOINED):
        own = _tested(signals, run)
        of_signals = _scores(run, signals, signals, own, kept)
        place = np.searchsorted(own, of_row[tested])
        found = {name: score[place] for name, score in of_signals.items()}
    else:
        found = _scores(run, population, signals, of_row[tested], kept)
    partial = run.file(folder).with_suffix(".partial.npz")
    np.savez(partial, tested=tested, **found)
    partial.replace(run.file(folder))


def _tested(population: Population, run: Run) -> Index:
    return np.flatnonzero(population.is_settled & (population.fold == run.fold))


def _scores(
    run: Run, population: Population, signals: Population, joined: Index, kept: dict[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """Scores of the fold's settled rows: float64, (n,), by name.

    `score`: each by itself. `hidden`, of a network: with its light curve hidden. `joined`: of the
    row's signal with its sectors joined, by the same model.

    Args:
        run: what to do.
        population: what is learnt from and classified.
        signals: the same, a row a signal.
        joined: intp, (n,), the rows there of those classified.
        kept: as for `execute`.
    """
    method = run.method.removesuffix(JOINED)
    tested = _tested(population, run)
    learnt = np.flatnonzero(population.fold != run.fold)
    if method in (NETWORK, WEIGHED):
        return _network(run, population, learnt, tested, (signals, joined), kept)
    if method.endswith("settled rows"):
        learnt = learnt[population.is_settled[learnt]]
    return _trees(run, population, learnt, tested, (signals, joined))


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


def _trees(
    run: Run,
    population: Population,
    learnt: Index,
    tested: Index,
    joined: tuple[Population, Index],
) -> dict[str, NDArray[np.float64]]:
    components = PCA(COMPONENTS, random_state=run.seed).fit(population.flux[learnt])
    labels = population.rows["label"][learnt]
    signals, places = joined
    asked = [
        np.hstack([each.numbers[rows], components.transform(each.flux[rows])])
        for each, rows in ((population, learnt), (population, tested), (signals, places))
    ]
    found = tree_probabilities(asked[0], labels, np.concatenate(asked[1:]), run.seed)
    score, of_signals = np.split(planet_share(found), [len(tested)])
    return {"score": score, "joined": of_signals}


def _network(
    run: Run,
    population: Population,
    learnt: Index,
    tested: Index,
    joined: tuple[Population, Index],
    kept: dict[str, Any],
) -> dict[str, NDArray[np.float64]]:
    table, views = population.rows, population.views
    split = split_of_fold(population.star, learnt, tested, VALIDATION, [run.seed, run.fold])
    taught = teaching_columns(population) if WEIGHED in run.method else None
    predict = learn(Recipe(NETWORK, "toi", run.seed), table, views, split, kept, taught)
    signals, places = joined
    found = {
        "score": predict(table, tested, views, False),
        "hidden": predict(table, tested, views, True),
        "joined": predict(signals.rows, places, signals.views, False),
    }
    return {name: planet_share(each) for name, each in found.items()}
