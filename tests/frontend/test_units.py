"""The modules of the page that need no browser, tested by Node's own test runner."""

import shutil
import subprocess

import pytest

from backend.config import REPOSITORY

TESTS = sorted((REPOSITORY / "tests" / "frontend").glob("*.test.js"))

NO_NODE = (
    "NO NODE: the page's modules were not tested; install Node.js 18 or later (on Debian: apt-get "
    "install nodejs)"
)

OLDEST_NODE = 18


def node() -> str:
    """The path of a Node.js that runs the tests; skips loudly where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip(NO_NODE)
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.strip().removeprefix("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"{NO_NODE}; this one is {version.stdout.strip()}")
    return found


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_modules_of_the_page_pass_their_own_tests(path):
    command = [node(), "--test", "--test-reporter=spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_the_page_finds_what_it_imports():
    script = REPOSITORY / "tests" / "frontend" / "modules.js"
    command = [node(), "--no-warnings", "--experimental-vm-modules", str(script), "frontend"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
