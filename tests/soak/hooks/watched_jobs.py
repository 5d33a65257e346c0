"""Workers that note in a journal what they do, and do it without TensorFlow with TRAINER=light.

`backend.worker.jobs` is replaced when it is imported: by `tests.soak.light_jobs`, or by itself,
and in both its `train_session` is watched.
"""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from backend.config import REPOSITORY

_NAME = "backend.worker.jobs"
_FILE = "tests/soak/light_jobs.py" if os.environ["TRAINER"] == "light" else "backend/worker/jobs.py"


class _Finder:
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _NAME:
            return None
        file = str(REPOSITORY / _FILE)
        return importlib.util.spec_from_file_location(name, file, loader=_Watching(name, file))


class _Watching(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        from tests.soak import journal

        module.train_session = journal.watched(module.train_session)
        module.answer_predictions = journal.held(module.answer_predictions)


sys.meta_path.insert(0, _Finder)
