"""What is photometry worth? A network and boosted trees on real views of TESS's signals.

    make benchmark-curves        or  python -m benchmarks.curve_evidence [--seeds 3]

Five folds by star: each settled view is scored by a model that has never seen its star. Prints a
markdown table. Finished runs stay in the results folder: start it again and it continues there.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from backend.config import REPOSITORY
from benchmarks.curve_evidence.population import ARCHIVE_DATA, FILE, FOLDS, read_population
from benchmarks.curve_evidence.runs import METHODS, Run, execute
from benchmarks.curve_evidence.tables import table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, help="networks and trees a fold")
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".benchmark" / "curves")
    asked = parser.parse_args()
    if not (ARCHIVE_DATA / FILE).exists():
        sys.exit(f"No {FILE} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    population = read_population()
    asked.results.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {}
    for seed in range(1, asked.seeds + 1):
        for method in METHODS:
            for fold in range(FOLDS):
                print(f"seed {seed}, fold {fold + 1} of {FOLDS}: {method}", file=sys.stderr)
                execute(Run(method, seed, fold), population, asked.results, kept)
        print("\n".join(table(population, asked.results)), flush=True)


if __name__ == "__main__":
    main()
