"""Whose light it is: the star, by the header, a column or the file's name; mission and segment."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import read_stars, shown

_KEYWORDS = (("KEPLERID", "KIC"), ("KEPID", "KIC"), ("TICID", "TIC"), ("EPIC", "EPIC"))
_NAMED = re.compile(r"(?<![a-z])(KIC|TIC|EPIC)[ _:#-]*0*([0-9]{1,12})(?![0-9])", re.IGNORECASE)
_KEPLER_FILE = re.compile(r"(kplr|ktwo)0*([0-9]{1,9})(?![0-9])", re.IGNORECASE)
_TESS_FILE = re.compile(r"(?<![a-z0-9])s([0-9]{4})-([0-9]{16})(?![0-9])", re.IGNORECASE)
_ENDINGS = re.compile(r"\.(?:gz|fits?|fit|csv|tsv|txt|dat|tbl|ecsv|lc|npz)$", re.IGNORECASE)
_LONGEST_NAME = 40


class Origin(NamedTuple):
    """What is known of a file beside its numbers.

    Attributes:
        star: the identifier as in the tables' star column; "" if none is known.
        star_from: "header", "file name", "upload" or "".
        mission: "kepler", "k2", "tess" or "".
        name: the quarter, campaign or sector; "" if unknown.
    """

    star: str
    star_from: str
    mission: str
    name: str


def normalised(identifier: str) -> str:
    """The identifier of a star as the tables' star column has it; "" if it is none.

    No name of a star has a character that cannot be shown.
    """
    found = read_stars([identifier])[0][0].decode("utf-8", "replace")
    return found if found.isprintable() else ""


def says_star(star: str, file_name: str) -> bool:
    """Whether a file names its star, and is not just called something.

    Args:
        star: of the file, from its header, a column or its name.
        file_name: as it was sent, behind the name of its archive.
    """
    stem = _stem(file_name)
    patterns = (_KEPLER_FILE, _TESS_FILE, _NAMED)
    is_identifier = stem.isdigit() or any(each.search(stem.replace("_", " ")) for each in patterns)
    return bool(star) and (is_identifier or star != normalised(stem))


def origin(
    header: Mapping[str, Any], comments: Sequence[str], file_name: str, said_star: str | None
) -> Origin:
    """Whose light curve a file is.

    Args:
        header: its keywords, in capitals.
        comments: lines of text beside the table.
        file_name: as it was sent, with folders.
        said_star: what the upload says; it comes first.

    Raises:
        NotReadable: the header names two different stars.
    """
    mission, name = _mission(header, file_name)
    if said_star:
        return Origin(normalised(said_star), "upload", mission, name)
    in_header = _of_header(header) or _of_comments(comments)
    if in_header:
        return Origin(in_header, "header", mission, name)
    by_name = _of_file_name(file_name)
    return Origin(by_name, "file name" if by_name else "", mission, name)


def _of_header(header: Mapping[str, Any]) -> str:
    numbers = {
        prefix: normalised(str(header[key]))
        for key, prefix in _KEYWORDS
        if str(header.get(key, "")).strip() not in ("", "0", "None")
    }
    text = str(header.get("OBJECT", "") or "").strip()
    named = _NAMED.fullmatch(text)
    if named and (number := numbers.get(named[1].upper())) and number != normalised(text):
        raise NotReadable(
            f"The header names two stars: {named[1].upper()} {number}, and OBJECT {shown(text)}. "
            "Correct one of them."
        )
    if numbers:
        return next(iter(numbers.values()))
    return normalised(text)


def _of_comments(comments: Sequence[str]) -> str:
    found = {normalised(each[0]) for line in comments for each in _NAMED.finditer(line)}
    if len(found) > 1:
        raise NotReadable(
            f"The comments name {len(found):,} stars, so it is not known whose light curve it is. "
            "Leave one, or add a column `star`."
        )
    return found.pop() if found else ""


def _of_file_name(file_name: str) -> str:
    stem = _stem(file_name)
    if mission := _KEPLER_FILE.search(stem):
        return normalised(mission[2])
    if sector := _TESS_FILE.search(stem):
        return normalised(sector[2])
    if named := _NAMED.search(stem.replace("_", " ")):
        return normalised(named[0])
    return normalised(stem)


def _stem(file_name: str) -> str:
    stem = PurePosixPath(file_name.replace("\\", "/")).name
    while (shorter := _ENDINGS.sub("", stem)) != stem:
        stem = shorter
    return stem


def _mission(header: Mapping[str, Any], file_name: str) -> tuple[str, str]:
    """The mission, and the name of the segment."""
    telescope = f"{header.get('TELESCOP', '')} {header.get('MISSION', '')}".lower()
    stem = _stem(file_name)
    if "tess" in telescope or _TESS_FILE.search(stem):
        found = _TESS_FILE.search(stem)
        return "tess", _numbered("sector", header.get("SECTOR", found[1] if found else None))
    of_file = _KEPLER_FILE.search(stem)
    prefix = of_file[1].lower() if of_file else ""
    if "k2" in telescope or header.get("CAMPAIGN") is not None or prefix == "ktwo":
        return "k2", _numbered("campaign", header.get("CAMPAIGN"))
    if "kepler" in telescope or prefix == "kplr":
        return "kepler", _numbered("quarter", header.get("QUARTER"))
    return "", ""


def _numbered(word: str, number: object) -> str:
    text = str(number if number is not None else "").strip().lstrip("0")[:_LONGEST_NAME]
    if str(number) in ("0", "0000"):
        text = "0"
    return f"{word} {text}" if text else ""
