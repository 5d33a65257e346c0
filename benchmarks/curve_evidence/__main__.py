"""What is photometry worth? Networks and boosted trees on real light curves, by star.

    make benchmark-curves        or  python -m benchmarks.curve_evidence [--seeds 3]
    python -m benchmarks.curve_evidence --only kepler      or --only stars

Five folds by star: each row is scored by a model that has never seen its star. Prints markdown
tables. `views`: TESS's views and the numbers beside them. `kepler`: the KOI table's rows with and
without their light curves. `stars`: TESS's views with the columns of their stars. Finished runs
stay in the results folder: start it again and it continues there.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from backend.config import REPOSITORY
from benchmarks.curve_evidence import kepler, kepler_trial, star_columns
from benchmarks.curve_evidence.comparison import FIGURES, difference_lines, lines_of, measure
from benchmarks.curve_evidence.folds import FOLDS
from benchmarks.curve_evidence.population import ARCHIVE_DATA, FILE, read_population
from benchmarks.curve_evidence.runs import METHODS, Run, execute
from benchmarks.curve_evidence.tables import table
from benchmarks.curve_evidence.trials import Trial, predictions, run_trial

RESULTS = REPOSITORY / ".benchmark" / "curves"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, help="networks and trees a fold")
    parser.add_argument(
        "--folds",
        type=int,
        choices=range(1, FOLDS + 1),
        default=FOLDS,
        help="the first ones alone; views: all",
    )
    parser.add_argument("--only", choices=[*_PARTS], default="views", help="what is measured")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    needed, run = _PARTS[asked.only]
    missing = [str(each) for each in needed if not (ARCHIVE_DATA / each).exists()]
    if missing:
        sys.exit(f"No {' and no '.join(missing)} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    asked.results.mkdir(parents=True, exist_ok=True)
    run(asked)


def _views(asked: argparse.Namespace) -> None:
    population = read_population()
    kept: dict[str, Any] = {}
    for seed in range(1, asked.seeds + 1):
        for method in METHODS:
            for fold in range(FOLDS):
                print(f"seed {seed}, fold {fold + 1} of {FOLDS}: {method}", file=sys.stderr)
                execute(Run(method, seed, fold), population, asked.results, kept)
        print("\n".join(table(population, asked.results)), flush=True)


def _kepler(asked: argparse.Namespace) -> None:
    stars = kepler.read_kepler_stars()
    print(f"{len(stars.rows)} rows of {len(stars.segments)} stars: views", file=sys.stderr)
    views = kepler_trial.kept_views(stars, asked.results)
    trial = kepler_trial.kepler_trial(stars, views)
    _compare(trial, kepler_trial.PAIRS, FIGURES, asked)


def _stars(asked: argparse.Namespace) -> None:
    known = star_columns.with_star_columns(read_population(), star_columns.read_toi())
    trial = star_columns.star_trial(known)
    _compare(trial, star_columns.PAIRS, ("AUC", "AP"), asked)


def _compare(
    trial: Trial,
    pairs: tuple[tuple[str, str], ...],
    figures: tuple[str, ...],
    asked: argparse.Namespace,
) -> None:
    """Run seed after seed; print the tables of all that is there after each."""
    trial = trial.of_first_folds(asked.folds)
    true, star = trial.labels[trial.is_scored], trial.star[trial.is_scored]
    print(
        f"{len(true)} rows of {len(np.unique(star))} stars, {trial.is_learnt.sum()} to learn from"
    )
    for seed in range(1, asked.seeds + 1):
        run_trial(trial, seed, asked.results)
        found = predictions(trial, asked.results)
        measured = {name: measure(true, by_seed, star) for name, by_seed in found.items()}
        lines = [*lines_of(measured, figures), "", *difference_lines(measured, pairs, figures)]
        print("\n".join(lines), flush=True)


_PARTS = {
    "views": ((FILE,), _views),
    "kepler": ((kepler.FILE, kepler.TABLE), _kepler),
    "stars": ((FILE, star_columns.TABLE), _stars),
}


if __name__ == "__main__":
    main()
