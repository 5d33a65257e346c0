"""Several methods on the same rows, in the same folds by star, with several seeds.

What a run predicted is kept in a file, so that an interrupted trial goes on where it was.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.transit.rows import Index
from benchmarks.curve_evidence.folds import FOLDS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """What a method does once.

    Attributes:
        learnt, tested: intp, positions of rows, increasing.
        seed, fold: of the run.
    """

    learnt: Index
    tested: Index
    seed: int
    fold: int


# To probabilities of the tested rows, float64, (n, 3), by the name of what was predicted: a method
# may predict in several ways with what it has learnt once.
Method = Callable[[Task], dict[str, Array]]


@dataclass(frozen=True)
class Trial:
    """What is compared, on which rows.

    Attributes:
        name: of its files.
        labels: int8, (n,).
        star: int, (n,), equal for rows of one star.
        fold: intp, (n,), as of `star_folds`.
        is_learnt, is_scored: bool, (n,).
        methods: by a name for its files.
        folds: how many are tested, the first ones.
    """

    name: str
    labels: NDArray[np.int8]
    star: NDArray[np.integer]
    fold: Index
    is_learnt: NDArray[np.bool_]
    is_scored: NDArray[np.bool_]
    methods: dict[str, Method]
    folds: int = FOLDS

    def of_first_folds(self, folds: int) -> "Trial":
        """The same where only the first folds are tested: what a shorter run can tell."""
        return replace(self, folds=folds, is_scored=self.is_scored & (self.fold < folds))

    def task(self, seed: int, fold: int) -> Task:
        """One fold is tested, and the others are learnt from."""
        is_tested = self.fold == fold
        return Task(
            np.flatnonzero(~is_tested & self.is_learnt),
            np.flatnonzero(is_tested & self.is_scored),
            seed,
            fold,
        )

    def file(self, method: str, seed: int, fold: int, folder: Path) -> Path:
        """Where a run's predictions are kept."""
        return folder / f"{self.name}-{method}-{seed}-{fold}.npz"


def run_trial(trial: Trial, seed: int, folder: Path) -> None:
    """Run all methods on all folds with one seed; what is in the folder is not run again."""
    folder.mkdir(parents=True, exist_ok=True)
    for fold in range(trial.folds):
        for name, method in trial.methods.items():
            file = trial.file(name, seed, fold, folder)
            if not file.exists():
                clock, processor = time.monotonic(), time.process_time()
                task = trial.task(seed, fold)
                _keep(method(task), task, file)
                seconds = (time.monotonic() - clock, time.process_time() - processor)
                _report(f"{trial.name}, seed {seed}, {name}", task, *seconds)


def predictions(trial: Trial, folder: Path) -> dict[str, list[Array]]:
    """What is in the folder, of the seeds that a method has run with on all folds.

    Returns:
        By name, one for each seed: float64, (n, 3), of the scored rows, in their order.
    """
    scored = np.flatnonzero(trial.is_scored)
    found: dict[str, list[Array]] = {}
    for method in trial.methods:
        for seed in _seeds(trial, method, folder):
            parts = [_kept(trial.file(method, seed, fold, folder)) for fold in range(trial.folds)]
            tested = np.concatenate([rows for rows, _ in parts])
            order = np.argsort(tested)
            if not np.array_equal(tested[order], scored):
                raise ValueError(
                    f"Expected predictions of the {len(scored)} scored rows in {folder}, "
                    f"received others of {trial.name}-{method}: delete its files."
                )
            for name in parts[0][1]:
                values = np.concatenate([by_name[name] for _, by_name in parts])
                found.setdefault(name, []).append(values[order])
    return found


def _keep(found: dict[str, Array], task: Task, file: Path) -> None:
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, tested=task.tested, names=[*found], found=[*found.values()])
    partial.replace(file)


def _kept(file: Path) -> tuple[Index, dict[str, Array]]:
    with np.load(file) as kept:
        return kept["tested"], dict(zip(kept["names"].tolist(), kept["found"], strict=True))


def _report(what: str, task: Task, seconds: float, of_processor: float) -> None:
    print(
        f"{what}, fold {task.fold + 1} of {FOLDS}: {len(task.learnt)} rows learnt from, "
        f"{len(task.tested)} scored, {seconds:.0f} s, the processor's {of_processor:.0f}",
        file=sys.stderr,
        flush=True,
    )


def _seeds(trial: Trial, method: str, folder: Path) -> list[int]:
    """Those of which the file of every fold is there."""
    first = [trial.file(method, 0, fold, folder).name for fold in range(trial.folds)]
    by_fold = [
        {int(file.stem.rsplit("-", 2)[1]) for file in folder.glob(name.replace("-0-", "-*-"))}
        for name in first
    ]
    return sorted(set.intersection(*by_fold))
