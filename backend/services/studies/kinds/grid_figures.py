"""The figures of a grid: those of each setting, and how they differ from the base's."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.finder import Tell
from backend.services.studies.predictions import read_part
from backend.storage.layout import Storage
from backend.transit.columns import NO_LABEL
from backend.transit.evaluation.against_base import (
    OfSeed,
    Setting,
    differences_to_base,
    intervals_of_means,
    measure_setting,
)
from backend.transit.evaluation.bootstrap import measure_labels
from backend.transit.evaluation.paired import headline
from backend.transit.evaluation.paired_means import DECISIVE
from backend.transit.evaluation.repeated import FIGURES, mean_of, spread_of
from backend.transit.rows import Index

NOTE = (
    "All settings are measured on the same test rows. Whichever is chosen by its figure here is "
    "chosen by these rows too, so that its figure is optimistic: it is not that of rows held out. "
    "Measure the chosen setting on rows that took no part in the choice, such as another table."
)


class GridPart(NamedTuple):
    """A session of a grid that has tested its rows.

    Attributes:
        setting: 0 for the base.
        seed: of the network and of the split.
        row: from `studies.parts_of`.
    """

    setting: int
    seed: int
    row: Record


class _Rows(NamedTuple):
    """What any session has tested.

    Attributes:
        rows: intp, (n,), increasing: places among the accepted rows of the dataset.
        groups: intp, (n,), equal for rows of one group.
    """

    rows: Index
    groups: Index


def find_grid_figures(storage: Storage, study: Record, parts: list[GridPart], tell: Tell) -> None:
    """Find the figures of a grid as far as its sessions have come.

    `rows` and `groups`, how many have been tested by any seed; `seeds`, how many there are;
    `is_complete`; `settings`, the base first, of each {setting, label, seeds, is_complete, figures,
    differences}; `best`, the complete setting of the least mean log loss; `intervals_state`;
    `note`, what choosing among them does.

    Args:
        storage: where the models are.
        study: its row.
        parts: its sessions that have tested their rows, at least one.
        tell: takes the means first, then what needs draws.

    Raises:
        Conflict: predictions are missing, damaged, or of other rows than the base's.
    """
    tested, values = _measured(storage, study, parts)
    seeds = study["settings"]["seeds"]
    labels = [None, *(each["label"] for each in study["settings"]["differences"])]
    settings = [
        _of_setting(number, label, values.get(number, {}), len(seeds))
        for number, label in enumerate(labels)
    ]
    complete = [each["setting"] for each in settings if each["is_complete"]]
    is_comparable = complete[:1] == [0]
    answer: dict[str, Any] = {
        "rows": len(tested.rows),
        "groups": len(np.unique(tested.groups)),
        "seeds": len(seeds),
        "is_complete": len(complete) == len(settings),
        "settings": settings,
        "best": _best(settings),
        "intervals_state": "pending" if is_comparable else "unknown",
        "note": NOTE,
    }
    tell(answer)
    if is_comparable:
        drawn = {
            number: _drawn(storage, study, parts, tested, number, len(labels) - 1)
            for number in complete
        }
        tell(answer | {"settings": _compared(settings, drawn), "intervals_state": "found"})


def _measured(
    storage: Storage, study: Record, parts: list[GridPart]
) -> tuple[_Rows, dict[int, dict[int, Record]]]:
    """What has been tested, and the figures of each setting by seed."""
    true = np.full(study["dataset_size"], NO_LABEL, np.int8)
    group = np.full(study["dataset_size"], -1, np.int64)
    of_seed: dict[int, NDArray[np.intp]] = {}
    values: dict[int, dict[int, Record]] = {}
    for part in parts:
        rows = _read(storage, study, part)
        places = rows["row"].astype(np.intp)
        known = group[places] >= 0
        is_same = np.array_equal(of_seed.setdefault(part.seed, places), places)
        if not is_same or (group[places] != rows["group"])[known].any():
            raise Conflict(
                f"The sessions of study {study['id']} were not split in the same way: their test "
                "rows or groups differ. Start the study again."
            )
        true[places], group[places] = rows["true"], rows["group"]
        found = headline(measure_labels(rows["true"], rows["probabilities"].astype(np.float64)))
        values.setdefault(part.setting, {})[part.seed] = found
    every = np.flatnonzero(group >= 0)
    return _Rows(every, np.unique(group[every], return_inverse=True)[1]), values


def _of_setting(number: int, label: str | None, of_seeds: dict[int, Record], seeds: int) -> Record:
    found = list(of_seeds.values())
    return {
        "setting": number,
        "label": label,
        "seeds": len(found),
        "is_complete": len(found) == seeds,
        "figures": {
            name: {
                "mean": mean_of([each[name] for each in found]),
                "interval": None,
                "seed_spread": spread_of([each[name] for each in found]),
            }
            for name in FIGURES
        },
        "differences": None,
    }


def _best(settings: list[Record]) -> int | None:
    """The complete setting of the least mean log loss, once there are two."""
    known = {
        each["setting"]: each["figures"][DECISIVE]["mean"]
        for each in settings
        if each["is_complete"] and each["figures"][DECISIVE]["mean"] is not None
    }
    return min(known, key=lambda number: known[number]) if len(known) > 1 else None


def _drawn(
    storage: Storage,
    study: Record,
    parts: list[GridPart],
    tested: _Rows,
    setting: int,
    settings: int,
) -> Setting:
    def by_seed() -> Iterator[OfSeed]:
        for part in sorted(parts, key=lambda part: part.seed):
            if part.setting == setting:
                rows = _read(storage, study, part)
                places = np.searchsorted(tested.rows, rows["row"])
                yield OfSeed(rows["true"], rows["probabilities"].astype(np.float64), places)

    return measure_setting(by_seed(), tested.groups, settings)


def _compared(settings: list[Record], drawn: dict[int, Setting]) -> list[Record]:
    """The settings with intervals, and with their differences from the base."""
    others = [number for number in drawn if number]
    count = len(settings) - 1
    found = differences_to_base(drawn[0], [drawn[each] for each in others], count)
    differences = dict(zip(others, found, strict=True))
    compared = []
    for each in settings:
        number = each["setting"]
        if number not in drawn:
            compared.append(each)
            continue
        intervals = intervals_of_means(drawn[number])
        figures = {
            name: {**value, "interval": intervals[name]} for name, value in each["figures"].items()
        }
        compared.append({**each, "figures": figures, "differences": differences.get(number)})
    return compared


def _read(storage: Storage, study: Record, part: GridPart) -> np.ndarray:
    """What a session has tested, in the order of the table."""
    found = read_part(storage, study, part.row)
    return found[np.argsort(found["row"], kind="stable")]
