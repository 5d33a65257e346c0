"""The files of the data folder by their names: what exotrain wrote, and what is not its own.

A name is exotrain's own if exotrain makes such names, in the folder where it makes them, and it
is that of a regular file. Whatever else lies there stays, whoever put it there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from backend.storage import curve_files
from backend.storage.atomic import PARTIAL
from backend.storage.layout import SUFFIXES, Storage

_OF_DATASET = re.compile(
    rf"[0-9a-f]{{64}}\.({'|'.join(SUFFIXES)}|npy|evidence\.npy|rejected\.jsonl"
    r"|[0-9a-f]{64}\.labels\.npy)"
)
_OF_BATCH = re.compile(r"batch-[1-9]\d{0,14}\.(upload|csv|rows|(\d{1,9}\.)?views)", re.ASCII)
_OF_MODEL = re.compile(r".+_\d{8}_\d{6}\.(keras|json|(test|neighbours|related)\.npy)", re.ASCII)
_CURRENT_MODEL = re.compile(r"exoplanet_model\.keras")
_CHECKPOINT = re.compile(r"(\d{1,15})(\.\w+)*\.ckpt", re.ASCII)
_WORKSPACE = re.compile(r"\d+", re.ASCII)

# An upload in progress, and what `tempfile` leaves where the system has no unnamed files.
_INCOMING = re.compile(r"[0-9a-f]{32}|tmp[a-z0-9_]{8}")

# They keep empty folders in the repository.
_PLACEHOLDER = ".gitkeep"


@dataclass
class Survey:
    """What lies in the data folder.

    Attributes:
        unfinished: of uploads and writes that a kill ended; nobody needs them.
        of_datasets, of_models: files of datasets, and of models but for the current ones' copies.
        of_batches: files of catalogues that are or were predicted in the background.
        of_curves: files of curve sets, and on their way into one.
        checkpoints: by the id of their session.
        strangers: files and folders that exotrain does not know.
    """

    unfinished: list[Path] = field(default_factory=list)
    of_datasets: list[Path] = field(default_factory=list)
    of_models: list[Path] = field(default_factory=list)
    of_batches: list[Path] = field(default_factory=list)
    of_curves: list[Path] = field(default_factory=list)
    checkpoints: list[tuple[int, Path]] = field(default_factory=list)
    strangers: list[Path] = field(default_factory=list)


def survey(storage: Storage) -> Survey:
    """Look at everything in the folders of uploads and models; nothing is changed."""
    found = Survey()
    for path in _inside(storage.uploads):
        if path == storage.incoming:
            received = {_INCOMING: found.unfinished, PARTIAL: found.unfinished}
            _sort(path, found, received)
        elif _is_workspace(path):
            uploaded = {
                _OF_DATASET: found.of_datasets,
                _OF_BATCH: found.of_batches,
                curve_files.NAME: found.of_curves,
            }
            _sort(path, found, {PARTIAL: found.unfinished, **uploaded})
            for folder in filter(curve_files.is_folder, _inside(path)):
                known = {PARTIAL: found.unfinished, curve_files.INSIDE: found.of_curves}
                _sort(folder, found, known)
        else:
            found.strangers.append(path)
    for path in _inside(storage.models):
        if path == storage.checkpoints:
            files: list[Path] = []
            _sort(path, found, {PARTIAL: found.unfinished, _CHECKPOINT: files})
            found.checkpoints += [(int(each.name.partition(".")[0]), each) for each in files]
        elif _is_workspace(path):
            current: list[Path] = []
            known = {PARTIAL: found.unfinished, _CURRENT_MODEL: current, _OF_MODEL: found.of_models}
            _sort(path, found, known)
        else:
            found.strangers.append(path)
    return found


def _sort(folder: Path, found: Survey, known: dict[re.Pattern[str], list[Path]]) -> None:
    """Put each thing in a folder into the list of the first pattern that its name matches."""
    for path in _inside(folder):
        if curve_files.is_folder(path):
            continue
        if path.is_symlink() or not path.is_file():
            found.strangers.append(path)
            continue
        lists = (paths for pattern, paths in known.items() if pattern.fullmatch(path.name))
        next(lists, found.strangers).append(path)


def _inside(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.iterdir()) if each.name != _PLACEHOLDER)


def _is_workspace(path: Path) -> bool:
    return _WORKSPACE.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()
