"""Where sessions train: on this machine, or on a cluster with what they reserve of it."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from backend import wire
from backend.background.cluster.needs import needs_of
from backend.config import Settings
from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.context import Services
from backend.services.sessions.curves import why_waiting_for_views

UNDER_WAY = ("pending", "training")

_OF_A_CLUSTER = ("cpus", "gpus", "memory_mb")


def most_at_once(services: Services, spec: Mapping[str, Any] | None = None) -> int:
    """How many sessions can train at the same time; at least 1.

    Args:
        services: the server's.
        spec: what each of them reserves; None: what the server's settings say.
    """
    most = services.settings.most_trainings
    if services.supervisor is None:
        return most
    placed = services.supervisor.runner.most_at_once(needs_of(spec or {}, services.settings))
    return most if placed is None else min(most, placed)


def place_of(services: Services, connection: Connection, session: Record) -> Record:
    """`{waiting_for, node}` of a session, from `sessions.shown`."""
    nowhere: Record = {"waiting_for": why_waiting_for_views(connection, session), "node": None}
    is_kept = session["request"] == "keep"
    if services.supervisor is None or not (session["status"] in UNDER_WAY or is_kept):
        return nowhere
    runner = services.supervisor.runner
    node = runner.node_of(session["id"])
    if node is not None:
        return {**nowhere, "node": {"name": node.name, "processor": node.processor}}
    if session["status"] == "training" or runner.cluster is None or nowhere["waiting_for"]:
        return nowhere
    needs = needs_of(json.loads(session["spec"]), services.settings)
    return {**nowhere, "waiting_for": runner.why_waiting(needs)}


def cluster_of(services: Services) -> Record:
    """The cluster as the API shows it: `{runner, reachable, message, since, nodes}`."""
    runner = services.supervisor and services.supervisor.runner
    cluster = runner.cluster if runner else None
    shown: Record = {"runner": services.settings.runner, "reachable": None, "message": None}
    if cluster is None:
        return {**shown, "since": None, "nodes": []}
    lost = {each.code: each.since for each in services.troubles.current()}
    return {
        **shown,
        "reachable": cluster.unreachable is None,
        "message": cluster.unreachable,
        "since": None if cluster.unreachable is None else lost.get("cluster"),
        "nodes": [each.model_dump(exclude={"id"}) for each in cluster.nodes],
    }


def require_cluster(settings: Settings, spec: wire.Spec) -> None:
    """Check that nothing is to be reserved where there is nothing to reserve it of.

    Raises:
        Invalid: this server trains on its own machine.
    """
    asked = [name for name in _OF_A_CLUSTER if getattr(spec, name) is not None]
    if not asked or settings.runner == "ray":
        return
    message = (
        "This server trains on its own machine: leave it out, or set EXOTRAIN_RUNNER=ray for a "
        "cluster."
    )
    raise Invalid(f"{asked[0]}: {message}", [{"field": each, "message": message} for each in asked])
