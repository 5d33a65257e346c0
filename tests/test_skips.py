"""What the last line of `make test` says, of real runs of pytest over small files."""

import os
import shutil
import subprocess
import sys

import pytest

from backend.config import REPOSITORY

SUITE = """\
import pytest

@pytest.mark.parametrize("page", range(3))
def test_page(page):
    pytest.skip("NO CHROMIUM: install it")

@pytest.fixture
def table():
    pytest.skip("NO ARCHIVE TABLES in a folder")

def test_table(table): pass

@pytest.mark.skipif(True, reason="only Linux")
def test_linux(): pass

def test_that_runs(): pass

@pytest.mark.client
@pytest.mark.parametrize("client", range(2))
def test_client(client): pass

@pytest.mark.client
@pytest.mark.long
def test_long(): pass
"""


@pytest.fixture
def run(tmp_path):
    """Runs the plugin's small suite, or its command, in a folder of its own."""
    (tmp_path / "test_small.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = client\n  long\n")

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("REQUIRE_ALL", "SKIPS_FILE") and not name.startswith("PYTEST_")
        }
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env={
                **inherited,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": str(REPOSITORY),
                "SKIPS_FILE": "skips",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


# Nothing else is loaded: some of what is installed takes seconds.
PYTEST = ("pytest", "-p", "tests.skips", "-p", "xdist", "-p", "no:cacheprovider")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_the_last_line_counts_what_was_skipped_by_reason(run, workers):
    assert run(*PYTEST, *workers, "-m", "not client").returncode == 0
    assert run("tests.skips", "skips").stdout == (
        "Skipped: NO CHROMIUM: install it (3); NO ARCHIVE TABLES in a folder (1); "
        "only Linux (1); left to make test-all (3)\n"
    )


def test_the_last_line_of_everything_says_nothing_of_what_was_left(run):
    run(*PYTEST, "-m", "not client", "-k", "runs or client")
    assert "left to make test-all (3)" in run("tests.skips", "skips").stdout
    run(*PYTEST, "-m", "client")
    assert run("tests.skips", "--all", "skips").stdout == "Skipped: nothing.\n"


def test_what_is_left_to_long_runs_is_said_last(run):
    run(*PYTEST, "-m", "client and not long")
    assert run("tests.skips", "--all", "skips").stdout == "Skipped: left to make test-long (1)\n"


def test_where_everything_is_required_only_the_archive_may_be_missing(run):
    answer = run(*PYTEST, "-m", "not client", REQUIRE_ALL="1")
    assert answer.returncode == 1
    assert "1 passed, 2 skipped, 3 deselected, 3 failed" in _in_order(answer.stdout)
    assert "skipped, and REQUIRE_ALL=1: NO CHROMIUM: install it" in answer.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="NO MAKE: install it")
@pytest.mark.parametrize(
    ("target", "red", "last"),
    [
        ("test", "not client", "Skipped: {file}"),
        ("test-all", "not client", "Skipped: {file}"),
        ("test-all", "client or holds or slow", "Skipped: --all {file}"),
        ("test-all", "none", "Skipped: --all {file}"),
    ],
)
def test_a_red_run_is_an_error_and_says_what_was_skipped(tmp_path, target, red, last):
    python = tmp_path / "python"
    python.write_text(f"""#!/bin/sh
case "$*" in
    "-m tests.skips "*) shift 2; echo "Skipped: $*" ;;
    *"{red}"*) exit 1 ;;
esac
""")
    python.chmod(0o755)
    file = tmp_path / "skips"
    answer = subprocess.run(
        ["make", "-o", "check", target, f"BIN={tmp_path}", f"SKIPS_FILE={file}"],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.splitlines()[-1] == last.format(file=file), answer.stderr
    assert (answer.returncode != 0) == (red != "none"), answer.stderr


def _in_order(output: str) -> str:
    """pytest's last line, its parts in an order of our own."""
    parts = output.strip().splitlines()[-1].strip("= ").partition(" in ")[0].split(", ")
    order = ("passed", "skipped", "deselected", "failed")
    return ", ".join(sorted(parts, key=lambda part: order.index(part.split(" ")[1])))
