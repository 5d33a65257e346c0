"""The documents of the repository, read for what they promise."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from backend.config import REPOSITORY

README = REPOSITORY / "README.md"
CHANGELOG = REPOSITORY / "CHANGELOG.md"
TRAINING_GUIDE = REPOSITORY / "docs" / "MODEL_TRAINING_GUIDE.md"
WORKSPACE_GUIDE = REPOSITORY / "docs" / "EXPERT_WORKSPACE_GUIDE.md"
MODEL_ARCHITECTURE = REPOSITORY / "docs" / "MODEL_ARCHITECTURE.md"
ARCHITECTURE = REPOSITORY / "docs" / "ARCHITECTURE.md"
ACCESS = REPOSITORY / "docs" / "ACCESS.md"
SECURITY = REPOSITORY / "docs" / "SECURITY.md"
RELIABILITY = REPOSITORY / "docs" / "RELIABILITY.md"
OPERATIONS = REPOSITORY / "docs" / "OPERATIONS.md"
BENCHMARKS = REPOSITORY / "docs" / "BENCHMARKS.md"

# What the guides explain together.
GUIDES = (README, TRAINING_GUIDE, MODEL_ARCHITECTURE, WORKSPACE_GUIDE)

# The verification standard, whose text is its authors' and so not in the repository.
STANDARD = REPOSITORY.parent / "shared" / "security" / "asvs-5.0-level-1-2.csv"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        language: what stands after the fence.
        text: what stands between the fences.
        line: of the document, where it begins.
        is_folded: whether it stands in `<details>`, apart from the way through the document.
    """

    language: str
    text: str
    line: int
    is_folded: bool


def all_documents() -> list[Path]:
    """Every Markdown file of the project's own."""
    return sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        before = text[: found.start()]
        is_folded = before.count("<details>") > before.count("</details>")
        yield Block(found[1], found[2], before.count("\n") + 1, is_folded)


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return _BLOCK.sub("", document.read_text(encoding="utf-8"))


def code_spans(document: Path) -> list[str]:
    """The texts between backticks in a line."""
    return re.findall(r"`([^`\n]+)`", prose(document))


def table_rows(document: Path) -> Iterator[list[str]]:
    """The cells of every table row."""
    for line in prose(document).splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def paths_of_tree(block: Block) -> Iterator[str]:
    """The paths of a tree: one a line, two spaces a level, folders with a slash at the end."""
    above: list[str] = []
    for line in block.text.splitlines():
        name = line.split()[0]
        level = (len(line) - len(line.lstrip())) // 2
        above[level:] = [name.rstrip("/")]
        yield "/".join(above) + ("/" if name.endswith("/") else "")


def requirements() -> list[tuple[str, str, str, str]]:
    """The requirements of the security standard: number, level, state, and how it is held."""
    rows = [cells for cells in table_rows(SECURITY) if re.fullmatch(r"V\d+\.\d+\.\d+", cells[0])]
    return [(number, level, state, how) for number, level, state, how in rows]


def anchors(document: Path) -> set[str]:
    """The anchors that headings get, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {each.replace(" ", "-") for each in words}


def links(document: Path) -> list[str]:
    """The targets of links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(document))
