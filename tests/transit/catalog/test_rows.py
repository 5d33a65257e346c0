"""The first problem of each row."""

import io

import pytest

from backend.transit.catalog.reader import open_catalog


@pytest.mark.parametrize("with_records", [True, False])
@pytest.mark.parametrize(
    ("names", "row", "reason", "column"),
    [
        ("period,duration,depth,label", "1e307,3,600,1", "out_of_range", "period"),
        ("period,duration,depth [%],label", "9.5,3,1e308,1", "not_finite", "depth [%]"),
    ],
)
def test_a_number_too_large_to_compute_with_is_left_out_without_a_warning(
    names, row, reason, column, with_records
):
    text = f"{names}\n9.5,3,0.06,1\n{row}\n"
    catalog = open_catalog(
        io.BytesIO(text.encode()), label_required=True, with_records=with_records
    )
    assert sum(len(chunk.rows) for chunk in catalog) == 1
    (rejection,) = catalog.rejections.first
    assert rejection[:3] == (3, reason, column)
