"""CONTRIBUTING.md leads to files and commands that are there."""

import re

from backend.config import REPOSITORY
from tests.documents import code_spans

CONTRIBUTING = REPOSITORY / "CONTRIBUTING.md"

PATH = re.compile(r"(?:backend|frontend|tests|docs)/[\w./-]*")


def test_every_path_that_it_names_is_there():
    for span in code_spans(CONTRIBUTING):
        if PATH.fullmatch(span):
            assert (REPOSITORY / span).exists(), span


def test_every_target_that_it_names_is_one_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", CONTRIBUTING.read_text(encoding="utf-8")))
    assert named
    assert named <= targets
