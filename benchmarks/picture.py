"""The README's picture: real sessions on the KOI table. `python -m benchmarks.picture`

The recommended network, the default and the plain reference are each trained once on the same
stars. Panels: the synthetic curve of a typical row of each class, the log loss of every epoch and
the confusion matrix of the recommended network, and the figures of every network beside those of
the boosted trees, whoever wins.
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
from matplotlib.figure import FigureBase, SubFigure
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

# Name, title, and whether lower is better.
FIGURES = {
    "accuracy": ("accuracy", False),
    "macro_f1": ("macro-F1", False),
    "roc_auc": ("ROC AUC", False),
    "log_loss": ("log loss", True),
    "ece": ("ECE", True),
}
RECOMMENDED, WITHOUT_PERIOD, PLAIN = "transit_cnn_catalogue", "transit_cnn", "seed_cnn"

# The epochs of `seed_cnn` in docs/BENCHMARKS.md: they take as long as a hundred of the others.
PLAIN_EPOCHS = 6


class Result(NamedTuple):
    """One finished session."""

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
    sha256 = sha256_of(catalogue)
    results = {
        RECOMMENDED: train_network(rows, sha256, arguments.seed, network=RECOMMENDED),
        WITHOUT_PERIOD: train_network(rows, sha256, arguments.seed, network=WITHOUT_PERIOD),
        PLAIN: train_network(rows, sha256, arguments.seed, network=PLAIN, epochs=PLAIN_EPOCHS),
    }
    draw(rows, results, arguments.output)
    print(f"{arguments.output}, {arguments.output.stat().st_size / 1000:.0f} kB")


def train_network(rows: NDArray[np.void], sha256: str, seed: int, **settings: Any) -> Result:
    """One session; what `settings` does not name has its default."""
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
            **settings,
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
    assert saved.best_epoch is not None
    return Result(epochs, saved.best_epoch, evaluated.evaluation)


def compared(results: dict[str, Result]) -> list[tuple[str, str, dict[str, Any]]]:
    """Each method's name, colour and figures, the recommended network first."""
    trees = results[WITHOUT_PERIOD].evaluation["baseline"]
    return [
        (RECOMMENDED, BLUE, results[RECOMMENDED].evaluation),
        ("boosted trees, nine columns", GREEN, trees["all_columns"]),
        (WITHOUT_PERIOD, BLUE, results[WITHOUT_PERIOD].evaluation),
        ("boosted trees, without period", GREEN, trees["same_information"]),
        (f"{PLAIN}, {PLAIN_EPOCHS} epochs", GREY, results[PLAIN].evaluation),
    ]


def draw(rows: NDArray[np.void], results: dict[str, Result], output: Path) -> None:
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
    recommended = results[RECOMMENDED]
    figure = plt.figure(figsize=(10, 6.2), layout="constrained")
    parts = figure.add_gridspec(2, 1, height_ratios=[1.25, 1])
    above, below = figure.add_subfigure(parts[0]), figure.add_subfigure(parts[1])
    grid = above.add_gridspec(1, 3, width_ratios=[1, 1.25, 1])
    draw_curves(above, rows, grid[0])
    draw_losses(above.add_subplot(grid[1]), recommended)
    draw_confusion(above.add_subplot(grid[2]), recommended.evaluation)
    draw_figures(below, compared(results), recommended.evaluation["n_test"])
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110, metadata={"Software": None})
    plt.close(figure)


def draw_curves(figure: FigureBase, rows: NDArray[np.void], place: SubplotSpec) -> None:
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
    hidden = "training (features masked, dropout on)"
    axes.plot(epoch, training_loss, color=GREY, ls="--", label=hidden)
    axes.plot(epoch, validation_loss, color=BLUE, label="validation")
    axes.plot(best, validation_loss[best - 1], "o", color=BLUE, label=f"best epoch: {best}")
    axes.legend(frameon=False, fontsize=8.5)
    axes.set(xlabel="epoch", ylabel="log loss of the label")
    axes.set_title(RECOMMENDED, loc="left")


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
    axes.set_title(f"{evaluation['n_test']:,} test rows", loc="left")


def draw_figures(
    figure: SubFigure, methods: list[tuple[str, str, dict[str, Any]]], n_test: int
) -> None:
    """One panel a figure, one line a method, with 95% intervals over the test stars."""
    panels = figure.subplots(1, len(FIGURES), sharey=True)
    for axes, (name, (title, lower_is_better)) in zip(panels, FIGURES.items(), strict=True):
        for at, (_, colour, figures) in enumerate(methods):
            value = figure_of(figures, name)
            low, high = figure_of(figures["intervals"], name)
            axes.plot([low, high], [at, at], color=colour, lw=1.5, alpha=0.6)
            axes.plot(value, at, "o", color=colour, ms=5)
            axes.annotate(
                f"{value:.3f}",
                (value, at),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.set_title(f"{title} {'↓' if lower_is_better else '↑'}", loc="left")
        axes.grid(axis="x", color="#dddddd", lw=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(left=False)
    panels[0].set_yticks(range(len(methods)), [name for name, _, _ in methods])
    panels[0].set_ylim(len(methods) - 0.5, -0.6)
    # A line under each pair of a network and the trees that had the same columns.
    for axes in panels:
        for between in (1.5, 3.5):
            axes.axhline(between, color="#bbbbbb", lw=0.8, ls=":")
    figure.supxlabel(
        f"{n_test:,} test rows, stars that no model has seen; 95% intervals; "
        "↑ higher is better, ↓ lower is better",
        fontsize=8.5,
    )


def figure_of(figures: dict[str, Any], name: str) -> Any:
    """A figure or its interval; of one by class, that of the mean."""
    return figures[name]["macro"] if isinstance(figures[name], dict) else figures[name]


if __name__ == "__main__":
    main()
