"""A network's steps, traced before its rows are known: a waiting worker has them ready.

Tracing takes longer than everything else before the first batch. So one pair of graphs is built
from made-up rows and traced; what depends on the rows of a session (weights, scalings, spreads) is
in variables, and `load` puts a session's own values there.
"""

from collections.abc import Iterator
from typing import Any

from backend.training import keras_setup  # before Keras: it chooses the backend

import keras  # isort: skip
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from backend.training.weight_average import WeightAverage
from backend.transit.columns import FEATURES, HEAVIEST, ROW_DTYPE
from backend.transit.light_curve.curve import BINS
from backend.transit.networks import losses, registry
from backend.transit.networks.build import build, count_parameters
from backend.transit.networks.curve_reading import OVERVIEW_PARTS, WINDOWS, make_reading
from backend.transit.networks.inputs import CATALOGUE_COLUMNS, Matrix
from backend.transit.networks.layers import Sample, TwoGraphs
from backend.transit.networks.scaling import Scaling, learn_scaling
from backend.transit.photometry.evidence import EVIDENCE
from backend.transit.photometry.view_rows import LOCAL_VIEWS
from backend.transit.photometry.views import LOCAL_BINS

Arrays = dict[str, NDArray]

# Curves are always read this many at a time: the order in which a matrix product is summed depends
# on its shape, and a row must be read the same whichever rows are read with it. A multiple of 48,
# the most rows that TensorFlow's product takes at once: what is left over is summed in another
# order (measured: of 250 rows 4 differ at 128, none at 24, 48, 96 or 120).
READ_ROWS = 96

_TARGETS = {
    registry.LABEL_OUTPUT: tf.TensorSpec((None, 1), tf.int32),
    registry.PERIOD_OUTPUT: tf.TensorSpec((None, 1), tf.float32),
    registry.DEPTH_OUTPUT: tf.TensorSpec((None, 1), tf.float32),
    registry.WEIGHT: tf.TensorSpec((None, 1), tf.float32),
}

# -1: none is known.
_KIND_TARGET = {registry.KIND_OUTPUT: tf.TensorSpec((None, 1), tf.int32)}

_WARM_UP_ROWS = 8


class Steps:
    """Trains one network, and predicts with it.

    Args:
        name: a key of `registry.NETWORKS`.
        ensemble: how many members.
        relations: how many numbers its `relation_input` has; 0: it has none.
        optimizer: with any learning rate.
        smoothing, regression_weight: as for `losses.measure`.
        kinds: how many kinds of false positives it tells apart while it learns; 0: none.

    Attributes:
        model: the inner graph that learns, with what only teaches it; has the optimizer.
        average: of its weights.
        names: of what it learns from.
        parameters: how many a saved model has, which is without what only teaches it.
    """

    def __init__(
        self,
        name: str,
        ensemble: int,
        relations: int,
        optimizer: keras.optimizers.Optimizer,
        smoothing: float,
        regression_weight: float,
        kinds: int = 0,
    ) -> None:
        keras_setup.prepare_tensorflow()
        self.name, self.ensemble, self.relations, self.kinds = name, ensemble, relations, kinds
        self.names = registry.learner_inputs(name, has_relations=relations > 0)
        graphs = build(name, *_made_up(self.names, relations), 0, ensemble, kinds)
        self.model, self._learner = graphs.taught, graphs.make_learner()
        self.parameters = count_parameters(graphs.model)
        self._targets = _TARGETS | (_KIND_TARGET if kinds else {})
        self.model.compile(optimizer)
        optimizer.build(self.model.trainable_variables)
        self.average = WeightAverage(self.model)
        self._scalings = [_in_variables(layer) for layer in _rescalings(self.model)]
        self._spreads = [tf.Variable(1.0, trainable=False) for _ in range(2)]
        self._mean_weight = tf.Variable(HEAVIEST, trainable=False)
        self._measure = losses.measure(smoothing, regression_weight, *self._spreads)
        self._loaded: TwoGraphs | None = None
        self._train = self._trace_training()
        self._infer = self._trace_inference()
        self._test = self._trace_testing()
        self._read = self._trace_reading()

    def warm_up(self) -> None:
        """Run every step once, on made-up rows: the first run of a step takes longer."""
        _, sample = _made_up(self.names, self.relations)
        inputs = {name: sample[name] for name in self.names}
        targets = {
            name: np.ones((_WARM_UP_ROWS, 1), each.dtype.as_numpy_dtype)
            for name, each in self._targets.items()
        }
        self.train(inputs, targets)
        self.test(inputs, targets)
        self.read(np.ones((1, BINS), np.float32))

    def load(
        self,
        graphs: TwoGraphs,
        scaling: Scaling,
        learning_rate: float,
        mean_weight: float = HEAVIEST,
    ) -> None:
        """Start anew from the weights and the scaling of a session's own graphs.

        Args:
            graphs: from `build`, of this network.
            scaling: that they were built with.
            learning_rate: of the optimizer.
            mean_weight: of the training rows.
        """
        self._loaded = graphs
        self._mean_weight.assign(mean_weight)
        _copy(graphs.taught, self.model)
        optimizer = self.model.optimizer
        for variable in optimizer.variables:
            variable.assign(np.zeros(variable.shape))
        optimizer.learning_rate.assign(learning_rate)
        for variables, layer in zip(self._scalings, _rescalings(graphs.taught), strict=True):
            for variable, value in zip(variables, (layer.scale, layer.offset), strict=True):
                variable.assign(np.broadcast_to(np.asarray(value, np.float32), variable.shape))
        spreads = (scaling.log_period[1], scaling.log_depth[1])
        for variable, spread in zip(self._spreads, spreads, strict=True):
            variable.assign(spread)
        self.average.restart()

    def finished(self) -> keras.Model:
        """The session's own inner graph, from the network's inputs, with the weights learnt."""
        assert self._loaded is not None
        _copy(self.model, self._loaded.taught)
        return self._loaded.model

    def train(self, inputs: Arrays, targets: Arrays) -> dict[str, Any]:
        """Learn from a batch, each row as much as it weighs.

        Returns:
            the sums of its measurements, each times the row's weight, and of the weights, `rows`.
        """
        return self._train(inputs, targets)

    def test(self, inputs: Arrays, targets: Arrays) -> dict[str, Any]:
        """The same sums without learning."""
        return self._test(targets, self._infer(inputs))

    def infer(self, inputs: Arrays) -> Arrays:
        """The outputs of the inner graph."""
        return {name: each.numpy() for name, each in self._infer(inputs).items()}

    def read(self, curves: Matrix) -> dict[str, Matrix]:
        """What the network learns from curves: float32, (n, 2001), to float32, (n, …), by name."""
        if registry.CURVE_INPUT in self.names:
            return {registry.CURVE_INPUT: curves[:, :, np.newaxis]}
        blocks = [self._read_block(curves[start : start + READ_ROWS]) for start in _starts(curves)]
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def _read_block(self, curves: Matrix) -> dict[str, Matrix]:
        rows = len(curves)
        if rows < READ_ROWS:
            curves = np.concatenate([curves, np.ones((READ_ROWS - rows, BINS), np.float32)])
        return {name: each.numpy()[:rows] for name, each in self._read(curves).items()}

    def _trace_training(self) -> tf.types.experimental.PolymorphicFunction:
        signature = (_any_rows(self._learner.input), self._targets)

        @tf.function(input_signature=signature, autograph=False)
        def step(inputs: dict[str, Any], targets: dict[str, Any]) -> dict[str, Any]:
            weights = self.model.trainable_variables
            with tf.GradientTape() as tape:
                measured = self._measure(targets, self._learner(inputs, training=True))
                sums = _summed(measured, targets)
                # Not over the batch's own weights: light rows alone would count like heavy ones.
                rows = tf.cast(tf.shape(measured["loss"])[0], tf.float32)
                loss = sums["loss"] / (rows * self._mean_weight)
            self.model.optimizer.apply(tape.gradient(loss, weights), weights)
            self.average.update()
            return sums

        return step

    def _trace_inference(self) -> tf.types.experimental.PolymorphicFunction:
        @tf.function(input_signature=(_any_rows(self._learner.input),), autograph=False)
        def step(inputs: dict[str, Any]) -> dict[str, Any]:
            return self._learner(inputs, training=False)

        return step

    def _trace_reading(self) -> tf.types.experimental.PolymorphicFunction:
        reading = make_reading()
        names = [name for name in self.names if name in reading.output]

        @tf.function(input_signature=(tf.TensorSpec((READ_ROWS, BINS)),), autograph=False)
        def read(curves: Any) -> dict[str, Any]:
            found = reading(curves[:, :, tf.newaxis])
            return {name: found[name] for name in names}

        return read

    def _trace_testing(self) -> tf.types.experimental.PolymorphicFunction:
        signature = (self._targets, _any_rows(self._learner.output))

        @tf.function(input_signature=signature, autograph=False)
        def step(targets: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
            return _summed(self._measure(targets, outputs), targets)

        return step


def _summed(measured: dict[str, Any], targets: dict[str, Any]) -> dict[str, Any]:
    weights = targets[registry.WEIGHT][:, 0]
    sums = {name: tf.reduce_sum(weights * values) for name, values in measured.items()}
    return {**sums, "rows": tf.reduce_sum(weights)}


def _any_rows(tensors: dict[str, keras.KerasTensor]) -> dict[str, tf.TensorSpec]:
    """Any number of rows of each tensor: one trace for every batch size."""
    return {name: tf.TensorSpec(each.shape, tf.float32) for name, each in tensors.items()}


def _starts(curves: Matrix) -> range:
    return range(0, max(len(curves), 1), READ_ROWS)


def _made_up(names: tuple[str, ...], relations: int) -> tuple[Scaling, Sample]:
    """A scaling and a sample as of a few rows, of which only the shapes matter."""
    rows = np.zeros(_WARM_UP_ROWS, ROW_DTYPE)
    rows["period"], rows["depth"] = 10.0, 1000.0
    catalogue = np.ones((len(rows), len(CATALOGUE_COLUMNS)), np.float32)
    evidence = np.ones((len(rows), len(EVIDENCE)), np.float32)
    sample = {
        registry.CURVE_INPUT: np.ones((len(rows), BINS, 1), np.float32),
        registry.FEATURE_INPUT: np.ones((len(rows), len(FEATURES)), np.float32),
        registry.CATALOGUE_INPUT: catalogue,
        registry.RELATION_INPUT: np.ones((len(rows), relations), np.float32),
        registry.CURVE_SUMMARY: np.zeros((len(rows), 3), np.float32),
        registry.CURVE_WINDOWS: np.zeros((len(rows), WINDOWS, 1), np.float32),
        registry.CURVE_OVERVIEW: np.zeros((len(rows), OVERVIEW_PARTS, 2), np.float32),
        registry.LOCAL_INPUT: np.ones((len(rows), LOCAL_BINS, len(LOCAL_VIEWS)), np.float32),
        registry.EVIDENCE_INPUT: evidence,
    }
    scaling = learn_scaling(
        rows,
        catalogue if registry.CATALOGUE_INPUT in names else None,
        sample[registry.RELATION_INPUT] if relations else None,
        evidence if registry.EVIDENCE_INPUT in names else None,
    )
    return scaling, sample


def _rescalings(model: keras.Model) -> Iterator[keras.layers.Rescaling]:
    """The layers of a graph, and of the graphs in it, that scale by numbers learnt from rows."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _rescalings(layer)
        elif isinstance(layer, keras.layers.Rescaling):
            yield layer


def _in_variables(layer: keras.layers.Rescaling) -> tuple[tf.Variable, tf.Variable]:
    """Make a layer scale by variables in place of numbers."""
    layer.scale, layer.offset = (
        tf.Variable(np.asarray(value, np.float32), trainable=False)
        for value in (layer.scale, layer.offset)
    )
    return layer.scale, layer.offset


def _copy(one: keras.Model, other: keras.Model) -> None:
    """Put the variables of one graph into another of the same network."""
    for value, variable in zip(one.variables, other.variables, strict=True):
        variable.assign(value.value)
