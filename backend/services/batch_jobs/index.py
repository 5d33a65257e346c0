"""The index of a predicted catalogue: where each row stands in the CSV, and what it is found by.

One record a row, in the order of the file. All of it comes from the cells of the CSV, so that both
say the same.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.services.predictions.cells import (
    ADDED_COLUMNS,
    IN_TRAINING_TABLE,
    RELATION_CELLS,
    harmless,
)
from backend.services.predictions.table import BatchRead
from backend.services.predictions.unlike_training import count_known
from backend.tables.converter import Converted
from backend.transit.catalog.archive_flags import ArchiveFlags
from backend.transit.catalog.names.plain_names import OUR_UNIT, Scale
from backend.transit.catalog.numbers import DecimalSign
from backend.transit.catalog.reader import Chunk
from backend.transit.catalog.rows import CheckedRows, check_rows, read_columns
from backend.transit.columns import COLUMNS, LABELS, NEIGHBOUR_COLUMNS, NO_LABEL
from backend.transit.photometry.view_rows import ViewRows
from backend.transit.related import Other, RelationsOfSome, describe_relations
from backend.transit.rows import Rows

# `start` is the row's first byte in the CSV; `uncertain` is -1 where the model has no threshold;
# `words` are the first bytes of what a search looks in, in lower case.
INDEX_DTYPE = np.dtype(
    [
        ("start", "<i8"),
        ("line", "<i8"),
        ("label", "i1"),
        ("uncertain", "i1"),
        ("error", "?"),
        ("probabilities", "<f4", (len(LABELS),)),
        ("period", "<f8"),
        ("depth", "<f8"),
        ("predicted_period", "<f8"),
        ("predicted_depth_ppm", "<f8"),
        ("words", "S64"),
    ]
)

_WORD_BYTES = INDEX_DTYPE["words"].itemsize

# Columns that name a candidate, the most informative first; the network never sees them.
_NAMES = ("kepoi_name", "toi", "pl_name", "name", "candidate", "kepler_name", "hostname")

# What a related row is called that has no name.
_LINE = re.compile(r"line (\d{1,15})", re.ASCII)

_CODES = {name: code for code, name in enumerate(LABELS)}
_FLAGS = {"": None, "no": False, "yes": True}
_LISTS = ("missing_inputs", "outside_training_range")
_TEXTS = ("predicted_label", "prediction_error")
_BOOLEANS = ("uncertain", "is_grazing", "sparse", "light_curve", "trained_on_simulated")

# What 0.4.0 added; it did not say so in its results.
_ADDED_BEFORE = tuple(
    name for name in ADDED_COLUMNS if name not in ("sparse", "light_curve", *RELATION_CELLS)
)


class OwnColumns(NamedTuple):
    """How a catalogue's own columns are read, from its records in the answer, and what follows.

    `names` are its own columns, `added` those of the predictions.
    """

    read: BatchRead
    names: Sequence[str]
    added: Sequence[str] = ADDED_COLUMNS

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "OwnColumns":
        """What `as_json` has made."""
        fields = stored["fields"]
        read = BatchRead(
            source=stored["source"],
            separator=stored["separator"],
            decimal=DecimalSign[stored["decimal"].upper()],
            fields={name: each["at"] for name, each in fields.items()},
            signs={
                name: DecimalSign[each["decimal"].upper()]
                for name, each in fields.items()
                if each["decimal"] is not None
            },
            scales={
                name: scale
                for name, each in fields.items()
                if (scale := Scale(each["factor"], each["offset"])) != OUR_UNIT
            },
            limits={
                name: each["limit_at"]
                for name, each in fields.items()
                if each.get("limit_at") is not None
            },
            labels=stored["labels"],
            converted=Converted(**stored["file"]) if stored["file"] else None,
        )
        return cls(read, stored["columns"], stored.get("added", _ADDED_BEFORE))

    def as_json(self) -> dict[str, Any]:
        """The same for the database and the API."""
        read = self.read
        fields = {
            name: {
                "at": at,
                "decimal": read.signs[name].name.lower() if name in read.signs else None,
                **read.scales.get(name, OUR_UNIT)._asdict(),
                "limit_at": read.limits.get(name),
            }
            for name, at in read.fields.items()
        }
        return {
            "source": read.source,
            "separator": read.separator,
            "decimal": read.decimal.name.lower(),
            "columns": list(self.names),
            "added": list(self.added),
            "fields": fields,
            "labels": dict(read.labels),
            "file": read.converted._asdict() if read.converted else None,
        }

    def check(self, records: Sequence[Sequence[str]]) -> CheckedRows:
        """The values, stars and labels of records, of unusable ones too as far as they have any."""
        fields = self.read.fields
        cells = {column: [plain(record[i]) for record in records] for column, i in fields.items()}
        flags = ArchiveFlags(self.names, self.read.limits, None)
        columns = read_columns(
            flags.without_limits(cells, records), self.read.signs, self.read.labels
        )
        return check_rows(columns, label_required=False, scales=self.read.scales)

    def added_values(self, record: Sequence[str]) -> dict[str, Any]:
        """What a prediction added to a record: numbers, flags, lists, texts, relations."""
        added: dict[str, Any] = {"probabilities": {}}
        cells: dict[str, Any] = {}
        for name, cell in zip(self.added, record[len(self.names) :], strict=True):
            if name in RELATION_CELLS:
                cells[name] = cell
            elif name in _TEXTS:
                added[name] = plain(cell) or None
            elif name in _BOOLEANS:
                added[name] = _FLAGS[cell]
            elif name in _LISTS:
                added[name] = cell.split(";") if cell else []
            elif name.startswith("p_"):
                label = LABELS[len(added["probabilities"])]
                added["probabilities"][label] = _number(cell, self.read.decimal)
            else:
                added[name] = _number(cell, self.read.decimal)
        added["relations"] = _relations(cells, self.read.decimal) if cells else None
        return added

    def name_of(self, record: Sequence[str]) -> str:
        """The name of a candidate; "" where its record has none."""
        found = (record[place] for place in _places_of_names(tuple(self.names)))
        return next((text for cell in found if (text := plain(cell).strip())), "")


def index_of(
    chunk: Chunk, records: list[list[str]], starts: NDArray[np.int64], own: OwnColumns
) -> NDArray[np.void]:
    """The records of the index for a chunk.

    Args:
        chunk: of the catalogue.
        records: its records as they stand in the answer.
        starts: int64, (n,), where each begins in the CSV.
        own: the columns that are not added.

    Returns:
        INDEX_DTYPE, (n,).
    """
    index = np.zeros(len(records), INDEX_DTYPE)
    index["start"], index["line"] = starts, chunk.lines
    for column in ("period", "depth"):
        index[column] = np.nan
        index[column][chunk.accepted] = chunk.rows[column]
    stars = [""] * len(records)
    for i, star in zip(chunk.accepted.tolist(), chunk.rows["star"].tolist(), strict=True):
        stars[i] = star.decode()
    added = [own.added_values(record) for record in records]
    index["error"] = [each["prediction_error"] is not None for each in added]
    index["label"] = [_CODES.get(each["predicted_label"], NO_LABEL) for each in added]
    index["uncertain"] = [-1 if each["uncertain"] is None else each["uncertain"] for each in added]
    index["probabilities"] = [
        [_or_nan(value) for value in each["probabilities"].values()] for each in added
    ]
    for name in ("predicted_period", "predicted_depth_ppm"):
        index[name] = [_or_nan(each[name]) for each in added]
    index["words"] = [
        as_words(f"{own.name_of(record)}\n{star}")[:_WORD_BYTES]
        for record, star in zip(records, stars, strict=True)
    ]
    return index


@lru_cache(maxsize=16)
def _places_of_names(columns: tuple[str, ...]) -> list[int]:
    """The positions of the columns that name a candidate, the most informative first."""
    names = [name.strip().lower() for name in columns]
    return [names.index(name) for name in _NAMES if name in names]


def as_words(text: str) -> bytes:
    """Text as the index has it and is searched for it."""
    return text.lower().encode()


def count(
    index: NDArray[np.void],
    rows: Rows,
    related: RelationsOfSome | None,
    views: ViewRows | None = None,
) -> dict[str, Any]:
    """The numbers of rows: in all, by label, uncertain ones, errors, by known input, with a curve.

    Args:
        index: INDEX_DTYPE, (n,).
        rows: `ROW_DTYPE`, those among them that were predicted.
        related: of these; None: unknown.
        views: of these; None: there are no light curves.
    """
    return {
        "all": len(index),
        "classes": {name: int((index["label"] == i).sum()) for i, name in enumerate(LABELS)},
        "uncertain": int((index["uncertain"] == 1).sum()),
        "errors": int(index["error"].sum()),
        "known": count_known(rows, related),
        "light_curves": 0 if views is None else len(views),
    }


def add_counts(one: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """The sum of two counts; None is of no rows."""
    if one is None:
        return other
    classes = {name: one["classes"][name] + other["classes"][name] for name in LABELS}
    sums = {name: one[name] + other[name] for name in ("all", "uncertain", "errors")}
    curves = sum(each.get("light_curves", 0) for each in (one, other))  # 0.5.0 counted none
    known = _sum_of_known(one, other)
    return {**sums, "classes": classes, "known": known, "light_curves": curves}


def _sum_of_known(one: dict[str, Any], other: dict[str, Any]) -> dict[str, int]:
    """Empty if one is: an earlier release counted its rows without."""
    known, more = one.get("known", {}), other["known"]
    return {name: known[name] + more[name] for name in known}


def values_of(row: NDArray[np.void]) -> dict[str, float | None]:
    """The nine columns of one of the `check`ed rows; null where a number is missing."""
    return {name: float(row[name]) if math.isfinite(row[name]) else None for name in COLUMNS}


def plain(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


def _relations(cells: dict[str, str], decimal: DecimalSign) -> dict[str, Any] | None:
    """What RELATION_CELLS say, as the API shows it; None: nothing is known."""
    named = {**cells, "match_separation": cells["match_separation_arcsec"]}
    values = {name: _or_nan(_number(named[name], decimal)) for name in NEIGHBOUR_COLUMNS}
    sibling, match = (_other(cells[name]) for name in ("nearest_sibling", "ephemeris_match"))
    return describe_relations(values, sibling, match)


def _other(cell: str) -> Other | None:
    text = plain(cell)
    if not text:
        return None
    name = text.removesuffix(IN_TRAINING_TABLE)
    line = _LINE.fullmatch(name)
    return Other("" if line else name, int(line[1]) if line else None, name != text, None)


def _number(cell: str, decimal: DecimalSign) -> float | None:
    return float(cell.replace(decimal.value, ".")) if cell else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
