"""What is done with tables in a child process: text is made of them and back, rows are related.

Whatever is in such a file, the server does not read it: libraries that parse binary tables,
spreadsheets and XML are large, and their mistakes would be the server's. Rows are related with
pandas, which is large too.
"""

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from backend.tables.children import Beyond, Crashed, Killed, TableChildren
from backend.transit.catalog.delimited.foreign import ENOUGH_BYTES, TABLE_KINDS, table_kind
from backend.transit.catalog.errors import CatalogError

# Numbers of a binary table take two to three times as many bytes as text, vectors are left out,
# and a spreadsheet is compressed.
_TEXT_PER_BYTE = 40
_LEAST_TEXT_BYTES = 64 << 20

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


class TableConverter:
    """Has a child process do it, within limits."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        """Take the limits of each child: its address space, and its time."""
        self._children = TableChildren(memory_mb, seconds)

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

    def relate(
        self,
        table: Path,
        evidence: Path | None,
        known: Path | None,
        out: Path,
        check: Callable[[], None] = lambda: None,
    ) -> bool:
        """Find the relations of a table's rows: see `transit.relations`.

        Args:
            table: `.npy` of ROW_DTYPE.
            evidence: of EVIDENCE_DTYPE, of the same rows; None: there is none.
            known: of KNOWN_DTYPE, rows that are neighbours too; None: there are none.
            out: a new file, `.npy` of RELATED_DTYPE; none is left where it fails.
            check: is called now and then; what it raises ends the work.

        Returns:
            Whether they were found; it may take more memory or time than is allowed, or than the
            machine has.

        Raises:
            NoSpace: the disk is nearly full.
            Unavailable: too many tables are read at the same time.
        """
        files = {"table": table, "evidence": evidence, "known": known, "target": out}
        job = {
            "do": "relate",
            "kind": "relations",
            **{name: path and str(path.absolute()) for name, path in files.items()},
            "output_bytes": max(table.stat().st_size, _LEAST_TEXT_BYTES),
        }
        try:
            try:
                self._children.run(job, check)
            except Killed:  # once may be chance
                out.unlink(missing_ok=True)
                self._children.run(job, check)
        except (Beyond, Crashed, Killed) as error:
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
            return self._children.run(job)
        except Beyond as error:
            raise self._beyond(job, error.limit) from error
        except Crashed as error:
            raise CatalogError(
                f"The file begins like {kind} but makes its reader crash: it is damaged. Export "
                "the table as CSV."
            ) from error

    def _beyond(self, job: dict[str, Any], limit: str) -> CatalogError:
        memory_mb, seconds = self._children.memory_mb, self._children.seconds
        limits = {
            "memory": f"more than {memory_mb:,} MB of memory (EXOTRAIN_TABLE_MEMORY_MB)",
            "time": f"more than {seconds:,} seconds (EXOTRAIN_TABLE_SECONDS)",
            "output": f"more than {job['output_bytes']:,} bytes as text",
        }
        return CatalogError(
            f"The file, {TABLE_KINDS[job['kind']]}, needs {limits.get(limit, limit)}, which is not "
            "allowed. Leave out columns or rows that are not needed, or export the table as CSV."
        )


def _converted(kind: str, outcome: dict[str, Any]) -> Converted:
    return Converted(kind, outcome["name"], outcome["tables"], outcome["notes"])
