"""Files of other kinds, told by how they begin: those with a table in them, and others."""

import re

# Kinds of files that hold a table, but not as text between delimiters.
TABLE_KINDS = {
    "votable": "a VOTable",
    "fits": "a FITS file",
    "ecsv": "an ECSV table",
    "ipac": "an IPAC table",
    "parquet": "a Parquet file",
    "xlsx": "a spreadsheet (.xlsx)",
}

_TABLE_SIGNATURES = {b"PK\x03\x04": "xlsx", b"SIMPLE  =": "fits", b"PAR1": "parquet"}

# Text without the white space before it.
_TABLE_TEXTS = (
    (rb"(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:\w+:)?VOTABLE\b", "votable"),
    # Entities, or a long comment, before the first element: for its reader to refuse or read.
    (rb"(?:<\?xml[^>]*+>\s*+)?+(?:<!--|<!DOCTYPE)(?!\s*html)(?=.*VOTABLE)", "votable"),
    (rb"#\s*+%ECSV\b", "ecsv"),
    (rb"(?:\\[^\n]*+\n)++\|[^\n]*\|", "ipac"),
    (
        rb"\|[^\n]*\|[ \r]*+\n\|[ ]*+"
        rb"(?:int|integer|long|real|float|double|char|date|[ilrfdc])[ ]*+\|",
        "ipac",
    ),
)

# Bytes that no text begins with.
_SIGNATURES = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old kind (.xls)",
    b"\x1f\x8b": "a gzip file",
    b"XTENSION=": "a part of a FITS file",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "a NumPy array (.npy)",
}

# Text that is no delimited table, without the white space before it.
_TEXTS = (
    (rb"(?:<!DOCTYPE html|<html)\b", "a web page (HTML), perhaps with an error message"),
    (rb"<\?xml\b", "an XML document"),
    (rb"\{\s*+[\"}]", "JSON"),
    (rb"\[\s*+(?:\{\s*+[\"}]|\[)", "JSON"),
    (rb"\|[^\n]*\|[ \r]*+\n(?:\|[ ]*+:?-{3,}:?[ ]*+)++\|", "a Markdown table"),
)
_FLAGS = re.IGNORECASE | re.DOTALL
_PATTERNS = [(re.compile(begin, _FLAGS), kind) for begin, kind in _TEXTS]
_TABLE_PATTERNS = [(re.compile(begin, _FLAGS), kind) for begin, kind in _TABLE_TEXTS]

ENOUGH_BYTES = 4096


def table_kind(start: bytes) -> str | None:
    """Which of TABLE_KINDS a file is that begins with these bytes, 4,096 if it has as many."""
    for signature, kind in _TABLE_SIGNATURES.items():
        if start.startswith(signature):
            return kind
    return _matching(_TABLE_PATTERNS, start)


def foreign_kind(start: bytes) -> str | None:
    """What a file is that begins with these bytes and is no text between delimiters, or None.

    ECSV is: its comments have the units, but its rows are text.
    """
    kind = table_kind(start)
    if kind not in (None, "ecsv"):
        return TABLE_KINDS[kind]
    for signature, name in _SIGNATURES.items():
        if start.startswith(signature):
            return name
    return _matching(_PATTERNS, start)


def _matching(patterns: list[tuple[re.Pattern[bytes], str]], start: bytes) -> str | None:
    text = start[:ENOUGH_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((kind for pattern, kind in patterns if pattern.match(text)), None)
