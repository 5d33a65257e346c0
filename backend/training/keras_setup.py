"""Sets TensorFlow up the same way for every training and prediction; import it before Keras."""

import os

# The network is small: more threads gain nothing, and a fixed number sums in a fixed order on
# every machine.
THREADS = 2

os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(THREADS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"


def prepare_tensorflow() -> None:
    """Makes every operation deterministic."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
