"""What a backup holds: `manifest.json` in it, written last."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from backend.config import VERSION

NAME = "manifest.json"
DATABASE = "exotrain.db"

# The folders of a data folder that are in a backup.
FOLDERS = ("uploads", "model")

_FORMAT = 1


class BackupFailed(RuntimeError):
    """It cannot be saved or restored; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """One file.

    Attributes:
        path: relative to the data folder and to the backup, with slashes.
        sha256: hexadecimal.
        size: bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass
class Manifest:
    """A whole backup.

    Attributes:
        schema: the version of the database.
        made_at: when the database was copied, ISO 8601.
        files: everything in it, but the manifest.
        missing: files that the database names and the data folder did not have.
        damaged: files whose content is not what the database says; they are in it as they were.
    """

    schema: int
    made_at: str
    files: list[Entry]
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    exotrain: str = VERSION
    format: int = _FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files)

    def as_json(self) -> str:
        """The content of the file."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest of a backup.

        Raises:
            BackupFailed: there is none, it cannot be read, or it names a file outside the backup.
        """
        path = folder / NAME
        try:
            content = json.loads(path.read_text("utf-8"))
            if content["format"] != _FORMAT:
                raise BackupFailed(
                    f"{path} has the format {content['format']}, this exotrain knows {_FORMAT}: "
                    f"restore it with exotrain {content['exotrain']}."
                )
            content["files"] = [Entry(**entry) for entry in content["files"]]
            manifest = cls(**content)
        except FileNotFoundError:
            raise BackupFailed(f"there is no {NAME} in {folder}: it is not a backup.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BackupFailed(f"{path} cannot be read: {error!r}.") from error
        for entry in manifest.files:
            _require_inside(path, entry.path)
        if DATABASE not in {entry.path for entry in manifest.files}:
            raise BackupFailed(f"{path} names no {DATABASE}.")
        return manifest


def _require_inside(manifest: Path, path: str) -> None:
    parts = PurePosixPath(path).parts
    is_ours = path == DATABASE or (len(parts) > 1 and parts[0] in FOLDERS)
    if not is_ours or ".." in parts:
        raise BackupFailed(f"{manifest} names a file that belongs to no data folder: {path!r}.")
