"""Every place that forks, starts a thread, writes, or changes a file or a row has a test here."""

import ast

import pytest

from tests.faults.places import PLACES
from tests.faults.scan import exists, places, places_in


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def listed() -> list[str]:
    """The places of the table."""
    return [line for text in PLACES.values() for line in lines(text)]


def test_every_place_is_in_the_table():
    missing = places() - set(listed())
    assert missing == set(), "write a test for each, and a line in tests/faults/places.py"


def test_every_line_of_the_table_is_a_place():
    assert set(listed()) - places() == set()


def test_no_place_stands_twice_in_the_table():
    assert len(listed()) == len(set(listed()))


@pytest.mark.parametrize("name", PLACES)
def test_every_test_of_the_table_exists(name):
    assert exists(name)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("subprocess.Popen(['x'])", "fork"),
        ("threading.Thread(target=f)", "thread"),
        ("open(path, 'wb')", "write"),
        ("path.open(mode='a')", "write"),
        ("path.write_text('x')", "write"),
        ("cleanup.callback(path.unlink)", "unlink"),
        ("os.replace(a, b)", "rename"),
        ("path.replace(target)", "rename"),
        ("os.fsync(number)", "fsync"),
        ("os.pwrite(number, data, 0)", "write"),
        ("shutil.copy2(a, b)", "write"),
        ("source.backup(target)", "database"),
        ("with self._database.write() as connection: pass", "database"),
        ("process.stdin.write(line)", "pipe"),
    ],
)
def test_a_new_place_is_found(code, kind):
    tree = ast.parse(f"class A:\n    def f(self):\n        {code}\n")
    assert (".A.f", kind) in set(places_in(tree))


@pytest.mark.parametrize(
    "code",
    ["open(path)", "open(path, 'rb')", "text.replace('a', 'b')", "self.transport.write(b'')"],
)
def test_what_changes_nothing_is_no_place(code):
    assert set(places_in(ast.parse(code))) == set()
