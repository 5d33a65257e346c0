"""Which format a header has, and which of its columns are ours in which unit."""

import re
from collections.abc import Collection
from difflib import SequenceMatcher
from typing import NamedTuple

from backend.transit.catalog.names.column_names import FORMATS, OWN_FORMAT
from backend.transit.catalog.names.plain_names import (
    OUR_UNIT,
    Scale,
    plain_name,
    scale,
    units_known,
)
from backend.transit.catalog.names.read_as import NOTHING_SAID, ReadAs
from backend.transit.columns import COLUMNS, REQUIRED

_PLAIN_FORMATS = {
    form: {column: [plain_name(name).text for name in names] for column, names in known.items()}
    for form, known in FORMATS.items()
}

# The unit of a column whose name does not tell it, where it is not ours.
_UNITS_OF_FORMS = {"planets": {"depth": "percent"}, "k2": {"depth": "percent"}}

# In TOI tables it is ppm, beside durations under another name.
_DEPTH_IN_TWO_UNITS = "pltrandep"
_DURATIONS_THAT_TELL = ("pltrandur", "pltrandurh")

# In the archive's tables `pl_orbperlim` tells that `pl_orbper` is a limit, not a value.
_OF_THE_ARCHIVE = ("pl", "st", "sy")
# One planet has a row for each reference.
_DEFAULT_FLAG = "defaultflag"
_WITH_REFERENCES = ("planets", "k2")

_OPTIONAL = (*COLUMNS[len(REQUIRED) :], "label", "star")

# Names that are so much alike, by the share of their letters, may mean the same.
_LIKE = 0.8
_SHORTEST_LIKE, _LONGEST_LIKE = 3, 40
# To take an uncertainty or a limit for the value would be worse than to have none.
_OF_AN_ERROR = re.compile(r"err|unc|sigma|lower|upper|lim|flag|time|date")


# By the plain name of a header: position and unit of each column that has it.
Plain = dict[str, list[tuple[int, str | None]]]


class Recognised(NamedTuple):
    """A header that was understood, as far as it could be.

    `form` is the format; `fields` gives the position in the header of each column of ours that the
    table has, `scales` leads from its unit to ours where it has another one, and `doubtful` gives
    the positions of those that mean the same column as well as the one that is used.
    `has_unknown_unit` is true where nothing tells the unit of the depth. `limits` gives, for
    columns of the archive's, the position of the one that tells whether a number is a limit, and
    `default_flag` that of the one that is 1 for the reference that the archive has chosen.
    """

    form: str
    fields: dict[str, int]
    scales: dict[str, Scale]
    doubtful: dict[str, list[int]]
    has_unknown_unit: bool = False
    limits: dict[str, int] = {}  # noqa: RUF012 - never changed
    default_flag: int | None = None


def recognise(names: list[str], read_as: ReadAs = NOTHING_SAID) -> Recognised:
    """Find the format that fits a header best.

    Args:
        names: the header, as it stands in the file.
        read_as: what a person said of it.

    Returns:
        The format that has most of the required columns, of several the one that has most of the
        others, of several the first of FORMATS. Columns may be missing: the caller checks.
    """
    plain: Plain = {}
    for i, name in enumerate(names):
        text, unit = plain_name(name)
        plain.setdefault(text, []).append((i, unit))
    found = [_recognise(form, plain) for form in FORMATS]
    if read_as:
        found = [_as_said(each, names, read_as) for each in found]
    best = max(found, key=lambda each: _fit(each.fields))
    flag = plain.get(_DEFAULT_FLAG) if best.form in _WITH_REFERENCES else None
    return best._replace(
        has_unknown_unit=_has_unknown_unit(best, names, read_as),
        limits=_limits(best.fields, names, plain),
        default_flag=flag[0][0] if flag else None,
    )


def _limits(fields: dict[str, int], names: list[str], plain: Plain) -> dict[str, int]:
    found = {}
    for column, position in fields.items():
        name = plain_name(names[position]).text
        if name.startswith(_OF_THE_ARCHIVE) and (flag := plain.get(f"{name}lim")):
            found[column] = flag[0][0]
    return found


def similar_names(
    names: list[str], fields: dict[str, int], others: Collection[int] = ()
) -> list[dict[str, str]]:
    """Names that were not read, beside the column that is absent and has a name like it.

    Args:
        names: the header.
        fields: the position of each column of ours.
        others: the positions of what is read besides.

    Returns:
        {column, name, known} each: ours, the file's name, and the known name that it is like.
    """
    read = {*fields.values(), *others}
    unread = [name for i, name in enumerate(names) if i not in read and name]
    found = []
    for column, known_names in FORMATS[OWN_FORMAT].items():
        if column in fields or column in ("label", "star"):
            continue
        known = {plain_name(name).text: name for name in known_names if len(name) >= _SHORTEST_LIKE}
        for name in unread:
            text = plain_name(name).text
            like = [each for each in known if _is_like(text, each)]
            if like:
                found.append({"column": column, "name": name, "known": known[like[0]]})
                break
    return found


def unknown_units(names: list[str], fields: dict[str, int]) -> list[dict[str, str]]:
    """Columns that were not read because of their unit alone.

    Returns:
        {column, name, unit, known} each: ours, which is absent, the file's name, the unit in it,
        and those that are known.
    """
    found = []
    for column in COLUMNS:
        if column in fields:
            continue
        texts = {text for form in _PLAIN_FORMATS.values() for text in form.get(column, ())}
        for name in names:
            text, unit = plain_name(name)
            if text in texts and unit is not None and scale(column, unit) is None:
                known = ", ".join(units_known(column))
                found.append({"column": column, "name": name, "unit": unit, "known": known})
    return found


def _is_like(text: str, known: str) -> bool:
    if not _SHORTEST_LIKE <= len(text) <= _LONGEST_LIKE or _OF_AN_ERROR.search(text):
        return False
    begins_or_ends = (text.startswith(known), text.endswith(known), known.endswith(text))
    return any(begins_or_ends) or SequenceMatcher(None, text, known).ratio() >= _LIKE


def _recognise(form: str, plain: Plain) -> Recognised:
    recognised = Recognised(form, {}, {}, {})
    units = _UNITS_OF_FORMS.get(form, {})
    for column, known in _PLAIN_FORMATS[form].items():
        for text in known:
            usable = _usable(column, plain.get(text, []), units.get(column))
            if usable:
                _, scale_of_first, position = usable[0]
                recognised.fields[column] = position
                if scale_of_first != OUR_UNIT:
                    recognised.scales[column] = scale_of_first
                same = [i for rank, _, i in usable[1:] if rank == usable[0][0]]
                if same:
                    recognised.doubtful[column] = [position, *same]
                break
    return recognised


def _as_said(found: Recognised, names: list[str], read_as: ReadAs) -> Recognised:
    """What was said comes before what the names mean."""
    said = read_as.positions(names)
    taken = {position for position in said.values() if position is not None}
    fields = {
        column: position
        for column, position in found.fields.items()
        if column not in said and position not in taken
    }
    scales = {column: each for column, each in found.scales.items() if column in fields}
    for column, position in said.items():
        if position is None:
            continue
        unit = scale(column, plain_name(names[position]).unit)
        if unit is None and column not in read_as.units:
            continue  # as where the name is known and its unit is not
        fields[column] = position
        if unit not in (None, OUR_UNIT):
            scales[column] = unit
    for column in read_as.units:
        unit = read_as.scale(column)
        scales.pop(column, None)
        if column in fields and unit not in (None, OUR_UNIT):
            scales[column] = unit
    doubtful = {column: each for column, each in found.doubtful.items() if column not in said}
    return found._replace(fields=fields, scales=scales, doubtful=doubtful)


def _has_unknown_unit(found: Recognised, names: list[str], read_as: ReadAs) -> bool:
    if not {"depth", "duration"} <= found.fields.keys() or "depth" in read_as.units:
        return False
    depth = plain_name(names[found.fields["depth"]])
    duration = plain_name(names[found.fields["duration"]])
    is_told = depth.unit or duration.text in _DURATIONS_THAT_TELL
    return depth.text == _DEPTH_IN_TWO_UNITS and not is_told


def _usable(
    column: str, named: list[tuple[int, str | None]], unit_of_form: str | None
) -> list[tuple[int, Scale, int]]:
    """Rank, scale to our unit and position of names that mean a column; our unit first."""
    found = []
    for i, unit in named:
        known = scale(column, unit or unit_of_form)
        if known is not None:
            rank = 2 if known != OUR_UNIT else 1 if unit else 0
            found.append((rank, known, i))
    return sorted(found)


def _fit(fields: dict[str, int]) -> tuple[int, int]:
    return sum(name in fields for name in REQUIRED), sum(name in fields for name in _OPTIONAL)
