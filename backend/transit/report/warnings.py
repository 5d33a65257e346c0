"""What a dataset's report asks for, in sentences that a person can act on."""

from typing import Any

# A class below this share is mostly drowned by the others; below this number of rows its figures
# are noise.
SMALL_SHARE = 0.05
FEW_ROWS = 100


def warnings_of(found: dict[str, Any]) -> list[dict[str, str]]:
    """What of a report asks for action, the most urgent first: {code, message} each."""
    told: list[tuple[str, str]] = []
    twice, pairs = found["duplicates"], found["contradictory_transits"]["pairs"]
    if twice["contradictory_rows"]:
        count = twice["contradictory_rows"]
        told.append(
            ("contradictory_duplicates", f"Rows that are equal but for the label: {count}.")
        )
    if pairs:
        told.append(
            (
                "contradictory_transits",
                f"Pairs of rows with the same star and period and different labels: {pairs}. One "
                "of the labels is likely wrong, or the same eclipse was listed twice.",
            )
        )
    told += _gap_warnings(found["missing_by_class"]) + _class_warnings(found["class_balance"])
    if twice["rows"]:
        told.append(
            (
                "duplicates",
                f"Rows that repeat an earlier one: {twice['rows']}. They count double in the "
                "training.",
            )
        )
    told += [
        (
            "unphysical",
            f"Rows that fail the check of {each['check']}: {each['rows']}. Expected "
            f"{each['expected']}. They are trained on as they are.",
        )
        for each in found["unphysical"]
    ]
    return [{"code": code, "message": message} for code, message in told]


def _gap_warnings(missing: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    told = []
    for name, each in missing.items():
        if each["differs"]:
            shares = ", ".join(f"{share:.0%} of {label}" for label, share in each["shares"].items())
            told.append(
                (
                    "missing_tells_the_label",
                    f"{name} is missing in {shares}: whether it is there tells the label, and a "
                    "model will use it. Fill it in for all classes or leave the column out.",
                )
            )
    return told


def _class_warnings(balance: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    told = []
    for name, each in balance.items():
        if each["rows"] == 0:
            told.append(("class_absent", f"No row is {name}: a model never says {name}."))
        elif each["rows"] < FEW_ROWS:
            told.append(
                (
                    "class_scarce",
                    f"Rows of {name}: only {each['rows']}. Its figures will be mostly chance.",
                )
            )
        elif each["share"] < SMALL_SHARE:
            told.append(
                (
                    "class_small",
                    f"{each['share']:.1%} of the rows are {name}: look at its recall, not at the "
                    "accuracy.",
                )
            )
    return told
