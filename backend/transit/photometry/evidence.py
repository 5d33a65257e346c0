"""The numbers that photometry adds to a catalogue: their order, units, meanings, what is usual."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.transit.columns import LABELS


class Number(NamedTuple):
    """One number of a signal.

    Attributes:
        unit: "" where it has none; "sigma" where it is 0 ± 1 for noise alone.
        meaning: one sentence.
    """

    unit: str
    meaning: str


# In the order of a network's `evidence_input`; NaN where the light curve does not say it.
NUMBERS: dict[str, Number] = {
    "depth": Number("ppm", "Depth at mid-transit, of the form that fits all transits best."),
    "depth_error": Number("ppm", "Standard deviation of the depth, red noise included."),
    "depth_ratio": Number("", "Measured depth over the catalogue's."),
    "depth_significance": Number("sigma", "Depth over its standard deviation."),
    "duration_ratio": Number("", "Measured duration over the catalogue's."),
    "transit_shift": Number("durations", "From the catalogue's mid-transit to the measured one."),
    "ingress_share": Number(
        "", "Part of the transit that is ingress or egress: near 0 for a U, 1 for a V."
    ),
    "ingress_share_error": Number("", "Standard deviation of the ingress share."),
    "odd_even_difference": Number("", "Odd minus even depth, over the depth of all."),
    "odd_even_significance": Number("sigma", "Odd minus even depth, over its standard deviation."),
    "secondary_depth": Number("ppm", "Depth of a dip half an orbit after the transit."),
    "secondary_significance": Number("sigma", "That depth over its standard deviation."),
    "dip_depth": Number("ppm", "Depth of the most significant dip elsewhere in the orbit."),
    "dip_significance": Number(
        "sigma", "How rare a dip like that is in noise, given how many places were searched."
    ),
    "dip_phase": Number("orbits", "From the transit to that dip, 0 to 1."),
    "depth_scatter": Number("", "Scatter of single depths beyond their noise, over the depth."),
    "depth_scatter_significance": Number("sigma", "How rare such a scatter is in noise."),
    "transits_seen": Number("", "Transits that enough points show."),
    "transits_expected": Number("", "Transits between first and last point of a segment."),
    "point_scatter": Number("ppm", "Robust scatter of the flattened points out of transit."),
    "transit_scatter": Number("ppm", "Standard deviation of a single transit's depth (median)."),
    "red_noise": Number("", "That over what noise without memory would give."),
    "season_correlation": Number(
        "", "Part of the depths' scatter that goes with the season or sector (correlation ratio)."
    ),
    "season_significance": Number("sigma", "How rare such differences of seasons are in noise."),
}

EVIDENCE = tuple(NUMBERS)

EVIDENCE_UNITS = {name: number.unit for name, number in NUMBERS.items()}
EVIDENCE_MEANINGS = {name: number.meaning for name, number in NUMBERS.items()}

# Whose numbers others are held against, and their label codes.
USUAL_OF = {"planets": LABELS.index("CONFIRMED"), "false_positives": LABELS.index("FALSE POSITIVE")}

# Quantiles of fewer rows say little.
LEAST_ROWS = 10

_SHARES = {"p10": 0.1, "median": 0.5, "p90": 0.9}


def usual_numbers(
    evidence: NDArray[np.float32], labels: NDArray[np.integer]
) -> dict[str, dict[str, Any]]:
    """What is usual of each number, for planets and for false positives.

    Args:
        evidence: float32, (n, 24), as EVIDENCE; not finite where unknown.
        labels: int, (n,), label codes.

    Returns:
        JSON-able: for each of USUAL_OF `rows`, how many have that label, and `numbers`, by name
        `p10`, `median` and `p90`, the quantiles 0.1, 0.5 and 0.9 in the number's unit, linear
        between two values, and `rows`, how many of them know it. None in place of a number that
        fewer than 10 know.
    """
    found = {}
    for kind, code in USUAL_OF.items():
        of_kind = evidence[labels == code]
        known = (column[np.isfinite(column)] for column in of_kind.T)
        numbers = dict(zip(EVIDENCE, map(_quantiles, known), strict=True))
        found[kind] = {"rows": len(of_kind), "numbers": numbers}
    return found


def _quantiles(values: NDArray[np.float32]) -> dict[str, float | int] | None:
    if len(values) < LEAST_ROWS:
        return None
    # In float64: the largest float32 stands for what is larger, and their difference is too large.
    quantiles = np.quantile(values.astype(np.float64), tuple(_SHARES.values())).tolist()
    return {**dict(zip(_SHARES, quantiles, strict=True)), "rows": len(values)}
