"""The state of a session after its last finished epoch, in one file, so that it can resume."""

import json
import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.storage.atomic import replacing
from backend.training.spec import NothingToKeep

Arrays = list[NDArray]


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the next epoch depends on; the batches follow from its number and the seed.

    Attributes:
        fingerprint: of the spec and the data; a checkpoint of another session is not used.
        epochs_finished: how many.
        variables: the model's: averaged weights and the state of its random generators.
        learning: the trainable weights that learn, whose average is in the model.
        optimizer: the optimizer's variables, including its learning rate and step count.
        best_weights: of the best epoch so far.
        callbacks: the state of each callback that has one, by its name; JSON-able.
        is_finished: whether the session needs no further epoch.
    """

    fingerprint: str
    epochs_finished: int
    variables: Arrays
    learning: Arrays
    optimizer: Arrays
    best_weights: Arrays
    callbacks: dict[str, dict[str, Any]]
    is_finished: bool

    def epochs(self) -> dict[int, wire.EpochMetrics]:
        """The metrics of the finished epochs by their number, from 1, oldest first."""
        stored = {int(epoch): metrics for epoch, metrics in self.callbacks["epochs"].items()}
        return {epoch: wire.EpochMetrics(**stored[epoch]) for epoch in sorted(stored)}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in one step: a reader finds the old one or the new one, whole.

    Raises:
        OSError: for example, the disk is full; an old checkpoint is still there.
    """
    state = {name: getattr(checkpoint, name) for name in _STATE}
    arrays = {
        f"{group}_{number:04d}": array
        for group in _ARRAYS
        for number, array in enumerate(getattr(checkpoint, group))
    }
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    with replacing(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path: Path, fingerprint: str) -> Checkpoint | None:
    """Read a checkpoint; None if there is none, or if it belongs to another session."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            state = json.loads(stored["state"].tobytes())
            if state["fingerprint"] != fingerprint:
                return None
            groups: dict[str, Any] = {
                group: [stored[name] for name in sorted(stored.files) if name.startswith(group)]
                for group in _ARRAYS
            }
    except (FileNotFoundError, zipfile.BadZipFile, EOFError, KeyError, ValueError):
        return None
    return Checkpoint(**state, **groups)


def load_kept(path: Path, fingerprint: str) -> Checkpoint:
    """Read the checkpoint of a session that is to be kept, as one that needs no further epoch.

    Raises:
        NothingToKeep: there is none that this version can use.
    """
    found = load_checkpoint(path, fingerprint)
    if found is None:
        raise NothingToKeep(
            "The finished epochs of this session cannot be read: their file is damaged or missing, "
            "or another version of exotrain or Keras wrote it, or the dataset is another one. "
            "Retry the session."
        )
    return replace(found, is_finished=True)


def restore_variables(model: keras.Model, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's variables into a compiled model and its optimizer."""
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.variables, checkpoint.variables, strict=True):
        variable.assign(value)
    for variable, value in zip(model.optimizer.variables, checkpoint.optimizer, strict=True):
        variable.assign(value)


_STATE = ("fingerprint", "epochs_finished", "callbacks", "is_finished")
_ARRAYS = ("variables", "learning", "optimizer", "best_weights")
