"""How a catalogue would be read for a prediction, for a person who has not decided yet."""

from typing import Any, BinaryIO

from backend.services.context import Services
from backend.services.datasets.derive import WORTH_PANDAS
from backend.storage.incoming import IncomingFile
from backend.tables.converter import Converted
from backend.transit.catalog.names.read_as import ReadAs, ReadAsError
from backend.transit.catalog.preview import first_look
from backend.transit.catalog.reader import CatalogError, open_catalog
from backend.transit.report.findings import reading_report


def preview(services: Services, incoming: IncomingFile, read_as: ReadAs) -> dict[str, Any]:
    """Tell which rows of a received catalogue would be predicted; nothing is stored.

    Its table is read to the end as a batch reads it, without a model.

    Returns:
        the fields of `BatchPreview`. A table that could not be predicted is told with its columns,
        so that they can be mapped.

    Raises:
        CatalogError: it is not a table.
        NoSpace: the disk is nearly full.
        Unavailable: too many files that are no text are read at the same time.
    """
    incoming.flush()
    folder = services.storage.incoming
    with (
        open(incoming.path, "rb") as source,
        services.converter.as_text(source, folder, read_as.table) as (text, converted),
    ):
        seen = first_look(text, label_required=False, read_as=read_as)
        text.seek(0)
        try:
            return {**seen, **_read(text, incoming.size, converted, read_as)}
        except (CatalogError, ReadAsError) as error:
            return {**seen, **_unusable(error)}


def _read(
    text: BinaryIO, size: int, converted: Converted | None, read_as: ReadAs
) -> dict[str, Any]:
    catalog = open_catalog(
        text, label_required=False, read_as=read_as, with_records=size < WORTH_PANDAS
    )
    accepted = sum(len(chunk.accepted) for chunk in catalog)
    left_out = catalog.rejections.summary()
    reading = catalog.reading() | {"notes": converted.notes if converted else []}
    report = reading_report(accepted, left_out, reading)
    return {
        "is_usable": True,
        "problem": None,
        "message": f"{accepted:,} rows would be predicted, {left_out['total']:,} left out.",
        "num_predicted": accepted,
        "num_rejected": left_out["total"],
        "warnings": report["warnings"],
        "units": report["units"],
        "profile": {
            "rejected": left_out,
            "file": converted.described() if converted else None,
            "report": report,
        },
    }


def _unusable(error: CatalogError | ReadAsError) -> dict[str, Any]:
    return {
        "is_usable": False,
        "problem": str(error),
        "message": str(error),
        "num_predicted": 0,
        "num_rejected": 0,
        "warnings": [],
        "units": error.units if isinstance(error, CatalogError) else [],
        "profile": None,
    }
