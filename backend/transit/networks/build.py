"""The Keras networks by name: inner graphs to train, an outer one around them to save.

An inner graph gives each head's probabilities and each member's ln(period / days) and
ln(depth / ppm); the outer one calibrated means, days and ppm. Both are made of plain Keras layers
and operations only, so that plain Keras loads the saved file with safe mode on.
"""

from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
from keras import layers, ops

from backend.transit.networks import registry
from backend.transit.networks.layers import Sample, Seeds, TwoGraphs, make_inputs
from backend.transit.networks.light_curve_cnn import build_light_curve_cnn
from backend.transit.networks.scaling import Scaling
from backend.transit.networks.seed_cnn import build_seed_cnn
from backend.transit.networks.transit_cnn import build_transit_cnn, build_transit_cnn_catalogue

# exp of more is no period or depth.
LONGEST_LOG = float(np.log(1e7))

# The logarithm of a probability of 0 in single precision must stay finite.
_SMALLEST = 1e-30

_BUILDERS: dict[str, Callable[[Scaling, Sample, Seeds], TwoGraphs]] = {
    "transit_cnn": build_transit_cnn,
    "transit_cnn_catalogue": build_transit_cnn_catalogue,
    "light_curve_cnn": build_light_curve_cnn,
    "seed_cnn": build_seed_cnn,
}


def build(
    name: str, scaling: Scaling, sample: Sample, seed: int, ensemble: int = 1, kinds: int = 0
) -> TwoGraphs:
    """Build the inner graphs of a network.

    The members of an ensemble are parts of one graph and are trained together: each has its own
    loss, the metrics are those of their mean, and one checkpoint holds them all.

    Args:
        name: a key of `registry.NETWORKS`.
        scaling: learnt from the training rows.
        sample: what the network learns from of some training rows, on which the scaling of what
            is read from a curve is measured.
        seed: of the initial weights and the dropout.
        ensemble: how many members.
        kinds: how many kinds of false positives are told apart while it learns; 0: none. Only a
            network that reads light curves has a head for them.

    Returns:
        Graphs from their inputs by name to {label (ensemble * heads, 3),
        period_out (ensemble,) ln(days), depth_out (ensemble,) ln(ppm)}; `taught` and the learner
        also to {kind (ensemble, kinds)}.
    """
    builder = partial(build_light_curve_cnn, kinds=kinds) if kinds else _BUILDERS[name]
    members = [builder(scaling, sample, Seeds(seed, n)) for n in range(ensemble)]
    if ensemble == 1:
        return members[0]
    for number, member in enumerate(members, 1):
        member.model.name = f"member_{number}"  # members of one network would share a name
        member.taught.name = member.model.name

    def learner() -> keras.Model:
        learners = [member.make_learner() for member in members]
        for number, each in enumerate(learners, 1):
            each.name = f"learner_{number}"
        return _joined(learners, f"{name}_learner")

    model = taught = _joined([member.model for member in members], name)
    if kinds:
        taught = _joined([member.taught for member in members], name)
    return TwoGraphs(model, taught, learner)


def _joined(members: list[keras.Model], name: str) -> keras.Model:
    """The outputs of several models of the same inputs, side by side."""
    inputs = {
        name: keras.Input(each.shape[1:], name=name) for name, each in members[0].input.items()
    }
    outputs = [member(inputs) for member in members]
    return keras.Model(
        inputs,
        {output: ops.concatenate([each[output] for each in outputs], 1) for output in outputs[0]},
        name=name,
    )


def publish(
    inner: keras.Model, temperature: float = 1.0, biases: Sequence[float] = ()
) -> keras.Model:
    """Wrap a trained inner graph into the model that is saved.

    Args:
        inner: from `build`.
        temperature: the logarithms of the mean probabilities are divided by it (Guo et al. 2017,
            arXiv:1706.04599, section 4.2, with the mean's logarithm as the logit).
        biases: added to the quotients, one a class; none: nothing is added.

    Returns:
        An uncompiled model from the inner graph's inputs, float32, raw, NaN where unknown, to
        [label (3,) probabilities, period_out (1,) days, depth_out (1,) ppm], the means over
        heads and members.
    """
    relations = inner.input.get(registry.RELATION_INPUT)
    inputs = make_inputs(inner.input, 0 if relations is None else relations.shape[-1])
    outputs = inner(inputs)
    label = ops.mean(outputs[registry.LABEL_OUTPUT], axis=1)
    logit = ops.log(ops.maximum(label, _SMALLEST))
    offset = list(biases) or 0.0
    tempered = layers.Rescaling(1.0 / temperature, offset, name="temperature")(logit)
    return keras.Model(
        list(inputs.values()),
        [
            layers.Softmax(name=registry.LABEL_OUTPUT)(tempered),
            _physical(outputs[registry.PERIOD_OUTPUT], registry.PERIOD_OUTPUT),
            _physical(outputs[registry.DEPTH_OUTPUT], registry.DEPTH_OUTPUT),
        ],
        name="exoplanet_model",
    )


def publish_mean(members: Sequence[keras.Model]) -> keras.Model:
    """Join published models of the same inputs to one that gives their mean.

    Each member calibrates its own probabilities before the mean is taken.

    Args:
        members: from `publish`, at least one; each is renamed.

    Returns:
        An uncompiled model of the same inputs and outputs: the means of the probabilities, and of
        the logarithms of period and depth.
    """
    for number, member in enumerate(members, 1):
        member.name = f"member_{number}"  # all have the same name, which a graph may hold once
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in members[0].inputs]
    label, period, depth = zip(*(member(inputs) for member in members), strict=True)
    mean = ops.mean(ops.stack(label, axis=1), axis=1)
    return keras.Model(
        inputs,
        [
            layers.Identity(name=registry.LABEL_OUTPUT)(mean),
            _physical(ops.log(ops.concatenate(period, 1)), registry.PERIOD_OUTPUT),
            _physical(ops.log(ops.concatenate(depth, 1)), registry.DEPTH_OUTPUT),
        ],
        name="exoplanet_model",
    )


def count_weights(model: keras.Model) -> int:
    """The number of parameters of a model that may have been loaded, trainable or not."""
    return sum(int(np.prod(weight.shape)) for weight in model.weights)


def count_parameters(model: keras.Model) -> int:
    """The number of trainable parameters of a model."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def _physical(logarithms: keras.KerasTensor, name: str) -> keras.KerasTensor:
    mean = ops.mean(logarithms, axis=1, keepdims=True)
    return layers.Identity(name=name)(ops.exp(ops.clip(mean, -LONGEST_LOG, LONGEST_LOG)))
