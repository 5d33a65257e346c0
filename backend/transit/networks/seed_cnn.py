"""The reference: the plain network commonly used for this task, with scaled inputs."""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from backend.transit.columns import LABELS
from backend.transit.networks import registry
from backend.transit.networks.layers import (
    Sample,
    Seeds,
    TwoGraphs,
    dense,
    known_numbers,
    make_inputs,
)
from backend.transit.networks.scaling import Scaling


def build_seed_cnn(scaling: Scaling, sample: Sample, seeds: Seeds) -> TwoGraphs:
    """The graph, twice the same one, of `seed_cnn`; the arguments are those of `build.build`."""
    inputs = make_inputs(registry.NETWORKS["seed_cnn"].inputs)
    x = ops.concatenate(
        [
            _convolve(inputs[registry.CURVE_INPUT], sample[registry.CURVE_INPUT], seeds),
            _condense(inputs[registry.FEATURE_INPUT], scaling, seeds),
        ],
        axis=-1,
    )
    for units, rate in ((128, 0.3), (64, 0.4)):
        x = layers.Dropout(rate, seed=seeds())(dense(units, seeds)(x))
    label = layers.Dense(len(LABELS), activation="softmax", kernel_initializer=seeds.glorot())(x)
    regressions = [
        layers.Rescaling(spread, mean)(layers.Dense(1, kernel_initializer=seeds.glorot())(x))
        for mean, spread in (scaling.log_period, scaling.log_depth)
    ]
    model = keras.Model(
        inputs,
        {
            registry.LABEL_OUTPUT: ops.expand_dims(label, 1),
            registry.PERIOD_OUTPUT: regressions[0],
            registry.DEPTH_OUTPUT: regressions[1],
        },
        name="seed_cnn",
    )
    return TwoGraphs(model, model, lambda: model)


def _convolve(
    curve: keras.KerasTensor, sample: NDArray[np.float32], seeds: Seeds
) -> keras.KerasTensor:
    spread = max(float(sample.std()), 1e-6)
    x = layers.Rescaling(1 / spread, -float(sample.mean()) / spread)(curve)
    for filters in (32, 64, 128):
        x = layers.Conv1D(filters, 5, activation="relu", kernel_initializer=seeds.glorot())(x)
        x = layers.MaxPooling1D(2)(x)
    return layers.GlobalAveragePooling1D()(x)


def _condense(features: keras.KerasTensor, scaling: Scaling, seeds: Seeds) -> keras.KerasTensor:
    numbers = scaling.features
    value, known = known_numbers(features, numbers)
    inverse = 1 / numbers.spread
    standardised = layers.Rescaling(inverse.tolist(), (-numbers.mean * inverse).tolist())
    return dense(32, seeds)(dense(64, seeds)(standardised(value) * known))
