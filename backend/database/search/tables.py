"""The tables of searches and of their trials. What a trial tried is in the spec of its session."""

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table, text

from backend.database.schema import metadata

# One of each study of kind "search".
searches = Table(
    "searches",
    metadata,
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    # "open" while trials are added, else why no more are: `search.trials.ENDS`.
    Column("state", String, nullable=False, server_default=text("'open'")),
    Column("last_trial", Integer, nullable=False, server_default=text("0")),  # its number
    # How long it was open until it was last closed or opened again; None: not counted until now.
    Column("used_seconds", Float),
    Column("reopened_at", String),  # the last time; None: it never was
)

# No number comes twice: it is the key.
search_trials = Table(
    "search_trials",
    metadata,
    Column("study_id", ForeignKey("searches.study_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column(
        "session_id",
        ForeignKey("training_sessions.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
)
