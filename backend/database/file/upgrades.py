"""The upgrades of a database from earlier versions of its tables."""

import json
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, select, update
from sqlalchemy.schema import CreateColumn, CreateTable

from backend.database.bin.tables import bin_entries, bin_rows
from backend.database.curves import tables as curves
from backend.database.labels import tables as labels
from backend.database.listing import facts, model_facts
from backend.database.listing import tables as listing
from backend.database.schema import (
    analyses,
    audit,
    batches,
    datasets,
    members,
    metadata,
    models,
    studies,
    tokens,
    training_sessions,
)
from backend.database.search.tables import search_trials, searches


def _add_stage(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE training_sessions ADD COLUMN stage VARCHAR")


# What release 0.3.0 added to the tables of 0.2.0.
_ADDED_COLUMNS = (
    *(tokens.c[name] for name in ("name", "is_read_only", "last_used_at", "expires_at")),
    *(members.c[name] for name in ("role", "added_by", "added_at")),
    *(each.c.stored_bytes for each in (datasets, models, analyses)),
    *(training_sessions.c[name] for name in ("user_id", "version")),
)
_ADDED_INDEXES = (
    *("tokens_by_user", "workspaces_by_owner", "members_by_user", "sessions_by_user"),
    *("sessions_by_dataset", "models_by_session", "models_by_workspace", "analyses_by_workspace"),
)


# Within this time after it was recorded, a model of an earlier release became current by itself.
_BY_ITSELF_SECONDS = 1


def _add_columns(connection: Connection, columns: Iterable[Column]) -> None:
    for column in columns:
        definition = str(CreateColumn(column).compile(dialect=connection.dialect))
        for key in column.foreign_keys:
            definition = f"{definition} REFERENCES {key.column.table.name} ON DELETE {key.ondelete}"
        connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {definition}")


def _add_roles_versions_and_audit(connection: Connection) -> None:
    _add_columns(connection, _ADDED_COLUMNS)
    audit.create(connection)
    _create_indexes(connection, _ADDED_INDEXES)


def _create_indexes(connection: Connection, names: Collection[str]) -> None:
    for each in metadata.sorted_tables:
        for index in each.indexes:
            if index.name in names:
                index.create(connection)


def _add_starts_and_crashes(connection: Connection) -> None:
    columns = training_sessions.c
    _add_columns(connection, (columns.starts, columns.crashes, columns.checkpoint_bytes))


def _let_a_file_be_read_in_several_ways(connection: Connection) -> None:
    """Rebuild the table of datasets: SQLite cannot take a constraint away."""
    run = connection.exec_driver_sql
    create = str(CreateTable(datasets).compile(dialect=connection.dialect))
    run(create.replace("CREATE TABLE datasets", "CREATE TABLE datasets_rebuilt", 1))
    new = {"suffix": "'csv'", "identity": "sha256", "read_as": "'{}'"}
    names = ", ".join(column.name for column in datasets.c)
    values = ", ".join(new.get(column.name, column.name) for column in datasets.c)
    run(f"INSERT INTO datasets_rebuilt ({names}) SELECT {values} FROM datasets")
    # An id is never used again, also not that of a dataset that was deleted.
    run("DELETE FROM sqlite_sequence WHERE name = 'datasets_rebuilt'")
    run(
        "INSERT INTO sqlite_sequence (name, seq) "
        "SELECT 'datasets_rebuilt', seq FROM sqlite_sequence WHERE name = 'datasets'"
    )
    run("DROP TABLE datasets")
    run("ALTER TABLE datasets_rebuilt RENAME TO datasets")


def _add_verdicts(connection: Connection) -> None:
    """Until now a model that became current by itself did so when it was recorded."""
    _add_columns(connection, (training_sessions.c.verdict, models.c.is_promoted_by_hand))
    connection.exec_driver_sql(
        "UPDATE models SET is_promoted_by_hand = 1 "
        f"WHERE julianday(promoted_at) - julianday(created_at) > {_BY_ITSELF_SECONDS} / 86400.0"
    )


def _add_studies(connection: Connection) -> None:
    studies.create(connection)
    _add_columns(connection, (training_sessions.c.study_id,))
    _create_indexes(connection, ("sessions_by_study",))


def _add_labels_and_versions(connection: Connection) -> None:
    for each in (labels.label_layers, labels.votes, labels.dataset_versions):
        each.create(connection)


def _add_session_facts(connection: Connection) -> None:
    """The figures of what has ended are taken out of the evaluations once."""
    listing.session_facts.create(connection)
    _create_indexes(connection, ("sessions_listed",))
    connection.exec_driver_sql(facts.FILL)


def _add_model_facts(connection: Connection) -> None:
    listing.model_facts.create(connection)
    _create_indexes(connection, ("models_listed",))
    connection.exec_driver_sql(model_facts.FILL)


def _add_searches(connection: Connection) -> None:
    for each in (searches, search_trials):
        each.create(connection)


def _add_bin(connection: Connection) -> None:
    bin_entries.create(connection)
    bin_rows.create(connection)


def _add_minutes_of_searches(connection: Connection) -> None:
    """Not if the table has just been made by `_add_searches`."""
    there = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(searches)")}
    new = (searches.c.used_seconds, searches.c.reopened_at)
    _add_columns(connection, [each for each in new if each.name not in there])


def _add_settings_to_session_facts(connection: Connection) -> None:
    """The settings of a session beside it, also of those that are in the bin."""
    rows = connection.exec_driver_sql("PRAGMA table_info(session_facts)").mappings()
    there = {row["name"] for row in rows}  # an upgrade from far back has made the table just now
    columns = listing.session_facts.c
    _add_columns(connection, [columns[name] for name in listing.SETTINGS if name not in there])
    connection.exec_driver_sql(facts.FILL_SETTINGS)
    _fill_settings_in_bin(connection)


def _fill_settings_in_bin(connection: Connection) -> None:
    of_facts = select(*bin_rows.c).where(bin_rows.c.table_name == "session_facts")
    for row in connection.execute(of_facts).mappings().all():
        of_sessions = select(bin_rows.c.content).where(
            bin_rows.c.bin_id == row["bin_id"], bin_rows.c.table_name == "training_sessions"
        )
        sessions = chain.from_iterable(map(json.loads, connection.execute(of_sessions).scalars()))
        specs = {each["id"]: _spec_of(each) for each in sessions}
        filled = [
            each | facts.settings_of(specs.get(each["session_id"], {}))
            for each in json.loads(row["content"])
        ]
        own = bin_rows.c.bin_id == row["bin_id"], bin_rows.c.number == row["number"]
        connection.execute(update(bin_rows).where(*own).values(content=json.dumps(filled)))


def _spec_of(session: dict[str, Any]) -> dict[str, Any]:
    try:
        return json.loads(session["spec"])
    except (TypeError, ValueError):  # as a damaged one beside a living session: no settings
        return {}


def _add_curves(connection: Connection) -> None:
    for each in (curves.curve_sets, curves.curve_imports, curves.curve_uploads):
        each.create(connection)


def _add_curve_views(connection: Connection) -> None:
    curves.curve_views.create(connection)


def _add_light_curves_of_batches(connection: Connection) -> None:
    """Not if the table has just been made by an earlier step."""
    there = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(batches)")}
    if "light_curves" not in there:
        _add_columns(connection, (batches.c.light_curves,))


# UPGRADES[n] upgrades a database from version n + 1 to n + 2. `opening.upgrade` calls them with
# foreign keys off, so that one may rebuild a table, and checks every reference afterwards.
UPGRADES: list[Callable[[Connection], None]] = [
    _add_stage,
    _add_roles_versions_and_audit,
    _add_starts_and_crashes,
    _let_a_file_be_read_in_several_ways,
    batches.create,
    _add_verdicts,
    _add_studies,
    _add_labels_and_versions,
    _add_session_facts,
    _add_model_facts,
    _add_searches,
    _add_bin,
    _add_minutes_of_searches,
    _add_settings_to_session_facts,
    _add_curves,
    _add_curve_views,
    _add_light_curves_of_batches,
]

VERSION = len(UPGRADES) + 1
