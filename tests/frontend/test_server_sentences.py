"""The page reads names from the server's sentences: both sides agree on where they stand."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit.catalog.errors import CatalogError
from backend.transit.catalog.names.plain_names import OUR_UNIT, scale, units_known
from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import COLUMNS, LABELS, ROW_DTYPE
from backend.transit.report.findings import LIMITS, report
from backend.troubles import Code
from tests.frontend.test_units import node

READING = REPOSITORY / "frontend" / "reading"
MODULE = READING / "server-sentences.js"

# As 0.1.0 wrote it into the profiles that it stored.
UNPHYSICAL_OF_0_1_0 = "Rows that fail the check of srad: 3. Expected 0.08 to 200 solar radii."

HEADER = "period,duration,depth,label\n"
REJECTED = HEADER + "3.5,3,much,1\n3.5,3,-8,1\n3.5,3,,1\n3.5,99,8000,1\n3.5,3,8000,maybe\n"


def read_on_the_page(calls: list[list[Any]]) -> list[Any]:
    """What the page's functions return: one call a list, its name and its arguments."""
    return run_on_the_page(
        MODULE,
        f"{json.dumps(calls)}.map(([name, ...values]) => page[name](...values) ?? null)",
    )


def run_on_the_page(module: Path, expression: str) -> Any:
    """An expression's value, in which `page` is one of the page's modules."""
    script = (
        f"import * as page from {json.dumps(module.as_uri())};"
        f"console.log(JSON.stringify({expression}));"
    )
    command = [node(), "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def warnings_by_code(**columns: Any) -> dict[str, list[str]]:
    """The messages of the report of 600 ordinary rows, some of their columns replaced."""
    table = np.zeros(600, ROW_DTYPE)
    table["star"] = [f"star {i}".encode() for i in range(600)]
    ordinary = {"period": 10, "duration": 3, "depth": 500, "snr": 20, "tmag": 12}
    sun = {"impact": 0.3, "steff": 5772, "srad": 1, "slogg": 4.44}
    for name, value in (ordinary | sun | {"label": np.arange(600) % 3} | columns).items():
        table[name] = value
    found: dict[str, list[str]] = {}
    for each in report(table)["warnings"]:
        found.setdefault(each["code"], []).append(each["message"])
    return found


def test_the_page_has_words_for_every_reason_why_the_server_is_degraded():
    dictionary = REPOSITORY / "frontend" / "locales" / "en" / "training.json"
    known = json.loads(dictionary.read_text(encoding="utf-8"))
    prefix = "training.degraded."
    named = {key.removeprefix(prefix) for key in known if key.startswith(prefix)}
    assert named == set(get_args(Code))


def rejections() -> CatalogError:
    with pytest.raises(CatalogError) as raised:
        list(open_catalog(io.BytesIO(REJECTED.encode()), label_required=True))
    return raised.value


def test_the_page_finds_what_a_warning_of_a_whole_column_is_about():
    header, row = "period,duration,depth,tmag,label\n", "3.5,0.1,0.08,0,1\n"
    catalog = open_catalog(io.BytesIO((header + row * 9).encode()), label_required=True)
    table = np.concatenate([chunk.rows for chunk in catalog])
    found = report(table, catalog.rejections.summary(), catalog.reading())
    by_code: dict[str, list[str]] = {}
    for each in found["warnings"]:
        by_code.setdefault(each["code"], []).append(each["message"])
    calls = [["findingIn", each, found["units"]] for each in by_code["unlikely_unit"]]
    calls += [["findingIn", each, found["placeholders"]] for each in by_code["placeholder"]]
    assert read_on_the_page(calls) == [*found["units"], *found["placeholders"]]
    assert [each["column"] for each in found["units"]] == ["depth", "duration"]


def test_the_page_finds_what_could_not_be_read_besides_the_nine():
    header = "period,duration,depth,label,epoch,ra,dec,depth_err\n"
    text = header + "3.5,3,600,1,170,400,-48.1,much\n" + "3.5,3,600,1,,1,100,5\n" * 2
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=True)
    table = np.concatenate([chunk.rows for chunk in catalog])
    found = report(table, catalog.rejections.summary(), catalog.reading())
    unread = found["unread_evidence"]
    messages = [each["message"] for each in found["warnings"] if each["code"] == "unread_evidence"]
    calls = [["unreadIn", each, unread] for each in messages]
    assert read_on_the_page(calls) == [each for each in unread if each["has_reference"]]
    assert [each["column"] for each in unread] == ["epoch", "ra", "dec", "depth_err"]
    assert (
        messages[1]
        == "dec cannot be read from dec in 2 rows: it is unknown there, and the rows are used."
    )
    (message,) = [
        each["message"] for each in found["warnings"] if each["code"] == "epoch_without_reference"
    ]
    assert message.startswith("epoch is below 2,400,000 in 1 row and does not say from which day")


def test_the_page_offers_units_that_the_server_knows_ours_first_and_has_words_for_them():
    offered = run_on_the_page(READING / "choices.js", "page.UNIT_CHOICES")
    dictionary = REPOSITORY / "frontend" / "locales" / "en" / "reading.json"
    known = json.loads(dictionary.read_text(encoding="utf-8"))
    for column, (ours, *others) in offered.items():
        assert scale(column, ours) == OUR_UNIT
        assert set(others) <= set(units_known(column))
        assert all(scale(column, each) != OUR_UNIT for each in others)
        assert all(f"reading.units.{each}" in known for each in (ours, *others))
    # Of the columns that are not offered, every unit is ours.
    for column in set(COLUMNS) - offered.keys():
        assert {scale(column, each) for each in units_known(column)} == {OUR_UNIT}


@pytest.mark.parametrize("last", ["disposition", "sy_tmag"])
def test_the_page_repeats_what_to_do_about_an_archive_s_table_that_lacks_columns(last):
    header = f"pl_name,hostname,default_flag,pl_orbper,st_teff,st_rad,{last}"
    with pytest.raises(CatalogError) as raised:
        open_catalog(io.BytesIO(f"{header}\n".encode()), label_required=True)
    (advice,) = read_on_the_page([["adviceIn", str(raised.value)]])
    assert advice.startswith("The archive's default download lacks them: under Select Columns")
    assert ("The planetary table has no disposition" in advice) == (last != "disposition")
    assert read_on_the_page([["adviceIn", "Required columns are missing: depth."]]) == [""]


def test_the_page_finds_the_column_whose_gaps_reveal_the_label():
    slogg = np.where(np.arange(600) % 3 == 1, np.nan, 4.44)
    (message,) = warnings_by_code(slogg=slogg)["missing_tells_the_label"]
    assert read_on_the_page([["columnIn", message, ["impact", "slogg"]]]) == ["slogg"]


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("class_absent", [300, 300, 0]),
        ("class_scarce", [300, 290, 10]),
    ],
)
@pytest.mark.parametrize("shift", range(3))
def test_the_page_finds_the_class_that_a_warning_is_about(code, numbers, shift):
    label = (np.repeat(range(3), numbers) + shift) % 3
    (message,) = warnings_by_code(label=label)[code]
    assert read_on_the_page([["classIn", message]]) == [LABELS[(2 + shift) % 3]]


def test_the_page_finds_the_check_that_rows_fail_also_in_a_profile_of_0_1_0():
    strange = {"impact": 2.5, "depth": 1.5e6, "duration": 200, "steff": 900, "srad": 0.01}
    messages = warnings_by_code(slogg=7, **strange)["unphysical"]
    checks = [limit.name for limit in LIMITS]
    calls = [["checkIn", message, checks] for message in [*messages, UNPHYSICAL_OF_0_1_0]]
    assert read_on_the_page(calls) == [*checks, "srad"]


def test_the_page_leaves_out_the_column_that_a_rejected_row_s_message_begins_with():
    rows = [{"column": each.column, "message": each.message} for each in rejections().rejections]
    shortened = read_on_the_page([["withoutColumn", row] for row in rows])
    assert len(shortened) == 5
    assert all(message.startswith("expected ") for message in shortened)


def test_the_page_shows_how_many_rows_could_be_used_without_the_examples():
    (sentence,) = read_on_the_page([["firstSentence", str(rejections())]])
    assert sentence.startswith("Only 0 of 5 rows can be used (")
    assert sentence.endswith(").")
