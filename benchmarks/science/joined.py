"""Is one model of all folds better than its members, and are its figures a lower bound?

    python -m benchmarks.science.joined [--table koi] [--folds 5] [--epochs 50]

A fifth of the groups of a table is held out of everything. On the rest a study trains a model for
each fold and joins them, and a session trains one model on all of it. All are then measured on the
rows that were held out, beside what the study says of itself. A finished training stays in the
results folder: start it again and it goes on.
"""

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.config import REPOSITORY
from backend.training import train
from backend.training.model_file import load_verified_model, predict_rows
from backend.training.spec import JoinedFile, TrainingSpec
from backend.training.split import Split, split_by_group
from backend.transit.catalog.reader import band
from backend.transit.columns import NO_LABEL
from backend.transit.evaluation.bootstrap import LabelDraws, draw_labels, measure_labels
from backend.transit.evaluation.paired import headline, paired_differences
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.rows import Rows
from backend.transit.split_groups import row_groups
from benchmarks.training import read_table

HELD_OUT = 0.2
SEED = 0

_CHUNK = 2_000

Array = NDArray[np.float64]


def main() -> None:
    arguments = _parse_arguments()
    folder: Path = arguments.results
    folder.mkdir(parents=True, exist_ok=True)
    whole = read_table(arguments.table, folder)
    table, evidence = np.load(whole), np.load(whole.with_suffix(".evidence.npy"))
    outer = split_by_group(table, row_groups(table, evidence), 0.05, HELD_OUT, SEED)
    rest = _without(table, outer, folder / f"joined-{arguments.table}.npy")
    settings = {
        **{
            "table": rest,
            "source": arguments.table,
            "dataset_sha256": "",
            "epochs": arguments.epochs,
        },
        **{"seed": SEED, "grouping": "ephemeris", "evidence": whole.with_suffix(".evidence.npy")},
    }
    one = _train(folder, "one", test_split=0.0, **settings)
    dealt = {"folds": arguments.folds, "fold_seed": SEED, "test_split": 1 / arguments.folds}
    members = [
        _train(folder, f"fold-{fold}", fold=fold, **dealt, **settings)
        for fold in range(1, arguments.folds + 1)
    ]
    files = tuple(
        JoinedFile(path, _sha256(path), SEED, fold) for fold, path in enumerate(members, 1)
    )
    joined = _train(folder, "joined", members=files, joined_study=1, **settings)
    _print(table, outer, arguments.table, one, members, joined)


def _without(table: Rows, outer: Split, path: Path) -> Path:
    """A copy of the table in which the rows that are held out have no label."""
    rest = table.copy()
    rest["label"][outer.test] = NO_LABEL
    np.save(path, rest)
    return path


def _train(folder: Path, name: str, **settings: Any) -> Path:
    """The file of a model that is trained with these settings, or was."""
    path = folder / f"joined-{settings['source']}-{name}.keras"
    if not path.exists():
        checkpoint = path.with_suffix(".ckpt")
        spec = TrainingSpec(
            session_id=1, model_name=name, model_path=path, checkpoint=checkpoint, **settings
        )
        train.train(spec, lambda event: None, lambda: None)
        checkpoint.unlink(missing_ok=True)
    return path


def _print(
    table: Rows, outer: Split, source: str, one: Path, members: list[Path], joined: Path
) -> None:
    rows = table[outer.test]
    tested = {path: _predict(path, rows, source) for path in (one, joined, *members)}
    draws = {
        path: draw_labels(rows["label"], found, outer.test_groups, SEED)
        for path, found in tested.items()
    }
    alone = [headline(draws[path]) for path in members]
    own = np.concatenate([np.load(path.with_suffix(".test.npy")) for path in members])
    itself = headline(measure_labels(own["true"], own["probabilities"].astype(np.float64)))
    print(f"{source}: {len(rows)} rows held out, {len(own)} in the study\n")
    print("| | accuracy | macro-F1 | log loss |\n|---|---|---|---|")
    _print_line("what the study says of itself, on its own rows", itself)
    mean = {name: float(np.mean([each[name] for each in alone])) for name in alone[0]}
    _print_line("its members, on the rows held out (mean)", mean)
    _print_line("their joined model", headline(draws[joined]))
    _print_line("one model of all rows of the study", headline(draws[one]))
    print()
    _print_difference("joined model minus one model", draws[joined], draws[one])
    for number, path in enumerate(members, 1):
        _print_difference(f"joined model minus member {number}", draws[joined], draws[path])


def _print_line(name: str, found: dict[str, Any]) -> None:
    figures = " | ".join(f"{found[each]:.3f}" for each in ("accuracy", "macro_f1", "log_loss"))
    print(f"| {name} | {figures} |")


def _print_difference(name: str, first: LabelDraws, second: LabelDraws) -> None:
    found = paired_differences(first, second)["log_loss"]
    low, high = found["interval"]
    print(f"{name}: log loss {found['difference']:+.3f} ({low:+.3f} to {high:+.3f})")


def _predict(path: Path, rows: Rows, source: str) -> Array:
    model = load_verified_model(path, _sha256(path))
    found = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        geometry = transit_geometry(chunk, band(source))
        found.append(predict_rows(model, chunk, geometry, band(source))["probabilities"])
    return np.concatenate(found)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", default="koi", choices=("koi", "toi"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".benchmark")
    return parser.parse_args()


if __name__ == "__main__":
    main()
