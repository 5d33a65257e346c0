"""The recognised formats of catalogues: their names for our columns, and their labels."""

from typing import NamedTuple

from backend.transit.columns import COLUMNS, REQUIRED

# A table in exotrain's own format does not say which survey it comes from.
OWN_FORMAT = "exotrain"

# Ours ← the names in a table's header, in any case; the first that the table has is used.
# Other columns are never read: archive tables carry their disposition in some of them too
# (koi_score, koi_pdisposition, koi_fpflag_*, kepler_name, dates), and a network that sees the
# disposition learns nothing else.
FORMATS: dict[str, dict[str, tuple[str, ...]]] = {
    OWN_FORMAT: {
        "period": ("period", "orbital_period"),
        "duration": ("duration", "duration_hours", "transit_duration"),
        "depth": ("depth", "depth_ppm", "transit_depth"),
        "impact": ("impact", "impact_parameter"),
        "snr": ("snr", "model_snr"),
        "steff": ("steff", "teff"),
        "srad": ("srad", "stellar_radius"),
        "slogg": ("slogg", "logg"),
        "tmag": ("tmag", "kepmag"),
        "label": ("label", "disposition"),
        "star": ("star", "kepid", "tid"),
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
}

# The magnitude's band, and so the limb darkening's; our own format counts as TESS.
BANDS = {OWN_FORMAT: "tess", "koi": "kepler", "toi": "tess"}

# Compared in lower case, `_` as a space.
LABEL_WORDS = {
    **dict.fromkeys(("0", "0.0", "candidate", "pc", "apc"), 0),
    **dict.fromkeys(("1", "1.0", "confirmed", "cp", "kp"), 1),
    **dict.fromkeys(("2", "2.0", "false positive", "fp", "fa"), 2),
}

# Words for a missing value, compared in lower case.
MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "<na>", "null", "none", "--"})

_OPTIONAL = (*COLUMNS[len(REQUIRED) :], "label", "star")


class Recognised(NamedTuple):
    """A header that was understood, as far as it could be.

    `source` is the format; `fields` gives the position in the header of each column of ours that
    the table has.
    """

    source: str
    fields: dict[str, int]


def recognise(names: list[str]) -> Recognised:
    """Find the format that fits a header best.

    Args:
        names: the header, as it stands in the file; compared trimmed and in lower case.

    Returns:
        The format that has most of the required columns, of several the one that has most of the
        others, of several the first of FORMATS. Columns may be missing: the caller checks.
    """
    position = {name.strip().lower(): i for i, name in reversed(list(enumerate(names)))}
    found = [
        Recognised(source, _fields_of(names_of, position)) for source, names_of in FORMATS.items()
    ]
    return max(found, key=lambda each: _fit(each.fields))


def _fields_of(names_of: dict[str, tuple[str, ...]], position: dict[str, int]) -> dict[str, int]:
    fields = {}
    for column, names in names_of.items():
        present = [name for name in names if name in position]
        if present:
            fields[column] = position[present[0]]
    return fields


def _fit(fields: dict[str, int]) -> tuple[int, int]:
    return sum(name in fields for name in REQUIRED), sum(name in fields for name in _OPTIONAL)
