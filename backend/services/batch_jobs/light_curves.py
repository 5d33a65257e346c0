"""What light curves show of the rows of a batch: prepared by child processes before it predicts.

The parts stay beside the batch's other files until it has ended: after a kill those are made that
are missing, and the views are the same.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from backend.database.connection import Record
from backend.database.curves import sets
from backend.errors import Conflict
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.run import Inputs, ViewMaker
from backend.services.batch_jobs.growing import StartAgain
from backend.services.context import Services
from backend.services.curves.chosen import chosen_set
from backend.services.curves.preparing import Progress, packs_of_version
from backend.services.predictions.model import require_curve_reader
from backend.services.predictions.own_rows import new_file, write_rows
from backend.storage import batch_views, curve_files
from backend.storage.atomic import sha256_of
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import open_catalog
from backend.transit.photometry.view_rows import RECIPE, VIEW_ROW_DTYPE, ViewRows, views_between
from backend.transit.rows import Rows


class RowViews:
    """The views of a catalogue's rows, found by their lines; both may be memory-mapped files."""

    def __init__(self, lines: NDArray[np.int64], records: ViewRows) -> None:
        """Take what was prepared.

        Args:
            lines: int64, (n,), those of the rows in the file, ascending.
            records: VIEW_ROW_DTYPE, (m,), by place in `lines`.
        """
        self._lines, self._records = lines, records

    def of(self, rows: Rows) -> ViewRows:
        """Those of rows that stand together in the catalogue.

        Args:
            rows: ROW_DTYPE, (k,).

        Returns:
            VIEW_ROW_DTYPE, by place in `rows`.

        Raises:
            LookupError: they are other rows.
        """
        start = int(np.searchsorted(self._lines, rows["line"][0])) if len(rows) else 0
        stop = start + len(rows)
        if not np.array_equal(self._lines[start:stop], rows["line"]):
            raise LookupError("The views are those of other rows.")
        return views_between(self._records, start, stop)


def views_of(views: RowViews | None, rows: Rows) -> ViewRows | None:
    """Those of some rows; None for a batch without a curve set."""
    return None if views is None else views.of(rows)


def asked_curves(
    connection: Connection, workspace: Record, model: Record, curve_set_id: int | None
) -> Record | None:
    """What a new batch stores of its light curves.

    Args:
        connection: open for reading.
        workspace: that it belongs to.
        model: what predicts it.
        curve_set_id: of the request.

    Returns:
        The set with its newest version and the recipe; `rows` have light curves, so many of them
        `rows_done`; and `facts` once they are prepared. None: the request names no set.

    Raises:
        Invalid: the model reads no light curves.
        NotFound: there is no such set in the workspace.
        Conflict: it has no light curves yet.
    """
    if curve_set_id is None:
        return None
    found = chosen_set(connection, workspace["id"], curve_set_id)
    require_curve_reader(model)
    return {
        "curve_set_id": found["id"],
        "name": found["name"],
        "curves_sha256": found["sha256"],
        "recipe": RECIPE,
        "rows": 0,
        "rows_done": 0,
        "facts": None,
    }


def views_bytes(curves: Record | None) -> int:
    """What the views of an unfinished batch take: the parts, and all of them in one file."""
    return 0 if curves is None else 2 * curves["rows"] * VIEW_ROW_DTYPE.itemsize


def described_curves(batch: Record) -> Record | None:
    """The light curves of a batch as the API shows them."""
    curves, counts = batch["light_curves"], batch["counts"] or {}
    if curves is None:
        return None
    is_prepared = curves["facts"] is not None
    progress = 1.0 if is_prepared else curves["rows_done"] / max(curves["rows"], 1)
    used = counts.get("light_curves", 0)
    predicted = counts.get("all", 0) - counts.get("errors", 0)
    shown = {"progress": progress, "rows_used": used, "rows_without": predicted - used}
    return {**curves, **shown}


@contextmanager
def views_of_batch(
    services: Services,
    maker: ViewMaker,
    batch: Record,
    text: BinaryIO,
    read_as: ReadAs,
    record: Callable[[Record], None],
    check: Callable[[], None],
) -> Iterator[RowViews | None]:
    """Have the views of a batch's rows prepared.

    Args:
        services: files and the database.
        maker: starts the child processes.
        batch: its row.
        text: the catalogue, at its beginning; it is there again afterwards.
        read_as: what was said of it.
        record: stores the `light_curves` of the batch.
        check: is called now and then; what it raises ends the work.

    Returns:
        For as long as the context lasts; None for a batch without a curve set.

    Raises:
        StartAgain: rows are done whose views another release has made in another way.
        Conflict, DamagedPack: the set was deleted, or its files are damaged or missing.
        DamagedPart, TooManyDeaths, Unavailable: they cannot be prepared.
        CatalogError: it is not a catalogue, or has no usable row.
        NoSpace: the quota or the disk is full.
    """
    if batch["light_curves"] is None:
        yield None
        return
    curves = {**batch["light_curves"], "recipe": RECIPE}
    if batch["rows_done"] and curves != batch["light_curves"]:
        raise StartAgain
    with ExitStack() as stack:
        rows, evidence = new_file(services, stack), new_file(services, stack)
        catalog = open_catalog(text, label_required=False, read_as=read_as)
        write_rows(catalog, rows, evidence, check)
        text.seek(0)
        place = batch["workspace_id"], batch["id"]
        target = batch_views.whole(services.storage, *place)
        facts = maker.make(
            _inputs(services, curves, rows, evidence if catalog.evidence.columns else None),
            target,
            lambda number: batch_views.part(services.storage, *place, number),
            Progress(lambda done, of: record({**curves, "rows": of, "rows_done": done})),
            check,
        )
        table = np.load(rows, mmap_mode="r")
        found = {"rows": facts.rows_with_curve, "rows_done": facts.rows_with_curve}
        record({**curves, **found, "facts": _facts_of(facts, table)})
        yield RowViews(table["line"], np.load(target, mmap_mode="r"))


def _inputs(services: Services, curves: Record, rows: Path, evidence: Path | None) -> Inputs:
    with services.database.read() as connection:
        curve_set = sets.find(connection, curves["curve_set_id"])
    if curve_set is None:
        raise Conflict(f"Curve set {curves['curve_set_id']} was deleted: bring its files again.")
    hashes = [sha256_of(path) for path in (rows, evidence) if path is not None]
    return Inputs(
        rows,
        evidence,
        curve_files.folder(services.storage, curve_set),
        packs_of_version(services, curve_set, curves["curves_sha256"]),
        " ".join([*hashes, curves["curves_sha256"], str(curves["recipe"])]),
    )


def _facts_of(facts: Facts, table: Rows) -> Record:
    """What is to be said of all rows that are predicted."""
    has_star = table["star"] != b""
    without_star = int((~has_star).sum())
    not_in_set = len(table) - without_star - facts.rows_with_curve
    told = {"rows_without_star": without_star, "rows_not_in_set": not_in_set}
    return {"rows": len(table), **told, **facts.as_json()}
