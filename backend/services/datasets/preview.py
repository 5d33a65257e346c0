"""What a file would be as a dataset, for a person who has not decided yet how it is to be read."""

from typing import Any

from backend.database.connection import Record
from backend.services.context import Services
from backend.services.datasets.upload import read
from backend.storage.incoming import IncomingFile
from backend.transit.catalog.names.read_as import ReadAs, ReadAsError
from backend.transit.catalog.preview import first_look
from backend.transit.catalog.reader import CatalogError
from backend.transit.columns import LABELS


def preview(
    services: Services, workspace: Record, incoming: IncomingFile, read_as: ReadAs
) -> dict[str, Any]:
    """Tell what a received file would be; nothing is stored.

    Returns:
        the fields of `PreviewAnswer`. A table that could not be accepted is told with its columns,
        so that they can be mapped.

    Raises:
        CatalogError: it is not a table.
        NoSpace: the disk is full.
    """
    incoming.flush()
    folder = services.storage.incoming
    with (
        open(incoming.path, "rb") as source,
        services.converter.as_text(source, folder, read_as.table) as (text, _),
    ):
        seen = first_look(text, label_required=True, read_as=read_as)
    found: dict[str, Any] = {
        "is_usable": False,
        "existing_dataset_id": None,
        "num_samples": 0,
        "num_rejected": 0,
        "class_counts": dict.fromkeys(LABELS, 0),
        "warnings": [],
        "units": [],
        "profile": None,
    }
    try:
        dataset, existing = read(services, workspace, incoming, read_as)
    except (CatalogError, ReadAsError) as error:
        units = error.units if isinstance(error, CatalogError) else []
        return {**seen, **found, "message": str(error), "problem": str(error), "units": units}
    report = dataset["profile"]["report"]
    return {
        **seen,
        **found,
        **dataset,
        "is_usable": True,
        "problem": None,
        "message": accepted(dataset),
        "existing_dataset_id": existing["id"] if existing else None,
        "warnings": report["warnings"],
        "units": report["units"],
    }


def accepted(dataset: Record) -> str:
    """How many rows were accepted and left out, the more important number first."""
    accepted, left_out = dataset["num_samples"], dataset["num_rejected"]
    if left_out > accepted:
        return f"{left_out:,} of {accepted + left_out:,} rows left out, {accepted:,} accepted."
    return f"{accepted:,} rows accepted, {left_out:,} left out."
