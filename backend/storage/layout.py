"""The data folder: where each file is."""

import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from backend.storage.atomic import write_atomically

_CHUNK = 1 << 20


class Storage:
    """The layout of the data folder.

    uploads/<workspace id>/<sha256>.csv             the catalogue as it came
    uploads/<workspace id>/<sha256>.npy             its accepted rows, `transit.columns.ROW_DTYPE`
    uploads/<workspace id>/<sha256>.rejected.jsonl  the rows left out, one JSON object a line
    uploads/incoming/                               uploads under way; emptied at start
    model/<workspace id>/<name>_<time>.keras        with .json (manifest) and .test.npy beside it
    model/<workspace id>/exoplanet_model.keras      a copy of the current model
    model/checkpoints/<session id>.*                of the trainings under way
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.uploads = data_dir / "uploads"
        self.models = data_dir / "model"
        self.incoming = self.uploads / "incoming"
        self.checkpoints = self.models / "checkpoints"

    def make_folders(self) -> None:
        """Make the folders that everything else expects."""
        for folder in (self.incoming, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Make the folders, and remove what a killed server left half written.

        Only for who holds the lock of the data folder: a running server's uploads are there too.
        """
        self.make_folders()
        for leftover in self.incoming.iterdir():
            leftover.unlink()
        for folder in (self.uploads, self.models):
            for leftover in folder.glob("**/.*.partial"):
                leftover.unlink()

    def catalogue(self, workspace_id: int, sha256: str) -> Path:
        """The uploaded CSV."""
        return self.uploads / str(workspace_id) / f"{sha256}.csv"

    def table(self, workspace_id: int, sha256: str) -> Path:
        """The accepted rows of a catalogue."""
        return self.uploads / str(workspace_id) / f"{sha256}.npy"

    def rejections(self, workspace_id: int, sha256: str) -> Path:
        """The rows of a catalogue that were left out."""
        return self.uploads / str(workspace_id) / f"{sha256}.rejected.jsonl"

    def model(self, file: str) -> Path:
        """A model by the name that the database holds for it: `<workspace id>/<file name>`."""
        return self.models / file

    def current_model(self, workspace_id: int) -> Path:
        """The copy of the workspace's current model."""
        return self.models / str(workspace_id) / "exoplanet_model.keras"

    def checkpoint(self, session_id: int) -> Path:
        """The state of a training under way, after its last finished epoch."""
        return self.checkpoints / f"{session_id}.ckpt"

    def new_incoming(self) -> Path:
        """A name for an upload that is being received."""
        return self.incoming / uuid.uuid4().hex

    def remove_dataset(self, workspace_id: int, sha256: str) -> None:
        """Delete a catalogue and what was derived from it."""
        for path in (
            self.catalogue(workspace_id, sha256),
            self.table(workspace_id, sha256),
            self.rejections(workspace_id, sha256),
        ):
            path.unlink(missing_ok=True)

    def remove_model(self, file: str) -> None:
        """Delete a model with its manifest and test predictions."""
        path = self.model(file)
        for each in (path, path.with_suffix(".json"), path.with_suffix(".test.npy")):
            each.unlink(missing_ok=True)

    def remove_checkpoint(self, session_id: int) -> None:
        """Delete the state of a training that has ended."""
        for path in self.checkpoints.glob(f"{session_id}.*"):
            path.unlink(missing_ok=True)

    def remove_workspace(self, workspace_id: int) -> None:
        """Delete every file of a workspace."""
        for folder in (self.uploads, self.models):
            shutil.rmtree(folder / str(workspace_id), ignore_errors=True)

    def promote(self, workspace_id: int, file: str) -> None:
        """Put a copy of a model where the current one is looked for, in one step."""
        with open(self.model(file), "rb") as source:
            write_atomically(self.current_model(workspace_id), lambda target: _copy(source, target))


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    shutil.copyfileobj(source, target, _CHUNK)


def model_path(file: str) -> str:
    """Where a model's file is, relative to the data folder."""
    return f"model/{file}"
