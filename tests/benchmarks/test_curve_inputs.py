"""What the methods of the light curve benchmark learn from and are asked, without training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.training.examples.teaching import weights_of
from backend.training.split import Split
from backend.transit.columns import FEATURES, LABELS, ROW_DTYPE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE, ViewRows
from backend.transit.rows import Index, Rows
from benchmarks.curve_evidence import kepler_trial, runs, star_columns
from benchmarks.curve_evidence.folds import star_folds
from benchmarks.curve_evidence.kepler import KeplerStars
from benchmarks.curve_evidence.learning import Predict, Recipe
from benchmarks.curve_evidence.population import NUMBERS, Population
from benchmarks.curve_evidence.signals import joined_signals

CONFIRMED, FALSE_POSITIVE = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")
ROWS = 120
STAR = np.arange(ROWS) // 2


def labels() -> np.ndarray:
    """Of each star one."""
    return np.resize([CONFIRMED, FALSE_POSITIVE, 0], ROWS // 2).repeat(2).astype(np.int8)


def table() -> Rows:
    random = np.random.default_rng(1)
    rows = np.zeros(ROWS, ROW_DTYPE)
    for name in (ROW_DTYPE.names or ())[2:-1]:
        rows[name] = random.uniform(1, 10, ROWS)
    rows["label"] = labels()
    rows["star"] = STAR.astype("S48")
    return rows


def views(rows: np.ndarray) -> ViewRows:
    random = np.random.default_rng(2)
    records = np.zeros(len(rows), VIEW_ROW_DTYPE)
    records["row"] = rows
    for name in ("global_view", "local_views", "evidence"):
        records[name] = random.normal(1, 0.01, records[name].shape)
    return records


def population() -> Population:
    rows = table()
    for name in FEATURES:
        rows[name] = np.nan
    rows["tmag"] = 11.0
    random = np.random.default_rng(3)
    flux = random.normal(size=(ROWS, 444))
    is_settled = labels() != 0
    return Population(
        rows,
        views(np.arange(ROWS)),
        random.normal(size=(ROWS, len(NUMBERS))),
        flux,
        STAR,
        STAR,
        is_settled,
        np.where(is_settled, b"", b"EB").astype("S24"),
        star_folds(STAR, is_settled, labels()),
    )


def test_a_signal_gets_the_columns_of_its_star_and_nothing_else_of_the_table():
    own = population()
    toi = table()[[2, 40, 40, 80]]
    toi["period"] = own.rows["period"][[2, 40, 40, 80]] * [1.004, 1.5, 0.996, 1.5]
    toi["steff"], toi["srad"] = [5000, 6000, 7000, 8000], [1, 2, 3, 4]
    toi["slogg"], toi["tmag"] = np.nan, 9.0
    toi["label"], toi["depth"] = 0, 1.0
    known = star_columns.with_star_columns(own, toi)
    assert set(np.flatnonzero(known.is_known)) == {2, 40}
    assert known.rows["steff"][[2, 40]].tolist() == [5000, 7000]
    assert known.rows["srad"][[2, 40]].tolist() == [1, 3]
    assert known.rows["tmag"][[2, 40, 80]].tolist() == [9, 9, 11]
    assert np.isnan(known.rows["steff"][80])
    for name in ("period", "depth", "duration", "label", "star"):
        assert known.rows[name].tolist() == own.rows[name].tolist()
    assert np.isnan(own.rows["steff"]).all()


def test_views_alone_leave_nothing_of_the_columns():
    own = population()
    rows, records = star_columns.views_alone(own.rows, own.views)
    for name in set(rows.dtype.names) - {"line", "star", "label"}:
        assert len(np.unique(rows[name])) == 1, name
    assert np.isnan(records["evidence"]).all()
    assert (records["local_views"] == own.views["local_views"]).all()
    assert (own.rows["period"] == table()["period"]).all()


def test_settled_views_are_learnt_from_and_those_of_known_stars_are_scored(tmp_path: Path):
    own = population()
    known = star_columns.with_star_columns(own, table()[STAR < 30])
    trial = star_columns.star_trial(known)
    assert trial.is_learnt.tolist() == own.is_settled.tolist()
    assert trial.is_scored.tolist() == (own.is_settled & (STAR < 30)).tolist()
    found = trial.methods["trees"](trial.task(1, 0))
    names = (star_columns.TREES_COLUMNS, star_columns.TREES_VIEWS, star_columns.TREES_BOTH)
    assert set(found) == set(names)
    for each in found.values():
        assert each.sum(axis=1) == pytest.approx(np.ones(len(trial.task(1, 0).tested)))
    assert {name for pair in star_columns.PAIRS for name in pair} >= set(names)


def test_kepler_rows_without_a_usable_light_curve_are_left_to_nobody(tmp_path: Path):
    stars = KeplerStars(table(), np.zeros(ROWS), STAR, [])
    has = np.flatnonzero(np.arange(ROWS) % 7 > 0)
    records = views(has)
    trial = kepler_trial.kepler_trial(stars, records)
    assert np.flatnonzero(trial.is_learnt).tolist() == has.tolist()
    assert np.flatnonzero(trial.is_scored).tolist() == has.tolist()
    # The light curves say everything: trees that get them know it, those that do not, do not.
    records["evidence"][:, 3] = 10.0 * stars.rows["label"][has]
    task = trial.task(1, 0)
    found = trial.methods["trees"](task)
    right = {
        name: np.mean(each.argmax(axis=1) == stars.rows["label"][task.tested])
        for name, each in found.items()
    }
    assert right[kepler_trial.TREES_WITH] == 1.0
    assert right[kepler_trial.TREES] < 0.8


def test_views_of_keplers_stars_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stars = KeplerStars(table(), np.zeros(ROWS), STAR, [])
    made: list[int] = []

    def view_rows(given: KeplerStars, rows: np.ndarray) -> ViewRows:
        made.append(len(rows))
        return views(rows[::2])

    monkeypatch.setattr(kepler_trial, "view_rows", view_rows)
    first, second = (kepler_trial.kept_views(stars, tmp_path / "new") for _ in range(2))
    assert made == [ROWS]
    assert first["row"].tolist() == second["row"].tolist() == list(range(0, ROWS, 2))


class Learner:
    """In place of training: keeps what it was given, and predicts whether views were shown."""

    def __init__(self) -> None:
        self.given: list[tuple[Recipe, Rows, ViewRows | None, Split]] = []
        self.taught: Rows | None = None  # the last time
        self.asked: list[tuple[Rows, Index]] = []

    def __call__(
        self,
        recipe: Recipe,
        table: Rows,
        views: ViewRows | None,
        split: Split,
        kept: dict[str, Any],
        taught: Rows | None = None,
    ) -> Predict:
        self.given.append((recipe, table, views, split))
        self.taught = taught

        def predict(
            asked: Rows, rows: Index, records: ViewRows | None, is_hidden: bool
        ) -> np.ndarray:
            self.asked.append((asked, rows))
            assert asked is not table or records is views
            return np.full((len(rows), 3), 0.0 if is_hidden or records is None else 1.0)

        return predict


def test_what_is_not_settled_teaches_by_its_kind_and_weighs_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    learner, own = Learner(), population()
    monkeypatch.setattr(runs, "learn", learner)
    runs.execute(runs.Run(runs.NETWORK, 1, 0), own, tmp_path, {})
    assert learner.taught is None
    runs.execute(runs.Run(runs.WEIGHED, 1, 0), own, tmp_path, {})
    assert learner.taught is not None
    assert weights_of(learner.taught)[own.is_settled].tolist() == [1.0] * own.is_settled.sum()
    assert weights_of(learner.taught)[~own.is_settled] == pytest.approx(0.15)
    assert set(learner.taught["kind"][~own.is_settled]) == {b"EB"}
    assert set(learner.taught["kind"][own.is_settled]) == {b""}
    (_, _, _, split), _ = learner.given
    assert np.isin(np.flatnonzero(~own.is_settled), [*split.train, *split.validation]).all()


def test_the_sectors_of_a_signal_are_joined_by_their_scatter():
    own = population()
    own.rows["depth"][:2] = [100.0, 300.0]
    noise = np.random.default_rng(7).normal(size=own.views["global_view"].shape[1])
    own.views["global_view"][0], own.views["global_view"][1] = 1 + 0.01 * noise, 1 + 0.02 * noise
    joined, of_row = joined_signals(own)
    assert (len(joined.rows), of_row.tolist()) == (ROWS // 2, STAR.tolist())
    assert joined.rows["depth"][0] == 200.0
    assert joined.rows["label"].tolist() == own.rows["label"][::2].tolist()
    # Weights of 4 to 1: (4 x 0.01 + 0.02) / 5.
    assert joined.views["global_view"][0] == pytest.approx(1 + 0.012 * noise, rel=1e-6)
    assert joined.numbers[3] == pytest.approx(own.numbers[6:8].mean(axis=0))
    assert set(joined.views["segments"]) == {2}


@pytest.mark.parametrize("method", [runs.WEIGHED, f"{runs.WEIGHED}{runs.JOINED}"])
def test_each_settled_view_has_the_score_of_its_signal(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    learner, own = Learner(), population()
    monkeypatch.setattr(runs, "learn", learner)
    run = runs.Run(method, 1, 0)
    runs.execute(run, own, tmp_path, {})
    with np.load(run.file(tmp_path)) as found:
        tested = found["tested"]
        assert tested.tolist() == np.flatnonzero(own.is_settled & (own.fold == 0)).tolist()
        assert {len(found[name]) for name in ("score", "hidden", "joined")} == {len(tested)}
    signals, rows = learner.asked[-1]
    assert len(signals) == ROWS // 2
    assert set(signals["star"][rows]) == set(own.rows["star"][tested])
    learnt = learner.given[0][1]
    assert len(learnt) == (ROWS // 2 if method.endswith(runs.JOINED) else ROWS)


def test_each_network_on_tess_is_given_what_its_name_says(monkeypatch: pytest.MonkeyPatch):
    learner = Learner()
    monkeypatch.setattr(star_columns, "learn", learner)
    known = star_columns.with_star_columns(population(), table())
    trial = star_columns.star_trial(known)
    task = trial.task(1, 0)
    found: dict[str, np.ndarray] = {}
    for name in ("both", "columns", "views"):
        found |= trial.methods[name](task)
    assert {name: each.max() for name, each in found.items()} == {
        star_columns.BOTH: 1.0,
        star_columns.HIDDEN: 0.0,
        star_columns.COLUMNS_ALONE: 0.0,
        star_columns.VIEWS_ALONE: 1.0,
    }
    both, columns, alone = learner.given
    assert [each[0].network for each in learner.given] == [
        "light_curve_cnn",
        "transit_cnn_catalogue",
        "light_curve_cnn",
    ]
    assert both[1] is columns[1] is known.rows
    assert columns[2] is None
    assert np.isnan(alone[1]["steff"]).all()
    for _, _, _, split in learner.given:
        assert split.train.tolist() == both[3].train.tolist()
        assert not set(STAR[task.tested]) & set(STAR[[*split.train, *split.validation]])


def test_both_networks_on_keplers_stars_learn_from_the_same_rows(monkeypatch: pytest.MonkeyPatch):
    learner = Learner()
    monkeypatch.setattr(kepler_trial, "learn", learner)
    trial = kepler_trial.kepler_trial(
        KeplerStars(table(), np.zeros(ROWS), STAR, []), views(np.arange(ROWS))
    )
    task = trial.task(1, 0)
    found = trial.methods["catalogue"](task) | trial.methods["curves"](task)
    assert {name: each.max() for name, each in found.items()} == {
        kepler_trial.CATALOGUE: 0.0,
        kepler_trial.SHOWN: 1.0,
        kepler_trial.HIDDEN: 0.0,
    }
    one, other = (split for _, _, _, split in learner.given)
    assert one.train.tolist() == other.train.tolist()
    assert one.validation.tolist() == other.validation.tolist()
