"""A session with real light curves: it learns from them, resumes, and its model predicts with them.

The views are made up: those of false positives have a secondary eclipse, which no column tells.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import wire
from backend.training.spec import TrainingSpec
from backend.training.split import split_rows
from backend.transit.columns import LABELS, LIGHT_CURVE
from backend.transit.evaluation.light_curves import COMPONENTS
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks.inputs import RealViews
from backend.transit.photometry.evidence import EVIDENCE, usual_numbers
from backend.transit.photometry.view_rows import LOCAL_VIEWS, RECIPE, VIEW_ROW_DTYPE
from backend.transit.photometry.views import LOCAL_BINS, WHOLE_BINS, local_bins
from backend.transit.simulation.catalogue import simulate
from backend.web.schemas.training.curve_figures import LightCurveFigures

pytestmark = pytest.mark.tensorflow

ROWS = 320
FALSE_POSITIVE = LABELS.index("FALSE POSITIVE")


@pytest.fixture(scope="module")
def train() -> Any:
    from backend.training import train

    return train


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return simulate(ROWS, seed=6)


def made_views(rows: np.ndarray) -> np.ndarray:
    """Views of three quarters of the rows."""
    random = np.random.default_rng(4)
    chosen = np.flatnonzero(random.random(len(rows)) < 0.75)
    views = np.zeros(len(chosen), VIEW_ROW_DTYPE)
    views["row"], views["segments"] = chosen, random.integers(1, 5, len(chosen))
    inside = np.abs(local_bins()) < 0.5
    for view, row in zip(views, rows[chosen], strict=True):
        depth = row["depth"] * 1e-6
        shape = (len(LOCAL_VIEWS), LOCAL_BINS)
        local = 1 + random.normal(0, 0.1 * depth, shape)
        local[:3, inside] -= depth
        if row["label"] == FALSE_POSITIVE:
            local[LOCAL_VIEWS.index("secondary_view"), inside] -= depth / 2
            view["evidence"][EVIDENCE.index("secondary_significance")] = 9.0
        local[LOCAL_VIEWS.index("dip_view")] = np.nan
        view["local_views"] = local
        view["global_view"] = 1 + random.normal(0, 0.3 * depth, WHOLE_BINS)
        view["global_view"][WHOLE_BINS // 2] -= depth
        view["evidence"][EVIDENCE.index("depth")] = row["depth"]
        view["evidence"][EVIDENCE.index("season_correlation")] = np.nan
    return views


def make_spec(folder: Path, rows: np.ndarray, views: np.ndarray, **changes: Any) -> TrainingSpec:
    np.save(folder / "table.npy", rows)
    np.save(folder / "views.npy", views)
    spec = TrainingSpec(
        session_id=7,
        table=folder / "table.npy",
        source="koi",
        dataset_sha256="d" * 64,
        model_name="curves",
        model_path=folder / "curves.keras",
        checkpoint=folder / "7.ckpt",
        epochs=6,
        batch_size=32,
        learning_rate=0.005,
        test_split=0.3,
        seed=11,
        network="light_curve_cnn",
        curve_set_id=5,
        curves_sha256="c" * 64,
        curve_recipe=RECIPE,
        views=folder / "views.npy",
    )
    return dataclasses.replace(spec, **changes)


def run(train: Any, spec: TrainingSpec, should_stop: Any = lambda: None) -> list[Any]:
    events: list[Any] = []
    train.train(spec, events.append, should_stop)
    return events


@pytest.fixture(scope="module")
def finished(train: Any, rows: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Any:
    spec = make_spec(tmp_path_factory.mktemp("curves"), rows, made_views(rows))
    return spec, run(train, spec)


def evaluation_of(events: list[Any]) -> dict[str, Any]:
    (found,) = (event.evaluation for event in events if isinstance(event, wire.Evaluated))
    assert found is not None
    return dict(found)


def test_what_only_the_light_curves_tell_is_learnt_and_its_worth_is_measured(finished: Any):
    _, events = finished
    found = evaluation_of(events)["light_curves"]
    assert (found["curve_set_id"], found["sha256"], found["recipe"]) == (5, "c" * 64, RECIPE)
    shown, hidden, without = (
        found[name] for name in ("with_curve", "curve_hidden", "without_curve")
    )
    assert shown["rows"] == hidden["rows"] > without["rows"] > 0
    assert shown["settled"]["roc_auc"] > 0.9
    assert shown["settled"]["roc_auc"] > hidden["settled"]["roc_auc"] + 0.1
    low, high = shown["settled"]["intervals"]["roc_auc"]
    assert low <= shown["settled"]["roc_auc"] <= high
    paired = found["difference"]
    for name in ("roc_auc", "average_precision"):
        difference = shown["settled"][name] - hidden["settled"][name]
        assert paired["settled"][name]["difference"] == pytest.approx(difference)
        assert paired["settled"][name]["verdict"] == "better"
    difference = shown["log_loss"] - hidden["log_loss"]
    assert paired["log_loss"]["difference"] == pytest.approx(difference)
    assert LightCurveFigures.model_validate(found).model_dump() == found
    assert 0.5 <= found["tells_label"]["has_curve"] < 0.65
    assert 0.5 <= found["tells_label"]["segments"] < 0.7


def test_the_trees_get_the_numbers_and_the_components_too(finished: Any):
    _, events = finished
    evaluation = evaluation_of(events)
    # Without them they would guess: the columns tell little of a false positive here.
    assert evaluation["baseline"]["same_information"]["accuracy"] > 0.6
    assert COMPONENTS > 0


def test_the_figures_with_the_light_curves_hidden_are_a_row_of_their_own(finished: Any):
    _, events = finished
    found = {tuple(each["missing"]): each for each in evaluation_of(events)["missing_features"]}
    assert found[(LIGHT_CURVE,)]["log_loss"] > found[()]["log_loss"]


def test_a_session_without_kinds_says_so(finished: Any):
    spec, events = finished
    manifest = json.loads(spec.model_path.with_suffix(".json").read_bytes())
    assert evaluation_of(events)["kinds"] == manifest["kinds"] == []


def test_the_manifest_names_the_light_curves_and_their_inputs(finished: Any):
    spec, _ = finished
    manifest = json.loads(spec.model_path.with_suffix(".json").read_text())
    curves = manifest["light_curves"]
    assert (curves["curve_set_id"], curves["sha256"]) == (5, "c" * 64)
    assert curves["recipe"] == RECIPE
    names = [each["name"] for each in manifest["inputs"]]
    assert names[-2:] == ["local_input", "evidence_input"]
    assert manifest["inputs"][-1]["columns"] == list(EVIDENCE)
    assert str(spec.views) not in json.dumps(manifest)


def test_the_manifest_says_what_was_usual_in_the_training_rows_and_in_no_others(
    finished: Any, rows: np.ndarray
):
    spec, _ = finished
    manifest = json.loads(spec.model_path.with_suffix(".json").read_text())
    views = np.load(spec.views)
    split = split_rows(rows, None, "star", (spec.validation_split, spec.test_split), spec.seed)
    learnt = views[np.isin(views["row"], split.train)]
    assert len(learnt) < len(views)
    usual = manifest["light_curves"]["usual"]
    assert usual == usual_numbers(learnt["evidence"], rows["label"][learnt["row"]])
    assert usual["planets"]["numbers"]["depth"]["median"] > 0
    assert usual["planets"]["numbers"]["season_correlation"] is None
    assert usual["false_positives"]["numbers"]["secondary_significance"]["p10"] == 9.0


def test_the_saved_model_predicts_the_test_rows_as_the_session_did(
    train: Any, finished: Any, rows: np.ndarray
):
    from backend.training.model_file import load_verified_model, predict_rows

    spec, events = finished
    (saved,) = (event for event in events if isinstance(event, wire.Saved))
    model = load_verified_model(spec.model_path, saved.sha256)
    tested = np.load(spec.model_path.with_suffix(".test.npy"))
    views = np.load(spec.views)
    place = np.flatnonzero(np.isin(tested["row"], views["row"]))
    records = views[np.searchsorted(views["row"], tested["row"][place])]
    asked = rows[tested["row"]]
    geometry = transit_geometry(asked, "kepler")
    found = predict_rows(model, asked, geometry, "kepler", None, RealViews(place, records))
    assert np.allclose(found["probabilities"], tested["probabilities"], atol=2e-5)
    blind = predict_rows(model, asked, geometry, "kepler")
    difference = np.abs(blind["probabilities"] - found["probabilities"]).max(axis=1)
    assert difference[place].mean() > 0.05
    assert np.allclose(np.delete(difference, place), 0.0, atol=1e-6)


class Killed(BaseException):
    """As if the process had been killed: nothing is cleaned up."""


@pytest.mark.slow
@pytest.mark.long
def test_a_killed_session_resumes_to_the_same_weights_whatever_the_memory(
    train: Any, finished: Any, rows: np.ndarray, tmp_path: Path
):
    import keras

    done, _ = finished
    spec = make_spec(tmp_path, rows, made_views(rows), curve_memory_mb=0)
    events: list[Any] = []

    def kill() -> None:
        if sum(isinstance(event, wire.Epoch) for event in events) == 2:
            raise Killed

    with pytest.raises(Killed):
        train.train(spec, events.append, kill)
    run(train, spec)
    one, other = (
        keras.saving.load_model(path, compile=False).get_weights()
        for path in (done.model_path, spec.model_path)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _nothing(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def _of_a_longer_table(path: Path) -> None:
    views = np.load(path)
    views["row"][-1] = ROWS
    np.save(path, views)


def _out_of_order(path: Path) -> None:
    np.save(path, np.load(path)[::-1])


def _of_another_kind(path: Path) -> None:
    np.save(path, np.zeros(3))


@pytest.mark.parametrize(
    "damage", [_nothing, _cut, _of_a_longer_table, _out_of_order, _of_another_kind]
)
def test_views_that_are_missing_or_of_other_rows_end_the_session_in_words(
    train: Any, rows: np.ndarray, tmp_path: Path, damage: Any
):
    spec = make_spec(tmp_path, rows, made_views(rows))
    assert spec.views is not None
    damage(spec.views)
    with pytest.raises(train.DataError, match="Retry the session"):
        run(train, spec)


def test_a_network_that_reads_no_light_curves_does_not_look_for_them(
    train: Any, rows: np.ndarray, tmp_path: Path
):
    spec = make_spec(tmp_path, rows, made_views(rows), network="transit_cnn", epochs=1)
    assert spec.views is not None
    spec.views.unlink()
    evaluation = evaluation_of(run(train, spec))
    assert evaluation["light_curves"] is None
    manifest = json.loads(spec.model_path.with_suffix(".json").read_text())
    assert manifest["light_curves"] is None
