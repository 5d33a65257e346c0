"""The vocabulary of a catalogue: its columns, their units and ranges, the labels, the row type."""

from collections.abc import Collection

import numpy as np

# Measured from the transit (days, hours, ppm): a row without one of them cannot be used.
REQUIRED = ("period", "duration", "depth")

# Those that may be missing, in the order of the network's `feat_input`
# (stellar radii, -, K, solar radii, dex (cgs), mag).
FEATURES = ("impact", "snr", "steff", "srad", "slogg", "tmag")

# Those of the star; the others are of the fit to its transit.
STAR_FEATURES = ("steff", "srad", "slogg", "tmag")

COLUMNS = REQUIRED + FEATURES

# The ends are included. Archive tables hold grazing fits with an impact of 100 and eclipses
# deeper than 10^6 ppm, so the ranges bound what can be computed with, not what is likely.
RANGES: dict[str, tuple[float, float]] = {
    "period": (0.01, 1e6),
    "duration": (0.01, 1000.0),
    "depth": (0.01, 2e6),
    "impact": (0.0, 1000.0),
    "snr": (0.0, 1e7),
    "steff": (500.0, 200_000.0),
    "srad": (0.001, 3000.0),
    "slogg": (-3.0, 10.0),
    "tmag": (-10.0, 40.0),
}

UNITS: dict[str, str] = {
    "period": "days",
    "duration": "hours",
    "depth": "ppm",
    "impact": "stellar radii",
    "snr": "",
    "steff": "K",
    "srad": "solar radii",
    "slogg": "dex (cgs)",
    "tmag": "mag",
}

# The position in this tuple is the label's code: 0, 1, 2.
LABELS = ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")

NO_LABEL = -1

# One accepted row. `line` is its 1-based line in the file; `star` is UTF-8, empty when the table
# names none; a missing number is NaN; a row without a label has NO_LABEL.
ROW_DTYPE = np.dtype(
    [("line", "<i8"), ("star", "S48")] + [(name, "<f8") for name in COLUMNS] + [("label", "i1")]
)

# What a table may tell besides, of how rows relate and how well they are known (BJD, degrees, days,
# days, hours, ppm, stellar radii, K, solar radii, dex). NaN where unknown. An uncertainty is the
# larger of both sides, in the unit of its column, and above 0. `name` is UTF-8, empty when there is
# none; it is shown and never learnt from.
EVIDENCE_UNITS: dict[str, str] = {
    "epoch": "BJD",
    "ra": "degrees",
    "dec": "degrees",
    "period_err": "days",
    "epoch_err": "days",
    "duration_err": "hours",
    "depth_err": "ppm",
    "impact_err": "stellar radii",
    "steff_err": "K",
    "srad_err": "solar radii",
    "slogg_err": "dex (cgs)",
}

UNCERTAINTIES = tuple(name for name in EVIDENCE_UNITS if name.endswith("_err"))

# The row at the same position in a table of ROW_DTYPE.
EVIDENCE_DTYPE = np.dtype([("name", "S48"), *((name, "<f8") for name in EVIDENCE_UNITS)])

# What a table may say for the learning alone. `kind` is of a false positive, UTF-8, such as EB,
# empty where unknown; `weight` is how much the row counts, above 0 and up to 1, NaN where not told.
TEACHING_DTYPE = np.dtype([("kind", "S24"), ("weight", "<f8")])
TEACHING = TEACHING_DTYPE.names or ()

HEAVIEST = 1.0


def evidence_dtype(teaching: Collection[str] = ()) -> np.dtype[np.void]:
    """EVIDENCE_DTYPE, and behind its fields those of TEACHING that a table has."""
    return np.dtype(
        [*EVIDENCE_DTYPE.descr, *(each for each in TEACHING_DTYPE.descr if each[0] in teaching)]
    )


# What other rows say, in the order of `relation_input`; None is known of a row alone.
NEIGHBOUR_COLUMNS = (
    *("candidates_on_star", "sibling_period_ratio"),
    *("ephemeris_matches", "match_separation", "match_depth_ratio", "match_magnitude_difference"),
)

# How well a row's own numbers are known, relative to the number itself: the epoch and the duration
# to the duration, the impact as it is.
UNCERTAINTY_COLUMNS = ("period_err", "epoch_err", "duration_err", "depth_err", "impact_err")

# They tell which stars were followed up, so they are an input only where that is asked for.
STELLAR_UNCERTAINTY_COLUMNS = ("steff_err", "srad_err", "slogg_err")

RELATION_COLUMNS = (*NEIGHBOUR_COLUMNS, *UNCERTAINTY_COLUMNS, *STELLAR_UNCERTAINTY_COLUMNS)

# All of them, as a name of what is hidden or missing.
RELATIONS = "relations"

# The light curve of a row, the same.
LIGHT_CURVE = "light_curve"

RELATION_UNITS = dict.fromkeys(RELATION_COLUMNS, "") | {
    "match_separation": "arcsec",
    "match_magnitude_difference": "mag",
    "impact_err": "stellar radii",
    "slogg_err": "dex (cgs)",
}


def relation_columns(use_stellar_uncertainties: bool) -> tuple[str, ...]:
    """The columns of `relation_input`."""
    stellar = STELLAR_UNCERTAINTY_COLUMNS if use_stellar_uncertainties else ()
    return (*NEIGHBOUR_COLUMNS, *UNCERTAINTY_COLUMNS, *stellar)
