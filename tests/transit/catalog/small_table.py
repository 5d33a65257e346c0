"""A small table, read or refused."""

import io

import pytest

from backend.transit.catalog.reader import CatalogError, open_catalog

NAMES = "period,duration,depth,srad,label"
ROW = "9.5,3.25,600.5,0.95,1"


def read(text):
    """The catalogue, and the lines of its rows."""
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=True)
    return catalog, [line for chunk in catalog for line in chunk.lines]


def refused(text):
    """The error of a text that is not taken."""
    with pytest.raises(CatalogError) as caught:
        read(text)
    return caught.value
