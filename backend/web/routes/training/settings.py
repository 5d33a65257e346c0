"""From the settings of a request to the specs of sessions, defaults filled in."""

from collections.abc import Collection
from itertools import product
from typing import Any

from backend import wire
from backend.background.search.space import Space, require_usable
from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.studies.kinds import grid
from backend.transit.columns import TEACHING
from backend.transit.networks import registry
from backend.web.schemas.training.requests.settings import (
    Settings,
    require_curves,
    require_reader,
    require_relations,
)
from backend.web.schemas.training.requests.studies import FoldsRequest, GridRequest, SearchRequest

OfStudy = FoldsRequest | GridRequest | SearchRequest

# What a study stores of a search besides its space.
_ASKED_OF_SEARCH = ("trials", "minutes", "parallel", "pruning")
_OF_SEARCH = ("space", *_ASKED_OF_SEARCH)


# Settings that also depend on what the table has.
_OF_THE_TABLE = ("use_relations", "use_kinds")


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
    left_out = {"workspace_key", "dataset_id", "dataset_version", *_OF_THE_TABLE, *without}
    teaching = dataset["profile"].get("evidence") or {}
    return wire.Spec(
        **settings.model_dump(exclude=left_out),
        **more,
        use_relations=_sees_relations(settings, dataset),
        use_weights="weight" in teaching,
        use_kinds=settings.use_kinds and "kind" in teaching,
        dataset_sha256=dataset["identity"],
        dataset_name=dataset["name"],
        source=dataset["source"],
    )


def spec_of_study(
    request: FoldsRequest | GridRequest | SearchRequest, dataset: Record
) -> wire.Spec:
    """What the sessions of a study have in common."""
    left_out = {"kind", "name", "seeds", "folds", "settings", *_OF_SEARCH}
    more = {"test_split": 1 / request.folds} if isinstance(request, FoldsRequest) else {}
    return make_spec(request, dataset, left_out, model_name=request.name, **more)


def own_of_study(request: OfStudy, dataset: Record, base: wire.Spec) -> dict[str, Any]:
    """What a study stores of its kind.

    Args:
        request: that starts it.
        dataset: that it is of.
        base: from `spec_of_study`.

    Raises:
        Invalid: a setting of a grid is wrong, or is the same as another; a search has no budget, or
            a space in which it cannot begin.
    """
    if isinstance(request, FoldsRequest):
        return {"folds": request.folds}
    if isinstance(request, SearchRequest):
        return _own_of_search(request, dataset, base)
    settings = []
    for number, setting in enumerate(request.settings):
        changed = request.with_setting(setting)
        try:
            require_relations(changed)
            require_curves(changed)
        except ValueError as error:
            raise Invalid.field(f"settings.{number}", str(error)) from error
        settings.append((setting.label, spec_of_study(changed, dataset)))
    _require_reader(request, [base.network, *(spec.network for _, spec in settings)])
    return {"differences": grid.differences(base, settings)}


def _own_of_search(request: SearchRequest, dataset: Record, base: wire.Spec) -> dict[str, Any]:
    if request.trials is None and request.minutes is None:
        raise Invalid.field("trials", "Expected a budget in trials or in minutes, received none.")
    space = request.space.stored()
    require_usable(space, base.model_dump())
    _require_relations_of_each(request, space)
    relations = {}
    if request.use_relations is None and "use_relations" not in space and "network" in space:
        relations = {
            network: _sees_relations(request.model_copy(update={"network": network}), dataset)
            for network in space["network"]["choices"]
        }
    asked = {name: getattr(request, name) for name in _ASKED_OF_SEARCH}
    return {**asked, "space": space, "relations": relations}


def _require_relations_of_each(request: SearchRequest, space: Space) -> None:
    """Check that each combination of choices can be trained."""
    name = "use_stellar_uncertainties"
    if name in space and request.use_relations is not True:
        raise Invalid.field(f"space.{name}", "Expected use_relations true as well.")
    chosen = {name: part["choices"] for name, part in space.items() if "choices" in part}
    _require_reader(request, chosen.get("network", [request.network]))
    for values in product(*chosen.values()):
        changed = request.model_copy(update=dict(zip(chosen, values, strict=True)))
        try:
            require_relations(changed)
            require_curves(changed)
        except ValueError as error:
            raise Invalid.field("space", str(error)) from error


def _require_reader(request: GridRequest | SearchRequest, networks: Collection[str]) -> None:
    try:
        require_reader(request, list(dict.fromkeys(networks)))
    except ValueError as error:
        raise Invalid.field("curve_set_id", str(error)) from error


def _sees_relations(settings: Settings, dataset: Record) -> bool:
    if settings.use_relations is not None:
        return settings.use_relations
    if settings.use_stellar_uncertainties:
        return True
    profile = dataset["profile"]
    relates = set(profile.get("evidence") or {}).difference(TEACHING)
    relates |= {"star"}.intersection(profile.get("recognised", {}))
    return registry.NETWORKS[settings.network].takes_relations and bool(relates)
