"""What a grid's sessions are, and what is refused."""

import pytest

from backend import wire
from backend.errors import Conflict, Invalid
from backend.services.studies.kinds import grid, require_every_row
from tests.messages import SPEC

BASE = wire.Spec(**SPEC)


def spec(**changes):
    return BASE.model_copy(update=changes)


def study_of(*changes, seeds=(1, 2)):
    """A study as the database has it."""
    asked = [(None, spec(**each)) for each in changes]
    settings = {"spec": BASE.model_dump(), "seeds": list(seeds)}
    return {
        **{"id": 3, "name": "mine", "kind": "grid"},
        "settings": settings | {"differences": grid.differences(BASE, asked)},
    }


def test_each_session_is_found_by_its_spec():
    study = study_of({"epochs": 9}, {"epochs": 9, "ensemble": 2}, {"learning_rate": 0.1})
    specs = grid.specs(study["name"], study["settings"])
    places = [
        grid.place(study, {"id": number, "spec": each.model_dump()})
        for number, each in enumerate(specs)
    ]
    expected = [{"setting": setting, "seed": seed} for setting in range(4) for seed in (1, 2)]
    assert places == expected
    assert len({each.model_name for each in specs}) == 8
    splits = {(each.seed, each.test_split, each.validation_split) for each in specs}
    assert len(splits) == 2


def test_a_session_of_a_later_release_has_the_setting_that_it_had():
    study = study_of({"epochs": 9})
    part = grid.specs(study["name"], study["settings"])[2].model_dump()
    del study["settings"]["spec"]["dataset_version"]  # an earlier one did not store it
    assert grid.place(study, {"id": 1, "spec": part}) == {"setting": 1, "seed": 1}


def test_the_same_labels_under_another_number_leave_a_session_its_setting():
    study = study_of({"epochs": 9})
    part = grid.specs(study["name"], study["settings"])[2].model_dump()
    assert grid.place(study, {"id": 1, "spec": part | {"dataset_version": 4}})["setting"] == 1
    of_others = part | {"dataset_version_sha256": "f" * 64}
    assert grid.place(study, {"id": 1, "spec": of_others})["setting"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 4},
        {"seed": 3},
        {"learning_rate": None},
        {"network": ["a list"]},
    ],
)
def test_a_session_whose_spec_was_changed_has_no_setting(change):
    part = {"id": 8, "spec": spec(seed=1).model_dump() | change}
    place = grid.place(study_of({"epochs": 9}), part)
    assert place == {"setting": None, "seed": part["spec"]["seed"]}


def test_a_session_whose_spec_has_lost_a_field_has_no_setting():
    part = {"id": 8, "spec": spec(seed=1).model_dump()}
    del part["spec"]["epochs"]
    assert grid.place(study_of({"epochs": 9}), part) == {"setting": None, "seed": 1}


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"learning_rate": 0.0003}, "learning_rate 0.0003"),
        ({"epochs": 9, "ensemble": 5}, "epochs 9, ensemble 5"),
        ({"network": "seed_cnn", "use_relations": True}, "network seed_cnn, use_relations on"),
    ],
)
def test_a_label_says_what_differs(changes, label):
    (found,) = grid.differences(BASE, [(None, spec(**changes))])
    assert found == {"label": label, "changes": changes}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([("a", {})], "settings.0: Expected a setting that differs from the base"),
        ([("a", {"epochs": 9}), ("b", {"epochs": 9})], "the same as settings.0 and settings.1"),
        ([("epochs 8", {"epochs": 9}), (None, {"epochs": 8})], "'epochs 8' for settings.0"),
    ],
)
def test_settings_that_do_not_differ_are_named(settings, words):
    with pytest.raises(Invalid, match=words):
        grid.differences(BASE, [(label, spec(**changes)) for label, changes in settings])


def test_only_folds_predict_every_row():
    require_every_row({"id": 1, "kind": "folds"})
    with pytest.raises(Conflict, match="Study 3 is of kind grid"):
        require_every_row(study_of({"epochs": 9}))
