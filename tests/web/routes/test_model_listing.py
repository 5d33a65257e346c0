"""/api/models as a table: sorted, filtered, searched, page by page; titles and tags."""

import pytest

from backend.database import sessions
from tests import messages
from tests.api import complete, problem_of

ACCURACIES = (0.7, None, 0.9, 0.8)


@pytest.fixture
def four(api, key, services):
    """Four models of one dataset, three of them evaluated; oldest first, which is current."""
    dataset = api.dataset(key)
    ids = []
    for number, accuracy in enumerate(ACCURACIES):
        session = api.start(key, dataset, model_name=f"Net_{number}")["session"]
        evaluation = None
        if accuracy is not None:
            evaluation = {"accuracy": accuracy, "log_loss": 1 - accuracy, "n_test": 20}
            intervals = {"accuracy": [accuracy - 0.1, accuracy + 0.1]}
            with services.database.write() as connection:
                whole = {**evaluation, "intervals": intervals}
                sessions.change(connection, session["id"], evaluation=whole)
        manifest = {
            "dataset_sha256": session["spec"]["dataset_sha256"],
            "dataset_name": session["spec"]["dataset_name"],
            "dataset_version": number % 2,
            "spec": {"source": "exotrain", "ensemble": 1 + number % 2},
            "verdict": messages.WORSE if number == 3 else messages.BETTER,
            "simulated": False,
        }
        ids.append(complete(services, session["id"], evaluation=evaluation, **manifest))
    return ids


def listed(api, key, **query):
    return api.get("/api/models", query_string={"workspace_key": key, **query})


def pages(api, key, **query):
    """The ids of all pages of two."""
    found, cursor = [], {}
    while True:
        answer = listed(api, key, limit=2, **query, **cursor)
        assert answer["count"] == len(answer["models"]) <= 2
        found += [each["id"] for each in answer["models"]]
        if answer["next_cursor"] is None:
            return found
        cursor = {"cursor": answer["next_cursor"]}


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("accuracy", (0, 3, 2, 1)),
        ("-accuracy", (2, 3, 0, 1)),
        ("name", (0, 1, 2, 3)),
        ("-created", (3, 2, 1, 0)),
        ("ensemble", (2, 0, 3, 1)),
        ("promoted", (0, 3, 2, 1)),
        (None, (3, 2, 1, 0)),
    ],
)
def test_every_order_is_the_same_page_by_page_and_unknown_values_come_last(
    api, key, four, sort, order
):
    query = {} if sort is None else {"sort": sort}
    assert pages(api, key, **query) == [four[each] for each in order]


@pytest.mark.parametrize("sort", ["network", "dataset_name", "user", "size", "session", "dataset"])
def test_every_other_column_sorts_too(api, key, four, sort):
    for direction in ("", "-"):
        assert sorted(pages(api, key, sort=f"{direction}{sort}")) == four


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        (["accuracy>0.75"], (2, 3)),
        (["dataset_version:1"], (1, 3)),
        (["current:yes"], (0,)),
        (["current:no"], (1, 2, 3)),
        (["beats_guessing:no"], (3,)),
        (["simulated:no", "joined:no"], (0, 1, 2, 3)),
        (["joined:yes"], ()),
        (["starred:yes"], (1,)),
        (["tag:paper"], (2,)),
        (["name:net_2,net_3"], (2, 3)),
        (["created<2026-01-01"], ()),
        (["size>1"], (0, 1, 2, 3)),
    ],
)
def test_filters_all_hold_and_count_in_the_total(api, key, four, filters, places):
    api.patch(f"/api/models/{four[1]}", json={"is_starred": True})
    api.patch(f"/api/models/{four[2]}", json={"tags": ["b", "paper"]})
    answer = listed(api, key, filter=filters, sort="id")
    assert [each["id"] for each in answer["models"]] == [four[each] for each in places]
    assert answer["total"] == len(places)


@pytest.mark.parametrize(
    ("words", "places"), [("net_3", (3,)), ("étoile", ()), ("Étoile", (0,)), ("net paper", (2,))]
)
def test_a_search_looks_for_each_word_in_what_people_said(api, key, four, words, places):
    api.patch(f"/api/models/{four[0]}", json={"title": "Étoile"})
    api.patch(f"/api/models/{four[2]}", json={"tags": ["paper"]})
    answer = listed(api, key, q=words, sort="id")
    assert [each["id"] for each in answer["models"]] == [four[each] for each in places]


def test_a_group_is_kept_together_and_counted(api, key, four):
    answer = listed(api, key, group="dataset_version", sort="-accuracy")
    assert [each["id"] for each in answer["models"]] == [four[each] for each in (2, 0, 3, 1)]
    assert answer["groups"] == [{"value": 0, "count": 2}, {"value": 1, "count": 2}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"sort": "active"}, "accuracy"),
        ({"sort": "status"}, "accuracy"),
        ({"group": "accuracy"}, "dataset_version"),
        ({"filter": "status:failed"}, "beats_guessing"),
        ({"filter": "current:perhaps"}, "current:yes or current:no"),
        ({"cursor": "5"}, "next_cursor"),
        ({"limit": 0}, "1"),
    ],
)
def test_what_cannot_be_listed_so_is_named_with_what_is_possible(api, key, query, said):
    query = {"workspace_key": key, **query}
    problem = problem_of(api.get("/api/models", None, query_string=query))
    assert problem["status"] == 422
    assert said in problem["errors"][0]["message"]


def test_a_list_without_a_question_is_whole_and_says_what_the_table_shows(api, key, four):
    answer = listed(api, key)
    assert [each["id"] for each in answer["models"]] == four[::-1]
    assert (answer["count"], answer["total"], answer["next_cursor"]) == (4, None, None)
    newest, third = answer["models"][0], answer["models"][2]
    assert newest["figures"]["accuracy"] == 0.8
    assert newest["figures"]["intervals"]["accuracy"] == pytest.approx([0.7, 0.9])
    assert third["figures"] is None
    assert newest["user"] == api.get("/api/me")["user"]["name"]
    assert (newest["dataset_version"], newest["ensemble"], newest["is_joined"]) == (1, 2, False)
    assert newest["network"] == "transit_cnn"
    assert newest["dataset_id"] is not None


def test_models_of_studies_are_listed_by_their_study_alone(api, key, services):
    study = api.study(key, api.dataset(key))["study"]
    parts = [complete(services, each["id"]) for each in study["sessions"]]
    alone = complete(services, api.session(key))
    for query in ({}, {"sort": "id"}):
        assert [each["id"] for each in listed(api, key, **query)["models"]] == [alone]
    found = listed(api, key, sort="id", study=study["id"])["models"]
    assert [each["id"] for each in found] == parts


def test_a_model_keeps_what_is_known_of_it_when_session_and_dataset_are_gone(api, key, four):
    model = listed(api, key)["models"][0]
    api.patch(f"/api/training/dataset/{model['dataset_id']}", json={"name": "renamed.csv"})
    api.delete(f"/api/training/session/{model['session_id']}")
    api.delete(f"/api/training/dataset/{model['dataset_id']}")
    (found,) = listed(api, key, filter="dataset_name:renamed.csv", sort="-accuracy", q="net_3")[
        "models"
    ]
    assert found["figures"] == model["figures"]
    assert (found["dataset_id"], found["dataset_name"]) == (None, "renamed.csv")
    assert (found["session_id"], found["user"]) == (None, model["user"])


def test_what_people_say_of_a_model_is_shown_and_its_file_stays(api, key, four):
    path = f"/api/models/{four[0]}"
    before = api.get(path)["model"]
    said = {"title": " Best ", "tags": ["a", "b", "a"], "note": "a\nb", "is_starred": True}
    shown = api.patch(path, json=said)["model"]
    assert (shown["title"], shown["tags"], shown["note"]) == ("Best", ["a", "b"], "a\nb")
    assert {name: shown[name] for name in ("name", "path", "sha256", "manifest")} == {
        name: before[name] for name in ("name", "path", "sha256", "manifest")
    }
    assert api.patch(path, json={"title": None})["model"]["is_starred"] is True
    assert api.patch(path, json={})["model"]["tags"] == ["a", "b"]
    entries = api.get("/api/audit", query_string={"workspace_key": key})["entries"]
    renamed = [each for each in entries if each["action"] == "model_renamed"]
    assert [(each["target"], each["detail"]) for each in renamed] == [
        (f"model {four[0]}", "Net_0"),
        (f"model {four[0]}", "Best"),
    ]


@pytest.mark.parametrize("said", [{"title": ""}, {"tags": ["a,b"]}, {"name": "other"}])
def test_what_cannot_be_said_of_a_model_is_refused(api, key, four, said):
    problem = problem_of(api.patch(f"/api/models/{four[0]}", None, json=said))
    assert problem["status"] == 422
    assert problem["errors"][0]["field"].startswith(next(iter(said)))
