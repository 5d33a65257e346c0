"""Sessions of tables with weights and kinds: what weighs little teaches little; a head of kinds."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import wire
from backend.training.examples.teaching import teaching_of
from backend.training.spec import DataError, TrainingSpec
from backend.training.split import split_rows
from backend.transit.columns import LABELS, ROW_DTYPE, evidence_dtype
from backend.transit.networks import registry
from backend.transit.simulation.catalogue import simulate
from tests.training.test_train import Killed, kill_in_epoch
from tests.training.test_train_light_curves import made_views
from tests.training.test_train_light_curves import make_spec as make_curve_spec

pytestmark = pytest.mark.tensorflow

WRONG = 0.01


@pytest.fixture(scope="module")
def train() -> Any:
    from backend.training import train

    return train


def mislabelled() -> tuple[np.ndarray, np.ndarray]:
    """Deep transits are confirmed, shallow ones false; of the deepest most are labelled wrong.

    Returns:
        the table, and which of its rows are labelled wrong.
    """
    right = simulate(240, seed=3)
    right["label"] = np.where(right["depth"] > np.median(right["depth"]), 1, 2)
    wrong = np.repeat(right[right["depth"] > np.quantile(right["depth"], 0.75)], 2)
    wrong["period"] *= np.random.default_rng(5).uniform(0.8, 1.25, len(wrong))
    wrong["label"] = LABELS.index("CANDIDATE")
    wrong["star"] = [b"wrong %d" % i for i in range(len(wrong))]
    table = np.concatenate([right, wrong]).astype(ROW_DTYPE)
    return table, np.arange(len(table)) >= len(right)


def make_spec(folder: Path, table: np.ndarray, weights: np.ndarray) -> TrainingSpec:
    evidence = np.zeros(len(table), evidence_dtype(("weight",)))
    evidence["weight"] = weights
    np.save(folder / "table.npy", table)
    np.save(folder / "evidence.npy", evidence)
    return TrainingSpec(
        session_id=7,
        table=folder / "table.npy",
        evidence=folder / "evidence.npy",
        source="koi",
        dataset_sha256="d" * 64,
        model_name="taught",
        model_path=folder / "taught.keras",
        checkpoint=folder / "7.ckpt",
        epochs=8,
        batch_size=32,
        learning_rate=0.005,
        test_split=0.3,
        seed=11,
        network="transit_cnn_catalogue",
        use_weights=True,
    )


def test_wrong_labels_of_little_weight_do_not_mislead(train: Any, tmp_path: Path):
    table, is_wrong = mislabelled()
    deepest = table["depth"] >= table["depth"][is_wrong].min()
    spec = make_spec(tmp_path, table, np.where(is_wrong, WRONG, np.nan))
    share_right = []
    prepared = train.prepare(spec.network, spec.ensemble)
    for use_weights in (False, True):
        chosen = dataclasses.replace(spec, use_weights=use_weights)
        chosen.checkpoint.unlink(missing_ok=True)
        train.train(chosen, lambda _: None, lambda: None, prepared)
        tested = np.load(spec.model_path.with_suffix(".test.npy"))
        asked = tested[(deepest & ~is_wrong)[tested["row"]]]
        assert len(asked) > 8
        share_right.append(float((asked["probabilities"].argmax(axis=1) == 1).mean()))
        manifest = json.loads(spec.model_path.with_suffix(".json").read_bytes())
        assert manifest["spec"]["use_weights"] is use_weights
    misled, told = share_right
    assert misled < 0.4
    assert told > 0.8


def test_a_session_by_weights_needs_them(train: Any, tmp_path: Path):
    table, _ = mislabelled()
    spec = make_spec(tmp_path, table, np.ones(len(table)))
    np.save(tmp_path / "evidence.npy", np.zeros(3, evidence_dtype(("weight",))))
    with pytest.raises(DataError, match="missing on the server, or damaged"):
        train.train(spec, lambda _: None, lambda: None)


KINDS = ("EB", "J")


@pytest.fixture(scope="module")
def curves() -> tuple[np.ndarray, np.ndarray]:
    """A table, and views of its rows."""
    rows = simulate(200, seed=6)
    return rows, made_views(rows)


def spec_of_kinds(folder: Path, curves: Any) -> TrainingSpec:
    """Of a session that learns two kinds of false positives, deep and shallow; some have none."""
    folder.mkdir()
    rows, views = curves
    spec = make_curve_spec(folder, rows, views, epochs=2, ensemble=2, use_kinds=True)
    evidence = np.zeros(len(rows), evidence_dtype(("kind",)))
    false = np.flatnonzero(rows["label"] == LABELS.index("FALSE POSITIVE"))
    is_deep = rows["depth"][false] > np.median(rows["depth"][false])
    evidence["kind"][false] = np.where(is_deep, *KINDS)
    evidence["kind"][false[::5]] = b""
    np.save(folder / "evidence.npy", evidence)
    return dataclasses.replace(spec, evidence=folder / "evidence.npy")


def assert_same_state(one: Path, other: Path) -> None:
    """Of two checkpoints: all weights, their average, the optimizer and the best weights."""
    first, second = np.load(one), np.load(other)
    assert first.files == second.files
    for name in set(first.files) - {"state"}:
        assert np.array_equal(first[name], second[name]), name


@pytest.fixture(scope="module")
def steps() -> Any:
    """Two members with a head of KINDS and of all other kinds; traced once, to save time."""
    from backend.training.fit import new_steps

    return new_steps("light_curve_cnn", 2, kinds=len(KINDS) + 1)


@pytest.mark.slow
def test_the_head_is_not_saved_and_a_session_resumes_to_the_bit(
    train: Any, curves: Any, steps: Any, tmp_path: Path
):
    import keras

    from backend.transit.networks.build import count_parameters

    whole, killed = (spec_of_kinds(tmp_path / name, curves) for name in ("whole", "killed"))
    events: list[Any] = []
    train.train(whole, events.append, lambda: None, steps)
    until_killed: list[Any] = []
    stop = kill_in_epoch(2, until_killed)
    with pytest.raises(Killed):
        train.train(killed, until_killed.append, stop, steps)
    resumed: list[Any] = []

    def until_it_has_learnt() -> None:
        if any(isinstance(event, wire.Epoch) for event in resumed):
            raise Killed

    with pytest.raises(Killed):
        train.train(killed, resumed.append, until_it_has_learnt, steps)
    (started,) = (event for event in resumed if isinstance(event, wire.Started))
    assert started.resumed_from_epoch == 1
    assert_same_state(whole.checkpoint, killed.checkpoint)
    model = keras.saving.load_model(whole.model_path, compile=False)
    assert [output.shape[1] for output in model.outputs] == [3, 1, 1]
    members = whole.ensemble * registry.NETWORKS[whole.network].parameters
    assert count_parameters(model) == members == started.parameters
    manifest = json.loads(whole.model_path.with_suffix(".json").read_bytes())
    assert manifest["kinds"] == [*KINDS, "other kind"]
    (found,) = (event.evaluation for event in events if isinstance(event, wire.Evaluated))
    assert found is not None
    assert found["kinds"] == manifest["kinds"]


def test_the_head_learns_what_tells_the_kinds_apart(
    train: Any, curves: Any, steps: Any, tmp_path: Path
):
    from backend.training.fit import fit_network

    rows, views = curves
    spec = dataclasses.replace(spec_of_kinds(tmp_path / "learnt", curves), epochs=8)
    assert spec.evidence is not None
    split = split_rows(rows, None, "star", (0.3, 0.1), spec.seed)
    teaching = teaching_of(spec, rows, np.load(spec.evidence), split.train)
    trained = fit_network(
        spec, rows, split, lambda _: None, lambda: None, steps, views=views, teaching=teaching
    )
    assert trained.steps is steps
    inputs, targets = trained.validation.batch(np.arange(len(trained.validation)))
    told = trained.steps.infer(inputs)["kind"].mean(axis=1).argmax(axis=1)
    kinds = targets["kind"][:, 0]
    is_known = kinds >= 0
    assert is_known.sum() > 10
    assert (told == kinds)[is_known].mean() > 0.75  # a guess tells half of them


def test_all_other_layers_start_as_without_the_head(steps: Any):
    from backend.training.steps import _made_up
    from backend.transit.networks.build import build, count_parameters

    scaling, sample = _made_up(steps.names, 0)
    graphs = build("light_curve_cnn", scaling, sample, 0, 2, 3)
    plain = build("light_curve_cnn", scaling, sample, 0, 2)
    assert plain.taught is plain.model
    assert count_parameters(graphs.model) == count_parameters(plain.model)
    assert count_parameters(graphs.taught) > count_parameters(plain.model)
    for one, other in zip(graphs.model.get_weights(), plain.model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_head_learns_the_kinds_of_false_positives_alone():
    from backend.transit.networks.losses import KIND_WEIGHT, kind_loss, measure

    kinds = np.array([0, 1, -1], np.int32)
    members = np.array([[[0.5, 0.5], [0.25, 0.75]]] * 3, np.float32)
    expected = [-np.log([0.5, 0.25]).mean(), -np.log([0.5, 0.75]).mean(), 0]
    np.testing.assert_allclose(kind_loss(kinds, members), expected, rtol=1e-6)
    column = np.ones((3, 1), np.float32)
    targets = {"label": np.ones((3, 1), np.int32), "period_out": column, "depth_out": column}
    outputs = {
        "label": np.full((3, 2, 3), 1 / 3, np.float32),
        **dict.fromkeys(("period_out", "depth_out"), column),
    }
    measured = measure(0.02, 0.1, 1.0, 1.0)
    alone = measured(targets, outputs)["loss"]
    more = measured({**targets, "kind": kinds[:, None]}, {**outputs, "kind": members})["loss"]
    np.testing.assert_allclose(more - alone, KIND_WEIGHT * np.array(expected), rtol=1e-5, atol=1e-7)
