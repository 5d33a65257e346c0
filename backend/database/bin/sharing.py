"""The catalogues of datasets in the bin that others read as well: they count once."""

from typing import Any

from sqlalchemy import Connection, func, select

from backend.database.bin.tables import bin_entries, bin_rows
from backend.database.schema import datasets


def counted_elsewhere(connection: Connection, *wanted: Any) -> dict[int, int]:
    """What of the bytes of some entries another one counts, or a dataset that is there.

    An entry of a dataset counts its catalogue whoever else reads it. Of those that share one the
    last stands for it, since the file goes with that; a dataset that is there goes before all.

    Args:
        connection: open for reading.
        wanted: conditions of the entries.

    Returns:
        Bytes by the id of the entry; without those that share nothing.
    """
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for entry_id, workspace_id, sha256, size in connection.execute(_CATALOGUES.where(*wanted)):
        found.setdefault((workspace_id, sha256), []).append((entry_id, size))
    hashes = {sha256 for _, sha256 in found}
    query = select(datasets.c.workspace_id, datasets.c.sha256).where(datasets.c.sha256.in_(hashes))
    there = {tuple(each) for each in connection.execute(query)} if found else set()
    return {
        entry_id: size
        for key, readers in found.items()
        for entry_id, size in (readers if key in there else readers[:-1])
    }


def _of_row(name: str) -> Any:
    return func.json_extract(bin_rows.c.content, f"$[0].{name}")


_CATALOGUES = (
    select(bin_entries.c.id, bin_entries.c.workspace_id, _of_row("sha256"), _of_row("file_size"))
    .join(bin_rows, bin_rows.c.bin_id == bin_entries.c.id)
    .where(bin_entries.c.kind == "dataset", bin_rows.c.table_name == "datasets")
    .order_by(bin_entries.c.id)
)
