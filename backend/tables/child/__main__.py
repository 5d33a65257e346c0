"""`python -m backend.tables.child`: one job, as a line of JSON on standard input.

Its outcome is one JSON object in the file that the job names. When the input closes, the server is
gone, and the process ends.
"""

import errno
from pathlib import Path
from typing import Any

from backend.errors import NoSpace
from backend.storage.incoming import open_growing
from backend.tables.child import limits
from backend.tables.child.found import Found
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.delimited.foreign import TABLE_KINDS

_LONGEST_MESSAGE = 300
_MOST_NAMED = 100


def main() -> None:
    """Do the job, and write its outcome."""
    job = limits.begin()
    limits.end(job, outcome_of(job))


def outcome_of(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job.

    Returns:
        What the server is told: of a table that was read {name, tables, notes}, of one that was
        not {error, tables}, {no_space} or {limit}; nothing of one that was written or related.
    """
    try:
        return _JOBS[job["do"]](job)
    except NotReadable as error:
        return {"error": str(error), "tables": error.tables[:_MOST_NAMED]}
    except NoSpace as error:
        return {"no_space": error.detail}
    except MemoryError:
        return {"limit": "memory"}
    except ModuleNotFoundError as error:
        return {"error": _missing(job["kind"], str(error.name))}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {"limit": "output"}
        if error.errno == errno.ENOSPC:
            return {"no_space": "The disk is full."}
        return _unreadable(job["kind"], error)
    except Exception as error:
        if type(error).__name__ == "ArrowMemoryError" or _is_refusal(error):
            return {"error": str(_refusal(error))} if _is_refusal(error) else {"limit": "memory"}
        return _unreadable(job["kind"], error)


def read_table(path: Path, kind: str, wanted: str | None, notes: list[str]) -> Found:
    """Find the table of a file; the library of its kind is imported here."""
    match kind:
        case "votable":
            from backend.tables.child import votable

            return votable.read(path, wanted, notes)
        case "fits":
            from backend.tables.child import fits

            return fits.read(path, wanted, notes)
        case "parquet":
            from backend.tables.child import parquet

            return parquet.read(path, wanted, notes)
        case "xlsx":
            from backend.tables.child import xlsx

            return xlsx.read(path, wanted, notes)
        case _:
            from backend.tables.child import astronomers_text

            return astronomers_text.read(path, kind, wanted, notes)


def _read(job: dict[str, Any]) -> dict[str, Any]:
    notes: list[str] = []
    found = read_table(Path(job["source"]), job["kind"], job["table"], notes)
    with open_growing(Path(job["target"])) as file:
        for text in found.text:
            file.write(text.encode())
    return {"name": found.name, "tables": found.tables, "notes": notes}


def _write(job: dict[str, Any]) -> dict[str, Any]:
    from backend.tables.child import writing

    with open_growing(Path(job["target"])) as file:
        writing.write(Path(job["source"]), job["columns"], job["metadata"], job["kind"], file)
    return {}


def _relate(job: dict[str, Any]) -> dict[str, Any]:
    from backend.tables.child import relating

    with open_growing(Path(job["target"])) as file:
        relating.relate(job["table"], job["evidence"], job["known"], file)
    return {}


_JOBS = {"read": _read, "write": _write, "relate": _relate}


def _missing(kind: str, module: str) -> str:
    name = TABLE_KINDS[kind]
    if kind == "parquet":
        return (
            f"The file is {name}, which this server cannot read: the package pyarrow is not "
            "installed. The administrator can install it: pip install -r requirements-parquet.txt. "
            "Or export the table as CSV."
        )
    return f"The file is {name}, which needs the package {module}; it is not installed."


def _is_refusal(error: BaseException) -> bool:
    return _refusal(error) is not None


def _refusal(error: BaseException) -> NotReadable | None:
    """What a library has put its own error around."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotReadable):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _unreadable(kind: str, error: Exception) -> dict[str, Any]:
    text = " ".join(str(error).split())
    plain = "".join(each for each in text if each.isprintable())[:_LONGEST_MESSAGE]
    why = f"{type(error).__name__}: {plain}" if plain else type(error).__name__
    return {
        "error": f"The file begins like {TABLE_KINDS[kind]} but cannot be read ({why}). It is "
        "damaged, or not of that kind; export the table as CSV."
    }


if __name__ == "__main__":
    main()
