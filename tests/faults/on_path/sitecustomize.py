"""Python runs this at the start of each process that has this folder on its PYTHONPATH."""

import os
import sys
from pathlib import Path

if "FAULTS" in os.environ:
    from tests.faults.layer import Layer, install

    command = " ".join(sys.orig_argv)
    process = "worker" if "backend.worker" in command else "server"
    install(Layer(Path(os.environ["FAULTS"]), process))
