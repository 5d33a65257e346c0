"""Scores of all folds to a markdown table."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from backend.transit.rows import Index
from benchmarks.curve_evidence.folds import FOLDS
from benchmarks.curve_evidence.population import Population
from benchmarks.curve_evidence.runs import JOINED, METHODS, NETWORK, Run

# How the same models classify otherwise.
HIDDEN = ", views hidden"
MEAN = ", each view by the mean of its signal's"
CLASSIFIED = ", sectors joined to be classified"

_HEADER = (
    "| method | seeds | AUC, views | AP, views | AUC, signals | AP, signals |",
    "|---|---|---|---|---|---|",
)

Scores = NDArray[np.float64]


def table(population: Population, folder: Path) -> list[str]:
    """One line a method, of the seeds whose folds are all there; mean and spread over the seeds."""
    lines = [*_HEADER]
    for method in METHODS:
        shown = _seeds(method, "score", population, folder)
        lines += _lines(method, shown, population)
        if method.startswith(NETWORK):
            hidden = _seeds(method, "hidden", population, folder)
            lines += _lines(f"{method}{HIDDEN}", hidden, population)
        if not method.endswith(JOINED):
            means = [_of_signals(population, scores) for scores in shown]
            lines += _lines(f"{method}{MEAN}", means, population)
            joined = _seeds(method, "joined", population, folder)
            lines += _lines(f"{method}{CLASSIFIED}", joined, population)
    return lines


def _of_signals(population: Population, scores: Scores) -> Scores:
    """Each settled view with the mean score of its signal's views."""
    settled = np.flatnonzero(population.is_settled)
    signal = np.unique(population.signal[settled], return_inverse=True)[1]
    found = scores.copy()
    found[settled] = _means(signal, scores[settled])[signal]
    return found


def figures(population: Population, scores: Scores) -> tuple[float, float, float, float]:
    """AUC and AP of the settled views, and of their signals.

    Args:
        population: the rows.
        scores: float64, (n,), of all rows; those of the settled ones count. That of a signal is
            the mean of its views'.
    """
    settled = np.flatnonzero(population.is_settled)
    true = population.is_confirmed[settled]
    signal = np.unique(population.signal[settled], return_inverse=True)[1]
    views = _both(true, scores[settled])
    signals = _both(_means(signal, true.astype(np.float64)) > 0.5, _means(signal, scores[settled]))
    return *views, *signals


def _both(true: NDArray[np.bool_], scores: Scores) -> tuple[float, float]:
    return float(roc_auc_score(true, scores)), float(average_precision_score(true, scores))


def _means(group: Index, values: Scores) -> Scores:
    return np.asarray(np.bincount(group, values) / np.bincount(group))


def _seeds(method: str, name: str, population: Population, folder: Path) -> list[Scores]:
    """Scores of all rows, one array a seed."""
    found = []
    for first in sorted(folder.glob(Run(method, 0, 0).file(folder).name.replace("-0-0", "-*-0"))):
        seed = int(first.stem.rsplit("-", 2)[1])
        files = [Run(method, seed, fold).file(folder) for fold in range(FOLDS)]
        if all(file.exists() for file in files):
            scores = np.full(len(population.rows), np.nan)
            for file in files:
                with np.load(file) as kept:
                    if name in kept.files:  # earlier runs have not classified joined sectors
                        scores[kept["tested"]] = kept[name]
            if not np.isnan(scores[population.is_settled]).any():
                found.append(scores)
    return found


def _lines(method: str, seeds: list[Scores], population: Population) -> list[str]:
    if not seeds:
        return []
    every = np.array([figures(population, scores) for scores in seeds])
    spread = every.std(axis=0, ddof=1) if len(seeds) > 1 else np.full(4, np.nan)
    cells = [
        f"{mean:.3f}" if np.isnan(error) else f"{mean:.3f} ± {error:.3f}"
        for mean, error in zip(every.mean(axis=0), spread, strict=True)
    ]
    lines = [f"| {method} | {len(seeds)} | {' | '.join(cells)} |"]
    if len(seeds) > 1:
        together = figures(population, np.mean(seeds, axis=0))
        cells = [f"{each:.3f}" for each in together]
        lines.append(f"| {method}, mean of the seeds | {len(seeds)} | {' | '.join(cells)} |")
    return lines
