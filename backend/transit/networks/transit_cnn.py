"""The default network.

curve_input ── fold at mid-transit ─┬─ windows in log phase ── convolutions ┐
(2001, 1)                           └─ log of peak, area, … ── embedding ───┼─┬─ heads ─ label
feat_input ─── arcsinh, known? ─────── piecewise-linear embedding ──────────┘ └─ dense ┬ period
(6,)                                                                                   └ depth
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from backend.transit.networks import registry
from backend.transit.networks.curve_reading import derive_numbers, read_curve
from backend.transit.networks.layers import (
    Sample,
    Seeds,
    TwoGraphs,
    dense,
    embed_numbers,
    embed_unknowns,
    heads,
    make_inputs,
)
from backend.transit.networks.scaling import Scaling, scale_numbers


def build_transit_cnn(scaling: Scaling, sample: Sample, seeds: Seeds) -> TwoGraphs:
    """The graphs of `transit_cnn`; the arguments are those of `build.build`."""
    return _build("transit_cnn", scaling, sample, seeds)


def build_transit_cnn_catalogue(scaling: Scaling, sample: Sample, seeds: Seeds) -> TwoGraphs:
    """The graphs of `transit_cnn_catalogue`; the arguments are those of `build.build`."""
    return _build("transit_cnn_catalogue", scaling, sample, seeds)


def _build(name: str, scaling: Scaling, sample: Sample, seeds: Seeds) -> TwoGraphs:
    names = registry.inputs_of(name, has_relations=scaling.relations is not None)
    inputs = make_inputs(names, 0 if scaling.relations is None else len(scaling.relations.mean))
    curve, features = inputs[registry.CURVE_INPUT], inputs[registry.FEATURE_INPUT]
    summary, shape = read_curve(curve)
    derived = derive_numbers(summary, features)
    measured = _measure(sample)

    parts = [
        convolve(shape, seeds),
        embed_numbers(summary, measured[0], seeds),
        embed_unknowns(features, scaling.features, seeds),
        embed_unknowns(
            derived, scale_numbers(list(measured[1].T), np.ones(derived.shape[1])), seeds
        ),
    ]
    joined = ops.concatenate(parts, axis=-1)
    period, depth = regressions(joined, summary, scaling, measured[0], seeds)
    if scaling.catalogue is not None:
        catalogue = embed_unknowns(inputs[registry.CATALOGUE_INPUT], scaling.catalogue, seeds)
        joined = ops.concatenate([joined, catalogue], axis=-1)
    if scaling.relations is not None:
        relations = embed_unknowns(inputs[registry.RELATION_INPUT], scaling.relations, seeds)
        joined = ops.concatenate([joined, relations], axis=-1)
    outputs = {
        registry.LABEL_OUTPUT: heads(joined, seeds),
        registry.PERIOD_OUTPUT: period,
        registry.DEPTH_OUTPUT: depth,
    }
    read = {registry.CURVE_SUMMARY: summary, registry.CURVE_WINDOWS: shape}
    learnt = registry.learner_inputs(name, has_relations=scaling.relations is not None)
    learns_from = {each: (read | inputs)[each] for each in learnt}
    for each, tensor in learns_from.items():
        tensor.name = each
    model = keras.Model(inputs, outputs, name=name)
    return TwoGraphs(
        model,
        model,
        lambda: keras.Model(learns_from, outputs, name=f"{name}_learner"),
    )


def _measure(sample: Sample) -> list[NDArray[np.float64]]:
    """The numbers read and derived from the sample's rows: float64, (n, numbers) each."""
    found = sample[registry.CURVE_SUMMARY], sample[registry.FEATURE_INPUT]
    numbers = [keras.Input(each.shape[1:]) for each in found]
    derived = keras.Model(numbers, derive_numbers(*numbers))(list(found))
    return [np.asarray(each, dtype=np.float64) for each in (found[0], derived)]


def convolve(shape: keras.KerasTensor, seeds: Seeds) -> keras.KerasTensor:
    """A vector of the transit's shape and duration: (WINDOWS, 1) -> (32,)."""
    x = shape
    for filters in (16, 24, 32):
        strided = {"strides": 2, "padding": "same", "activation": "relu"}
        x = layers.Conv1D(filters, 5, kernel_initializer=seeds.glorot(), **strided)(x)
    return dense(32, seeds)(layers.Flatten()(x))


def regressions(
    joined: keras.KerasTensor,
    summary: keras.KerasTensor,
    scaling: Scaling,
    measured: NDArray[np.float64],
    seeds: Seeds,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """ln(period / days) and ln(depth / ppm); the depth as a correction to the curve's peak."""
    mean, spread = measured.mean(axis=0), np.maximum(measured.std(axis=0), 1e-6)
    standardised = layers.Rescaling((1 / spread).tolist(), (-mean / spread).tolist())(summary)
    x = ops.concatenate([joined, standardised], axis=-1)
    x = dense(32, seeds)(dense(64, seeds)(x))
    period = layers.Dense(1, kernel_initializer=seeds.glorot())(x)
    centre, scale = scaling.log_period
    correction = layers.Dense(1, kernel_initializer="zeros")(x)
    return (
        layers.Rescaling(scale, centre)(period),
        summary[:, :1] + float(np.log(1e6)) + correction,
    )
