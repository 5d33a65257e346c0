"""Search: one setting after another is tried, each chosen by what the earlier ones gave."""

from collections.abc import Sequence

from backend import wire
from backend.background.search.space import MOST_TRIALS as MOST_TRIALS
from backend.background.search.trial_specs import first_tried, spec_of
from backend.database.connection import Record
from backend.services.studies.finder import Tell
from backend.services.studies.kept import Kept
from backend.services.studies.parts import seed_of, stored_spec
from backend.storage.layout import Storage

FIGURES_FIELD = ""
PREDICTS_EVERY_ROW = False
NOT_SHOWN: tuple[str, ...] = ()

MOST_PARALLEL = 4
MOST_MINUTES = 10_080


def specs(name: str, settings: Record) -> list[wire.Spec]:
    """That of the first trial; the session queue adds the others."""
    settings = {**settings, "spec": stored_spec(settings["spec"]).model_dump()}
    return [spec_of(name, settings, 1, first_tried(settings))]


def place(study: Record, part: Record) -> dict[str, int]:
    """The number of a trial, and the seed, which all of them have."""
    return {"trial": part["trial"], "seed": seed_of(part)}


def find_figures(
    storage: Storage,
    study: Record,
    parts: Sequence[Record],
    evaluated: dict[int, Record],
    tell: Tell,
    kept: Kept,
) -> None:
    """Nothing: the figures of a search are those of its sessions; see `search_view`."""
