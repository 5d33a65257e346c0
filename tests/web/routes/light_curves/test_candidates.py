"""POST /api/predict as a form: one candidate with its light curve."""

import io
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.services.curves import candidate
from backend.transit.columns import LABELS
from backend.transit.photometry.evidence import EVIDENCE, NUMBERS, usual_numbers
from tests.api import complete, problem_of, use_depth_predictor
from tests.light_curves.preparing.made import segment, signal
from tests.services.curves.prepared import curves
from tests.transit.photometry.test_prepared_views import view

PREDICT = "/api/predict"
SPEC = {"source": "toi", "network": "light_curve_cnn"}
STAR = 3
OWN = signal(STAR)
CANDIDATE = {"period": 2.0, "duration": 4.0, "depth": 4000.0, "epoch": OWN.epoch}


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch, services):
    """Whatever was asked: no file stays."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []
    assert list(services.storage.incoming.iterdir()) == []


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    return complete(services, api.session(key), spec=SPEC)


def table(star: int = STAR, *, start: float = 0.0, days: float = 12.0) -> bytes:
    """The light curve of a star as a table that does not name it."""
    made = segment(star, signal(star), days=start + days)
    kept = made.time >= made.time[0] + start
    points = zip(made.time[kept], made.flux[kept] / 100, strict=True)
    return "\n".join(["bjd,flux", *(f"{t:.5f},{f:.7f}" for t, f in points), ""]).encode()


def ask(api, key, files: dict[str, bytes | str], expect: int | None = 200, **fields: Any) -> Any:
    sent = [
        (io.BytesIO(content if isinstance(content, bytes) else content.encode()), name)
        for name, content in files.items()
    ]
    data = {"workspace_key": key, **CANDIDATE, **fields, "file": sent}
    data = {name: value for name, value in data.items() if value is not None}
    return api.post(PREDICT, expect, data=data)


def refused(response, status: int = 422) -> dict[str, Any]:
    problem = problem_of(response)
    assert problem["status"] == status, problem
    return problem


def test_a_candidate_is_predicted_by_its_light_curve(api, key, model_id, predictor):
    answer = ask(api, key, {"TIC 3.csv": table()})
    [prediction] = answer["predictions"]
    assert (prediction["light_curve"], prediction["star"]) == (True, "3")
    assert prediction["label_name"] is not None
    shown = answer["light_curve"]
    assert (shown["is_used"], shown["star"], shown["segments"]) == (True, "3", 1)
    assert shown["points"] == table().count(b"\n") - 1
    assert 0 < shown["points_in_transit"] < shown["points"]
    numbers = {each["name"]: each for each in shown["numbers"]}
    assert tuple(numbers) == EVIDENCE
    assert numbers["depth"]["unit"] == NUMBERS["depth"].unit == "ppm"
    assert numbers["depth"]["value"] == pytest.approx(OWN.depth, rel=0.1)
    [views] = predictor.views
    assert views["row"].tolist() == [0]
    assert views["evidence"][0, EVIDENCE.index("depth")] == numbers["depth"]["value"]


def test_what_was_usual_in_the_training_rows_stands_beside_the_numbers(
    api, key, services, predictor
):
    depths = np.full((20, len(EVIDENCE)), np.nan, np.float32)
    depths[:, EVIDENCE.index("depth")] = range(20)
    usual = usual_numbers(depths, np.full(20, LABELS.index("FALSE POSITIVE")))
    curves_of = {"curve_set_id": 1, "sha256": "c" * 64, "recipe": 1, "usual": usual}
    complete(services, api.session(key), spec=SPEC, light_curves=curves_of)
    shown = ask(api, key, {"TIC 3.csv": table()})["light_curve"]["usual"]
    assert shown == usual
    assert shown["false_positives"]["numbers"]["depth"]["median"] == 9.5
    assert shown["planets"]["numbers"]["depth"] is None


@pytest.mark.parametrize("known", [None, {"curve_set_id": 1, "sha256": "c" * 64, "recipe": 1}])
def test_a_model_of_an_earlier_version_knows_nothing_usual(api, key, services, predictor, known):
    complete(services, api.session(key), spec=SPEC, light_curves=known)
    shown = ask(api, key, {"TIC 3.csv": table()})["light_curve"]
    assert (shown["is_used"], shown["usual"]) == (True, None)


def test_several_files_of_a_star_are_one_light_curve(api, key, model_id, predictor):
    one = ask(api, key, {"TIC 3 a.csv": table()})["light_curve"]
    files = {"TIC 3 a.csv": table(), "TIC 3 b.csv": table(start=40.0)}
    both = ask(api, key, files)["light_curve"]
    assert both["segments"] == 2
    assert both["points_in_transit"] > one["points_in_transit"]


def test_files_that_name_no_star_are_those_of_the_candidate(api, key, model_id):
    files = {"first half.csv": table(), "second half.csv": table(start=40.0)}
    answer = ask(api, key, files, star="WASP-4")
    assert (answer["light_curve"]["segments"], answer["light_curve"]["star"]) == (2, None)
    assert answer["predictions"][0]["star"] == "WASP-4"
    answer = ask(api, key, files)
    assert (answer["light_curve"]["segments"], answer["predictions"][0]["star"]) == (2, None)


def test_a_light_curve_of_another_star_is_refused_unless_it_is_the_same(api, key, model_id):
    [error] = refused(ask(api, key, {"a.csv": curves([STAR])}, None, star="TIC 7"))["errors"]
    assert error["field"] == "star"
    assert "Expected 3, the star of a.csv, received 'TIC 7'" in error["message"]
    assert "same_star" in error["message"]
    answer = ask(api, key, {"a.csv": curves([STAR])}, star="TIC 7", same_star="true")
    assert answer["light_curve"]["is_used"]
    assert answer["predictions"][0]["star"] == "TIC 7"
    # The same identifier, written otherwise.
    assert ask(api, key, {"a.csv": curves([STAR])}, star="TIC 3")["light_curve"]["is_used"]


def test_the_same_number_in_another_catalogue_is_another_star(api, key, model_id):
    of_tess = {"tess2018206045859-s0001-0000000000000003-0120-s_lc.csv": table()}
    [error] = refused(ask(api, key, of_tess, None, star="KIC 3"))["errors"]
    assert error["field"] == "star"
    assert "Expected a star of the catalogue of tess" in error["message"]
    assert "received 'KIC 3'" in error["message"]
    for star in ("TIC 3", "tic3", "3"):
        assert ask(api, key, of_tess, star=star)["light_curve"]["is_used"]
    assert ask(api, key, of_tess, star="KIC 3", same_star="true")["light_curve"]["is_used"]
    assert ask(api, key, {"KIC 3.csv": table()}, star="EPIC 3")["light_curve"]["is_used"]


def test_files_of_two_stars_are_refused_and_both_named(api, key, model_id):
    files = {"TIC 3.csv": table(), "TIC 4.csv": table(4)}
    [error] = refused(ask(api, key, files, None))["errors"]
    assert error["field"] == "file"
    assert "TIC 3.csv, of 3, and TIC 4.csv, of 4" in error["message"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", ""),
        ("no,table\n1,2\n", "column"),
        ("bjd,flux\n" + "2457000.5,1\n" * 50, ""),
        (b"SIMPLE  =                    T" + b" " * 50, ""),
        (b"PK\x03\x04 no zip", ""),
    ],
    ids=["empty", "no time", "constant", "half a FITS header", "no zip"],
)
def test_a_bad_file_is_refused_with_its_name_and_the_reason(api, key, model_id, content, why):
    files = {"TIC 3.csv": table(), "bad.csv": content}
    problem = refused(ask(api, key, files, None))
    [error] = problem["errors"]
    assert error["field"] == "file"
    assert error["message"].startswith("bad.csv")
    assert len(error["message"]) > len("bad.csv: ")
    assert why in error["message"]
    assert problem["detail"] == error["message"]


def test_a_file_that_ends_its_reader_is_refused(api, key, model_id, services, monkeypatch):
    services.candidate_curves = candidate.CandidateCurves(120, 60)  # too little for anything
    response = ask(api, key, {"TIC 3.csv": table()}, None)
    assert response.status_code in (422, 503)
    assert response.status_code == 422 or response.headers["Retry-After"]


def test_a_light_curve_that_says_nothing_of_the_signal_leaves_the_columns(
    api, key, model_id, predictor
):
    late = {"period": 400.0, "epoch": OWN.epoch + 100}
    answer = ask(api, key, {"TIC 3.csv": table()}, **late)
    shown = answer["light_curve"]
    assert (shown["is_used"], shown["points_in_transit"]) == (False, 0)
    assert "no data in transit" in shown["flags"]
    assert {each["value"] for each in shown["numbers"]} == {None}
    assert answer["predictions"][0]["light_curve"] is False
    assert predictor.views == [None]


@pytest.mark.parametrize("epoch", [None, 355.2, "soon"])
def test_the_epoch_is_needed_as_bjd(api, key, model_id, epoch):
    problem = refused(ask(api, key, {"TIC 3.csv": table()}, None, epoch=epoch))
    assert [each["field"] for each in problem["errors"]] == ["epoch"]


def test_a_form_is_checked_as_json_is(api, key, model_id):
    problem = refused(ask(api, key, {"TIC 3.csv": table()}, None, period=-1, colour="red"))
    assert {each["field"] for each in problem["errors"]} == {"period", "colour"}
    data = {"workspace_key": key, **CANDIDATE}
    without = api.post(PREDICT, None, data=data, content_type="multipart/form-data")
    assert [each["field"] for each in refused(without)["errors"]] == ["file"]
    as_json = {"workspace_key": key, "period": 2, "duration": 4, "depth": 500}
    assert api.post(PREDICT, 200, json=as_json)["light_curve"] is None


def test_a_model_that_reads_no_light_curves_is_refused_and_named(api, key, services, predictor):
    model_id = complete(services, api.session(key), spec={**SPEC, "network": "transit_cnn"})
    [error] = refused(ask(api, key, {"TIC 3.csv": table()}, None))["errors"]
    assert error["field"] == "file"
    assert f"model {model_id}, of transit_cnn" in error["message"]


def test_a_model_of_another_workspace_is_404(api, key, model_id):
    other = api.workspace("Other")
    refused(ask(api, other, {"TIC 3.csv": table()}, None, model_id=model_id), 404)


def test_files_beyond_the_limit_are_413(api, key, model_id, services):
    services.settings = replace(services.settings, max_upload_mb=1)
    problem = refused(ask(api, key, {"TIC 3.csv": b"0" * (3 << 20)}, None), 413)
    assert "EXOTRAIN_MAX_UPLOAD_MB" in problem["detail"]


def test_more_than_a_few_at_once_are_told_to_come_again(api, key, model_id, services, monkeypatch):
    monkeypatch.setattr(candidate, "_PATIENCE_SECONDS", 0.01)
    for _ in range(candidate.MOST_AT_ONCE):
        services.candidate_curves._room.acquire()
    response = ask(api, key, {"TIC 3.csv": table()}, None)
    refused(response, 503)
    assert int(response.headers["Retry-After"]) > 0
    services.candidate_curves._room.release()
    assert ask(api, key, {"TIC 3.csv": table()})["light_curve"]["is_used"]
    refused(ask(api, key, {"bad.csv": ""}, None))  # which gives its place back too
    assert ask(api, key, {"TIC 3.csv": table()})["light_curve"]["is_used"]


def test_a_user_has_one_at_a_time_and_leaves_the_other_place_to_others(
    api, key, model_id, stranger, monkeypatch
):
    api.post(f"/api/workspaces/{key}/members", 201, json={"user": "stranger"})
    ingest, meanwhile = candidate.ingest, []

    def asked_meanwhile(*arguments, **options):
        monkeypatch.setattr(candidate, "ingest", ingest)
        meanwhile.extend(ask(each, key, {"TIC 3.csv": table()}, None) for each in (api, stranger))
        return ingest(*arguments, **options)

    monkeypatch.setattr(candidate, "ingest", asked_meanwhile)
    assert ask(api, key, {"TIC 3.csv": table()})["light_curve"]["is_used"]
    own, other = meanwhile
    assert "another candidate of yours" in refused(own, 429)["detail"]
    assert int(own.headers["Retry-After"]) > 0
    assert other.status_code == 200
    assert ask(api, key, {"TIC 3.csv": table()})["light_curve"]["is_used"]


def test_the_server_s_own_process_reads_nothing(api, key, model_id, monkeypatch):
    def read(*_arguments: object, **_options: object) -> None:
        raise AssertionError("it was read here")

    monkeypatch.setattr("backend.light_curves.preparing.star.prepare_star", read)
    monkeypatch.setattr(np, "loadtxt", read)
    assert ask(api, key, {"TIC 3.csv": table()})["light_curve"]["is_used"]


def test_real_files_are_named_by_their_stars() -> None:
    names = {
        ("kplr011442793-2009350155506_llc.fits", "11442793"): True,
        ("tess2018234235059-s0002-0000000402026209-0121-s_lc.fits", "402026209"): True,
        ("curve.csv", "curve"): False,
        ("curve.csv", "402026209"): True,  # by its header
        ("402026209.csv", "402026209"): True,
        ("TIC_7.csv", "7"): True,
        ("curve.csv", ""): False,
    }
    for (name, star), expected in names.items():
        assert candidate.says_star(star, str(Path(name))) is expected, name


def test_a_star_that_cannot_be_shown_is_none(api, key, model_id):
    rows = table().decode().split("\n")
    named = "\n".join([f"{rows[0]},star", *(f"{each},a\x07b" for each in rows[1:] if each), ""])
    assert ask(api, key, {"c.csv": named})["light_curve"]["star"] is None


def test_reasons_are_not_endless(api, key, model_id):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(150):
            archive.writestr(f"{number}.csv", "")
    problem = refused(ask(api, key, {"many.zip": packed.getvalue()}, None))
    assert len(problem["errors"]) <= 100


def test_light_curves_that_take_too_long_are_refused_in_words(
    api, key, model_id, services, monkeypatch
):
    monkeypatch.setattr(services.candidate_curves, "_seconds", -1)
    problem = refused(ask(api, key, {"c.csv": table()}, None))
    assert "send fewer" in problem["errors"][0]["message"]
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("period", "is_used", "flags"), [(2.0, True, []), (5.0, False, ["no view of this period"])]
)
def test_views_that_were_prepared_elsewhere_are_found_by_star_and_period(
    api, key, model_id, period, is_used, flags
):
    made = io.BytesIO()
    np.savez(made, star=["TIC 3"], period=[2.0], local_view=[view(61)], scale="relative")
    answer = ask(api, key, {"views.npz": made.getvalue()}, period=period, star="TIC 3")
    shown = answer["light_curve"]
    assert (shown["is_used"], shown["star"], shown["flags"]) == (is_used, "3", flags)
    assert (shown["points"], shown["segments"]) == (0, 0)
    assert answer["predictions"][0]["light_curve"] is is_used
