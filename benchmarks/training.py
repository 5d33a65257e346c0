"""How good is a model trained on the real tables, and how long does a session take?

    python -m benchmarks.training [--seeds 3]

Default settings. Prints markdown tables: each network and tree on the test stars of the KOI table
(and of the TOI table, which has no impact and no snr), mean and standard deviation over the seeds;
then the seconds of a session and of an epoch beside those of `seed_cnn`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from backend import wire
from backend.training import defaults, train
from backend.transit.catalog.reader import open_catalog

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
TABLES = {"koi": "koi_cumulative.csv", "toi": "toi.csv"}

FIGURES = ("accuracy", "macro_f1", "log_loss", "ece")
ERRORS = ("period", "depth")

# The first epoch includes tracing the graph; `seed_cnn` is measured on the two after it.
REFERENCE_EPOCHS = 3

Session = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, help="sessions per table")
    seeds = range(1, parser.parse_args().seeds + 1)
    if not (ARCHIVE_DATA / TABLES["koi"]).exists():
        sys.exit(f"No {TABLES['koi']} in {ARCHIVE_DATA}: set EXOTRAIN_ARCHIVE_DATA.")
    with tempfile.TemporaryDirectory() as folder:
        sessions: dict[str, list[Session]] = {}
        for name in TABLES:
            table = read_table(name, Path(folder))
            sessions[name] = [run(name, table, seed) for seed in seeds]
            print_figures(name, sessions[name])
        reference = run(
            "koi", Path(folder) / "koi.npy", 1, network="seed_cnn", epochs=REFERENCE_EPOCHS
        )
    print_times(sessions["koi"], reference)


def read_table(name: str, folder: Path) -> Path:
    """Read an archive table as an upload does; return the file of its accepted rows.

    Their evidence is beside it, `<name>.evidence.npy`.
    """
    with open(ARCHIVE_DATA / TABLES[name], "rb") as stream:
        chunks = list(open_catalog(stream, label_required=True))
    path = folder / f"{name}.npy"
    evidence = [chunk.evidence for chunk in chunks if chunk.evidence is not None]
    np.save(path.with_suffix(".evidence.npy"), np.concatenate(evidence))
    np.save(path, np.concatenate([chunk.rows for chunk in chunks]))
    return path


def run(source: str, table: Path, seed: int, **settings: Any) -> Session:
    """Train once; return the seconds, the evaluation and the epochs."""
    spec = train.TrainingSpec(
        session_id=seed,
        table=table,
        source=source,
        dataset_sha256="",
        model_name="benchmark",
        model_path=table.parent / "benchmark.keras",
        checkpoint=table.parent / "benchmark.ckpt",
        seed=seed,
        **settings,
    )
    events: list[wire.SessionEvent] = []
    begun = time.perf_counter(), time.process_time()
    train.train(spec, events.append, lambda: None)
    wall, processor = time.perf_counter() - begun[0], time.process_time() - begun[1]
    spec.checkpoint.unlink()  # another session of this spec would go on from it
    return {
        "wall": wall,
        "processor": processor,
        "epochs": [e.metrics.model_dump() for e in events if isinstance(e, wire.Epoch)],
        "rows": next(e for e in events if isinstance(e, wire.Started)).model_dump(),
        "evaluation": next(e for e in events if isinstance(e, wire.Evaluated)).evaluation,
    }


def print_figures(name: str, sessions: list[Session]) -> None:
    rows = sessions[0]["rows"]
    print(
        f"{TABLES[name]}: {rows['rows']:,} rows, {rows['train']:,} of them to train on, "
        f"{rows['test']:,} to test; {len(sessions)} seeds\n"
    )
    print("| on the test stars | accuracy | macro-F1 | log loss | ECE |")
    print("|---|---|---|---|---|")
    evaluations = [session["evaluation"] for session in sessions]
    print_row(defaults.NETWORK, evaluations)
    for tree in evaluations[0]["baseline"]:
        title = f"trees on {tree.replace('_', ' ')}"
        print_row(title, [evaluation["baseline"][tree] for evaluation in evaluations])
    for error in ERRORS:
        relative = mean(e[error]["median_relative_error"] for e in evaluations)
        print(f"\nMedian relative error of the {error}: {relative:.1%}", end="")
    print("\n")


def print_row(title: str, evaluations: list[dict[str, Any]]) -> None:
    cells = [spread([evaluation[figure] for evaluation in evaluations]) for figure in FIGURES]
    print(f"| {title} | {' | '.join(cells)} |")


def print_times(sessions: list[Session], reference: Session) -> None:
    epoch = mean(seconds for session in sessions for seconds in epoch_seconds(session))
    reference_epoch = mean(epoch_seconds(reference))
    print("| time on the KOI table | seconds |")
    print("|---|---|")
    print(f"| a session, start to saved model | {mean(s['wall'] for s in sessions):.0f} |")
    print(f"| the same in processor time | {mean(s['processor'] for s in sessions):.0f} |")
    print(f"| an epoch of {defaults.NETWORK} | {epoch:.2f} |")
    print(f"| an epoch of seed_cnn | {reference_epoch:.2f} |")
    epochs = mean(len(session["epochs"]) for session in sessions)
    print(
        f"\nEpochs: {epochs:.0f} of at most {defaults.EPOCHS}. "
        f"An epoch is {reference_epoch / epoch:.0f} times faster than one of seed_cnn."
    )


def epoch_seconds(session: Session) -> list[float]:
    """Of all epochs but the first, which includes tracing the graph."""
    return [epoch["epoch_seconds"] for epoch in session["epochs"][1:]]


def mean(values: Any) -> float:
    return statistics.fmean(values)


def spread(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.4f}"
    return f"{mean(values):.4f} ± {statistics.stdev(values):.4f}"


if __name__ == "__main__":
    main()
