"""The warnings of a dataset's report, as sentences to act on.

The web page finds the column, class or check in them: `frontend/reading/server-sentences.js`.
"""

import json
from typing import Any

from backend.transit.report.whole_columns import unit_sentence

# A class below this share is mostly drowned by the others; below this number of rows its figures
# are noise.
SMALL_SHARE = 0.05
FEW_ROWS = 100

_WORDS_SHOWN = 20


def warnings_of(found: dict[str, Any]) -> list[dict[str, str]]:
    """The findings of a report that call for action, most urgent first: {code, message} each."""
    listed = _reading_warnings(found)
    twice, pairs = found["duplicates"], found["contradictory_transits"]["pairs"]
    if twice["contradictory_rows"]:
        count = twice["contradictory_rows"]
        listed.append(("contradictory_duplicates", f"Rows that differ only in the label: {count}."))
    if pairs:
        listed.append(
            (
                "contradictory_transits",
                f"Pairs of rows with the same star and period but different labels: {pairs}. One "
                "of the labels is probably wrong, or the same eclipse is listed twice.",
            )
        )
    listed += _gap_warnings(found["missing_by_class"]) + _class_warnings(found["class_balance"])
    if twice["rows"]:
        listed.append(
            (
                "duplicates",
                f"Rows that repeat an earlier one: {twice['rows']}. They count twice in training.",
            )
        )
    listed += [
        (
            "unphysical",
            f"Rows with an unphysical {each['check']}: {each['rows']}. Expected "
            f"{each['expected']}. They are used in training as they are.",
        )
        for each in found["unphysical"]
    ]
    return _as_json(listed)


def reading_warnings(found: dict[str, Any]) -> list[dict[str, str]]:
    """Those of a table whose labels do not matter."""
    return _as_json(_reading_warnings({**found, "unknown_labels": {}, "are_labels_binary": False}))


def _as_json(listed: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"code": code, "message": message} for code, message in listed]


def _reading_warnings(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Of what concerns most rows or a whole column."""
    listed = []
    left_out = found["left_out"]
    if left_out["rows"] > left_out["of"] / 2:
        listed.append(
            (
                "most_rows_left_out",
                f"{left_out['rows']:,} of {left_out['of']:,} rows were left out, most of them as "
                f"{left_out['most_often']}. Look at them before anything else.",
            )
        )
    listed += [("table_note", note) for note in found["notes"]]
    listed += [
        (
            "unknown_unit",
            f"{each['name']} was not read as {each['column']}: its unit {each['unit']!r} is not "
            f"known. Expected one of {each['known']}.",
        )
        for each in found["unknown_units"]
    ]
    listed += [
        (
            "unlikely_unit",
            f"{unit_sentence(each)} Send the table again with units "
            f'{{"{each["column"]}": "{each["likely"]}"}}, or leave it if it is right.',
        )
        for each in found["units"]
    ]
    listed += [
        (
            "placeholder",
            f"{each['column']} is exactly {each['value']:g} in {each['rows']:,} "
            f"row{'s' if each['rows'] > 1 else ''}. If that "
            "stands for a missing value, leave those cells empty.",
        )
        for each in found["placeholders"]
    ]
    if found["unknown_labels"]:
        words = ", ".join(
            f"{word!r} {count:,}"
            for word, count in list(found["unknown_labels"].items())[:_WORDS_SHOWN]
        )
        more = len(found["unknown_labels"]) - _WORDS_SHOWN
        listed.append(
            (
                "unknown_labels",
                f"Labels that are not known, with their numbers of rows, which were left out: "
                f"{words}" + (f", and {more} more." if more > 0 else "."),
            )
        )
    if found["are_labels_binary"]:
        listed.append(
            (
                "binary_labels",
                "The labels are 0 and 1 alone: 0 is read as CANDIDATE, 1 as CONFIRMED. If 0 means "
                'FALSE POSITIVE here, upload the table again with labels {"0": 2}.',
            )
        )
    listed += [
        (
            "similar_name",
            f"{each['name']} was not read, and there is no {each['column']}. If it is that, "
            f"send the table again with columns {json.dumps({each['column']: each['name']})}.",
        )
        for each in found["similar"]
    ]
    listed += [_unread_evidence(each) for each in found["unread_evidence"]]
    if found["lost_stars"]:
        listed.append(
            (
                "lost_stars",
                f"Star identifiers that a spreadsheet has rounded, such as 1.08E+07: "
                f"{found['lost_stars']:,}. Those rows have none; their stars are told apart by "
                "their values.",
            )
        )
    return listed


def _unread_evidence(found: dict[str, Any]) -> tuple[str, str]:
    """`found` is one of `EvidenceReader.unread`."""
    names = " and ".join(found["names"])
    rows = f"{found['rows']:,} row{'s' if found['rows'] > 1 else ''}"
    if not found["has_reference"]:
        return (
            "epoch_without_reference",
            f"{names} is below 2,400,000 in {rows} and does not say from which day it counts: it "
            "was not read there. Name the column epoch_bjd, epoch_bkjd (BJD - 2454833) or "
            "epoch_btjd (BJD - 2457000).",
        )
    return (
        "unread_evidence",
        f"{found['column']} cannot be read from {names} in {rows}: it is unknown there, and the "
        f"row{'s are' if found['rows'] > 1 else ' is'} used.",
    )


def _gap_warnings(missing: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    listed = []
    for name, each in missing.items():
        if each["differs"]:
            shares = ", ".join(f"{share:.0%} of {label}" for label, share in each["shares"].items())
            listed.append(
                (
                    "missing_tells_the_label",
                    f"{name} is missing in {shares}: whether it is there reveals the label, and a "
                    "model will use that. Fill it in for all classes or leave the column out.",
                )
            )
    return listed


def _class_warnings(balance: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    listed = []
    for name, each in balance.items():
        if each["rows"] == 0:
            listed.append(
                ("class_absent", f"There are no {name} rows: a model will never predict {name}.")
            )
        elif each["rows"] < FEW_ROWS:
            listed.append(
                (
                    "class_scarce",
                    f"Only {each['rows']} rows are {name}: the figures of this class will be "
                    "mostly noise.",
                )
            )
        elif each["share"] < SMALL_SHARE:
            listed.append(
                (
                    "class_small",
                    f"Only {each['share']:.1%} of the rows are {name}: judge it by its recall, not "
                    "by the accuracy.",
                )
            )
    return listed
