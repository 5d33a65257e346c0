"""The kinds of studies: a module each, which has what `Kind` names."""

from backend.database.connection import Record
from backend.errors import Conflict
from backend.services.studies.kinds import folds, grid, search
from backend.services.studies.kinds.kind import Kind

KINDS: dict[str, Kind] = {"folds": folds, "grid": grid, "search": search}


def kind_of(study: Record) -> Kind:
    """The kind of a study, by its row."""
    return KINDS[study["kind"]]


def figures_field(study: Record, found: Record | None) -> Record:
    """The figures of a study under the field in which they are sent, if its kind has any."""
    field = kind_of(study).FIGURES_FIELD
    return {field: found} if field else {}


def require_every_row(study: Record) -> None:
    """Check that a study predicts every row.

    Raises:
        Conflict: its kind does not.
    """
    if not kind_of(study).PREDICTS_EVERY_ROW:
        raise Conflict(
            f"Study {study['id']} is of kind {study['kind']}: only a study of kind folds predicts "
            "every row, has doubts about labels, and can be joined to one model."
        )
