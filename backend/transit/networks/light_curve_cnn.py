"""The network for real light curves.

curve_input ──┬─ windows in log phase, peak, area ┐
(2001, 1)     │                                   ├─ as in transit_cnn ─┬─┬─ heads ───┐
feat_input ───┼───────────────────────────────────┘                     │ │           │
(6,)          │                                                         │ └─ period,  │
catalogue_input, relation_input ── embeddings ──────────────────────────┤    depth    │
(8,)          │  (k,)                                                   │             ├─ label
              └─ 87 parts of the orbit ── convolutions ─┐               │             │
local_input ──┬─ transit ──────────────── convolutions ─┤               │             │
(105, 5)      ├─ odd, even: the same ──── their difference ─ if there ──┤             │
              ├─ secondary, dip: the same convolutions ─┤  is a curve   │             │
              └─ numbers read from them ── scaled ──────┤               │             │
evidence_input ─────────────────────────── scaled ──────┘               └─ small heads ┘
(24,)

Half of the heads decide by all that is known, as those of a network without light curves. The
others decide by the light curve first, and have the catalogue's numbers beside it as they are: few
rows have a curve, and many units would remember the rows by their columns. Where there is no curve
the first half speaks alone.

Of what a light curve shows, the regressions see `curve_input` and the depth of the transit alone:
some of the numbers are relative to the catalogue's, or count transits of its period.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import KerasTensor, layers, ops
from numpy.typing import NDArray

from backend.transit.networks import registry
from backend.transit.networks.curve_reading import derive_numbers, read_curve, read_overview
from backend.transit.networks.layers import (
    Sample,
    Seeds,
    TwoGraphs,
    dense,
    embed_numbers,
    embed_unknowns,
    heads,
    make_inputs,
    scale_unknowns,
)
from backend.transit.networks.scaling import NumberScaling, Scaling, scale_numbers
from backend.transit.networks.transit_cnn import convolve, regressions
from backend.transit.networks.view_reading import (
    VIEW_STEEPNESS,
    Views,
    overview_channels,
    read_numbers,
    robust_reading,
)

_NAME = "light_curve_cnn"

# In the order in which they are read from the curve.
_READ = (registry.CURVE_SUMMARY, registry.CURVE_WINDOWS, registry.CURVE_OVERVIEW)

# The layer that gives what the convolutions find of odd transits minus that of even ones.
ODD_MINUS_EVEN = "odd_minus_even"

# What a light curve shows is condensed to so many numbers, next to those of the catalogue.
_UNITS = 96
_NUMBER_UNITS = 24
_DROPOUT = 0.3

# Few rows have a light curve: what decides by it first has few units.
_CURVE_HEAD_UNITS = (64,)

# The kind of a false positive only teaches what the towers look for.
_KIND_UNITS = 32

# Standard deviation of what is added to views, of order 1, while a network learns.
_NOISE = 0.1

Numbers = NDArray[np.float64]
Tower = Callable[[KerasTensor], KerasTensor]


def build_light_curve_cnn(
    scaling: Scaling, sample: Sample, seeds: Seeds, kinds: int = 0
) -> TwoGraphs:
    """The graphs of `light_curve_cnn`; the arguments are those of `build.build`."""
    has_relations = scaling.relations is not None
    names = registry.inputs_of(_NAME, has_relations=has_relations)
    inputs = make_inputs(names, 0 if scaling.relations is None else len(scaling.relations.mean))
    curve, features = inputs[registry.CURVE_INPUT], inputs[registry.FEATURE_INPUT]
    read = dict(zip(_READ, (*read_curve(curve), read_overview(curve)), strict=True))
    views = Views(inputs[registry.LOCAL_INPUT])
    summary, shape = robust_reading(views, *(read[name] for name in _READ[:2]))
    derived = derive_numbers(summary, features)
    overview = read[registry.CURVE_OVERVIEW]
    shown = read_numbers(views, overview)
    measured = _measure(sample)

    parts = [
        convolve(shape, seeds),
        embed_numbers(summary, measured[0], seeds),
        embed_unknowns(features, scaling.features, seeds),
        embed_unknowns(derived, _scaled(measured[1]), seeds),
    ]
    joined = ops.concatenate(parts, axis=-1)
    period, depth = regressions(joined, summary, scaling, measured[0], seeds)
    parts += [
        embed_unknowns(inputs[name], numbers, seeds)
        for name, numbers in (
            (registry.CATALOGUE_INPUT, scaling.catalogue),
            (registry.RELATION_INPUT, scaling.relations),
        )
        if numbers is not None
    ]
    looks = _look(views, overview, seeds)
    measured_numbers = [scale_unknowns(shown, _scaled(measured[2], VIEW_STEEPNESS))]
    if scaling.evidence is not None:
        evidence = inputs[registry.EVIDENCE_INPUT]
        measured_numbers.append(scale_unknowns(evidence, scaling.evidence))
    seen = dense(_NUMBER_UNITS, seeds)(ops.concatenate(measured_numbers, axis=-1))
    together = _drop(ops.concatenate([*looks, seen], axis=-1), seeds)
    parts.append(dense(_UNITS, seeds)(together) * views.has_curve)
    of_all_rows = heads(ops.concatenate(parts, axis=-1), seeds)

    said = [
        scale_unknowns(inputs[name], numbers)
        for name, numbers in (
            (registry.FEATURE_INPUT, scaling.features),
            (registry.CATALOGUE_INPUT, scaling.catalogue),
            (registry.RELATION_INPUT, scaling.relations),
        )
        if numbers is not None
    ]
    beside = dense(_NUMBER_UNITS, seeds)(ops.concatenate([*measured_numbers, *said], axis=-1))
    decisive = _drop(ops.concatenate([*looks, beside], axis=-1), seeds)
    of_curves = heads(decisive, seeds, _CURVE_HEAD_UNITS, _DROPOUT)
    # Where there is no curve, the others speak for them.
    of_curves = ops.where(views.has_curve[:, :, None] > 0, of_curves, of_all_rows)
    outputs = {
        registry.LABEL_OUTPUT: ops.concatenate([of_all_rows, of_curves], axis=1),
        registry.PERIOD_OUTPUT: period,
        registry.DEPTH_OUTPUT: depth,
    }
    model = taught = keras.Model(inputs, outputs, name=_NAME)
    if kinds:  # last, so that the other layers have the seeds that they have without it
        outputs = {**outputs, registry.KIND_OUTPUT: _tell_kind(decisive, kinds, seeds)}
        taught = keras.Model(inputs, outputs, name=_NAME)
    learnt = registry.learner_inputs(_NAME, has_relations=has_relations)
    learns_from = {each: (read | inputs)[each] for each in learnt}
    for each, tensor in learns_from.items():
        tensor.name = each
    return TwoGraphs(
        model, taught, lambda: keras.Model(learns_from, outputs, name=f"{_NAME}_learner")
    )


def _tell_kind(decisive: KerasTensor, kinds: int, seeds: Seeds) -> KerasTensor:
    """Which kind of false positive it would be, by what decides first by the light curve.

    Returns:
        (1, kinds), probabilities; a head like the others, with no part in the label.
    """
    x = layers.Dropout(_DROPOUT, seed=seeds())(dense(_KIND_UNITS, seeds)(decisive))
    chosen = layers.Dense(kinds, activation="softmax", kernel_initializer=seeds.glorot())(x)
    return ops.expand_dims(chosen, 1)


def _look(views: Views, overview: KerasTensor, seeds: Seeds) -> list[KerasTensor]:
    """Vectors of what the views show; nothing of a view that has no point in its middle."""
    transit, alternate, elsewhere = (_make_tower(units, seeds) for units in (32, 24, 24))
    odd, even = (alternate(views.channels(name)) for name in ("odd_view", "even_view"))
    difference = layers.Subtract(name=ODD_MINUS_EVEN)([odd, even])
    # Which transits are called odd is chance: the sign says nothing.
    difference = ops.abs(difference) * views.has("odd_view") * views.has("even_view")
    others = [
        elsewhere(views.channels(name)) * views.has(name) for name in ("secondary_view", "dip_view")
    ]
    orbit = _make_tower(24, seeds)(overview_channels(overview, views.scale))
    return [transit(views.channels("local_view")), difference, *others, orbit]


def _drop(x: KerasTensor, seeds: Seeds) -> KerasTensor:
    return layers.Dropout(_DROPOUT, seed=seeds())(x)


def _make_tower(units: int, seeds: Seeds) -> Tower:
    """Convolutions to a vector of so many units; the same ones wherever it is called."""
    steps: list[keras.layers.Layer] = [layers.GaussianNoise(_NOISE, seed=seeds())]
    for filters in (8, 16, 32):
        convolve_at = layers.Conv1D(
            filters, 5, padding="same", activation="relu", kernel_initializer=seeds.glorot()
        )
        steps += [convolve_at, layers.MaxPooling1D(3, 2)]
    steps += [layers.Flatten(), layers.Dropout(_DROPOUT, seed=seeds()), dense(units, seeds)]

    def tower(x: KerasTensor) -> KerasTensor:
        for step in steps:
            x = step(x)
        return x

    return tower


def _scaled(measured: Numbers, steepness: Numbers | None = None) -> NumberScaling:
    return scale_numbers(
        list(measured.T), np.ones(measured.shape[1]) if steepness is None else steepness
    )


def _measure(sample: Sample) -> list[Numbers]:
    """What is read and derived from the sample's rows: float64, (n, numbers) each.

    The summary of the curve, the numbers derived from it, and those of the views.
    """
    names = (*_READ, registry.FEATURE_INPUT, registry.LOCAL_INPUT)
    inputs = {name: keras.Input(sample[name].shape[1:], name=name) for name in names}
    views = Views(inputs[registry.LOCAL_INPUT])
    summary, _ = robust_reading(views, *(inputs[name] for name in _READ[:2]))
    outputs = (
        summary,
        derive_numbers(summary, inputs[registry.FEATURE_INPUT]),
        read_numbers(views, inputs[registry.CURVE_OVERVIEW]),
    )
    found = keras.Model(inputs, outputs)({name: sample[name] for name in names})
    return [np.asarray(each, dtype=np.float64) for each in found]
