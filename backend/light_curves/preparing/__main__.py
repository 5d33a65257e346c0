"""`python -m backend.light_curves.preparing`: prepares parts of a table, one after the other.

The job is a line of JSON on standard input. Before each star a line goes to the journal, after each
part another: so whatever a star does to this process, the server knows which one it was, and has
all parts before it.
"""

import json
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from backend.errors import NoSpace
from backend.light_curves.preparing.division import Part, StarRows, divide
from backend.light_curves.preparing.facts import Facts
from backend.light_curves.preparing.parts import write_part
from backend.light_curves.preparing.star import damaged, prepare_star
from backend.storage.curve_sets.versions import CurveSet
from backend.storage.disk import is_full
from backend.tables.child import limits
from backend.transit.photometry.star_signals import signals_of


def main() -> None:
    """Do the job."""
    job = limits.begin()
    try:
        make_parts(job)
    except NoSpace as error:
        limits.end(job, {"no_space": error.detail})
    except OSError as error:
        if not is_full(error):
            raise
        limits.end(job, {"no_space": "The disk is full."})
    limits.end(job, {})


def make_parts(job: dict[str, Any]) -> None:
    """Prepare the parts of a job.

    Args:
        job: `table`, `evidence` (or null), `folder` of the curve set and its `packs`; `key` of all
            of these, and `most_rows` of a part; `parts`, which are numbers and where each goes;
            `left_out`, stars that are damaged and why; `journal`, a file; `memory_mb`, `seconds`
            of each star.

    Raises:
        DiskFull, OSError: parts that are there are whole.
    """
    curves = CurveSet(Path(job["folder"]), job["packs"])
    parts = divide(Path(job["table"]), curves, job["key"], job["most_rows"])
    with open(job["journal"], "a", encoding="utf-8") as journal:
        for number, path in job["parts"]:
            records, facts = _make(parts[number], curves, job, journal)
            write_part(Path(path), parts[number].key, records, facts)
            _say(journal, {"done": number, "rows": parts[number].rows})


def _make(
    part: Part, curves: CurveSet, job: dict[str, Any], journal: TextIO
) -> tuple[list[np.void], Facts]:
    records: list[np.void] = []
    facts = Facts()
    for each in part.stars:
        limits.more_time(job["seconds"])
        _say(journal, {"begun": each.star})
        of_star, said = _star(each, curves, job)
        records += of_star
        facts.add(said)
    return records, facts


def _star(each: StarRows, curves: CurveSet, job: dict[str, Any]) -> tuple[list[np.void], Facts]:
    if each.star in job["left_out"]:
        return [], damaged(each.star, len(each.rows), job["left_out"][each.star])
    rows = np.load(job["table"], mmap_mode="r")[each.rows]
    epochs = np.full(len(rows), np.nan)
    if job["evidence"] is not None:
        epochs = np.load(job["evidence"], mmap_mode="r")["epoch"][each.rows]
    try:
        return prepare_star(curves, each.star, each.rows.tolist(), signals_of(rows, epochs))
    except MemoryError:
        why = f"It needs more than {job['memory_mb']:,} MB of memory, which is not allowed."
        return [], damaged(each.star, len(rows), why)


def _say(journal: TextIO, what: dict[str, Any]) -> None:
    journal.write(json.dumps(what) + "\n")
    journal.flush()


if __name__ == "__main__":
    main()
