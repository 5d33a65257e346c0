"""Sets TensorFlow up the same way for every training and prediction; import it before Keras."""

import os

# The network is small: more threads gain nothing, and a fixed number sums in a fixed order on
# every machine.
THREADS = 2

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"


def prepare_tensorflow() -> None:
    """Fixes the number of threads, and makes every operation deterministic."""
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() != THREADS:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.config.experimental.enable_op_determinism()
