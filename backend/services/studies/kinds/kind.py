"""What the rest of studies asks the module of a kind."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from backend import wire
from backend.database.connection import Record
from backend.services.studies.finder import Tell
from backend.services.studies.kept import Kept
from backend.storage.layout import Storage


class Kind(Protocol):
    """The module of a kind.

    A study stores in its `settings` the fields of its kind, from the request, and besides them
    `seeds`, its seeds; `labelled`, how many rows have a label; `spec`, that of its sessions as far
    as they have it in common, whose seed is the first of them.

    Attributes:
        FIGURES_FIELD: of a study, in which its figures are sent; "": it has none of its own.
        PREDICTS_EVERY_ROW: whether it has out-of-fold predictions, and what follows from them:
            doubts, one model of all folds, comparisons with other studies.
        NOT_SHOWN: fields of the common spec that say nothing of the study.
    """

    FIGURES_FIELD: str
    PREDICTS_EVERY_ROW: bool
    NOT_SHOWN: tuple[str, ...]

    def specs(self, name: str, settings: Record) -> list[wire.Spec]:
        """Those of the sessions that a study with this name begins with, in their order.

        Raises:
            Conflict: this version cannot read the spec that the study stores.
        """

    def place(self, study: Record, part: Record) -> Mapping[str, int | None]:
        """What a session is within its study; its values are its place in the order, None last."""

    def find_figures(
        self,
        storage: Storage,
        study: Record,
        parts: Sequence[Record],
        evaluated: dict[int, Record],
        tell: Tell,
        kept: Kept,
    ) -> None:
        """Find the figures of a study that has tested something, as far as they can be.

        Args:
            storage: where the models are.
            study: its row.
            parts: its sessions, from `studies.parts_of`.
            evaluated: their figures, from `studies.evaluated`.
            tell: takes what is known, again when more is; `intervals_state` is a part of it.
            kept: what was computed for earlier figures, and may be again.

        Raises:
            Conflict: predictions are missing on the server, or damaged.
        """
