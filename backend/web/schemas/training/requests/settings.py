"""What sessions and studies have in common: how networks are trained, and on what."""

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from backend.training import defaults
from backend.transit.networks import registry
from backend.web.schemas.base import (
    MAX_ID,
    Identifier,
    JsonBody,
    Key,
    shown,
)
from backend.web.schemas.training.cluster import Reserved

# Of a session that has light curves and names no network.
CURVE_NETWORK = "light_curve_cnn"

NETWORK_NAME = f"^({'|'.join(registry.NETWORKS)})$"


def known_network(name: str) -> str:
    """The name of a network.

    Raises:
        ValueError: it is none.
    """
    if name not in registry.NETWORKS:
        networks = ", ".join(registry.NETWORKS)
        raise ValueError(f"Expected one of {networks}, received {shown(name)}.")
    return name


class Recipe(JsonBody):
    """How networks are trained: the settings that may differ between the sessions of a study."""

    epochs: int = Field(default=defaults.EPOCHS, ge=1, le=1000)
    batch_size: int = Field(default=defaults.BATCH_SIZE, ge=8, le=4096)
    learning_rate: float = Field(default=defaults.LEARNING_RATE, ge=1e-6, le=1)
    patience: int = Field(default=defaults.PATIENCE, ge=1, le=1000)
    network: Annotated[str, AfterValidator(known_network)] = Field(
        default=defaults.NETWORK,
        json_schema_extra={"pattern": NETWORK_NAME},
    )
    ensemble: int = Field(
        default=defaults.ENSEMBLE,
        ge=1,
        le=defaults.MAX_ENSEMBLE,
        description="Trains this many networks and averages them.",
    )
    use_relations: bool | None = Field(
        default=None,
        description="The network also sees what the other rows of the table say of a row (other "
        "candidates of its star, shared ephemerides) and how well it is known. Needs a network "
        "with `takes_relations`; by default one that does sees them, if the table names stars or "
        "has epochs or uncertainties.",
    )
    use_stellar_uncertainties: bool = Field(
        default=False,
        description="And how well its star is known, which tells follow-up from none. Needs "
        "`use_relations`.",
    )


class Settings(Reserved, Recipe):
    """The dataset, and the settings that sessions and studies have in common."""

    workspace_key: Key
    dataset_id: Identifier
    dataset_version: int | None = Field(
        default=None,
        ge=0,
        le=MAX_ID,
        description="Whose labels it learns; 0: those of the file. Without it the labels as they "
        "are now, which become a version if they are none yet.",
    )
    curve_set_id: Identifier | None = Field(
        default=None,
        description="Whose light curves it learns from, in the version that is the newest now. "
        "Needs a network with `takes_curves`, which is the default then.",
    )
    use_kinds: bool = Field(
        default=True,
        description="A network that reads light curves learns the kinds of false positives too, "
        "where the table has a column `kind`.",
    )
    validation_split: float = Field(default=defaults.VALIDATION_SPLIT, ge=0.05, le=0.5)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.curve_set_id is not None and "network" not in self.model_fields_set:
            self.network = CURVE_NETWORK
        require_relations(self)
        require_curves(self)
        return self


def require_relations(recipe: Recipe) -> None:
    """Check that a network sees only what it takes.

    Raises:
        ValueError: it is asked to see more.
    """
    takes_relations = registry.NETWORKS[recipe.network].takes_relations
    if recipe.use_relations and not takes_relations:
        able = ", ".join(each.name for each in registry.NETWORKS.values() if each.takes_relations)
        raise ValueError(
            f"use_relations: expected a network that takes relations ({able}), received "
            f"{recipe.network}."
        )
    is_unrelated = recipe.use_relations is False or not takes_relations
    if recipe.use_stellar_uncertainties and is_unrelated:
        raise ValueError("use_stellar_uncertainties: expected use_relations as well.")


def require_curves(settings: Settings) -> None:
    """Check that a network that reads light curves has some.

    Raises:
        ValueError: it has none.
    """
    if registry.NETWORKS[settings.network].takes_curves and settings.curve_set_id is None:
        raise ValueError(
            f"curve_set_id: expected a set of light curves for {settings.network}, received none."
        )


def require_reader(settings: Settings, networks: Collection[str]) -> None:
    """Check that one of the networks reads the light curves, if there are any.

    Raises:
        ValueError: none does.
    """
    if settings.curve_set_id is None:
        return
    if not any(registry.NETWORKS[name].takes_curves for name in networks):
        able = ", ".join(each.name for each in registry.NETWORKS.values() if each.takes_curves)
        raise ValueError(
            f"curve_set_id: expected a network that reads light curves ({able}), received "
            f"{', '.join(networks)}."
        )
