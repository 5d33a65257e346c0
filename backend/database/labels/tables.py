"""The tables of the layer of labels over datasets, and of the versions that were frozen of it."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, text

from backend.database.schema import metadata


def _dataset(*, primary_key: bool = False) -> Column:
    target = ForeignKey("datasets.id", ondelete="CASCADE")
    return Column("dataset_id", target, nullable=False, primary_key=primary_key)


# One of each dataset that anybody has said something of; none: nobody has, and the rule is "owner".
label_layers = Table(
    "label_layers",
    metadata,
    _dataset(primary_key=True),
    Column("rule", String, nullable=False, server_default=text("'owner'")),  # or majority
    Column("revision", Integer, nullable=False, server_default=text("0")),  # grows at each change
    Column("stored_bytes", Integer, nullable=False, server_default=text("0")),
)

# What somebody said of a row. Never changed but for its end: who said what when, and why, stays.
votes = Table(
    "votes",
    metadata,
    Column("id", Integer, primary_key=True),
    _dataset(),
    Column("row", Integer, nullable=False),  # among the accepted ones, from 0
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),
    Column("user", String, nullable=False),  # the name, which outlives the user
    Column("label", Integer),  # its code; -1: leave the row out; None: only a comment
    Column("reason", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("change_id", Integer, nullable=False),  # equal for what was said in one request
    Column("replaced_id", Integer),  # the user's vote before this one, which an undo brings back
    Column("ended_at", String),  # None: it counts
    Column("ended_by", String),  # a later vote (changed), or an undo (withdrawn)
    Index("votes_by_row", "dataset_id", "row"),
    Index("votes_by_user", "dataset_id", "user_id", "change_id"),
    sqlite_autoincrement=True,
)

# The layer as it was when somebody, or a session, froze it. Version 0, the file, has no row.
dataset_versions = Table(
    "dataset_versions",
    metadata,
    _dataset(primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("sha256", String, nullable=False),
    Column("name", String),
    Column("created_at", String, nullable=False),
    Column("user", String, nullable=False),  # who froze it; the name outlives the user
    Column("changes", JSON, nullable=False),  # [[row, label code or -1], …], by row
    Column("class_counts", JSON, nullable=False),
    Column("num_excluded", Integer, nullable=False),
    Index("versions_by_hash", "dataset_id", "sha256", unique=True),
)
