"""A result as ECSV or VOTable: typed columns with units, and where the numbers come from."""

import csv
import math
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from backend.config import VERSION
from backend.database.connection import Record
from backend.services.batch_jobs.index import plain
from backend.services.batch_jobs.posting import unlike_training_of
from backend.services.batch_jobs.result import Result, Wanted
from backend.services.context import Services
from backend.services.predictions.unlike_training import sentences
from backend.storage.incoming import open_growing, require_space
from backend.transit.catalog.numbers import DecimalSign, read_numbers
from backend.transit.columns import COLUMNS, UNITS

# As astropy and the Virtual Observatory spell ours; the others have none.
_UNITS = {"period": "d", "duration": "h", "steff": "K", "srad": "solRad", "tmag": "mag"}

_BOOLEANS = ("uncertain", "is_grazing", "sparse", "light_curve", "trained_on_simulated")
_TEXTS = (
    *("predicted_label", "missing_inputs", "outside_training_range"),
    *("nearest_sibling", "ephemeris_match", "relations_in_words", "prediction_error"),
)
_ADDED_UNITS = {
    "predicted_period": "d",
    "planet_radius_earth": "earthRad",
    "match_separation_arcsec": "arcsec",
    "match_magnitude_difference": "mag",
}
_DESCRIPTIONS = {
    "predicted_label": "the most probable class",
    "predicted_depth_ppm": "ppm",
    "uncertain": "whether the model abstains",
    "density_ratio": "stellar density from the transit over that of the star",
    "sparse": "whether few training rows are near",
    "candidates_on_star": "other candidates of the star",
    "sibling_period_ratio": "longer period over the shorter, to the sibling nearest in period",
    "nearest_sibling": "that candidate",
    "ephemeris_matches": "candidates of other stars that share the ephemeris",
    "match_depth_ratio": "how many times deeper the deepest of them is",
    "match_magnitude_difference": "its magnitude minus the row's",
    "ephemeris_match": "that candidate",
    "relations_in_words": "what the relations mean; nothing of them comes from a label",
    "light_curve": "whether the prediction rests on a real light curve",
    "trained_on_simulated": "whether the model was trained on simulated data",
    "prediction_error": "why there is no prediction",
}


def write_as(
    services: Services,
    batch: Record,
    result: Result,
    wanted: Wanted,
    kind: str,
) -> Path:
    """Write the wanted rows of a result.

    Args:
        services: settings and the child that writes tables.
        batch: its row.
        result: that of the batch.
        wanted: which rows, in which order.
        kind: "ecsv" or "votable".

    Returns:
        A new file in `uploads/incoming`, which the caller deletes.

    Raises:
        CatalogError: it takes too long, or too much memory.
        NoSpace: the disk is nearly full.
        Unavailable: too many tables are written at the same time.
    """
    table, out = services.storage.new_incoming(), services.storage.new_incoming()
    require_space(table.parent, 3 * batch["result_bytes"])
    columns = _columns(result)
    try:
        with TextIOWrapper(open_growing(table), encoding="utf-8", newline="") as sink:
            writer = csv.writer(sink, lineterminator="\n")
            writer.writerow([each["name"] for each in columns])
            for records in result.records(result.find(wanted)):
                writer.writerows(_plain_records(result, records))
        services.converter.write_table(table, columns, _provenance(batch, wanted), kind, out)
    finally:
        table.unlink(missing_ok=True)
    return out


def _columns(result: Result) -> list[dict[str, Any]]:
    """Name, unit, description and type of each column: those of the file, then those added."""
    ours = _numbers(result)
    scales = result.own.read.scales
    columns = []
    for place, name in enumerate(result.own.names):
        column = ours.get(place)
        each = {"name": name, "unit": None, "description": None, "type": "text"}
        if column is not None and column in scales:
            factor, offset = scales[column]
            plus = f" plus {offset:.6g}" if offset else ""
            each |= {"description": f"times {factor:.6g}{plus}: {column} in {UNITS[column]}"}
        elif column is not None:
            each |= {"unit": _UNITS.get(column), "description": f"{column} {UNITS[column]}".strip()}
        columns.append(each if column is None else each | {"type": "float"})
    for name in result.own.added:
        kind = "bool" if name in _BOOLEANS else "text" if name in _TEXTS else "float"
        unit, described = _ADDED_UNITS.get(name), _DESCRIPTIONS.get(name)
        columns.append({"name": name, "unit": unit, "description": described, "type": kind})
    taken: set[str] = set()
    for number, each in enumerate(columns, 1):
        name = str(each["name"]).strip() or f"column_{number}"
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        each["name"] = name
    return columns


def _numbers(result: Result) -> dict[int, str]:
    """By position, the columns of the file that hold numbers of ours."""
    return {place: name for name, place in result.own.read.fields.items() if name in COLUMNS}


def _plain_records(result: Result, records: list[list[str]]) -> Iterator[list[str]]:
    """Records without apostrophes and with decimal dots; what is no number is missing."""
    width = len(result.own.names)
    own = [[plain(cell) for cell in record[:width]] for record in records]
    for place, name in _numbers(result).items():
        sign = result.own.read.signs.get(name, DecimalSign.DOT)
        values = read_numbers([record[place] for record in own], sign).values.tolist()
        for record, value in zip(own, values, strict=True):
            record[place] = repr(value) if math.isfinite(value) else ""
    comma = result.own.read.decimal.value
    for record, cells in zip(own, records, strict=True):
        added = (
            plain(cell) if name in (*_TEXTS, *_BOOLEANS) else cell.replace(comma, ".")
            for name, cell in zip(result.own.added, cells[width:], strict=True)
        )
        yield [*record, *added]


def _provenance(batch: Record, wanted: Wanted) -> dict[str, Any]:
    """Where the numbers come from; text and numbers alone."""
    model = batch["model"]
    shown = {
        name: value for name, value in wanted._asdict().items() if value != getattr(Wanted(), name)
    }
    return {
        "creator": f"exotrain {VERSION}",
        "batch": batch["id"],
        "predicted_at": batch["completed_at"],
        "file": batch["file_name"],
        "file_sha256": batch["file_sha256"],
        "survey": batch["reading"]["source"],
        "model_id": model["id"],
        "model_name": model["name"],
        "model_sha256": model["sha256"],
        "model_created_at": model["created_at"],
        "threshold": model["threshold"],
        "trained_on": "simulated data" if model.get("simulated") else None,
        "warning": " ".join(sentences(unlike_training_of(batch), model["id"])) or None,
        "filters": ", ".join(f"{name}={value}" for name, value in shown.items()) or None,
    }
