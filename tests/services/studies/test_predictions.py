"""Out-of-fold predictions: joined over folds, averaged over seeds, ranked."""

import threading
import time

import numpy as np
import pytest

from backend.errors import Conflict
from backend.services.studies.figures import StudyFigures
from backend.services.studies.kinds.folds import figures_of, with_intervals
from backend.services.studies.predictions import find, mean_over_seeds, read_by_seed
from backend.storage.layout import Storage
from backend.training.results.save import TEST_ROW_DTYPE

ROWS, FOLDS = 60, 3
TRUE = np.arange(ROWS) % 3
FIGURES = {
    **{"rows": 20, "accuracy": 0.5, "macro_f1": 0.5, "log_loss": 1.0, "ece": 0.1, "roc_auc": 0.7},
    **{"recall_at_precision": None, "trees_accuracy": 0.6, "trees_macro_f1": 0.6},
    "trees_log_loss": 0.9,
}


def study_of(seeds):
    return {
        "id": 7,
        "kind": "folds",
        "dataset_size": ROWS,
        "settings": {"folds": FOLDS, "seeds": seeds, "labelled": ROWS},
    }


def probabilities_of(seed):
    random = np.random.default_rng(seed)
    found = random.dirichlet([1, 1, 1], ROWS) + np.eye(3)[TRUE] * 0.5
    return (found / found.sum(axis=1, keepdims=True)).astype(np.float32)


def make_part(storage, seed, fold):
    """The session of one fold and seed, with the file of what it has tested."""
    rows = np.arange(fold - 1, ROWS, FOLDS)[::-1]  # not in the order of the table
    found = np.zeros(len(rows), TEST_ROW_DTYPE)
    found["row"], found["group"], found["true"] = rows, rows // 2, TRUE[rows]
    found["probabilities"] = probabilities_of(seed)[rows]
    file = f"1/study_s{seed}_f{fold}.keras"
    path = storage.model(file).with_suffix(".test.npy")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, found)
    return {"id": 10 * seed + fold, "file": file, "spec": {"seed": seed, "fold": fold}}


@pytest.fixture
def storage(tmp_path):
    found = Storage(tmp_path)
    found.models.mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture
def parts(storage):
    return [make_part(storage, seed, fold) for seed in (0, 1) for fold in (1, 2, 3)]


def test_each_row_has_the_mean_of_the_networks_that_tested_it(storage, parts):
    found = mean_over_seeds(read_by_seed(storage, study_of([0, 1]), parts), ROWS)
    assert found.rows.tolist() == list(range(ROWS))
    assert found.true.tolist() == TRUE.tolist()
    assert found.fold.tolist() == [1 + row % FOLDS for row in range(ROWS)]
    each = np.stack([probabilities_of(seed).astype(float) for seed in (0, 1)])
    assert found.probabilities == pytest.approx(each.mean(axis=0))
    assert found.spread == pytest.approx(each[:, :, 1].std(axis=0, ddof=1))
    assert set(found.seeds) == {2}


def test_rows_that_one_network_has_tested_have_no_spread(storage, parts):
    found = mean_over_seeds(read_by_seed(storage, study_of([0, 1]), parts[:4]), ROWS)
    of_one = found.fold != 1
    assert found.seeds.tolist() == [1 if one else 2 for one in of_one]
    assert np.isnan(found.spread[of_one]).all()
    assert np.isfinite(found.spread[~of_one]).all()
    in_order = find(found, "spread", None)
    assert set(in_order[:20]) == set(np.flatnonzero(~of_one))


@pytest.mark.parametrize("sort", ["planet", "confirmed", "spread"])
def test_rows_fall_in_the_order_that_is_asked_for(storage, parts, sort):
    found = mean_over_seeds(read_by_seed(storage, study_of([0, 1]), parts), ROWS)
    p = found.probabilities
    key = {"planet": p[:, 1] / (p[:, 1] + p[:, 2]), "confirmed": p[:, 1], "spread": found.spread}
    assert (np.diff(key[sort][find(found, sort, None)]) <= 0).all()
    of_label = find(found, sort, 2)
    assert (TRUE[of_label] == 2).all()
    assert len(of_label) == ROWS // 3


def test_a_missing_file_is_named(storage, parts):
    storage.model(parts[4]["file"]).with_suffix(".test.npy").unlink()
    with pytest.raises(Conflict, match="session 12 of study 7 are missing"):
        list(read_by_seed(storage, study_of([0, 1]), parts))


def test_means_and_the_three_spreads_are_told_apart(storage, parts):
    study = study_of([0, 1])
    by_seed = list(read_by_seed(storage, study, parts))
    losses = {1: 0.8, 2: 1.0, 3: 1.5}
    tested = [(each, {**FIGURES, "log_loss": losses[each["spec"]["fold"]]}) for each in parts]
    found = figures_of(study, by_seed, tested)
    own = [
        -np.log(probabilities_of(seed)[np.arange(ROWS), TRUE].astype(float)).mean()
        for seed in (0, 1)
    ]
    loss = found["figures"]["log_loss"]
    assert loss["mean"] == pytest.approx(np.mean(own), abs=1e-6)
    assert loss["seed_spread"] == pytest.approx(np.std(own, ddof=1), abs=1e-6)
    assert loss["fold_spread"] == pytest.approx(np.std([0.8, 1.0, 1.5], ddof=1))
    assert loss["interval"] is None
    assert (found["rows"], found["groups"], found["seeds"]) == (60, 30, 2)
    assert found["is_complete"]
    assert found["guessing_log_loss"] == pytest.approx(np.log(3))
    assert found["baseline"] == {"accuracy": 0.6, "macro_f1": 0.6, "log_loss": 0.9}
    low, high = with_intervals(found, by_seed)["figures"]["log_loss"]["interval"]
    assert low < loss["mean"] < high
    assert found["figures"]["recall_at_precision"]["fold_spread"] is None


def test_a_seed_that_has_not_tested_every_fold_does_not_count_for_the_mean(storage, parts):
    study = study_of([0, 1])
    known = parts[:5]
    by_seed = read_by_seed(storage, study, known)
    found = figures_of(study, by_seed, [(each, FIGURES) for each in known])
    own = -np.log(probabilities_of(0)[np.arange(ROWS), TRUE].astype(float)).mean()
    assert found["figures"]["log_loss"]["mean"] == pytest.approx(own, abs=1e-6)
    assert found["figures"]["log_loss"]["seed_spread"] is None
    assert (found["seeds"], found["is_complete"]) == (1, False)


def test_figures_are_found_once_and_again_when_a_session_is_added(storage, parts, monkeypatch):
    study, evaluated = study_of([0, 1]), {each["id"]: FIGURES for each in parts}
    for each in parts:
        each["status"] = "completed"
    figures = StudyFigures(storage)
    waiting = {**parts[5], "file": None}
    early = figures.of(study, [*parts[:5], waiting], evaluated)
    assert (early["rows"], early["intervals_state"]) == (60, "unknown")
    whole = figures.of(study, parts, evaluated)
    for _ in range(200):
        if whole["intervals_state"] == "found":
            break
        time.sleep(0.05)
        whole = figures.of(study, parts, evaluated)
    assert whole["figures"]["accuracy"]["interval"] is not None
    monkeypatch.setattr("backend.services.studies.kinds.folds.read_by_seed", None)
    assert figures.of(study, parts, evaluated) is whole


def test_a_study_whose_seeds_lack_rows_gets_no_intervals(storage, parts):
    """All its sessions have tested something, but a row of one is lost: that seed is not whole."""
    study, evaluated = study_of([0, 1]), {each["id"]: FIGURES for each in parts}
    path = storage.model(parts[0]["file"]).with_suffix(".test.npy")
    np.save(path, np.load(path)[1:])
    found = state_of(StudyFigures(storage), study, parts, evaluated, "unknown")
    assert (found["is_complete"], found["seeds"]) == (False, 1)
    assert found["figures"]["accuracy"]["interval"] is None


def test_figures_of_so_many_studies_are_found_at_once_and_of_more_later(
    storage, parts, monkeypatch
):
    evaluated = {each["id"]: FIGURES for each in parts}
    go_on, asked = threading.Event(), []

    def wait_then_read(*arguments):
        asked.append(arguments[1]["id"])
        go_on.wait(60)
        return read_by_seed(*arguments)

    monkeypatch.setattr("backend.services.studies.kinds.folds.read_by_seed", wait_then_read)
    figures = StudyFigures(storage)
    for study_id in range(4):
        assert figures.of({**study_of([0, 1]), "id": study_id}, parts, evaluated, 0.05) is None
    assert sorted(asked) == [0, 1]
    go_on.set()
    study = {**study_of([0, 1]), "id": 3}
    for _ in range(400):
        if figures.of(study, parts, evaluated) is not None:
            break
        time.sleep(0.05)
    assert 3 in asked


def test_intervals_that_cannot_be_found_are_tried_again_a_while_later(storage, parts, monkeypatch):
    study, evaluated = study_of([0, 1]), {each["id"]: FIGURES for each in parts}
    monkeypatch.setattr("backend.services.studies.finder.PAUSE_SECONDS", 0.3)
    figures = StudyFigures(storage)
    with monkeypatch.context() as short:
        short.setattr("backend.services.studies.kinds.folds.with_intervals", no_memory)
        found = state_of(figures, study, parts, evaluated, "unknown")
        assert found["is_complete"]
    assert state_of(figures, study, parts, evaluated, "found")["rows"] == ROWS


def no_memory(*_):
    raise MemoryError


def state_of(figures, study, parts, evaluated, wanted):
    """The figures once their intervals are in a state."""
    for _ in range(400):
        found = figures.of(study, parts, evaluated)
        if found["intervals_state"] == wanted:
            return found
        time.sleep(0.05)
    raise AssertionError(found["intervals_state"])


def test_rows_that_are_in_two_folds_are_noticed(storage, parts):
    path = storage.model(parts[1]["file"]).with_suffix(".test.npy")
    np.save(path, np.load(storage.model(parts[0]["file"]).with_suffix(".test.npy")))
    with pytest.raises(Conflict, match="not dealt in the same way"):
        list(read_by_seed(storage, study_of([0, 1]), parts))


def test_equal_predictions_have_no_spread(storage):
    parts = [make_part(storage, seed, fold) for seed in (0, 1, 2) for fold in (1, 2, 3)]
    for part in parts[3:]:
        same = storage.model(f"1/study_s0_f{part['spec']['fold']}.keras").with_suffix(".test.npy")
        storage.model(part["file"]).with_suffix(".test.npy").write_bytes(same.read_bytes())
    found = mean_over_seeds(read_by_seed(storage, study_of([0, 1, 2]), parts), ROWS)
    assert (found.spread == 0).all()


def test_figures_that_cannot_be_found_are_none_and_tried_again_a_while_later(
    storage, parts, monkeypatch
):
    study, evaluated = study_of([0, 1]), {each["id"]: FIGURES for each in parts}
    path = storage.model(parts[0]["file"]).with_suffix(".test.npy")
    content = path.read_bytes()
    path.write_bytes(content[:100])
    figures = StudyFigures(storage)
    assert figures.of(study, parts, evaluated) is None
    path.write_bytes(content)
    assert figures.of(study, parts, evaluated) is None  # not at each request of each open page
    monkeypatch.setattr("backend.services.studies.finder.PAUSE_SECONDS", 0.0)
    path.write_bytes(content[:100])
    later = StudyFigures(storage)
    assert later.of(study, parts, evaluated) is None
    path.write_bytes(content)
    assert later.of(study, parts, evaluated)["rows"] == 60
