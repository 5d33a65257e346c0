"""The documents name everything that a user can meet, and nothing that is not there."""

import csv
import dataclasses
import re
from pathlib import Path
from typing import get_args

import pytest
from apiflask import APIFlask

from backend.config import REPOSITORY, Settings
from backend.transit.catalog.names.column_names import FORMATS, LABEL_WORDS
from backend.transit.catalog.rejections import REASONS
from backend.transit.columns import LABELS
from backend.transit.light_curve.orbit import FLAGS
from backend.transit.networks.registry import NETWORKS
from backend.web.schemas.training.requests.sessions import StartRequest
from backend.web.schemas.training.sessions import FailureReason, SessionStatus
from tests.documents import (
    ARCHITECTURE,
    BENCHMARKS,
    CHANGELOG,
    GUIDES,
    MODEL_ARCHITECTURE,
    README,
    RELIABILITY,
    SECURITY,
    STANDARD,
    TRAINING_GUIDE,
    all_documents,
    anchors,
    blocks,
    code_spans,
    links,
    paths_of_tree,
    prose,
    requirements,
    table_rows,
)

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")

# The contract, word for word.
CONTRACT = """\
curl -X POST http://localhost:5000/api/training/upload-dataset -H "Authorization: Bearer test_user_123" \\
  -F "file=@example_dataset.csv" -F "workspace_key=YOUR_KEY" -F "name=Test Dataset"
curl -X POST http://localhost:5000/api/training/start -H "Authorization: Bearer test_user_123" \\
  -H "Content-Type: application/json" -d '{"workspace_key": "YOUR_KEY", "dataset_id": 1, "epochs": 10}'
curl "http://localhost:5000/api/training/sessions?workspace_key=YOUR_KEY" -H "Authorization: Bearer test_user_123"
"""  # noqa: E501

# Variables of the tests and benchmarks, and of the nodes of a cluster, not of the server.
OTHER_VARIABLES = {"EXOTRAIN_ARCHIVE_DATA", "EXOTRAIN_NODE_DIR"}

# A file or a folder of the source; the folders above it may be left out.
PATH_OF_OURS = re.compile(
    r"(?:backend|frontend|tests|benchmarks|docs|web|services|background|worker|training|storage"
    r"|database|transit|lib)/[\w./-]*|\w+\.(?:py|md)"
)

# Folders of somebody's machine; paths of the API begin otherwise.
SOMEBODYS_PATH = re.compile(r"(?<![\w.~/])/(?:work|tmp|home|root|mnt|Users|opt|var)/")


@pytest.fixture
def calls(app: APIFlask) -> set[str]:
    """Every method and path of the URL map, as the documents write them."""
    return {
        f"{method} {_documented(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method in METHODS
    }


def _documented(rule: str) -> str:
    rule = re.sub(r"<int:\w+>", "<id>", rule)
    return re.sub(r"<path:\w+>", "<path>", rule)


def documented_calls() -> set[str]:
    spans = {span for document in GUIDES for span in code_spans(document)}
    return {span for span in spans if span.split(" ")[0] in METHODS and " /" in span}


def named_in_guides() -> set[str]:
    return {span for document in GUIDES for span in code_spans(document)}


def test_every_route_is_named(calls):
    assert calls - documented_calls() == set()


def test_every_named_route_exists(calls):
    assert documented_calls() - calls == set()


def test_every_setting_is_named_with_its_default():
    documented = {cells[0].strip("`"): cells[1] for cells in table_rows(TRAINING_GUIDE)}
    for field in dataclasses.fields(Settings):
        name = f"EXOTRAIN_{field.name.upper()}"
        default = "the repository's root" if field.default == REPOSITORY else field.default
        assert documented.get(name) == str(default or "none"), name


def test_every_named_setting_exists():
    settings = {f"EXOTRAIN_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    for document in all_documents():
        named = set(re.findall(r"EXOTRAIN_[A-Z_]*[A-Z]", document.read_text(encoding="utf-8")))
        assert named <= settings | OTHER_VARIABLES, document.name


def test_every_setting_of_a_session_is_named_with_its_default():
    documented = {
        cells[0].strip("`"): cells[2] for cells in table_rows(TRAINING_GUIDE) if cells[2:]
    }
    for name in StartRequest.model_fields.keys() - {"workspace_key", "dataset_id"}:
        default = StartRequest.model_fields[name].default
        assert documented.get(name, "").strip("`") == str(default), name


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(get_args(FailureReason.__value__), id="error reasons"),
        pytest.param(get_args(SessionStatus.__value__), id="statuses"),
        pytest.param(REASONS, id="rejection reasons"),
        pytest.param(LABELS, id="labels"),
        pytest.param(NETWORKS, id="networks"),
        pytest.param(FLAGS, id="curve flags"),
    ],
)
def test_every_word_that_an_answer_can_hold_is_explained(words):
    first_cells = {
        cell.strip("`") for document in GUIDES for row in table_rows(document) for cell in row
    }
    missing = set(words) - (first_cells | named_in_guides())
    assert missing == set()


def test_every_recognised_column_name_is_in_the_row_of_its_column():
    rows = {cells[0].strip("`"): cells for cells in table_rows(TRAINING_GUIDE)}
    for position, form in enumerate(FORMATS.values(), start=3):
        for column, names in form.items():
            listed = [name.strip(" `") for name in rows[column][position].split(",")]
            assert listed == list(names), column


def test_every_label_word_is_named():
    words = {word.upper() for word in LABEL_WORDS if not word[0].isdigit()}
    assert words <= named_in_guides()


def test_the_contract_stands_word_for_word_after_the_call_that_makes_a_workspace():
    texts = [block.text for block in blocks(README)]
    assert CONTRACT in texts
    before = "".join(texts[: texts.index(CONTRACT)])
    assert "POST http://localhost:5000/api/workspaces " in before


def test_every_module_of_the_backend_is_in_the_tree():
    modules = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "backend").rglob("*.py")
        if path.name != "__init__.py"
    }
    assert modules - the_tree() == set()


@pytest.mark.parametrize("part", ["backend", "frontend", "tests"])
def test_every_folder_is_in_the_tree(part: str):
    deep = part == "backend"
    found = (REPOSITORY / part).rglob("*") if deep else (REPOSITORY / part).iterdir()
    folders = {
        f"{path.relative_to(REPOSITORY)}/"
        for path in found
        if path.is_dir() and path.name != "__pycache__" and holds_source(path)
    }
    assert folders - the_tree() == set()


def holds_source(folder: Path) -> bool:
    """Whether there is more in it than what Python left behind."""
    return any(path.is_file() and path.suffix != ".pyc" for path in folder.rglob("*"))


def test_everything_in_the_tree_exists():
    for path in the_tree():
        assert (REPOSITORY / path).exists(), path
        assert path.endswith("/") == (REPOSITORY / path).is_dir(), path


def the_tree() -> set[str]:
    """The paths of the house, as `docs/ARCHITECTURE.md` draws it."""
    trees = [block for block in blocks(ARCHITECTURE) if block.text.startswith("backend/\n")]
    assert len(trees) == 1
    return set(paths_of_tree(trees[0]))


# A changelog names what was there then.
@pytest.mark.parametrize(
    "document", [each for each in all_documents() if each != CHANGELOG], ids=lambda path: path.name
)
def test_every_named_path_exists(document: Path):
    existing = paths_of_ours()
    for span in filter(PATH_OF_OURS.fullmatch, code_spans(document)):
        assert any(path.endswith(f"/{span.rstrip('/')}") for path in existing), span


def paths_of_ours() -> list[str]:
    """Every file and folder of the source, each with a slash before it."""
    folders = ("backend", "frontend", "tests", "benchmarks", "docs")
    paths = [path for folder in folders for path in (REPOSITORY / folder).rglob("*")]
    paths += [*(REPOSITORY / folder for folder in folders), *REPOSITORY.glob("*")]
    return [f"/{path.relative_to(REPOSITORY)}" for path in paths]


def test_each_of_the_twenty_tasks_names_one_file_first():
    tasks = [cells for cells in table_rows(ARCHITECTURE) if cells[0] != "to…"]
    assert len(tasks) == 20
    for task, first, _ in tasks:
        assert (REPOSITORY / first.strip("`")).is_file(), task


@pytest.mark.parametrize("document", all_documents(), ids=lambda path: path.name)
def test_links_resolve(document: Path):
    for link in links(document):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", all_documents(), ids=lambda path: path.name)
def test_every_picture_exists_in_both_themes(document: Path):
    text = prose(document)
    for picture in re.findall(r'(?:src|srcset)="([^"]+)"', text):
        assert (document.parent / picture).is_file(), picture
    dark = re.findall(r'srcset="([^"]+)-dark\.png"', text)
    assert dark == re.findall(r'src="([^"]+)-light\.png"', text)


def test_the_readme_says_what_was_measured_of_the_network_and_the_best_trees():
    rows = [cells for cells in table_rows(BENCHMARKS) if len(cells) == 8]
    figures = {cells[0]: cells[1:4] for cells in reversed(rows)}  # the first table counts
    told = "nine columns and relations"
    network = figures[f"network x 5, {told}"]
    trees = [
        each for name, each in figures.items() if name.endswith(told) and "network" not in name
    ]
    text = " ".join(prose(README).split())
    for accuracy in (network[0], max(each[0] for each in trees)):
        assert f"{float(accuracy):.1%}" in text
    for log_loss in (network[2], min(each[2] for each in trees)):
        assert f"{float(log_loss):.3f}" in text


@pytest.mark.parametrize("document", all_documents(), ids=lambda path: path.name)
def test_no_document_names_a_folder_of_somebodys_machine(document: Path):
    assert not SOMEBODYS_PATH.findall(document.read_text(encoding="utf-8"))


def test_the_guides_lead_to_each_other():
    for document in (*GUIDES[1:], ARCHITECTURE):
        reached = {(document.parent / link.partition("#")[0]).resolve() for link in links(document)}
        others = set(GUIDES) - {document}
        assert reached & others, document.name
    assert {*GUIDES[1:], ARCHITECTURE} <= {
        README.parent / link.partition("#")[0] for link in links(README)
    }


def test_the_limits_of_the_curve_and_of_a_candidate_are_said():
    for document in (README, MODEL_ARCHITECTURE):
        text = prose(document)
        assert "CANDIDATE is a state of follow-up" in text
        assert "carries no evidence beyond" in " ".join(text.split())


@pytest.mark.tensorflow
def test_the_numbers_of_the_architecture_are_those_of_the_code():
    from backend.training import fit
    from backend.training.examples import hiding
    from backend.transit.networks import curve_reading, layers, scaling
    from backend.worker import jobs

    text = " ".join(MODEL_ARCHITECTURE.read_text(encoding="utf-8").split())
    for phrase in (
        f"{layers.HEADS} heads",
        f"{curve_reading.WINDOWS} windows",
        f"{scaling.QUANTILES} intervals",
        f"each with probability {hiding.MASK_ONE:g},",
        f"`impact` and `snr` together with {hiding.MASK_FIT:.2f},",
        f"all four of the star with {hiding.MASK_STAR:g}.",
        f"loses its light curve in {hiding.MASK_CURVE:g} of the rows",
        f"smoothing {fit.LABEL_SMOOTHING:g})",
        f"+ {fit.REGRESSION_WEIGHT:g} [",
        f"clipped to norm {fit.GRADIENT_NORM:g})",
        f"multiplied by {fit.PLATEAU_FACTOR:g} after {fit.PLATEAU_PATIENCE} epochs",
        f"fit into {jobs.DEFAULT_CURVE_MEMORY_MB:,} MB",
    ):
        assert phrase in text, phrase


def test_no_table_is_left_to_be_filled_in():
    for document in (*GUIDES, ARCHITECTURE, BENCHMARKS):
        assert "<!--" not in document.read_text(encoding="utf-8"), document.name


def test_every_requirement_of_the_security_standard_has_one_row():
    if not STANDARD.exists():
        pytest.skip(
            f"the security standard is not at {STANDARD}: that {SECURITY.name} answers each of its "
            "requirements was not tested"
        )
    with STANDARD.open(encoding="utf-8", newline="") as table:
        standard = [(row["req_id"], row["L"]) for row in csv.DictReader(table)]
    assert [(number, level) for number, level, _, _ in requirements()] == standard


def test_every_requirement_is_held_or_says_why_not():
    states = [state for _, _, state, _ in requirements()]
    said = (
        f"Of {len(states)} requirements {states.count('held')} are held, "
        f"{states.count('does not apply')} do not apply, and {states.count('exception')} are "
        "exceptions"
    )
    assert said in " ".join(prose(SECURITY).split())
    assert set(states) == {"held", "does not apply", "exception"}
    for number, _, state, how in requirements():
        why = re.sub(r"`[^`]+`|\W", "", how)
        assert why or state == "held", number


@pytest.mark.parametrize(
    ("number", "state", "how"),
    [pytest.param(number, state, how, id=number) for number, _, state, how in requirements()],
)
def test_what_holds_a_requirement_exists(number: str, state: str, how: str):
    cited = _CITED.findall(how)
    assert cited or state != "held", number
    _require_that_they_exist(cited)


# A file, and perhaps a test in it.
_CITED = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|js|md))(?:::(\w+))?`")


def _require_that_they_exist(cited: list[tuple[str, str]]) -> None:
    for path, test in cited:
        assert (REPOSITORY / path).is_file(), path
        if test:
            source = (REPOSITORY / path).read_text(encoding="utf-8")
            assert f"\ndef {test}(" in source, f"{path}::{test}"


@pytest.mark.parametrize(
    ("promise", "tests"),
    [cells[:2] for cells in table_rows(RELIABILITY) if len(cells) == 4 and cells[0] != "promised"],
)
def test_every_promise_of_reliability_is_tested(promise: str, tests: str):
    cited = _CITED.findall(tests)
    assert all(test for _, test in cited), promise
    assert cited, promise
    _require_that_they_exist(cited)
