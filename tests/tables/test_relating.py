"""Relations are found in a child process, within limits, and nothing partial is left."""

import numpy as np
import pytest

from backend.errors import NoSpace
from backend.storage import incoming
from backend.tables import children as module
from backend.tables.converter import TableConverter
from backend.transit.columns import COLUMNS, RELATION_COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.related import RELATED_DTYPE, keep_known

CHILD = "import json, os, signal, sys, time\njob = json.loads(sys.stdin.readline())\n"


@pytest.fixture
def converter():
    return TableConverter(memory_mb=2000, seconds=60)


@pytest.fixture
def files(tmp_path):
    """A table of two candidates of one star, its evidence, and a row that a model keeps."""
    rows = np.zeros(2, ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = np.nan
    rows["line"], rows["star"], rows["label"] = [2, 3], b"a", -1
    rows["period"], rows["duration"], rows["depth"] = [10.0, 25.0], 3.0, 500.0
    evidence = no_evidence(2)
    evidence["epoch"], evidence["depth_err"] = 2_455_000.0, 50.0
    other = rows[:1].copy()
    other["period"] = 61.0
    for name, values in (
        ("table", rows),
        ("evidence", evidence),
        ("known", keep_known(other, no_evidence(1), seed=0)),
    ):
        np.save(tmp_path / f"{name}.npy", values)
    return tmp_path


def relate(converter, files, *, evidence=True, known=True):
    return converter.relate(
        files / "table.npy",
        files / "evidence.npy" if evidence else None,
        files / "known.npy" if known else None,
        files / "related.npy",
    )


def column(files, name):
    found = np.load(files / "related.npy")
    assert found.dtype == RELATED_DTYPE
    return found["values"][:, RELATION_COLUMNS.index(name)].tolist()


def other_child(monkeypatch, code):
    monkeypatch.setattr(module, "_command", lambda _: [module.sys.executable, "-c", CHILD + code])


def test_rows_are_related_to_each_other_and_to_those_that_a_model_keeps(converter, files):
    assert relate(converter, files)
    assert column(files, "candidates_on_star") == [2, 2]
    assert column(files, "depth_err") == [0.1, 0.1]
    assert np.load(files / "related.npy")["sibling"].tolist() == [1, 2]


def test_evidence_and_kept_rows_may_be_absent(converter, files):
    assert relate(converter, files, evidence=False, known=False)
    assert column(files, "candidates_on_star") == [1, 1]
    assert np.isnan(column(files, "depth_err")).all()


@pytest.mark.parametrize(
    "code",
    [
        "open(job['outcome'], 'w').write(json.dumps({'limit': 'memory'}))",
        "os.kill(os.getpid(), signal.SIGXCPU)",
        "os.abort()",
        "open(job['target'], 'w').write('half'); sys.exit(1)",
    ],
    ids=["memory", "time", "crash", "mistake"],
)
def test_a_table_that_cannot_be_related_is_told_and_nothing_is_left(
    converter, files, monkeypatch, code
):
    other_child(monkeypatch, code)
    assert not relate(converter, files)
    assert not (files / "related.npy").exists()


def test_a_child_that_hangs_is_ended(files, monkeypatch):
    other_child(monkeypatch, "open(job['target'], 'w').write('half'); time.sleep(600)")
    assert not relate(TableConverter(memory_mb=2000, seconds=1), files)
    assert not (files / "related.npy").exists()


def test_a_child_that_is_killed_twice_is_given_up_and_nothing_is_left(
    converter, files, monkeypatch
):
    """The machine has not the memory for it: a prediction without relations is possible."""
    code = "open(job['target'], 'w').write('half'); os.kill(os.getpid(), signal.SIGKILL)"
    other_child(monkeypatch, code)
    assert not relate(converter, files)
    assert not (files / "related.npy").exists()


def test_what_a_check_raises_ends_the_child_and_leaves_nothing(converter, files, monkeypatch):
    class Stopped(Exception):
        pass

    def check():
        raise Stopped

    other_child(monkeypatch, "open(job['target'], 'w').write('half'); time.sleep(600)")
    with pytest.raises(Stopped):
        converter.relate(files / "table.npy", None, None, files / "related.npy", check)
    assert not (files / "related.npy").exists()


def test_a_full_disk_is_told_as_such_and_nothing_is_left(converter, files, monkeypatch):
    other_child(
        monkeypatch,
        "open(job['outcome'], 'w').write(json.dumps({'no_space': 'The disk is full.'}))",
    )
    with pytest.raises(NoSpace, match="full"):
        relate(converter, files)
    assert not (files / "related.npy").exists()


def test_a_result_that_would_fill_the_disk_is_not_written(files, monkeypatch):
    from backend.tables.child import __main__ as child

    def full(_folder, _size):
        raise NoSpace("The disk is nearly full.")

    monkeypatch.setattr(incoming, "require_space", full)
    job = {"do": "relate", "kind": "relations", "evidence": None, "known": None}
    job |= {"table": str(files / "table.npy"), "target": str(files / "related.npy")}
    assert child.outcome_of(job) == {"no_space": "The disk is nearly full."}
