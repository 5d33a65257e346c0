"""The tables of the bin."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from backend.database.schema import metadata

# One of each thing that was deleted, with everything that went with it. No foreign key to the
# workspace, which may be in the bin itself.
bin_entries = Table(
    "bin",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # workspace dataset session model study analysis batch
    Column("item_id", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("workspace_id", Integer, nullable=False),
    # Of the workspace: the bytes count for its owner.
    Column("owner_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),  # who deleted it
    Column("identity", String),  # of a dataset: the same bytes uploaded again restore it
    Column("files", JSON, nullable=False),  # relative to the data folder; they stay in their place
    Column("links", JSON, nullable=False),  # [[table, id, column, value], …] that it has lost
    Column("stored_bytes", Integer, nullable=False),
    Column("deleted_at", String, nullable=False),
    Column("gone_at", String),  # deleted for good: only its files may still be there
    Index("bin_by_workspace", "workspace_id", "kind", "item_id"),
    Index("bin_by_owner", "owner_id", "id"),
    sqlite_autoincrement=True,
)

# The rows of what was deleted, by the names of their columns: what a later release adds to a table
# gets its default when they are put back.
bin_rows = Table(
    "bin_rows",
    metadata,
    Column("bin_id", ForeignKey("bin.id", ondelete="CASCADE"), nullable=False, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("table_name", String, nullable=False),
    Column("row_id", Integer),  # None: rows that nothing refers to, together
    Column("content", Text, nullable=False),  # a JSON list of rows
    Index("bin_rows_by_row", "table_name", "row_id"),
)
