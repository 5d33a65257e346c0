"""Names of columns as people write them, and the units in them."""

import pytest

from backend.transit.catalog.names.column_names import FORMATS, SURVEYS
from backend.transit.catalog.names.plain_names import plain_name, scale
from backend.transit.catalog.names.recognise import recognise, similar_names, unknown_units
from backend.transit.columns import COLUMNS


@pytest.mark.parametrize(
    ("name", "text", "unit"),
    [
        ("orbital_period", "orbitalperiod", None),
        ("orbitalPeriod", "orbitalperiod", None),
        (" Orbital  Period ", "orbitalperiod", None),
        ("ORBITAL-PERIOD", "orbitalperiod", None),
        ("Orbital Period [days]", "orbitalperiod", "days"),
        ("Orbital Period(days)", "orbitalperiod", "days"),
        ("orbital_period_days", "orbitalperiod", "days"),
        ("depth_ppm", "depth", "ppm"),
        ("Stellar log(g) (cm/s2)", "stellarlogg", "cm/s2"),
        ("Stellar Radius (R_Sun)", "stellarradius", "R_Sun"),
        ("Depth ()", "depth", ""),
        ("(days)", "days", None),
        ("étoile", "étoile", None),
        ("Depth %", "depth", "%"),
        ("Depth ‰", "depth‰", None),
        ("±teff", "±teff", None),
        ("snr?", "snr?", None),
        ("", "", None),
        ("slogg [log(cm.s**-2)]", "slogg", "log(cm.s**-2)"),
        ("slogg (log10(cm/s**2))", "slogg", "log10(cm/s**2)"),
        ("logg [[cm/s2]]", "logg", "[cm/s2]"),
        ("depth [a) b]", "depthab", None),
        ("[[days]]", "days", None),
        ("Depth (ppm", "depthppm", None),
        ("duration_hr", "duration", "hr"),
        ("period_d", "period", "d"),
        ("orbitalPeriodDays", "orbitalperiod", "Days"),
        ("transitDepthPpm", "transitdepth", "Ppm"),
        ("Teff Kelvin", "teff", "Kelvin"),
        ("nDays", "ndays", None),
        ("depthd", "depthd", None),
        ("Days", "days", None),
    ],
)
def test_a_name_is_made_plain_and_its_unit_taken_off(name, text, unit):
    assert plain_name(name) == (text, unit)


@pytest.mark.parametrize(
    ("column", "unit", "expected"),
    [
        ("period", None, 1), ("period", "", 1), ("period", "Days", 1), ("period", "hours", 1 / 24),
        ("duration", "hrs", 1), ("duration", "d", 24), ("duration", "minutes", 1 / 60),
        ("depth", "PPM", 1), ("depth", "%", 1e4), ("depth", "ppt", 1e3), ("depth", "mmag", None),
        ("srad", "R_Sun", 1), ("srad", "Solar Radii", 1), ("srad", "R_Earth", None),
        ("steff", "K", 1), ("steff", "C", None), ("slogg", "log10(cm/s**2", 1), ("impact", "b", 1),
        ("impact", "error", None), ("snr", "lower", None), ("snr", "dB", None),
        ("impact", "percent", None), ("label", "TFOPWG", 1), ("star", "x", 1),
        ("slogg", "log(cm.s**-2)", 1), ("slogg", "log10(cm/s**2)", 1), ("slogg", "[cm/s2]", 1),
        ("slogg", "dex(cm / s2)", 1), ("slogg", "cm s-2", 1), ("slogg", "m/s2", None),
        ("slogg", "log(solRad)", None), ("srad", "solRad", 1), ("srad", "m", 1 / 695_700_000),
        ("depth", "10-6", 1), ("depth", "pct", 1e4), ("depth", "1", None), ("period", "jd", 1),
    ],
)  # fmt: skip
def test_a_unit_tells_what_its_numbers_are_multiplied_by(column, unit, expected):
    found = scale(column, unit)
    assert (found and found.factor) == expected


def test_the_name_in_our_unit_counts_before_one_in_another():
    found = recognise(["Depth (mmag)", "Depth [%]", "Depth (ppm)", "period", "duration"])
    assert found.fields["depth"] == 2
    assert not found.scales
    found = recognise(["Depth (mmag)", "Depth [%]", "period", "duration"])
    assert found.fields["depth"] == 1
    assert found.scales == {"depth": (1e4, 0.0)}
    assert "depth" not in recognise(["Depth (mmag)", "period", "duration"]).fields


def test_names_that_mean_the_same_are_doubtful():
    found = recognise(["Orbital Period", "orbital_period", "duration", "depth"])
    assert found.doubtful == {"period": [0, 1]}
    assert not recognise(["period", "Orbital Period", "duration", "depth"]).doubtful


def test_no_two_columns_of_a_format_have_one_name_and_each_has_a_survey():
    assert set(SURVEYS) == set(FORMATS)
    for names_of in FORMATS.values():
        plain = [plain_name(name).text for names in names_of.values() for name in names]
        assert len(plain) == len(set(plain))
        assert set(names_of) <= {*COLUMNS, "label", "star"}


@pytest.mark.parametrize(
    ("name", "column", "known"),
    [
        ("SNR ratio", "snr", "snr"),
        ("Mag", "tmag", "tmag"),
        ("stelar_radius", "srad", "stellar_radius"),
        ("log_g_star", "slogg", "logg"),
    ],
)
def test_a_column_that_was_not_read_is_told_beside_the_one_that_it_may_be(name, column, known):
    header = ["period", "duration", "depth", name]
    found = similar_names(header, recognise(header).fields)
    assert {"column": column, "name": name, "known": known} in found


def test_columns_that_are_nothing_of_ours_or_have_ours_beside_them_are_not_told():
    header = ["period", "duration", "depth", "comment", "ra", "id", "snr", "SNR ratio"]
    assert similar_names(header, recognise(header).fields) == []


@pytest.mark.parametrize("name", ["snr_err", "koi_srad_err1", "teff_lower", "impact_flag"])
def test_an_uncertainty_or_a_flag_is_never_taken_for_the_value(name):
    header = ["period", "duration", "depth", name]
    assert similar_names(header, recognise(header).fields) == []


def test_a_column_that_is_absent_because_of_its_unit_is_named():
    names = ["period", "Stellar Teff (C)", "teff [F]", "depth [mmag]", "Depth (ppm)"]
    fields = recognise(names).fields
    found = unknown_units(names, fields)
    assert [(each["column"], each["name"], each["unit"]) for each in found] == [
        ("steff", "Stellar Teff (C)", "C"),
        ("steff", "teff [F]", "F"),
    ]
    assert found[0]["known"] == "k, kelvin, degk"
