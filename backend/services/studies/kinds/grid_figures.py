"""The figures of a grid: those of each setting, and how they differ from the base's."""

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.finder import Tell
from backend.services.studies.kept import Kept
from backend.services.studies.predictions import read_part
from backend.storage.layout import Storage
from backend.transit.evaluation.against_base import (
    OfSeed,
    Setting,
    differences_to_base,
    intervals_of_means,
    measure_setting,
)
from backend.transit.evaluation.bootstrap import MOST_DRAWS, measure_labels
from backend.transit.evaluation.paired import MORE_IS_BETTER, headline
from backend.transit.evaluation.paired_means import DECISIVE
from backend.transit.evaluation.repeated import FIGURES, mean_of, spread_of
from backend.transit.rows import Index

NOTE = (
    "All settings are measured on the same test rows. Whichever is chosen by its figure here is "
    "chosen by these rows too, so that its figure is optimistic: it is not that of rows held out. "
    "Measure the chosen setting on rows that took no part in the choice, such as another table."
)

# Of a session, about: what is kept of its figures.
_BYTES_OF_FIGURES = 1_000


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


class _Measured(NamedTuple):
    """What a session has tested, and what its figures are.

    Attributes:
        digest: of all that it has tested: rows, groups, labels and probabilities.
        figures: on all its rows, by name.
    """

    digest: bytes
    figures: Record


class _Tested(NamedTuple):
    """What all sessions have tested.

    Attributes:
        rows: intp, (n,), increasing: places among the accepted rows of the dataset.
        groups: intp, (n,), equal for rows of one group.
        of_settings: of each setting its sessions by seed.
    """

    rows: Index
    groups: Index
    of_settings: dict[int, dict[int, _Measured]]


def find_grid_figures(
    storage: Storage,
    study: Record,
    parts: list[GridPart],
    strangers: list[int],
    tell: Tell,
    kept: Kept,
) -> None:
    """Find the figures of a grid as far as its sessions have come.

    `rows` and `groups`, how many have been tested by any seed; `seeds`, how many there are;
    `is_complete`; `settings`, the base first, of each {setting, label, seeds, is_complete, figures,
    differences}; `best`, the complete setting of the least mean log loss; `intervals_state`;
    `note`, what choosing among them does, and which sessions do not count.

    Args:
        storage: where the models are.
        study: its row.
        parts: its sessions that have tested their rows.
        strangers: the ids of those that have no setting of the study.
        tell: takes the means first, then what needs draws, as it is known.
        kept: the figures and draws of sessions, by what they have tested.

    Raises:
        Conflict: predictions are missing, damaged, or of other rows than the base's.
    """
    tested = _measured(storage, study, parts, kept)
    seeds = study["settings"]["seeds"]
    labels = [None, *(each["label"] for each in study["settings"]["differences"])]
    settings = [
        _of_setting(number, label, tested.of_settings.get(number, {}), len(seeds))
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
        "note": " ".join([NOTE, *map(_not_counted, strangers)]),
    }
    if not is_comparable:
        return tell(answer)
    keys = {number: _key(tested, number, len(labels) - 1) for number in complete}
    drawn = {number: kept.find(key) for number, key in keys.items()}
    drawn = {number: each for number, each in drawn.items() if each is not None}
    for number in complete:
        if number not in drawn:
            tell(answer | {"settings": _compared(settings, drawn)})
            drawn[number] = kept.of(
                keys[number],
                8 * MOST_DRAWS * len(MORE_IS_BETTER),
                partial(_drawn, storage, study, parts, tested, number, len(labels) - 1),
            )
    return tell(answer | {"settings": _compared(settings, drawn), "intervals_state": "found"})


def _measured(storage: Storage, study: Record, parts: list[GridPart], kept: Kept) -> _Tested:
    """What has been tested, and the figures of each setting by seed."""
    group = np.full(study["dataset_size"], -1, np.int64)
    of_seed: dict[int, NDArray[np.intp]] = {}
    of_settings: dict[int, dict[int, _Measured]] = {}
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
        group[places] = rows["group"]
        digest = sha256(rows.tobytes()).digest()
        figures = kept.of(digest, _BYTES_OF_FIGURES, partial(_figures_of, rows))
        of_settings.setdefault(part.setting, {})[part.seed] = _Measured(digest, figures)
    every = np.flatnonzero(group >= 0)
    return _Tested(every, np.unique(group[every], return_inverse=True)[1], of_settings)


def _figures_of(rows: np.ndarray) -> Record:
    found = measure_labels(rows["true"], rows["probabilities"].astype(np.float64))
    return headline(found)


def _key(tested: _Tested, setting: int, settings: int) -> tuple[int, bytes]:
    """All that the draws of a complete setting depend on: its seeds have tested all rows."""
    of_seeds = sorted(tested.of_settings[setting].items())
    return settings, b"".join(each.digest for _, each in of_seeds)


def _not_counted(session_id: int) -> str:
    return (
        f"Session {session_id} is left out: its setting and seed are not in this study, or "
        "another session has the same."
    )


def _of_setting(
    number: int, label: str | None, of_seeds: dict[int, _Measured], seeds: int
) -> Record:
    found = [each.figures for each in of_seeds.values()]
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
    tested: _Tested,
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
    """The settings with intervals, and with their differences from the base, of those drawn."""
    if 0 not in drawn:
        return settings
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
