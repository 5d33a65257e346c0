"""The science benchmark without its hour of training: what it replaces exists, its tables fill."""

import importlib
import itertools

import numpy as np
import pytest

from backend.transit.columns import LABELS
from benchmarks.science import tables as science_tables
from benchmarks.science.plan import ABLATIONS, all_runs

ROWS = 120


@pytest.mark.tensorflow
def test_every_ablation_replaces_something_that_exists():
    from backend.training import keras_setup  # noqa: F401  chooses the backend of Keras

    changes = itertools.chain(*(each.values() for each in ABLATIONS.values()))
    for name in {name for change in changes for name in change}:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_every_ablation_by_a_function_names_one():
    changes = itertools.chain(*(each.values() for each in ABLATIONS.values()))
    replacements = {value for change in changes for value in change.values()}
    for name in (each[1:] for each in replacements if isinstance(each, str)):
        assert hasattr(importlib.import_module("benchmarks.science.runs"), name), name


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """The folder of documents that only have the anchors of the tables."""
    docs = tmp_path / "docs"
    (docs / "images").mkdir(parents=True)
    anchors = [f'<a id="science-{name}"></a>\n\n| old |\n\n' for name in science_tables.TABLES]
    for path in science_tables.DOCUMENTS:
        (tmp_path / path).write_text("".join(anchors) + "The end.\n")
    monkeypatch.setattr(science_tables, "REPOSITORY", tmp_path)
    return docs


def test_every_run_gets_into_a_table_and_the_tables_into_the_documents(documents, tmp_path, capsys):
    for seed, run in enumerate(all_runs()):
        np.savez(run.file(tmp_path), **made_up_result(seed, is_network=" on " not in run.method))
    science_tables.write(list(all_runs()), tmp_path)
    text = (documents / "BENCHMARKS.md").read_text()
    assert "| old |" not in text
    assert text.endswith("The end.\n")
    for run in all_runs():
        assert f"| {run.method} " in text or f"| {run.method}, " in text
    for title in itertools.chain(*ABLATIONS.values()):
        assert f"| {title} |" in text
    assert "±" in text.partition("against the better tree")[2].partition("<a ")[0]
    assert (documents / "images" / "reliability.png").stat().st_size > 0
    assert "differences" in capsys.readouterr().out


def test_a_table_without_runs_is_left_as_it_is(documents, tmp_path):
    science_tables.write(list(all_runs()), tmp_path)
    assert (documents / "BENCHMARKS.md").read_text().count("| old |") == len(science_tables.TABLES)


def made_up_result(seed, is_network):
    """The file of `science.runs.execute`, with random predictions."""
    random = np.random.default_rng(seed)
    result = {
        "true": random.integers(0, len(LABELS), ROWS),
        "probabilities": random.dirichlet(np.ones(len(LABELS)), ROWS),
        "true_period": random.uniform(1, 10, ROWS),
        "true_depth": random.uniform(10, 100, ROWS),
        "is_koi": np.arange(ROWS) % 2 == 0,
        "wall": 1.0,
    }
    if is_network:
        regressions = {"period": result["true_period"] * 1.1, "depth_ppm": result["true_depth"]}
        result |= {**regressions, "temperature": 1.1, "biases": np.zeros(3)}
    return result


def test_relations_are_compared_with_trees_and_with_a_network_that_never_had_them():
    from benchmarks.science.relation_tables import LIBRARIES, Tested, lines_of

    def splits(certainty):
        """Five of them, by a method that gives the true class this much more than the others."""
        found = []
        for seed in range(5):
            random = np.random.default_rng(seed)
            true = random.integers(0, len(LABELS), ROWS)
            scores = random.normal(size=(ROWS, len(LABELS)))
            scores[np.arange(ROWS), true] += certainty
            shares = np.exp(scores)
            groups = np.arange(ROWS) // 2
            found.append(Tested(true, shares / shares.sum(axis=1, keepdims=True), groups))
        return found

    told = "nine columns and relations"
    found = {f"{library}, {told}": splits(1.0) for library in LIBRARIES}
    found |= {
        "network x 5, nine columns": splits(1.1),
        f"network x 5, {told}": splits(2.0),
        f"network x 5, {told}, relations hidden": splits(1.1),
    }
    lines = lines_of("koi, by group", found)
    shown = next(line for line in lines if line.startswith(f"| network x 5, {told} |"))
    assert "the best trees" in shown
    assert float(shown.split("|")[-2].split(" ± ")[0]) < -0.1
    (hidden,) = (line for line in lines if "hidden | 0" in line and "never given" in line)
    assert hidden.endswith("| +0.000 ± 0.000 | +0.000 ± 0.000 | +0.000 ± 0.000 |")
    ranked = lines[lines.index("") + 3 :]
    assert len(ranked) == len(found)
    assert all(line.count(" to ") == 3 for line in ranked)
