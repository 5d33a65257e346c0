"""Do the networks beat gradient-boosted trees on stars that they never saw?

    make benchmark-science        or  python -m benchmarks.science [--jobs 2] [--parts koi transfer]

Trains every network and the trees on five grouped 80/20 splits of the KOI table, transfers them
from Kepler to TESS and back, leaves out one design choice at a time, and writes the tables and
pictures into docs/. Finished runs stay in the results folder: start it again and it continues
from there.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from backend.config import REPOSITORY
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import row_groups
from benchmarks.science import tables as science_tables
from benchmarks.science.plan import PARTS, all_runs
from benchmarks.science.runs import Run, execute
from benchmarks.training import ARCHIVE_DATA, TABLES, read_table


def main() -> None:
    arguments = _parse_arguments()
    if not (ARCHIVE_DATA / TABLES["koi"]).exists():
        sys.exit(f"No {TABLES['koi']} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    folder: Path = arguments.results
    folder.mkdir(parents=True, exist_ok=True)
    runs = [run for run in all_runs() if run.part in arguments.parts]
    if arguments.only is not None:
        tables = read_tables(folder)
        execute(runs[arguments.only], tables, read_groups(folder, tables), folder)
        return
    _execute_all(runs, arguments)
    science_tables.write(list(all_runs()), folder)


def read_tables(folder: Path) -> dict[str, Rows]:
    """The accepted rows of both catalogues, ROW_DTYPE."""
    for name in TABLES:
        if not (folder / f"{name}.evidence.npy").exists():
            read_table(name, folder)
    return {name: np.load(folder / f"{name}.npy") for name in TABLES}


def read_groups(folder: Path, tables: dict[str, Rows]) -> dict[str, Index]:
    """The number of each row's group, in each catalogue."""
    evidence = {name: np.load(folder / f"{name}.evidence.npy") for name in tables}
    return {name: row_groups(table, evidence[name]).number for name, table in tables.items()}


def _execute_all(runs: list[Run], arguments: argparse.Namespace) -> None:
    """Start a process for each run: TensorFlow never returns its memory."""
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
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".benchmark")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
