"""/api/predict/batches: posting, states, rows, downloads."""

import csv
import io

import pytest

from backend.database import batches, models
from backend.services.batch_jobs.runner import BatchRunner
from tests import messages
from tests.api import HEADER, catalogue, complete, form, problem_of, use_depth_predictor

BATCHES = "/api/predict/batches"

# The order of their depths is not that of their lines; the third has no depth.
ROWS = [
    '3,2.5,500,0.2,30,5700,1,4.4,14.2,0,"star-1"',
    "5,2.5,19000,0.2,30,5700,1,4.4,14.2,2,star-2",
    "4,2.5,,0.2,30,5700,1,4.4,14.2,1,star-3",
    "2,2.5,900,0.2,30,5700,1,4.4,14.2,,star-4",
]


@pytest.fixture
def predictor(client):
    return use_depth_predictor(client)


@pytest.fixture
def model_id(api, key, services, predictor):
    return complete(services, api.session(key), source="koi")


@pytest.fixture
def runner(services):
    return BatchRunner(services)


def post(api, key, content, expect=202, headers=None, **fields):
    data = form(content, workspace_key=key, **fields)
    return api.post(BATCHES, expect, data=data, headers=headers or {})


def posted(api, key, content=None, **fields):
    text = content or "\n".join([HEADER, *ROWS]) + "\n"
    return post(api, key, text, **fields)["batch"]["id"]


def state(api, batch_id):
    return api.get(f"{BATCHES}/{batch_id}")["batch"]


def files(services):
    return sorted(path.name for path in services.storage.uploads.glob("*/batch-*"))


@pytest.fixture
def done(api, key, model_id, runner):
    batch_id = posted(api, key)
    runner.work()
    assert state(api, batch_id)["status"] == "completed"
    return batch_id


def rows(api, batch_id, **query):
    return api.get(f"{BATCHES}/{batch_id}/rows", query_string=query)


def stars(api, batch_id, **query):
    return [each["star"] for each in rows(api, batch_id, **query)["rows"]]


def test_a_batch_waits_then_is_completed_and_its_upload_is_gone(
    api, key, model_id, runner, services
):
    response = post(api, key, catalogue(5), None)
    assert response.status_code == 202
    batch = response.get_json()["batch"]
    assert response.headers["Location"] == f"{BATCHES}/{batch['id']}"
    assert (batch["status"], batch["progress"], batch["rows_done"]) == ("pending", 0.0, 0)
    assert batch["model"]["id"] == model_id
    assert files(services) == ["batch-1.upload"]
    runner.work()
    after = state(api, batch["id"])
    assert (after["status"], after["progress"], after["rows_done"]) == ("completed", 1.0, 5)
    assert after["counts"]["all"] == sum(after["counts"]["classes"].values()) == 5
    assert after["table"]["columns"] == HEADER.split(",")
    assert files(services) == ["batch-1.csv", "batch-1.rows"]


@pytest.mark.parametrize("decimal_comma", [False, True], ids=["dot", "comma"])
def test_the_download_is_what_the_answer_at_once_is_byte_for_byte(
    api, key, model_id, runner, decimal_comma
):
    text = "\n".join([HEADER, *ROWS]) + "\n"
    if decimal_comma:
        text = text.replace(",", ";").replace(".", ",")
    at_once = api.batch(key, text, None)
    batch_id = posted(api, key, text)
    runner.work()
    download = api.get(f"{BATCHES}/{batch_id}/result", None)
    assert download.status_code == 200
    assert download.data == at_once.data
    named = ("Content-Disposition", "Content-Length", "Content-Type", "Exotrain-Model")
    for name in (*named, "Exotrain-Source", "Exotrain-Dialect", "Exotrain-Columns"):
        assert download.headers[name] == at_once.headers[name]


def test_rows_have_the_file_s_own_label_name_and_values_beside_the_prediction(api, done):
    first, _, third, fourth = rows(api, done)["rows"]
    assert (first["row"], first["line"], first["star"]) == (0, 2, "star-1")
    assert first["label"] == "CANDIDATE"
    assert first["values"]["depth"] == 500
    assert first["predicted_label"] == "CANDIDATE"
    assert first["probabilities"]["CONFIRMED"] == pytest.approx(0.39)
    assert first["predicted_depth_ppm"] == pytest.approx(450)
    assert first["prediction_error"] is None
    assert first["cells"][:3] == ["3", "2.5", "500"]
    assert third["prediction_error"].startswith("depth")
    assert (third["predicted_label"], third["label"], third["star"]) == (
        None,
        "CONFIRMED",
        "star-3",
    )
    assert third["values"]["period"] == 4
    assert third["values"]["depth"] is None
    assert fourth["label"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "1234"),
        ({"descending": "true"}, "4321"),
        ({"sort": "depth"}, "1423"),
        ({"sort": "depth", "descending": "true"}, "2413"),
        ({"sort": "period"}, "4123"),
        ({"sort": "p_confirmed"}, "2413"),
        ({"sort": "p_false_positive", "descending": "true"}, "2413"),
        ({"sort": "predicted_depth_ppm"}, "1423"),
        ({"predicted_label": "FALSE POSITIVE"}, "2"),
        ({"error": "true"}, "3"),
        ({"error": "false"}, "124"),
        ({"min_confirmed": "0.385"}, "1"),
        ({"words": "STAR-4"}, "4"),
        ({"offset": "1", "limit": "2"}, "23"),
        ({"uncertain": "true"}, ""),
    ],
)
def test_rows_are_filtered_and_sorted_unknown_values_last(api, done, query, expected):
    assert "".join(star[-1] for star in stars(api, done, **query)) == expected


def test_the_total_is_that_of_the_filter_not_of_the_page(api, done):
    page = rows(api, done, error="false", limit=1)
    assert (page["count"], page["total"], page["offset"], page["limit"]) == (1, 3, 0, 1)


def test_a_filtered_download_has_the_lines_of_the_whole_one_in_the_order_asked_for(api, done):
    whole = api.get(f"{BATCHES}/{done}/result", None).data.splitlines(keepends=True)
    query = {"error": "false", "sort": "depth", "descending": "true"}
    part = api.get(f"{BATCHES}/{done}/result", None, query_string=query)
    assert part.data == b"".join(whole[i] for i in (0, 2, 4, 1))
    assert part.headers["Content-Length"] == str(len(part.data))


def test_a_limit_is_no_value_of_a_row_either(api, key, model_id, runner):
    header = "pl_name,epic_hostname,pl_orbper,pl_trandur,pl_trandep,pl_imppar,pl_impparlim"
    lines = [f"K2-0 {name},EPIC 1,9.5,3,0.06,0.7,{flag}" for name, flag in (("b", 1), ("c", 0))]
    batch_id = posted(api, key, "\n".join([header, *lines]) + "\n")
    runner.work()
    found = rows(api, batch_id)["rows"]
    assert [each["values"]["impact"] for each in found] == [None, 0.7]
    assert ["impact" in each["missing_inputs"] for each in found] == [True, False]


def test_a_cell_with_line_ends_and_quotes_stays_one_row(api, key, model_id, runner):
    note = '"a, ""b""\nc"'
    batch_id = posted(api, key, f"note,{HEADER}\n{note},{ROWS[0]}\n=1+1,{ROWS[1]}\n")
    runner.work()
    first, second = rows(api, batch_id)["rows"]
    assert first["cells"][0] == 'a, "b"\nc'
    assert second["cells"][0] == "=1+1"
    assert (first["line"], second["line"]) == (2, 4)
    download = api.get(f"{BATCHES}/{batch_id}/result", None, query_string={"words": "star-2"})
    (row,) = csv.DictReader(io.StringIO(download.get_data(as_text=True)))
    assert row["note"] == "'=1+1"


@pytest.mark.parametrize("name", ["fits", "xlsx", ""])
def test_a_format_that_is_not_written_is_refused_with_those_that_are(api, done, name):
    response = api.get(f"{BATCHES}/{done}/result", None, query_string={"format": name})
    assert response.status_code == 422
    assert (
        f"Expected one of csv, ecsv, votable, received {name!r}" in problem_of(response)["detail"]
    )


def test_a_repeated_key_posts_no_second_batch(api, key, model_id, runner):
    headers = {"Idempotency-Key": "once"}
    first = post(api, key, catalogue(5), headers=headers)["batch"]["id"]
    assert post(api, key, catalogue(5), headers=headers)["batch"]["id"] == first
    runner.work()
    assert post(api, key, catalogue(5), headers=headers)["batch"]["status"] == "completed"
    for other, fields in ((catalogue(6), {}), (catalogue(5), {"source": "toi"})):
        answer = post(api, key, other, 422, headers=headers, **fields)
        assert f"batch {first}" in answer["detail"]
    assert api.get(BATCHES, query_string={"workspace_key": key})["count"] == 1


def test_what_is_no_catalogue_is_refused_at_once_and_leaves_nothing(api, key, model_id, services):
    answer = post(api, key, "<html></html>", 422)
    assert "HTML" in answer["detail"]
    assert files(services) == []
    assert list(services.storage.incoming.iterdir()) == []
    assert api.get(BATCHES, query_string={"workspace_key": key})["count"] == 0


def test_without_a_model_a_batch_is_refused(api, key, predictor):
    assert "no model yet" in post(api, key, catalogue(5), 409)["detail"]


def test_without_a_current_model_a_batch_is_refused_and_the_one_to_promote_named(
    api, key, services, predictor
):
    model_id = complete(services, api.session(key), verdict=messages.WORSE)
    detail = post(api, key, catalogue(5), 409)["detail"]
    assert f"POST /api/models/{model_id}/promote" in detail
    assert post(api, key, catalogue(5), 202, model_id=model_id)["batch"]["model"]["id"] == model_id


def test_batches_are_listed_newest_first_in_pages(api, key, model_id, runner):
    ids = [posted(api, key) for _ in range(3)]
    page = api.get(BATCHES, query_string={"workspace_key": key, "limit": 2})
    assert [each["id"] for each in page["batches"]] == [ids[2], ids[1]]
    query = {"workspace_key": key, "limit": 2, "cursor": page["next_cursor"]}
    last = api.get(BATCHES, query_string=query)
    assert ([each["id"] for each in last["batches"]], last["next_cursor"]) == ([ids[0]], None)
    runner.work()
    for status, count in (("completed", 3), ("pending", 0)):
        query = {"workspace_key": key, "status": status}
        assert api.get(BATCHES, query_string=query)["count"] == count


def test_an_unchanged_batch_is_answered_with_304(api, key, model_id, runner):
    batch_id = posted(api, key)
    tag = api.get(f"{BATCHES}/{batch_id}", None).headers["ETag"]
    again = {"If-None-Match": tag}
    assert api.get(f"{BATCHES}/{batch_id}", None, headers=again).status_code == 304
    runner.work()
    assert api.get(f"{BATCHES}/{batch_id}", None, headers=again).status_code == 200


def test_a_waiting_batch_is_cancelled_at_once(api, key, model_id, services):
    batch_id = posted(api, key)
    answer = api.post(f"{BATCHES}/{batch_id}/cancel")
    assert answer["batch"]["status"] == "cancelled"
    assert files(services) == []
    assert "already ended" in api.post(f"{BATCHES}/{batch_id}/cancel", 409)["detail"]


def test_an_unfinished_batch_cannot_be_deleted_and_has_no_result(api, key, model_id, runner):
    batch_id = posted(api, key)
    assert "cancel it" in api.delete(f"{BATCHES}/{batch_id}", 409)["detail"]
    for path in ("rows", "result"):
        assert "it is pending" in api.get(f"{BATCHES}/{batch_id}/{path}", 409)["detail"]


@pytest.mark.usefixtures("without_bin")
def test_a_deleted_batch_is_gone_with_its_files_and_stands_in_the_audit_log(
    api, key, done, services
):
    api.delete(f"{BATCHES}/{done}")
    assert files(services) == []
    api.get(f"{BATCHES}/{done}", 404)
    entry = api.get("/api/audit", query_string={"workspace_key": key})["entries"][0]
    assert (entry["action"], entry["target"]) == ("batch_deleted", f"batch {done}")
    assert entry["detail"] == "catalogue.csv"


def test_a_download_stands_in_the_audit_log_and_a_look_does_not(api, key, done):
    query = {"workspace_key": key, "action": "batch_downloaded"}
    rows(api, done)
    assert api.get("/api/audit", query_string=query)["count"] == 0
    api.get(f"{BATCHES}/{done}/result", None)
    (entry,) = api.get("/api/audit", query_string=query)["entries"]
    assert entry["target"] == f"batch {done}"


def test_a_model_with_an_unfinished_batch_cannot_be_deleted(api, key, model_id, services, runner):
    second = complete(services, api.session(key), source="koi")
    api.post(f"/api/models/{second}/promote")
    batch_id = posted(api, key, model_id=str(model_id))
    answer = api.delete(f"/api/models/{model_id}", 409)
    assert f"unfinished batches ({batch_id})" in answer["detail"]
    runner.work()
    api.delete(f"/api/models/{model_id}")
    after = state(api, batch_id)
    assert after["model"]["id"] == model_id != second
    assert len(rows(api, batch_id)["rows"]) == 4


def test_the_model_is_the_one_of_the_start(api, key, model_id, services, runner, predictor):
    batch_id = posted(api, key)
    complete(services, api.session(key), source="koi")  # which is current now
    predictor.calls.clear()
    runner.work()
    with services.database.read() as connection:
        file = models.find(connection, model_id)["file"]
    assert [call[0] for call in predictor.calls] == [file]
    assert state(api, batch_id)["model"]["id"] == model_id


@pytest.mark.usefixtures("without_bin")
def test_a_deleted_workspace_takes_its_batches_along(api, key, done, services, runner):
    posted(api, key)
    api.delete(f"/api/workspaces/{key}")
    assert files(services) == []
    runner.work()
    with services.database.read() as connection:
        assert batches.all_states(connection) == []


def test_as_many_batches_of_a_user_wait_as_sessions_may(api, key, model_id):
    for _ in range(20):
        posted(api, key)
    answer = post(api, key, catalogue(5), 429)
    assert "EXOTRAIN_QUOTA_PENDING" in answer["detail"]


@pytest.mark.usefixtures("without_bin")
def test_a_result_counts_for_the_owner_until_it_is_deleted(api, done):
    def used():
        return api.get("/api/me")["usage"]["stored_bytes"]["used"]

    before, batch = used(), state(api, done)
    assert batch["stored_bytes"] > 4 * 100
    api.delete(f"{BATCHES}/{done}")
    assert used() == before - batch["stored_bytes"]
