"""/api/networks, and a completed session's evaluation with the rows behind it."""

import numpy as np
import pytest
from sqlalchemy import update

from backend.database import models, schema, sessions
from backend.services.sessions.comparison import seed_spread
from backend.transit.columns import LABELS
from backend.transit.networks.registry import NETWORKS
from backend.web.schemas.training.curve_figures import LightCurveFigures
from tests.api import complete, problem_of

# As `backend.training.train` writes it; that module imports TensorFlow.
TEST_ROWS = np.dtype(
    [
        ("row", "<i8"),
        ("true", "i1"),
        ("predicted", "i1"),
        ("probabilities", "<f4", (3,)),
        ("period", "<f8"),
        ("depth_ppm", "<f8"),
        ("group", "<i8"),
    ]
)

# As up to 0.4.0.
EARLIER_TEST_ROWS = np.dtype([(name, TEST_ROWS[name]) for name in (TEST_ROWS.names or ())[:-1]])


@pytest.fixture
def evaluated(api, key, services):
    """A completed session whose test rows are every tenth of the dataset."""
    session_id = api.session(key)
    complete(services, session_id)
    with services.database.write() as connection:
        evaluation = {"n_test": 9, "accuracy": 0.5, "roc_auc": float("nan")}
        sessions.change(connection, session_id, evaluation=evaluation)
    rows = np.zeros(9, TEST_ROWS)
    rows["row"] = np.arange(0, 90, 10)
    rows["true"] = rows["row"] % 3
    rows["predicted"] = 1
    rows["probabilities"] = (0.25, 0.5, 0.25)
    rows["period"] = np.nan
    rows["depth_ppm"] = 700
    rows["group"] = np.arange(9)
    path = api.get(f"/api/training/session/{session_id}")["session"]["model_path"]
    np.save((services.settings.data_dir / path).with_suffix(".test.npy"), rows)
    return session_id


def test_the_networks_are_listed_with_their_inputs(api):
    answer = api.get("/api/networks")
    assert [each["name"] for each in answer["networks"]] == list(NETWORKS)
    assert answer["default"] in NETWORKS
    for each in answer["networks"]:
        assert each["inputs"][:2] == ["curve_input", "feat_input"]
        assert each["sentence"]
        assert each["parameters"] >= 0
        assert each["takes_curves"] is ("evidence_input" in each["inputs"])


def test_an_evaluation_is_given_as_the_trainer_made_it(api, evaluated):
    answer = api.get(f"/api/training/session/{evaluated}/evaluation")
    assert answer["success"] is True
    assert answer["evaluation"] == {"n_test": 9, "accuracy": 0.5, "roc_auc": None}


def test_light_curves_of_an_evaluation_that_was_made_before_their_difference_stay_valid(
    api, evaluated, services
):
    settled = {"confirmed": 1, "false_positives": 0, "intervals": {}}
    settled |= dict.fromkeys(("roc_auc", "average_precision", "recall_at_precision"))
    part = {"rows": 3, "stars": 3, "settled": settled}
    part |= dict.fromkeys(("accuracy", "macro_f1", "log_loss"), 0.5)
    names = ("with_curve", "curve_hidden", "without_curve")
    earlier = {"curve_set_id": 1, "sha256": "c" * 64, "recipe": 1, **dict.fromkeys(names, part)}
    earlier["tells_label"] = {"has_curve": None, "segments": None}
    with services.database.write() as connection:
        sessions.change(connection, evaluated, evaluation={"n_test": 9, "light_curves": earlier})
    sent = api.get(f"/api/training/session/{evaluated}/evaluation")["evaluation"]["light_curves"]
    assert sent == earlier
    described = api.get("/api/openapi.json")["components"]["schemas"]["LightCurveFigures"]
    assert set(described["properties"]) - set(described["required"]) == {"difference"}
    assert set(described["required"]) == set(sent)
    assert LightCurveFigures.model_validate(sent).difference is None


@pytest.mark.parametrize("status", ["pending", "training", "failed", "cancelled"])
def test_a_session_that_has_not_completed_has_none_yet(api, key, services, status):
    session_id = api.session(key)
    with services.database.write() as connection:
        sessions.change(connection, session_id, status=status)
    for path in ("evaluation", "evaluation/rows", "evaluation/points"):
        problem = problem_of(api.get(f"/api/training/session/{session_id}/{path}", None))
        assert problem["status"] == 409
        assert status in problem["detail"]


def test_a_session_without_test_stars_has_none(api, key, services):
    session_id = api.session(key, test_split=0)
    complete(services, session_id)
    problem = problem_of(api.get(f"/api/training/session/{session_id}/evaluation", None))
    assert problem["status"] == 404
    assert "test_split" in problem["detail"]


def test_the_rows_behind_a_cell_are_those_of_the_dataset(api, evaluated):
    path = f"/api/training/session/{evaluated}/evaluation/rows"
    everything = api.get(path)
    assert (everything["count"], everything["total"]) == (9, 9)
    cell = api.get(f"{path}?true=2&predicted=1")
    assert [row["row"] for row in cell["rows"]] == [20, 50, 80]
    row = cell["rows"][0]
    assert (row["line"], row["star"]) == (22, "star-20")
    assert (row["true_name"], row["predicted_name"]) == ("FALSE POSITIVE", "CONFIRMED")
    assert row["probabilities"] == dict(zip(LABELS, (0.25, 0.5, 0.25), strict=True))
    assert (row["period"], row["depth_ppm"]) == (None, 700)
    assert row["candidate"]["depth"] == 520
    assert api.get(f"{path}?predicted=candidate")["total"] == 0
    page = api.get(f"{path}?true=false%20positive&offset=1&limit=1")
    assert [each["row"] for each in page["rows"]] == [50]
    assert page["total"] == 3


@pytest.mark.parametrize("query", ["true=3", "predicted=x", "true=0&true=1", "limit=5000"])
def test_a_cell_that_is_none_is_refused(api, evaluated, query):
    path = f"/api/training/session/{evaluated}/evaluation/rows?{query}"
    assert problem_of(api.get(path, None))["status"] == 422


def test_without_the_dataset_the_rows_are_still_listed(api, evaluated):
    path = f"/api/training/session/{evaluated}"
    dataset_id = api.get(path)["session"]["dataset_id"]
    api.delete(f"/api/training/dataset/{dataset_id}")
    row = api.get(f"{path}/evaluation/rows")["rows"][0]
    assert (row["row"], row["line"], row["candidate"]) == (0, None, None)


def test_without_the_model_they_are_not(api, key, evaluated, services):
    complete(services, api.session(key))
    newer = api.get(f"/api/models?workspace_key={key}")["models"][0]["id"]
    api.post(f"/api/models/{newer}/promote")
    model_id = api.get(f"/api/training/session/{evaluated}")["session"]["model_id"]
    api.delete(f"/api/models/{model_id}")
    api.get(f"/api/training/session/{evaluated}/evaluation")
    api.get(f"/api/training/session/{evaluated}/evaluation/rows", 404)


def test_the_points_hold_true_against_predicted_values(api, evaluated):
    answer = api.get(f"/api/training/session/{evaluated}/evaluation/points")
    assert answer["row"] == list(range(0, 90, 10))
    assert answer["period"]["true"] == pytest.approx([3 + 0.01 * row for row in answer["row"]])
    assert answer["period"]["predicted"] == [None] * 9
    assert answer["depth"]["true"] == [500 + row for row in answer["row"]]
    assert answer["depth"]["predicted"] == [700] * 9
    assert answer["label"] == [row % 3 for row in answer["row"]]
    assert (answer["count"], answer["total"]) == (9, 9)


def test_of_many_test_rows_evenly_spaced_ones_are_points(api, evaluated, monkeypatch):
    monkeypatch.setattr("backend.web.routes.training.evaluations.MOST_POINTS", 3)
    answer = api.get(f"/api/training/session/{evaluated}/evaluation/points")
    assert answer["row"] == [0, 40, 80]
    assert (answer["count"], answer["total"]) == (3, 9)


def test_without_its_dataset_an_evaluation_has_no_true_values(api, evaluated):
    dataset_id = api.get(f"/api/training/session/{evaluated}")["session"]["dataset_id"]
    api.delete(f"/api/training/dataset/{dataset_id}")
    answer = api.get(f"/api/training/session/{evaluated}/evaluation/points", None)
    assert "dataset" in problem_of(answer)["detail"]
    assert answer.status_code == 404


@pytest.fixture
def tested(api, services):
    """Makes a session that was tested on some rows of the dataset, and how well."""

    def make(key, dataset_id, rows, right=0.9, groups=None, **spec):
        started = api.start(key, dataset_id, **spec)
        session_id = started["session"]["id"]
        complete(services, session_id)
        found = np.zeros(len(rows), EARLIER_TEST_ROWS if groups is None else TEST_ROWS)
        found["row"] = rows
        if groups is not None:
            found["group"] = groups
        found["true"] = found["row"] % 3
        found["probabilities"] = (1 - right) / 2
        found["probabilities"][np.arange(len(rows)), found["true"]] = np.ravel(right)
        found["predicted"] = found["probabilities"].argmax(axis=1)
        mean = float(np.mean(right))
        figures = {"n_test": len(rows), "accuracy": mean, "macro_f1": mean, "log_loss": 1 - mean}
        with services.database.write() as connection:
            sessions.change(connection, session_id, evaluation=figures)
            session = sessions.find(connection, session_id)
            model = models.of_session(connection, session_id)
            # As a worker writes it: without what only the server needs, with what only it does.
            spec = {**session["spec"], "session_id": session_id, "curve_memory_mb": 100}
            for name in ("version", "dataset_name", "simulated"):
                del spec[name]
            manifest = {**model["manifest"], "spec": spec}
            manifest["evaluation"] = {**figures, "ece": 0.1}
            statement = update(schema.models).where(schema.models.c.id == model["id"])
            connection.execute(statement.values(manifest=manifest))
        path = api.get(f"/api/training/session/{session_id}")["session"]["model_path"]
        np.save((services.settings.data_dir / path).with_suffix(".test.npy"), found)
        return session_id

    return make


def compared(api, one, other, expect=200):
    path = f"/api/training/session/{one}/comparison?other={other}"
    return api.get(path) if expect == 200 else problem_of(api.get(path, None))


def test_two_sessions_are_compared_on_the_rows_that_both_were_tested_on(api, key, tested):
    dataset_id = api.dataset(key, rows=90)
    one = tested(key, dataset_id, np.arange(0, 60), right=0.9)
    other = tested(key, dataset_id, np.arange(20, 70), right=0.4)
    found = compared(api, one, other)["comparison"]
    assert (found["one"], found["other"]) == (one, other)
    assert (found["rows"], found["stars"], found["only"]) == (40, 40, [20, 10])
    loss = found["figures"]["log_loss"]
    assert loss["one"] == pytest.approx(-np.log(0.9))
    assert loss["difference"] == pytest.approx(np.log(0.4) - np.log(0.9))
    assert loss["verdict"] == "better"
    assert found["figures"]["accuracy"]["verdict"] == "cannot_tell"
    back = compared(api, other, one)["comparison"]
    assert back["figures"]["log_loss"]["verdict"] == "worse"
    assert back["only"] == [10, 20]
    assert found["seed_spread"] == [None, None]


def test_the_groups_of_the_test_rows_are_drawn_whole(api, key, tested):
    """The 40 common rows are in 8 groups of five, in which one session is right or wrong."""
    dataset_id = api.dataset(key, rows=90)
    widths = []
    for groups in (np.arange(60), np.arange(60) // 5):
        one = tested(key, dataset_id, np.arange(0, 60), right=0.9, groups=groups)
        right = np.where(np.arange(20, 70) // 5 % 2, 0.9, 0.2)[:, np.newaxis]
        other = tested(key, dataset_id, np.arange(20, 70), right=right, groups=np.zeros(50))
        found = compared(api, one, other)["comparison"]
        assert found["stars"] == len(set(groups[20:]))
        low, high = found["figures"]["log_loss"]["interval"]
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def test_sessions_without_a_common_test_row_are_not_compared(api, key, tested):
    dataset_id = api.dataset(key, rows=90)
    one, other = (tested(key, dataset_id, rows) for rows in (np.arange(30), np.arange(30, 60)))
    problem = compared(api, one, other, 409)
    assert problem["status"] == 409
    assert "tested on different stars" in problem["detail"]


def test_sessions_of_different_tables_are_not_compared(api, key, tested):
    one, other = (tested(key, api.dataset(key, rows=n), np.arange(30)) for n in (80, 90))
    problem = compared(api, one, other, 409)
    assert problem["status"] == 409
    assert "different tables" in problem["detail"]


def test_sessions_whose_versions_label_a_common_test_row_differently_are_not_compared(
    api, key, tested, services
):
    dataset_id = api.dataset(key, rows=90)
    one, other = (tested(key, dataset_id, np.arange(30)) for _ in range(2))
    compared(api, one, other)
    path = api.get(f"/api/training/session/{other}")["session"]["model_path"]
    place = (services.settings.data_dir / path).with_suffix(".test.npy")
    rows = np.load(place)
    rows["true"][4] = (rows["true"][4] + 1) % 3
    np.save(place, rows)
    problem = compared(api, one, other, 409)
    assert problem["status"] == 409
    assert "the same labels of their 30 common test rows, found 1 that differ" in problem["detail"]


def test_sessions_that_were_split_in_different_ways_are_not_compared(api, key, tested, services):
    dataset_id = api.dataset(key, rows=90)
    one, other = (tested(key, dataset_id, np.arange(30)) for _ in range(2))
    with services.database.write() as connection:
        spec = sessions.find(connection, one)["spec"]
        del spec["grouping"]  # as of 0.4.0
        statement = update(schema.training_sessions).where(schema.training_sessions.c.id == one)
        connection.execute(statement.values(spec=spec))
    problem = compared(api, one, other, 409)
    assert problem["status"] == 409
    assert "by star and by star and equal rows" in problem["detail"]


@pytest.mark.parametrize("name", ["use_relations", "use_stellar_uncertainties"])
def test_sessions_with_and_without_relations_are_no_seeds_of_each_other(name):
    def model(seed, accuracy, **spec):
        figures = {**dict.fromkeys(("macro_f1", "log_loss", "ece"), 0.5), "accuracy": accuracy}
        return {"manifest": {"spec": {"seed": seed, **spec}, "evaluation": figures}}

    models_of = [model(seed, 0.7) for seed in range(3)]
    models_of += [model(seed, 0.9, **{name: True}) for seed in range(3, 6)]
    spread = seed_spread({"spec": {"seed": 0, name: False}}, models_of)
    assert spread is not None
    assert (spread["seeds"], spread["accuracy"]) == (3, pytest.approx(0.0))


def test_a_session_is_not_compared_with_itself_nor_with_one_that_is_not_there(api, key, tested):
    one = tested(key, api.dataset(key, rows=90), np.arange(30))
    assert compared(api, one, one, 422)["errors"][0]["field"] == "other"
    assert compared(api, one, one + 1, 404)["status"] == 404
    assert problem_of(api.get(f"/api/training/session/{one}/comparison", None))["status"] == 422


def test_the_spread_over_seeds_stands_beside(api, key, tested):
    dataset_id = api.dataset(key, rows=90)
    several = [
        tested(key, dataset_id, np.arange(30), right=right, seed=seed)
        for seed, right in enumerate((0.7, 0.8, 0.9))
    ]
    tested(key, dataset_id, np.arange(30), right=0.5, epochs=7)  # another setting
    spread, _ = compared(api, *several[:2])["comparison"]["seed_spread"]
    assert spread["seeds"] == 3
    assert spread["accuracy"] == pytest.approx(0.1)
