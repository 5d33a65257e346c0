"""Which modules are changed, and which tests must notice."""

from dataclasses import dataclass

from backend.config import REPOSITORY

# What takes long, or needs what a machine may lack, is left out.
_QUICK = "not e2e and not archive and not client and not holds and not slow"


@dataclass(frozen=True)
class Subject:
    """Modules, with the tests that concern them.

    Attributes:
        modules, tests: paths from the repository's root.
        uses_tensorflow: whether the tests do. It does not work in forks of a process that used it.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    uses_tensorflow: bool = False

    @property
    def markers(self) -> str:
        """Of the tests, as pytest's option -m takes it."""
        return _QUICK if self.uses_tensorflow else f"not tensorflow and {_QUICK}"


def _all_of(folder: str) -> tuple[str, ...]:
    found = (path for path in (REPOSITORY / folder).glob("*.py") if path.name != "__init__.py")
    return tuple(sorted(f"{folder}/{path.name}" for path in found))


SUBJECTS = (
    Subject(
        modules=(
            "backend/training/split.py",
            "backend/transit/parts.py",
            "backend/transit/evaluation/calibration.py",
        ),
        tests=(
            "tests/training/test_split.py",
            "tests/transit/test_parts.py",
            "tests/transit/evaluation/test_calibration.py",
        ),
    ),
    Subject(
        modules=("backend/training/checkpoint.py",),
        tests=("tests/training/test_checkpoint.py",),
        uses_tensorflow=True,
    ),
    Subject(
        modules=_all_of("backend/storage"),
        tests=("tests/storage", "tests/services"),
    ),
    Subject(
        modules=("backend/web/auth.py", "backend/web/tokens.py"),
        tests=("tests/web/test_auth.py", "tests/web/test_tokens.py", "tests/web/test_access.py"),
    ),
    Subject(
        modules=(
            "backend/background/workers/memory_kills.py",
            "backend/background/workers/pulse.py",
            "backend/background/workers/reports.py",
        ),
        tests=(
            "tests/background/workers/test_memory_kills.py",
            "tests/background/workers/test_pulse.py",
            "tests/background/workers/test_reports.py",
        ),
    ),
    Subject(
        modules=(
            "backend/background/runners.py",
            "backend/background/workers/session_worker.py",
            "backend/background/workers/thread_runner.py",
        ),
        tests=("tests/background/workers", "tests/background/test_runners.py"),
    ),
    Subject(
        modules=("backend/background/attempts.py",),
        tests=("tests/background/test_attempts.py",),
    ),
    Subject(
        modules=(
            "backend/background/running_sessions.py",
            "backend/background/session_end.py",
            "backend/background/session_events.py",
            "backend/background/session_starts.py",
            "backend/background/supervisor.py",
        ),
        tests=(
            "tests/background/test_keeping.py",
            "tests/background/test_session_end.py",
            "tests/background/test_session_events.py",
            "tests/background/test_session_faults.py",
            "tests/background/test_session_starts.py",
            "tests/background/test_supervisor.py",
        ),
    ),
)
