"""A copy of the source in a temporary folder, in which mutmut changes modules and runs tests."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from backend.config import REPOSITORY
from tests.mutants.changes import Mutant, mutants_of
from tests.mutants.subjects import Subject

# In the environment of every process that a bench starts, with the bench's folder.
_MARK = "MUTANTS_BENCH"

_MUTMUT = (sys.executable, "-c", "from mutmut.__main__ import cli; cli()", "run")

# mutmut makes the mutants and learns which test reaches which function before it looks for this.
_NO_MUTANT = "none"

_PRELOADED = "preloaded.txt"

# A mutant may take this many times what its tests take, after some seconds more.
_TIMES, _SECONDS = 4.0, 5.0


class BenchError(Exception):
    """mutmut did not do what it should; the message ends with its last lines."""


class OutOfTime(Exception):
    """The mutants were not even made."""


class Bench:
    """One subject's copy.

    Args:
        folder: empty; the copy is made in it.
        subject: its modules and tests.
        processes: how many mutants are tested at once.
    """

    def __init__(self, folder: Path, subject: Subject, processes: int) -> None:
        self._folder = folder
        self._subject = subject
        self._processes = processes
        self._changed = folder / "source" / "mutants"

    def prepare(self, deadline: float) -> list[Mutant]:
        """Make the mutants, and let the unchanged code pass its tests.

        Args:
            deadline: in seconds of `time.monotonic`.

        Raises:
            BenchError: it does not pass them.
            OutOfTime: it was not known by then.
        """
        source = self._folder / "source"
        _copy_the_source(source)
        with open(source / "pyproject.toml", "a", encoding="utf-8") as file:
            file.write(self._configuration(source))
        output = self._run([_NO_MUTANT], deadline)
        if "nothing matches" not in output and time.monotonic() >= deadline:
            raise OutOfTime
        if "nothing matches" not in output:
            raise BenchError(f"mutmut made no mutants:\n{output[-3000:]}")
        return [
            mutant
            for module in self._subject.modules
            for mutant in mutants_of(self._changed, module)
        ]

    def test(self, mutants: list[Mutant], deadline: float) -> dict[Mutant, str]:
        """What became of each: `killed`, `timed out`, `survived` or `not tested`.

        Args:
            mutants: some of those that `prepare` returned.
            deadline: in seconds of `time.monotonic`; what is left by then is not tested.
        """
        if not mutants:
            return {}
        output = self._run([mutant.name for mutant in mutants], deadline)
        codes: dict[str, int | None] = {}
        for module in self._subject.modules:
            stored = json.loads((self._changed / f"{module}.meta").read_text(encoding="utf-8"))
            codes |= stored["exit_code_by_key"]
        if all(codes[mutant.name] is None for mutant in mutants) and time.monotonic() < deadline:
            raise BenchError(f"mutmut tested no mutant:\n{output[-3000:]}")
        return {mutant: _fate(codes[mutant.name]) for mutant in mutants}

    def _configuration(self, source: Path) -> str:
        others = sorted(path.name for path in source.iterdir() if path.name != "backend")
        values: dict[str, object] = {
            "source_paths": ["backend"],
            "only_mutate": list(self._subject.modules),
            "also_copy": others,
            "pytest_add_cli_args": ["-m", self._subject.markers, "-p", "no:cacheprovider"],
            "pytest_add_cli_args_test_selection": list(self._subject.tests),
            "timeout_multiplier": _TIMES,
            "timeout_constant": _SECONDS,
            "use_git_change_detection": False,
        }
        if self._subject.uses_tensorflow:
            # Imported once, used in no process that forks.
            (source / _PRELOADED).write_text("keras\n")
            values |= {
                "process_isolation": "forkserver",
                "forkserver_warmup": "import",
                "preload_modules_file": str(source / _PRELOADED),
            }
        lines = (f"{name} = {json.dumps(value)}" for name, value in values.items())
        return "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"

    def _run(self, names: list[str], deadline: float) -> str:
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if name != "SKIPS_FILE"}
        environment |= {_MARK: str(self._folder), "TMPDIR": str(temporary)}
        log = self._folder / "mutmut.log"
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [*_MUTMUT, "--max-children", str(self._processes), *names],
                cwd=self._folder / "source",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                pass
            finally:
                _end(process, self._folder)
        return log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def bench(subject: Subject, processes: int) -> Iterator[Bench]:
    """A bench whose folder is gone afterwards, also when it was interrupted."""
    folder = Path(tempfile.mkdtemp(prefix="exotrain-mutants-"))
    try:
        yield Bench(folder, subject, processes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_the_source(destination: Path) -> None:
    """What git knows, or would know: no data, and nothing that was built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, destination / name)


def _fate(code: int | None) -> str:
    if code is None:
        return "not tested"
    if code in (0, 5, 33):  # its tests passed, or there are none
        return "survived"
    return "timed out" if code in (-24, 24, 36, 152, 255) else "killed"


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Kill what mutmut started, also workers that lead sessions of their own (on Linux)."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    mark = f"{_MARK}={folder}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
