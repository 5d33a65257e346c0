"""The pages of a list of sessions or models, forward and back again."""

import math

import pytest

from backend.database import sessions
from tests.api import complete

ACCURACIES = (0.7, None, 0.9, 0.8, None, 0.8, 0.6)


@pytest.fixture
def seven(api, key, services):
    """Sessions of one workspace, five of them evaluated; the last two wait."""
    dataset = api.dataset(key)
    ids = []
    for number, accuracy in enumerate(ACCURACIES):
        session = api.start(key, dataset, seed=number % 2, model_name=f"Net_{number}")["session"]
        ids.append(session["id"])
        if number < len(ACCURACIES) - 2:
            complete(services, session["id"])
        if accuracy is not None:
            evaluation = {"accuracy": accuracy, "macro_f1": math.nan, "log_loss": 1 - accuracy}
            with services.database.write() as connection:
                sessions.change(connection, session["id"], evaluation=evaluation)
    return ids


def page_of(api, path, key, **query):
    return api.get(path, query_string={"workspace_key": key, "limit": 2, **query})


def ids_of(page):
    return [each["id"] for each in page["sessions" if "sessions" in page else "models"]]


def pages(api, path, key, **query):
    """All pages as they come forward."""
    found = [page_of(api, path, key, **query)]
    while found[-1]["next_cursor"] is not None:
        found.append(page_of(api, path, key, **query, cursor=found[-1]["next_cursor"]))
    return found


@pytest.mark.parametrize(
    "query",
    [
        *({"sort": each} for each in ("active", "accuracy", "-accuracy", "macro_f1", "-name")),
        {"sort": "-log_loss", "group": "seed"},
        {"group": "status"},
        {"q": "net"},
    ],
    ids=str,
)
def test_the_way_back_has_the_same_pages(api, key, seven, query):
    path = "/api/training/sessions"
    forward = pages(api, path, key, **query)
    assert sorted(each for page in forward for each in ids_of(page)) == seven
    back = forward[-1]
    for page in reversed(forward[:-1]):
        back = page_of(api, path, key, **query, cursor=back["previous_cursor"])
        assert ids_of(back) == ids_of(page)
        again = page_of(api, path, key, **query, cursor=back["next_cursor"])
        assert ids_of(again) == ids_of(forward[forward.index(page) + 1])
    assert forward[0]["previous_cursor"] is back["previous_cursor"] is None


def test_models_have_the_way_back_too(api, key, seven):
    forward = pages(api, "/api/models", key, sort="accuracy")
    assert len(forward) == 3
    back = page_of(api, "/api/models", key, sort="accuracy", cursor=forward[2]["previous_cursor"])
    assert ids_of(back) == ids_of(forward[1])
    assert back["total"] == 5


def test_who_goes_back_misses_nothing_that_came_or_went_meanwhile(api, key, seven):
    path, query = "/api/training/sessions", {"sort": "name"}
    forward = pages(api, path, key, **query)
    api.patch(f"/api/training/session/{seven[6]}", json={"title": "Net_3b"})
    cursor = forward[2]["previous_cursor"]
    assert ids_of(page_of(api, path, key, **query, cursor=cursor)) == [seven[3], seven[6]]
    api.delete(f"/api/training/session/{seven[4]}")
    assert ids_of(page_of(api, path, key, **query, cursor=cursor)) == [seven[3], seven[6]]


def test_a_list_without_a_sort_has_no_way_back(api, key, seven):
    plain = page_of(api, "/api/training/sessions", key)
    behind = page_of(api, "/api/training/sessions", key, cursor=plain["next_cursor"])
    assert plain["previous_cursor"] is behind["previous_cursor"] is None


def test_the_cursor_of_another_order_is_refused_backwards_too(api, key, seven):
    path = "/api/training/sessions"
    cursor = pages(api, path, key, sort="name")[1]["previous_cursor"]
    query = {"workspace_key": key, "sort": "-name", "cursor": cursor}
    assert api.get(path, None, query_string=query).status_code == 422
