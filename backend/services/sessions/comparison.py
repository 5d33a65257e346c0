"""Compares the models of two sessions on the rows that both were tested on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.storage.dataset_table import read_rows_at
from backend.training.spec import UP_TO_0_4_0, UP_TO_0_5_0
from backend.transit.evaluation.bootstrap import draw_labels
from backend.transit.evaluation.paired import headline, paired_differences
from backend.transit.keys import star_groups

# Fewer seeds say little of their spread.
FEWEST_SEEDS = 3

# What a session and the manifest of its model both have of its spec, but for the seed.
_SETTINGS = (
    *(
        "dataset_sha256",
        "dataset_version_sha256",
        "source",
        "network",
        "ensemble",
        "validation_split",
        "test_split",
    ),
    *(
        "grouping",
        "use_relations",
        "use_stellar_uncertainties",
        "use_weights",
        "use_kinds",
        "epochs",
        "batch_size",
        "learning_rate",
        "patience",
        "folds",
        "fold",
        "fold_seed",
    ),
)

_EARLIER = {**UP_TO_0_4_0, **UP_TO_0_5_0}

_SPLIT_BY = {
    "star": "by star",
    "rows": "by star and equal rows",
    "ephemeris": "by star, equal rows and shared eclipses",
}

_SPREAD_OF = ("accuracy", "macro_f1", "log_loss", "ece")


def compare(
    sessions: tuple[Record, Record], tested: tuple[np.ndarray, np.ndarray], table: Any
) -> dict[str, Any]:
    """Measure two models on their common test rows, which neither was trained on.

    Args:
        sessions: both, completed, of the same table.
        tested: the test rows of each with their predictions, TEST_ROW_DTYPE.
        table: the path of the table's rows.

    Returns:
        JSON-able: `rows` and `stars`, how many both were tested on; `only`, of each how many rows
        the other was not tested on; `figures`, by name {one, other, difference, interval,
        verdict}, as `paired_differences` has them.

    Raises:
        Conflict: they have no test row in common, or one has another label in the other's version.
    """
    one, other = tested
    rows, of_one, of_other = np.intersect1d(one["row"], other["row"], return_indices=True)
    first, second = sessions
    if not len(rows):
        raise Conflict(
            f"Sessions {first['id']} and {second['id']} were tested on different stars: expected "
            "at least one row that both were tested on, found none. Train them with the same seed "
            "and test_split."
        )
    _require_same_labels(first, second, one["true"][of_one], other["true"][of_other])
    stars = _groups_of(one[of_one], table)
    chosen = one[of_one], other[of_other]
    draws = [
        draw_labels(each["true"], each["probabilities"].astype(np.float64), stars, 0)
        for each in chosen
    ]
    values = [headline(each) for each in draws]
    return {
        "rows": len(rows),
        "stars": int(stars.max()) + 1,
        "only": [len(each) - len(rows) for each in tested],
        "figures": {
            name: {"one": values[0][name], "other": values[1][name], **found}
            for name, found in paired_differences(*draws).items()
        },
    }


def require_same_table(one: Record, other: Record) -> None:
    """Check that two sessions were trained on the same file, read and split in the same way.

    Raises:
        Conflict: they were not.
    """
    groupings = [_setting(each["spec"])["grouping"] for each in (one, other)]
    if groupings[0] != groupings[1]:
        said = " and ".join(_SPLIT_BY[each] for each in groupings)
        raise Conflict(
            f"Sessions {one['id']} and {other['id']} were split in different ways: expected the "
            f"same, found {said}. A row that both were tested on may have its twin among the "
            "training rows of the other. Train the older one again."
        )
    if one["spec"]["dataset_sha256"] != other["spec"]["dataset_sha256"]:
        raise Conflict(
            f"Sessions {one['id']} and {other['id']} were trained on different tables: expected "
            "the same file, read in the same way. A row of the one may be a row that the other was "
            "trained on."
        )


def _require_same_labels(
    first: Record, second: Record, labels: NDArray[Any], others: NDArray[Any]
) -> None:
    """Check that the common test rows have the same labels in both versions of the dataset."""
    differing = int((labels != others).sum())
    if not differing:
        return
    numbers = " and ".join(str(each["spec"].get("dataset_version", 0)) for each in (first, second))
    raise Conflict(
        f"Sessions {first['id']} and {second['id']} were trained on versions {numbers} of the "
        f"dataset: expected the same labels of their {len(labels):,} common test rows, found "
        f"{differing:,} that differ. Train one again on the version of the other."
    )


def seed_spread(session: Record, models: list[Record]) -> dict[str, Any] | None:
    """How much figures differ between sessions that differ in nothing but their seed.

    Another seed splits the table in another way too.

    Args:
        session: with its spec.
        models: of its workspace.

    Returns:
        `seeds`, how many; the standard deviation of accuracy, macro_f1, log_loss and ece over
        their test stars. None where there are fewer than three.
    """
    wanted = _setting(session["spec"])
    by_seed: dict[int | None, Record] = {}
    for model in models:
        manifest = model["manifest"]
        if manifest.get("evaluation") and _setting(manifest["spec"]) == wanted:
            by_seed[manifest["spec"].get("seed")] = manifest["evaluation"]
    if len(by_seed) < FEWEST_SEEDS:
        return None
    spread: dict[str, Any] = {"seeds": len(by_seed)}
    for name in _SPREAD_OF:
        found: NDArray[np.float64] = np.array([each[name] for each in by_seed.values()], float)
        spread[name] = float(found.std(ddof=1)) if np.isfinite(found).all() else None
    return spread


def _setting(spec: Record) -> Record:
    return {name: spec.get(name, _EARLIER.get(name)) for name in _SETTINGS}


def _groups_of(tested: np.ndarray, table: Any) -> NDArray[np.intp]:
    """The number of each row's group; models up to 0.4.0 know none, and their rows' stars count."""
    if "group" in (tested.dtype.names or ()):
        return np.unique(tested["group"], return_inverse=True)[1]
    return star_groups(read_rows_at(table, tested["row"]))
