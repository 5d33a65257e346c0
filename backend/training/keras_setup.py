"""Sets TensorFlow up the same way for every session and prediction; import it before Keras."""

import os

# The network is small: more threads gain nothing, and a fixed number sums in a fixed order on
# every machine.
THREADS = int(os.environ.get("EXOTRAIN_THREADS") or 2)

os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(THREADS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"


def prepare_tensorflow() -> None:
    """Make every operation deterministic."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def open_devices() -> None:
    """Make TensorFlow look for its devices now; it prints what it does not find."""
    import tensorflow as tf

    tf.config.list_logical_devices()
