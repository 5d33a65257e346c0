"""The sessions of a study: which seed, fold and spec they have."""

from backend import wire
from backend.database.connection import Record
from backend.errors import Conflict
from backend.training.spec import UnusableSpec, upgrade_spec


def seed_of(part: Record) -> int:
    """The seed of a session of a study."""
    seed: int = part["spec"]["seed"]
    return seed


def fold_of(part: Record) -> int:
    """The fold that a session of a study of kind folds tests, from 1."""
    fold: int = part["spec"]["fold"]
    return fold


def stored_spec(fields: Record) -> wire.Spec:
    """A spec that a session or a study stores, whichever version wrote it.

    Raises:
        Conflict: this version cannot read it.
    """
    try:
        return upgrade_spec(fields)
    except UnusableSpec as error:
        raise Conflict(str(error)) from error
