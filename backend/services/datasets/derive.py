"""From a catalogue to the files that are made of it: table, rejections, evidence."""

from collections.abc import Collection
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from backend.storage.dataset_table import TableWriter
from backend.storage.incoming import MEGABYTE, open_growing, require_space
from backend.tables.converter import TableConverter
from backend.transit.catalog.names.read_as import ReadAs
from backend.transit.catalog.reader import open_catalog, profile
from backend.transit.columns import TEACHING
from backend.transit.simulation.catalogue import is_simulated

# A row of a narrow CSV is about 60 bytes long, and 129 in the table.
_DERIVED_PER_BYTE = 2.5

# Reading many lines at once needs pandas, of 43 MB and half a second: not for a small table.
WORTH_PANDAS = 8 * MEGABYTE


class DerivedPaths(NamedTuple):
    """The files that are made of a catalogue, in the order of `Storage.dataset_files`."""

    table: Path
    rejections: Path
    evidence: Path

    def made(self) -> list[Path]:
        """Those that there are: a table without evidence has no file of it."""
        return [path for path in self if path.exists()]


def derive(
    source: BinaryIO,
    size: int,
    paths: DerivedPaths,
    converter: TableConverter,
    read_as: ReadAs,
    teaching: Collection[str] = TEACHING,
) -> dict[str, Any]:
    """Read a catalogue into its files.

    Args:
        source: the catalogue, an open file with a name, at its beginning.
        size: of the catalogue, in bytes.
        paths: new files; that of the evidence is only made if there is any.
        converter: makes text of a VOTable, a spreadsheet and the like.
        read_as: what was said of it.
        teaching: the columns of TEACHING that are read; others stay unread, as they were when the
            catalogue was read first.

    Returns:
        The columns of its database row that tell about its content.

    Raises:
        CatalogError: it is not a catalogue, or has no usable row.
        ReadAsError: what was said does not fit the header.
        NoSpace: the disk is nearly full.
        Unavailable: too many files that are no text are read at the same time.
    """
    folder = paths.table.parent
    require_space(folder, int(size * _DERIVED_PER_BYTE))
    with ExitStack() as files:
        text, converted = files.enter_context(converter.as_text(source, folder, read_as.table))
        rows = files.enter_context(open_growing(paths.table))
        rejected = files.enter_context(open_growing(paths.rejections))
        sink = files.enter_context(TextIOWrapper(rejected, encoding="utf-8"))
        simulated = is_simulated(text)
        catalog = open_catalog(
            text,
            label_required=True,
            rejection_sink=sink,
            read_as=read_as,
            with_records=size < WORTH_PANDAS,
            teaching=teaching,
        )
        table = TableWriter(rows)
        evidence = None
        if catalog.evidence.columns:
            evidence = TableWriter(
                files.enter_context(open_growing(paths.evidence)), catalog.evidence.columns.dtype
            )
        for chunk in catalog:
            table.append(chunk.rows)
            if evidence is not None and chunk.evidence is not None:
                evidence.append(chunk.evidence)
        table.finish()
        if evidence is not None:
            evidence.finish()
    rows_read = np.load(paths.table, mmap_mode="r")
    reading = catalog.reading() | {"notes": converted.notes if converted else []}
    described = profile(rows_read, catalog.rejections.summary(), reading)
    described["file"] = converted.described() if converted else None
    described["form"] = catalog.form
    described["simulated"] = simulated
    described["recognised"] = catalog.columns
    described["factors"] = {column: each.factor for column, each in catalog.scales.items()}
    described["evidence"] = catalog.evidence.recognised
    read = catalog.evidence.columns.all_positions.union(catalog.fields.values())
    described["unread"] = len(catalog.header) - len(read)
    return {
        "source": catalog.source,
        "num_samples": described["rows"],
        "num_rejected": catalog.rejections.total,
        "class_counts": described["class_counts"],
        "profile": described,
    }
