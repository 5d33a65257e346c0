"""Workers that note in a journal what they do, and do it without TensorFlow with TRAINER=light.

`backend.worker.jobs` is replaced when it is imported: by `tests.soak.light_jobs`, or by itself,
and in both its `train_session` is watched. Nothing of the backend is imported before that: on a
node of a cluster it is where Ray has put it.
"""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_NAME = "backend.worker.jobs"
_LIGHT = Path(__file__).parents[1] / "light_jobs.py"


class _Finder:
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _NAME or not path:
            return None
        file = str(_LIGHT if os.environ["TRAINER"] == "light" else Path(path[0]) / "jobs.py")
        return importlib.util.spec_from_file_location(name, file, loader=_Watching(name, file))


class _Watching(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        from tests.soak import journal

        module.train_session = journal.watched(module.train_session)
        module.answer_predictions = journal.held(module.answer_predictions)


sys.meta_path.insert(0, _Finder)
