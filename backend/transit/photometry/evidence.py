"""The numbers that photometry adds to a catalogue: their order, units and meanings."""

from typing import NamedTuple


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
