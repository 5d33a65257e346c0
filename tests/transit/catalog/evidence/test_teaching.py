"""The columns that only teach: kinds and weights; read, refused, not mistaken for others."""

import io

import numpy as np
import pytest

from backend.transit.catalog.evidence.teaching import EXPECTED_WEIGHT, IF_NO_WEIGHT
from backend.transit.catalog.names.read_as import ReadAsError, read_as
from backend.transit.catalog.reader import CatalogError, open_catalog
from backend.transit.columns import EVIDENCE_DTYPE, TEACHING_DTYPE, evidence_dtype
from tests.transit.catalog.evidence.test_evidence import KNOWN

HEADER = "period,duration,depth,label"


def read(text, **options):
    """The catalogue, once it is read, its evidence and rejections; equal in both ways to read."""
    found = []
    for with_records in (True, False):
        catalog = open_catalog(
            io.BytesIO(text.encode()),
            **{"label_required": True, "with_records": with_records, **options},
        )
        chunks = list(catalog)
        evidence = None
        if catalog.evidence.columns:
            evidence = np.concatenate([chunk.evidence for chunk in chunks])
        found.append((catalog, evidence, [each for chunk in chunks for each in chunk.rejections]))
    (catalog, evidence, rejections), (_, others, the_same) = found
    assert rejections == the_same
    if evidence is not None:
        for name in evidence.dtype.names:
            np.testing.assert_array_equal(evidence[name], others[name])
    return catalog, evidence, rejections


def table(columns, *rows):
    return "\n".join([f"{HEADER},{columns}", *(f"9.5,3,600,2,{row}" for row in rows)]) + "\n"


def test_both_columns_are_read_and_named_with_the_others():
    text = table("Weight,name,KIND", "0.15,a, EB ", ",b,V", "1,c,", "1e-3,d,évidé", "n/a,e,nan")
    catalog, evidence, rejections = read(text)
    assert rejections == []
    assert evidence.dtype == evidence_dtype(TEACHING_DTYPE.names)
    assert evidence["kind"].tolist() == [b"EB", b"V", b"", "évidé".encode(), b""]
    np.testing.assert_array_equal(evidence["weight"], [0.15, np.nan, 1, 1e-3, np.nan])
    expected = {"name": ["name"], "kind": ["KIND"], "weight": ["Weight"]}
    assert catalog.evidence.recognised == expected
    assert catalog.evidence.unread() == []


def test_a_column_of_that_name_that_is_something_else_is_left_alone_where_that_is_said():
    text = table("weight,kind", "70,12", "0,x")
    said = read_as({"weight": None})
    catalog, evidence, rejections = read(text, read_as=said)
    assert (rejections, evidence.dtype) == ([], evidence_dtype(["kind"]))
    assert catalog.evidence.recognised == {"kind": ["kind"]}
    _, evidence, rejections = read(text, read_as=read_as({"weight": "", "kind": None}))
    assert (rejections, evidence) == ([], None)
    with pytest.raises(CatalogError, match="say columns="):
        read(text)
    with pytest.raises(ReadAsError, match="Expected for weight null"):
        read_as({"weight": "mass"})


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("0", "out_of_range"),
        ("-0.5", "out_of_range"),
        ("1.01", "out_of_range"),
        ("70", "out_of_range"),
        ("inf", "not_finite"),
        ("heavy", "not_a_number"),
        ("0.5 kg", "not_a_number"),
    ],
)
def test_a_row_whose_weight_is_none_is_left_out_and_named(cell, reason):
    _, evidence, (rejected,) = read(table("weight", "0.5", cell, "1"))
    assert evidence["weight"].tolist() == [0.5, 1]
    assert rejected == (
        3,
        reason,
        "weight",
        f"weight: {EXPECTED_WEIGHT}, received {cell!r}{IF_NO_WEIGHT}",
    )


def test_a_row_with_two_problems_is_named_once_by_the_first():
    _, _, (rejected,) = read(f"{HEADER},weight\n9.5,3,600,2,1\n9.5,3,x,2,7\n")
    assert (rejected.line, rejected.column) == (3, "depth")


def test_a_table_of_other_weights_is_refused_with_what_was_expected():
    with pytest.raises(CatalogError, match="weight: expected a number above 0 and up to 1"):
        read(table("weight", "70", "81"))


def test_a_weight_with_a_decimal_comma_is_read():
    text = table("weight", "0,25", "1").replace("9.5,3,600,2,", "9,5;3;600;2;")
    _, evidence, _ = read(text.replace(f"{HEADER},", HEADER.replace(",", ";") + ";"))
    assert evidence["weight"].tolist() == [0.25, 1]


def test_what_is_no_kind_is_unknown_and_counted():
    longest = "k" * 24
    text = table("kind", "3", "1.5", longest, f"{longest}k", "éééééééééééé", "ééééééééééééé", "EB")
    catalog, evidence, rejections = read(text)
    assert rejections == []
    kinds = [b"", b"", longest.encode(), b"", ("é" * 12).encode(), b"", b"EB"]
    assert evidence["kind"].tolist() == kinds
    (unread,) = catalog.reading()["unread_evidence"]
    assert (unread["column"], unread["names"], unread["rows"]) == ("kind", ["kind"], 4)


@pytest.mark.parametrize("name", ["weight (kg)", "weights", "kinds", "kind_of_host", "star_weight"])
def test_other_columns_are_not_taken_for_them(name):
    catalog, evidence, _ = read(table(name, "70", "80"))
    assert evidence is None
    assert catalog.evidence.recognised == {}


@pytest.mark.parametrize("form", KNOWN)
def test_no_table_of_the_archives_has_them_and_its_rows_are_as_before(form):
    catalog, evidence, _ = read(KNOWN[form][0])
    assert not {"kind", "weight"} & set(catalog.evidence.recognised)
    assert evidence.dtype == EVIDENCE_DTYPE


def test_where_no_labels_are_needed_nothing_is_taught_and_no_weight_is_wrong():
    catalog, evidence, rejections = read(table("weight,kind", "70,3"), label_required=False)
    assert (evidence, rejections) == (None, [])
    assert catalog.evidence.recognised == {}


def test_only_what_is_asked_for_is_read():
    catalog, evidence, rejections = read(table("weight,kind", "70,EB"), teaching=("kind",))
    assert rejections == []
    assert evidence.dtype == evidence_dtype(("kind",))
    assert catalog.evidence.recognised == {"kind": ["kind"]}
