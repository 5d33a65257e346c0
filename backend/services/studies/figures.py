"""The figures of studies: found in the background when somebody asks, and kept until they change.

What they are made of is kept for longer. Nothing is stored: they follow from the predictions of the
sessions, which are.
"""

from backend.database.connection import Record
from backend.services.studies.finder import Finder, Tell
from backend.services.studies.kept import Kept
from backend.services.studies.kinds import kind_of
from backend.storage.layout import Storage


class StudyFigures:
    """The figures of studies."""

    def __init__(self, storage: Storage, finder: Finder | None = None) -> None:
        self._storage = storage
        self._finder = finder or Finder("study-figures")
        self._kept = Kept()

    def of(
        self,
        study: Record,
        parts: list[Record],
        evaluated: dict[int, Record],
        patience: float | None = None,
    ) -> Record | None:
        """The figures of a study as far as its sessions have come.

        Args:
            study: its row.
            parts: its sessions, from `studies.parts_of`.
            evaluated: their figures, from `studies.evaluated`.
            patience: how long to wait, in seconds, for those that are not known yet.

        Returns:
            What `find_figures` of its kind has told. None where no session has tested anything, or
            that was not found in time.
        """
        tested = [part for part in parts if part["file"] is not None and part["id"] in evaluated]
        if not tested or not kind_of(study).FIGURES_FIELD:
            return None

        def find(tell: Tell) -> None:
            kind_of(study).find_figures(self._storage, study, parts, evaluated, tell, self._kept)

        state = tuple(part["id"] for part in tested)
        return self._finder.of(
            study["id"], state, find, patience, _without_intervals, may_be_earlier=True
        )


def _without_intervals(figures: Record) -> Record:
    return figures | {"intervals_state": "unknown"}
