"""What is done with tables in a child process: text is made of them and back, rows are related.

Whatever is in such a file, the server does not read it: libraries that parse binary tables,
spreadsheets and XML are large, and their mistakes would be the server's. Rows are related with
pandas, which is large too.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from backend.config import REPOSITORY
from backend.errors import NoSpace, Unavailable
from backend.storage.permissions import FOLDER_MODE
from backend.transit.catalog.delimited.foreign import ENOUGH_BYTES, TABLE_KINDS, table_kind
from backend.transit.catalog.errors import CatalogError

# Each may take as much memory as the setting says.
_MOST_AT_ONCE = 2
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = "10"

# Numbers of a binary table take two to three times as many bytes as text, vectors are left out,
# and a spreadsheet is compressed.
_TEXT_PER_BYTE = 40
_LEAST_TEXT_BYTES = 64 << 20

_CRASHES = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL)

_LONGEST_OUTCOME = 1 << 20
_LOG_BYTES = 2_000

# Of the server's environment the child gets these and no other: no token is among them.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT", "TZ")

log = logging.getLogger(__name__)


class Converted(NamedTuple):
    """What a file was: one of TABLE_KINDS, the table that was read, all of them, what was odd."""

    kind: str
    table: str
    tables: list[str]
    notes: list[str]

    def described(self) -> dict[str, Any]:
        """For the profile of a dataset: where its rows come from."""
        return {"kind": self.kind, "table": self.table, "tables": self.tables}


class _Beyond(Exception):
    """A job needs more than it may have: "memory", "time" or "output"."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class _Crashed(Exception):
    """A child was ended by a mistake of its own."""


class TableConverter:
    """Starts the child processes, a few at a time."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        """Take the limits of each child: its address space, and its time."""
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._room = threading.BoundedSemaphore(_MOST_AT_ONCE)

    @contextmanager
    def as_text(
        self, source: BinaryIO, folder: Path, wanted: str | None = None
    ) -> Iterator[tuple[BinaryIO, Converted | None]]:
        """A file as delimited text, for as long as the context lasts.

        Args:
            source: an open file with a name, at its beginning.
            folder: where the text is written; nothing is left there.
            wanted: the name of the table, if the file has several.

        Returns:
            The text, and what it was made of; the file itself and None if it is text.

        Raises:
            CatalogError: there is no table in it that can be read, or it is beyond the limits.
            NoSpace: the disk is nearly full.
            Unavailable: too many are read at the same time, or the process was killed.
        """
        kind = table_kind(source.read(ENOUGH_BYTES))
        source.seek(0)
        if kind is None:
            if wanted is not None:
                raise CatalogError(
                    "The file is text with one table: leave out the form field `table`."
                )
            yield source, None
            return
        text = folder / uuid.uuid4().hex
        try:
            outcome = self._run_with_file(
                {
                    "do": "read",
                    "kind": kind,
                    "source": str(Path(source.name).absolute()),
                    "target": str(text),
                    "table": wanted,
                    "output_bytes": max(
                        os.fstat(source.fileno()).st_size * _TEXT_PER_BYTE, _LEAST_TEXT_BYTES
                    ),
                }
            )
            converted = _converted(kind, outcome)
            with open(text, "rb") as file:
                yield file, converted
        finally:
            text.unlink(missing_ok=True)

    def write_table(
        self,
        csv_path: Path,
        columns: list[dict[str, Any]],
        metadata: dict[str, Any],
        kind: str,
        out: Path,
    ) -> None:
        """Write a CSV file of ours as ECSV or VOTable.

        Args:
            csv_path: between commas, in UTF-8, with a header.
            columns: of each of its columns {name, unit, description, type}; the type is "float",
                "int", "bool" or "text".
            metadata: by name what it is and where it comes from: text or numbers.
            kind: "ecsv" or "votable".
            out: a new file; none is left where it fails.

        Raises:
            CatalogError: the rows do not fit the columns, or it is beyond the limits.
            NoSpace: the disk is nearly full.
            Unavailable: too many are written at the same time, or the process was killed.
        """
        job = {
            "do": "write",
            "kind": kind,
            "columns": columns,
            "metadata": metadata,
            "source": str(csv_path.absolute()),
            "target": str(out.absolute()),
            "output_bytes": max(csv_path.stat().st_size * _TEXT_PER_BYTE, _LEAST_TEXT_BYTES),
        }
        try:
            self._run_with_file(job)
        except BaseException:
            out.unlink(missing_ok=True)
            raise

    def relate(self, table: Path, evidence: Path | None, known: Path | None, out: Path) -> bool:
        """Find the relations of a table's rows: see `transit.relations`.

        Args:
            table: `.npy` of ROW_DTYPE.
            evidence: of EVIDENCE_DTYPE, of the same rows; None: there is none.
            known: of KNOWN_DTYPE, rows that are neighbours too; None: there are none.
            out: a new file, `.npy` of RELATED_DTYPE; none is left where it fails.

        Returns:
            Whether they were found; it may take more memory or time than is allowed.

        Raises:
            NoSpace: the disk is nearly full.
            Unavailable: too many tables are read at the same time, or the process was killed.
        """
        files = {"table": table, "evidence": evidence, "known": known, "target": out}
        job = {
            "do": "relate",
            "kind": "relations",
            **{name: path and str(path.absolute()) for name, path in files.items()},
            "output_bytes": max(table.stat().st_size, _LEAST_TEXT_BYTES),
        }
        try:
            self._run(job)
        except (_Beyond, _Crashed) as error:
            log.warning("the rows of %s were not related: %s", table.name, error)
            out.unlink(missing_ok=True)
            return False
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        return True

    def _run_with_file(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job with a file that a user has sent, or will get.

        Raises:
            CatalogError: it cannot be done with this file.
        """
        kind = TABLE_KINDS[job["kind"]]
        try:
            return self._run(job)
        except _Beyond as error:
            raise self._beyond(job, error.limit) from error
        except _Crashed as error:
            raise CatalogError(
                f"The file begins like {kind} but makes its reader crash: it is damaged. Export "
                "the table as CSV."
            ) from error

    def _run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job in a child; what it tells if it succeeds.

        Raises:
            _Beyond, _Crashed, CatalogError, NoSpace, Unavailable: it does not.
        """
        if not self._room.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable(
                "Other tables of this kind are being read: try again in a few seconds.",
                Retry_After=_RETRY_SECONDS,
            )
        try:
            os.makedirs(tempfile.gettempdir(), FOLDER_MODE, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="table-", ignore_cleanup_errors=True) as own:
                exit_code = self._child(job, Path(own))
                outcome = _outcome(Path(own) / "outcome.json")
                if outcome is None:
                    raise self._failure(job, exit_code, Path(own) / "log")
        finally:
            self._room.release()
        if "limit" in outcome:
            raise _Beyond(outcome["limit"])
        if "no_space" in outcome:
            raise NoSpace(str(outcome["no_space"]))
        if "error" in outcome:
            raise CatalogError(str(outcome["error"]), tables=outcome.get("tables"))
        return outcome

    def _child(self, job: dict[str, Any], own: Path) -> int | None:
        """Run one; its exit code, None if it took too long."""
        job = {
            **job,
            "outcome": str(own / "outcome.json"),
            "parent": os.getpid(),
            "memory_mb": self._memory_mb,
            "seconds": self._seconds,
        }
        with open(own / "log", "wb") as output:
            child = subprocess.Popen(
                _command(),
                bufsize=0,  # what cannot be sent is not sent again when the pipe is closed
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(str(own)),
                cwd=REPOSITORY,
                start_new_session=True,  # the server handles Ctrl-C in the terminal
            )
        assert child.stdin is not None
        with child:
            try:
                line = json.dumps(job).encode() + b"\n"
                while line:
                    line = line[child.stdin.write(line) :]
                return child.wait(self._seconds)
            except BrokenPipeError:
                child.kill()  # one that cannot be told what to do would wait for ever
                return child.wait()
            except subprocess.TimeoutExpired:
                return None
            finally:
                child.kill()

    def _failure(self, job: dict[str, Any], exit_code: int | None, output: Path) -> Exception:
        """Why a child has told nothing."""
        if exit_code is None or exit_code == -signal.SIGXCPU:
            return _Beyond("time")
        said = output.read_bytes()[-_LOG_BYTES:].decode("utf-8", "backslashreplace")
        log.warning("the process for a table (%s) ended with %s: %r", job["kind"], exit_code, said)
        if exit_code in _CRASHES or (job["do"] == "relate" and exit_code == 1):
            return _Crashed(f"the child ended with {exit_code}")
        return Unavailable(
            "The process that reads such tables was killed or could not work: try again in a few "
            "seconds, or export the table as CSV.",
            Retry_After=_RETRY_SECONDS,
        )

    def _beyond(self, job: dict[str, Any], limit: str) -> CatalogError:
        limits = {
            "memory": f"more than {self._memory_mb:,} MB of memory (EXOTRAIN_TABLE_MEMORY_MB)",
            "time": f"more than {self._seconds:,} seconds (EXOTRAIN_TABLE_SECONDS)",
            "output": f"more than {job['output_bytes']:,} bytes as text",
        }
        return CatalogError(
            f"The file, {TABLE_KINDS[job['kind']]}, needs {limits.get(limit, limit)}, which is not "
            "allowed. Leave out columns or rows that are not needed, or export the table as CSV."
        )


def _command() -> list[str]:
    # Without -B, the limit on what it writes could cut off a compiled module, for ever.
    return [sys.executable, "-B", "-m", "backend.tables.child"]


def _converted(kind: str, outcome: dict[str, Any]) -> Converted:
    return Converted(kind, outcome["name"], outcome["tables"], outcome["notes"])


def _outcome(path: Path) -> dict[str, Any] | None:
    """What a child has written, if it is that."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_LONGEST_OUTCOME))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _environment(temporary: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(REPOSITORY), kept.get("PYTHONPATH", "")]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "HOME": temporary,
        "TMPDIR": temporary,
        # Threads and arenas of their own would take address space.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
