"""The running average of a network's weights."""

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def model():
    from backend.training import keras_setup  # noqa: F401  chooses the backend of Keras

    import keras  # isort: skip

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1))
    model.optimizer.build(model.trainable_variables)
    return model


def averaged(model):
    from backend.training.weight_average import WeightAverage

    return WeightAverage(model)


def step(model, average, value):
    model.set_weights([np.full((1, 1), value, np.float32)])
    model.optimizer.iterations.assign_add(1)
    average.update()


def weight(model):
    return float(model.get_weights()[0][0, 0])


def test_the_average_is_shown_and_the_learning_weights_come_back(model):
    average = averaged(model)
    for number in range(100):
        step(model, average, float(number % 2))
    average.show()
    assert weight(model) == pytest.approx(0.5, abs=0.06)
    average.hide()
    assert weight(model) == 1.0
    average.hide()
    assert weight(model) == 1.0


def test_after_few_steps_the_average_is_of_the_last_of_them_not_of_the_start(model):
    model.set_weights([np.full((1, 1), 1000.0, np.float32)])
    average = averaged(model)
    for _ in range(30):
        step(model, average, 1.0)
    average.show()
    assert weight(model) == pytest.approx(1.0, abs=0.01)


def test_a_restored_average_goes_on_as_the_first_one(model):
    first, second = averaged(model), averaged(model)
    for number in range(20):
        step(model, first, float(number))
    first.show()
    second.restore(first.learning())
    second.hide()
    assert weight(model) == 19.0
    step(model, second, 5.0)
    second.show()
    resumed = weight(model)
    second.hide()
    model.optimizer.iterations.assign(20)
    first.hide()
    step(model, first, 5.0)
    first.show()
    assert weight(model) == resumed
