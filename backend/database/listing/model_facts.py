"""What lists of models need beside the models: figures, provenance, what people say of one."""

import json
from typing import Any

from sqlalchemy import Connection, insert, select, update

from backend.database.listing.facts import FIGURES, VALIDATION, figures_of, json_at, validation_of
from backend.database.listing.tables import model_facts, session_facts
from backend.database.schema import models, training_sessions

Record = dict[str, Any]  # `connection` imports the upgrades, which import this module


def _at(path: str) -> str:
    return json_at("m.manifest", path)


_FILLED = {
    "model_id": "m.id",
    "user_id": "s.user_id",
    "dataset_identity": _at("dataset_sha256"),
    "dataset_name": f"coalesce({_at('dataset_name')}, f.dataset_name)",
    "dataset_version": _at("dataset_version"),
    "network": f"coalesce({_at('network')}, f.network)",
    "ensemble": _at("spec.ensemble"),
    "is_joined": f"{_at('joined')} IS NOT NULL",
    "is_simulated": _at("simulated"),
    "beats_guessing": _at("verdict.beats_guessing"),
    "intervals": "f.intervals",
    **{name: _at(f"evaluation.{name}") for name in FIGURES},
    **{name: _at(f"metrics.{metric}") for name, metric in VALIDATION.items()},
}

# Facts of the models that an earlier release recorded.
FILL = (
    f"INSERT INTO model_facts ({', '.join(_FILLED)}) SELECT {', '.join(_FILLED.values())} "
    "FROM models m LEFT JOIN training_sessions s ON s.id = m.session_id "
    "LEFT JOIN session_facts f ON f.session_id = m.session_id"
)


def add(connection: Connection, model: Record) -> None:
    """Add the facts of a new model; what its manifest does not say is that of its session."""
    manifest = model["manifest"]
    of_session = _session_of(connection, model["session_id"])
    verdict = manifest.get("verdict")
    values = {
        "user_id": of_session.get("user_id"),
        "dataset_identity": manifest.get("dataset_sha256"),
        "dataset_name": manifest.get("dataset_name") or of_session.get("dataset_name"),
        "dataset_version": manifest.get("dataset_version"),
        "network": manifest.get("network") or of_session.get("network"),
        "ensemble": (manifest.get("spec") or {}).get("ensemble"),
        "is_joined": bool(manifest.get("joined")),
        "is_simulated": manifest.get("simulated"),
        "beats_guessing": verdict.get("beats_guessing") if isinstance(verdict, dict) else None,
        "intervals": of_session.get("intervals"),
        **figures_of(manifest.get("evaluation") or {}),
        **validation_of(manifest.get("metrics") or {}),
    }
    connection.execute(insert(model_facts).values(model_id=model["id"], **values))


def change(connection: Connection, model_id: int, **values: Any) -> None:
    """Change some facts of a model."""
    found = model_facts.c.model_id == model_id
    connection.execute(update(model_facts).where(found).values(**values))


def tags_of(connection: Connection, model_id: int) -> list[str]:
    """The tags of a model."""
    query = select(model_facts.c.tags).where(model_facts.c.model_id == model_id)
    return json.loads(connection.execute(query).scalar() or "[]")


def title_of(connection: Connection, model_id: int) -> str | None:
    """What people call a model in place of its name; None: nothing."""
    query = select(model_facts.c.title).where(model_facts.c.model_id == model_id)
    return connection.execute(query).scalar() or None


def name_dataset(connection: Connection, dataset: Record) -> None:
    """Give the models of a dataset that is deleted the name that it had last."""
    own = select(models.c.id).where(models.c.workspace_id == dataset["workspace_id"])
    connection.execute(
        update(model_facts)
        .where(model_facts.c.dataset_identity == dataset["identity"])
        .where(model_facts.c.model_id.in_(own))
        .values(dataset_name=dataset["name"])
    )


def _session_of(connection: Connection, session_id: int | None) -> Record:
    query = (
        select(
            training_sessions.c.user_id,
            *(session_facts.c[name] for name in ("dataset_name", "network", "intervals")),
        )
        .join(session_facts, session_facts.c.session_id == training_sessions.c.id)
        .where(training_sessions.c.id == session_id)
    )
    return dict(connection.execute(query).mappings().first() or {})
