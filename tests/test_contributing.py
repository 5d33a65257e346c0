"""CONTRIBUTING.md names commands that are there."""

import re

from backend.config import REPOSITORY

CONTRIBUTING = REPOSITORY / "CONTRIBUTING.md"


def test_every_target_that_it_names_is_one_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", CONTRIBUTING.read_text(encoding="utf-8")))
    assert named
    assert named <= targets
