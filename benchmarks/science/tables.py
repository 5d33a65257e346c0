"""Write the tables and pictures of `benchmarks.science` into docs/, from the files of its runs."""

import json
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from backend.config import REPOSITORY
from backend.transit.evaluation.calibration import coverage_curve
from backend.transit.evaluation.calibration_choice import Calibration
from backend.transit.evaluation.figures import (
    brief,
    expected_calibration_error,
    regression_errors,
    reliability_bins,
)
from benchmarks.science.plan import ABLATION_FOLDS, ABLATIONS, LIBRARIES, TUNED
from benchmarks.science.runs import Run

FIGURES = ("accuracy", "macro_f1", "log_loss")
HEADER = "| | accuracy | macro-F1 | log loss |"
RULE = "|---|---|---|---|"

DOCUMENTS = ("docs/BENCHMARKS.md", "docs/MODEL_ARCHITECTURE.md")

Result = dict[str, Any]
Lines = list[str]


def write(runs: Sequence[Run], folder: Path) -> None:
    """Print every table that has runs, and write it into the documents at its anchor."""
    results = {run: _load(run, folder) for run in runs if run.file(folder).exists()}
    for name, table in TABLES.items():
        lines = table(results)
        if lines:
            print(f"\n{name}\n\n" + "\n".join(lines))
            _insert(name, lines)
    if any(run.part == "koi" for run in results):
        _draw(results)


def _load(run: Run, folder: Path) -> Result:
    with np.load(run.file(folder)) as stored:
        result: Result = dict(stored)
    return {**result, **brief(result["true"], result["probabilities"])}


def _koi(results: dict[Run, Result]) -> Lines:
    lines = [f"{HEADER} ECE, pooled | seconds |", f"{RULE}---|---|"]
    for title, chosen in _methods(results, "koi"):
        pooled = [np.concatenate([r[name] for r in chosen]) for name in ("true", "probabilities")]
        seconds = statistics.fmean(float(r["wall"]) for r in chosen)
        ece = expected_calibration_error(*pooled)
        lines.append(f"{_row(title, chosen)} {ece:.3f} | {seconds:.0f} |")
    return lines if len(lines) > 2 else []


def _differences(results: dict[Run, Result]) -> Lines:
    """Each network against the better tree on the same folds: paired differences."""
    methods = dict(_methods(results, "koi"))
    lines = [f"| network | against the better tree on{HEADER[1:]}", f"|---{RULE}"]
    for network, information in (
        ("transit_cnn", "same information"),
        ("transit_cnn_catalogue", "all columns"),
        (_ensemble_title(results), "all columns"),
    ):
        for whole in ("", " (validation stars too)"):
            names = [f"{library} on {information}{whole}" for library in (*LIBRARIES, TUNED)]
            trees = [methods[name] for name in names if name in methods]
            if network not in methods or not trees:
                continue
            cells = [_difference(methods[network], trees, figure) for figure in FIGURES]
            lines.append(f"| {network} | {information}{whole} | {' | '.join(cells)} |")
    return lines if len(lines) > 2 else []


def _difference(network: list[Result], trees: list[Any], figure: str) -> str:
    """Mean and standard error of the paired difference to the tree with the better figure."""
    sign = -1 if figure == "log_loss" else 1
    better = max(trees, key=lambda tree: sign * statistics.fmean(r[figure] for r in tree))
    paired = [a[figure] - b[figure] for a, b in zip(network, better, strict=True)]
    error = statistics.stdev(paired) / len(paired) ** 0.5
    return f"{statistics.fmean(paired):+.4f} ± {error:.4f}"


def _regressions(results: dict[Run, Result]) -> Lines:
    lines = ["| | period, median relative error | depth, median relative error |", "|---|---|---|"]
    for title, chosen in _methods(results, "koi"):
        if "period" not in chosen[0]:
            continue
        cells = []
        for found, true in (("period", "true_period"), ("depth_ppm", "true_depth")):
            pooled = [np.concatenate([r[name] for r in chosen]) for name in (true, found)]
            cells.append(f"{regression_errors(*pooled)['median_relative_error']:.1%}")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines if len(lines) > 2 else []


def _transfer(results: dict[Run, Result]) -> Lines:
    lines = [f"| trained on | tested on | method{HEADER[1:]} ECE |", f"|---|---{RULE}---|"]
    order = [("koi", "toi"), ("toi", "toi"), ("both", "toi"), ("toi", "koi"), ("both", "koi")]
    methods = dict.fromkeys(run.method for run in results if run.part == "transfer")
    for (trained, tested), method in product(order, methods):
        wanted = "transfer", method, trained
        folds = [
            (result, result["is_koi"] == (tested == "koi"))
            for run, result in results.items()
            if (run.part, run.method, run.trained) == wanted and run.tested in (tested, "both")
        ]
        if folds:
            pooled = [np.concatenate([r[name][here] for r, here in folds]) for name in _PREDICTED]
            ece = expected_calibration_error(*pooled)
            title = _row(method, [brief(*pooled)])
            lines.append(f"| {trained.upper()} | {tested.upper()} {title} {ece:.3f} |")
    return lines if len(lines) > 2 else []


_PREDICTED = ("true", "probabilities")


def _ablation(results: dict[Run, Result]) -> Lines:
    lines = [f"| network | what is changed{HEADER[1:]} ECE |", f"|---{RULE}---|"]
    for method, choices in ABLATIONS.items():
        nothing: dict[str, dict[str, Any]] = {"as it is": {}}
        for title, changes in (nothing | choices).items():
            wanted = method, 1, json.dumps(changes)
            some = [
                result
                for run, result in results.items()
                if (run.method, run.ensemble, run.changes) == wanted
                and (run.part == "ablation" or (run.part == "koi" and run.fold < ABLATION_FOLDS))
            ]
            if some:
                lines.append(_with_ece(method, title, some))
            if some and title == "as it is":
                lines.append(_with_ece(method, "not calibrated", [_untempered(r) for r in some]))
    return lines if len(lines) > 2 else []


def _with_ece(method: str, title: str, some: list[Result]) -> str:
    ece = expected_calibration_error(*(np.concatenate([r[n] for r in some]) for n in _PREDICTED))
    return f"| {method} {_row(title, some)} {ece:.3f} |"


def _untempered(result: Result) -> Result:
    """The same predictions before calibration."""
    calibration = Calibration(float(result["temperature"]), tuple(result["biases"].tolist()))
    raw = calibration.undo(result["probabilities"])
    return {**result, "probabilities": raw, **brief(result["true"], raw)}


TABLES: dict[str, Callable[[dict[Run, Result]], Lines]] = {
    "koi": _koi,
    "differences": _differences,
    "regressions": _regressions,
    "transfer": _transfer,
    "ablation": _ablation,
}


def _methods(results: dict[Run, Result], part: str) -> Iterable[tuple[str, list[Result]]]:
    """Title and results, fold by fold, of each method of a part."""
    titles: dict[str, list[tuple[int, Result]]] = {}
    for run, result in results.items():
        if run.part == part:
            titles.setdefault(_title(run), []).append((run.fold, result))
    for title, folds in sorted(titles.items(), key=lambda item: _place(item[0])):
        yield title, [result for _, result in sorted(folds, key=lambda item: item[0])]


def _title(run: Run) -> str:
    members = f", {run.ensemble} members" if run.ensemble > 1 else ""
    epochs = json.loads(run.settings).get("epochs")
    members += f", {epochs} epochs" if epochs else ""
    return run.method + members + (" (validation stars too)" if run.whole else "")


def _ensemble_title(results: dict[Run, Result]) -> str:
    return next((_title(run) for run in results if run.ensemble > 1), "")


def _place(title: str) -> tuple[bool, bool, str]:
    """Networks first, the reference network last of them, then the trees by their columns."""
    information = title.partition(" on ")[2]
    return (bool(information), title.startswith("seed"), information + title)


def _row(title: str, results: list[Result]) -> str:
    cells = []
    for figure in FIGURES:
        values = [result[figure] for result in results]
        spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        cells.append(f"{statistics.fmean(values):.4f}{spread}")
    return f"| {title} | {' | '.join(cells)} |"


def _insert(name: str, lines: Lines) -> None:
    """Replace the table after `<a id="science-name"></a>`, in whichever document it is."""
    place = re.compile(rf'(<a id="science-{name}"></a>\n\n)((?:\|.*\n)+\n)?')
    for path in (REPOSITORY / document for document in DOCUMENTS):
        text = path.read_text()
        path.write_text(place.sub(lambda m: m[1] + "\n".join(lines) + "\n\n", text))


def _draw(results: dict[Run, Result]) -> None:
    """Plot reliability, and precision against coverage, of the pooled out-of-fold predictions."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    left.plot([0.3, 1], [0.3, 1], color="0.6", linewidth=1, linestyle=":")
    for (title, chosen), style in zip(_drawn(results), _STYLES, strict=False):
        true = np.concatenate([r["true"] for r in chosen])
        probabilities = np.concatenate([r["probabilities"] for r in chosen])
        _draw_one(left, right, title, true, probabilities, style)
    left.set(xlabel="mean predicted probability", ylabel="fraction correct")
    right.set(xlabel="coverage: fraction of candidates classified", ylabel="fraction correct")
    left.legend(fontsize=8, loc="upper left")
    figure.suptitle(
        "KOI, five folds: every star is predicted by a model that was not trained on it"
    )
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(REPOSITORY / "docs" / "images" / "reliability.png", dpi=110)
    plt.close(figure)


_STYLES = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#000000", "x"), ("#cc79a7", "+"))


def _drawn(results: dict[Run, Result]) -> Iterable[tuple[str, list[Result]]]:
    for title, chosen in _methods(results, "koi"):
        if not title.endswith("too)") and "same information" not in title:
            yield title, chosen


def _draw_one(
    left: Any,
    right: Any,
    title: str,
    true: NDArray[np.int8],
    probabilities: NDArray[np.float64],
    style: tuple[str, str],
) -> None:
    bins = reliability_bins(true, probabilities)
    color, marker = style
    confidence, accuracy = ([each[name] for each in bins] for name in ("confidence", "accuracy"))
    left.plot(confidence, accuracy, color=color, marker=marker, markersize=5, label=title)
    curve = coverage_curve(true, probabilities)
    right.plot(curve["coverage"], curve["precision"], color=color, label=title)
