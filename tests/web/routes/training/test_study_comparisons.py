"""Two studies of the same groups, over the API."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from tests.api import catalogue, predict_part, problem_of

_STUDIES = "/api/training/studies"


def files_of(services, study):
    """The files of what its sessions have tested, in their order."""
    names = [f"{study['name']}_s{each['seed']}_f{each['fold']}" for each in study["sessions"]]
    folder = services.storage.models / "1"
    return [
        folder / f"{name}_{each['id']}.test.npy"
        for name, each in zip(names, study["sessions"], strict=True)
    ]


def completed(api, services, key, dataset_id, sure=0.5, **fields):
    """A study whose networks are so sure of the right class, more or less, a seed after another."""
    study = api.study(key, dataset_id, **fields)["study"]
    for part in study["sessions"]:
        predict_part(services, part, folds=study["folds"])
    for number, path in enumerate(files_of(services, study)):
        found = np.load(path)
        random = np.random.default_rng(number).dirichlet([1, 1, 1], len(found))
        mixed = random + sure * np.eye(3)[found["true"]]
        found["probabilities"] = mixed / mixed.sum(axis=1, keepdims=True)
        np.save(path, found)
    return study


def change(path, function):
    found = np.load(path)
    np.save(path, function(found))


def compared(api, one, other):
    """As a person waits for it: the server answers that it is on the way after some seconds."""
    end = time.monotonic() + 120
    while True:
        answer = api.get(f"{_STUDIES}/{one['id']}/comparison?other={other['id']}")
        if answer["state"] != "pending" or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert answer["state"] == "found"
    return answer["comparison"]


def refused(api, one, other):
    return problem_of(api.get(f"{_STUDIES}/{one['id']}/comparison?other={other['id']}", None))


def test_the_better_study_is_named_on_both_ways(api, key, dataset_id, services):
    good = completed(api, services, key, dataset_id, 2.0, seeds=2)
    bad = completed(api, services, key, dataset_id, 0.2, folds=2)
    found = compared(api, good, bad)
    assert (found["one"], found["other"]) == (good["id"], bad["id"])
    assert (found["rows"], found["groups"], found["only"]) == (90, 90, [0, 0])
    assert (found["seeds"], found["is_complete"], found["verdict"]) == ([2, 1], True, "better")
    loss = found["figures"]["log_loss"]
    assert loss["difference"] == pytest.approx(loss["one"] - loss["other"])
    assert loss["interval"][0] < loss["difference"] < loss["interval"][1] < 0
    assert loss["seed_spread"][0] > 0
    assert loss["seed_spread"][1] is None
    assert sum(found["correct"].values()) == 90
    assert found["correct"]["only_one"] > found["correct"]["only_other"]
    turned = compared(api, bad, good)
    assert turned["verdict"] == turned["figures"]["accuracy"]["verdict"] == "worse"
    assert turned["figures"]["log_loss"]["difference"] == pytest.approx(-loss["difference"])
    own = api.get(f"{_STUDIES}/{good['id']}")["study"]["figures"]["figures"]["log_loss"]
    assert own["mean"] == pytest.approx(loss["one"])


def test_only_rows_that_both_have_tested_count(api, key, dataset_id, services):
    whole = completed(api, services, key, dataset_id)
    begun = api.study(key, dataset_id, seeds=2)["study"]
    predict_part(services, begun["sessions"][1])
    found = compared(api, begun, whole)
    assert (found["rows"], found["only"], found["is_complete"]) == (30, [0, 60], False)
    # As soon as more is tested, the answer is of that.
    predict_part(services, begun["sessions"][0])
    assert compared(api, begun, whole)["rows"] == 60


def test_a_seed_that_lacks_rows_does_not_count_beside_whole_ones(api, key, dataset_id, services):
    whole = completed(api, services, key, dataset_id)
    begun = api.study(key, dataset_id, seeds=2)["study"]
    for part in begun["sessions"][:4]:
        predict_part(services, part)
    found = compared(api, begun, whole)
    assert (found["rows"], found["seeds"], found["is_complete"]) == (90, [1, 1], False)


def test_studies_of_different_tables_are_not_compared(api, key, dataset_id, services):
    one = completed(api, services, key, dataset_id)
    other_table = api.upload(key, catalogue(96))["dataset"]["id"]
    other = completed(api, services, key, other_table)
    problem = refused(api, one, other)
    assert problem["status"] == 409
    assert "different tables" in problem["detail"]


def test_studies_of_different_groups_are_not_compared(api, key, dataset_id, services):
    one, other = (completed(api, services, key, dataset_id) for _ in range(2))

    def joined(found):
        found["group"] //= 2
        return found

    for path in files_of(services, other):
        change(path, joined)
    problem = refused(api, one, other)
    assert problem["status"] == 409
    assert "different groups" in problem["detail"]


def test_studies_without_a_common_row_are_not_compared(api, key, dataset_id, services):
    one, other = (api.study(key, dataset_id)["study"] for _ in range(2))
    predict_part(services, one["sessions"][0])
    problem = refused(api, one, other)
    assert (problem["status"], "has completed yet" in problem["detail"]) == (409, True)
    predict_part(services, other["sessions"][1])
    problem = refused(api, one, other)
    assert (problem["status"], "different rows" in problem["detail"]) == (409, True)


def test_a_missing_file_is_named(api, key, dataset_id, services):
    one, other = (completed(api, services, key, dataset_id) for _ in range(2))
    files_of(services, other)[2].unlink()
    problem = refused(api, one, other)
    assert problem["status"] == 409
    assert f"session {other['sessions'][2]['id']} of study {other['id']}" in problem["detail"]


def test_a_study_is_not_compared_with_itself_or_with_that_of_a_stranger(
    api, key, dataset_id, services
):
    own = completed(api, services, key, dataset_id)
    assert refused(api, own, own)["status"] == 422
    stranger = api.new_user("stranger")
    their_key = stranger.workspace()
    theirs = stranger.study(their_key, stranger.dataset(their_key))["study"]
    assert refused(api, own, theirs)["status"] == 404
    assert refused(stranger, own, theirs)["status"] == 404


def test_what_takes_long_is_asked_for_again(api, key, dataset_id, services, monkeypatch):
    one, other = (completed(api, services, key, dataset_id) for _ in range(2))
    monkeypatch.setattr("backend.services.studies.finder.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("backend.services.studies.finder._MOST_AT_ONCE", 0)
    answer = api.get(f"{_STUDIES}/{one['id']}/comparison?other={other['id']}")
    assert (answer["state"], answer["comparison"]) == ("pending", None)


def test_a_comparison_that_fails_says_so_and_is_tried_again_a_while_later(
    api, key, dataset_id, services, monkeypatch
):
    one, other = (completed(api, services, key, dataset_id) for _ in range(2))
    with monkeypatch.context() as broken:
        broken.setattr("backend.services.studies.comparison.compare", lambda *sides: 1 / 0)
        problem = refused(api, one, other)
        assert (problem["status"], "server's log" in problem["detail"]) == (503, True)
    assert refused(api, one, other)["status"] == 503
    later = time.monotonic() + 61
    monkeypatch.setattr(
        "backend.services.studies.finder.time", SimpleNamespace(monotonic=lambda: later)
    )
    assert compared(api, one, other)["rows"] > 0


def on_version(api, services, key, dataset_id, changes, **fields):
    """A study that learnt a version of the labels, with what its networks tested."""
    if changes:
        url = f"/api/training/dataset/{dataset_id}/labels"
        said = [{"row": row, "label": label, "reason": "seen"} for row, label in changes.items()]
        api.put(url, json={"changes": said})
    study = completed(api, services, key, dataset_id, **fields)
    names = ["CANDIDATE", "CONFIRMED", "FALSE POSITIVE"]
    for path in files_of(services, study):
        found = np.load(path)
        for row, label in changes.items():
            found["true"][found["row"] == row] = -1 if label == "exclude" else names.index(label)
        np.save(path, found[found["true"] >= 0])
    return study


def test_studies_of_two_versions_are_compared_on_rows_that_nobody_touched(
    api, key, dataset_id, services
):
    before = on_version(api, services, key, dataset_id, {}, sure=0.5, name="before")
    label = api.get(f"/api/training/dataset/{dataset_id}/rows?limit=5")["rows"]
    assert [each["label"] for each in label[:3]] == [0, 1, 2]
    changes = {0: "CONFIRMED", 1: "FALSE POSITIVE", 2: "exclude"}
    after = on_version(api, services, key, dataset_id, changes, sure=0.5, name="after")
    found = compared(api, after, before)
    assert found["versions"] == [1, 0]
    assert (found["rows"], found["only"]) == (87, [0, 1])
    scored = {each["labels"]: each for each in found["scorings"]}
    assert {name: each["rows"] for name, each in scored.items()} == {
        **{"untouched": 87, "file": 89, "one": 89},
    }
    assert scored["untouched"]["figures"] == found["figures"]
    assert scored["file"]["figures"] != scored["one"]["figures"]
    turned = compared(api, before, after)
    assert [each["labels"] for each in turned["scorings"]] == ["untouched", "file", "other"]
    same = compared(api, after, on_version(api, services, key, dataset_id, {}, name="again"))
    assert (same["versions"], same["scorings"]) == ([1, 1], [])


def test_versions_of_a_dataset_that_is_gone_are_not_compared(api, key, dataset_id, services):
    before = on_version(api, services, key, dataset_id, {}, name="before")
    after = on_version(api, services, key, dataset_id, {0: "CONFIRMED"}, name="after")
    api.delete(f"/api/training/dataset/{dataset_id}")
    problem = refused(api, after, before)
    assert problem["status"] == 409
    assert "nobody has touched" in problem["detail"]


def test_versions_of_one_number_in_two_datasets_of_a_file_are_told_apart(
    api, key, dataset_id, services
):
    one = on_version(api, services, key, dataset_id, {0: "CONFIRMED"}, name="one")
    elsewhere = api.post("/api/workspaces", 201, json={"name": "other"})["workspace"]["key"]
    second = api.dataset(elsewhere)
    other = api.study(elsewhere, second)["study"]
    assert other["settings"]["dataset_sha256"] == one["settings"]["dataset_sha256"]
    api.put(
        f"/api/training/dataset/{second}/labels",
        json={"changes": [{"row": 1, "label": "CANDIDATE", "reason": "seen"}]},
    )
    other = api.study(elsewhere, second, name="two")["study"]
    for part in other["sessions"]:
        predict_part(services, part, folds=3)
    found = compared(api, one, other)
    assert found["versions"] == [1, 1]
    assert [each["labels"] for each in found["scorings"]] == ["untouched", "file", "one", "other"]
