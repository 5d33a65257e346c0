"""A whole session: its events, its files, and that it ends the same however it was interrupted."""

import dataclasses
import hashlib
import io
import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from backend import wire
from backend.config import REPOSITORY
from backend.training.spec import TrainingSpec
from backend.training.split import split_by_star
from backend.transit.columns import FEATURES, NO_LABEL, RELATION_COLUMNS
from backend.transit.ephemerides import no_evidence
from backend.transit.evaluation.guessing import class_frequencies
from backend.transit.keys import star_groups
from backend.transit.light_curve.orbit import transit_geometry
from backend.transit.networks import registry
from backend.transit.simulation.catalogue import simulate

pytestmark = pytest.mark.tensorflow

EPOCHS = 3


class Killed(BaseException):
    """As if the process had been killed: nothing is cleaned up."""


@pytest.fixture(scope="module")
def train():
    from backend.training import train

    return train


@pytest.fixture(scope="module")
def rows():
    return simulate(250, seed=6)


@pytest.fixture
def spec(tmp_path, rows):
    return make_spec(tmp_path, rows)


def make_spec(folder, rows, **changes):
    np.save(folder / "table.npy", rows)
    spec = TrainingSpec(
        session_id=7,
        table=folder / "table.npy",
        source="exotrain",
        dataset_sha256="d" * 64,
        model_name="small",
        model_path=folder / "small.keras",
        checkpoint=folder / "7.ckpt",
        epochs=EPOCHS,
        batch_size=32,
        seed=11,
    )
    return dataclasses.replace(spec, **changes)


def never():
    return None


def kill_in_epoch(number, events):
    """A `should_stop` that raises at the second batch of an epoch."""
    asked = []

    def should_stop():
        finished = sum(isinstance(event, wire.Epoch) for event in events)
        asked.append(finished)
        if asked.count(number - 1) > 1 and any(isinstance(e, wire.Started) for e in events):
            raise Killed

    return should_stop


def run(train, spec, should_stop=never):
    events = []
    train.train(spec, events.append, should_stop)
    return events


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def weights_of(path):
    import keras

    return keras.saving.load_model(path, compile=False).get_weights()


def assert_same_weights(path, other_path):
    for one, other in zip(weights_of(path), weights_of(other_path), strict=True):
        assert np.array_equal(one, other)


@pytest.fixture(scope="module")
def finished(train, rows, tmp_path_factory):
    """An uninterrupted session: its spec and its events."""
    spec = make_spec(tmp_path_factory.mktemp("finished"), rows)
    return spec, run(train, spec)


def test_the_events_come_in_order_and_pass_the_pipe_unchanged(finished):
    _, events = finished
    kinds = [type(event) for event in events if not isinstance(event, wire.Batch)]
    end = [wire.Stage, wire.Evaluated, wire.Saved]
    assert kinds == [wire.Started, *[wire.Epoch] * EPOCHS, *end]
    assert [wire.decode_event(wire.encode(event)) for event in events] == events


def test_the_start_reports_the_rows_the_batches_and_the_parameters(finished):
    started = finished[1][0]
    assert started.rows == 250
    assert started.train + started.validation + started.test == 250
    assert started.batches == -(-started.train // 32)
    assert started.parameters > 10_000
    assert started.resumed_from_epoch == 0


def test_every_epoch_reports_the_contract_s_metrics(finished):
    for number, epoch in enumerate(of(finished[1], wire.Epoch), 1):
        assert epoch.epoch == number
        for name in ("accuracy", "loss", "label_loss", "period_mae", "depth_mae"):
            assert getattr(epoch.metrics, name) >= 0
            assert getattr(epoch.metrics, f"val_{name}") >= 0
        assert epoch.metrics.learning_rate > 0
        assert epoch.metrics.epoch_seconds > 0


def test_batches_are_reported_within_an_epoch(finished):
    for event in of(finished[1], wire.Batch):
        assert 1 <= event.epoch <= EPOCHS
        assert 1 <= event.batches_done <= event.batches
    assert of(finished[1], wire.Batch)


def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss_of_the_label(finished):
    saved = of(finished[1], wire.Saved)[0]
    losses = [epoch.metrics.val_label_loss for epoch in of(finished[1], wire.Epoch)]
    assert saved.best_epoch == np.argmin(losses) + 1
    assert saved.metrics.val_label_loss == min(losses)


def test_equal_test_rows_of_equal_files_have_equal_hashes(train, tmp_path, rows):
    from backend.training.results.evaluate import test_rows_sha256

    spec = make_spec(tmp_path, rows)
    split = split_by_star(rows, 0.15, 0.15, 0)
    assert test_rows_sha256(spec, split) == test_rows_sha256(
        dataclasses.replace(spec, epochs=9), split
    )
    assert test_rows_sha256(spec, split) != test_rows_sha256(
        spec, split_by_star(rows, 0.15, 0.15, 1)
    )
    other_file = dataclasses.replace(spec, dataset_sha256="e" * 64)
    assert test_rows_sha256(spec, split) != test_rows_sha256(other_file, split)


def test_a_version_trains_as_a_table_with_its_labels_would(train, tmp_path, rows):
    relabelled = rows.copy()
    relabelled["label"][:30] = NO_LABEL
    relabelled["label"][30:60] = (rows["label"][30:60] + 1) % 3
    folders = [tmp_path / name for name in ("version", "table")]
    for folder in folders:
        folder.mkdir()
    np.save(folders[0] / "labels.npy", relabelled["label"])
    named = {"labels": folders[0] / "labels.npy", "dataset_version": 3, "epochs": 1}
    named["dataset_version_sha256"] = "v" * 64
    of_version = make_spec(folders[0], rows, **named)
    of_table = make_spec(folders[1], relabelled, epochs=1)
    found, expected = run(train, of_version), run(train, of_table)
    assert_same_weights(of_version.model_path, of_table.model_path)
    one, other = (of(events, wire.Evaluated)[0].evaluation for events in (found, expected))
    assert one["dataset_version"] == 3
    for name in ("confusion", "guessing_log_loss", "baseline"):
        assert one.get(name) == other.get(name)
    assert one["test_rows_sha256"] != other["test_rows_sha256"]
    manifest = of(found, wire.Saved)[0].manifest
    assert (manifest["dataset_version"], manifest["dataset_version_sha256"]) == (3, "v" * 64)
    assert "labels" not in manifest["spec"]


def test_labels_of_other_rows_end_the_session_in_words(train, tmp_path, rows):
    np.save(tmp_path / "labels.npy", rows["label"][:-1])
    spec = make_spec(tmp_path, rows, labels=tmp_path / "labels.npy", dataset_version=1)
    with pytest.raises(train.DataError, match="missing on the server, or damaged"):
        run(train, spec)


def test_the_evaluation_is_on_the_test_stars_and_has_the_baseline_beside_it(finished, rows):
    spec, events = finished
    evaluation = of(events, wire.Evaluated)[0].evaluation
    split = split_by_star(rows, spec.validation_split, spec.test_split, spec.seed)
    assert evaluation["n_test"] == len(split.test)
    for name in ("same_information", "all_columns"):
        trees = evaluation["baseline"][name]
        assert trees["n_test"] == len(split.test)
        difference = evaluation["log_loss"] - trees["log_loss"]
        assert trees["paired"]["log_loss"]["difference"] == pytest.approx(difference)


def test_the_evaluation_has_a_row_per_missing_feature(finished):
    evaluation = of(finished[1], wire.Evaluated)[0].evaluation
    rows = {tuple(row["missing"]): row["log_loss"] for row in evaluation["missing_features"]}
    groups = [("impact", "snr"), ("steff", "srad", "slogg", "tmag"), FEATURES]
    assert set(rows) == {(), *((name,) for name in FEATURES), *groups}
    assert rows[()] == pytest.approx(evaluation["log_loss"])
    assert all(loss != rows[()] for missing, loss in rows.items() if missing)


def test_the_calibration_and_the_threshold_come_from_the_validation_stars(finished, rows):
    from backend.training import model_file
    from backend.transit.evaluation.calibration import choose_threshold
    from backend.transit.evaluation.calibration_choice import Calibration, choose_calibration

    spec, events = finished
    manifest = of(events, wire.Saved)[0].manifest
    model = model_file.load_verified_model(spec.model_path, manifest["sha256"])
    split = split_by_star(rows, spec.validation_split, spec.test_split, spec.seed)
    watched = rows[split.validation]
    geometry = transit_geometry(watched, "tess")
    found = model_file.predict_rows(model, watched, geometry, "tess")["probabilities"]
    described = manifest["calibration"]
    biases = tuple(described["biases"].values())
    raw = Calibration(manifest["temperature"], biases).undo(found)
    chosen = choose_calibration(watched["label"], raw, star_groups(watched), spec.seed).described
    assert chosen["kind"] == described["kind"]
    assert chosen["temperature"] == pytest.approx(manifest["temperature"], rel=0.01)
    assert tuple(chosen["biases"].values()) == pytest.approx(biases, abs=0.01)
    assert chosen["gain"] == pytest.approx(described["gain"], abs=1e-4)
    expected = choose_threshold(watched["label"], found, 0.9)
    assert manifest["abstention"]["threshold"] == pytest.approx(expected, abs=1e-4)


def test_five_files_and_the_checkpoint_are_left_and_the_hash_is_the_model_s(finished):
    spec, events = finished
    folder = spec.model_path.parent
    names = {path.name for path in folder.iterdir()}
    # The server removes the checkpoint, once the database knows the model.
    checkpoint = spec.checkpoint.name
    assert names == {
        "table.npy",
        "small.keras",
        "small.json",
        "small.test.npy",
        "small.neighbours.npy",
        "small.related.npy",
        checkpoint,
    }
    sha256 = hashlib.sha256(spec.model_path.read_bytes()).hexdigest()
    assert of(events, wire.Saved)[0].sha256 == sha256


def test_a_model_keeps_its_training_rows_with_their_places_in_the_dataset(finished):
    spec, events = finished
    described = of(events, wire.Saved)[0].manifest["neighbours"]
    path = spec.model_path.with_suffix(".neighbours.npy")
    assert described["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    kept, table = np.load(path), np.load(spec.table)
    assert described["rows"] == described["training_rows"] == len(kept) == events[0].train
    for name in table.dtype.names:
        assert kept[name].tobytes() == table[name][kept["row"]].tobytes()
    tested = np.load(spec.model_path.with_suffix(".test.npy"))["row"]
    assert not np.intersect1d(kept["row"], tested).size
    assert described["sparse_above"] > 0


def test_a_model_keeps_its_whole_table_to_relate_others_to(finished):
    spec, events = finished
    described = of(events, wire.Saved)[0].manifest["related"]
    path = spec.model_path.with_suffix(".related.npy")
    kept, table = np.load(path), np.load(spec.table)
    assert described == {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": len(table),
        "table_rows": len(table),
        "known": 0,
        "accuracy": {"with": pytest.approx(described["accuracy"]["with"]), "without": None},
        "precision": None,  # only measured of a network that has the input
        "coverage": None,
    }
    assert kept["period"].tolist() == table["period"].tolist()


def test_the_ranges_of_a_model_are_percentiles_of_its_training_rows_and_their_ends(finished):
    spec, events = finished
    values = np.load(spec.model_path.with_suffix(".neighbours.npy"))["depth"]
    assert of(events, wire.Saved)[0].manifest["training_ranges"]["depth"] == {
        "known": len(values),
        "min": values.min(),
        "p1": np.percentile(values, 1),
        "p99": np.percentile(values, 99),
        "max": values.max(),
        "unit": "ppm",
    }


def test_the_saved_model_leaves_the_optimizer_behind(finished):
    spec, _ = finished
    with zipfile.ZipFile(spec.model_path) as model:
        weights = io.BytesIO(model.read("model.weights.h5"))
    names: list[str] = []
    h5py.File(weights).visit(names.append)
    assert names
    assert not [name for name in names if "optimizer" in name]


def test_the_manifest_says_how_the_model_was_made(finished):
    spec, events = finished
    manifest = json.loads(spec.model_path.with_suffix(".json").read_text())
    assert manifest == of(events, wire.Saved)[0].manifest
    assert manifest["spec"]["epochs"] == EPOCHS
    assert manifest["dataset_sha256"] == spec.dataset_sha256
    assert manifest["seed"] == 11
    assert manifest["versions"].keys() >= {"keras", "tensorflow", "numpy", "python"}
    assert set(manifest["training_ranges"]) >= set(FEATURES)
    assert str(spec.model_path.parent) not in json.dumps(manifest)
    assert manifest["abstention"].keys() == {"threshold", "precision"}
    evaluation = of(events, wire.Evaluated)[0].evaluation
    assert manifest["temperature"] == evaluation["temperature"]
    assert manifest["calibration"] == evaluation["calibration"]


def test_the_verdict_compares_with_the_class_frequencies_on_the_test_rows(finished, rows):
    spec, events = finished
    split = split_by_star(rows, spec.validation_split, spec.test_split, spec.seed)
    verdict = of(events, wire.Saved)[0].manifest["verdict"]
    assert (verdict["part"], verdict["rows"]) == ("test", len(split.test))
    evaluation = of(events, wire.Evaluated)[0].evaluation
    assert verdict["log_loss"] == pytest.approx(evaluation["log_loss"])
    shares = class_frequencies(rows["label"][split.train])
    guessing = -np.log(shares[rows["label"][split.test]]).mean()
    assert verdict["guessing_log_loss"] == pytest.approx(guessing)
    assert verdict["beats_guessing"] == (evaluation["log_loss"] < guessing)


def test_the_test_predictions_are_those_of_the_saved_model(finished, rows):
    from backend.training import model_file

    spec, events = finished
    model = model_file.load_verified_model(spec.model_path, of(events, wire.Saved)[0].sha256)
    kept = np.load(spec.model_path.with_suffix(".test.npy"))
    tested = rows[kept["row"]]
    geometry = transit_geometry(tested, "tess")
    found = model_file.predict_rows(model, tested, geometry, "tess")
    assert np.allclose(kept["probabilities"], found["probabilities"], atol=1e-5)
    assert np.array_equal(kept["predicted"], found["probabilities"].argmax(axis=1))
    assert np.array_equal(kept["true"], rows["label"][kept["row"]])


def test_the_same_seed_gives_the_same_weights_also_with_curves_made_on_the_way(
    train, finished, spec
):
    run(train, dataclasses.replace(spec, curve_memory_mb=0))
    assert_same_weights(spec.model_path, finished[0].model_path)


def test_a_network_that_was_traced_beforehand_ends_with_the_same_weights(train, finished, spec):
    prepared = train.prepare()
    events = []
    train.train(spec, events.append, never, prepared)
    assert prepared.finished().name == "transit_cnn"  # it was used
    assert_same_weights(spec.model_path, finished[0].model_path)


def test_a_network_prepared_for_another_session_is_left_alone(train, spec):
    prepared = train.prepare()
    asked = dataclasses.replace(spec, ensemble=2, epochs=1)
    events = []
    with pytest.raises(Killed):
        train.train(asked, events.append, kill_in_epoch(1, events), prepared)
    assert events[0].parameters == 2 * registry.NETWORKS["transit_cnn"].parameters


def test_the_trees_grow_while_the_network_learns_and_their_failure_fails_the_session(
    train, spec, rows, monkeypatch
):
    from backend.training.results import baselines

    def fail(*_arguments):
        raise MemoryError("no room for trees")

    monkeypatch.setattr(baselines, "evaluate_baselines", fail)
    events = []
    with pytest.raises(MemoryError, match="trees"):
        train.train(dataclasses.replace(spec, epochs=1), events.append, never)
    assert of(events, wire.Epoch)


def test_the_test_stars_change_nothing_in_the_weights(train, finished, rows, tmp_path):
    split = split_by_star(rows, 0.15, 0.15, seed=11)
    changed = rows.copy()
    for name in ("depth", "period", "steff"):
        changed[name][split.test] *= 1.5
    spec = make_spec(tmp_path, changed)
    run(train, spec)
    assert_same_weights(spec.model_path, finished[0].model_path)


def test_a_killed_session_resumes_and_ends_with_the_same_weights(train, finished, spec):
    events = []
    with pytest.raises(Killed):
        train.train(spec, events.append, kill_in_epoch(3, events))
    assert spec.checkpoint.exists()
    events = run(train, spec)
    assert of(events, wire.Started)[0].resumed_from_epoch == 2
    assert [epoch.epoch for epoch in of(events, wire.Epoch)] == [3]
    assert_same_weights(spec.model_path, finished[0].model_path)
    saved, expected = of(events, wire.Saved)[0], of(finished[1], wire.Saved)[0]
    assert saved.best_epoch == expected.best_epoch
    assert saved.metrics.val_loss == expected.metrics.val_loss
    assert spec.checkpoint.exists()  # it goes when the database knows the model


@pytest.mark.slow
def test_a_killed_ensemble_with_relations_resumes_to_the_same_weights(train, rows, tmp_path):
    chosen = {"network": "transit_cnn_catalogue", "ensemble": 2, "epochs": 2}
    chosen |= {"use_relations": True, "grouping": "rows"}
    folders = [tmp_path / name for name in ("whole", "killed")]
    for folder in folders:
        folder.mkdir()
    whole, killed = (make_spec(folder, rows, **chosen) for folder in folders)
    manifest = of(run(train, whole), wire.Saved)[0].manifest
    inputs = {each["name"]: each for each in manifest["inputs"]}
    assert list(inputs)[2:] == ["catalogue_input", "relation_input"]
    assert inputs["relation_input"]["shape"] == [11]
    assert inputs["relation_input"]["columns"][0] == "candidates_on_star"
    events = []
    with pytest.raises(Killed):
        train.train(killed, events.append, kill_in_epoch(2, events))
    assert of(run(train, killed), wire.Started)[0].resumed_from_epoch == 1
    assert_same_weights(killed.model_path, whole.model_path)


@pytest.fixture(scope="module")
def shorter(train, rows, tmp_path_factory):
    """A session of two epochs: its spec and its events."""
    spec = make_spec(tmp_path_factory.mktemp("shorter"), rows, epochs=2)
    return spec, run(train, spec)


@pytest.fixture
def kept(train, spec):
    """The spec to keep a session that was killed in its third epoch."""
    events = []
    with pytest.raises(Killed):
        train.train(spec, events.append, kill_in_epoch(3, events))
    return dataclasses.replace(spec, keep=True, model_path=spec.model_path.with_name("kept.keras"))


def test_the_best_epoch_of_a_killed_session_is_kept_without_a_further_one(train, shorter, kept):
    before = kept.checkpoint.read_bytes()
    events = run(train, kept)
    kinds = [type(event) for event in events]
    assert kinds == [wire.Started, wire.Stage, wire.Evaluated, wire.Saved]
    assert [each.epoch for each in events[0].history] == [1, 2]
    saved, expected = events[-1], of(shorter[1], wire.Saved)[0]
    assert saved.best_epoch == expected.best_epoch
    assert saved.metrics == events[0].history[saved.best_epoch - 1].metrics
    assert "keep" not in saved.manifest["spec"]
    assert events[2].evaluation["n_test"] == of(shorter[1], wire.Evaluated)[0].evaluation["n_test"]
    assert_same_weights(kept.model_path, shorter[0].model_path)
    assert kept.checkpoint.read_bytes() == before


def test_a_cancelled_keep_leaves_the_checkpoint_and_nothing_else(train, kept):
    with pytest.raises(train.Cancelled):
        train.train(kept, lambda event: None, lambda: "cancel")
    assert kept.checkpoint.exists()
    assert not list(kept.model_path.parent.glob("kept.*"))


@pytest.mark.parametrize("damage", ["missing", "cut short", "empty", "of another dataset"])
def test_what_cannot_be_read_is_not_trained_anew(train, kept, damage):
    if damage == "missing":
        kept.checkpoint.unlink()
    elif damage == "cut short":
        kept.checkpoint.write_bytes(kept.checkpoint.read_bytes()[:1000])
    elif damage == "empty":
        kept.checkpoint.write_bytes(b"")
    else:
        kept = dataclasses.replace(kept, dataset_sha256="e" * 64)
    with pytest.raises(train.NothingToKeep, match="cannot be read"):
        run(train, kept)


def test_a_session_killed_after_its_last_epoch_only_evaluates_and_saves(train, finished, spec):
    def emit(event):
        if isinstance(event, wire.Evaluated):
            raise Killed

    with pytest.raises(Killed):
        train.train(spec, emit, never)
    events = run(train, spec)
    assert not of(events, wire.Epoch)
    assert_same_weights(spec.model_path, finished[0].model_path)


def test_a_checkpoint_of_another_spec_or_a_broken_one_is_not_used(train, spec):
    def emit(event):
        if isinstance(event, wire.Evaluated):
            raise Killed

    with pytest.raises(Killed):
        train.train(dataclasses.replace(spec, epochs=1, seed=12), emit, never)
    other = spec.checkpoint.read_bytes()
    for content in (other, other[: len(other) // 2]):
        spec.checkpoint.write_bytes(content)
        events = []
        with pytest.raises(Killed):
            train.train(spec, events.append, kill_in_epoch(1, events))
        assert events[0].resumed_from_epoch == 0


def test_stop_finishes_the_epoch_and_keeps_the_best_weights(train, spec):
    events = run(train, spec, should_stop=lambda: "stop")
    assert len(of(events, wire.Epoch)) == 1
    assert of(events, wire.Saved)[0].best_epoch == 1


def test_cancel_ends_within_the_epoch_and_leaves_nothing(train, spec):
    events = []

    def should_stop():
        return "cancel" if of(events, wire.Epoch) else None

    with pytest.raises(train.Cancelled):
        train.train(spec, events.append, should_stop)
    assert len(of(events, wire.Epoch)) == 1
    assert [path.name for path in spec.table.parent.iterdir()] == ["table.npy"]


def test_a_loss_that_is_not_finite_ends_the_session_and_says_what_helps(train, spec):
    with pytest.raises(train.Diverged, match="learning_rate"):
        run(train, dataclasses.replace(spec, learning_rate=1e30))


def test_without_test_stars_there_is_no_evaluation(train, spec):
    events = run(train, dataclasses.replace(spec, test_split=0, epochs=1))
    assert of(events, wire.Evaluated)[0].evaluation is None
    assert len(np.load(spec.model_path.with_suffix(".test.npy"))) == 0
    verdict = of(events, wire.Saved)[0].manifest["verdict"]
    assert (verdict["part"], verdict["rows"]) == ("validation", events[0].validation)
    assert verdict["log_loss"] > 0


def test_a_session_is_split_and_measured_by_group_as_its_spec_says(train, rows, tmp_path):
    """Each row stands twice, once without its star."""
    twins = np.concatenate([rows, rows])
    twins["star"][len(rows) :] = b""
    spec = make_spec(tmp_path, twins, epochs=1, grouping="rows")
    events = run(train, spec)
    groups = of(events, wire.Evaluated)[0].evaluation["groups"]
    assert groups["twins"] == groups["rows"] == len(twins)
    assert groups["shared_ephemerides"] is None
    kept = np.load(spec.model_path.with_suffix(".test.npy"))
    assert set((kept["row"] + len(rows)) % len(twins)) == set(kept["row"])
    assert len(set(kept["group"])) == groups["n_test"] <= len(kept) / 2
    assert of(events, wire.Saved)[0].manifest["spec"]["grouping"] == "rows"


@pytest.mark.parametrize("content", [None, b"", b"no table", "another length", "another table"])
def test_evidence_that_is_missing_or_of_other_rows_ends_the_session_in_words(
    train, rows, tmp_path, content
):
    path = tmp_path / "table.evidence.npy"
    if content == "another length":
        np.save(path, no_evidence(len(rows) - 1))
    elif content == "another table":
        np.save(path, rows)
    elif content is not None:
        path.write_bytes(content)
    spec = make_spec(tmp_path, rows, grouping="ephemeris", evidence=path)
    with pytest.raises(train.DataError, match="missing on the server, or damaged"):
        run(train, spec)


def test_relations_reach_the_network_and_the_trees_and_may_be_unknown(train, rows, tmp_path):
    """The uncertainty of the depth tells the class."""
    from backend.training import model_file

    evidence = no_evidence(len(rows))
    evidence["epoch"] = 2_455_000.0 + np.arange(len(rows)) * 0.37
    share = np.choose(rows["label"], [0.001, 0.02, 0.5])
    evidence["depth_err"] = rows["depth"] * share
    np.save(tmp_path / "table.evidence.npy", evidence)
    chosen = {"network": "transit_cnn_catalogue", "epochs": 4, "grouping": "ephemeris"}
    chosen |= {"evidence": tmp_path / "table.evidence.npy", "use_stellar_uncertainties": True}
    spec = make_spec(tmp_path, rows, use_relations=True, **chosen)
    events = run(train, spec)
    evaluation = of(events, wire.Evaluated)[0].evaluation
    hidden = {tuple(each["missing"]): each for each in evaluation["missing_features"]}
    assert hidden[("relations",)]["log_loss"] > hidden[()]["log_loss"] + 0.05
    assert hidden[()]["log_loss"] == pytest.approx(evaluation["log_loss"])
    assert evaluation["baseline"]["all_columns"]["log_loss"] < 0.1
    manifest = of(events, wire.Saved)[0].manifest
    assert manifest["inputs"][-1]["shape"] == [14]
    related = manifest["related"]
    assert related["known"] == manifest["rows"]["train"]
    assert related["accuracy"]["with"] == pytest.approx(hidden[()]["accuracy"])
    assert related["accuracy"]["without"] == hidden[("relations",)]["accuracy"]
    for name in ("precision", "coverage"):
        assert related[name] == hidden[("relations",)][name]
    kept = np.load(spec.model_path.with_suffix(".related.npy"))
    assert kept["epoch"].tolist() == evidence["epoch"].tolist()
    model = model_file.load_verified_model(spec.model_path, manifest["sha256"])
    geometry = transit_geometry(rows, "tess")
    unknown = model_file.predict_rows(model, rows, geometry, "tess")["probabilities"]
    known = np.full((len(rows), 14), np.nan, np.float32)
    known[:, RELATION_COLUMNS.index("depth_err")] = share
    told = model_file.predict_rows(model, rows, geometry, "tess", known)["probabilities"]
    assert told == pytest.approx(_over_the_wire(spec, manifest, rows, known), abs=1e-6)
    right = np.arange(len(rows)), rows["label"]
    assert np.log(told[right]).mean() > np.log(unknown[right]).mean() + 0.05


def _over_the_wire(spec, manifest, rows, known):
    """The probabilities that a worker answers with, of a model that takes all relations."""
    from backend.storage.layout import Storage
    from backend.worker.loaded_models import LoadedModels

    storage = Storage(spec.model_path.parent)
    storage.models = spec.model_path.parent
    request = wire.PredictionRequest(
        id=1,
        model_file=spec.model_path.name,
        sha256=manifest["sha256"],
        source="toi",
        rows=rows.tobytes(),
        neighbours_sha256=None,
        relations=known.astype(np.float64).tobytes(),
    )
    return LoadedModels(storage).answer(request)["probabilities"]


def test_a_checkpoint_of_0_4_0_has_the_fingerprint_that_it_had_then(rows, tmp_path):
    from backend.training import fit

    influences = {
        **{"source": "exotrain", "dataset_sha256": "d" * 64, "epochs": EPOCHS, "batch_size": 32},
        **{"learning_rate": 0.002, "validation_split": 0.15, "test_split": 0.15, "patience": 10},
        **{"seed": 11, "network": "transit_cnn", "ensemble": 1},
        **{"checkpoint": 2, "keras": fit.keras.__version__},
    }
    text = json.dumps(influences, sort_keys=True).encode()
    assert fit._fingerprint(make_spec(tmp_path, rows)) == hashlib.sha256(text).hexdigest()


def test_a_checkpoint_belongs_to_its_grouping(rows, tmp_path):
    from backend.training.fit import _fingerprint

    spec = make_spec(tmp_path, rows)
    others = [dataclasses.replace(spec, grouping=each) for each in ("rows", "ephemeris")]
    others += [dataclasses.replace(spec, use_relations=True)]
    assert len({_fingerprint(each) for each in (spec, *others)}) == 4
    moved = dataclasses.replace(others[1], evidence=tmp_path / "elsewhere.npy")
    assert _fingerprint(moved) == _fingerprint(others[1])


def test_a_table_without_impact_and_snr_can_be_trained(train, rows, tmp_path):
    rows = rows.copy()
    rows["impact"] = rows["snr"] = np.nan
    events = run(train, make_spec(tmp_path, rows, epochs=1))
    ranges = of(events, wire.Saved)[0].manifest["training_ranges"]
    assert ranges["snr"] == {
        "known": 0,
        "min": None,
        "p1": None,
        "p99": None,
        "max": None,
        "unit": "",
    }


def test_too_few_rows_are_refused_with_their_number(train, rows, tmp_path):
    with pytest.raises(train.DataError, match="40"):
        run(train, make_spec(tmp_path, rows[:40]))


def test_the_spec_and_the_data_checks_do_not_need_keras():
    code = (
        "import sys, backend.training.spec, backend.training.split\n"
        "import backend.transit.evaluation.figures\n"
        "import backend.transit.evaluation.baseline, backend.training.examples.batches\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
