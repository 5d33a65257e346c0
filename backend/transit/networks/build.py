"""The Keras networks by name: an inner graph to train, an outer one around it to save.

The inner graph gives each head's probabilities and each member's ln(period / days) and
ln(depth / ppm); the outer one calibrated means, days and ppm. Both are made of plain Keras layers
and operations only, so that plain Keras loads the saved file with safe mode on.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from backend.transit.networks import registry
from backend.transit.networks.layers import Sample, Seeds, make_inputs
from backend.transit.networks.scaling import Scaling
from backend.transit.networks.seed_cnn import build_seed_cnn
from backend.transit.networks.transit_cnn import build_transit_cnn, build_transit_cnn_catalogue

_LONGEST_LOG = float(np.log(1e7))

# The logarithm of a probability of 0 in single precision must stay finite.
_SMALLEST = 1e-30

_BUILDERS: dict[str, Callable[[Scaling, Sample, Seeds], keras.Model]] = {
    "transit_cnn": build_transit_cnn,
    "transit_cnn_catalogue": build_transit_cnn_catalogue,
    "seed_cnn": build_seed_cnn,
}


def build(name: str, scaling: Scaling, sample: Sample, seed: int, ensemble: int = 1) -> keras.Model:
    """Build the inner graph of a network.

    The members of an ensemble are parts of one graph and are trained together: each has its own
    loss, the metrics are those of their mean, and one checkpoint holds them all.

    Args:
        name: a key of `registry.NETWORKS`.
        scaling: learnt from the training rows.
        sample: the inputs of some training rows, on which the scaling is measured.
        seed: of the initial weights and the dropout.
        ensemble: how many members.

    Returns:
        A model from the network's inputs by name to {label (ensemble * heads, 3),
        period_out (ensemble,) ln(days), depth_out (ensemble,) ln(ppm)}.
    """
    members = [_BUILDERS[name](scaling, sample, Seeds(seed, n)) for n in range(ensemble)]
    if ensemble == 1:
        return members[0]
    inputs = make_inputs(registry.NETWORKS[name].inputs)
    outputs = []
    for number, member in enumerate(members, 1):
        member.name = f"member_{number}"  # members of one network would share a name
        outputs.append(member(inputs))
    return keras.Model(
        inputs,
        {output: ops.concatenate([each[output] for each in outputs], 1) for output in outputs[0]},
        name=name,
    )


def publish(inner: keras.Model, temperature: float = 1.0) -> keras.Model:
    """Wrap a trained inner graph into the model that is saved.

    Args:
        inner: from `build`.
        temperature: the logarithms of the mean probabilities are divided by it (Guo et al. 2017,
            arXiv:1706.04599, section 4.2, with the mean's logarithm as the logit).

    Returns:
        An uncompiled model from the inner graph's inputs, float32, raw, NaN where unknown, to
        [label (3,) probabilities, period_out (1,) days, depth_out (1,) ppm], the means over
        heads and members.
    """
    inputs = make_inputs(inner.input)
    outputs = inner(inputs)
    label = ops.mean(outputs[registry.LABEL_OUTPUT], axis=1)
    logit = ops.log(ops.maximum(label, _SMALLEST))
    tempered = layers.Rescaling(1.0 / temperature, name="temperature")(logit)
    return keras.Model(
        list(inputs.values()),
        [
            layers.Softmax(name=registry.LABEL_OUTPUT)(tempered),
            _physical(outputs[registry.PERIOD_OUTPUT], registry.PERIOD_OUTPUT),
            _physical(outputs[registry.DEPTH_OUTPUT], registry.DEPTH_OUTPUT),
        ],
        name="exoplanet_model",
    )


def count_parameters(model: keras.Model) -> int:
    """The number of trainable parameters of a model."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _physical(logarithms: keras.KerasTensor, name: str) -> keras.KerasTensor:
    mean = ops.mean(logarithms, axis=1, keepdims=True)
    return layers.Identity(name=name)(ops.exp(ops.clip(mean, -_LONGEST_LOG, _LONGEST_LOG)))
