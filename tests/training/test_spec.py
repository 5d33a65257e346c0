"""Specs that earlier versions stored."""

import pytest

from backend import wire
from backend.training.spec import UP_TO_0_4_0, UP_TO_0_5_0, UnusableSpec, upgrade_spec
from backend.web.schemas.training.requests.sessions import StartRequest
from tests import messages

# As 0.1.0 stored it.
STORED_BY_0_1_0 = {
    "model_name": "exoplanet_model",
    "epochs": 3,
    "batch_size": 8,
    "learning_rate": 0.002,
    "validation_split": 0.15,
    "test_split": 0.0,
    "patience": 500,
    "seed": 1,
    "network": "transit_cnn_catalogue",
    "ensemble": 4,
    "dataset_sha256": "9933969c",
    "dataset_name": "small_150_5.csv",
    "source": "exotrain",
}


def test_a_spec_of_0_1_0_keeps_every_field_and_gets_a_version():
    before = dict(STORED_BY_0_1_0)
    place = {"cpus": None, "gpus": None, "memory_mb": None}  # as up to 0.5.0
    upgraded = {"version": 2, "simulated": None, **UP_TO_0_4_0, **UP_TO_0_5_0, **place}
    expected = upgraded | STORED_BY_0_1_0
    assert upgrade_spec(STORED_BY_0_1_0).model_dump() == expected
    assert before == STORED_BY_0_1_0


def test_a_spec_from_before_0_1_0_trains_one_network():
    earlier = {name: value for name, value in STORED_BY_0_1_0.items() if name != "ensemble"}
    assert upgrade_spec(earlier).ensemble == 1


def test_a_spec_of_this_version_stays_as_it_is():
    spec = wire.Spec(**messages.SPEC)
    assert upgrade_spec(spec.model_dump()) == spec


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ({**STORED_BY_0_1_0, "epohcs": 3}, "epohcs"),
        ({**STORED_BY_0_1_0, "epochs": "3"}, "epochs"),
        ({**messages.SPEC, "version": 3}, "version"),
        ({name: messages.SPEC[name] for name in messages.SPEC.keys() - {"ensemble"}}, "ensemble"),
        ({}, "model_name"),
    ],
)
def test_a_spec_that_cannot_be_read_is_refused_with_the_field(stored, named):
    with pytest.raises(UnusableSpec, match=named):
        upgrade_spec(stored)


def test_the_spec_has_every_setting_that_a_request_can_choose():
    settings = StartRequest.model_fields.keys() - {"workspace_key", "dataset_id"}
    assert wire.Spec.model_fields.keys() - settings == {
        "version",
        "dataset_sha256",
        "dataset_version_sha256",
        "curves_sha256",
        "curve_recipe",
        "dataset_name",
        "source",
        "simulated",
        "grouping",
        "folds",
        "fold",
        "fold_seed",
        "joined_study",
        "members",
        "use_weights",
    }
    assert settings <= wire.Spec.model_fields.keys()
