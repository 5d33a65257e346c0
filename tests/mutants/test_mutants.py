"""`make mutants` reads mutants rightly, and its list of equivalents is of the code as it is."""

import ast
import json
import re
import sys
from contextlib import nullcontext

import pytest

from backend.config import REPOSITORY
from tests.mutants import __main__
from tests.mutants.__main__ import _chosen, _sample
from tests.mutants.bench import BenchError, OutOfTime
from tests.mutants.changes import Mutant, mutants_of
from tests.mutants.equivalents import entries, is_listed
from tests.mutants.subjects import SUBJECTS

# What mutmut writes, without what it adds around it.
CHANGED = '''\
def x_share__mutmut_orig(part):
    """A share."""
    log.info(
        "of %s", part
    )
    return part + 1

def x_share__mutmut_1(part):
    """A share."""
    log.info(
        "of %s", None
    )
    return part + 1

def x_share__mutmut_2(part=1):
    """A share."""
    log.info(
        "of %s", part
    )
    return part - 1

class Box:
    def xǁBoxǁopen__mutmut_orig(self):
        raise ValueError("It is closed.", "key")

    def xǁBoxǁopen__mutmut_1(self):
        raise ValueError("XXIt is closed.XX", "key")

    def xǁBoxǁopen__mutmut_2(self):
        raise ValueError("It is closed.", "KEY")

    def xǁBoxǁopen__mutmut_3(self):
        raise ValueError(None, "key")
'''


@pytest.fixture
def mutants(tmp_path):
    (tmp_path / "box.py").write_text(CHANGED, encoding="utf-8")
    names = [
        *(f"box.x_share__mutmut_{n}" for n in (1, 2)),
        *(f"box.xǁBoxǁopen__mutmut_{n}" for n in (1, 2, 3)),
    ]
    meta = json.dumps({"exit_code_by_key": dict.fromkeys(names)})
    (tmp_path / "box.py.meta").write_text(meta, encoding="utf-8")
    return mutants_of(tmp_path, "box.py")


def test_a_mutant_is_known_by_its_module_its_function_and_what_differs(mutants):
    assert [each.function for each in mutants] == ["share"] * 2 + ["Box.open"] * 3
    assert mutants[1] == Mutant(
        name="box.x_share__mutmut_2",
        module="box.py",
        function="share",
        before="def share(part): return part + 1",
        after="def share(part=1): return part - 1",
        is_in_the_log=False,
    )


def test_what_changes_only_a_sentence_or_the_log_is_left_out(mutants):
    left_out = [mutant.changes_only_words() for mutant in mutants]
    assert left_out == [True, False, True, False, False]


def test_a_sample_is_the_same_for_the_same_seed(mutants):
    assert _sample(mutants, 3, 1) == _sample(mutants, 3, 1)
    assert len(set(_sample(mutants, 3, 1))) == 3
    assert any(_sample(mutants, 3, 1) != _sample(mutants, 3, seed) for seed in range(2, 9))
    assert _sample(mutants, None, 1) == _sample(mutants, 99, 1) == mutants


# Of three subjects.
MODULES = ("backend/training/split.py", "backend/training/checkpoint.py", "backend/web/auth.py")


class Bench:
    """Stands in for a bench whose only mutant survives, or that cannot go on."""

    def __init__(self, module, error=None):
        self._mutant = Mutant("share_1", module, "share", "part + 1", "part - 1", False)
        self._error = error

    fate = "survived"

    def prepare(self, _deadline):
        if self._error is not None:
            raise self._error
        return [self._mutant]

    def test(self, mutants, _deadline):
        return dict.fromkeys(mutants, self.fate)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BenchError("1 failed, 175 passed"), "1 failed, 175 passed"),
        (OutOfTime(), "no time for"),
        (None, "Kill each survivor"),
    ],
)
def test_what_survives_is_said_whatever_becomes_of_other_modules(monkeypatch, capsys, error, words):
    benches = {module: Bench(module) for module in MODULES}
    benches[MODULES[1]] = Bench(MODULES[1], error)
    monkeypatch.setattr(
        __main__, "bench", lambda subject, _: nullcontext(benches[subject.modules[0]])
    )
    options = [f"--module={module}" for module in MODULES]
    monkeypatch.setattr(sys, "argv", ["mutants", *options])
    with pytest.raises(SystemExit) as end:
        __main__.main()
    said = capsys.readouterr().out
    for module in MODULES:
        survivor = f"survived: share of {module}\n  - part + 1\n  + part - 1\n"
        has_result = error is None or module != MODULES[1]
        assert (survivor in said) == has_result
    assert f"{3 if error is None else 2} survived, 0 not tested" in said
    assert words in end.value.code  # a sentence is printed, and the exit code is 1
    assert "Kill each survivor" in end.value.code
    assert (MODULES[1] in end.value.code) == (error is not None)


def test_what_timed_out_is_said_too_since_a_loaded_machine_may_be_to_blame(monkeypatch, capsys):
    monkeypatch.setattr(Bench, "fate", "timed out")
    monkeypatch.setattr(__main__, "bench", lambda subject, _: nullcontext(Bench(MODULES[0])))
    monkeypatch.setattr(sys, "argv", ["mutants", f"--module={MODULES[0]}"])
    __main__.main()  # no reason to end with code 1
    assert f"timed out: share of {MODULES[0]}\n  - part + 1" in capsys.readouterr().out


def test_a_survivor_is_listed_only_as_what_it_is(mutants):
    entry = {name: getattr(mutants[1], name) for name in ("module", "function", "before")}
    listed = [{**entry, "after": ["return part * 1", mutants[1].after], "reason": "why"}]
    assert [is_listed(mutant, listed) for mutant in mutants] == [False, True, False, False, False]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry['function']}")
def test_every_listed_equivalent_is_of_a_line_that_is_there_and_has_a_reason(entry):
    assert entry["module"] in {module for subject in SUBJECTS for module in subject.modules}
    source = (REPOSITORY / entry["module"]).read_text(encoding="utf-8")
    assert entry["before"] in _functions(source)[entry["function"]]
    assert entry["after"]
    assert entry["before"] not in entry["after"]
    assert re.search(r"\w \w", entry["reason"])


def _functions(source):
    """The text of each function on one line, by its name, after the class and a dot."""
    found = {}

    def look(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                look(child, f"{child.name}.")
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = source.splitlines()[child.lineno - 1 : child.end_lineno]
                found[prefix + child.name] = " ".join(line.strip() for line in lines)

    look(ast.parse(source), "")
    return found


def test_every_module_and_test_of_a_subject_is_there():
    for subject in SUBJECTS:
        assert subject.modules
        for path in (*subject.modules, *subject.tests):
            assert (REPOSITORY / path).exists(), path


def test_only_the_modules_that_are_named_are_changed():
    names = ["backend/web/auth.py", "backend/background/runners.py", "backend/app.py"]
    chosen = _chosen(names)
    assert {name: each.tests for each in chosen for name in each.modules} == {
        name: each.tests for each in SUBJECTS for name in each.modules if name in names
    }
    assert _chosen([]) == list(SUBJECTS)
    assert _chosen(["backend/app.py"]) == []
