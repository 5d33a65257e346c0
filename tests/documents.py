"""The documents of the repository, read for what they promise."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from backend.config import REPOSITORY

README = REPOSITORY / "README.md"
TRAINING_GUIDE = REPOSITORY / "docs" / "MODEL_TRAINING_GUIDE.md"
WORKSPACE_GUIDE = REPOSITORY / "docs" / "EXPERT_WORKSPACE_GUIDE.md"
ARCHITECTURE = REPOSITORY / "docs" / "MODEL_ARCHITECTURE.md"

# What the guides explain together.
GUIDES = (README, TRAINING_GUIDE, ARCHITECTURE, WORKSPACE_GUIDE)

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line in the document where it begins."""

    language: str
    text: str
    line: int


def all_documents() -> list[Path]:
    """Every Markdown file of the project's own."""
    return sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        yield Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return _BLOCK.sub("", document.read_text(encoding="utf-8"))


def code_spans(document: Path) -> list[str]:
    """What stands between backticks in a line."""
    return re.findall(r"`([^`\n]+)`", prose(document))


def table_rows(document: Path) -> Iterator[list[str]]:
    """The cells of every table row."""
    for line in prose(document).splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def anchors(document: Path) -> set[str]:
    """The anchors that headings get, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {each.replace(" ", "-") for each in words}


def links(document: Path) -> list[str]:
    """The targets of links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(document))
