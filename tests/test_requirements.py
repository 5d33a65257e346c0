"""The locks say what the ranges allow, for every machine, and `make` installs from them."""

import os
import re
import subprocess

import pytest
from packaging.requirements import Requirement

from backend.config import REPOSITORY

# What `make` installs beside requirements.lock, of the same versions where they overlap.
EXTRAS = ("requirements-parquet", "requirements-cluster")

NAMES = ("requirements", *EXTRAS, "requirements-dev", "requirements-mutants")

# A lock with fewer packages was not read rightly.
LEAST = {
    "requirements": 50,
    "requirements-parquet": 0,
    "requirements-cluster": 10,
    "requirements-dev": 50,
    "requirements-mutants": 10,
}

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<marker> ; .+?)? \\$", re.MULTILINE)

# Stands for the interpreter that `make` calls, and only notes what it should install.
INTERPRETER = """\
#!/bin/sh
if [ "$1" = -c ]; then exit {covered}; fi
echo "$@" >> {log}
"""


def lock(name: str) -> str:
    return (REPOSITORY / f"{name}.lock").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PIN.finditer(lock(name))}


def ranges(name: str) -> list[Requirement]:
    lines = (REPOSITORY / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


@pytest.mark.parametrize("name", NAMES)
def test_every_range_is_locked_to_a_version_within_it(name):
    locked = pins(name)
    for requirement in ranges(name):
        assert requirement.specifier.contains(locked[requirement.name]), requirement


def test_both_locks_hold_the_same_version_of_what_they_share():
    server, development = pins("requirements"), pins("requirements-dev")
    assert server.items() <= development.items()


@pytest.mark.parametrize("name", EXTRAS)
def test_an_extra_has_the_versions_of_the_server_and_of_the_tests(name):
    server, extra, development = pins("requirements"), pins(name), pins("requirements-dev")
    assert extra.items() <= development.items()
    for shared in server.keys() & extra.keys():
        assert extra[shared] == server[shared], shared


def test_a_cluster_has_one_minor_release_of_ray():
    (requirement,) = (each for each in ranges("requirements-cluster") if each.name == "ray")
    major, minor, _ = pins("requirements-cluster")["ray"].split(".")
    assert requirement.specifier.contains(f"{major}.{minor}.99")
    assert not requirement.specifier.contains(f"{major}.{int(minor) + 1}.0")
    assert not requirement.specifier.contains(f"{major}.{int(minor) - 1}.99")


def test_what_make_mutants_installs_is_of_the_versions_that_the_tests_run_on():
    development, mutants = pins("requirements-dev"), pins("requirements-mutants")
    shared = development.keys() & mutants.keys()
    assert "pytest" in shared
    for name in shared:
        assert mutants[name] == development[name], name


@pytest.mark.parametrize("name", NAMES)
def test_every_pin_has_hashes_and_no_line_names_an_index(name):
    text = lock(name)
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name)) > LEAST[name]
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert not re.search(r"--(index|extra|find|trusted)|\b(https?|file):|@ ", text)


def test_the_lock_holds_the_files_of_every_machine_that_it_covers():
    tensorflow = lock("requirements").partition("\ntensorflow==")[2].partition("\n    # via")[0]
    # Three Pythons on x86-64 and ARM Linux and on ARM macOS, at least.
    assert tensorflow.count("--hash=sha256:") >= 9


STAMPS = {"requirements": "runtime", "requirements-cluster": "cluster"}


@pytest.mark.parametrize("name", STAMPS)
@pytest.mark.parametrize(
    ("covered", "installed"),
    [
        (0, "--require-hashes -r {}.lock"),
        (1, "-r {}.txt"),
    ],
)
def test_make_installs_the_lock_or_says_in_one_line_that_it_does_not_apply(
    tmp_path, name, covered, installed
):
    log = tmp_path / "log"
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(INTERPRETER.format(covered=covered, log=log))
    python.chmod(0o755)
    if name != "requirements":
        (tmp_path / "runtime.installed").touch()
    stamp = f"{tmp_path}/{STAMPS[name]}.installed"
    output = subprocess.run(
        ["make", "--no-print-directory", f"VENV={tmp_path}", stamp],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert log.read_text().strip().endswith(f"--quiet {installed.format(name)}")
    assert output.count("\n") == covered
    assert (f"installing {name}.txt instead" in output) == bool(covered)
