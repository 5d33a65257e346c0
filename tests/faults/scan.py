"""Finds the places of the backend that fork, start a thread, write, or change a file or a row."""

import ast
from collections.abc import Iterator
from pathlib import Path

from backend.config import REPOSITORY

BACKEND = REPOSITORY / "backend"

# By their whole name.
FUNCTIONS = {
    "subprocess.Popen": "fork",
    "subprocess.run": "fork",
    "threading.Thread": "thread",
    "threading.Timer": "thread",
    "ThreadPoolExecutor": "thread",
    "asyncio.to_thread": "thread",
    "os.fdopen": "open",
    "os.open": "open",
    "os.fsync": "fsync",
    "os.write": "write",
    "os.pwrite": "write",
    "os.replace": "rename",
    "os.rename": "rename",
    "os.unlink": "unlink",
    "os.remove": "unlink",
    "os.mkdir": "mkdir",
    "os.makedirs": "mkdir",
    "shutil.rmtree": "unlink",
    "shutil.move": "rename",
    "shutil.copy2": "write",
    "shutil.copyfile": "write",
    "shutil.copyfileobj": "write",
    "tempfile.TemporaryFile": "write",
    "tempfile.NamedTemporaryFile": "write",
    "tempfile.SpooledTemporaryFile": "write",
    "tempfile.TemporaryDirectory": "write",
    "tempfile.mkstemp": "write",
    "tempfile.mkdtemp": "write",
    "np.save": "write",
    "np.savez": "write",
    "fcntl.flock": "lock",
    # Our own, which do it for their callers.
    "sync": "fsync",
    "put_in_place": "rename",
    "replacing": "rename",
    "write_atomically": "write",
    "open_growing": "write",
}

# Of whatever object it is.
METHODS = {
    "write_bytes": "write",
    "write_text": "write",
    "touch": "write",
    "writelines": "write",
    "writerow": "write",
    "writerows": "write",
    "truncate": "write",
    "tofile": "write",
    "unlink": "unlink",
    "rmdir": "unlink",
    "rename": "rename",
    "mkdir": "mkdir",
    "symlink_to": "write",
    "hardlink_to": "write",
    "write_unless_locked": "database",
    "backup": "database",
    "run_in_executor": "thread",
}

# Whose `write` is a socket's, or one of our own that writes elsewhere.
NOT_WRITING = ("self.transport", "self", "self._copies")


def places() -> set[str]:
    """Every place, as `module.function call`."""
    found = set()
    for path in sorted(BACKEND.rglob("*.py")):
        module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {f"{module}{name} {kind}" for name, kind in places_in(tree)}
    return found


def places_in(node: ast.AST, name: str = "") -> Iterator[tuple[str, str]]:
    """The places in a part of a module: the function's name after a dot, and the call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from places_in(child, f"{name}.{child.name}")
            continue
        kind = None
        if isinstance(child, ast.Call):
            kind = kind_of(child)
        elif isinstance(child, ast.Attribute):  # called here, or passed on to be called
            kind = METHODS.get(child.attr)
        if kind is not None:
            yield name, kind
        yield from places_in(child, name)


def kind_of(call: ast.Call) -> str | None:
    """What a call does to the machine, if it is one of those."""
    name = ast.unparse(call.func)
    receiver, _, method = name.rpartition(".")
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if "open" in (name, method):
        given = [*call.args, *(each.value for each in call.keywords)]
        return "write" if any(map(is_mode_for_writing, given)) else None
    if method == "replace" and len(call.args) == 1 and not call.keywords:  # a path's, not a text's
        return "rename"
    if method in ("write", "flush") and receiver not in NOT_WRITING:
        if method == "write" and (receiver.lower().endswith("database") or not call.args):
            return "database"
        return "pipe" if receiver.endswith(("stdin", "_events", "_input")) else "write"
    return None


def is_mode_for_writing(argument: ast.expr) -> bool:
    """Whether an argument of `open` is a mode, and one for writing."""
    mode = set(str(argument.value)) if isinstance(argument, ast.Constant) else set()
    return mode <= set("rwxabt+") and bool(mode & set("wxa+"))


def exists(name: str) -> bool:
    """Whether there is a test of that name, `path::function`."""
    path, _, function = name.partition("::")
    file = REPOSITORY / Path(path)
    if not file.exists():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return any(each.name == function for each in functions)
