"""From the settings of a request to the spec of a session, defaults filled in."""

from collections.abc import Collection
from typing import Any

from backend import wire
from backend.database.connection import Record
from backend.transit.networks import registry
from backend.web.schemas.training.sessions import Settings


def make_spec(
    settings: Settings, dataset: Record, without: Collection[str] = (), **more: Any
) -> wire.Spec:
    """The settings of a session, defaults filled in.

    Args:
        settings: of the request.
        dataset: that it is of.
        without: fields of the request that are no settings.
        more: settings that are no fields of it.
    """
    left_out = {"workspace_key", "dataset_id", "dataset_version", "use_relations", *without}
    return wire.Spec(
        **settings.model_dump(exclude=left_out),
        **more,
        use_relations=_sees_relations(settings, dataset),
        dataset_sha256=dataset["identity"],
        dataset_name=dataset["name"],
        source=dataset["source"],
    )


def _sees_relations(settings: Settings, dataset: Record) -> bool:
    if settings.use_relations is not None:
        return settings.use_relations
    if settings.use_stellar_uncertainties:
        return True
    profile = dataset["profile"]
    relates = bool(profile.get("evidence")) or "star" in profile.get("recognised", {})
    return registry.NETWORKS[settings.network].takes_relations and relates
