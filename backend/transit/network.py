"""The Keras networks by name: an inner graph to train, an outer one around it to save.

The inner graph gives each voice's probabilities, ln(period / days) and ln(depth / ppm); the outer
one the voices' mean, days and ppm. Both are made of plain Keras layers and operations only, so
that plain Keras loads the saved file with safe mode on.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from . import networks
from .network_parts import Seeds, make_inputs
from .scaling import Scaling
from .seed_cnn import build_seed_cnn
from .transit_cnn import build_transit_cnn

_LONGEST_LOG = float(np.log(1e7))

_BUILDERS: dict[str, Callable[[Scaling, NDArray[np.float32], Seeds], keras.Model]] = {
    "transit_cnn": build_transit_cnn,
    "seed_cnn": build_seed_cnn,
}


def build(name: str, scaling: Scaling, sample: NDArray[np.float32], seed: int) -> keras.Model:
    """Builds the inner graph of a network.

    Args:
        name: a key of `networks.NETWORKS`.
        scaling: learnt from the training rows.
        sample: float32, (n, 2001), curves of training rows, to scale what is read from a curve.
        seed: of the initial weights and the dropout.

    Returns:
        A model from {curve_input (2001, 1), feat_input (6,)} to {label (voices, 3),
        period_out (1,) ln(days), depth_out (1,) ln(ppm)}.
    """
    return _BUILDERS[name](scaling, sample, Seeds(seed))


def publish(members: Sequence[keras.Model]) -> keras.Model:
    """Wraps trained inner graphs into the model that is saved.

    Returns:
        An uncompiled model from curve_input float32 (2001, 1) and feat_input float32 (6,), raw,
        NaN where unknown, to [label (3,) probabilities, period_out (1,) days, depth_out (1,)
        ppm], the means over voices and members.
    """
    inputs = make_inputs()
    labels, periods, depths = [], [], []
    for number, member in enumerate(members, 1):
        member.name = f"member_{number}"  # members of one network would share a name
        outputs = member(inputs)
        labels.append(ops.mean(outputs[networks.LABEL_OUTPUT], axis=1))
        periods.append(outputs[networks.PERIOD_OUTPUT])
        depths.append(outputs[networks.DEPTH_OUTPUT])
    return keras.Model(
        list(inputs.values()),
        [
            layers.Identity(name=networks.LABEL_OUTPUT)(_mean(labels)),
            layers.Identity(name=networks.PERIOD_OUTPUT)(_physical(_mean(periods))),
            layers.Identity(name=networks.DEPTH_OUTPUT)(_physical(_mean(depths))),
        ],
        name="exoplanet_model",
    )


def count_parameters(model: keras.Model) -> int:
    """How many numbers a model learns."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _mean(tensors: list[keras.KerasTensor]) -> keras.KerasTensor:
    return tensors[0] if len(tensors) == 1 else layers.Average()(tensors)


def _physical(logarithm: keras.KerasTensor) -> keras.KerasTensor:
    return ops.exp(ops.clip(logarithm, -_LONGEST_LOG, _LONGEST_LOG))
