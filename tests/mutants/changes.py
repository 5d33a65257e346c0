"""Reads the mutants of a module from the file that mutmut made of it."""

import ast
import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path

# mutmut writes `x_name__mutmut_1`, and of a method `xǁClassǁname__mutmut_1`.
_MANGLED = re.compile(r"\b(?:x_|xǁ\w+ǁ)(\w+?)__mutmut_(?:orig|\d+)\b")

_STRING = re.compile(r""""[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class Mutant:
    """One change of one function.

    Attributes:
        name: as mutmut calls it.
        module: path from the repository's root.
        function: its name, after the class and a dot if it is a method.
        before, after: the lines that differ, joined, each without the space around it.
        is_in_the_log: whether all of them are of a line that is written to the log.
    """

    name: str
    module: str
    function: str
    before: str
    after: str
    is_in_the_log: bool

    def changes_only_words(self) -> bool:
        """Whether it changes nothing but a sentence for somebody to read; no test holds those."""
        return self.is_in_the_log or self._changes_only_a_sentence()

    def _changes_only_a_sentence(self) -> bool:
        if _as_changed_text(self.before) != _as_changed_text(self.after):
            return False
        then, now = _STRING.findall(self.before), _STRING.findall(self.after)
        changed = [old for old, new in zip(then, now, strict=False) if old != new]
        return len(then) == len(now) and all(" " in text.strip("\"' ") for text in changed)


def mutants_of(folder: Path, module: str) -> list[Mutant]:
    """Every mutant of a module.

    Args:
        folder: where mutmut put the changed files.
        module: path from the repository's root.
    """
    known = json.loads((folder / f"{module}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    text = (folder / module).read_text(encoding="utf-8")
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    lines = text.splitlines()
    found = []
    for name in known:
        mangled, _, number = name.rpartition("__mutmut_")
        mangled = mangled.rpartition(".")[2]
        original = functions[f"{mangled}__mutmut_orig"]
        then = _body(original, lines)
        now = _body(functions[f"{mangled}__mutmut_{number}"], lines)
        before, after, changed = _difference(then, now)
        in_the_log = bool(changed) and changed <= _lines_of_the_log(original)
        found.append(Mutant(name, module, _function(mangled), before, after, in_the_log))
    return found


def _body(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> list[str]:
    own = lines[function.lineno - 1 : function.end_lineno]
    return [_MANGLED.sub(r"\1", line).strip() for line in own]


def _difference(then: list[str], now: list[str]) -> tuple[str, str, set[int]]:
    """The lines before and after, and the numbers of the former within the function, from 0."""
    before: list[str] = []
    after: list[str] = []
    changed: set[int] = set()
    matcher = difflib.SequenceMatcher(None, then, now, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            before += then[first:last]
            after += now[start:end]
            changed |= set(range(first, last))
    return " ".join(before), " ".join(after), changed


def _lines_of_the_log(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("log."):
            end = node.end_lineno or node.lineno
            found |= {line - function.lineno for line in range(node.lineno, end + 1)}
    return found


def _function(mangled: str) -> str:
    if mangled.startswith("xǁ"):
        return mangled[2:].replace("ǁ", ".")
    return mangled.removeprefix("x_")


def _as_changed_text(line: str) -> str:
    """mutmut puts XX around a text, or changes its case: neither is seen in what this returns."""
    return line.lower().replace("xx", "")
