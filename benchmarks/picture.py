"""The README's picture: one training on the real KOI table. `python -m benchmarks.picture`

Panels: the synthetic curve of a typical row of each class, the log loss of every epoch, the
confusion matrix on the test stars, and the network's figures beside the trees'.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")  # no screen is needed

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from backend import wire
from backend.config import REPOSITORY
from backend.storage.atomic import sha256_of
from backend.training import train
from backend.transit.catalog.reader import open_catalog
from backend.transit.columns import LABELS
from backend.transit.light_curve.curve import phase, synthesise

ARCHIVE_DATA = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", "../shared/data"))
PICTURE = REPOSITORY / "docs" / "images" / "result.png"

# Okabe & Ito's colours, which stay apart for colour-blind eyes.
BLUE, ORANGE, GREEN, VERMILION, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#777777"
CLASS_COLOURS = (ORANGE, BLUE, VERMILION)

FIGURES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss*",
    "ece": "ECE*",
}
MODELS = {
    "network": ("the network", "o", BLUE),
    "same_information": ("trees, same information", "s", ORANGE),
    "all_columns": ("trees, all nine columns", "^", GREEN),
}


class Result(NamedTuple):
    """What a training told."""

    epochs: list[dict[str, Any]]
    best_epoch: int
    evaluation: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    catalogue = ARCHIVE_DATA / "koi_cumulative.csv"
    with open(catalogue, "rb") as stream:
        rows = np.concatenate([chunk.rows for chunk in open_catalog(stream, label_required=True)])
    result = train_network(rows, sha256_of(catalogue), arguments.seed)
    draw(rows, result, arguments.output)
    print(f"{arguments.output}, {arguments.output.stat().st_size / 1000:.0f} kB")


def train_network(rows: NDArray[np.void], sha256: str, seed: int) -> Result:
    """One training with the default settings."""
    events: list[wire.SessionEvent] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "table.npy", rows)
        spec = train.TrainingSpec(
            session_id=0,
            table=folder / "table.npy",
            source="koi",
            dataset_sha256=sha256,
            model_name="picture",
            model_path=folder / "picture.keras",
            checkpoint=folder / "picture.ckpt",
            seed=seed,
        )
        train.train(spec, events.append, lambda: None)
    epochs = [
        {"epoch": each.epoch, **each.metrics.model_dump()}
        for each in events
        if isinstance(each, wire.Epoch)
    ]
    saved = next(each for each in events if isinstance(each, wire.Saved))
    evaluated = next(each for each in events if isinstance(each, wire.Evaluated))
    assert evaluated.evaluation is not None
    return Result(epochs, saved.best_epoch, evaluated.evaluation)


def draw(rows: NDArray[np.void], result: Result, output: Path) -> None:
    """Write the picture."""
    plt.rcParams.update(
        {
            "font.size": 9,
            "axes.titlesize": 9.5,
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    figure = plt.figure(figsize=(10, 5.6), layout="constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=[1, 1.25, 1], height_ratios=[1.1, 1])
    draw_curves(figure, rows, grid[:, 0])
    draw_losses(figure.add_subplot(grid[0, 1]), result)
    draw_confusion(figure.add_subplot(grid[0, 2]), result.evaluation)
    draw_figures(figure.add_subplot(grid[1, 1:]), result.evaluation)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110, metadata={"Software": None})
    plt.close(figure)


def draw_curves(figure: Figure, rows: NDArray[np.void], place: SubplotSpec) -> None:
    """A typical row of each class, over twice its duration."""
    cells = place.subgridspec(len(LABELS), 1)
    for code, name in enumerate(LABELS):
        axes = figure.add_subplot(cells[code])
        row = typical(rows[rows["label"] == code])
        hours = phase() * row["period"][0] * 24
        near = np.abs(hours) < row["duration"][0]
        ppm = (synthesise(row, "kepler")[0].astype(float) - 1) * 1e6
        axes.step(hours[near], ppm[near], where="mid", color=CLASS_COLOURS[code])
        star = row["star"][0].decode()
        axes.set_title(f"{name}\nKIC {star}, {row['period'][0]:.1f} d", loc="left", fontsize=8.5)
        axes.set_ylabel("flux, ppm")
    axes.set_xlabel("hours from mid-transit")


def typical(rows: NDArray[np.void]) -> NDArray[np.void]:
    """The row nearest to the medians of relative duration, depth and impact: ROW_DTYPE, (1,)."""
    rows = rows[np.isfinite(rows["impact"])]
    shape = np.column_stack(
        [np.log(rows["duration"] / rows["period"]), np.log(rows["depth"]), rows["impact"]]
    )
    distance = (shape - np.median(shape, axis=0)) / shape.std(axis=0)
    return rows[[np.argmin((distance**2).sum(axis=1))]]


def draw_losses(axes: Axes, result: Result) -> None:
    """The label's log loss, training and validation."""
    epoch = [each["epoch"] for each in result.epochs]
    training_loss = [each["label_loss"] for each in result.epochs]
    validation_loss = [each["val_label_loss"] for each in result.epochs]
    best = result.best_epoch
    hidden = "training (features hidden, dropout on)"
    axes.plot(epoch, training_loss, color=GREY, ls="--", label=hidden)
    axes.plot(epoch, validation_loss, color=BLUE, label="validation")
    axes.plot(best, validation_loss[best - 1], "o", color=BLUE, label=f"the weights kept: {best}")
    axes.legend(frameon=False, fontsize=8.5)
    axes.set(xlabel="epoch", ylabel="log loss of the label")
    axes.set_title("Every epoch", loc="left")


def draw_confusion(axes: Axes, evaluation: dict[str, Any]) -> None:
    """Counts, shaded by the share of the true class."""
    counts = np.array(evaluation["confusion_matrix"])
    share = counts / counts.sum(axis=1, keepdims=True)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (true, predicted), count in np.ndenumerate(counts):
        part = share[true, predicted]
        axes.text(
            predicted,
            true,
            f"{count}\n{part:.0%}",
            ha="center",
            va="center",
            color="white" if part > 0.5 else "black",
        )
    short = ["cand.", "conf.", "false p."]
    axes.set_xticks(range(len(LABELS)), short)
    axes.set_yticks(range(len(LABELS)), short)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(f"{evaluation['n_test']} test rows", loc="left")


def draw_figures(axes: Axes, evaluation: dict[str, Any]) -> None:
    """Each figure of the network and of both baselines on one line."""
    figures = {"network": evaluation, **evaluation["baseline"]}
    for offset, (key, (name, marker, colour)) in enumerate(MODELS.items()):
        values = [figure_of(figures[key], each) for each in FIGURES]
        height = np.arange(len(FIGURES)) + 0.26 * (offset - 1)
        axes.plot(values, height, marker, color=colour, label=name, ms=6)
        for value, at in zip(values, height, strict=True):
            axes.annotate(
                f"{value:.3f}",
                (value, at),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
            )
    axes.set_yticks(range(len(FIGURES)), list(FIGURES.values()))
    axes.set_ylim(len(FIGURES) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_axisbelow(True)
    for line in np.arange(len(FIGURES) - 1) + 0.5:
        axes.axhline(line, color="#dddddd", lw=0.8)
    axes.legend(frameon=False, loc="lower right", fontsize=8.5)
    axes.set_title("On the test stars, which no model saw (*lower is better)", loc="left")


def figure_of(figures: dict[str, Any], name: str) -> float:
    """A figure; of one by class, the mean."""
    return figures[name]["macro"] if isinstance(figures[name], dict) else figures[name]


if __name__ == "__main__":
    main()
