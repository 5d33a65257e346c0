"""The vocabulary of a catalogue: its columns, their units and ranges, the labels, the row type."""

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

# What a table may say of a row beside its nine columns and its star, in a table of its own: `name`
# is UTF-8, empty where there is none; an unknown number is NaN. The epoch is a barycentric Julian
# date, places are in degrees, uncertainties in the unit of their column: the larger side.
EVIDENCE = (
    *("epoch", "ra", "dec", "period_err", "epoch_err", "duration_err", "depth_err", "impact_err"),
    *("steff_err", "srad_err", "slogg_err"),
)

# The position in this tuple is the label's code: 0, 1, 2.
LABELS = ("CANDIDATE", "CONFIRMED", "FALSE POSITIVE")

NO_LABEL = -1

# One accepted row. `line` is its 1-based line in the file; `star` is UTF-8, empty when the table
# names none; a missing number is NaN; a row without a label has NO_LABEL.
ROW_DTYPE = np.dtype(
    [("line", "<i8"), ("star", "S48")] + [(name, "<f8") for name in COLUMNS] + [("label", "i1")]
)

EVIDENCE_DTYPE = np.dtype([("name", "S48")] + [(name, "<f8") for name in EVIDENCE])
