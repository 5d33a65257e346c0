"""Parts, made by child processes and merged: whatever happens on the way, the file is the same."""

import json
import os
import signal as signals
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backend.light_curves.preparing import __main__ as child
from backend.light_curves.preparing import run as run_module
from backend.light_curves.preparing.division import divide
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import DamagedPart, merge, read_part, write_part
from backend.light_curves.preparing.run import ViewMaker
from backend.storage.curve_sets.versions import CurveSet
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import VIEW_ROW_DTYPE
from tests.light_curves.preparing.made import curve_set, many, segment, signal, table

DEPTH = EVIDENCE.index("depth")


@pytest.fixture
def maker():
    return ViewMaker(memory_mb=2000, seconds=60)


def place_in(folder):
    return lambda number: folder / f"{number}.part"


def made(maker, inputs, folder, *others):
    facts = maker.make(inputs, folder / "views.npy", place_in(folder), *others)
    return np.load(folder / "views.npy"), facts


def job_of(inputs, folder, numbers, left_out=None):
    (folder / "journal").touch()
    return {
        "table": str(inputs.table), "evidence": str(inputs.evidence), "folder": str(inputs.folder),
        "packs": inputs.packs, "key": inputs.key, "most_rows": 2, "left_out": left_out or {},
        "parts": [(each, str(folder / f"{each}.part")) for each in numbers],
        "journal": str(folder / "journal"), "memory_mb": 2000, "seconds": 60,
    }  # fmt: skip


@pytest.fixture
def here(monkeypatch):
    """What a child does, in this process: without its limits."""
    monkeypatch.setattr(child.limits, "more_time", lambda _seconds: None)
    return child.make_parts


def test_rows_come_in_the_order_of_the_table_with_their_depths(maker, tmp_path):
    inputs = many(tmp_path, stars=7, rows_of_star=2)
    seen = []
    rows, facts = made(maker, inputs, tmp_path, lambda *told: seen.append(told))
    assert rows.dtype == VIEW_ROW_DTYPE
    assert rows["row"].tolist() == [0, *range(2, 15)]
    given = np.load(inputs.table)["depth"][rows["row"]]
    np.testing.assert_allclose(rows["evidence"][:, DEPTH], given, rtol=0.1)
    assert (facts.stars, facts.rows_with_curve, facts.rows_used) == (7, 14, 14)
    assert seen[0] == (0, 14)
    assert seen[-1] == (14, 14)


def test_no_star_with_a_light_curve_is_an_empty_file(maker, tmp_path):
    packs = curve_set(tmp_path / "set", {"9": [segment(1)]})
    inputs = run_module.Inputs(*table(tmp_path, [("1", signal(1))]), tmp_path / "set", packs, "k")
    rows, facts = made(maker, inputs, tmp_path)
    assert (len(rows), rows.dtype) == (0, VIEW_ROW_DTYPE)
    assert facts == Facts()
    assert len(np.load(tmp_path / "views.npy", mmap_mode="r")) == 0


def test_the_division_is_by_star_and_depends_on_the_inputs_alone(tmp_path, monkeypatch):
    inputs = many(tmp_path, stars=5, rows_of_star=3)
    curves = CurveSet(inputs.folder, inputs.packs)
    parts = divide(inputs.table, curves, "a", 7)
    assert [part.rows for part in parts] == [6, 6, 3]
    assert [each.star for part in parts for each in part.stars] == list("12345")
    again = divide(inputs.table, curves, "a", 7)
    assert [part.key for part in again] == [part.key for part in parts]
    assert {part.key for part in divide(inputs.table, curves, "b", 7)}.isdisjoint(
        part.key for part in parts
    )
    monkeypatch.setattr("backend.light_curves.preparing.division._MOST_POINTS", 1)
    assert [part.rows for part in divide(inputs.table, curves, "a", 7)] == [3] * 5


def test_parts_that_are_there_are_not_made_again(here, maker, tmp_path):
    inputs = many(tmp_path, stars=6)
    here(job_of(inputs, tmp_path, range(3)))
    whole, _ = facts_and_bytes(inputs, tmp_path, 3)
    (tmp_path / "1.part").unlink()
    (tmp_path / "2.part").write_bytes((tmp_path / "2.part").read_bytes()[:-1])
    before = (tmp_path / "0.part").stat().st_ino
    told = []
    run = run_of(maker, inputs, tmp_path, here)
    rows, _ = made(run, inputs, tmp_path, lambda done, _rows: told.append(done))
    assert told[0] == 2
    assert (tmp_path / "0.part").stat().st_ino == before
    assert (tmp_path / "views.npy").read_bytes() == whole
    assert len(rows) == 6


def test_a_cancel_while_parts_are_looked_at_or_merged_is_heard_and_costs_nothing(
    here, maker, tmp_path
):
    inputs = many(tmp_path, stars=6)
    here(job_of(inputs, tmp_path, range(3)))
    whole, _ = facts_and_bytes(inputs, tmp_path, 3)
    maker._most_rows = 2
    for number in range(9):  # three parts are looked at, measured and merged
        calls = iter([*[None] * number, KeyboardInterrupt()])

        def check(calls=calls):
            if error := next(calls):
                raise error

        with pytest.raises(KeyboardInterrupt):
            made(maker, inputs, tmp_path, lambda *_: None, check)
        assert not (tmp_path / "views.npy").exists()
    made(maker, inputs, tmp_path)
    assert (tmp_path / "views.npy").read_bytes() == whole


def run_of(maker, inputs, folder, here):
    """A maker whose children are this process."""

    class Here:
        memory_mb, seconds = 2000, 60

        def run(self, job, check, *, is_endless):
            here({**job, "memory_mb": 2000, "seconds": 60})
            check()

    maker._children, maker._most_rows = Here(), 2
    return maker


def facts_and_bytes(inputs, folder, parts):
    """What is made of parts that are there."""
    curves = CurveSet(inputs.folder, inputs.packs)
    keys = [part.key for part in divide(inputs.table, curves, "key", 2)]
    facts = merge(folder / "whole.npy", [(folder / f"{n}.part", keys[n]) for n in range(parts)])
    return (folder / "whole.npy").read_bytes(), facts


def test_the_same_inputs_give_the_same_bytes_however_many_children(maker, tmp_path):
    inputs = many(tmp_path, stars=5)
    made(maker, inputs, tmp_path)
    one = ViewMaker(2000, 60)
    one._at_once = 1
    (tmp_path / "again").mkdir()
    made(one, inputs, tmp_path / "again")
    first, second = ((tmp_path / each / "views.npy").read_bytes() for each in (".", "again"))
    assert first == second


def test_what_ends_a_run_leaves_its_parts_and_no_file(here, maker, tmp_path):
    inputs = many(tmp_path, stars=6)

    class Cancelled(Exception):
        pass

    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        made(run_of(maker, inputs, tmp_path, here), inputs, tmp_path, lambda *_: None, check)
    assert not (tmp_path / "views.npy").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_cancelled_run_ends_its_children(maker, tmp_path):
    inputs = many(tmp_path, stars=60)
    children = []

    def check():
        children.extend(children_of(os.getpid()))
        if children:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(maker, inputs, tmp_path, lambda *_: None, check)
    assert children
    assert not children_of(os.getpid())


def children_of(pid):
    return [
        int(each)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for each in (task / "children").read_text().split()
        if b"preparing" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


def test_a_star_on_which_two_children_end_is_left_out_and_named(here, maker, tmp_path, monkeypatch):
    inputs = many(tmp_path, stars=4)

    def die(curves, star, *others):
        if star == "3":
            raise run_module.Crashed
        return prepare_star(curves, star, *others)

    prepare_star = child.prepare_star
    monkeypatch.setattr(child, "prepare_star", die)
    rows, facts = made(run_of(maker, inputs, tmp_path, here), inputs, tmp_path)
    assert len(rows) == 3
    assert facts.rows_damaged == 1
    assert facts.damaged == [{"star": "3", "message": "It makes its process crash."}]


def test_a_child_that_is_killed_is_replaced(maker, tmp_path, monkeypatch):
    inputs = many(tmp_path, stars=40)
    killed = []

    def check():
        if not killed:
            for pid in children_of(os.getpid()):
                os.kill(pid, signals.SIGKILL)
                killed.append(pid)

    monkeypatch.setattr(run_module, "_LOOK_SECONDS", 0.05)
    try:
        rows, facts = made(maker, inputs, tmp_path, lambda *_: None, check)
    except run_module.Unavailable:  # killed before its first star: whoever called tries again
        rows, facts = made(maker, inputs, tmp_path, lambda *_: None)
    assert killed
    assert (len(rows), facts.rows_damaged) == (40, 0)


def test_a_star_that_takes_too_long_is_left_out(tmp_path, monkeypatch):
    tail = run_module._Tail(tmp_path / "journal", 60, lambda: None, lambda _: None)
    (tmp_path / "journal").write_text('{"begun": "5"}\n{"beg')
    tail.look()
    assert tail.star == "5"
    monkeypatch.setattr(tail, "_since", -1e9)
    with pytest.raises(run_module._TooSlow):
        tail.look()


def test_a_star_that_needs_too_much_memory_is_left_out(here, tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError

    inputs = many(tmp_path, stars=1)
    monkeypatch.setattr(child, "prepare_star", fail)
    here(job_of(inputs, tmp_path, [0]))
    _, facts = facts_and_bytes(inputs, tmp_path, 1)
    assert facts.damaged[0]["message"].startswith("It needs more than 2,000 MB of memory")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_part_that_is_cut_off_or_of_something_else_is_no_part(tmp_path, share):
    records = [np.zeros(1, VIEW_ROW_DTYPE)[0]]
    write_part(tmp_path / "0.part", "key", records, Facts(1, 1, 1))
    rows, facts = read_part(tmp_path / "0.part", "key")
    assert (rows["row"].tolist(), facts) == ([0], Facts(1, 1, 1))
    with pytest.raises(DamagedPart):
        read_part(tmp_path / "0.part", "another key")
    content = (tmp_path / "0.part").read_bytes()
    (tmp_path / "0.part").write_bytes(content[:-1] + b"x")
    with pytest.raises(DamagedPart):
        read_part(tmp_path / "0.part", "key")
    (tmp_path / "0.part").write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedPart):
        read_part(tmp_path / "0.part", "key")
    with pytest.raises(DamagedPart):
        merge(tmp_path / "views.npy", [(tmp_path / "0.part", "key")])
    assert not (tmp_path / "views.npy").exists()


def test_a_row_in_two_parts_is_refused(tmp_path):
    for number in (0, 1):
        write_part(tmp_path / f"{number}.part", "key", [np.zeros(1, VIEW_ROW_DTYPE)[0]], Facts())
    with pytest.raises(DamagedPart):
        merge(tmp_path / "views.npy", [(tmp_path / f"{n}.part", "key") for n in (0, 1)])


def test_only_the_first_damaged_stars_are_named():
    facts = Facts()
    for star in range(150):
        facts.add(Facts(1, 1, rows_damaged=1, damaged=[{"star": str(star), "message": "x"}]))
    assert (facts.rows_damaged, len(facts.damaged)) == (150, 100)
    assert Facts.from_json(json.loads(json.dumps(facts.as_json()))) == facts


def test_a_child_imports_neither_flask_nor_sql_nor_keras_nor_astropy():
    code = (
        "import sys, backend.light_curves.preparing.__main__, backend.light_curves.preparing.run;"
        "print({each.split('.')[0] for each in sys.modules} & "
        "{'flask', 'sqlalchemy', 'keras', 'tensorflow', 'astropy', 'scipy', 'pandas'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
