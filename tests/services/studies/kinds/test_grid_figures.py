"""The figures of a grid, session by session: only what is new is measured and drawn."""

import threading
import time

import numpy as np
import pytest

from backend.services.studies.figures import StudyFigures
from backend.services.studies.kinds import grid_figures
from backend.storage.layout import Storage
from backend.training.results.save import TEST_ROW_DTYPE

ROWS = 90
SEEDS = (1, 2)
STUDY = {
    **{"id": 3, "kind": "grid", "dataset_size": ROWS},
    "settings": {
        "spec": {"seed": 1, "epochs": 0},
        "seeds": list(SEEDS),
        "differences": [{"label": str(each), "changes": {"epochs": each}} for each in (1, 2)],
    },
}


@pytest.fixture
def storage(tmp_path):
    found = Storage(tmp_path)
    found.models.mkdir(parents=True, exist_ok=True)
    return found


def path_of(storage, part):
    return storage.model(part["file"]).with_suffix(".test.npy")


@pytest.fixture
def parts(storage):
    """The sessions of a base and two settings, each with the file of what it has tested."""
    made = []
    for setting in range(3):
        for seed in SEEDS:
            rows = np.arange(seed % 2, ROWS, 2)
            random = np.random.default_rng([setting, seed])
            tested = np.zeros(len(rows), TEST_ROW_DTYPE)
            tested["row"], tested["group"], tested["true"] = rows, rows // 2, rows % 3
            tested["probabilities"] = random.dirichlet([1, 1, 1], len(rows))
            part = {
                **{"id": 10 * setting + seed, "file": f"1/{setting}_{seed}.keras"},
                "spec": {"seed": seed, "epochs": setting},
            }
            path_of(storage, part).parent.mkdir(exist_ok=True)
            np.save(path_of(storage, part), tested)
            made.append(part)
    return made


@pytest.fixture
def calls(monkeypatch):
    """How often sessions are measured, and settings drawn."""
    made = {"measure_labels": 0, "measure_setting": 0}

    def counted(name):
        original = getattr(grid_figures, name)

        def call(*arguments):
            made[name] += 1
            return original(*arguments)

        monkeypatch.setattr(grid_figures, name, call)

    for name in made:
        counted(name)
    return made


def found_of(figures, parts):
    """The figures once they are whole."""
    for _ in range(400):
        found = figures.of(STUDY, parts, {each["id"]: {} for each in parts})
        if found is not None and found["intervals_state"] != "pending":
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_only_what_is_new_is_measured_and_drawn(storage, parts, calls):
    figures = StudyFigures(storage)
    assert found_of(figures, parts[:1])["intervals_state"] == "unknown"
    assert calls == {"measure_labels": 1, "measure_setting": 0}
    found_of(figures, parts[:2])
    assert calls == {"measure_labels": 2, "measure_setting": 1}
    found_of(figures, parts[:3])
    assert calls == {"measure_labels": 3, "measure_setting": 1}
    found_of(figures, parts[:4])
    assert calls == {"measure_labels": 4, "measure_setting": 2}
    whole = found_of(figures, parts)
    assert calls == {"measure_labels": 6, "measure_setting": 3}
    assert whole == found_of(StudyFigures(storage), parts)  # as if nothing had been kept
    assert calls == {"measure_labels": 12, "measure_setting": 6}


def test_other_labels_or_probabilities_are_measured_and_drawn_anew(storage, parts, calls):
    figures = StudyFigures(storage)
    before = found_of(figures, parts[:4])
    tested = np.load(path_of(storage, parts[3]))
    tested["true"] = (tested["true"] + 1) % 3
    np.save(path_of(storage, parts[3]), tested)
    after = found_of(figures, parts[:5])  # another session has ended
    assert calls == {"measure_labels": 6, "measure_setting": 3}
    assert before["settings"][0] == after["settings"][0]
    assert before["settings"][1]["figures"] != after["settings"][1]["figures"]


def test_rows_that_no_other_has_tested_are_drawn_with_all_others(storage, parts, calls):
    """Another seed of the study has more groups, of which all settings are drawn."""
    figures = StudyFigures(storage)
    found_of(figures, parts[:4])
    for part in (parts[1], parts[3]):
        tested = np.load(path_of(storage, part))
        tested["group"] += 1000
        np.save(path_of(storage, part), tested)
    found_of(figures, parts[:5])
    assert calls["measure_setting"] == 4


def test_intervals_come_setting_by_setting(storage, parts, monkeypatch):
    go_on, original = threading.Event(), grid_figures.measure_setting
    drawn = []

    def wait_for_the_last(*arguments):
        drawn.append(1)
        if len(drawn) == 3:
            go_on.wait(30)
        return original(*arguments)

    monkeypatch.setattr(grid_figures, "measure_setting", wait_for_the_last)
    figures, evaluated = StudyFigures(storage), {each["id"]: {} for each in parts}
    for _ in range(400):
        found = figures.of(STUDY, parts, evaluated)
        known = [each["figures"]["accuracy"]["interval"] for each in found["settings"]]
        if known[1] is not None:
            break
        time.sleep(0.02)
    assert found["intervals_state"] == "pending"
    assert known[0] is not None
    assert known[2] is None
    partly = found["settings"][1]["differences"]["log_loss"]["verdict"]
    go_on.set()
    whole = found_of(figures, parts)["settings"]
    assert whole[2]["figures"]["accuracy"]["interval"] is not None
    assert partly in ("cannot_tell", whole[1]["differences"]["log_loss"]["verdict"])


def test_a_session_with_a_changed_spec_counts_in_no_figure_and_is_named(storage, parts):
    stranger = {**parts[5], "id": 99, "spec": {"seed": 2, "epochs": 7}}
    twin = {**parts[5], "id": 100}  # the same setting and seed as another
    found = found_of(StudyFigures(storage), [*parts[:5], stranger])
    assert [each["seeds"] for each in found["settings"]] == [2, 2, 1]
    assert found["note"].endswith("another session has the same.")
    assert "Session 99 is left out" in found["note"]
    both = found_of(StudyFigures(storage), [*parts, stranger, twin])
    assert both["settings"] == found_of(StudyFigures(storage), parts)["settings"]
    assert "Session 100 is left out" in both["note"]


def test_a_grid_of_which_no_session_has_its_spec_has_no_figure(storage, parts):
    found = found_of(StudyFigures(storage), [{**parts[0], "spec": {"seed": 9, "epochs": 9}}])
    assert (found["rows"], found["intervals_state"], found["best"]) == (0, "unknown", None)
