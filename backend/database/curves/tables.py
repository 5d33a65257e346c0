"""The tables of curve sets."""

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from backend.database.schema import metadata


def _workspace() -> Column:
    key = ForeignKey("workspaces.id", ondelete="CASCADE")
    return Column("workspace_id", key, nullable=False)


def _user() -> Column:
    return Column("user_id", ForeignKey("users.id", ondelete="SET NULL"))


def _count(name: str) -> Column:
    return Column(name, Integer, nullable=False, server_default=text("0"))


# Light curves of many stars under one name. Each import that takes something makes a new version of
# its set; what a version has is in a file (`storage.curve_sets`), and never changes.
curve_sets = Table(
    "curve_sets",
    metadata,
    Column("id", Integer, primary_key=True),
    _workspace(),
    _user(),  # who made it
    _count("version"),  # grows at each change of the row
    Column("name", String, nullable=False),
    _count("number"),  # of its newest version; 0: it has none yet
    Column("sha256", String),  # of what that version has
    _count("stars"),
    _count("segments"),
    _count("points"),
    _count("views"),  # signals with prepared views
    _count("stored_bytes"),
    Column("idempotency_key", String),
    Column("created_at", String, nullable=False),
    Column("changed_at", String, nullable=False),
    UniqueConstraint("workspace_id", "idempotency_key"),
    Index("curve_sets_by_workspace", "workspace_id", "id"),
    sqlite_autoincrement=True,
)

# Files on their way into a set: a job of the queue. They lie in the data folder until it has ended.
curve_imports = Table(
    "curve_imports",
    metadata,
    Column("id", Integer, primary_key=True),
    _workspace(),
    Column("curve_set_id", ForeignKey("curve_sets.id", ondelete="CASCADE"), nullable=False),
    _user(),  # who brought them
    _count("version"),  # grows at each change of the row
    Column("status", String, nullable=False),  # pending running completed failed cancelled
    Column("request", String),  # cancel: requested, not yet done
    _count("restarts"),  # since the last progress
    Column("asked", JSON, nullable=False),  # what was said of the files: time system, star
    Column("files", JSON, nullable=False),  # [{name, size, sha256}, …] as they were received
    Column("bytes", Integer, nullable=False),  # of all of them
    _count("bytes_done"),
    _count("taken"),  # files, those in archives one by one
    _count("refused"),
    _count("repeated"),  # files of which the set had everything
    Column("refusals", JSON),  # the first of the refused ones: [{file, message}, …]
    Column("notes", JSON),  # what was odd of others, in the same form
    Column("number", Integer),  # of the version that it has made
    Column("error", JSON),
    _count("stored_bytes"),  # of its files, until it has ended
    Column("created_at", String, nullable=False),
    Column("started_at", String),
    Column("completed_at", String),
    Index("curve_imports_by_set", "curve_set_id", "id"),
    Index("curve_imports_by_status", "status", "id"),
    sqlite_autoincrement=True,
)

# What a version of a set shows of the rows of a dataset: a job of the queue, and what came of it.
# The file can be made again at any time.
curve_views = Table(
    "curve_views",
    metadata,
    Column("id", Integer, primary_key=True),
    _workspace(),
    Column("dataset_id", ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("identity", String, nullable=False),  # of the dataset
    Column("curve_set_id", ForeignKey("curve_sets.id", ondelete="CASCADE"), nullable=False),
    Column("curves_sha256", String, nullable=False),  # of the set's version
    Column("recipe", Integer, nullable=False),  # see `view_rows`
    _user(),  # who asked for them
    _count("version"),  # grows at each change of the row
    Column("status", String, nullable=False),  # pending running completed failed cancelled
    Column("request", String),  # cancel: requested, not yet done
    _count("restarts"),  # since the last progress
    _count("rows"),  # whose stars have light curves; 0 before they are counted
    _count("rows_done"),
    Column("facts", JSON),  # what is to be said of them; see `light_curves.preparing.facts`
    Column("error", JSON),
    _count("stored_bytes"),  # of the file, once it is there
    Column("created_at", String, nullable=False),
    Column("started_at", String),
    Column("completed_at", String),
    UniqueConstraint("workspace_id", "identity", "curves_sha256", "recipe"),
    Index("curve_views_by_set", "curve_set_id", "id"),
    Index("curve_views_by_dataset", "dataset_id"),
    Index("curve_views_by_status", "status", "id"),
    sqlite_autoincrement=True,
)

# A large file that comes in pieces, in as many requests as it takes.
curve_uploads = Table(
    "curve_uploads",
    metadata,
    Column("id", Integer, primary_key=True),
    _workspace(),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),  # of the file
    Column("size", Integer, nullable=False),
    _count("received"),  # bytes that are on the disk
    Column("created_at", String, nullable=False),
    Column("changed_at", String, nullable=False),
    Index("curve_uploads_by_workspace", "workspace_id", "id"),
    Index("curve_uploads_by_user", "user_id", "id"),
    sqlite_autoincrement=True,
)
