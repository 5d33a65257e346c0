"""/api/training/sessions as a table: sorted, filtered, searched, page by page; titles and tags."""

import base64
import json
import math

import pytest

from backend.database import sessions
from backend.services.sessions.waiting import in_turn
from tests.api import complete, fail, problem_of

ACCURACIES = (0.7, None, 0.9, 0.8, None, 0.8)


@pytest.fixture
def six(api, key, services):
    """Six completed sessions of one workspace, four of them evaluated; oldest first."""
    dataset = api.dataset(key)
    ids = []
    for number, accuracy in enumerate(ACCURACIES):
        session = api.start(key, dataset, seed=number % 2, model_name=f"Net_{number}")["session"]
        ids.append(session["id"])
        complete(services, session["id"])
        if accuracy is not None:
            evaluation = {"accuracy": accuracy, "macro_f1": math.nan, "log_loss": 1 - accuracy}
            evaluation["intervals"] = {"accuracy": [accuracy - 0.1, accuracy + 0.1]}
            with services.database.write() as connection:
                sessions.change(connection, session["id"], evaluation=evaluation)
    return ids


def listed(api, key, **query):
    query = {"workspace_key": key, **query}
    return api.get("/api/training/sessions", query_string=query)


def pages(api, key, **query):
    """The ids of all pages of two."""
    found, cursor = [], {}
    while True:
        answer = listed(api, key, limit=2, **query, **cursor)
        found.append([each["id"] for each in answer["sessions"]])
        if answer["next_cursor"] is None:
            return [each for page in found for each in page]
        cursor = {"cursor": answer["next_cursor"]}


def refused(api, key, **query):
    query = {"workspace_key": key, **query}
    problem = problem_of(api.get("/api/training/sessions", None, query_string=query))
    assert problem["status"] == 422
    return problem["errors"][0]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("accuracy", (0, 5, 3, 2, 4, 1)),
        ("-accuracy", (2, 5, 3, 0, 4, 1)),
        ("log_loss", (2, 5, 3, 0, 4, 1)),
        ("name", (0, 1, 2, 3, 4, 5)),
        ("-name", (5, 4, 3, 2, 1, 0)),
        ("-created", (5, 4, 3, 2, 1, 0)),
        ("seed", (4, 2, 0, 5, 3, 1)),
        ("macro_f1", (5, 4, 3, 2, 1, 0)),
        ("active", (5, 4, 3, 2, 1, 0)),
    ],
)
def test_every_order_is_the_same_page_by_page_and_unknown_values_come_last(
    api, key, six, sort, order
):
    assert pages(api, key, sort=sort) == [six[each] for each in order]


@pytest.mark.parametrize(
    "sort", ["status", "network", "dataset_name", "user", "started", "completed", "duration"]
)
def test_every_other_column_sorts_too(api, key, six, sort):
    for direction in ("", "-"):
        assert sorted(pages(api, key, sort=f"{direction}{sort}")) == six


def test_a_session_deleted_between_two_pages_moves_no_other(api, key, six):
    first = listed(api, key, sort="-accuracy", limit=2)
    api.delete(f"/api/training/session/{six[2]}")
    second = listed(api, key, sort="-accuracy", limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in second["sessions"]] == [six[3], six[0]]


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        (["accuracy>0.75"], (2, 3, 5)),
        (["accuracy>=0.8", "accuracy<0.9"], (3, 5)),
        (["seed:1"], (1, 3, 5)),
        (["seed:0,1", "id<=2"], (0, 1)),
        (["status:failed"], ()),
        (["status:failed,completed"], (0, 1, 2, 3, 4, 5)),
        (["network:transit_cnn"], (0, 1, 2, 3, 4, 5)),
        (["name:net_3"], (3,)),
        (["created>2026-01-01"], (0, 1, 2, 3, 4, 5)),
        (["starred:yes"], (1,)),
        (["tag:paper"], (1, 2)),
        (["tag:pape"], ()),
        (["tag:x y,paper"], (1, 2, 4)),
    ],
)
def test_filters_all_hold_and_count_in_the_total(api, key, six, filters, places):
    if {"network:transit_cnn"} == set(filters):
        filters = [
            "network:" + api.get(f"/api/training/session/{six[0]}")["session"]["spec"]["network"]
        ]
    api.patch(f"/api/training/session/{six[1]}", json={"is_starred": True, "tags": ["paper"]})
    api.patch(f"/api/training/session/{six[2]}", json={"tags": ["b", "paper"]})
    api.patch(f"/api/training/session/{six[4]}", json={"tags": ["x y"]})
    answer = listed(api, key, filter=filters, sort="id")
    assert [each["id"] for each in answer["sessions"]] == [six[each] for each in places]
    assert answer["total"] == len(places)


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("net_3", (3,)),
        ("Étoile", (0,)),
        ("100%", (1,)),
        ("stranger", ()),
        ("paper", (2,)),
        ("net paper", (2,)),
        ("_", (0, 1, 2, 3, 4, 5)),
    ],
)
def test_a_search_looks_for_each_word_in_what_people_said(api, key, six, words, places):
    api.patch(f"/api/training/session/{six[0]}", json={"title": "Étoile"})
    api.patch(f"/api/training/session/{six[1]}", json={"note": "100% done"})
    api.patch(f"/api/training/session/{six[2]}", json={"tags": ["paper"]})
    answer = listed(api, key, q=words, sort="id")
    assert [each["id"] for each in answer["sessions"]] == [six[each] for each in places]


def test_a_group_is_kept_together_and_counted(api, key, six):
    assert pages(api, key, group="seed", sort="-accuracy") == [
        six[each] for each in (2, 0, 4, 5, 3, 1)
    ]
    answer = listed(api, key, group="seed", filter="accuracy>0.75")
    assert answer["groups"] == [{"value": 0, "count": 1}, {"value": 1, "count": 2}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sort": "colour"}, "accuracy"),
        ({"group": "accuracy"}, "network"),
        ({"filter": "colour:red"}, "accuracy"),
        ({"filter": "accuracy"}, "accuracy"),
        ({"filter": "accuracy>much"}, "a number"),
        ({"filter": "accuracy>nan"}, "a number"),
        ({"filter": "status>failed"}, "status:value"),
        ({"filter": "starred:perhaps"}, "starred:no"),
        ({"filter": ["status:failed"] * 21}, "at most 20"),
        ({"cursor": "x"}, "next_cursor"),
        ({"cursor": "0"}, "next_cursor"),
        ({"sort": "name", "cursor": "5"}, "next_cursor"),
        ({"sort": "name", "cursor": "W10"}, "next_cursor"),
    ],
)
def test_what_cannot_be_listed_so_is_named_with_what_is_possible(api, key, query, said):
    error = refused(api, key, **query)
    assert error["field"] == list(query)[-1]
    assert said in error["message"]


def test_a_cursor_of_another_order_is_refused(api, key, six):
    cursor = listed(api, key, sort="name", limit=2)["next_cursor"]
    assert refused(api, key, sort="-name", cursor=cursor)["field"] == "cursor"


def test_active_ones_are_on_top_with_their_place_and_a_guess(api, key, services, six):
    dataset = api.dataset(key, rows=120)
    first, second, third = (api.start(key, dataset)["session"]["id"] for _ in range(3))
    ended = api.start(key, dataset)["session"]["id"]
    fail(services, ended)
    with services.database.write() as connection:
        started = {"started_at": "2026-01-01T00:00:00.000Z"}
        sessions.change(connection, first, status="training", **started)
        for each in six:
            sessions.change(connection, each, **started, completed_at="2026-01-01T00:01:40.000Z")
    found = listed(api, key, sort="active")["sessions"]
    assert [each["id"] for each in found] == [first, second, third, ended, *reversed(six)]
    assert [each["queue_position"] for each in found[:4]] == [None, 1, 2, None]
    waits = [each["wait_seconds"] for each in found[1:3]]
    assert waits[0] == 0
    assert waits[1] == pytest.approx(100, abs=0.1)


def test_the_queue_is_in_turns_of_users():
    def waits(session_id, asker, is_interrupted=False, is_of_study=False):
        found = {"id": session_id, "asker": asker}
        return {**found, "is_interrupted": is_interrupted, "is_of_study": is_of_study}

    waiting = [waits(1, 1, is_of_study=True), waits(2, 1), waits(3, 2), waits(4, 2), waits(5, 3)]
    assert in_turn(waiting, last=1) == [3, 5, 2, 4, 1]
    assert in_turn([*waiting, waits(6, 1, is_interrupted=True)], last=2)[0] == 6


def test_what_people_say_is_shown_and_changes_the_etag(api, key, six):
    path = f"/api/training/session/{six[0]}"
    etag = api.get(path, None).headers["ETag"]
    said = {"title": " Best ", "tags": ["a", "b", "a"], "note": "a\nb", "is_starred": True}
    shown = api.patch(path, json=said)["session"]
    assert shown["title"] == "Best"
    assert (shown["tags"], shown["note"], shown["is_starred"]) == (["a", "b"], "a\nb", True)
    assert shown["model_name"] == "Net_0"
    changed = api.get(path, None, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert api.patch(path, json={"title": None})["session"]["title"] is None
    assert api.get(path)["session"]["tags"] == ["a", "b"]
    (found,) = listed(api, key, filter=f"id:{six[0]}")["sessions"]
    assert (found["user"], found["is_starred"]) == (api.get("/api/me")["user"]["name"], True)
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    assert [each["detail"] for each in entries if each["action"] == "session_renamed"] == [
        "Net_0",
        "Best",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"title": ""},
        {"title": "a\nb"},
        {"title": "x" * 201},
        {"tags": ["a,b"]},
        {"tags": ['a"b']},
        {"tags": [" a"]},
        {"tags": ["x" * 41]},
        {"tags": ["a"] * 21},
        {"tags": None},
        {"note": "\x00"},
        {"is_starred": 1},
        {"colour": "red"},
    ],
)
def test_what_cannot_be_said_of_a_session_is_refused(api, key, six, said):
    problem = problem_of(api.patch(f"/api/training/session/{six[0]}", None, json=said))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"].startswith(next(iter(said)))


def test_the_figures_come_with_their_intervals(api, key, six):
    found = listed(api, key, sort="-accuracy")["sessions"]
    figures = found[0]["figures"]
    assert (figures["accuracy"], figures["macro_f1"]) == (0.9, None)
    assert figures["intervals"]["accuracy"] == pytest.approx([0.8, 1.0])
    assert found[-1]["figures"] is None


def test_a_workspace_and_a_dataset_get_another_name(api, key):
    dataset = api.dataset(key)
    answer = api.patch(f"/api/training/dataset/{dataset}", json={"name": "Kepler"})
    assert answer["dataset"]["name"] == "Kepler"
    assert api.get(f"/api/training/dataset/{dataset}")["dataset"]["name"] == "Kepler"
    session = api.start(key, dataset)["session"]["id"]
    api.patch(f"/api/training/dataset/{dataset}", json={"name": "KOI"})
    found = listed(api, key, filter="dataset_name:koi")["sessions"]
    assert [each["id"] for each in found] == [session]
    named = api.patch(f"/api/workspaces/{key}", json={"name": "Mine"})["workspace"]
    assert (named["name"], named["key"]) == ("Mine", key)
    assert api.get(f"/api/workspaces/{key}")["workspace"] == named
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    renamed = [(each["action"], each["detail"]) for each in entries if "renamed" in each["action"]]
    assert renamed == [
        ("workspace_renamed", "Mine"),
        ("dataset_renamed", "KOI"),
        ("dataset_renamed", "Kepler"),
    ]


def test_names_of_any_letters_have_a_next_page(api, key, six):
    for number, each in enumerate(six):
        body = {"title": chr(0x1F600 + number) * 200}
        api.patch(f"/api/training/session/{each}", json=body)
    assert pages(api, key, sort="name", group="user") == six


def test_a_filter_of_hundreds_of_values_is_refused(api, key, six):
    assert "at most 50" in refused(api, key, filter="tag:" + ",".join(["a"] * 1500))["message"]


def test_a_cursor_that_is_no_text_is_refused(api, key, six):
    body = json.dumps(["name", None, ["\ud800", 1]], separators=(",", ":")).encode()
    cursor = base64.urlsafe_b64encode(body).decode().rstrip("=")
    assert "next_cursor" in refused(api, key, sort="name", cursor=cursor)["message"]


def test_a_date_stands_for_its_whole_day(api, key, six):
    today = api.get(f"/api/training/session/{six[0]}")["session"]["created_at"][:10]
    for sign, count in ((">=", 6), ("<=", 6), (">", 0), ("<", 0)):
        found = listed(api, key, sort="name", filter=f"created{sign}{today}")
        assert len(found["sessions"]) == count, sign
    for wrong in ("created>foo", "created>31.01.2026", f"created:{today}"):
        assert "a date such as" in refused(api, key, filter=wrong)["message"]


def test_a_search_for_signs_of_a_list_finds_tags_that_have_them_alone(api, key, six):
    api.patch(f"/api/training/session/{six[0]}", json={"tags": ["first", "second"]})
    for word, found in (("[", []), ('"', []), ("first", [six[0]]), ("second", [six[0]])):
        assert pages(api, key, sort="name", q=word) == found, word


def test_sessions_of_a_deleted_dataset_keep_its_last_name(api, key, six):
    dataset = api.get(f"/api/training/session/{six[0]}")["session"]["dataset_id"]
    api.patch(f"/api/training/dataset/{dataset}", json={"name": "renamed.csv"})
    api.delete(f"/api/training/dataset/{dataset}")
    assert len(pages(api, key, sort="name", filter="dataset_name:renamed.csv")) == 6
