"""The tables."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData()


def _table(name: str, *columns: SchemaItem) -> Table:
    # Autoincrement: an id is never reused, so that a bookmark never leads to something else.
    return Table(name, metadata, *columns, sqlite_autoincrement=True)


def _identifier() -> Column:
    return Column("id", Integer, primary_key=True)


def _reference(name: str, target: str, *, primary_key: bool = False) -> Column:
    foreign_key = ForeignKey(target, ondelete="CASCADE")
    return Column(name, foreign_key, nullable=False, primary_key=primary_key)


users = _table(
    "users",
    _identifier(),
    Column("name", String, nullable=False, unique=True),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", String, nullable=False),
)

tokens = _table(
    "tokens",
    _identifier(),
    _reference("user_id", "users.id"),
    Column("hash", String, nullable=False, unique=True),  # SHA-256, hexadecimal
    Column("hint", String, nullable=False),  # the first characters, to recognise the token by
    Column("name", String),
    Column("is_read_only", Boolean, nullable=False, server_default=text("0")),
    Column("created_at", String, nullable=False),
    Column("last_used_at", String),
    Column("expires_at", String),
    Index("tokens_by_user", "user_id"),
)

workspaces = _table(
    "workspaces",
    _identifier(),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    _reference("owner_id", "users.id"),
    Column("current_model_id", Integer),  # no foreign key: models refer to workspaces already
    Column("created_at", String, nullable=False),
    Index("workspaces_by_owner", "owner_id"),
)

members = Table(
    "members",
    metadata,
    _reference("workspace_id", "workspaces.id", primary_key=True),
    _reference("user_id", "users.id", primary_key=True),
    Column("role", String, nullable=False, server_default="editor"),  # editor or viewer
    Column("added_by", ForeignKey("users.id", ondelete="SET NULL")),
    Column("added_at", String),
    Index("members_by_user", "user_id"),
)

datasets = _table(
    "datasets",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("name", String, nullable=False),
    Column("sha256", String, nullable=False),  # of the file
    Column("suffix", String, nullable=False),  # of the file's name, without the dot
    # The hash of the file and of how it is read: what names the rows. Else that of the file.
    Column("identity", String, nullable=False),
    Column("read_as", JSON, nullable=False),  # what was said: columns, units, labels
    Column("file_size", Integer, nullable=False),
    Column("num_samples", Integer, nullable=False),
    Column("num_rejected", Integer, nullable=False),
    Column("source", String, nullable=False),
    Column("class_counts", JSON, nullable=False),
    Column("profile", JSON, nullable=False),
    # Of all its files on disk; None: not yet measured. A file that several datasets read counts for
    # one of them.
    Column("stored_bytes", Integer),
    Column("uploaded_at", String, nullable=False),
    UniqueConstraint("workspace_id", "identity"),
)

# Several sessions that answer one question. Its state is that of its sessions.
studies = _table(
    "studies",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),  # who started it
    Column("dataset_id", ForeignKey("datasets.id", ondelete="SET NULL")),
    Column("dataset_name", String, nullable=False),
    Column("dataset_size", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),  # folds
    Column("settings", JSON, nullable=False),  # of all its sessions; folds, seeds
    Column("idempotency_key", String),
    Column("created_at", String, nullable=False),
    UniqueConstraint("workspace_id", "idempotency_key"),
    Index("studies_by_workspace", "workspace_id", "id"),
)

training_sessions = _table(
    "training_sessions",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),  # who started it
    Column("version", Integer, nullable=False, server_default=text("0")),  # grows at each change
    Column("dataset_id", ForeignKey("datasets.id", ondelete="SET NULL")),
    Column("dataset_size", Integer, nullable=False),
    Column("model_name", String, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("status", String, nullable=False),  # pending training completed failed cancelled
    Column("request", String),  # stop, cancel or keep: requested, not yet done
    Column("stage", String),  # while training: preparing learning evaluating
    Column("epochs", Integer, nullable=False),
    Column("epochs_completed", Integer, nullable=False, default=0),
    Column("batches_done", Integer, nullable=False, default=0),  # of the current epoch
    Column("batches", Integer, nullable=False, default=0),
    Column("starts_without_epoch", Integer, nullable=False, default=0),
    # Grows with each start of a worker; what an earlier one still reports or writes is ignored.
    Column("starts", Integer, nullable=False, server_default=text("0")),
    # How often its worker ended by itself or had to be ended, and it was started again.
    Column("crashes", Integer, nullable=False, server_default=text("0")),
    Column("checkpoint_bytes", Integer),  # of a failed session that can be kept; None: none
    Column("training", JSON),  # what the worker reported at the start: split sizes, parameters
    Column("metrics", JSON),
    Column("best_epoch", Integer),
    Column("evaluation", JSON),
    Column("verdict", JSON),  # of the model that it has saved; None: of an earlier release
    Column("error", JSON),
    Column("model_file", String),  # relative to model/, chosen at the first start
    Column("retry_of", Integer),
    Column("idempotency_key", String),
    Column("created_at", String, nullable=False),
    Column("started_at", String),
    Column("completed_at", String),
    Column("study_id", ForeignKey("studies.id", ondelete="SET NULL")),  # that it is a part of
    UniqueConstraint("workspace_id", "idempotency_key"),
    Index("sessions_by_workspace", "workspace_id", "id"),
    Index("sessions_by_study", "study_id"),
    Index("sessions_by_status", "status", "id"),
    Index("sessions_by_user", "user_id", "status"),
    Index("sessions_by_dataset", "dataset_id"),
    # With what a list is sorted by, so that it reads no row: their evaluations are long.
    Index(
        "sessions_listed",
        *("workspace_id", "study_id", "id", "status", "model_name", "user_id", "dataset_id"),
        *("dataset_size", "epochs_completed", "created_at", "started_at", "completed_at"),
    ),
)

epochs = Table(
    "epochs",
    metadata,
    _reference("session_id", "training_sessions.id", primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("metrics", JSON, nullable=False),
)

models = _table(
    "models",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("session_id", ForeignKey("training_sessions.id", ondelete="SET NULL")),
    Column("name", String, nullable=False),
    Column("file", String, nullable=False, unique=True),  # relative to model/
    Column("sha256", String, nullable=False),
    Column("file_size", Integer, nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("stored_bytes", Integer),  # of all its files on disk; None: not yet measured
    Column("created_at", String, nullable=False),
    Column("promoted_at", String),
    # Whether a person made it the current one, not the server, when that was last done.
    Column("is_promoted_by_hand", Boolean, nullable=False, server_default=text("0")),
    Index("models_by_session", "session_id"),
    Index("models_by_workspace", "workspace_id", "id"),
    # With what a list is sorted by, so that it reads no row: their manifests are long.
    Index(
        "models_listed",
        *("workspace_id", "id", "session_id", "name", "file_size", "created_at", "promoted_at"),
    ),
)

analyses = _table(
    "analyses",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),
    Column("model_id", ForeignKey("models.id", ondelete="SET NULL")),
    Column("title", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("candidates", JSON, nullable=False),
    Column("predictions", JSON, nullable=False),
    Column("stored_bytes", Integer),  # of its row; None: not yet measured
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Index("analyses_by_workspace", "workspace_id", "id"),
)

# Catalogues that are predicted in the background. The model stands beside its id as it was when the
# batch was posted: what made the predictions can be told when the model is gone.
batches = _table(
    "batches",
    _identifier(),
    _reference("workspace_id", "workspaces.id"),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),  # who posted it
    Column("version", Integer, nullable=False, server_default=text("0")),  # grows at each change
    Column("model_id", ForeignKey("models.id", ondelete="SET NULL")),
    Column("model", JSON, nullable=False),  # id, name, sha256, created_at, threshold
    Column("asked", JSON, nullable=False),  # model_id and source of the request, or null; read_as
    Column("source", String, nullable=False),  # of a table in exotrain format
    # Which light curves its rows have, see `services.batch_jobs.light_curves`; null: none.
    Column("light_curves", JSON(none_as_null=True)),
    Column("file_name", String, nullable=False),
    Column("file_size", Integer, nullable=False),
    Column("file_sha256", String, nullable=False),
    Column("status", String, nullable=False),  # pending running completed failed cancelled
    Column("request", String),  # cancel: requested, not yet done
    Column("restarts", Integer, nullable=False, server_default=text("0")),  # since the last rows
    Column("bytes_done", Integer, nullable=False, server_default=text("0")),  # of the file
    Column("rows_done", Integer, nullable=False, server_default=text("0")),
    Column("result_bytes", Integer, nullable=False, server_default=text("0")),  # of these rows
    Column("counts", JSON),  # rows by predicted label, uncertain ones, errors
    Column("reading", JSON),  # how the table was read
    Column("result_sha256", String),
    Column("error", JSON),
    Column("stored_bytes", Integer, nullable=False),
    Column("idempotency_key", String),
    Column("created_at", String, nullable=False),
    Column("started_at", String),
    Column("completed_at", String),
    Column("expired_at", String),  # when its result was removed
    UniqueConstraint("workspace_id", "idempotency_key"),
    Index("batches_by_workspace", "workspace_id", "id"),
    Index("batches_by_status", "status", "id"),
    Index("batches_by_model", "model_id"),
)

# What happened to accounts, members, models and data. It outlives what it is about: no foreign
# keys, and names beside the ids.
audit = _table(
    "audit",
    _identifier(),
    Column("at", String, nullable=False),
    Column("action", String, nullable=False),
    Column("user_id", Integer),
    Column("user", String),
    Column("address", String),  # of the client
    Column("workspace_id", Integer),
    Column("workspace", String),  # its name
    Column("target", String),  # "model 3", "token 12", a user's name
    Column("detail", String),
    Index("audit_by_workspace", "workspace_id", "id"),
)


def now() -> str:
    """The current time, as `iso` writes it."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """A time in UTC: ISO 8601 with milliseconds and `Z`; later ones sort later."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
