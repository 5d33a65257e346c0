"""Loads the hooks that a test named, into the server and its workers, before anything else.

Python imports a module of this name at its start, from the first folder of PYTHONPATH that has
one; `tests.soak.hooks.environment` puts this folder there.
"""

import importlib
import os

for _name in os.environ.get("TEST_HOOKS", "").split():
    importlib.import_module(f"tests.soak.hooks.{_name}")
