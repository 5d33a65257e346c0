"""Grid: a few settings with several seeds each, compared with the base on the same test rows."""

from collections.abc import Sequence

from backend import wire
from backend.database.connection import Record
from backend.errors import Invalid
from backend.services.studies.finder import Tell
from backend.services.studies.kept import Kept
from backend.services.studies.kinds.grid_figures import GridPart, find_grid_figures
from backend.services.studies.parts import seed_of, stored_spec
from backend.storage.layout import Storage

FIGURES_FIELD = "grid"
PREDICTS_EVERY_ROW = False
NOT_SHOWN: tuple[str, ...] = ()

# Besides the base.
MOST_SETTINGS = 12

# What a session has of its own; by everything else it is known which setting it has. The hash of
# its labels says which they are: their number may be another after the same file came again.
_OF_SESSION = ("model_name", "seed", "dataset_version")

_MISSING = object()


def differences(base: wire.Spec, settings: Sequence[tuple[str | None, wire.Spec]]) -> list[Record]:
    """What the settings of a grid have and its base has not: {label, changes}, as it is stored.

    Args:
        base: what the sessions of the base have in common.
        settings: of each its label, None where it follows from what differs, and the same.

    Raises:
        Invalid: one is the same as the base or as another, or has its label.
    """
    found: list[Record] = []
    for number, (label, spec) in enumerate(settings):
        changes = _changes(base, spec)
        if not changes:
            raise Invalid.field(
                f"settings.{number}",
                f"Expected a setting that differs from the base, received the base as "
                f"settings.{number}.",
            )
        found.append({"label": label or _label(changes), "changes": changes})
    for number, each in enumerate(found):
        for earlier, other in enumerate(found[:number]):
            if each["changes"] == other["changes"]:
                raise Invalid.field(
                    f"settings.{number}",
                    f"Expected settings that differ, received the same as settings.{earlier} and "
                    f"settings.{number}.",
                )
            if each["label"] == other["label"]:
                raise Invalid.field(
                    f"settings.{number}.label",
                    f"Expected labels that differ, received {each['label']!r} for "
                    f"settings.{earlier} and settings.{number}.",
                )
    return found


def specs(name: str, settings: Record) -> list[wire.Spec]:
    """Those of all sessions: the base with its seeds, then each setting with the same."""
    return [
        _spec_of(name, settings, setting, seed)
        for setting in range(len(settings["differences"]) + 1)
        for seed in settings["seeds"]
    ]


def place(study: Record, part: Record) -> dict[str, int | None]:
    """The setting of a session, 0 for the base, and its seed.

    No setting where its spec is not that of any session of the study: somebody has changed it.
    """
    seed, settings = seed_of(part), study["settings"]
    names = [name for name in settings["spec"] if name not in _OF_SESSION]
    changes = [{}, *(each["changes"] for each in settings["differences"])]
    for setting, different in enumerate(changes):
        expected = settings["spec"] | different
        is_same = all(part["spec"].get(name, _MISSING) == expected[name] for name in names)
        if is_same and seed in settings["seeds"]:
            return {"setting": setting, "seed": seed}
    return {"setting": None, "seed": seed}


def find_figures(
    storage: Storage,
    study: Record,
    parts: Sequence[Record],
    evaluated: dict[int, Record],
    tell: Tell,
    kept: Kept,
) -> None:
    """Find the figures of a grid; see `kinds.Kind` and `grid_figures`."""
    placed: dict[tuple[int, int], GridPart] = {}
    strangers = []
    for part in parts:
        if part["file"] is None or part["id"] not in evaluated:
            continue
        setting, seed = place(study, part).values()
        if setting is None or seed is None or (setting, seed) in placed:
            strangers.append(part["id"])
        else:
            placed[setting, seed] = GridPart(setting, seed, part)
    find_grid_figures(storage, study, list(placed.values()), strangers, tell, kept)


def _spec_of(name: str, settings: Record, setting: int, seed: int) -> wire.Spec:
    changes = settings["differences"][setting - 1]["changes"] if setting else {}
    own = {"model_name": f"{name}_g{setting}_s{seed}", "seed": seed}
    return stored_spec(settings["spec"] | changes | own)


def _changes(base: wire.Spec, spec: wire.Spec) -> Record:
    before = base.model_dump()
    return {name: value for name, value in spec.model_dump().items() if value != before[name]}


def _label(changes: Record) -> str:
    return ", ".join(f"{name} {_written(value)}" for name, value in changes.items())


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
