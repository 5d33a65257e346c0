"""The cells that a prediction adds to a record of a catalogue, and what keeps a cell from harm."""

import math
import re
import string
from collections.abc import Callable
from typing import Any

from backend.transit.catalog.numbers import DecimalSign
from backend.transit.columns import LABELS, NEIGHBOUR_COLUMNS
from backend.transit.relation_sentences import name_or_line

# How a row relates to others, and what that means in English.
RELATION_CELLS = (
    *("candidates_on_star", "sibling_period_ratio", "nearest_sibling"),
    *("ephemeris_matches", "match_separation_arcsec", "match_depth_ratio"),
    *("match_magnitude_difference", "ephemeris_match", "relations_in_words"),
)

ADDED_COLUMNS = (
    "predicted_label",
    *(f"p_{name.lower().replace(' ', '_')}" for name in LABELS),
    "predicted_period",
    "predicted_depth_ppm",
    "uncertain",
    "density_ratio",
    "planet_radius_earth",
    "is_grazing",
    "single_transit_snr",
    "missing_inputs",
    "outside_training_range",
    "sparse",
    *RELATION_CELLS,
    "light_curve",
    "trained_on_simulated",
    "prediction_error",
)

# Behind the name of a row that is not of the catalogue.
IN_TRAINING_TABLE = " (training table)"

# Spreadsheets run a cell that starts with one of these, the full-width forms included.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001
# Nearly all cells of a catalogue: no more need be known of them.
_HARMLESS_STARTS = frozenset(("", *string.ascii_letters, *string.digits, "."))
# Digits with decimal signs and marks between groups: nothing of it is run.
_NUMBER = re.compile(
    r"[+-]?(\d[\d.,\u2019\u00a0\u2009\u202f]*|[.,]\d+)([eE][+-]?\d+)?\s*", re.ASCII
)

_NEEDS_QUOTES = re.compile(r'[",\r\n]')

# The significant digits of a float32 network.
_DIGITS = 7


def added_cells(answer: dict[str, Any], decimal: DecimalSign) -> list[str]:
    """The cells of ADDED_COLUMNS.

    Args:
        answer: of `services.predictions.rows.predict`.
        decimal: the sign that the table has.
    """

    def written(value: float | None) -> str:
        return _number(value).replace(".", decimal.value)

    numbers = [*answer["probabilities"].values(), answer["period"], answer["depth_ppm"]]
    found = answer["diagnostics"]
    return [
        answer["label_name"],
        *map(written, numbers),
        _flag(answer["uncertain"]),
        written(found["density_ratio"]),
        written(found["planet_radius"]),
        _flag(found["is_grazing"]),
        written(found["single_transit_snr"]),
        ";".join(answer["missing"]),
        ";".join(each["column"] for each in found["outside_training_range"]),
        _flag(found["is_sparse"]),
        *_relation_cells(answer["relations"], written),
        _flag(answer["light_curve"]),
        _flag(answer["simulated"]),
        "",
    ]


def no_prediction(reason: str) -> list[str]:
    """The same of a record that has no prediction."""
    return [""] * (len(ADDED_COLUMNS) - 1) + [harmless(reason)]


def harmless_record(record: list[str]) -> list[str]:
    """The cells of a record, harmless."""
    return [cell if cell[:1] in _HARMLESS_STARTS else harmless(cell) for cell in record]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and does not run; plain numbers are unchanged."""
    is_formula = cell.startswith(_FORMULA_STARTS) or cell.lstrip().startswith(_FORMULA_STARTS)
    if is_formula and not _NUMBER.fullmatch(cell.strip()):
        return f"'{cell}"
    return cell


def quoted(value: Any) -> str:
    """A cell of a CSV, quoted where it must be (RFC 4180)."""
    text = str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(text) else text


def _relation_cells(
    relations: dict[str, Any] | None, written: Callable[[float | None], str]
) -> list[str]:
    if relations is None:
        return [""] * len(RELATION_CELLS)
    numbers = {name: written(relations[name]) for name in NEIGHBOUR_COLUMNS}
    return [
        numbers["candidates_on_star"],
        numbers["sibling_period_ratio"],
        _other(relations["sibling"]),
        numbers["ephemeris_matches"],
        numbers["match_separation"],
        numbers["match_depth_ratio"],
        numbers["match_magnitude_difference"],
        _other(relations["match"]),
        harmless(" ".join(relations["sentences"])),
    ]


def _other(other: dict[str, Any] | None) -> str:
    if other is None:
        return ""
    return harmless(name_or_line(other) + (IN_TRAINING_TABLE if other["in_training_table"] else ""))


def _number(value: float | None) -> str:
    return f"{value:.{_DIGITS}g}" if value is not None and math.isfinite(value) else ""


def _flag(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
