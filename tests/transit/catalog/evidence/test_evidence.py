"""Epochs, positions, uncertainties and names: a known answer for each form, and its neighbours."""

import io
import math

import numpy as np
import pytest

from backend.transit.catalog.names.read_as import read_as
from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import EVIDENCE_UNITS

# The first rows of the archive's tables, cut to the columns that are read and some beside them.
KOI = (
    "kepid,kepoi_name,kepler_name,koi_disposition,koi_period,koi_period_err1,koi_period_err2,"
    "koi_time0bk,koi_time0bk_err1,koi_time0bk_err2,koi_impact,koi_impact_err1,koi_impact_err2,"
    "koi_duration,koi_duration_err1,koi_duration_err2,koi_depth,koi_depth_err1,koi_depth_err2,"
    "koi_prad_err1,koi_steff,koi_steff_err1,koi_steff_err2,koi_slogg,koi_slogg_err1,koi_slogg_err2,"
    "koi_srad,koi_srad_err1,koi_srad_err2,ra,dec,koi_kepmag\n"
    "10797460,K00752.01,Kepler-227 b,CONFIRMED,9.488035570,2.7750000e-05,-2.7750000e-05,"
    "170.5387500,2.160000e-03,-2.160000e-03,0.1460,0.3180,-0.1460,2.95750,0.08190,-0.08190,"
    "6.1580e+02,1.950e+01,-1.950e+01,2.6e-01,5455.00,81.00,-81.00,4.467,0.064,-0.096,"
    "0.9270,0.1050,-0.0610,291.934230,48.141651,15.347\n"
)
TOI = (
    "toi,tid,tfopwg_disp,rastr,ra,decstr,dec,pl_tranmid,pl_tranmiderr1,pl_tranmiderr2,"
    "pl_tranmidlim,pl_orbper,pl_orbpererr1,pl_orbpererr2,pl_orbperlim,pl_trandurh,"
    "pl_trandurherr1,pl_trandurherr2,pl_trandurhlim,pl_trandep,pl_trandeperr1,pl_trandeperr2,"
    "pl_trandeplim,st_tmag,st_tmagerr1,st_teff,st_tefferr1,st_tefferr2,st_tefflim,st_logg,"
    "st_loggerr1,st_loggerr2,st_logglim,st_rad,st_raderr1,st_raderr2,st_radlim\n"
    "1000.01,50365310,FP,07h29m25.85s,112.3577080,-12d41m45.46s,-12.6959600,2459229.6300460,"
    "0.001657,-0.002,0,2.1713484,0.0002637,-0.0002637,0,2.0172196,0.3195879,-0.3195879,0,"
    "656.8860989,37.7782100,-37.7782100,0,9.6040000,0.013,10249.0000000,264.7000000,"
    "-264.7000000,0,4.1900000,0.0700000,-0.0700000,0,2.1698600,0.0725729,-0.0725729,0\n"
)
EXOFOP = (
    '"TIC ID","TOI","TFOPWG Disposition","TESS mag","RA","Dec","Transit Epoch (BJD)",'
    '"Transit Epoch (BJD) err","Period (days)","Period (days) err","Duration (hours)",'
    '"Duration (hours) err","Depth (ppm)","Depth (ppm) err","Stellar Teff (K)",'
    '"Stellar Teff (K) err","Stellar log(g) (cm/s2)","Stellar log(g) (cm/s2) err",'
    '"Stellar Radius (R_Sun)","Stellar Radius (R_Sun) err"\n'
    '"50365310","1000.01","FP","9.604","07:29:25.85","-12:41:45.46","2459229.630046","0.001657",'
    '"2.1713484","0.0002637","2.0172196","0.3195879","656.886","37.778","10249","264.7","4.19",'
    '"0.07","2.16986","0.0725729"\n'
)
TCE = (
    "kepid,tce_plnt_num,tce_period,tce_period_err,tce_time0bk,tce_time0bk_err,tce_impact,"
    "tce_impact_err,tce_duration,tce_duration_err,tce_depth,tce_depth_err,tce_model_snr,tce_steff,"
    "tce_slogg,tce_sradius,av_training_set\n"
    "10000002,3,1.4704752,1e-5,170.5,0.002,0.9698,0.4,4.6855,0.1,486.71,9.5,50.73,5966,4.332,"
    "1.260,AFP\n"
)
PLAIN = (
    "period,period_err,duration,duration_err,depth,depth_err,impact,impact_err,steff,steff_err,"
    "srad,srad_err,slogg,slogg_err,label,name,epoch,epoch_err,ra,dec\n"
    "9.5,1e-5,3,0.1,600,20,0.1,0.3,5500,80,0.9,0.1,4.4,0.06,1,Vulcan b,"
    "2455003.5,0.002,291.9,-48.1\n"
)

KNOWN = {
    "koi": (
        KOI,
        b"K00752.01",
        {
            "epoch": 170.53875 + 2454833,
            "ra": 291.93423,
            "dec": 48.141651,
            "period_err": 2.775e-5,
            "epoch_err": 2.16e-3,
            "duration_err": 0.0819,
            "depth_err": 19.5,
            "impact_err": 0.318,
            "steff_err": 81,
            "srad_err": 0.105,
            "slogg_err": 0.096,
        },
    ),
    "toi": (
        TOI,
        b"1000.01",
        {
            "epoch": 2459229.630046,
            "ra": 112.357708,
            "dec": -12.69596,
            "period_err": 0.0002637,
            "epoch_err": 0.002,
            "duration_err": 0.3195879,
            "depth_err": 37.77821,
            "steff_err": 264.7,
            "srad_err": 0.0725729,
            "slogg_err": 0.07,
        },
    ),
    "exofop": (
        EXOFOP,
        b"1000.01",
        {
            "epoch": 2459229.630046,
            "ra": 15 * (7 + 29 / 60 + 25.85 / 3600),
            "dec": -(12 + 41 / 60 + 45.46 / 3600),
            "period_err": 0.0002637,
            "epoch_err": 0.001657,
            "duration_err": 0.3195879,
            "depth_err": 37.778,
            "steff_err": 264.7,
            "srad_err": 0.0725729,
            "slogg_err": 0.07,
        },
    ),
    "tce": (
        TCE,
        b"10000002-3",
        {
            "epoch": 2455003.5,
            "period_err": 1e-5,
            "epoch_err": 0.002,
            "duration_err": 0.1,
            "depth_err": 9.5,
            "impact_err": 0.4,
        },
    ),
    "exotrain": (
        PLAIN,
        b"Vulcan b",
        {
            "epoch": 2455003.5,
            "ra": 291.9,
            "dec": -48.1,
            "period_err": 1e-5,
            "epoch_err": 0.002,
            "duration_err": 0.1,
            "depth_err": 20,
            "impact_err": 0.3,
            "steff_err": 80,
            "srad_err": 0.1,
            "slogg_err": 0.06,
        },
    ),
}


def read(text, **options):
    """The catalogue, once it is read, and its evidence; the same whichever way it is read."""
    found = []
    for with_records in (True, False):
        catalog = open_catalog(
            io.BytesIO(text.encode()), label_required=True, with_records=with_records, **options
        )
        chunks = list(catalog)
        evidence = None
        if catalog.evidence.columns:
            evidence = np.concatenate([chunk.evidence for chunk in chunks])
        else:
            assert all(chunk.evidence is None for chunk in chunks)
        found.append((catalog, evidence))
    (catalog, evidence), (other, others) = found
    assert catalog.reading() == other.reading()
    if evidence is not None:
        assert evidence.dtype == catalog.evidence.columns.dtype
        for name in evidence.dtype.names:
            np.testing.assert_array_equal(evidence[name], others[name])
    return catalog, evidence


def table(columns, *rows, nine="9.5,3,600,1"):
    """A table in the plain form with these columns besides."""
    lines = [f"period,duration,depth,label,{columns}", *(f"{nine},{row}" for row in rows)]
    return "\n".join(lines) + "\n"


def values(columns, *rows, name="epoch"):
    """What is read of one column."""
    _, evidence = read(table(columns, *rows))
    return None if evidence is None else evidence[name].tolist()


@pytest.mark.parametrize("form", KNOWN)
def test_the_evidence_of_each_form_is_read_in_our_units(form):
    text, name, expected = KNOWN[form]
    catalog, (row,) = read(text)
    assert catalog.form == form
    assert row["name"] == name
    for column in EVIDENCE_UNITS:
        if column in expected:
            assert row[column] == pytest.approx(expected[column], rel=1e-12), column
        else:
            assert math.isnan(row[column]), column
    assert catalog.evidence.recognised.keys() == {"name", *expected}
    assert catalog.reading()["unread_evidence"] == []


def test_a_table_without_such_columns_has_no_evidence():
    _, evidence = read("period,duration,depth,label,star,tmag\n9.5,3,600,1,7,12\n")
    assert evidence is None


def test_the_columns_of_a_koi_table_may_be_in_bjd():
    text = KOI.replace("koi_time0bk", "koi_time0").replace(",170.5387500,", ",2455003.53875,")
    assert read(text)[1]["epoch"].tolist() == [2455003.53875]


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("t0", "2457000.25", 2457000.25),
        ("Transit Epoch [BJD]", "2457000.25", 2457000.25),
        ("epoch_bjd_tdb", "2457000.25", 2457000.25),
        ("tc [days]", "2457000.25", 2457000.25),
        ("t0_bkjd", "170.5", 2455003.5),
        ("epoch [BTJD]", "1325.5", 2458325.5),
        ("Epoch (BJD - 2457000)", "1325.5", 2458325.5),
        ("t0_2454833", "170.5", 2455003.5),
        ("tc_mjd", "57000.25", 2457000.75),
        ("epoch (BJD-2400000.5)", "57000.25", 2457000.75),
    ],
)
def test_the_name_of_an_epoch_says_from_which_day_it_counts(name, cell, expected):
    assert values(name, cell) == [expected]


def test_an_epoch_that_nothing_explains_is_unknown_and_told():
    catalog, evidence = read(table("epoch", "170.5", "2455003.5", "57000.25", ""))
    np.testing.assert_array_equal(evidence["epoch"], [np.nan, 2455003.5, np.nan, np.nan])
    assert catalog.reading()["unread_evidence"] == [
        {"column": "epoch", "names": ["epoch"], "rows": 2, "has_reference": False}
    ]


def test_a_whole_julian_date_is_none_that_a_day_was_subtracted_from():
    catalog, evidence = read(table("t0_bkjd", "2455003.5"))
    assert math.isnan(evidence["epoch"][0])
    assert catalog.reading()["unread_evidence"][0]["has_reference"] is True


@pytest.mark.parametrize("name", ["epoch (yr)", "tess_epoch", "period_epoch", "bjd"])
def test_other_columns_are_no_epochs(name):
    assert values(name, "2455003.5") is None


@pytest.mark.parametrize(
    ("columns", "cells", "expected"),
    [
        ("depth_err", "20", 20),
        ("depth_err [percent]", "0.02", 200),
        ("Depth Error (ppt)", "0.2", 200),
        ("depth_percent_err", "0.02", 200),
        ("e_depth", "20", 20),
        ("sigma_depth", "20", 20),
        ("depth_uncertainty", "-20", 20),
        ("depthErrUpper,depthErrLower", "20,-30", 30),
        ("depth_err1,depth_err2", "20,", 20),
        ("depth_err1,depth_err2", "20,inf", math.nan),
        ("depth_err", "0", math.nan),
        ("transit_depth_unc", "20", 20),
    ],
)
def test_an_uncertainty_is_its_larger_side_in_our_unit(columns, cells, expected):
    np.testing.assert_array_equal(values(columns, cells, name="depth_err"), [expected])


@pytest.mark.parametrize(
    ("columns", "cells", "expected"),
    [
        ("t0_bjd,t0_err", "2455003.5,0.01", 0.01),
        ("epoch_bjd,epoch_err,t0,t0_err", "2455003.5,0.01,170.5,0.9", 0.01),
        ("epoch_bjd,t0_err", "2455003.5,0.9", math.nan),
    ],
)
def test_the_uncertainty_of_an_epoch_is_that_of_the_column_that_is_read(columns, cells, expected):
    found = values(columns, cells, name="epoch_err")
    np.testing.assert_array_equal(found, [expected])


def test_an_uncertainty_has_the_unit_of_its_column_unless_it_names_one():
    text = "period,duration_days,depth_percent,label,duration_err,depth_err,period_err_hours\n"
    _, (row,) = read(text + "9.5,0.125,0.06,1,0.01,0.002,12\n")
    assert row["duration_err"] == pytest.approx(0.24)
    assert row["depth_err"] == pytest.approx(20)
    assert row["period_err"] == pytest.approx(0.5)


def test_the_units_of_a_votable_stand_behind_the_archive_s_names():
    names = (
        "koi_period [days],koi_period_err1 [days],koi_time0bk [days],koi_time0bk_err1 [days],"
        "koi_duration [hours],koi_duration_err1 [hours],koi_depth [ppm],koi_depth_err1 [ppm],"
        "koi_impact,koi_impact_err1,koi_steff [K],koi_steff_err1 [K],koi_slogg [log10(cm/s**2)],"
        "koi_slogg_err1 [log10(cm/s**2)],koi_srad [Rsun],koi_srad_err1 [Rsun],ra [deg],dec [deg],"
        "koi_disposition"
    )
    cells = "9.5,1e-5,170.5,0.01,3,0.1,600,20,0.1,0.3,5500,80,4.4,0.06,0.9,0.1,291.9,48.1,CONFIRMED"
    _, (row,) = read(f"{names}\n{cells}\n")
    found = [2455003.5, 291.9, 48.1, 1e-5, 0.01, 0.1, 20, 0.3, 80, 0.1, 0.06]
    assert [float(row[column]) for column in EVIDENCE_UNITS] == found


def test_planetary_depths_in_percent_have_uncertainties_in_percent():
    text = (
        "pl_name,hostname,disposition,default_flag,pl_orbper,pl_trandur,pl_trandep,pl_trandeperr1,"
        "pl_trandeperr2,pl_tranmid,pl_tranmidlim\n"
        "K2-100 b,K2-100,CONFIRMED,1,1.67,1.6,0.085,0.002,-0.003,2457140.7,0\n"
    )
    catalog, (row,) = read(text)
    assert catalog.form == "k2"
    assert row["depth_err"] == pytest.approx(30)
    assert (row["name"], row["epoch"]) == (b"K2-100 b", 2457140.7)


def test_what_a_person_says_of_a_column_counts_for_its_uncertainty():
    text = "P_orb,T,D,label,P_orb_err,D_err,epoch\n9.5,3,0.06,1,1e-5,0.002,170.5\n"
    said = read_as({"period": "P_orb", "duration": "T", "depth": "D"}, {"depth": "percent"})
    _, (row,) = read(text, read_as=said)
    assert row["period_err"] == 1e-5
    assert row["depth_err"] == pytest.approx(20)
    said = read_as({"period": "P_orb", "duration": "T", "depth": "D", "tmag": "epoch"})
    assert read(text.replace("0.06", "600").replace("170.5", "12"), read_as=said)[
        0
    ].evidence.recognised.keys() == {"period_err", "depth_err"}


def test_columns_that_are_read_besides_are_not_offered_for_another():
    catalog, _ = read(table("e_impact,f_impact", "0.1,0.2"))
    assert [each["name"] for each in catalog.reading()["similar"]] == ["f_impact"]


def test_a_cell_that_cannot_be_read_is_unknown_and_its_row_is_used():
    catalog, evidence = read(
        table("ra,dec,period_err", "much,95,1e-5", "361,-48.1,tiny", "7,12,", "nan,--,1e-4")
    )
    np.testing.assert_array_equal(evidence["ra"], [np.nan, np.nan, 7, np.nan])
    np.testing.assert_array_equal(evidence["dec"], [np.nan, -48.1, 12, np.nan])
    np.testing.assert_array_equal(evidence["period_err"], [1e-5, np.nan, np.nan, 1e-4])
    assert catalog.rejections.total == 0
    told = {each["column"]: each["rows"] for each in catalog.reading()["unread_evidence"]}
    assert told == {"ra": 2, "dec": 1, "period_err": 1}


def test_evidence_belongs_to_the_accepted_rows_alone():
    text = table("name,epoch", "a,2455003.5") + "0,3,600,1,b,170\n9.5,3,600,1,c,2455005.5\n"
    catalog, evidence = read(text)
    assert evidence["name"].tolist() == [b"a", b"c"]
    assert evidence["epoch"].tolist() == [2455003.5, 2455005.5]
    assert catalog.reading()["unread_evidence"] == []


def test_a_limit_is_no_epoch_and_no_uncertainty():
    lines = TOI.split("\n")
    cells = lines[1].split(",")
    names = lines[0].split(",")
    for name in ("pl_tranmidlim", "st_radlim"):
        cells[names.index(name)] = "1"
    catalog, (row,) = read("\n".join([lines[0], ",".join(cells)]))
    assert math.isnan(row["epoch"])
    assert math.isnan(row["epoch_err"])
    assert math.isnan(row["srad_err"])
    assert row["slogg_err"] == 0.07
    assert catalog.reading()["unread_evidence"] == []


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("07h29m25.85s", 112.35770833333333),
        ("07 29 25.85", 112.35770833333333),
        ("07:29:25,85", 112.35770833333333),
        ("112d21m27.75s", 112.35770833333333),
        ("112:21:27.75", math.nan),
        ("07:61:00", math.nan),
        ("112.357708", 112.357708),
    ],
)
def test_a_right_ascension_may_be_in_hours_minutes_and_seconds(cell, expected):
    text = "period\tduration\tdepth\tlabel\tra\n9.55\t3.25\t600\t1\t" + cell
    np.testing.assert_allclose(read(text)[1]["ra"], [expected], rtol=1e-12)


def test_a_declination_just_south_of_the_equator_is_negative():
    assert values("dec", "-00:30:00", name="dec") == [-0.5]


def test_decimal_commas_are_read_as_in_the_other_columns():
    german = "period;duration;depth;label;epoch;ra;period_err;depth_err\n"
    _, (row,) = read(german + "9,0490974;3,9284;6161,24;1;2455003,5;291,934;0,002;6,161\n")
    assert row["epoch"] == 2455003.5
    assert row["ra"] == 291.934
    assert row["period_err"] == 0.002
    assert row["depth_err"] == 6.161


def test_a_number_that_may_be_two_is_unknown():
    text = "period;duration;depth;label;depth_err\n9.0490974;3,9284;6161;1;6.161\n"
    catalog, evidence = read(text)
    assert math.isnan(evidence["depth_err"][0])
    assert catalog.reading()["unread_evidence"][0]["rows"] == 1


def test_signs_of_these_columns_tell_nothing_about_the_nine():
    """Their numbers contradict each other: else the depth of the row would be in doubt too."""
    text = "period;duration;depth;label;ra;dec\n9,0490974;3,9284;6,161;1;291.9342;48.14\n"
    catalog, (row,) = read(text)
    assert catalog.rejections.total == 0
    assert next(iter(open_catalog(io.BytesIO(text.encode()), label_required=True))).rows[
        "depth"
    ] == [6.161]
    assert row["ra"] == 291.9342


def test_a_name_that_is_too_long_is_cut_between_characters():
    (name,) = values("name", "x" * 47 + "é", name="name")
    assert name == b"x" * 47


def test_names_of_confirmed_planets_are_not_read():
    assert values("kepler_name", "Kepler-227 b", name="name") is None


def test_an_epoch_alone_may_have_a_flag_of_limits():
    text = "toi,tid,pl_orbper,pl_trandurh,pl_trandep,tfopwg_disp,pl_tranmid,pl_tranmidlim\n"
    _, evidence = read(text + "1.01,7,9.5,3,600,PC,2459229.5,1\n2.01,8,9.5,3,600,PC,2459229.5,0\n")
    np.testing.assert_array_equal(evidence["epoch"], [np.nan, 2459229.5])


def test_a_unit_that_was_said_counts_where_both_names_tell_another():
    text = "period,duration_days,depth,label,duration_days_err,duration_days_err_minutes\n"
    said = read_as(units={"duration": "hours"})
    _, (row,) = read(text + "9.5,3,600,1,0.1,3\n", read_as=said)
    assert row["duration_err"] == 0.1
