"""Files of other kinds, told by how they begin."""

import re

# Bytes that no text begins with.
_SIGNATURES = {
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old kind (.xls)",
    b"\x1f\x8b": "a gzip file",
    b"SIMPLE  =": "a FITS file",
    b"XTENSION=": "a part of a FITS file",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array (.npy)",
}

# Text that is no delimited table, without the white space before it.
_TEXTS = (
    (rb"(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:(?!-->).)*+-->\s*+)*+<VOTABLE\b", "a VOTable"),
    (rb"(?:<!DOCTYPE html|<html)\b", "a web page (HTML), perhaps with an error message"),
    (rb"<\?xml\b", "an XML document"),
    (rb"\{\s*+[\"}]", "JSON"),
    (rb"\[\s*+(?:\{\s*+[\"}]|\[)", "JSON"),
    (rb"(?:\\[^\n]*+\n)++\|[^\n]*\|", "an IPAC table"),
    (
        rb"\|[^\n]*\|[ \r]*+\n\|[ ]*+"
        rb"(?:int|integer|long|real|float|double|char|date|[ilrfdc])[ ]*+\|",
        "an IPAC table",
    ),
    (rb"\|[^\n]*\|[ \r]*+\n(?:\|[ ]*+:?-{3,}:?[ ]*+)++\|", "a Markdown table"),
)
_PATTERNS = [(re.compile(begin, re.IGNORECASE | re.DOTALL), kind) for begin, kind in _TEXTS]

ENOUGH_BYTES = 4096


def foreign_kind(start: bytes) -> str | None:
    """What a file is that begins with these bytes, 4,096 if it has as many; None for a table."""
    for signature, kind in _SIGNATURES.items():
        if start.startswith(signature):
            return kind
    text = start[:ENOUGH_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((kind for pattern, kind in _PATTERNS if pattern.match(text)), None)
