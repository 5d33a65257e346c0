"""A reader with its limits, and a set to fill."""

from pathlib import Path

import pytest

from backend.light_curves.ingest import ingest
from backend.light_curves.reader import CurveReader, Source


@pytest.fixture
def reader():
    return CurveReader(memory_mb=2000, seconds=60)


@pytest.fixture
def send(tmp_path, reader):
    """Sends files, {name: bytes or path}, to the set in `tmp_path`; what came of it."""
    count = 0

    def send(files, run="", **said):
        nonlocal count
        sources = []
        for name, content in files.items():
            path = content
            if not isinstance(content, Path):
                path = tmp_path / f"sent-{count}"
                path.write_bytes(content.encode() if isinstance(content, str) else content)
                count += 1
            sources.append(Source(path, name))
        return ingest(tmp_path / "set", sources, said, reader, run or f"run {count}")

    return send
