"""Which model predicts, and what is said of it."""

from sqlalchemy import Connection

from backend.database import models
from backend.database.connection import Record
from backend.errors import Conflict, Invalid, NotFound
from backend.transit.networks.registry import NETWORKS

# The networks that read light curves.
CURVE_READERS = tuple(each.name for each in NETWORKS.values() if each.takes_curves)

# Of the models that could be promoted.
_MOST_NAMED = 3


def choose_model(connection: Connection, workspace: Record, model_id: int | None) -> Record:
    """The model that was asked for, or the workspace's current one.

    Raises:
        NotFound: it is not in this workspace.
        Conflict: none was asked for, and there is no current one.
    """
    wanted = workspace["current_model_id"] if model_id is None else model_id
    if wanted is None:
        raise Conflict(_without_current(models.in_workspace(connection, workspace["id"])))
    model = models.find(connection, wanted)
    if model is None or model["workspace_id"] != workspace["id"]:
        raise NotFound(f"There is no model {wanted} in this workspace.")
    return model


def training_source(model: Record) -> str:
    """The format of the catalogue that the model was trained on; it determines the band."""
    return model["manifest"]["spec"]["source"]


def verdict_sentence(model: Record) -> str | None:
    """That a model is no better than guessing, with the figures; None for any other."""
    verdict = models.verdict_of(model)
    if verdict is None or verdict["beats_guessing"]:
        return None
    log_loss = verdict["log_loss"]
    found = "not a finite number" if log_loss is None else f"{log_loss:.3f}"
    return (
        f"Model {model['id']} is no better than guessing: its log loss on {verdict['rows']:,} "
        f"{verdict['part']} rows is {found}, that of the class frequencies of its training rows "
        f"{verdict['guessing_log_loss']:.3f}."
    )


def warnings_about(model: Record) -> list[str]:
    """What is to be said above every prediction of a model, in sentences."""
    if not models.is_simulated(model):
        return []
    name = model["manifest"].get("dataset_name")
    trained_on = f"simulated data ({name})" if name else "simulated data"
    return [
        f"Model {model['id']} was trained on {trained_on}: its predictions are no evidence about "
        "real stars."
    ]


def _without_current(found: list[Record]) -> str:
    """What to do in a workspace without a current model, which has these, newest first."""
    if not found:
        return (
            "This workspace has no model yet: start a training session "
            "(POST /api/training/start) and wait until it has completed."
        )
    names = ", ".join(f"{each['id']} ({each['name']!r})" for each in found[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        names += f" and {len(found) - _MOST_NAMED} older ones"
    sentences = [
        f"This workspace has no current model. It has model{'s' * (len(found) > 1)} {names}.",
        verdict_sentence(found[0]),
        f"Promote one (POST /api/models/{found[0]['id']}/promote), or name one as model_id.",
    ]
    return " ".join(filter(None, sentences))


def require_curve_reader(model: Record, field: str = "curve_set_id") -> None:
    """Check that a model reads light curves, which came in a field of the request.

    Raises:
        Invalid: its network does not.
    """
    network = model["manifest"]["spec"].get("network")
    if network in CURVE_READERS:
        return
    raise Invalid.field(
        field,
        f"Expected a model whose network reads light curves ({', '.join(CURVE_READERS)}), "
        f"received model {model['id']}, of {network or 'an earlier release'}.",
    )


def usual_numbers(model: Record) -> Record | None:
    """What is usual of the numbers of light curves in the rows that a model learnt from.

    Returns:
        as `transit.photometry.evidence.usual_numbers`; None: an earlier version has trained it, or
        it joins the models of a study.
    """
    found: Record | None = (model["manifest"].get("light_curves") or {}).get("usual")
    return found


def training_ranges(model: Record) -> Record:
    """What values each column has in the model's training rows: `manifest.training_ranges`."""
    return model["manifest"]["training_ranges"]
