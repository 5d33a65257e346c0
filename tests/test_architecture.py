"""The house: which room may import which, how full a room may be, and where Keras may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from backend.config import REPOSITORY

BACKEND = REPOSITORY / "backend"
MOST_MODULES = 14

KERAS = {"tensorflow", "keras"}
WEB = {"flask", "apiflask", "werkzeug", "flask_cors", "flask_compress", "uvicorn", "h11"}
SQL = {"sqlalchemy"}
TABLES = {"astropy", "openpyxl", "pyarrow"}

# An arrow a line, from the roof to the ground: who imports whom. Every line is drawn in the code,
# every import of the code stands here, and none points up.
ROOMS = """
    app -> launcher
    launcher -> backup
    backup -> database
    backup -> storage
    backup -> config
    demo -> storage
    demo -> transit
    demo -> config
    launcher -> create_app
    launcher -> web
    launcher -> services
    launcher -> background
    launcher -> database
    launcher -> storage
    launcher -> config
    launcher -> log_format
    launcher -> errors
    create_app -> web
    create_app -> services
    create_app -> database
    create_app -> storage
    create_app -> config
    create_app -> request_ids
    web -> services
    web -> background
    web -> training
    web -> database
    web -> storage
    web -> transit
    web -> config
    web -> errors
    web -> wire
    web -> shortage
    web -> troubles
    web -> request_ids
    services -> background
    services -> training
    services -> database
    services -> tables
    services -> light_curves
    services -> storage
    services -> transit
    services -> config
    services -> errors
    services -> wire
    services -> troubles
    services -> lasting_thread
    services -> shortage
    cluster -> background
    cluster -> storage
    cluster -> transit
    cluster -> wire
    cluster -> config
    cluster -> log_format
    background -> worker
    background -> training
    background -> database
    background -> storage
    background -> transit
    background -> config
    background -> log_format
    background -> wire
    background -> troubles
    background -> errors
    background -> shortage
    worker -> training
    worker -> storage
    worker -> transit
    worker -> log_format
    worker -> wire
    training -> storage
    training -> transit
    training -> wire
    wire -> transit
    light_curves -> tables
    light_curves -> storage
    light_curves -> transit
    light_curves -> errors
    tables -> storage
    tables -> transit
    tables -> config
    tables -> errors
    database -> storage
    storage -> transit
    storage -> errors
    storage -> shortage
    log_format -> request_ids
"""

INSIDE_WEB = """
    create_app -> routes
    create_app -> web
    create_app -> tracing
    routes -> schemas
    routes -> web
    web -> schemas
    web -> http_server
    tracing -> http_server
"""

INSIDE_TRANSIT = """
    simulation -> light_curve
    simulation -> ground
    networks -> light_curve
    networks -> photometry
    networks -> ground
    photometry -> light_curve
    photometry -> ground
    light_curve -> ground
    catalog -> report
    catalog -> ground
    report -> ground
    evaluation -> ground
"""

# Modules that a server process may hold all the time: everything above the worker's jobs.
ABOVE_THE_WORKER = (
    "launcher",
    "demo",
    "web",
    "services",
    "background",
    "cluster",
    "database",
    "backup",
    "storage",
    "tables",
    "light_curves",
)

# What the parts of `training` are that the server checks a request with.
WITHOUT_KERAS = ("backend.training.spec", "backend.training.split", "backend.worker.memory")


def arrows_in(text: str) -> set[tuple[str, str]]:
    """The arrows of a drawing."""
    lines = [line.split(" -> ") for line in text.split("\n") if line.strip()]
    return {(source.strip(), target.strip()) for source, target in lines}


@cache
def modules() -> dict[str, Path]:
    """Every module of the backend by its dotted name."""
    found = {}
    for path in BACKEND.rglob("*.py"):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports_of(path: Path) -> frozenset[str]:
    """What a file imports, at its top and inside functions: modules of ours, roots of others'."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_known(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import hides where it points"
            assert node.module is not None
            found |= {_known(f"{node.module}.{alias.name}") for alias in node.names}
    return frozenset(found)


def _known(name: str) -> str:
    """The longest part of a dotted name that is a module of ours, or the first of a library."""
    parts = name.split(".")
    if parts[0] != "backend":
        return parts[0]
    while ".".join(parts) not in modules():
        parts.pop()
    return ".".join(parts)


def room_of(module: str) -> str:
    """The room of a module: its first folder, or itself where it lies beside the folders."""
    if module in ("backend", "backend.web.application"):
        return "create_app"
    return module.split(".")[1]


def part_of_web(module: str) -> str | None:
    if room_of(module) == "create_app":
        return "create_app"
    parts = module.split(".")
    if parts[1] != "web":
        return None
    return parts[2] if len(parts) > 3 else "web"


def part_of_transit(module: str) -> str | None:
    parts = module.split(".")
    if parts[1:2] != ["transit"]:
        return None
    is_room = (BACKEND / "transit" / parts[2]).is_dir() if len(parts) > 2 else False
    return parts[2] if is_room else "ground"


def drawn(part) -> set[tuple[str, str]]:
    """The arrows between the parts that the code draws."""
    found = set()
    for module, path in modules().items():
        for imported in imports_of(path):
            if imported in modules():
                ends = part(module), part(imported)
                if None not in ends and ends[0] != ends[1]:
                    found.add(ends)
    return found


DRAWINGS = {
    "rooms": (ROOMS, lambda: drawn(room_of)),
    "inside web": (INSIDE_WEB, lambda: drawn(part_of_web)),
    "inside transit": (INSIDE_TRANSIT, lambda: drawn(part_of_transit)),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_arrow_stands_in_one_line_and_every_line_is_an_arrow(name):
    text, draw = DRAWINGS[name]
    assert draw() == arrows_in(text)


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_arrow_points_up_and_there_is_no_circle(name):
    text, _ = DRAWINGS[name]
    order: dict[str, set[str]] = {}
    for source, target in arrows_in(text):
        order.setdefault(source, set()).add(target)
    list(TopologicalSorter(order).static_order())  # raises CycleError
    sources = [line.split(" -> ")[0].strip() for line in text.split("\n") if line.strip()]
    floors = list(dict.fromkeys(sources))
    for source, target in arrows_in(text):
        if target in floors:
            assert floors.index(source) < floors.index(target), f"{source} -> {target} points up"


@pytest.mark.parametrize("folder", ["backend", "benchmarks", "tests"])
def test_no_module_of_a_package_imports_itself_by_a_detour(folder):
    circle = TopologicalSorter(_module_graph(folder))
    list(circle.static_order())  # raises CycleError, which names the modules


def _module_graph(folder: str) -> dict[str, set[str]]:
    """Who imports whom, inside functions too: a circle is one wherever it is hidden."""
    paths = {}
    for path in (REPOSITORY / folder).rglob("*.py"):
        name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        paths[name.removesuffix(".__init__")] = path
    graph: dict[str, set[str]] = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        graph[name] = {each for each in _imported(tree, paths) if each != name}
    return graph


def _imported(tree: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in known or node.module in known:
                    yield full if full in known else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        yield from _imported(node, known)


@pytest.mark.parametrize("folder", ["backend", "benchmarks", "tests"])
def test_a_package_has_at_most_fourteen_modules_and_at_least_two(folder):
    for package in [REPOSITORY / folder, *(REPOSITORY / folder).rglob("*/")]:
        names = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
        assert len(names) <= MOST_MODULES, package
        subpackages = [each for each in package.glob("*/") if any(each.glob("*.py"))]
        if names and folder == "backend":
            assert len(names) + len(subpackages) >= 2, f"{package}: a folder with one is no folder"


def in_subprocess(code: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()


def loaded(names: set[str]) -> str:
    return f"print(*[name for name in {sorted(names)} if name in sys.modules])"


def test_importing_a_package_imports_no_keras():
    packages = [name for name, path in modules().items() if path.name == "__init__.py"]
    code = f"import sys\nimport {', '.join(packages)}\n{loaded(KERAS)}"
    assert in_subprocess(code) == []


def test_nothing_above_the_worker_imports_keras():
    for module, path in modules().items():
        if room_of(module) in (*ABOVE_THE_WORKER, "create_app"):
            assert not imports_of(path) & KERAS, module
    above = [name for name in modules() if room_of(name) in ABOVE_THE_WORKER]
    code = f"import sys\nimport {', '.join([*above, *WITHOUT_KERAS])}\n{loaded(KERAS)}"
    assert in_subprocess(code) == []


def test_the_server_with_its_application_does_not_import_tensorflow(tmp_path):
    code = (
        "import sys, pathlib\n"
        "import backend.launcher, backend.web.commands\n"
        "from backend import create_app\n"
        "from backend.config import Settings\n"
        f"create_app(Settings(data_dir=pathlib.Path({str(tmp_path)!r})))\n" + loaded(KERAS)
    )
    assert in_subprocess(code) == []


def test_the_science_imports_nothing_else_of_ours():
    for module, path in modules().items():
        if room_of(module) == "transit":
            ours = {name for name in imports_of(path) if name.startswith("backend")}
            assert all(name.startswith("backend.transit") for name in ours), module


def test_the_science_is_imported_without_the_web_and_without_keras():
    code = (
        "import sys\n"
        "import backend.transit.catalog.reader, backend.transit.light_curve.curve\n"
        "import backend.transit.networks.registry, backend.transit.report.findings\n"
        + loaded(KERAS | WEB | SQL)
    )
    assert in_subprocess(code) == []


def test_only_the_child_that_reads_them_knows_the_libraries_of_tables(tmp_path):
    for module, path in modules().items():
        if not module.startswith(("backend.tables.child", "backend.light_curves.child")):
            assert not imports_of(path) & TABLES, module
    code = (
        "import sys, pathlib\n"
        "import backend.launcher\n"
        "from backend import create_app\n"
        "from backend.config import Settings\n"
        f"create_app(Settings(data_dir=pathlib.Path({str(tmp_path)!r})))\n" + loaded(TABLES)
    )
    assert in_subprocess(code) == []


def test_only_the_web_knows_flask():
    for module, path in modules().items():
        if room_of(module) not in ("web", "create_app", "launcher"):
            assert not imports_of(path) & WEB, module


def test_only_the_server_knows_sql():
    for module, path in modules().items():
        if room_of(module) in ("worker", "training", "storage", "transit"):
            assert not imports_of(path) & SQL, module
