"""The benchmark of real light curves without its training: what it reads, and how it scores."""

import numpy as np
import pytest

from backend.transit.columns import LABELS
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import local_bins
from benchmarks.curve_evidence import runs, tables
from benchmarks.curve_evidence.folds import FOLDS
from benchmarks.curve_evidence.population import NUMBERS, read_population
from benchmarks.curve_evidence.runs import METHODS, NETWORK, Run, execute, planet_share

STARS = 20
VERDICTS = {"KP": "KP", "CP": "UNK", "FP": "FP", "FA": "UNK", "PC": "PC", "": "J"}


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    """Of each star two views of one signal; every secondary is twice as deep as the transit."""
    verdict = np.resize(list(VERDICTS), STARS).repeat(2)
    count = len(verdict)

    def stretched(bins, depth):
        view = np.ones((count, bins), "f4")
        view[:, bins * 3 // 8 : bins * 5 // 8] = 1 - 2 * depth
        return view

    columns = {
        "tic_id": np.arange(STARS).repeat(2),
        "toi_disposition": verdict,
        "label": np.array([VERDICTS[each] for each in verdict]),
        "global_view": stretched(201, 1.0),
        "local_view": stretched(81, 1.0),
        "odd_even_view": np.hstack([stretched(81, 1.0), stretched(81, 0.5)]),
    }
    numbers = {"depth": 0.999, "depthodd": 0.9988, "deptheven": 0.9992, "period": 3.0}
    for name in NUMBERS:
        columns[name] = np.full(count, numbers.get(name, 5.0), "f4")
    path = tmp_path_factory.mktemp("curves") / "views.npz"
    np.savez(path, **columns)
    return read_population(path)


def test_the_depth_in_the_file_is_a_flux_and_its_odd_even_view_a_secondary(population):
    assert population.rows["depth"] == pytest.approx(1000, rel=1e-3)
    middle = len(local_bins()) // 2
    local = population.views["local_views"][:, :, middle]
    assert 1 - local[:, LOCAL_VIEWS.index("local_view")] == pytest.approx(1e-3, rel=1e-3)
    assert 1 - local[:, LOCAL_VIEWS.index("secondary_view")] == pytest.approx(2e-3, rel=1e-3)
    assert np.isnan(population.views["local_views"][:, LOCAL_VIEWS.index("odd_view")]).all()
    evidence = dict(zip(EVIDENCE, population.views["evidence"][0], strict=True))
    assert evidence["odd_even_difference"] == pytest.approx(0.4, rel=1e-3)


def test_their_two_durations_fill_the_same_part_of_our_views(population):
    view = population.views["local_views"][0, LOCAL_VIEWS.index("local_view")]
    assert (np.abs(local_bins()[np.isfinite(view)]) < 2.05).all()
    in_transit = np.abs(local_bins()[view < 0.9995])
    assert in_transit.max() == pytest.approx(0.5, abs=0.05)


def test_only_settled_verdicts_are_tested_and_no_star_is_in_two_folds(population):
    said = np.array([LABELS[code] for code in population.rows["label"]])
    assert set(said[population.is_settled]) == {"CONFIRMED", "FALSE POSITIVE"}
    assert set(said[~population.is_settled]) == {"CANDIDATE", "FALSE POSITIVE"}
    assert set(population.fold[population.is_settled]) == set(range(FOLDS))
    for star in range(STARS):
        assert len(set(population.fold[population.star == star])) == 1


def test_perfect_scores_are_perfect_and_seeds_are_averaged(population, tmp_path):
    perfect = population.is_confirmed.astype(float)
    assert tables.figures(population, perfect) == (1.0, 1.0, 1.0, 1.0)
    assert tables.figures(population, 1 - perfect)[0] == 0.0
    for seed in (1, 2):
        for fold in range(FOLDS):
            tested = np.flatnonzero(population.is_settled & (population.fold == fold))
            scores = perfect[tested] if seed == 1 else 0.5 * np.ones(len(tested))
            file = Run(NETWORK, seed, fold).file(tmp_path)
            np.savez(file, tested=tested, score=scores, hidden=scores)
    np.savez(Run(METHODS[1], 1, 0).file(tmp_path), tested=[0], score=[0.0])  # not all folds
    lines = tables.table(population, tmp_path)
    assert f"| {NETWORK} | 2 | 0.750 ± 0.354 |" in lines[2]
    assert f"| {NETWORK}, mean of the seeds | 2 | 1.000 |" in lines[3]
    assert not any(METHODS[1] in line for line in lines)
    assert not any(tables.CLASSIFIED in line for line in lines)  # the files do not have them


def test_each_view_has_the_mean_of_its_signal(population, tmp_path):
    for fold in range(FOLDS):
        tested = np.flatnonzero(population.is_settled & (population.fold == fold))
        others = population.is_confirmed[tested] ^ (population.signal[tested] % 2 == 0)
        file = Run(NETWORK, 1, fold).file(tmp_path)
        np.savez(file, tested=tested, score=others, hidden=others, joined=others)
    single, _, mean, joined = tables.table(population, tmp_path)[2:6]
    assert (tables.MEAN in mean, tables.CLASSIFIED in joined) == (True, True)
    cells = [[each.strip() for each in line.split("|")[3:7]] for line in (single, mean, joined)]
    assert cells[1][2:] == cells[0][2:]  # a signal's score is that mean already
    assert cells[2] == cells[0]


def test_the_candidates_share_of_a_probability_does_not_count():
    probabilities = np.array([[0.8, 0.15, 0.05], [1.0, 0.0, 0.0], [0.0, 0.2, 0.8]])
    assert planet_share(probabilities) == pytest.approx([0.75, 0.0, 0.2])


def test_the_network_is_asked_with_its_light_curves_and_without(population, tmp_path, monkeypatch):
    def learn(recipe, table, views, split, kept, taught):
        assert not set(population.fold[[*split.train, *split.validation]]) & {2}

        def predict(table, rows, views, is_hidden):
            return np.tile([0.0, 0.2, 0.8] if is_hidden else [0.0, 0.9, 0.1], (len(rows), 1))

        return predict

    monkeypatch.setattr(runs, "learn", learn)
    run = Run(NETWORK, 1, 2)
    execute(run, population, tmp_path, {})
    with np.load(run.file(tmp_path)) as kept:
        tested = population.is_settled & (population.fold == 2)
        assert kept["tested"].tolist() == np.flatnonzero(tested).tolist()
        assert kept["score"] == pytest.approx(0.9)
        assert kept["hidden"] == pytest.approx(0.2)
