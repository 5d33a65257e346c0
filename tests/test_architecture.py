"""Which module may import which, and that the server stays without TensorFlow."""

import ast
import subprocess
import sys

import pytest

from backend.config import REPOSITORY

BACKEND = REPOSITORY / "backend"

KERAS = ("tensorflow", "keras")
WEB = ("flask", "apiflask", "werkzeug", "sqlalchemy", "cheroot")

ROUTES = sorted(path.stem for path in BACKEND.glob("*_routes.py"))


def imports_of(path, *, of_functions):
    """The modules that a file imports, as written, with those inside functions if wanted."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if of_functions else _outside_functions(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def _absolute(path, node):
    if not node.level:
        return node.module
    package = path.relative_to(REPOSITORY).with_suffix("").parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _outside_functions(node):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _outside_functions(child)


def ours(path, **options):
    """What it imports of the backend, by the first name below it."""
    prefix = "backend."
    names = imports_of(path, **options)
    return {name[len(prefix) :].split(".")[0] for name in names if name.startswith(prefix)}


def roots(path, **options):
    return {name.split(".")[0] for name in imports_of(path, **options) if name}


def reaches_keras(name, seen=()):
    """Whether importing a module of the backend imports Keras."""
    path = BACKEND / f"{name}.py"
    if not path.exists() or name in seen:
        return False
    if roots(path, of_functions=False) & set(KERAS):
        return True
    imported = ours(path, of_functions=False)
    return any(reaches_keras(each, (*seen, name)) for each in imported)


def in_subprocess(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_science_imports_nothing_else_of_ours_and_nothing_of_the_web():
    for path in (BACKEND / "transit").glob("*.py"):
        assert ours(path, of_functions=True) <= {"transit"}, path
        assert not roots(path, of_functions=True) & set(WEB), path


def test_the_science_is_imported_without_the_web():
    code = (
        "import sys, backend.transit.catalog.reader, backend.transit.light_curve.curve\n"
        "import backend.transit.networks.registry\n"
        f"print(*[name for name in {WEB + KERAS} if name in sys.modules])"
    )
    assert in_subprocess(code) == []


def test_the_server_with_its_application_does_not_import_tensorflow(tmp_path):
    code = (
        "import sys, pathlib\n"
        "import backend.launcher, backend.web.commands\n"
        "from backend import create_app\n"
        "from backend.config import Settings\n"
        f"create_app(Settings(data_dir=pathlib.Path({str(tmp_path)!r})))\n"
        f"print(*[name for name in {KERAS} if name in sys.modules])"
    )
    assert in_subprocess(code) == []


# Only these are run in a worker, or in the server's thread when it trains by itself.
WORKER_ONLY = {path.stem for path in BACKEND.glob("*.py") if reaches_keras(path.stem)}


@pytest.mark.parametrize("name", ROUTES)
def test_routes_know_nothing_of_training_and_are_known_by_nothing_below(name):
    imported = ours(BACKEND / f"{name}.py", of_functions=True)
    assert not imported & (WORKER_ONLY | {"runners", "worker_process", "launcher", "application"})


def test_only_the_application_and_other_routes_import_routes():
    for path in BACKEND.rglob("*.py"):
        if path.stem not in {*ROUTES, "application"}:
            assert not ours(path, of_functions=True) & set(ROUTES), path


def test_the_supervisor_knows_the_database_the_files_and_the_runners():
    allowed = {"config", "database", "files", "runners"}
    assert ours(BACKEND / "supervisor.py", of_functions=True) <= allowed


def test_a_worker_knows_neither_the_database_nor_the_web():
    assert {"jobs", "training", "prediction"} <= WORKER_ONLY
    for name in WORKER_ONLY | {"worker"}:
        path = BACKEND / f"{name}.py"
        assert not roots(path, of_functions=True) & set(WEB), name
        web = {*ROUTES, "database", "application", "auth", "services", "schemas", "supervisor"}
        assert not ours(path, of_functions=True) & web, name


def test_the_database_and_the_files_know_nothing_above_them():
    for path in [*(BACKEND / "database").glob("*.py"), BACKEND / "files.py"]:
        assert ours(path, of_functions=True) <= {"database"}, path


def test_schemas_know_only_the_vocabulary_of_the_science():
    for path in (BACKEND / "schemas").glob("*.py"):
        assert ours(path, of_functions=True) <= {"schemas", "transit"}, path


def test_nothing_that_the_server_imports_reaches_keras():
    server = {*ROUTES, "application", "launcher", "supervisor", "runners", "predictor", "worker"}
    assert not server & WORKER_ONLY
