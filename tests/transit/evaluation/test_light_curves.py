"""What light curves are worth, in figures of parts of the test rows."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score

from backend.transit.evaluation.light_curves import (
    COMPONENTS,
    ViewComponents,
    figures_of_part,
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
