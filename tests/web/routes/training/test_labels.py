"""/api/training/dataset/…/labels and …/versions: votes, rules, undo, CSV, frozen versions."""

import numpy as np
import pytest

from backend.background.session_starts import SessionStarts
from backend.database import sessions, studies
from backend.services.leftovers import remove_leftovers
from backend.transit.columns import NO_LABEL
from tests.api import HEADER, Api, catalogue, fail, form, problem_of

URL = "/api/training/dataset/{}/labels"


@pytest.fixture
def dataset(api, key):
    """90 rows: CANDIDATE, CONFIRMED, FALSE POSITIVE in turn."""
    return api.dataset(key)


@pytest.fixture
def url(dataset):
    return URL.format(dataset)


@pytest.fixture
def editors(api, key):
    """Three editors of the workspace."""
    found = [api.new_user(name) for name in ("anna", "bert", "cleo")]
    for name in ("anna", "bert", "cleo"):
        api.post(f"/api/workspaces/{key}/members", 201, json={"user": name})
    return found


def stored(user: Api):
    """What is stored in the only workspace, in bytes."""
    (found,) = user.get("/api/workspaces")["workspaces"]
    return found["stored_bytes"]


def say(user: Api, url, row, label, reason="seen in the light curve", expect=200, **more):
    change = {"row": row, "label": label, "reason": reason, **more}
    return user.put(url, expect, json={"changes": [change]})


def row_of(user: Api, url, row):
    (found,) = user.get(f"{url}?row={row}")["rows"]
    return found


def counting(user: Api, url, row):
    found = row_of(user, url, row)
    return found["label"], found["decided_by"]


def test_what_the_owner_says_counts_and_the_file_stays(api, dataset, url):
    rows = f"/api/training/dataset/{dataset}/rows?limit=2&relations=false"
    file = api.get(f"/api/training/dataset/{dataset}")["dataset"]
    assert say(api, url, 1, "exclude")["changed"] == 1
    say(api, url, 0, "confirmed", comment="a deep one")
    found = row_of(api, url, 0)
    vote = found["votes"][0]
    assert (found["file_label"], found["label"]) == ("CANDIDATE", "CONFIRMED")
    assert (found["decided_by"], found["line"], found["star"]) == ("owner", 2, "star-0")
    assert (vote["user"], vote["reason"]) == ("admin", "seen in the light curve")
    assert (vote["comment"], vote["ended_at"]) == ("a deep one", None)
    assert vote["at"].endswith("Z")
    first, second = api.get(rows)["rows"]
    assert (first["label_name"], first["effective_label"], first["votes"]) == (
        *("CANDIDATE", "CONFIRMED"),
        1,
    )
    assert (second["label_name"], second["effective_label"]) == ("CONFIRMED", "exclude")
    assert api.get(f"/api/training/dataset/{dataset}")["dataset"] == file


def test_a_comment_alone_is_a_vote_that_leaves_the_label_as_it_is(api, dataset, url):
    say(api, url, 1, None, comment="no odd-even difference")
    assert counting(api, url, 1) == ("CONFIRMED", "file")
    _, found = api.get(f"/api/training/dataset/{dataset}/rows?limit=2&relations=false")["rows"]
    assert (found["effective_label"], found["votes"]) == ("CONFIRMED", 1)


def test_what_an_editor_says_is_a_proposal_until_the_rule_is_majority(api, url, editors):
    anna, bert, cleo = editors
    for each in (anna, bert):
        say(each, url, 0, "CONFIRMED")
    say(cleo, url, 0, "exclude")
    assert counting(api, url, 0) == ("CANDIDATE", "file")
    assert [each["user"] for each in row_of(api, url, 0)["votes"]] == ["anna", "bert", "cleo"]
    assert api.put(f"{url}/rule", json={"rule": "majority"})["rule"] == "majority"
    assert counting(api, url, 0) == ("CONFIRMED", "majority")
    say(api, url, 0, "exclude")  # two against two
    assert counting(api, url, 0) == ("CANDIDATE", "file")


def test_a_vote_for_the_label_of_the_file_counts_against_another(api, url, editors):
    api.put(f"{url}/rule", json={"rule": "majority"})
    anna, bert, cleo = editors
    say(anna, url, 0, "CONFIRMED")
    assert counting(api, url, 0) == ("CONFIRMED", "majority")
    say(bert, url, 0, "CANDIDATE")
    assert counting(api, url, 0) == ("CANDIDATE", "file")
    say(cleo, url, 0, None, comment="only a remark")
    assert counting(api, url, 0) == ("CANDIDATE", "file")


def test_only_the_owner_sets_the_rule_and_it_is_in_the_audit_log(api, key, url, editors):
    editors[0].put(f"{url}/rule", 403, json={"rule": "majority"})
    for _ in range(2):
        api.put(f"{url}/rule", json={"rule": "majority"})
    entries = api.get(f"/api/audit?workspace_key={key}&action=label_rule_changed")["entries"]
    assert [each["detail"] for each in entries] == ["owner to majority"]


def test_the_same_vote_again_changes_nothing(api, url):
    first = say(api, url, 3, 1)
    again = say(api, url, 3, "CONFIRMED")
    assert (first["changed"], again["changed"]) == (1, 0)
    assert again["revision"] == first["revision"]
    assert len(row_of(api, url, 3)["votes"]) == 1


def test_an_undo_brings_back_what_was_said_before_and_keeps_the_history(api, url):
    say(api, url, 0, "CONFIRMED", "first")
    say(api, url, 0, "exclude", "second")
    assert api.post(f"{url}/undo", json={"row": 0})["rows"] == [0]
    assert counting(api, url, 0) == ("CONFIRMED", "owner")
    assert api.post(f"{url}/undo", json={"row": 0})["changed"] == 1
    assert counting(api, url, 0) == ("CANDIDATE", "file")
    assert problem_of(api.post(f"{url}/undo", None, json={"row": 0}))["status"] == 409
    votes = row_of(api, url, 0)["votes"]
    assert [(each["reason"], each["ended_by"]) for each in votes] == [
        ("first", "changed"),
        ("second", "withdrawn"),
        ("first", "withdrawn"),
    ]


def test_an_undo_without_a_row_takes_back_one_request_whole(api, url, editors):
    say(api, url, 5, "exclude")
    changes = [{"row": row, "label": "exclude", "reason": "blend"} for row in (7, 8, 9)]
    api.put(url, json={"changes": changes})
    say(editors[0], url, 7, "exclude")
    assert api.post(f"{url}/undo", json={})["rows"] == [7, 8, 9]
    assert [each["row"] for each in api.get(url)["rows"]] == [5, 7]
    assert api.post(f"{url}/undo", json={})["rows"] == [5]
    api.post(f"{url}/undo", 409, json={})
    assert [each["user"] for each in row_of(api, url, 7)["votes"]][-1] == "anna"


def test_an_undo_of_a_change_brings_back_the_request_before_it(api, url):
    changes = [{"row": row, "label": 1, "reason": "one"} for row in (0, 3)]
    api.put(url, json={"changes": changes})
    say(api, url, 0, "exclude", "two")
    assert api.post(f"{url}/undo", json={})["rows"] == [0]
    assert api.post(f"{url}/undo", json={})["rows"] == [0, 3]


def test_all_changes_of_a_request_count_or_none(api, url):
    changes = [{"row": row, "label": 1, "reason": "why"} for row in (0, 90, 0)]
    problem = problem_of(api.put(url, None, json={"changes": changes}))
    assert [(each["field"], each["message"]) for each in problem["errors"]] == [
        ("changes.1.row", "Expected a row from 0 to 89, received 90."),
        ("changes.2.row", "Expected each row once, received row 0 again."),
    ]
    assert api.get(url)["total"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": "PLANET"}, "changes.0.label"),
        ({"label": True}, "changes.0.label"),
        ({"reason": ""}, "changes.0.reason"),
        ({"reason": "x" * 1001}, "changes.0.reason"),
        ({"row": -1}, "changes.0.row"),
        ({"comment": "\x00"}, "changes.0.comment"),
    ],
)
def test_a_change_that_is_none_is_refused_by_its_field(api, url, change, field):
    body = {"row": 0, "label": 1, "reason": "why"} | change
    problem = problem_of(api.put(url, None, json={"changes": [body]}))
    assert problem["errors"][0]["field"] == field


def test_votes_of_a_user_who_left_stay_with_the_name(api, key, url, editors):
    say(editors[0], url, 2, "exclude")
    api.delete(f"/api/workspaces/{key}/members/anna")
    assert [each["user"] for each in row_of(api, url, 2)["votes"]] == ["anna"]


def test_rows_with_votes_are_paged_by_their_place(api, url):
    changes = [{"row": row, "label": 1, "reason": "why"} for row in (30, 20, 10)]
    api.put(url, json={"changes": changes})
    page = api.get(f"{url}?offset=1&limit=1")
    assert ([each["row"] for each in page["rows"]], page["count"], page["total"]) == ([20], 1, 3)


def test_votes_and_versions_count_into_the_quota(api, key, dataset, url):
    before = stored(api)
    say(api, url, 0, "exclude", "x" * 500)
    voted = stored(api)
    assert voted > before + 500
    api.post(f"/api/training/dataset/{dataset}/versions", 201, json={})
    assert stored(api) > voted + 90
    api.delete(f"/api/training/dataset/{dataset}")
    assert stored(api) == 0


def exported(api, url):
    response = api.get(f"{url}.csv", None)
    assert response.mimetype == "text/csv"
    return response.get_data(as_text=True)


def imported(user, url, content, expect=200, query=""):
    return user.post(f"{url}/import{query}", expect, data=form(content))


def test_an_export_is_imported_as_votes_of_whoever_imports_it(api, url, editors):
    say(api, url, 4, "exclude", '=HYPERLINK("x")', comment="a, b")
    say(editors[0], url, 5, "CONFIRMED", "only a proposal")
    content = exported(api, url)
    lines = content.splitlines()
    assert lines[0].startswith("line,row,name,star,file_label,label,decided_by,votes,who,when")
    assert lines[1].startswith("6,4,,star-4,CONFIRMED,exclude,owner,1,admin: exclude,20")
    assert "\"'=HYPERLINK(" in lines[1]  # no spreadsheet runs it
    answer = imported(editors[1], url, content)
    assert (answer["changed"], answer["undecided"]) == (1, 1)
    vote = row_of(api, url, 4)["votes"][-1]
    assert (vote["user"], vote["label"]) == ("bert", "exclude")
    assert (vote["reason"], vote["comment"]) == ('=HYPERLINK("x")', "a, b")


def test_an_import_names_the_rows_that_it_does_not_know(api, url):
    content = "star;label;reason\nstar-1;2;a\nstar-900;1;b\n;1;c\n"
    problem = problem_of(imported(api, url, content, None))
    assert problem["status"] == 422
    assert problem["errors"] == [
        {"row": 3, "message": "Expected the star of an accepted row, received 'star-900'."},
        {"row": 4, "message": "Expected a row, line, name or star, received none."},
    ]
    assert api.get(url)["total"] == 0
    answer = imported(api, url, content, query="?skip_unknown=1")
    assert (answer["changed"], answer["unknown_count"]) == (1, 2)
    assert [each["row"] for each in answer["unknown"]] == [3, 4]
    assert counting(api, url, 1) == ("FALSE POSITIVE", "owner")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("star,reason\na,b\n", "Expected the columns label and one of"),
        ("row,label\n0,PLANET\n", "line 2: Expected 0, 1, 2"),
        ("row,label\n0,1\n0,2\n", "received that of line 2 again"),
        ("row,line,label\n0,3,1\n", "Expected row and line of one row"),
        ("row,label\n-1,1\n", "Expected a whole number as row"),
        ("row,label\n90,1\n", "Expected a row from 0 to 89"),
        (b"row,label\n0,\xff\n", "CSV in UTF-8"),
        ("", "received nothing"),
    ],
)
def test_a_file_that_says_no_labels_is_refused_with_the_reason(api, url, content, said):
    assert said in problem_of(imported(api, url, content, None))["detail"]
    assert api.get(url)["total"] == 0


def test_a_star_of_several_rows_names_none_of_them(api, key):
    rows = "".join(f"{3 + i},2.5,500,0.2,30,5700,1,4.4,14,{i % 3},one\n" for i in range(3))
    url = URL.format(api.upload(key, f"{HEADER}\n{rows}")["dataset"]["id"])
    problem = problem_of(imported(api, url, "star,label\none,1\n", None))
    assert "which several have" in problem["detail"]
    assert imported(api, url, "line,star,label\n3,one,2\n")["changed"] == 1


def versions_of(api, dataset):
    return api.get(f"/api/training/dataset/{dataset}/versions")


def test_a_version_is_the_file_and_what_was_decided_and_the_same_layer_is_the_same(
    api, key, dataset, url
):
    path = f"/api/training/dataset/{dataset}/versions"
    file = versions_of(api, dataset)
    assert [each["number"] for each in file["versions"]] == [0]
    assert file["current"]["number"] == 0
    say(api, url, 0, "exclude")
    say(api, url, 1, "FALSE POSITIVE")
    changed = versions_of(api, dataset)["current"]
    assert (changed["number"], changed["differs_from_newest"]) == (None, 2)
    first = api.post(path, 201, json={"name": "without the blend"})["version"]
    assert (first["number"], first["name"], first["user"]) == (1, "without the blend", "admin")
    assert (first["num_changed"], first["num_excluded"]) == (2, 1)
    assert first["class_counts"] == {"CANDIDATE": 29, "CONFIRMED": 29, "FALSE POSITIVE": 31}
    assert first["sha256"] != file["versions"][0]["sha256"]
    assert api.post(path, 200, json={})["version"] == first
    say(api, url, 1, "CANDIDATE")
    assert api.post(path, 201, json={})["version"]["number"] == 2
    say(api, url, 1, "FALSE POSITIVE", "again")
    found = versions_of(api, dataset)
    assert [each["number"] for each in found["versions"]] == [2, 1, 0]
    assert (found["current"]["number"], found["current"]["differs_from_newest"]) == (1, 1)
    assert found["current"]["sha256"] == first["sha256"]
    entries = api.get(f"/api/audit?workspace_key={key}&action=version_created")["entries"]
    assert [each["detail"] for each in entries] == ["version 2", "version 1"]


def test_two_tables_with_the_same_decisions_are_different_versions(api, key, dataset):
    other = api.upload(key, catalogue(91))["dataset"]["id"]
    hashes = set()
    for each in (dataset, other):
        say(api, URL.format(each), 0, "exclude")
        path = f"/api/training/dataset/{each}/versions"
        hashes.add(api.post(path, 201, json={})["version"]["sha256"])
    assert len(hashes) == 2


def test_the_file_as_it_is_gets_no_name(api, dataset):
    path = f"/api/training/dataset/{dataset}/versions"
    api.post(path, 422, json={"name": "mine"})
    assert api.post(path, 200, json={})["version"]["number"] == 0


def spec_of(answer):
    return answer["session"]["spec"]


def test_a_session_trains_on_the_labels_as_they_are_and_names_their_version(api, key, dataset, url):
    assert spec_of(api.start(key, dataset))["dataset_version"] == 0
    say(api, url, 0, "exclude")
    spec = spec_of(api.start(key, dataset))
    newest = versions_of(api, dataset)["versions"][0]
    assert (spec["dataset_version"], spec["dataset_version_sha256"]) == (1, newest["sha256"])
    assert newest["user"] == "admin"
    say(api, url, 1, "exclude")
    assert spec_of(api.start(key, dataset, dataset_version=1))["dataset_version"] == 1
    assert spec_of(api.start(key, dataset, dataset_version=0))["dataset_version"] == 0
    assert spec_of(api.start(key, dataset))["dataset_version"] == 2
    problem = problem_of(api.start(key, dataset, None, dataset_version=3))
    assert problem["errors"][0]["field"] == "dataset_version"


def test_a_repeated_start_and_a_retry_keep_the_version(api, key, services, dataset, url):
    headers = {"Idempotency-Key": "one"}
    say(api, url, 0, "exclude")
    first = api.start(key, dataset, headers=headers)["session"]
    say(api, url, 1, "exclude")
    assert api.start(key, dataset, headers=headers)["session"]["id"] == first["id"]
    assert [each["number"] for each in versions_of(api, dataset)["versions"]] == [1, 0]
    api.start(key, dataset, 422, headers=headers, dataset_version=0)
    fail(services, first["id"])
    again = api.post(f"/api/training/session/{first['id']}/retry", 202)
    assert spec_of(again)["dataset_version"] == 1


def test_what_cannot_be_trained_with_the_labels_as_they_are_is_refused(api, key, dataset, url):
    changes = [{"row": row, "label": "exclude", "reason": "no"} for row in range(0, 90, 2)]
    api.put(url, json={"changes": changes})
    problem = problem_of(api.start(key, dataset, None))
    assert "received 45 (of 90 accepted rows)" in problem["detail"]
    assert [each["number"] for each in versions_of(api, dataset)["versions"]] == [0]
    api.start(key, dataset, dataset_version=0)


def test_a_study_counts_the_rows_that_its_version_has_labels_of(api, key, services, dataset, url):
    say(api, url, 0, "exclude")
    study = api.study(key, dataset)["study"]
    assert study["settings"]["dataset_version"] == 1
    with services.database.read() as connection:
        (row,) = studies.in_workspace(connection, study["workspace_id"], 1, None)
    assert row["settings"]["labelled"] == 89


@pytest.mark.usefixtures("without_bin")
def test_a_worker_gets_the_labels_of_the_version_made_again_where_they_are_missing(
    api, key, services, dataset, url
):
    say(api, url, 0, "exclude")
    api.start(key, dataset)
    starts = SessionStarts(services.settings, services.database, services.storage)
    job = starts.take()
    (labels,) = services.storage.uploads.glob("*/*.labels.npy")
    assert job.spec.dataset_version == 1
    assert np.load(labels)[:3].tolist() == [NO_LABEL, 1, 2]
    remove_leftovers(services.database, services.storage)
    assert labels.exists()
    api.post(f"/api/training/session/{job.session_id}/cancel")
    with services.database.write() as connection:
        sessions.end(connection, job.session_id, "cancelled")
    api.delete(f"/api/training/dataset/{dataset}")
    assert not labels.exists()


@pytest.mark.usefixtures("without_bin")
def test_a_keep_takes_the_labels_that_were_learnt_whatever_number_they_have_now(
    api, key, services, dataset, url
):
    say(api, url, 0, "exclude")
    session = api.start(key, dataset)["session"]
    fail(services, session["id"])
    keep = f"/api/training/session/{session['id']}/keep"
    api.delete(f"/api/training/dataset/{dataset}")
    again = api.dataset(key)
    other = f"/api/training/dataset/{again}/labels"
    say(api, other, 7, "exclude")
    api.post(f"/api/training/dataset/{again}/versions", 201, json={})
    problem = problem_of(api.post(keep, None))
    assert problem["status"] == 409
    assert "freeze a version" in problem["detail"]
    api.post(f"{other}/undo", json={})
    say(api, other, 0, "exclude")
    api.post(f"/api/training/dataset/{again}/versions", 201, json={})
    kept = api.post(keep, 202)["session"]
    assert spec_of({"session": kept})["dataset_version"] == 2


@pytest.mark.parametrize("by", ["row", "line"])
def test_a_number_of_thousands_of_digits_is_refused_in_few_words(api, url, by):
    answer = imported(api, url, f"{by},label\n{'9' * 5000},exclude\n", None)
    problem = problem_of(answer)
    assert problem["status"] == 422
    assert len(problem["errors"][0]["message"]) < 200


def test_a_repeated_start_is_accepted_whatever_was_said_since(api, key, dataset, url):
    headers = {"Idempotency-Key": "once"}
    first = api.start(key, dataset, headers=headers)["session"]["id"]
    changes = [{"row": row, "label": "exclude", "reason": "no"} for row in range(0, 90, 2)]
    api.put(url, json={"changes": changes})
    assert api.start(key, dataset, headers=headers)["session"]["id"] == first


def test_what_an_undo_brings_back_counts_into_the_quota(api, dataset, url):
    say(api, url, 0, "CONFIRMED", reason="x" * 900)
    before = stored(api)
    say(api, url, 0, "exclude", reason="y")
    api.post(f"{url}/undo", json={"row": 0})
    assert stored(api) - before > 900
