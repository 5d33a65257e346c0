"""/api/training/…dataset…: lists, profiles, rows, rejections, deletion."""

import pytest

from backend.database import sessions
from tests.api import HEADER, catalogue, complete, problem_of

MIXED = (
    HEADER + "\n"
    "1.5,2,500,,30,5700,1,4.4,14,CONFIRMED,KIC 1\n"
    ",2,500,0.1,30,5700,1,4.4,14,0,KIC 2\n"
    "3.5,2,500,0.3,,,,,,false positive,\n"
    "4.5,2,words,0.1,30,5700,1,4.4,14,0,KIC 4\n"
    "5.5,2,500,0.1,30,5700,1,4.4,14,2,KIC 5\n"
    "6.5,2,500\n"
)


@pytest.fixture
def mixed(api, key):
    return api.upload(key, MIXED)["dataset"]["id"]


def test_the_datasets_of_a_workspace_are_listed_newest_first(api, key):
    assert api.get(f"/api/training/datasets?workspace_key={key}") == {
        "success": True,
        "datasets": [],
        "count": 0,
    }
    first, second = (api.upload(key, catalogue(n))["dataset"] for n in (30, 60))
    api.upload(api.workspace("other"), catalogue(90))
    listed = api.get(f"/api/training/datasets?workspace_key={key}")
    assert listed["datasets"] == [second, first]
    assert listed["count"] == 2


def test_a_profile_says_which_column_of_the_file_was_taken_for_which(api, key):
    header = "Orbital_Period,duration,depth,disposition,comment,koi_score"
    content = f"{header}\n3.5,2.0,800,confirmed,good,1\n"
    dataset_id = api.upload(key, content)["dataset"]["id"]
    profile = api.get(f"/api/training/dataset/{dataset_id}")["dataset"]["profile"]
    assert profile["recognised"] == {
        "period": "Orbital_Period",
        "duration": "duration",
        "depth": "depth",
        "label": "disposition",
    }
    assert profile["unread"] == 2


def test_a_dataset_comes_with_its_profile(api, mixed):
    dataset = api.get(f"/api/training/dataset/{mixed}")["dataset"]
    profile = dataset["profile"]
    assert dataset["class_counts"] == profile["class_counts"]
    assert profile["class_counts"] == {"CANDIDATE": 0, "CONFIRMED": 1, "FALSE POSITIVE": 2}
    period = profile["columns"]["period"]
    assert (period["min"], period["median"], period["max"]) == (1.5, 3.5, 5.5)
    assert sum(period["histogram"]["counts"]) == 3
    assert profile["columns"]["impact"]["missing"] == 1
    assert profile["rejected"]["total"] == 3
    assert {each["line"] for each in profile["rejected"]["first"]} == {3, 5, 7}


def test_what_concerns_a_whole_column_is_said_first_in_the_answer_to_the_upload(api, key):
    header, row = "period,duration,depth,label\n", "3.5,{},0.08,{}\n"
    rows = [row.format("much" if i % 3 else 3, i % 2) for i in range(30)]
    answer = api.upload(key, header + "".join(rows))
    assert answer["message"] == "20 of 30 rows left out, 10 accepted."
    codes = [each["code"] for each in answer["warnings"]]
    assert codes[:2] == ["most_rows_left_out", "unlikely_unit"]
    report = api.get(f"/api/training/dataset/{answer['dataset']['id']}")["dataset"]["profile"][
        "report"
    ]
    assert report["warnings"] == answer["warnings"]
    assert report["left_out"] == {"rows": 20, "of": 30, "most_often": "not_a_number"}
    assert report["units"] == [
        {"column": "depth", "expected": "ppm", "likely": "percent", "median": 0.08}
    ]
    again = api.upload(key, header + "".join(rows), expect=200)
    assert again["warnings"] == answer["warnings"]


def test_rows_carry_their_line_in_the_file_and_null_where_a_value_is_missing(api, mixed):
    answer = api.get(f"/api/training/dataset/{mixed}/rows")
    assert [row["line"] for row in answer["rows"]] == [2, 4, 6]
    assert [row["row"] for row in answer["rows"]] == [0, 1, 2]
    assert (answer["count"], answer["total"], answer["offset"]) == (3, 3, 0)
    first, second, _ = answer["rows"]
    assert first["star"] == "1"
    assert first["impact"] is None
    assert (first["label"], first["label_name"]) == (1, "CONFIRMED")
    assert second["star"] is None
    assert second["snr"] is None


def test_rows_are_paged_and_filtered_by_label(api, key):
    dataset_id = api.dataset(key, 30)
    path = f"/api/training/dataset/{dataset_id}/rows"
    page = api.get(f"{path}?offset=28&limit=5")
    assert [row["row"] for row in page["rows"]] == [28, 29]
    assert page["total"] == 30
    for label in ("2", "FALSE POSITIVE", "false_positive"):
        found = api.get(path, query_string={"label": label, "offset": 1, "limit": 2})
        assert [row["row"] for row in found["rows"]] == [5, 8]
        assert found["total"] == 10
    assert api.get(f"{path}?offset=1000")["rows"] == []
    assert api.get(f"{path}?offset=1000&label=0")["rows"] == []


def test_filtering_a_long_table_goes_through_all_of_it(api, key):
    dataset_id = api.dataset(key, 40_000)
    found = api.get(f"/api/training/dataset/{dataset_id}/rows?label=1&offset=13330&limit=10")
    assert [row["row"] for row in found["rows"]] == [39_991, 39_994, 39_997]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "offset=-1",
        "offset=99999999999999999999999",
        "limit=ten",
        "label=3",
        "label=planet",
        "colour=red",
        "limit=1&limit=2",
    ],
)
def test_a_query_that_is_wrong_names_the_field(api, mixed, query):
    problem = problem_of(api.get(f"/api/training/dataset/{mixed}/rows?{query}", None))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"] == query.split("=")[0]


def test_every_row_left_out_can_be_paged_through_with_its_reason(api, mixed):
    path = f"/api/training/dataset/{mixed}/rejected"
    answer = api.get(path)
    assert answer["total"] == 3
    assert [(row["line"], row["reason"], row["column"]) for row in answer["rejected"]] == [
        (3, "missing_value", "period"),
        (5, "not_a_number", "depth"),
        (7, "field_count", None),
    ]
    page = api.get(f"{path}?offset=1&limit=1")
    assert [row["line"] for row in page["rejected"]] == [5]
    assert "words" in page["rejected"][0]["message"]
    assert api.get(f"{path}?offset=999999999999")["rejected"] == []


@pytest.mark.usefixtures("without_bin")
def test_a_dataset_that_waits_or_trains_is_not_deleted_and_the_session_is_named(api, key, services):
    session_id = api.session(key)
    dataset_id = api.get(f"/api/training/session/{session_id}")["session"]["dataset_id"]
    path = f"/api/training/dataset/{dataset_id}"
    for status in ("pending", "training"):
        with services.database.write() as connection:
            sessions.change(connection, session_id, status=status)
        problem = problem_of(api.delete(path, None))
        assert problem["status"] == 409
        assert str(session_id) in problem["detail"]
    complete(services, session_id)
    api.delete(path)
    api.get(path, 404)
    assert list(services.storage.uploads.glob("*/*.csv")) == []
    assert api.get(f"/api/training/session/{session_id}")["session"]["dataset_id"] is None


@pytest.mark.parametrize("number", ["0", "999", "99999999999999999999", "-1", "one", "1.0"])
def test_a_dataset_that_is_not_there_is_404(api, number):
    assert problem_of(api.get(f"/api/training/dataset/{number}", None))["status"] == 404


@pytest.mark.archive
@pytest.mark.parametrize(
    ("file", "source", "absent"),
    [("koi_cumulative.csv", "koi", []), ("toi.csv", "toi", ["impact", "snr"])],
)
def test_the_archives_tables_go_in_as_downloaded(api, key, archive_data, file, source, absent):
    content = (archive_data / file).read_bytes()
    dataset = api.upload(key, content)["dataset"]
    assert dataset["source"] == source
    profile = api.get(f"/api/training/dataset/{dataset['id']}")["dataset"]["profile"]
    assert profile["absent"] == absent
    assert dataset["num_samples"] == sum(dataset["class_counts"].values())
    assert dataset["num_samples"] > 2000
