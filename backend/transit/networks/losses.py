"""The losses and metrics that an inner graph is trained with; none is in the saved file."""

from collections.abc import Callable

from keras import KerasTensor, ops

from backend.transit.columns import LABELS
from backend.transit.networks.registry import (
    DEPTH_OUTPUT,
    KIND_OUTPUT,
    LABEL_OUTPUT,
    PERIOD_OUTPUT,
)

# A single-precision probability of exactly 0 must not make the loss infinite.
_SMALLEST = 1e-7

# exp of more is no period or depth: it is a network at the start of its training.
_LARGEST_LOG = 16.0

# Of the loss of the kind, relative to that of the label.
KIND_WEIGHT = 0.2

Tensors = dict[str, KerasTensor]


def measure(
    smoothing: float, regression_weight: float, log_period_spread: float, log_depth_spread: float
) -> Callable[[Tensors, Tensors], Tensors]:
    """The loss and the metrics of an inner graph.

    Args:
        smoothing: this much of each label's target is spread evenly over the classes.
        regression_weight: of the losses of period and depth, relative to that of the label.
        log_period_spread, log_depth_spread: standard deviations over the training rows.

    Returns:
        A function from targets and outputs to, each float32 (n,): loss, which is minimised;
        accuracy; label_loss, the log loss of the heads' mean; period_mae, days; depth_mae, ppm.
    """

    def measured(targets: Tensors, outputs: Tensors) -> Tensors:
        label = targets[LABEL_OUTPUT][:, 0]
        heads = outputs[LABEL_OUTPUT]
        period = targets[PERIOD_OUTPUT], outputs[PERIOD_OUTPUT]
        depth = targets[DEPTH_OUTPUT], outputs[DEPTH_OUTPUT]
        regressions = huber(*period, log_period_spread) + huber(*depth, log_depth_spread)
        loss = heads_loss(label, heads, smoothing) + regression_weight * regressions
        if KIND_OUTPUT in outputs:
            loss += KIND_WEIGHT * kind_loss(targets[KIND_OUTPUT][:, 0], outputs[KIND_OUTPUT])
        return {
            "loss": loss,
            "label_loss": log_loss(label, heads),
            "accuracy": accuracy(label, heads),
            "period_mae": physical_error(*period),
            "depth_mae": physical_error(*depth),
        }

    return measured


def heads_loss(label: KerasTensor, heads: KerasTensor, smoothing: float) -> KerasTensor:
    """Cross-entropy of each head on its own, averaged, so that the heads stay different.

    Args:
        label: int32, (n,), codes.
        heads: float32, (n, heads, 3), probabilities.
        smoothing: this much of each target is spread evenly over the classes.

    Returns:
        float32, (n,).
    """
    target = ops.one_hot(label, len(LABELS)) * (1.0 - smoothing) + smoothing / len(LABELS)
    logarithm = ops.log(ops.maximum(heads, _SMALLEST))
    return -ops.sum(target * ops.mean(logarithm, axis=1), axis=-1)


def kind_loss(kind: KerasTensor, members: KerasTensor) -> KerasTensor:
    """Cross-entropy of the kind of false positive, averaged over members.

    Args:
        kind: int32, (n,), which kind; -1 where none is known, of which the loss is 0.
        members: float32, (n, members, kinds), probabilities.

    Returns:
        float32, (n,).
    """
    logarithm = ops.mean(ops.log(ops.maximum(members, _SMALLEST)), axis=1)
    is_known = ops.cast(kind >= 0, "float32")
    target = ops.one_hot(ops.maximum(kind, 0), members.shape[-1])
    return -is_known * ops.sum(target * logarithm, axis=-1)


def log_loss(label: KerasTensor, heads: KerasTensor) -> KerasTensor:
    """Log loss of the heads' mean, which is what a saved model predicts: float32, (n,)."""
    probability = ops.sum(ops.one_hot(label, len(LABELS)) * ops.mean(heads, axis=1), axis=-1)
    return -ops.log(ops.maximum(probability, _SMALLEST))


def accuracy(label: KerasTensor, heads: KerasTensor) -> KerasTensor:
    """1 where the heads' mean is highest for the true class: float32, (n,)."""
    highest = ops.argmax(ops.mean(heads, axis=1), axis=-1)
    return ops.cast(ops.equal(ops.cast(label, highest.dtype), highest), "float32")


def huber(true: KerasTensor, predicted: KerasTensor, spread: float) -> KerasTensor:
    """Quadratic in an error up to one spread, then linear; the members' mean: float32, (n,).

    Args:
        true: float32, (n, 1).
        predicted: float32, (n, members).
        spread: in the unit of both.
    """
    error = ops.abs(true - predicted) / spread
    return ops.mean(ops.where(error < 1.0, 0.5 * ops.square(error), error - 0.5), axis=1)


def physical_error(true: KerasTensor, predicted: KerasTensor) -> KerasTensor:
    """Absolute error in physical units of the members' mean: float32, (n,).

    Args:
        true: float32, (n, 1), natural logarithm.
        predicted: float32, (n, members), natural logarithms.
    """
    limited = ops.clip(ops.mean(predicted, axis=1), -_LARGEST_LOG, _LARGEST_LOG)
    return ops.abs(ops.exp(true[:, 0]) - ops.exp(limited))
