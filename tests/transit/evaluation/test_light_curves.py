"""What light curves are worth, in figures of parts of the test rows."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score

from backend.transit.evaluation.light_curves import (
    COMPONENTS,
    ViewComponents,
    figures_of_part,
    paired_parts,
    settled_figures,
    tells_label,
)


def made(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    true = random.integers(0, 3, rows)
    probabilities = random.dirichlet([1.0, 1.0, 1.0], rows)
    probabilities[np.arange(rows), true] += 0.3
    return true, probabilities / probabilities.sum(axis=1, keepdims=True), np.arange(rows) // 2


def test_confirmed_ones_are_ranked_against_false_positives_alone():
    true, probabilities, stars = made(400)
    found = settled_figures(true, probabilities, stars, seed=1)
    settled = true != 0
    score = probabilities[settled, 1] / probabilities[settled][:, 1:].sum(axis=1)
    is_planet = true[settled] == 1
    assert found["confirmed"] == is_planet.sum()
    assert found["false_positives"] == (~is_planet).sum()
    assert np.isclose(found["roc_auc"], roc_auc_score(is_planet, score))
    assert np.isclose(found["average_precision"], average_precision_score(is_planet, score))
    for name in ("roc_auc", "average_precision"):
        low, high = found["intervals"][name]
        assert low < found[name] < high
        assert 0.02 < high - low < 0.2


def test_rows_of_one_class_have_no_ranking_and_no_rows_have_no_figures():
    true, probabilities, stars = made(40)
    confirmed = true == 1
    found = settled_figures(true[confirmed], probabilities[confirmed], stars[confirmed], 1)
    assert found["roc_auc"] is None
    assert found["intervals"]["roc_auc"] is None
    nothing = figures_of_part(true[:0], probabilities[:0], stars[:0], 1)
    assert (nothing["rows"], nothing["stars"], nothing["accuracy"]) == (0, 0, None)
    assert nothing["settled"]["average_precision"] is None


def better_by(gain: float, probabilities: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The same predictions, that much surer of the true label."""
    surer = probabilities + gain * np.eye(3)[true]
    return surer / surer.sum(axis=1, keepdims=True)


def test_a_light_curve_that_decides_is_better_by_the_difference_of_the_figures():
    true, hidden, stars = made(400)
    shown = better_by(5.0, hidden, true)
    found = paired_parts(true, shown, hidden, stars, seed=1)
    assert found is not None
    before = figures_of_part(true, hidden, stars, seed=1)
    for name, after in {"accuracy": 1.0, "macro_f1": 1.0}.items():
        assert found[name]["difference"] == pytest.approx(after - before[name])
    for name in ("roc_auc", "average_precision"):
        expected = 1.0 - before["settled"][name]
        assert found["settled"][name]["difference"] == pytest.approx(expected)
        low, high = found["settled"][name]["interval"]
        assert 0 < low < expected < high
    assert found["log_loss"]["difference"] < 0  # of which less is better
    names = ("accuracy", "macro_f1", "log_loss", "roc_auc", "recall_at_precision")
    every = [*(found[name] for name in names), *found["settled"].values()]
    assert {each["verdict"] for each in every} == {"better"}
    swapped = paired_parts(true, hidden, shown, stars, seed=1)
    assert swapped is not None
    assert swapped["settled"]["average_precision"]["verdict"] == "worse"


def test_a_light_curve_that_changes_nothing_differs_by_0_and_nothing_can_be_told():
    true, probabilities, stars = made(200)
    found = paired_parts(true, probabilities, probabilities.copy(), stars, seed=1)
    assert found is not None
    nothing = {"difference": 0, "interval": [0, 0], "verdict": "cannot_tell"}
    for name in ("accuracy", "macro_f1", "log_loss", "ece", "roc_auc"):
        assert found[name] == nothing
    assert found["settled"] == {"roc_auc": nothing, "average_precision": nothing}


def test_a_paired_interval_tells_where_those_of_the_figures_overlap():
    true, hidden, stars = made(400)
    shown = better_by(0.05, hidden, true)
    found = paired_parts(true, shown, hidden, stars, seed=1)
    assert found is not None
    settled = [settled_figures(true, each, stars, seed=1) for each in (hidden, shown)]
    for name in ("roc_auc", "average_precision"):
        alone = [each["intervals"][name] for each in settled]
        assert alone[1][0] < alone[0][1]  # they overlap
        assert found["settled"][name]["verdict"] == "better"
        width, *widths = (np.ptp(each) for each in (found["settled"][name]["interval"], *alone))
        assert width < min(widths) / 2


def test_the_rows_of_a_star_are_drawn_together():
    true, hidden, _ = made(100)
    shown = better_by(0.05, hidden, true)
    repeated = [np.repeat(each, 4, axis=0) for each in (true, shown, hidden)]
    by_star = paired_parts(*repeated, np.repeat(np.arange(100), 4), seed=1)
    by_row = paired_parts(*repeated, np.arange(400), seed=1)
    assert by_star is not None
    assert by_row is not None
    for one, other in (
        (by_star["log_loss"], by_row["log_loss"]),
        (by_star["settled"]["roc_auc"], by_row["settled"]["roc_auc"]),
    ):
        assert one["difference"] == pytest.approx(other["difference"])
        assert np.ptp(one["interval"]) > 1.5 * np.ptp(other["interval"])


def test_without_a_row_or_one_of_the_classes_there_is_no_difference():
    true, probabilities, stars = made(60)
    assert paired_parts(true[:0], probabilities[:0], probabilities[:0], stars[:0], 1) is None
    rows = true != 2
    part = [each[rows] for each in (true, better_by(1.0, probabilities, true), probabilities)]
    found = paired_parts(*part, stars[rows], seed=1)
    assert found is not None
    assert found["accuracy"]["verdict"] == "better"
    assert found["settled"] is None
    undefined = {"difference": None, "interval": None, "verdict": "cannot_tell"}
    assert found["recall_at_precision"] == undefined


def test_what_tells_the_label_is_measured_whichever_way_it_points():
    true = np.array([1, 1, 2, 2, 0, 0])
    assert tells_label(true, np.array([1, 1, 0, 0, 1, 0])) == 1.0
    assert tells_label(true, np.array([0, 0, 1, 1, 1, 0])) == 1.0
    assert tells_label(true, np.array([3, 3, 3, 3, 1, 2])) == 0.5
    assert tells_label(true[:2], np.array([3, 1])) is None


def test_components_are_those_of_the_training_views_in_units_of_the_transit():
    random = np.random.default_rng(2)
    depth = 10 ** random.uniform(-4, -2, 60)
    shapes = np.zeros((60, 105, 5))
    shapes[:, 42:63, 0] = 1.0
    shapes += random.normal(0, 0.1, shapes.shape)
    local = (1 - depth[:, None, None] * shapes).astype(np.float32)
    local[5] = np.nan  # no light curve
    components = ViewComponents(local[:40])
    found = components(local)
    assert found.shape == (60, COMPONENTS)
    assert np.isnan(found[5]).all()
    assert np.isfinite(np.delete(found, 5, axis=0)).all()
    dip = np.delete(1 - local.astype(float), 5, axis=0)
    scaled = dip / dip[:, 47:58, 0].mean(axis=1)[:, None, None]
    flat = np.clip(scaled, -5, 5).reshape(59, -1)
    expected = PCA(COMPONENTS, svd_solver="full").fit(flat[:39]).transform(flat)
    assert np.allclose(np.abs(np.delete(found, 5, axis=0)), np.abs(expected), atol=1e-3)


def test_components_of_a_table_without_views_are_unknown():
    nothing = np.full((3, 105, 5), np.nan, np.float32)
    assert np.isnan(ViewComponents(nothing)(nothing)).all()
