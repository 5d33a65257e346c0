"""Which rows of a dataset have light curves in a set, by the identifiers of their stars."""

import numpy as np
from numpy.typing import NDArray

from backend.database.connection import Record
from backend.errors import Conflict
from backend.light_curves.missions import MISSION_OF_SURVEY
from backend.services.context import Services
from backend.storage import curve_files
from backend.storage.curve_sets.packs import DamagedPack
from backend.storage.curve_sets.recorded import recorded
from backend.storage.curve_sets.versions import CurveSet

_MOST_NAMED = 100


def open_set(services: Services, curve_set: Record) -> CurveSet:
    """The newest version of a set, open for reading; of a set without one nothing.

    Raises:
        Conflict: its files are damaged or missing.
    """
    folder = curve_files.folder(services.storage, curve_set)
    try:
        return CurveSet(folder, recorded(folder, curve_set["number"]))
    except (DamagedPack, OSError) as error:
        raise Conflict(
            f"The files of curve set {curve_set['id']} are damaged or missing on the server: "
            f"{error}. Restore them from a backup, or bring the light curves again."
        ) from error


def match(services: Services, curve_set: Record, dataset: Record) -> Record:
    """The rows and stars of a dataset that have curves, and those that have none.

    Returns:
        as `web.schemas.curves.sets.Match`, but for its `views`.

    Raises:
        Conflict: files of the set or the table are damaged or missing.
        Unavailable: the table is being made again.
    """
    index = open_set(services, curve_set).index
    of_set = np.unique(index["star"])
    stars = np.load(services.tables.table(dataset), mmap_mode="r")["star"]
    has_curve = np.isin(stars, of_set) & (stars != b"")
    named = np.unique(stars[stars != b""])
    unmatched = named[~np.isin(named, of_set)]
    return {
        "dataset_id": dataset["id"],
        "rows": len(stars),
        "stars": len(named),
        "matched_rows": int(has_curve.sum()),
        "matched_stars": len(named) - len(unmatched),
        "rows_without_epoch": int((has_curve & ~_have_epoch(services, dataset)).sum()),
        "unmatched_stars": [each.decode() for each in unmatched[:_MOST_NAMED].tolist()],
        "other_mission_stars": stars_of_other_missions(index, dataset["source"], named),
        "unused_stars": int((~np.isin(of_set, named)).sum()),
    }


def stars_of_other_missions(index: NDArray[np.void], source: str, named: NDArray[np.bytes_]) -> int:
    """How many stars of a survey have nothing but light curves of other missions."""
    mission = MISSION_OF_SURVEY.get(source)
    if mission is None:
        return 0
    may_be_same = np.isin(index["mission"], [mission, b""])
    others = np.setdiff1d(index["star"][~may_be_same], index["star"][may_be_same])
    return int(np.isin(named, others).sum())


def _have_epoch(services: Services, dataset: Record) -> NDArray[np.bool_]:
    path = services.tables.evidence(dataset)
    if path is None:
        return np.zeros(dataset["num_samples"], bool)
    return np.isfinite(np.load(path, mmap_mode="r")["epoch"])
