"""What lists are sorted, filtered and searched by, and what people say of what is in them.

Figures are in the long evaluation of a session and in the long manifest of a model too, which a
list of thousands cannot read.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, text

from backend.database.schema import metadata


def _of(name: str, target: str) -> Column:
    foreign_key = ForeignKey(target, ondelete="CASCADE")
    return Column(name, foreign_key, nullable=False, primary_key=True)


def _marks() -> tuple[Column, ...]:
    """What people say of it."""
    return (
        Column("title", String),
        Column("tags", Text, nullable=False, server_default=text("'[]'")),  # a JSON list
        Column("note", Text, nullable=False, server_default=text("''")),
        Column("is_starred", Boolean, nullable=False, server_default=text("0")),
    )


def _figures() -> tuple[Column, ...]:
    """Of an evaluation on the test stars, and of the metrics on the validation stars."""
    return (
        *(Column(name, Float) for name in ("accuracy", "macro_f1", "log_loss", "ece")),
        Column("intervals", Text),  # a JSON object of [low, high]; of these four
        *(Column(name, Float) for name in ("val_accuracy", "val_log_loss", "val_loss")),
    )


# Of the spec of a session, which stands in a row with its long evaluation.
SETTINGS = (
    *("epochs", "batch_size", "learning_rate", "validation_split", "test_split", "patience"),
    *("seed", "ensemble", "dataset_version"),
)

session_facts = Table(
    "session_facts",
    metadata,
    _of("session_id", "training_sessions.id"),
    *_marks(),
    Column("dataset_name", String),
    Column("network", String),
    *_figures(),
    *(Column(name, Float) for name in SETTINGS),
)

# A model outlives its session, and so do its figures.
model_facts = Table(
    "model_facts",
    metadata,
    _of("model_id", "models.id"),
    *_marks(),
    Column("user_id", ForeignKey("users.id", ondelete="SET NULL")),  # who started its session
    Column("dataset_identity", String),
    Column("dataset_name", String),
    Column("dataset_version", Integer),
    Column("network", String),
    Column("ensemble", Integer),
    Column("is_joined", Boolean, nullable=False, server_default=text("0")),  # of a study's models
    Column("is_simulated", Boolean),
    Column("beats_guessing", Boolean),
    *_figures(),
)
