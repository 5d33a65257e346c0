"""The archive's planetary and K2 tables: units, limits, references, and what they lack."""

import io

import pytest

from backend.transit.catalog.names.read_as import NOTHING_SAID, read_as
from backend.transit.catalog.reader import CatalogError, band, open_catalog

K2 = "pl_name,epic_hostname,disposition,pl_orbper,pl_trandur,pl_trandep,sy_kepmag"


def rows(text, *, label_required=True, said=NOTHING_SAID):
    catalog = open_catalog(io.BytesIO(text.encode()), label_required=label_required, read_as=said)
    (chunk,) = catalog
    return catalog, chunk.rows


def refused(text, *, label_required=True, said=NOTHING_SAID):
    with pytest.raises(CatalogError) as caught:
        rows(text, label_required=label_required, said=said)
    return str(caught.value)


def test_depths_of_k2_tables_are_in_percent_and_durations_in_hours():
    catalog, read = rows(f"{K2}\nK2-0 b,EPIC 200000001,CONFIRMED,9.5,3.1,0.06,12.5\n")
    assert (catalog.form, catalog.source, band(catalog.source)) == ("k2", "k2", "kepler")
    assert read[0][["period", "duration", "depth", "tmag", "label"]].tolist() == (
        9.5,
        3.1,
        pytest.approx(600),
        12.5,
        1,
    )
    assert read["star"][0] == b"200000001"


@pytest.mark.parametrize("word", ["REFUTED", "FALSE POSITIVE", "Refuted"])
def test_refuted_candidates_are_false_positives(word):
    _, read = rows(f"{K2}\nK2-0 b,EPIC 1,{word},9.5,3.1,0.06,12.5\n")
    assert read["label"].tolist() == [2]


def test_beside_durations_of_toi_tables_the_depth_is_in_ppm():
    header = "tid,tfopwg_disp,pl_orbper,pl_trandurh,pl_trandep"
    catalog, read = rows(f"{header}\n1,PC,9.5,3.1,600\n")
    assert catalog.form == "toi"
    assert read["depth"][0] == 600


def test_where_no_duration_tells_the_unit_of_the_depth_it_is_asked_for():
    text = "tid,tfopwg_disp,pl_orbper,T14,pl_trandep\n1,PC,9.5,3.1,600\n"
    mapped = read_as({"duration": "T14"})
    message = refused(text, said=mapped)
    assert "unit of 'pl_trandep' cannot be told" in message
    assert '{"depth": "percent"}' in message
    said = read_as({"duration": "T14"}, {"depth": "ppm"})
    assert rows(text, said=said)[1]["depth"].tolist() == [600]
    said = read_as({"duration": "T14"}, {"depth": "%"})
    assert rows(text.replace("600", "0.06"), said=said)[1]["depth"][0] == pytest.approx(600)


@pytest.mark.parametrize(
    ("header", "missing", "ticks"),
    [
        (
            "pl_name,disposition,pl_orbper",
            ["duration", "depth"],
            "Transit Duration (pl_trandur, hours) and Transit Depth (pl_trandep, percent)",
        ),
        ("pl_name,disposition,pl_orbper,pl_trandur", ["depth"], "Depth (pl_trandep, percent)"),
        ("pl_name,disposition,pl_orbper,pl_trandep", ["duration"], "(pl_trandur, hours)"),
    ],
)
def test_what_to_tick_in_the_archive_is_named(header, missing, ticks):
    message = refused(f"{header}\nK2-0 b,CONFIRMED,9.5,1\n")
    assert f"Required columns are missing: {', '.join(missing)}." in message
    assert "Select Columns" in message
    assert f"{ticks}, then download" in message


def test_a_planetary_table_is_a_batch_and_nothing_to_learn_from():
    text = "pl_name,hostname,pl_orbper,pl_trandur,pl_trandep,sy_tmag\nK b,K,9.5,3,0.06,11\n"
    catalog, read = rows(text, label_required=False)
    assert (catalog.form, catalog.source) == ("planets", "exotrain")
    assert (read["depth"][0], read["star"][0], read["tmag"][0]) == (pytest.approx(600), b"K", 11)
    message = refused(text)
    assert "has no disposition" in message
    assert "can be predicted as a batch" in message


def test_of_the_references_of_one_planet_the_archives_choice_is_read():
    text = f"{K2},default_flag\n"
    text += "K2-0 b,EPIC 1,CONFIRMED,9.5,3,0.06,12,0\nK2-0 b,EPIC 1,CONFIRMED,9.6,3,0.06,12,1\n"
    catalog, read = rows(text + "K2-0 b,EPIC 1,CONFIRMED,9.7,3,0.06,12,\n")
    assert read["period"].tolist() == [9.6]
    assert catalog.rejections.by_reason == {"other_reference": 2}
    first = catalog.rejections.first[0]
    assert (first.line, first.column) == (2, "default_flag")
    assert "expected 1, the reference that the archive has chosen" in first.message
    assert "received '0'" in first.message


def test_in_other_forms_a_default_flag_means_nothing():
    text = "period,duration,depth,label,default_flag\n9.5,3,600,1,0\n"
    assert len(rows(text)[1]) == 1


@pytest.mark.parametrize("flag", ["1", "-1", "1.0"])
def test_a_limit_is_no_value(flag):
    header = f"{K2},pl_imppar,pl_imppar lim,pl_trandeplim".replace(" ", "")
    text = f"{header}\nK2-0 b,EPIC 1,CONFIRMED,9.5,3,0.06,12,0.7,{flag},0\n"
    text += f"K2-0 c,EPIC 1,CONFIRMED,9.5,3,0.06,12,0.7,0,{flag}\n"
    catalog, read = rows(text + "K2-0 d,EPIC 1,CONFIRMED,9.5,3,0.06,12,0.7,,\n")
    assert read["period"].tolist() == [9.5, 9.5]
    assert read["impact"].tolist()[1] == 0.7
    assert read["impact"][0] != read["impact"][0]  # NaN
    assert catalog.rejections.first[0].message == (
        f"pl_trandep: expected a value, received a limit (pl_trandeplim is '{flag}')"
    )


def test_limits_of_toi_tables_are_limits_too():
    header = "tid,tfopwg_disp,pl_orbper,pl_trandurh,pl_trandep,st_rad,st_radlim"
    _, read = rows(f"{header}\n1,PC,9.5,3.1,600,1.1,1\n1,PC,9.5,3.1,600,1.1,0\n")
    assert read["srad"][0] != read["srad"][0]
    assert read["srad"][1] == 1.1


@pytest.mark.parametrize("temperature", ["Stellar Teff (K)", "Stellar Eff Temp (K)"])
def test_exofop_s_temperatures_are_read_under_their_names_of_several_years(temperature):
    header = f"TIC ID,Period (days),Duration (hours),Depth (ppm),{temperature},TFOPWG Disposition"
    catalog, read = rows(f"{header}\n7,9.5,3.25,600.5,5700,PC\n")
    assert catalog.form == "exofop"
    assert read["steff"].tolist() == [5700]
