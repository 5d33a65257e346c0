"""The data folder: where each file is kept."""

import re
import shutil
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from backend.storage import temporary
from backend.storage.atomic import remove_partials, sync
from backend.storage.permissions import FOLDER_MODE
from backend.storage.verified import copy_verified

# Of uploaded files; any other name ends in "csv".
SUFFIXES = ("csv", "tsv", "txt", "dat", "tbl", "ecsv", "xml", "vot", "fits", "parquet", "xlsx")

# What lies beside a model: its manifest, its test predictions, the training rows that it keeps, and
# what it keeps of its table to relate other rows to.
BESIDE_MODEL = (".json", ".test.npy", ".neighbours.npy", ".related.npy")

# What names a dataset's files, such as its row in the database.
DatasetFiles = Mapping[str, Any]

# SQLite has no longer ones.
_ID_DIGITS = 15
_CHECKPOINT_NAME = re.compile(r"(?P<session>\d{1,15})(\.(?P<start>\d{1,15}))?\.ckpt", re.ASCII)


class Storage:
    """The layout of the data folder.

    uploads/<workspace id>/<sha256>.csv             the catalogue as uploaded, with its own suffix
    uploads/<workspace id>/<identity>.npy           its accepted rows, `transit.columns.ROW_DTYPE`
    uploads/<workspace id>/<identity>.evidence.npy  of each of them, `EVIDENCE_DTYPE`; may be absent
    uploads/<workspace id>/<identity>.rejected.jsonl  the rejected rows, one JSON object per line
    uploads/<workspace id>/<identity>.<sha256>.labels.npy  the labels of a version, int8
    uploads/<workspace id>/batch-<id>.upload        a catalogue to predict, until that has ended
    uploads/<workspace id>/batch-<id>.csv           its table with predictions, as far as it is made
    uploads/<workspace id>/batch-<id>.rows          where its rows are, `services.batch_jobs.index`
    uploads/<workspace id>/batch-<id>.views         see `batch_views`; with parts beside it
    uploads/incoming/                               uploads in progress; emptied at start
    model/<workspace id>/<name>_<time>.keras        with .json (manifest), .test.npy,
                                                    .neighbours.npy, .related.npy beside it
    model/<workspace id>/exoplanet_model.keras      a copy of the current model
    model/checkpoints/<session id>.<start>.ckpt     of the sessions in training
    model/checkpoints/<session id>.kept.ckpt        of a failed session that can still be kept
    exotrain.tmp/                                   temporary files; emptied at start
    exotrain.curves.index                           what is in the server's folder of light curves
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.uploads = data_dir / "uploads"
        self.models = data_dir / "model"
        self.incoming = self.uploads / "incoming"
        self.checkpoints = self.models / "checkpoints"
        self.temporary = data_dir / "exotrain.tmp"
        self.curves_index = data_dir / "exotrain.curves.index"

    def make_folders(self) -> None:
        """Create the folders that everything else expects."""
        for folder in (self.incoming, self.checkpoints, self.temporary):
            folder.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            folder.mkdir(FOLDER_MODE, exist_ok=True)

    def prepare(self) -> None:
        """Create the folders, and empty the one for temporary files.

        Only the holder of the lock may call it: a running server's temporary files are there too.
        """
        self.make_folders()
        temporary.empty(self.temporary)

    def catalogue(self, workspace_id: int, sha256: str, suffix: str = "csv") -> Path:
        """The uploaded file, which several datasets may read."""
        return self.uploads / str(workspace_id) / f"{sha256}.{suffix}"

    def table(self, workspace_id: int, identity: str) -> Path:
        """The accepted rows of a catalogue, read in one way."""
        return self.uploads / str(workspace_id) / f"{identity}.npy"

    def evidence(self, workspace_id: int, identity: str) -> Path:
        """What a catalogue tells of its accepted rows besides; none if it tells nothing."""
        return self.uploads / str(workspace_id) / f"{identity}.evidence.npy"

    def rejections(self, workspace_id: int, identity: str) -> Path:
        """The rejected rows of a catalogue, read in one way."""
        return self.uploads / str(workspace_id) / f"{identity}.rejected.jsonl"

    def version_labels(self, workspace_id: int, identity: str, sha256: str) -> Path:
        """The labels of a version of a dataset, which are made again where they are missing."""
        return self.uploads / str(workspace_id) / f"{identity}.{sha256}.labels.npy"

    def all_version_labels(self, dataset: DatasetFiles) -> list[Path]:
        """The labels of all versions of a dataset that have been made."""
        folder = self.uploads / str(dataset["workspace_id"])
        return sorted(folder.glob(f"{dataset['identity']}.*.labels.npy"))

    def batch_upload(self, workspace_id: int, batch_id: int) -> Path:
        """A catalogue that is predicted in the background, as uploaded."""
        return self.uploads / str(workspace_id) / f"batch-{batch_id}.upload"

    def batch_result(self, workspace_id: int, batch_id: int) -> Path:
        """Its table with predictions, as CSV."""
        return self.uploads / str(workspace_id) / f"batch-{batch_id}.csv"

    def batch_index(self, workspace_id: int, batch_id: int) -> Path:
        """Where each row of that table is, and what it is found by."""
        return self.uploads / str(workspace_id) / f"batch-{batch_id}.rows"

    def remove_batch_upload(self, workspace_id: int, batch_id: int) -> None:
        """Delete the uploaded catalogue of a batch that has ended."""
        self.batch_upload(workspace_id, batch_id).unlink(missing_ok=True)

    def remove_batch_result(self, workspace_id: int, batch_id: int) -> None:
        """Delete the table and the index of a batch."""
        self.batch_result(workspace_id, batch_id).unlink(missing_ok=True)
        self.batch_index(workspace_id, batch_id).unlink(missing_ok=True)

    def model(self, file: str) -> Path:
        """A model, by its name in the database: `<workspace id>/<file name>`."""
        return self.models / file

    def model_neighbours(self, file: str) -> Path:
        """The training rows that a model keeps; models of 0.4.0 and earlier have none."""
        return self.model(file).with_suffix(".neighbours.npy")

    def model_related(self, file: str) -> Path:
        """What a model keeps of its table; models of 0.4.0 and earlier keep nothing."""
        return self.model(file).with_suffix(".related.npy")

    def current_model(self, workspace_id: int) -> Path:
        """The copy of the workspace's current model."""
        return self.models / str(workspace_id) / "exoplanet_model.keras"

    def checkpoint(self, session_id: int, start: int) -> Path:
        """The state of a session after its last finished epoch, as one of its starts writes it."""
        return self.checkpoints / f"{session_id}.{start}.ckpt"

    def newest_checkpoint(self, session_id: int) -> Path | None:
        """The checkpoint of a session's latest start that wrote one."""
        return max(self._checkpoints_of(session_id), key=_start_of, default=None)

    def sessions_with_checkpoint(self) -> set[int]:
        """The ids of the sessions that a start has left a checkpoint of."""
        names = (_CHECKPOINT_NAME.fullmatch(path.name) for path in self.checkpoints.iterdir())
        return {int(name["session"]) for name in names if name}

    def pass_on_checkpoint(self, session_id: int, start: int) -> None:
        """Give a session's newest checkpoint to a new start, and remove those of older starts.

        A worker of an older start that still writes does so under a name that nobody reads.
        """
        newest = self.newest_checkpoint(session_id)
        if newest is None:
            return
        newest.replace(self.checkpoint(session_id, start))
        for older in self._checkpoints_of(session_id):
            if _start_of(older) != start:
                older.unlink(missing_ok=True)

    def kept_checkpoint(self, session_id: int) -> Path:
        """The state after the last finished epoch of a session that failed."""
        return self.checkpoints / f"{session_id}.kept.ckpt"

    def kept_checkpoints(self) -> dict[int, Path]:
        """All of them, by the id of the session."""
        found = self.checkpoints.glob("*.kept.ckpt")
        names = ((path.name.partition(".")[0], path) for path in found)
        return {int(session): path for session, path in names if _is_id(session)}

    def has_checkpoint(self, session_id: int, starts: int) -> bool:
        """Whether a session has finished epochs; unlike a look into the folder it opens nothing."""
        paths = [self.checkpoint(session_id, start) for start in range(1, starts + 1)]
        earlier = self.checkpoints / f"{session_id}.ckpt"  # as 0.3.0 named it
        return any(each.exists() for each in (self.kept_checkpoint(session_id), earlier, *paths))

    def keep_checkpoint(self, session_id: int) -> int | None:
        """Put the newest checkpoint of a failed session where it is kept; older ones stay.

        A second call changes nothing: the transaction that records it may have to be repeated.

        Returns:
            as `kept_bytes`.
        """
        kept = self.kept_checkpoint(session_id)
        if not kept.exists():
            newest = self.newest_checkpoint(session_id)
            if newest is None:
                return None
            newest.replace(kept)
        sync(self.checkpoints)
        return self.kept_bytes(session_id)

    def kept_bytes(self, session_id: int) -> int | None:
        """The size of what is kept of a session that failed; None: nothing."""
        kept = self.kept_checkpoint(session_id)
        return kept.stat().st_size if kept.exists() else None

    def take_back_checkpoint(self, session_id: int, start: int) -> None:
        """Undo `keep_checkpoint` for a session that trains on: no checkpoint of it is newer."""
        kept = self.kept_checkpoint(session_id)
        if kept.exists():
            kept.replace(self.checkpoint(session_id, start))

    def new_incoming(self) -> Path:
        """A new path for an upload in progress."""
        return self.incoming / uuid.uuid4().hex

    def dataset_bytes(self, dataset: DatasetFiles) -> int:
        """What a catalogue and the files derived from it take on disk."""
        return _size_of(self.dataset_files(dataset))

    def model_bytes(self, file: str) -> int:
        """What a model and the files beside it take on disk."""
        return _size_of(self.model_files(file))

    def remove_dataset(self, dataset: DatasetFiles, needed: Collection[Path] = ()) -> None:
        """Delete a catalogue and the files derived from it, but for those that others need."""
        for path in [*self.dataset_files(dataset), *self.all_version_labels(dataset)]:
            if path not in needed:
                path.unlink(missing_ok=True)

    def remove_model(self, file: str) -> None:
        """Delete a model with the files beside it, finished or not."""
        for path in self.model_files(file):
            path.unlink(missing_ok=True)
        for path in self.model_files(file):
            remove_partials(path)

    def set_aside_model(self, file: str) -> str:
        """Rename a model that could not be recorded, so that no start takes it for a leftover.

        Returns:
            its new name.

        Raises:
            OSError: it has its old name.
        """
        stem = self.model(file).stem
        for path in reversed(self.model_files(file)):  # the model last, whose name is told
            if path.exists():
                path.rename(path.with_name(path.name.replace(stem, f"{stem}.unrecorded", 1)))
        return f"{file.removesuffix('.keras')}.unrecorded.keras"

    def remove_checkpoint(self, session_id: int) -> None:
        """Delete the state of a session that has ended, but for what can still be kept."""
        kept = self.kept_checkpoint(session_id)
        for pattern in (f"{session_id}.*", f".{session_id}.*.partial"):
            for path in self.checkpoints.glob(pattern):
                if path != kept:
                    path.unlink(missing_ok=True)

    def remove_kept_checkpoint(self, session_id: int) -> None:
        """Delete the finished epochs of a session that failed."""
        self.kept_checkpoint(session_id).unlink(missing_ok=True)

    def remove_unfinished(self, session_id: int, model_file: str | None) -> None:
        """Delete what a session has written that ended without a model."""
        self.remove_checkpoint(session_id)
        if model_file is not None:
            self.remove_model(model_file)

    def remove_workspace(self, workspace_id: int) -> None:
        """Delete every file of a workspace."""
        for folder in (self.uploads, self.models):
            shutil.rmtree(folder / str(workspace_id), ignore_errors=True)

    def promote(self, workspace_id: int, file: str, sha256: str) -> None:
        """Atomically replace the copy of the current model with a copy of this one.

        Raises:
            ModelCorrupt: the model's file does not have that hash; the copy is as it was.
        """
        copy_verified(self.model(file), sha256, self.current_model(workspace_id))

    def _checkpoints_of(self, session_id: int) -> list[Path]:
        # Not `glob`: from Python 3.13 on it takes a folder that cannot be read for an empty one.
        found = (
            (_CHECKPOINT_NAME.fullmatch(each.name), each) for each in self.checkpoints.iterdir()
        )
        return [path for name, path in found if name and int(name["session"]) == session_id]

    def dataset_files(self, dataset: DatasetFiles) -> list[Path]:
        """A catalogue, first, and the files derived from it: table, rejections, evidence.

        Args:
            dataset: at least workspace_id, sha256, suffix and identity.
        """
        workspace_id, identity = dataset["workspace_id"], dataset["identity"]
        return [
            self.catalogue(workspace_id, dataset["sha256"], dataset["suffix"]),
            self.table(workspace_id, identity),
            self.rejections(workspace_id, identity),
            self.evidence(workspace_id, identity),
        ]

    def model_files(self, file: str) -> list[Path]:
        """A model, and the files beside it."""
        path = self.model(file)
        return [path, *(path.with_suffix(suffix) for suffix in BESIDE_MODEL)]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS


def _start_of(checkpoint: Path) -> int:
    """The start that wrote a checkpoint; release 0.3.0 did not number them."""
    name = _CHECKPOINT_NAME.fullmatch(checkpoint.name)
    return int(name["start"] or 0) if name else 0


def _size_of(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.exists())


def model_path(file: str) -> str:
    """The path of a model's file, relative to the data folder."""
    return f"model/{file}"
