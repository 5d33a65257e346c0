"""/api/predict and /api/predict/batch."""

import csv
import io

import numpy as np
import pytest
from sqlalchemy import update

from backend.background.predictor import CHUNK, ModelUnusable, PredictionFailed, QueueFull
from backend.database import models, schema
from backend.services.predictions.cells import ADDED_COLUMNS, harmless
from backend.storage import incoming
from backend.transit.columns import LABELS
from backend.transit.neighbours import NEIGHBOURS, no_neighbours
from tests import messages
from tests.api import CANDIDATE, HEADER, catalogue, complete, problem_of, use_depth_predictor

FULL = {**CANDIDATE, "impact": 0.2, "snr": 30, "steff": 5700, "srad": 1, "slogg": 4.4, "tmag": 14}


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    return complete(services, api.session(key), source="koi")


def predict(api, key, expect=200, **fields):
    return api.post("/api/predict", expect, json={"workspace_key": key, **fields})


def table_of(response, separator=","):
    """The answered CSV: its header and its rows by column."""
    assert response.status_code == 200, response.get_data(as_text=True)
    reader = csv.DictReader(io.StringIO(response.get_data(as_text=True)), delimiter=separator)
    return reader.fieldnames, list(reader)


def test_a_row_is_called_by_its_place_in_the_request(api, key, model_id, predictor, monkeypatch):
    asked = []
    answer = predictor.predict

    def note(model_file, sha256, rows, source, user_id, **options):
        asked.extend(rows["line"].tolist())
        return answer(model_file, sha256, rows, source, user_id, **options)

    monkeypatch.setattr(predictor, "predict", note)
    rows = [{**FULL, "period": -1}, FULL, {"period": 1}, FULL]
    answers = api.post("/api/predict", 200, json={"workspace_key": key, "rows": rows})
    assert [bool(each["error"]) for each in answers["predictions"]] == [True, False, True, False]
    assert asked == [2, 4]


def test_a_candidate_is_predicted_with_the_current_model(api, key, model_id, predictor):
    answer = predict(api, key, **FULL)
    assert answer["success"] is True
    (prediction,) = answer["predictions"]
    assert (prediction["label"], prediction["label_name"]) == (2, "FALSE POSITIVE")
    assert prediction["probabilities"] == pytest.approx(
        {"CANDIDATE": 0.36, "CONFIRMED": 0.24, "FALSE POSITIVE": 0.4}
    )
    assert prediction["period"] == pytest.approx(5.25)
    assert prediction["depth_ppm"] == pytest.approx(7200)
    assert prediction["model_id"] == answer["model_id"] == model_id
    assert prediction["missing"] == []


def test_without_a_current_model_the_ones_that_exist_and_how_to_promote_are_named(
    api, key, services, predictor
):
    older, newer = (
        complete(services, api.session(key, model_name=name), verdict=messages.WORSE)
        for name in ("older", "newer")
    )
    answers = [
        predict(api, key, 409, **FULL),
        predict(api, key, 409, rows=[FULL]),
        problem_of(api.batch(key, catalogue(5), None)),
    ]
    for answer in answers:
        detail = answer["detail"]
        assert f"{newer} ('newer'), {older} ('older')" in detail
        assert "log loss on 100 test rows is 1.100, that of the class frequencies" in detail
        assert f"POST /api/models/{newer}/promote" in detail
    assert predict(api, key, model_id=older, **FULL)["model_id"] == older
    api.post(f"/api/models/{older}/promote")
    assert predict(api, key, **FULL)["model_id"] == older


def test_of_many_models_without_a_current_one_the_newest_are_named(api, key, services, predictor):
    made = [complete(services, api.session(key), verdict=messages.WORSE) for _ in range(5)]
    detail = predict(api, key, 409, **FULL)["detail"]
    assert "and 2 older ones" in detail
    assert f"{made[1]} (" not in detail


def set_manifest(services, model_id, **members):
    with services.database.write() as connection:
        manifest = models.find(connection, model_id)["manifest"] | members
        connection.execute(
            update(schema.models).where(schema.models.c.id == model_id).values(manifest=manifest)
        )


def test_a_prediction_below_the_model_s_threshold_is_uncertain(api, key, model_id, services):
    assert predict(api, key, **FULL)["predictions"][0]["uncertain"] is None
    for threshold, uncertain in ((0.39, False), (0.41, True), (None, True)):
        set_manifest(services, model_id, abstention={"threshold": threshold, "precision": 0.9})
        assert predict(api, key, **FULL)["predictions"][0]["uncertain"] is uncertain


def test_a_prediction_carries_diagnostics_of_its_planet_and_star(api, key, model_id):
    found = predict(api, key, **FULL)["predictions"][0]["diagnostics"]
    depth = FULL["depth"] / 1e6
    assert found["planet_radius"] == pytest.approx(109.1 * depth**0.5, rel=0.1)
    assert found["relative_duration"] == FULL["duration"] / 24 / FULL["period"]
    assert found["is_grazing"] is False
    assert found["grazing_margin"] > 0
    assert 0.01 < found["density_ratio"] < 10
    assert found["single_transit_snr"] < FULL["snr"]
    assert found["outside_training_range"] == []


def test_diagnostics_that_need_what_is_missing_are_null(api, key, model_id):
    found = predict(api, key, **CANDIDATE)["predictions"][0]["diagnostics"]
    unknown = {name for name, value in found.items() if value is None}
    assert unknown == {
        "density_ratio",
        "planet_radius",
        "is_grazing",
        "grazing_margin",
        "single_transit_snr",
        *("nearest", "is_sparse", "sparsity"),
    }


# Limits of a model that has no percentiles.
ENDS = {"is_percentile": False}


def test_values_outside_the_training_range_are_named(api, key, model_id, services):
    ranges = {
        "period": {"known": 9, "min": 1.0, "max": 2.0, "unit": "days"},
        "srad": {"known": 9, "min": 0.5, "max": 1.5, "unit": "solar radii"},
        "snr": {"known": 0, "min": None, "max": None, "unit": ""},
    }
    set_manifest(services, model_id, training_ranges=ranges)
    outside = predict(api, key, **FULL)["predictions"][0]["diagnostics"]["outside_training_range"]
    assert outside == [
        {"column": "period", "value": FULL["period"], "min": 1.0, "max": 2.0, **ENDS},
        {"column": "snr", "value": FULL["snr"], "min": None, "max": None, **ENDS},
    ]
    _, rows = table_of(api.batch(key, catalogue(3), None))
    assert rows[1]["outside_training_range"] == "period;snr"


def test_a_value_beyond_98_percent_of_the_training_rows_is_outside_their_range(
    api, key, model_id, services
):
    known = {"known": 9, "min": 0.01, "p1": 1.0, "p99": 2.0, "max": 1e6, "unit": "days"}
    set_manifest(services, model_id, training_ranges={"period": known})
    outside = predict(api, key, **FULL)["predictions"][0]["diagnostics"]["outside_training_range"]
    limits = {"min": 1.0, "max": 2.0, "is_percentile": True}
    assert outside == [{"column": "period", "value": FULL["period"], **limits}]


def test_a_prediction_names_its_nearest_training_rows(api, key, model_id, services, predictor):
    described = {"sha256": "of the rows", "rows": 9, "training_rows": 9, "sparse_above": 0.5}

    def nearest(rows):
        found = no_neighbours(len(rows))
        for place in range(NEIGHBOURS):
            found[:, place] = (place, place + 2, b"star", place % 3, 3.5, 500.0, 1.0)
        return found

    predictor.nearest = nearest
    set_manifest(services, model_id, neighbours=described)
    found = predict(api, key, **FULL)["predictions"][0]["diagnostics"]
    assert predictor.neighbours == "of the rows"
    assert [each["label"] for each in found["nearest"]] == [*LABELS, *LABELS[:2]]
    assert [each["row"] for each in found["nearest"]] == [0, 1, 2, 3, 4]
    assert (found["is_sparse"], found["sparsity"]) == (True, 2.0)
    _, rows = table_of(api.batch(key, catalogue(3), None))
    assert [row["sparse"] for row in rows] == ["yes"] * 3


def test_a_model_of_an_earlier_release_has_no_neighbours(api, key, model_id, predictor):
    found = predict(api, key, **FULL)["predictions"][0]["diagnostics"]
    assert predictor.neighbours is None
    assert [found[name] for name in ("nearest", "is_sparse", "sparsity")] == [None] * 3
    _, rows = table_of(api.batch(key, catalogue(3), None))
    assert [row["sparse"] for row in rows] == [""] * 3


def test_a_feature_that_the_model_never_saw_is_kept_from_it(
    api, key, model_id, services, predictor
):
    ranges = {name: {"known": 9, "min": 0.0, "max": 1e9} for name in FULL}
    ranges["impact"] = {"known": 0, "min": None, "max": None}
    set_manifest(services, model_id, training_ranges=ranges)
    prediction = predict(api, key, **FULL)["predictions"][0]
    (seen,) = predictor.rows[-1]
    assert np.isnan(seen["impact"])
    assert seen["snr"] == FULL["snr"]
    assert prediction["missing"] == []
    assert prediction["diagnostics"]["grazing_margin"] is not None
    assert "impact_assumed" not in prediction["diagnostics"]["flags"]


def test_the_orbit_that_the_model_was_shown_is_not_solved_again(api, key, model_id, monkeypatch):
    def fail(*_arguments):
        raise AssertionError("solved again")

    expected = predict(api, key, **FULL)
    monkeypatch.setattr("backend.services.predictions.rows.transit_geometry", fail)
    assert predict(api, key, **FULL) == expected


def test_what_was_assumed_of_the_orbit_stands_with_the_diagnostics(api, key, model_id):
    found = predict(api, key, **{**FULL, "impact": 100.0})["predictions"][0]["diagnostics"]
    assert "impact_lowered" in found["flags"]
    assert predict(api, key, **FULL)["predictions"][0]["diagnostics"]["flags"] == []


def test_the_batch_has_the_diagnostics_of_each_row(api, key, model_id, services):
    set_manifest(services, model_id, abstention={"threshold": 0.5, "precision": 0.9})
    content = (
        "period,duration,depth,impact,snr,steff,srad,slogg,tmag\n"
        "3,2,10000,0.2,30,5700,1,4.4,14\n3,2,500,,,,,,\n,2,500,,,,,,\n"
    )
    _, rows = table_of(api.batch(key, content, None))
    assert rows[0]["uncertain"] in ("yes", "no")
    assert float(rows[0]["planet_radius_earth"]) == pytest.approx(10.9, rel=0.1)
    assert rows[0]["is_grazing"] == "no"
    assert rows[0]["missing_inputs"] == ""
    assert rows[1]["is_grazing"] == rows[1]["planet_radius_earth"] == ""
    assert rows[1]["missing_inputs"] == "impact;snr;steff;srad;slogg;tmag"
    assert rows[2]["uncertain"] == ""
    assert rows[2]["prediction_error"]


def test_missing_features_are_welcome_and_named(api, key, model_id):
    (prediction,) = predict(api, key, **{**CANDIDATE, "srad": 1, "snr": None})["predictions"]
    assert prediction["missing"] == ["impact", "snr", "steff", "slogg", "tmag"]


def test_a_batch_in_exotrain_format_is_assumed_to_come_from_the_models_survey(
    api, key, model_id, predictor
):
    api.batch(key, catalogue(3), 200)
    api.batch(key, catalogue(3), 200, source="toi")
    toi = "pl_orbper,pl_trandurh,pl_trandep\n3.5,2.0,800\n"
    api.batch(key, toi, 200, source="koi")
    assert [call[3] for call in predictor.calls] == ["koi", "toi", "toi"]


def test_a_batch_says_how_its_numbers_were_read_and_leaves_its_cells_as_they_are(
    api, key, model_id, predictor
):
    german = "period;duration;depth;srad\n9,05;3,5;6.161;1\n7,1;2,5;487;1\n"
    answer = api.batch(key, german, None)
    assert answer.headers["Exotrain-Source"] == "koi"  # the model's
    assert answer.headers["Exotrain-Columns"] == (
        "period=0;decimal=comma, duration=1;decimal=comma, depth=2;decimal=comma, "
        "srad=3;decimal=comma"
    )
    assert predictor.rows[-1]["depth"].tolist() == [6161, 487]
    assert answer.headers["Exotrain-Dialect"] == "separator=semicolon, decimal=comma"
    rows = list(csv.reader(io.StringIO(answer.text), delimiter=";"))
    assert [row[:3] for row in rows[1:]] == [["9,05", "3,5", "6.161"], ["7,1", "2,5", "487"]]
    predicted = [row[4 + ADDED_COLUMNS.index("predicted_depth_ppm")] for row in rows[1:]]
    assert predicted == ["5544,9", "438,3"]


def test_an_answer_that_is_predicted_again_has_its_added_columns_replaced(
    api, key, model_id, predictor
):
    for separator, decimal in ((",", "."), (";", ","), ("\t", ",")):
        table = "star;period;note;duration;depth\n7;9.5;a;3.25;600.5\n8;1.5;b;bad;70.5\n"
        table = table.replace(".", decimal).replace(";", separator)
        once = api.batch(key, table, None)
        again = api.batch(key, once.text, None)
        assert again.text == once.text
        assert again.headers["Exotrain-Columns"] == once.headers["Exotrain-Columns"]
        assert again.headers["Exotrain-Dialect"] == once.headers["Exotrain-Dialect"]


@pytest.mark.parametrize(
    "broken", ["8.5,3.5,6,434,0.5,", "8.5,3.5,60\n.5,0.1,x", "8.5,3.5,6,434,0.5,9,9"]
)
def test_a_broken_row_is_not_whole_when_its_answer_is_predicted_again(
    api, key, model_id, predictor, broken
):
    table = f"period,duration,depth,impact,note\n9.5,3.25,600.5,0.1,\n{broken}\n7.5,3,60.5,0.1,x\n"
    once = api.batch(key, table, None)
    for answer in (once, api.batch(key, once.text, None)):
        predicted = [row["period"] for row in table_of(answer)[1] if row["predicted_label"]]
        assert predicted == ["9.5", "7.5"]
    assert predictor.rows[-1]["depth"].tolist() == [600.5, 60.5]


@pytest.mark.parametrize("gap", ["-", "--", "---", "#N/A"])
def test_what_stands_for_a_gap_still_does_when_it_is_predicted_again(
    api, key, model_id, predictor, gap
):
    once = api.batch(key, f"impact,period,duration,depth\n{gap},9.5,3.25,600.5\n", None)
    again = api.batch(key, once.text, None)
    assert [row["missing_inputs"] for row in table_of(again)[1]] == [
        "impact;snr;steff;srad;slogg;tmag"
    ]


def test_decimal_commas_between_commas_stay_quoted_so_that_they_can_be_read_again(
    api, key, model_id, predictor
):
    once = api.batch(key, 'period,duration,depth\n"9,05","2,9","6.161"\n', None)
    assert predictor.rows[-1]["depth"].tolist() == [6161]
    again = api.batch(key, once.text, None)
    assert predictor.rows[-1]["depth"].tolist() == [6161]
    assert again.text == once.text


MIXED = (
    "period,duration,depth,impact,snr\n"
    '9.05,"2,9","6.161","0.105","5,5"\n'
    '8.5,"3,1","487,5","0.205","6,5"\n'
)


def test_quotes_that_numbers_need_stay_where_columns_have_different_decimal_signs(
    api, key, model_id, predictor
):
    once = api.batch(key, MIXED, None)
    first = predictor.rows[-1].copy()
    assert first["period"].tolist() == [9.05, 8.5]
    assert first["duration"].tolist() == [2.9, 3.1]
    assert first["impact"].tolist() == [0.105, 0.205]
    lines = once.text.splitlines()
    assert lines[1].startswith('9.05,"2,9","6.161",0.105,"5,5",')
    again = api.batch(key, once.text, None)
    assert again.text == once.text
    assert again.headers["Exotrain-Columns"] == once.headers["Exotrain-Columns"]


@pytest.mark.parametrize("other", ["", '5.5,"3,1",487.5,"9,05"\n5.7,"3,1",487.5,8.161\n'])
def test_what_cannot_be_told_stays_so_when_it_is_predicted_again(
    api, key, model_id, predictor, other
):
    table = 'period,duration,depth,snr\n9.05,"2,9",600.5,"6.161"\n8.5,"3,1",487.5,7\n' + other
    once = api.batch(key, table, None)
    assert "snr=3;decimal=unknown" in once.headers["Exotrain-Columns"]
    again = api.batch(key, once.text, None)
    assert again.text == once.text
    assert again.headers["Exotrain-Columns"] == once.headers["Exotrain-Columns"]


def test_added_columns_are_replaced_though_one_of_them_was_deleted(api, key, model_id, predictor):
    once = api.batch(key, "period,duration,depth\n9.5,3,600.5\n", None)
    lines = [line.rpartition(",")[0] for line in once.text.splitlines()]
    assert api.batch(key, "\n".join(lines) + "\n", None).text == once.text


def test_a_column_of_the_table_s_own_that_is_called_like_an_added_one_stays(
    api, key, model_id, predictor
):
    answer = api.batch(key, "period,uncertain,duration,depth\n9.5,maybe,3,600\n", None)
    header, row = csv.reader(io.StringIO(answer.text))
    assert header[:4] == ["period", "uncertain", "duration", "depth"]
    assert row[1] == "maybe"


def test_a_batch_tells_which_model_made_it(api, key, model_id, predictor):
    answer = api.batch(key, catalogue(3), None)
    told = dict(each.strip().split("=") for each in answer.headers["Exotrain-Model"].split(","))
    model = api.get(f"/api/models/{model_id}")["model"]
    assert told["id"] == str(model_id)
    assert told["sha256"] == f'"{model["sha256"]}"'
    assert told["created_at"] == f'"{model["created_at"]}"'


def test_a_batch_tells_the_unit_that_a_name_says(api, key, model_id, predictor):
    answer = api.batch(key, "TIC ID,Period (days),Depth [%],Duration [min]\n7,9.5,0.08,180\n", None)
    assert answer.headers["Exotrain-Columns"] == (
        "period=1;decimal=dot, duration=3;decimal=dot;factor=0.0166666666667, "
        "depth=2;decimal=dot;factor=10000, star=0"
    )
    assert predictor.rows[-1]["depth"].tolist() == [800]
    assert predictor.rows[-1]["duration"].tolist() == pytest.approx([3])
    exofop = "TIC ID,Period (days),Duration (hours),Depth (ppm),TFOPWG Disposition\n7,9.5,3,600,\n"
    assert api.batch(key, exofop, None).headers["Exotrain-Source"] == "toi"


def test_the_band_is_that_of_the_models_training_data_or_the_one_asked_for(
    api, key, model_id, predictor
):
    assert predict(api, key, **CANDIDATE)["source"] == "koi"
    assert predict(api, key, source="toi", **CANDIDATE)["source"] == "toi"
    assert [call[3] for call in predictor.calls] == ["koi", "toi"]


def test_a_named_model_is_used(api, key, model_id, services, predictor):
    newer = complete(services, api.session(key))
    assert predict(api, key, model_id=newer, **CANDIDATE)["model_id"] == newer
    assert predict(api, key, **CANDIDATE)["model_id"] == model_id
    first, second = (call[:2] for call in predictor.calls)
    assert first != second


def test_a_model_of_another_workspace_is_not_there(api, key, model_id, services):
    other = api.workspace("other")
    theirs = complete(services, api.session(other))
    predict(api, key, 404, model_id=theirs, **CANDIDATE)
    predict(api, key, 404, model_id=999, **CANDIDATE)


def test_without_a_model_the_answer_says_what_to_do(api, key, predictor):
    for response in (
        predict(api, key, None, **CANDIDATE),
        api.batch(key, catalogue(), None),
    ):
        problem = problem_of(response)
        assert problem["status"] == 409
        assert "/api/training/start" in problem["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": "3"}, "period"),
        ({"depth": 0}, "depth"),
        ({"duration": 100}, "duration"),
        ({"impact": True}, "impact"),
        ({"label": 1}, "label"),
        ({"model_id": "1"}, "model_id"),
        ({"model_id": 0}, "model_id"),
        ({"source": "K2"}, "source"),
        ({"star": ["a"]}, "star"),
    ],
)
def test_a_candidate_that_is_wrong_names_the_field(api, key, model_id, change, field):
    problem = problem_of(predict(api, key, None, **{**CANDIDATE, **change}))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_a_candidate_without_a_depth_names_it(api, key, model_id):
    problem = problem_of(predict(api, key, None, period=3, duration=2))
    message = "Expected a number from 0.01 to 2,000,000, received nothing."
    assert problem["errors"] == [{"field": "depth", "message": message}]
    assert problem["detail"] == f"depth: {message}"


def test_a_bad_one_among_rows_has_its_error_in_its_place(api, key, model_id):
    rows = [
        {**CANDIDATE, "star": "KIC 1"},
        {**CANDIDATE, "depth": "deep"},
        7,
        {"period": 3},
        {**CANDIDATE, "depth": 19_000, "star": 10797460},
    ]
    answer = predict(api, key, rows=rows)
    predictions = answer["predictions"]
    assert answer["count"] == 5
    assert [each["row"] for each in predictions] == [0, 1, 2, 3, 4]
    assert [each["error"] is None for each in predictions] == [True, False, False, False, True]
    assert [predictions[i]["star"] for i in (0, 4)] == ["KIC 1", 10797460]
    assert "depth" in predictions[1]["error"]
    assert predictions[1]["errors"][0]["field"] == "depth"
    assert predictions[1]["label"] is None
    assert predictions[2]["error"] == "Expected a JSON object, received 7."
    assert len(predictions[3]["errors"]) == 2
    assert (predictions[4]["label"], predictions[4]["label_name"]) == (2, "FALSE POSITIVE")


def test_rows_that_are_all_bad_are_not_a_bad_request(api, key, model_id, predictor):
    answer = predict(api, key, rows=[{}, {}])
    assert all(each["error"] for each in answer["predictions"])
    assert predictor.calls == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rows": []}, "rows"),
        ({"rows": None}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": [{}] * 10_001}, "rows"),
        ({"rows": [CANDIDATE], "period": 3}, "period"),
    ],
)
def test_rows_that_are_no_list_or_too_many_are_refused(api, key, model_id, fields, field):
    problem = problem_of(predict(api, key, None, **fields))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == field


def test_many_rows_are_predicted_in_chunks_and_in_order(api, key, model_id, predictor):
    count = 2 * CHUNK + 5
    rows = [{**CANDIDATE, "depth": 100 + i} for i in range(count)]
    predictions = predict(api, key, rows=rows)["predictions"]
    assert [each["depth_ppm"] for each in predictions] == pytest.approx(
        [0.9 * (100 + i) for i in range(count)]
    )
    assert [call[2] for call in predictor.calls] == [CHUNK, CHUNK, 5]


def test_a_predictor_that_fails_is_503_with_its_reason(api, key, model_id, predictor):
    def fail(*_arguments, **_options):
        raise PredictionFailed("The predictor is starting.")

    predictor.predict = fail
    for response in (predict(api, key, None, **CANDIDATE), api.batch(key, catalogue(), None)):
        problem = problem_of(response)
        assert problem["status"] == 503
        assert problem["detail"] == "The predictor is starting."
        assert response.headers["Retry-After"]


def test_a_model_whose_file_is_damaged_is_409_and_not_to_be_tried_again(
    api, key, model_id, predictor
):
    def fail(*_arguments, **_options):
        raise ModelUnusable("The model's file is damaged.")

    predictor.predict = fail
    for response in (predict(api, key, None, **CANDIDATE), api.batch(key, catalogue(), None)):
        problem = problem_of(response)
        assert (problem["status"], problem["code"]) == (409, "model_corrupt")
        assert problem["detail"] == "The model's file is damaged."
        assert "Retry-After" not in response.headers


def test_beyond_the_waiting_predictions_the_answer_is_429_and_says_when_to_come_back(
    api, key, model_id, predictor
):
    def fail(*_arguments, **_options):
        raise QueueFull("64 predictions are waiting already")

    predictor.predict = fail
    for response in (
        api.post("/api/predict", None, json={"workspace_key": key, **CANDIDATE}),
        api.batch(key, catalogue(5), None),
    ):
        problem = problem_of(response)
        assert problem["status"] == 429
        assert "64 predictions are waiting" in problem["detail"]
        assert response.headers["Retry-After"] == "5"


def test_only_the_first_rows_of_a_request_can_be_refused(api, key, model_id, predictor):
    asked = []
    answer = predictor.predict

    def note(*arguments, is_continued, **options):
        asked.append((arguments[4], is_continued))
        return answer(*arguments, **options)

    predictor.predict = note
    api.batch(key, catalogue(10_000), None)
    assert [is_continued for _, is_continued in asked] == [False] + [True] * (len(asked) - 1)
    assert {user_id for user_id, _ in asked} == {1}


def test_an_answer_that_outgrows_the_disk_is_507_and_leaves_nothing(
    api, key, model_id, services, monkeypatch
):
    usage = type("Usage", (), {"free": incoming.RESERVED_BYTES + 100_000})
    monkeypatch.setattr(incoming.shutil, "disk_usage", lambda _path: usage)
    rows = "\n".join(f"{n},3.5,2.5,900" for n in range(3000))
    problem = problem_of(api.batch(key, f"star,period,duration,depth\n{rows}\n", None))
    assert problem["status"] == 507
    assert "free disk space" in problem["detail"]
    assert list(services.storage.incoming.iterdir()) == []


def test_a_server_without_a_predictor_says_so(api, key, model_id, services):
    services.predictor = None
    assert problem_of(predict(api, key, None, **CANDIDATE))["status"] == 503


def test_a_catalogue_comes_back_with_the_predictions_beside_it(api, key, model_id, services):
    response = api.batch(key, catalogue(20), None)
    header, rows = table_of(response)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "catalogue_predictions.csv" in response.headers["Content-Disposition"]
    assert int(response.headers["Content-Length"]) == len(response.get_data())
    assert header == [*HEADER.split(","), *ADDED_COLUMNS]
    assert ADDED_COLUMNS == (
        "predicted_label",
        "p_candidate",
        "p_confirmed",
        "p_false_positive",
        "predicted_period",
        "predicted_depth_ppm",
        "uncertain",
        "density_ratio",
        "planet_radius_earth",
        "is_grazing",
        "single_transit_snr",
        "missing_inputs",
        "outside_training_range",
        "sparse",
        "candidates_on_star",
        "sibling_period_ratio",
        "nearest_sibling",
        "ephemeris_matches",
        "match_separation_arcsec",
        "match_depth_ratio",
        "match_magnitude_difference",
        "ephemeris_match",
        "relations_in_words",
        "light_curve",
        "trained_on_simulated",
        "prediction_error",
    )
    assert len(rows) == 20
    assert rows[7]["star"] == "star-7"
    assert rows[7]["predicted_label"] == "CANDIDATE"
    assert float(rows[7]["predicted_depth_ppm"]) == pytest.approx(0.9 * 507, rel=1e-5)
    assert rows[7]["prediction_error"] == ""
    shares = [float(rows[7][name]) for name in ADDED_COLUMNS[1:4]]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert list(services.storage.incoming.iterdir()) == []


def test_labels_are_not_needed_and_other_columns_stay(api, key, model_id):
    _, rows = table_of(
        api.batch(key, 'period;comment;duration;depth\n3;"a; b";2;500\n4;;2;600\n', None),
        separator=";",
    )
    assert [row["comment"] for row in rows] == ["a; b", ""]
    assert [row["predicted_label"] for row in rows] == ["CANDIDATE", "CANDIDATE"]


def test_a_row_that_cannot_be_predicted_has_its_reason_and_no_guess(api, key, model_id):
    content = (
        "period,duration,depth,note\n3,2,500,a\n,2,500,b\n3,2\n3,2,=1+1,c\n3,2,500,x,y\n4,2,500,d\n"
    )
    _, rows = table_of(api.batch(key, content, None))
    assert [bool(row["predicted_label"]) for row in rows] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]
    assert [bool(row["prediction_error"]) for row in rows] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    assert "period" in rows[1]["prediction_error"]
    assert "fields" in rows[2]["prediction_error"]
    assert rows[3]["depth"] == "'=1+1"
    assert rows[5]["note"] == "d"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),  # noqa: RUF001
        ("-", "'-"),
        ("-1.5", "-1.5"),
        ("+0.3", "+0.3"),
        ("-1e-5", "-1e-5"),
        ("-.5", "-.5"),
        ("+1.234,5", "+1.234,5"),
        ("-6,161.24", "-6,161.24"),
        ("-1.5-2", "'-1.5-2"),
        ("+1 2", "'+1 2"),
        ("1.5", "1.5"),
        ("Kepler-22 b", "Kepler-22 b"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_is_made_harmless_and_numbers_are_not_touched(
    cell, shown
):
    assert harmless(cell) == shown


def test_names_of_columns_are_made_harmless_too(api, key, model_id):
    response = api.batch(key, "period,duration,depth,=HYPERLINK(1)\n3,2,500,x\n", None)
    assert "'=HYPERLINK(1)" in table_of(response)[0]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"a,b\n1,2\n", b"period,duration,depth\n,,\n", b"PK\x03\x04"]
)
def test_a_file_that_is_no_catalogue_is_422(api, key, model_id, services, content):
    assert problem_of(api.batch(key, content, None))["status"] == 422
    assert list(services.storage.incoming.iterdir()) == []


def test_the_batch_form_is_checked(api, key, model_id):
    for fields, field in (({"model_id": "x"}, "model_id"), ({"rows": "1"}, "rows")):
        problem = problem_of(api.batch(key, catalogue(), None, **fields))
        assert problem["status"] == 422
        assert problem["errors"][0]["field"] == field
    assert api.batch(key, catalogue(), None, model_id=str(model_id)).status_code == 200
    assert api.batch(key, catalogue(), None, model_id="999").status_code == 404


@pytest.mark.archive
@pytest.mark.parametrize("file", ["koi_cumulative.csv", "toi.csv"])
def test_the_archives_tables_are_predicted_as_downloaded(api, key, model_id, archive_data, file):
    content = (archive_data / file).read_bytes()
    header, rows = table_of(api.batch(key, content, None))
    assert header[-len(ADDED_COLUMNS) :] == list(ADDED_COLUMNS)
    lines = [line for line in content.decode().splitlines() if line and not line.startswith("#")]
    assert len(rows) == len(lines) - 1
    for row in rows:
        assert bool(row["predicted_label"]) != bool(row["prediction_error"])


def test_the_names_of_the_archive_are_understood(api, key, model_id):
    ours = predict(api, key, **CANDIDATE)["predictions"]
    names = {"period": "koi_period", "duration": "koi_duration", "depth": "koi_depth"}
    theirs = {names[column]: value for column, value in CANDIDATE.items()}
    assert predict(api, key, **theirs)["predictions"] == ours
    (both,) = predict(api, key, rows=[{**CANDIDATE, "pl_orbper": 3.0}])["predictions"]
    assert "period once" in both["error"]


@pytest.mark.parametrize("cell", [" =1+1", "\u00a0@SUM(A1)", "  -2+3"])
def test_a_formula_behind_white_space_is_made_harmless(cell):
    assert harmless(cell) == f"'{cell}"
