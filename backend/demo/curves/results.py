"""What both networks are worth on the same test rows, as lines of a terminal."""

from typing import Any

import numpy as np

from backend.demo.client import Answer, Api
from backend.transit.columns import LABELS
from backend.transit.evaluation.light_curves import settled_figures

_PAGE = 200
_WIDTH = 26

PLANET_AREA = "AUC, CONFIRMED against FP"

_TREES = "same_information"


def read_evaluation(api: Api, session_id: int) -> Answer:
    """The evaluation of a session, with CONFIRMED against FALSE POSITIVE on all its test rows.

    Returns:
        As the API gives it, and `settled` as `transit.evaluation.settled_figures` gives it.
    """
    path = f"/api/training/session/{session_id}/evaluation"
    evaluation: Answer = api.get(path)["evaluation"]
    rows: list[Answer] = []
    while len(rows) < evaluation["n_test"]:
        page = api.get(f"{path}/rows?offset={len(rows)}&limit={_PAGE}")["rows"]
        if not page:
            break
        rows += page
    true = np.array([row["true"] for row in rows])
    probabilities = np.array([[row["probabilities"][name] for name in LABELS] for row in rows])
    stars = np.unique([row["star"] for row in rows], return_inverse=True)[1]
    evaluation["settled"] = settled_figures(true, probabilities, stars, seed=0)
    return evaluation


def comparison(catalogue: Answer, with_curves: Answer) -> list[str]:
    """Both networks and boosted trees with the same information, side by side.

    Args:
        catalogue, with_curves: of both networks, from `read_evaluation`.
    """
    both = (catalogue, with_curves)
    trees = [each["baseline"][_TREES] for each in both]
    others = "AUC, CONFIRMED against all others"
    rows = (
        ("network: accuracy", [_ranged(e["accuracy"], e["intervals"]["accuracy"]) for e in both]),
        (f"network: {PLANET_AREA}", [_settled_area(each["settled"]) for each in both]),
        (f"network: {others}", [_confirmed_area(each) for each in both]),
        ("trees: accuracy", [_ranged(e["accuracy"], e["intervals"]["accuracy"]) for e in trees]),
        (f"trees: {others}", [_confirmed_area(each) for each in trees]),
    )
    lines = [_line("", ("catalogue", "and light curves"))]
    return lines + [_line(title, cells) for title, cells in rows]


def curves_shown_and_hidden(with_curves: Answer) -> list[str]:
    """What the light curves are worth to the network that reads them."""
    found = with_curves["light_curves"]
    lines = [_line("", ("accuracy", PLANET_AREA))]
    for title, name in (
        ("with a curve", "with_curve"),
        ("the same rows, curves hidden", "curve_hidden"),
        ("without a curve", "without_curve"),
    ):
        part = found[name]
        cells = (_figure(part["accuracy"]), _settled_area(part["settled"]))
        lines.append(_line(f"{part['rows']:4d} {title}", cells))
    return lines


def difference(study: Answer) -> str:
    """By how much the accuracies differ on the same rows, in a sentence."""
    (setting,) = study["grid"]["settings"][1:]
    found = setting["differences"]["accuracy"]
    low, high = (100 * each for each in found["interval"])
    return (
        f"Accuracy with light curves minus that without: {100 * found['difference']:+.1f} points "
        f"({low:+.1f} to {high:+.1f})."
    )


def _settled_area(settled: Answer) -> str:
    return _ranged(settled["roc_auc"], settled["intervals"]["roc_auc"])


def _confirmed_area(figures: Answer) -> str:
    return _ranged(figures["roc_auc"]["CONFIRMED"], figures["intervals"]["roc_auc"]["CONFIRMED"])


def _line(title: str, cells: Any) -> str:
    return f"  {title:42}{''.join(f'{cell:>{_WIDTH}}' for cell in cells)}"


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _ranged(value: float | None, interval: list[float] | None) -> str:
    if value is None or interval is None:
        return _figure(value)
    return f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"
