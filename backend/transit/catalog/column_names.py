"""The recognised formats of catalogues: their names for our columns, and their labels."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from backend.transit.catalog.plain_names import factor, plain_name
from backend.transit.columns import COLUMNS, REQUIRED

# A table in exotrain's own format does not say which survey it comes from.
OWN_FORMAT = "exotrain"

# Ours ← the names in a table's header, compared as `plain_name` has them; the first that the table
# has is used.
# Other columns are never read: archive tables carry their disposition in some of them too
# (koi_score, koi_pdisposition, koi_fpflag_*, kepler_name, dates), and a network that sees the
# disposition learns nothing else.
FORMATS: dict[str, dict[str, tuple[str, ...]]] = {
    OWN_FORMAT: {
        "period": ("period", "orbital_period"),
        "duration": ("duration", "transit_duration"),
        "depth": ("depth", "transit_depth"),
        "impact": ("impact", "impact_parameter"),
        "snr": ("snr", "model_snr", "signal_to_noise", "signal_to_noise_ratio"),
        "steff": (
            "steff",
            "teff",
            "stellar_teff",
            "stellar_temperature",
            "stellar_effective_temperature",
            "effective_temperature",
        ),
        "srad": ("srad", "stellar_radius"),
        "slogg": ("slogg", "logg", "stellar_logg", "surface_gravity", "stellar_surface_gravity"),
        "tmag": ("tmag", "kepmag", "tess_mag", "tess_magnitude", "kepler_magnitude"),
        "label": ("label", "disposition"),
        "star": ("star", "kepid", "tid", "tic_id", "tic", "kic", "star_id"),
    },
    "koi": {
        "period": ("koi_period",),
        "duration": ("koi_duration",),
        "depth": ("koi_depth",),
        "impact": ("koi_impact",),
        "snr": ("koi_model_snr",),
        "steff": ("koi_steff",),
        "srad": ("koi_srad",),
        "slogg": ("koi_slogg",),
        "tmag": ("koi_kepmag",),
        "label": ("koi_disposition",),
        "star": ("kepid",),
    },
    "toi": {
        "period": ("pl_orbper",),
        "duration": ("pl_trandurh",),
        "depth": ("pl_trandep",),
        "steff": ("st_teff",),
        "srad": ("st_rad",),
        "slogg": ("st_logg",),
        "tmag": ("st_tmag",),
        "label": ("tfopwg_disp",),
        "star": ("tid",),
    },
    "exofop": {
        "period": ("Period (days)",),
        "duration": ("Duration (hours)",),
        "depth": ("Depth (ppm)",),
        "snr": ("Planet SNR",),
        "steff": ("Stellar Teff (K)",),
        "srad": ("Stellar Radius (R_Sun)",),
        "slogg": ("Stellar log(g) (cm/s2)",),
        "tmag": ("TESS mag",),
        "label": ("TFOPWG Disposition",),
        "star": ("TIC ID",),
    },
    "tce": {
        "period": ("tce_period",),
        "duration": ("tce_duration",),
        "depth": ("tce_depth",),
        "impact": ("tce_impact",),
        "snr": ("tce_model_snr",),
        "steff": ("tce_steff",),
        "srad": ("tce_sradius",),
        "slogg": ("tce_slogg",),
        "label": ("av_training_set",),
        "star": ("kepid",),
    },
}

_PLAIN_FORMATS = {
    form: {column: [plain_name(name).text for name in names] for column, names in known.items()}
    for form, known in FORMATS.items()
}

# The survey of a format: ExoFOP lists TESS's objects of interest, a TCE is a signal of Kepler's.
SURVEYS = {OWN_FORMAT: OWN_FORMAT, "koi": "koi", "toi": "toi", "exofop": "toi", "tce": "koi"}

# A survey's band of the magnitude, and so of the limb darkening; our own format counts as TESS.
BANDS = {OWN_FORMAT: "tess", "koi": "kepler", "toi": "tess"}

# Compared in lower case, `_` as a space.
LABEL_WORDS = {
    **dict.fromkeys(("0", "0.0", "candidate", "planet candidate", "pc", "apc"), 0),
    **dict.fromkeys(("1", "1.0", "confirmed", "confirmed planet", "known planet", "cp", "kp"), 1),
    **dict.fromkeys(
        (
            "2",
            "2.0",
            "false positive",
            "falsepositive",
            "false alarm",
            "refuted",
            "fp",
            "fa",
            "afp",
            "ntp",
        ),
        2,
    ),
}

# Words for a missing value, compared in lower case.
MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "<na>", "null", "none", "--"})

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
    table has, `factors` what its numbers are multiplied by where the name says another unit, and
    `doubtful` the positions of those that mean the same column as well as the one that is used.
    """

    form: str
    fields: dict[str, int]
    factors: dict[str, float]
    doubtful: dict[str, list[int]]


def recognise(names: list[str]) -> Recognised:
    """Find the format that fits a header best.

    Args:
        names: the header, as it stands in the file.

    Returns:
        The format that has most of the required columns, of several the one that has most of the
        others, of several the first of FORMATS. Columns may be missing: the caller checks.
    """
    plain: Plain = {}
    for i, name in enumerate(names):
        text, unit = plain_name(name)
        plain.setdefault(text, []).append((i, unit))
    found = [_recognise(form, plain) for form in FORMATS]
    return max(found, key=lambda each: _fit(each.fields))


def similar_names(names: list[str], fields: dict[str, int]) -> list[dict[str, str]]:
    """Names that were not read, beside the column that is absent and has a name like it.

    Returns:
        {column, name, known} each: ours, the file's name, and the known name that it is like.
    """
    unread = [name for i, name in enumerate(names) if i not in fields.values() and name]
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


def _is_like(text: str, known: str) -> bool:
    if not _SHORTEST_LIKE <= len(text) <= _LONGEST_LIKE or _OF_AN_ERROR.search(text):
        return False
    begins_or_ends = (text.startswith(known), text.endswith(known), known.endswith(text))
    return any(begins_or_ends) or SequenceMatcher(None, text, known).ratio() >= _LIKE


def _recognise(form: str, plain: Plain) -> Recognised:
    recognised = Recognised(form, {}, {}, {})
    for column, known in _PLAIN_FORMATS[form].items():
        for text in known:
            usable = _usable(column, plain.get(text, []))
            if usable:
                _, factor_of_first, position = usable[0]
                recognised.fields[column] = position
                if factor_of_first != 1:
                    recognised.factors[column] = factor_of_first
                same = [i for rank, _, i in usable[1:] if rank == usable[0][0]]
                if same:
                    recognised.doubtful[column] = [position, *same]
                break
    return recognised


def _usable(column: str, named: list[tuple[int, str | None]]) -> list[tuple[int, float, int]]:
    """Rank, factor to our unit and position of names that mean a column; our unit first."""
    found = []
    for i, unit in named:
        scale = factor(column, unit)
        if scale is not None:
            rank = 2 if scale != 1 else 1 if unit else 0
            found.append((rank, scale, i))
    return sorted(found)


def _fit(fields: dict[str, int]) -> tuple[int, int]:
    return sum(name in fields for name in REQUIRED), sum(name in fields for name in _OPTIONAL)
