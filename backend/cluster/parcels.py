"""Files of the data folder on their way to the nodes: into Ray's object store, once each."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from backend import wire
from backend.cluster.messages import Parcel
from backend.storage import curve_files
from backend.storage.atomic import sha256_of_open
from backend.storage.layout import Storage

# Of a large table each is an object of its own: the store of a small node has a few hundred MB.
PIECE_BYTES = 32 << 20

# What is kept in the store for the next session, where no session uses it any more.
MOST_KEPT_BYTES = 256 << 20

Put = Callable[[Any], Any]


class Parcels:
    """What was put into the object store, by its hash; from any thread.

    Args:
        storage: of the server.
        put: `ray.put`.
    """

    def __init__(self, storage: Storage, put: Put) -> None:
        self._storage = storage
        self._put = put
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[list[Any], int]] = OrderedDict()

    def of(self, job: wire.Train) -> list[Parcel]:
        """The files that a session reads.

        Raises:
            OSError: one cannot be read.
        """
        return [self._parcel(path) for path in self._paths(job) if path.exists()]

    def of_model(self, request: wire.PredictionRequest) -> list[Parcel]:
        """The model of a prediction, with the training rows that it keeps.

        Raises:
            OSError: it cannot be read.
        """
        paths = [self._storage.model(request.model_file)]
        if request.neighbours_sha256 is not None:
            paths.append(self._storage.model_neighbours(request.model_file))
        return [self._parcel(path) for path in paths]

    def _paths(self, job: wire.Train) -> list[Path]:
        storage, spec = self._storage, job.spec
        place = job.workspace_id, spec.dataset_sha256
        paths = [storage.table(*place), storage.evidence(*place)]
        if spec.dataset_version_sha256 is not None:
            paths.append(storage.version_labels(*place, spec.dataset_version_sha256))
        if spec.curves_sha256 is not None and spec.curve_recipe is not None:
            views = spec.curves_sha256, spec.curve_recipe
            paths.append(curve_files.views(storage, *place, *views))
        paths.append(checkpoint_of(job, storage))
        for member in spec.members or ():
            paths += storage.model_files(member.model_file)
        return paths

    def _parcel(self, path: Path) -> Parcel:
        with open(path, "rb") as file:
            sha256 = sha256_of_open(file)
            file.seek(0)
            with self._lock:
                if sha256 not in self._kept:
                    self._kept[sha256] = self._put_all(file)
                self._kept.move_to_end(sha256)
                pieces = self._kept[sha256][0]
                self._forget_old()
        return Parcel(path.relative_to(self._storage.data_dir).as_posix(), sha256, pieces)

    def _put_all(self, file: BinaryIO) -> tuple[list[Any], int]:
        pieces = []
        while content := file.read(PIECE_BYTES):
            pieces.append(self._put(np.frombuffer(content, np.uint8)))
        return pieces, file.tell()

    def _forget_old(self) -> None:
        # A session holds what it uses itself; these are the ones that the next may find.
        while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > (
            MOST_KEPT_BYTES
        ):
            self._kept.popitem(last=False)


def checkpoint_of(job: wire.Train, storage: Storage) -> Path:
    """What a session goes on from, if it is there."""
    if job.keep:
        return storage.kept_checkpoint(job.session_id)
    return storage.checkpoint(job.session_id, job.start)
