"""The files of the page: its words in both languages, its sheets, its size, what imports what."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from backend.config import REPOSITORY

FRONTEND = REPOSITORY / "frontend"
VENDOR = FRONTEND / "vendor"
LOCALES = FRONTEND / "locales"

LANGUAGES = sorted(path.name for path in LOCALES.iterdir())
SUBJECTS = sorted(path.stem for path in (LOCALES / "en").glob("*.json"))

STYLES = sorted((FRONTEND / "styles").glob("*.css"))

# Our own JavaScript, without the libraries.
SOURCES = sorted(path for path in FRONTEND.rglob("*.js") if VENDOR not in path.parents)

FIRST_PAGE_BYTES = 150_000

PLACEHOLDER = re.compile(r"\{(\w+)\}")
CALL = re.compile(r"""\bt\(\s*(?:"([^"]+)"|`([^`$]+)`)""")
TEMPLATE = re.compile(r"`([\w.]+\.)\$\{")
STRING = re.compile(r"""["'`]([\w. ]+)["'`]""")
IMPORT = re.compile(r"""(?:\bfrom|\bimport\(|^import)\s*"(\.[^"]+)\"""", re.MULTILINE)
CSS_CLASS = re.compile(r"\.(-?[a-zA-Z][\w-]*)")

# Folders import folders below them; those in one line do not import each other.
FLOORS = [
    {"app"},
    {"compare", "audit", "study-comparison"},
    {"studies"},
    {"evaluation", "analyses", "batch"},
    {"predict"},
    {"models", "datasets", "results", "light-curves"},
    {"training", "dataset-rows"},
    {"account", "reading", "labels", "listing", "bin"},
    {"ui"},
    {"lib"},
    {"vendor"},
]

# French puts a non-breaking space before these, and inside guillemets.
FRENCH_SPACING = re.compile(r"(?<![\u202f\d])[;!?]|(?<![\u00a0\w/\d]):| %|«(?!\u00a0)|(?<!\u00a0)»")


def words(language: str) -> dict[str, str]:
    """The dictionary of a language."""
    found: dict[str, str] = {}
    for path in (LOCALES / language).glob("*.json"):
        part = json.loads(path.read_text(encoding="utf-8"))
        assert not found.keys() & part.keys(), path
        found |= part
    return found


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def folder_of(path: Path) -> str:
    """The subject of a module: its folder, the library folder as one."""
    return path.relative_to(FRONTEND).parts[0]


def stem(key: str) -> str:
    """A key without the plural's form."""
    return re.sub(r"\.(one|many|other)$", "", key)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_language_has_every_text_with_the_same_places_for_values(language, subject):
    english, other = (
        json.loads((LOCALES / each / f"{subject}.json").read_text(encoding="utf-8"))
        for each in ("en", language)
    )
    assert english.keys() == other.keys()
    for key, text in english.items():
        assert text.strip(), key
        assert other[key].strip(), key
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(other[key])), key


def test_there_are_english_and_french_and_the_page_offers_both():
    text = (FRONTEND / "lib" / "i18n.js").read_text(encoding="utf-8")
    assert LANGUAGES == ["en", "fr"]
    for language in LANGUAGES:
        assert f"{language}:" in text
    for subject in SUBJECTS:
        assert f'"{subject}"' in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_text_that_a_module_asks_for_is_in_the_dictionary(path: Path):
    known = {stem(key) for key in words("en")} | words("en").keys()
    for literal, template in CALL.findall(path.read_text(encoding="utf-8")):
        assert (literal or template) in known


def test_every_text_of_the_dictionary_is_asked_for():
    text = sources()
    literals = set(STRING.findall(text))
    prefixes = tuple(set(TEMPLATE.findall(text)))
    unused = [
        key
        for key in words("en")
        if key not in literals and stem(key) not in literals and not key.startswith(prefixes)
    ]
    assert unused == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_a_module_puts_text_only_into_text_and_says_what_it_is_for(path: Path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ")
    for way_in in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way_in not in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_use_typographic_characters(language):
    for key, text in words(language).items():
        assert "'" not in text, key
        assert not re.search(r"(?<![\w\d])-\d", text), f"{key}: a minus sign is U+2212"
        assert "  " not in text, key


def test_french_spaces_are_those_of_french_typography():
    wrong = [key for key, text in words("fr").items() if FRENCH_SPACING.search(text)]
    assert wrong == []


def test_every_style_belongs_to_something_on_the_page():
    # A class stands in a template as a whole word, is built there from a prefix, or is uPlot's.
    text = sources() + (VENDOR / "uplot" / "uPlot.min.css").read_text(encoding="utf-8")
    used = set(re.findall(r"[a-zA-Z][\w-]*", text))
    prefixes = tuple(re.findall(r"\b([a-z]+-)\$\{", text))
    for sheet in STYLES:
        rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        selectors = re.findall(r"([^{};]+)\{", rules)
        for name in CSS_CLASS.findall(" ".join(selectors)):
            assert name in used or name.startswith(prefixes), f"{sheet.name}: .{name}"


def test_the_sheets_are_named_like_the_folders_and_loaded_in_one_go():
    folders = {folder_of(path) for path in SOURCES if path.parent != FRONTEND} - {"lib"}
    assert {path.stem for path in STYLES} - {"base"} <= folders
    linked = re.findall(r'href="/static/styles/([\w-]+)\.css"', index())
    assert linked[:2] == ["base", "ui"]
    assert sorted(linked) == [path.stem for path in STYLES]
    assert not any("@import" in path.read_text(encoding="utf-8") for path in STYLES)


def test_folders_import_only_folders_below_them():
    floor = {folder: n for n, folders in enumerate(FLOORS) for folder in folders}
    for path in SOURCES:
        if path.parent == FRONTEND:
            continue
        for name in IMPORT.findall(path.read_text(encoding="utf-8")):
            target = (path.parent / name).resolve()
            assert target.is_file(), f"{path}: {name}"
            ours, theirs = folder_of(path), folder_of(target)
            assert ours == theirs or floor[ours] < floor[theirs], f"{path}: {name}"


def test_no_modules_import_each_other_in_a_circle():
    waiting = {
        path: {(path.parent / name).resolve() for name in IMPORT.findall(path.read_text("utf-8"))}
        & set(SOURCES)
        for path in SOURCES
    }
    while free := {path for path, imported in waiting.items() if not imported & waiting.keys()}:
        waiting = {path: imported for path, imported in waiting.items() if path not in free}
    assert waiting == {}


def test_nothing_comes_from_elsewhere():
    own = [*SOURCES, *FRONTEND.glob("*.html"), *STYLES]
    for path in own:
        for address in re.findall(r"https?://[^\s\"'`<>)]+", path.read_text(encoding="utf-8")):
            assert address.startswith("http://www.w3.org/"), f"{path}: {address}"


def test_the_libraries_are_those_that_were_published():
    table = (VENDOR / "README.md").read_text(encoding="utf-8")
    sums = dict(re.findall(r"\| `([\w./-]+)` \| `([0-9a-f]{64})` \|", table))
    served = {
        str(path.relative_to(VENDOR))
        for path in VENDOR.rglob("*")
        if path.suffix in (".js", ".css", ".png")
    }
    assert served == sums.keys()
    for name, expected in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == expected, name


def test_the_first_page_is_small():
    files = first_page_files()
    assert FRONTEND / "vendor" / "htm" / "standalone.module.js" in files
    size = sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)
    assert size < FIRST_PAGE_BYTES


def test_files_are_served_compressed_and_not_sent_again(client):
    for encoding in ("gzip", "br"):
        asked = {"Accept-Encoding": encoding}
        answer = client.get("/static/styles/base.css", headers=asked)
        assert answer.headers["Content-Encoding"] == encoding
        again = {**asked, "If-None-Match": answer.headers["ETag"]}
        assert client.get("/static/styles/base.css", headers=again).status_code == 304


def index() -> str:
    return (FRONTEND / "index.html").read_text(encoding="utf-8")


def first_page_files() -> set[Path]:
    """What a browser loads before it shows the first page: all but the pages loaded later."""
    found = {FRONTEND / name for name in re.findall(r"/static/([\w./-]+)", index())}
    found |= set((LOCALES / "en").glob("*.json")) | {FRONTEND / "index.html"}
    waiting = [FRONTEND / "main.js"]
    while waiting:
        path = waiting.pop()
        imported = re.findall(r'\bfrom "(\.[^"]+)"', path.read_text(encoding="utf-8"))
        new = {(path.parent / name).resolve() for name in imported} - found
        found |= new
        waiting += new
    return found
