"""The sessions of a study: which seed and fold they have."""

from backend.database.connection import Record


def seed_of(part: Record) -> int:
    """The seed of a session of a study."""
    seed: int = part["spec"]["seed"]
    return seed


def fold_of(part: Record) -> int:
    """The fold that a session of a study of kind folds tests, from 1."""
    fold: int = part["spec"]["fold"]
    return fold
