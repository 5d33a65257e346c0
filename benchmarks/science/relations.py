"""What relations are worth: the network and trees with and without them, on stars they never saw.

    python -m benchmarks.science.relations [--table koi] [--by group star] [--ensembles 1 5]

Five 80/20 splits of a table, by group or by star. Every method gets the same training, validation
and test rows. A finished run stays in the results folder: start it again and it goes on.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from backend.config import REPOSITORY
from backend.training.spec import TrainingSpec
from backend.training.split import Split, split_by_group
from backend.transit.columns import RELATIONS, relation_columns
from backend.transit.evaluation.baseline import all_columns, tree_probabilities
from backend.transit.evaluation.calibration import apply_temperature, fit_temperature
from backend.transit.networks.inputs import Matrix, relation_matrix
from backend.transit.relations import find_relations
from backend.transit.rows import Rows
from backend.transit.split_groups import RowGroups, row_groups
from benchmarks.science.relation_tables import LIBRARIES, NINE, PARTS, Tested, lines_of
from benchmarks.training import read_table

FOLDS = 5
VALIDATION = 0.15 / 0.8
SEED = 0

# What a method is told; the last with the uncertainties of the star.
INFORMATION = (NINE, "nine columns and relations", "and stellar uncertainties")

# LightGBM as the validation stars choose it.
TUNED: dict[str, Any] = {"n_estimators": 2000, "learning_rate": 0.03, "num_leaves": 15}


Array = NDArray[np.float64]


class Work(NamedTuple):
    """The rows of one split, what the trees see of them, and what the network sees besides."""

    table: Rows
    source: str
    split: Split
    columns: dict[str, Array]
    relations: dict[str, Matrix | None]


def main() -> None:
    arguments = _parse_arguments()
    arguments.results.mkdir(parents=True, exist_ok=True)
    source = arguments.table
    path = read_table(source, arguments.results)
    table, evidence = np.load(path), np.load(path.with_suffix(".evidence.npy"))
    groups = row_groups(table, evidence)
    values = find_relations(table, evidence).values
    for by in arguments.by:
        found: dict[str, list[Tested]] = {}
        for fold in range(arguments.folds):
            work = _work(table, source, groups, by, fold, values)
            for name, predict in _methods(work, arguments):
                file = f"relations-{source}-{by}-{fold}-{name.replace(' ', '_')}.npz"
                for part, probabilities in _done(arguments.results / file, predict).items():
                    tested = work.split.test
                    found.setdefault(f"{name}{PARTS[part]}", []).append(
                        Tested(table["label"][tested], probabilities, work.split.test_groups)
                    )
        print("\n".join(lines_of(f"{source}, by {by}", found)))


def _done(path: Path, predict: Callable[[], dict[str, Array]]) -> dict[str, Array]:
    """The predictions of a run: from its file, or of today."""
    if not path.exists():
        begun = time.perf_counter()
        predicted: dict[str, Any] = predict()
        np.savez(path, **predicted)
        print(f"{path.stem}: {time.perf_counter() - begun:.0f} s", flush=True)
    with np.load(path) as stored:
        return dict(stored)


def _work(table: Rows, source: str, groups: RowGroups, by: str, fold: int, values: Array) -> Work:
    number = groups.number if by == "group" else groups.star
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    learnt, tested = list(folds.split(table, table["label"], number))[fold]
    among = groups._replace(number=number[learnt], star=groups.star[learnt])
    inner = split_by_group(table[learnt], among, VALIDATION, 0.0, SEED)
    split = Split(
        learnt[inner.train],
        learnt[inner.validation],
        tested,
        inner.validation_groups,
        np.unique(number[tested], return_inverse=True)[1],
    )
    columns = {NINE: all_columns(table)}
    relations: dict[str, Matrix | None] = {NINE: None}
    for name in INFORMATION[1:]:
        matrix = relation_matrix(values, len(relation_columns(name == INFORMATION[-1])))
        columns[name] = np.column_stack([columns[NINE], matrix])
        relations[name] = matrix
    return Work(table, source, split, columns, relations)


def _methods(
    work: Work, arguments: argparse.Namespace
) -> Iterator[tuple[str, Callable[[], dict[str, Array]]]]:
    told = INFORMATION[: arguments.information]
    for information in told:
        columns = work.columns[information]
        for library, fit in zip(LIBRARIES, (_hist, _lightgbm, _tuned), strict=True):
            yield (
                f"{library}, {information}",
                lambda fit=fit, columns=columns: {"shown": fit(work, columns)},  # type: ignore[misc]
            )
    for information in told:
        for ensemble in arguments.ensembles:
            yield (
                f"network x {ensemble}, {information}",
                lambda information=information, ensemble=ensemble: _network(  # type: ignore[misc]
                    work, information, ensemble, arguments.results
                ),
            )


def _hist(work: Work, columns: Array) -> Array:
    learnt, tested = work.split.train, work.split.test
    return tree_probabilities(columns[learnt], work.table["label"][learnt], columns[tested], SEED)


def _lightgbm(work: Work, columns: Array) -> Array:
    learnt = work.split.train
    trees = lightgbm.LGBMClassifier(random_state=SEED, n_jobs=1, verbose=-1, deterministic=True)
    trees.fit(columns[learnt], work.table["label"][learnt])
    return np.asarray(trees.predict_proba(columns[work.split.test]))


def _tuned(work: Work, columns: Array) -> Array:
    """Stopped and calibrated on the validation rows, like a network."""
    learnt, watched, labels = work.split.train, work.split.validation, work.table["label"]
    trees = lightgbm.LGBMClassifier(
        **TUNED, random_state=SEED, n_jobs=1, verbose=-1, deterministic=True
    )
    stop = lightgbm.early_stopping(50, verbose=False)
    asked: Any = [(columns[watched], labels[watched])]
    trees.fit(columns[learnt], labels[learnt], eval_set=asked, callbacks=[stop])
    known = np.asarray(trees.predict_proba(columns[watched]))
    temperature = fit_temperature(labels[watched], known)
    return apply_temperature(np.asarray(trees.predict_proba(columns[work.split.test])), temperature)


def _network(work: Work, information: str, ensemble: int, folder: Path) -> dict[str, Array]:
    """The probabilities of the test rows; with relations also those with all of them hidden."""
    from backend.training import keras_setup
    from backend.training.fit import examples, fit_network
    from backend.training.results.evaluate import publish_calibrated
    from backend.training.results.predict import predict

    keras_setup.prepare_tensorflow()
    relations = work.relations[information]
    spec = TrainingSpec(
        session_id=0,
        table=folder,
        source=work.source,
        dataset_sha256="",
        model_name="benchmark",
        model_path=folder / "none.keras",
        checkpoint=folder / f"relations-{os.getpid()}.ckpt",
        seed=SEED,
        network="transit_cnn_catalogue",
        ensemble=ensemble,
        use_relations=relations is not None,
        use_stellar_uncertainties=information == INFORMATION[-1],
    )
    trained = fit_network(spec, work.table, work.split, _ignore, _never_stop, relations=relations)
    groups = work.split.validation_groups
    published = publish_calibrated(trained.steps, trained.validation, groups, SEED)
    tested = work.split.test
    asked = examples(spec, trained.steps, work.table, tested, relations, _never_stop)
    spec.checkpoint.unlink()
    shown = {"shown": asked}
    if relations is not None:
        shown["hidden"] = asked.without([RELATIONS], np.arange(len(tested)))
    return {
        name: predict(trained.steps, each, published.calibration, _never_stop)["probabilities"]
        for name, each in shown.items()
    }


def _ignore(_event: Any) -> None:
    pass


def _never_stop() -> None:
    return None


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--table", choices=("koi", "toi"), default="koi")
    parser.add_argument(
        "--information", type=int, choices=(1, 2, 3), default=3, help="the first so many"
    )
    parser.add_argument("--by", nargs="+", choices=("group", "star"), default=["group", "star"])
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--ensembles", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".benchmark")
    return parser.parse_args()


if __name__ == "__main__":
    main()
