"""The files of the server's folder that an import reads: chosen once, and read where they are.

They are chosen by the index when the import begins, and stand in a list beside the files of other
imports until it has ended: after a kill the same ones are read on, whatever the index says by then.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backend.database import datasets
from backend.database.connection import Record
from backend.database.curves import imports
from backend.errors import Conflict
from backend.light_curves.mirror import Mirror, MirrorFile, open_mirror, source_of
from backend.light_curves.reader import Source
from backend.services.context import ServerFolder, Services
from backend.storage import curve_files
from backend.storage.atomic import write_atomically

# What stands for them in the row of an import; its size is that of all once they are chosen.
_NAME = "the server's folder"
NOT_CHOSEN: Record = {"name": _NAME, "size": 0}


# Whose numbers the stars of a survey's table are.
_MISSIONS = {"koi": "kepler", "k2": "k2", "toi": "tess"}
_MOST_NAMED = 3


class Chosen(NamedTuple):
    """What an import reads.

    Attributes:
        sources: the files.
        sizes: of each in bytes, when they were chosen.
    """

    sources: list[Source]
    sizes: list[int]


def is_of_folder(asked: Record) -> bool:
    """Whether an import is one of files of the server's folder, by what was asked of it."""
    return bool(asked.get("server_folder"))


def require_folder(services: Services) -> ServerFolder:
    """The thread of the server's folder.

    Raises:
        Conflict: the server has none.
    """
    if services.server_folder is None:
        raise Conflict(
            "This server has no folder of light curves: EXOTRAIN_LIGHT_CURVES_DIR is not set."
        )
    return services.server_folder


def require_indexed(services: Services) -> None:
    """Check that it is known what is in the server's folder.

    Raises:
        Conflict: it is not, or there is none.
    """
    folder = require_folder(services)
    if folder.indexed_at is None:
        status = folder.status()
        done, all_files = status["new_files_done"], status["new_files"]
        opened = f"{done:,} of {all_files:,} files were opened."
        why = status["why"] or (opened if all_files else "Its files are being listed.")
        raise Conflict(f"The server's folder has not been indexed yet: try again later. {why}")


def chosen(services: Services, job: Record) -> Chosen:
    """The files that an import reads; chosen now if they were not before.

    Raises:
        Conflict: there is no such folder any more, the dataset was deleted, or there is no file.
        Unavailable: the table of the dataset is being made again.
        OSError: index or list cannot be read or written.
    """
    root = services.settings.light_curves_dir
    if root is None:
        raise Conflict("The server has no folder of light curves any more.")
    [place] = curve_files.all_to_import(services.storage, job)
    found = _listed(place, root)
    if found is None:
        found = [(each.name, each.size) for each in _choose(services, root, job["asked"])]
        told = json.dumps({"root": str(root.resolve()), "files": found})
        write_atomically(place, lambda file: file.write(told.encode()))
        size = sum(size for _, size in found)
        with services.database.write() as connection:
            described = [{"name": _NAME, "size": size}]
            imports.change(connection, job["id"], bytes=size, files=described)
    return Chosen([source_of(root, name) for name, _ in found], [size for _, size in found])


def _listed(place: Path, root: Path) -> list[tuple[str, int]] | None:
    """What was chosen before; None if nothing was.

    Raises:
        Conflict: it was chosen in another folder.
    """
    try:
        told = json.loads(place.read_bytes())
    except FileNotFoundError:
        return None
    if told["root"] != str(root.resolve()):
        raise Conflict(
            "The server's folder is another one since this import began: start it again."
        )
    return [(str(name), int(size)) for name, size in told["files"]]


def _choose(services: Services, root: Path, asked: Record) -> Sequence[MirrorFile]:
    mirror = open_mirror(root, services.storage.curves_index)
    if mirror.indexed_at is None:
        raise Conflict("The server's folder has not been indexed yet: try again later.")
    if asked["dataset_id"] is None:
        found = mirror.files_of(None)
        if not found:
            raise Conflict("No file of the server's folder is a light curve.")
        _require_one_mission(found)
        return found
    return _of_dataset(services, mirror, asked["dataset_id"])


def _of_dataset(services: Services, mirror: Mirror, dataset_id: int) -> Sequence[MirrorFile]:
    with services.database.read() as connection:
        dataset = datasets.find(connection, dataset_id)
    if dataset is None:
        raise Conflict(f"Dataset {dataset_id}, whose stars were asked for, was deleted.")
    column = np.load(services.tables.table(dataset), mmap_mode="r")["star"]
    stars = [each.decode() for each in np.unique(column[column != b""]).tolist()]
    mission = _MISSIONS.get(dataset["source"])
    found = [
        each for each in mirror.files_of(stars) if mission is None or each.mission in ("", mission)
    ]
    _require_one_mission(found)
    if not found:
        raise Conflict(
            f"The server's folder has no light curve of any of the {len(stars):,} stars of "
            f"{dataset['name']}. Stars match by their identifier, such as KIC, EPIC or TIC."
        )
    return found


def _require_one_mission(files: Sequence[MirrorFile]) -> None:
    """Check that no star has files of two missions: equal numbers are different stars there.

    Raises:
        Conflict: some have.
    """
    missions: dict[str, set[str]] = {}
    for each in files:
        for star in each.stars:
            missions.setdefault(star, set()).add(each.mission)
    twice = [star for star, found in missions.items() if len(found - {""}) > 1]
    if twice:
        named = ", ".join(twice[:_MOST_NAMED]) + (", …" if len(twice) > _MOST_NAMED else "")
        raise Conflict(
            f"The server's folder has light curves of different missions by the same numbers "
            f"({named}), which are different stars. Name a dataset of one survey, whose stars are "
            "taken."
        )
