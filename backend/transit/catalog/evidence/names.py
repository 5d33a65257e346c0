"""Which columns of a header tell epochs, positions, uncertainties and names, and in which unit."""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from backend.transit.catalog.evidence.epochs import epoch_scale
from backend.transit.catalog.header import Header
from backend.transit.catalog.names.column_names import FORMATS, OWN_FORMAT
from backend.transit.catalog.names.plain_names import (
    OUR_UNIT,
    Name,
    Scale,
    plain_name,
    scale,
    split_unit,
)
from backend.transit.columns import EVIDENCE_UNITS, TEACHING, UNCERTAINTIES, evidence_dtype

# The first that the table has is used. Names of planets that a survey gives once they are confirmed
# (kepler_name) are no names here.
_NAMES = {
    "koi": ("kepoi_name",),
    "toi": ("toi",),
    "exofop": ("TOI", "CTOI"),
    "planets": ("pl_name",),
    "k2": ("pl_name",),
    OWN_FORMAT: (
        *("name", "candidate_name", "candidate", "planet_name", "planet", "pl_name"),
        *("toi", "toi_name", "toi_id", "koi", "koi_name", "kepoi_name", "tce", "tce_name"),
    ),
}
# A TCE is called by its star and its number there.
_PARTS_OF_NAMES = {"tce": ("kepid", "tce_plnt_num")}

_PLACES = {
    "ra": ("ra", "radeg", "rightascension", "raj2000", "raicrs", "ra2000", "rastr"),
    "dec": ("dec", "decdeg", "declination", "decj2000", "dej2000", "deicrs", "dec2000", "decstr"),
}
_DEGREES = ("", "deg", "degree", "degrees", "\N{DEGREE SIGN}", "decimaldegrees", "degj2000")
_HOURS = ("h", "hr", "hrs", "hour", "hours", "hourangle")
_RADIANS = ("rad", "radian", "radians")

# A side of an uncertainty, and the word for it, before or behind the name of its column.
_SIDE_BEFORE = r"(?:upper|lower|up|low|plus|minus|pos|neg)?"
_SIDE_BEHIND = r"(?:upper|lower|up|low|plus|minus|pos|neg|high|hi|lo|[12pmul+-])?"
_ERROR = r"(?:errors?|errs?|uncertainty|uncert|unc|sigma|std)"
_GAP = r"[\s_.:-]?"
_ERROR_BEHIND = re.compile(
    rf"(.+?){_GAP}{_SIDE_BEFORE}{_GAP}{_ERROR}{_GAP}{_SIDE_BEHIND}", re.IGNORECASE
)
_ERROR_BEFORE = re.compile(rf"(?:e[\s_]|{_ERROR}{_GAP})(?:of\s)?(.+)", re.IGNORECASE)

# The archive's flag of a limit: `pl_tranmidlim` of `pl_tranmid`.
_WITH_LIMITS = ("toi", "planets", "k2")


class Source(NamedTuple):
    """A column of the file: its position, and the way from its numbers to our unit."""

    position: int
    scale: Scale = OUR_UNIT


class EvidenceColumns(NamedTuple):
    """The columns of a header that are read besides the nine.

    Attributes:
        numbers: by the name in EVIDENCE_DTYPE, where it is read from; an uncertainty may have two
            sides.
        names: the positions of the columns that make the name, together.
        limits: by the name, the position of the flag that is set where the number is a limit.
        has_reference: whether the table says from which day its epochs count.
        teaching: by the name in TEACHING_DTYPE, the position of the column.
    """

    numbers: dict[str, list[Source]]
    names: list[int]
    limits: dict[str, int]
    has_reference: bool
    teaching: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.numbers or self.names or self.teaching)

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Of the rows: EVIDENCE_DTYPE, and what the table says for the learning."""
        return evidence_dtype(self.teaching)

    @property
    def positions(self) -> list[int]:
        """Those of the columns that hold numbers."""
        found = [source.position for sources in self.numbers.values() for source in sources]
        return [*found, self.teaching["weight"]] if "weight" in self.teaching else found

    @property
    def texts(self) -> list[int]:
        """Those of the columns that hold text."""
        return [*self.names, self.teaching["kind"]] if "kind" in self.teaching else self.names

    @property
    def all_positions(self) -> set[int]:
        """Those of all columns that are read."""
        return {*self.positions, *self.texts}

    def recognised(self, header: list[str]) -> dict[str, list[str]]:
        """By the name in `dtype`, the columns of the file."""
        found = {"name": [header[i] for i in self.names]} if self.names else {}
        found |= {
            name: [header[source.position] for source in self.numbers[name]]
            for name in EVIDENCE_UNITS
            if name in self.numbers
        }
        return found | {name: [header[i]] for name, i in self.teaching.items()}


NO_EVIDENCE = EvidenceColumns({}, [], {}, has_reference=False, teaching={})


def evidence_columns(header: Header, teaching: Collection[str] = ()) -> EvidenceColumns:
    """The columns of a header that are read besides the nine, none of which the table must have.

    Args:
        header: of the table.
        teaching: those of TEACHING that are looked for.
    """
    free = {
        i: name for i, name in enumerate(header.names) if name and i not in header.fields.values()
    }
    plain = {i: plain_name(name) for i, name in free.items()}
    numbers: dict[str, list[Source]] = {}
    for column, known in _PLACES.items():
        for text in known:
            scales = {
                i: _angle(column, name.unit) for i, name in plain.items() if name.text == text
            }
            usable = [Source(i, found) for i, found in scales.items() if found is not None]
            if usable and column not in numbers:
                numbers[column] = usable[:1]
    epochs = {i: epoch_scale(header.form, name) for i, name in free.items()}
    usable_epochs = sorted(
        (found.rank, i, found) for i, found in epochs.items() if found is not None
    )
    if usable_epochs:
        _, position, epoch = usable_epochs[0]
        numbers["epoch"] = [Source(position, epoch.scale)]
    chosen = plain_name(free[usable_epochs[0][1]]).text if usable_epochs else ""
    for i, name in free.items():
        if (found_error := _uncertainty(name, header, chosen)) is not None:
            column, error_scale = found_error
            numbers.setdefault(column, []).append(Source(i, error_scale))
    has_reference = bool(usable_epochs) and usable_epochs[0][2].has_reference
    return EvidenceColumns(
        numbers,
        _names(header),
        _limits(header, numbers),
        has_reference,
        _teaching(plain, teaching),
    )


def _teaching(plain: dict[int, Name], wanted: Collection[str]) -> dict[str, int]:
    """By their own name alone, without a unit: the weight in kilograms is another one."""
    places = {name.text: i for i, name in reversed(plain.items()) if name.unit is None}
    return {name: places[name] for name in TEACHING if name in wanted and name in places}


def _angle(column: str, unit: str | None) -> Scale | None:
    plain = re.sub(r"[\s_]", "", unit or "").lower()
    if plain in _DEGREES:
        return OUR_UNIT
    if plain in _RADIANS:
        return Scale(57.29577951308232)
    return Scale(15.0) if column == "ra" and plain in _HOURS else None


def _uncertainty(name: str, header: Header, epoch: str) -> tuple[str, Scale] | None:
    """Of which column a name tells the uncertainty, and the way to our unit.

    Args:
        name: of a column.
        header: of the table.
        epoch: the plain name of the column of its epochs; an uncertainty of another is not read.
    """
    outer, unit = split_unit(name)
    for pattern in (_ERROR_BEHIND, _ERROR_BEFORE):
        for whole, unit_of_whole in ((name.strip(), None), (outer, unit)):
            match = pattern.fullmatch(whole)
            found = _uncertainty_of(match[1], unit_of_whole, header, epoch) if match else None
            if found is not None:
                return found
    return None


def _uncertainty_of(
    base: str, unit: str | None, header: Header, epoch: str
) -> tuple[str, Scale] | None:
    """The same of `base`, the name of the column itself, in a unit that stands behind the whole."""
    plain = plain_name(base)
    if epoch_scale(header.form, base) is not None:
        if not epoch.startswith(plain.text):
            return None
        known = scale("period", unit) if unit else OUR_UNIT
        return None if known is None else ("epoch_err", known)
    for error in UNCERTAINTIES:
        column = error.removesuffix("_err")
        position = header.fields.get(column)
        own = plain_name(header.names[position]) if position is not None else None
        texts = [plain_name(each).text for each in FORMATS[OWN_FORMAT].get(column, ())]
        if plain.text not in texts and (own is None or plain.text != own.text):
            continue
        told = unit or (plain.unit if plain != own else None)
        known = scale(column, told) if told else header.scales.get(column, OUR_UNIT)
        return None if known is None else (error, Scale(known.factor))
    return None


def _names(header: Header) -> list[int]:
    plain = [plain_name(name).text for name in header.names]
    parts = [plain_name(name).text for name in _PARTS_OF_NAMES.get(header.form, ())]
    if parts and all(part in plain for part in parts):
        return [plain.index(part) for part in parts]
    for name in (*_NAMES.get(header.form, ()), *_NAMES[OWN_FORMAT]):
        text = plain_name(name).text
        if text in plain:
            return [plain.index(text)]
    return []


def _limits(header: Header, numbers: dict[str, list[Source]]) -> dict[str, int]:
    """The flag of each number, an uncertainty's that of its column."""
    if header.form not in _WITH_LIMITS:
        return {}
    flags = {plain_name(name).text: i for i, name in enumerate(header.names)}
    found = {name: header.limits.get(name.removesuffix("_err")) for name in numbers}
    for name in ("epoch", "epoch_err"):
        if "epoch" in numbers:
            text = plain_name(header.names[numbers["epoch"][0].position]).text
            found[name] = flags.get(f"{text}lim")
    return {name: flag for name, flag in found.items() if flag is not None and name in numbers}
