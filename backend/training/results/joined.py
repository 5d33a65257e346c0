"""Joins the models of a study to one: their mean in one graph. Nothing is trained.

What a member says of the rows that it never saw is in its test rows. From these comes the
evaluation: of each row by members that saw nothing of its group. The mean of all members cannot be
measured in this table, since each row was training data of most of them. It is usually better than
they are, so the figures are a lower bound.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from backend import wire
from backend.training.callbacks import Emit
from backend.training.model_file import ModelFileError, load_plain_model, serialise
from backend.training.results.evaluate import CERTAIN_PRECISION, described_groups, test_rows_sha256
from backend.training.results.kept_rows import describe_neighbours, describe_related
from backend.training.results.manifest import describe_file, describe_model
from backend.training.results.save import TEST_ROW_DTYPE, write_model
from backend.training.spec import DataError, JoinedFile, TrainingSpec
from backend.training.split import Split, usable_rows
from backend.transit.evaluation.bootstrap import draw_labels
from backend.transit.evaluation.figures import abstention, evaluate
from backend.transit.evaluation.guessing import against_guessing
from backend.transit.keys import read_column, read_rows
from backend.transit.networks.build import count_weights, publish_mean
from backend.transit.rows import Index, Rows
from backend.transit.split_groups import describe_groups, row_groups

_NOTHING = np.zeros(0, np.intp)


@dataclass(frozen=True)
class _Member:
    """A model of the study, with what lies beside it.

    Attributes:
        file: where it is.
        model: loaded, in safe mode.
        manifest: of it.
        tested: TEST_ROW_DTYPE, what it says of the rows of its fold.
    """

    file: JoinedFile
    model: keras.Model
    manifest: dict[str, Any]
    tested: NDArray[np.void]


def join_models(
    spec: TrainingSpec,
    table: Rows,
    evidence: Rows | None,
    relations: NDArray[np.float32] | None,
    emit: Emit,
    poll: Callable[[], None],
) -> None:
    """Make one model of those of a study, evaluate it by their test rows, and save it.

    Args:
        spec: of the session; it has members.
        table: ROW_DTYPE, (n,), the dataset's rows.
        evidence: EVIDENCE_DTYPE, (n,), or None.
        relations: float32, (n, k), their `relation_input`; None for a network without it.
        emit: takes the events Started, Stage, Evaluated and Saved.
        poll: called from time to time; may raise to end it.

    Raises:
        ModelFileError: a member is missing, or was changed.
        DataError: its test rows are not those of this table.
        OSError: a file could not be read or written.
    """
    members = []
    for each in spec.members or ():
        poll()
        members.append(_load(each))
    usable = usable_rows(table)
    tested = mean_by_row([each.tested for each in members], table, usable)
    poll()
    model = publish_mean([each.model for each in members])
    split = Split(usable, _NOTHING, usable, _NOTHING, tested["group"].astype(np.intp))
    emit(
        wire.Started(
            rows=len(usable),
            train=len(usable),
            validation=0,
            test=len(usable),
            parameters=count_weights(model),
            batches=0,
            resumed_from_epoch=0,
            history=(),
        )
    )
    emit(wire.Stage(stage="evaluating"))
    poll()
    evaluation = _evaluate(spec, table, evidence, split, tested, members)
    emit(wire.Evaluated(evaluation=evaluation))
    poll()
    manifest = _describe(spec, table, split, tested, evaluation, members)
    content = serialise(model)
    manifest |= describe_file(content)
    neighbours, manifest["neighbours"] = describe_neighbours(spec, table, usable)
    known = None if relations is None else relations[usable]
    related, manifest["related"] = describe_related(spec, table, evidence, known, None)
    write_model(spec.model_path, content, manifest, neighbours, related, tested)
    emit(wire.Saved(sha256=manifest["sha256"], manifest=manifest, best_epoch=None, metrics=None))


def _load(file: JoinedFile) -> _Member:
    model = load_plain_model(file.path, file.sha256)
    try:
        manifest = json.loads(file.path.with_suffix(".json").read_text())
        tested = np.load(file.path.with_suffix(".test.npy"), allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError) as error:
        raise ModelFileError(
            f"What belongs to the model's file {file.path.name} is missing on the server, or "
            "damaged. Restore it from a backup, or start the study again."
        ) from error
    if tested.dtype != TEST_ROW_DTYPE:
        raise ModelFileError(f"The test rows of {file.path.name} are of another kind.")
    return _Member(file, model, manifest, tested)


def mean_by_row(tested: list[NDArray[np.void]], table: Rows, usable: Index) -> NDArray[np.void]:
    """Of each usable row the mean of what members say that have tested it: once with each seed.

    Args:
        tested: TEST_ROW_DTYPE, of each member.
        table: ROW_DTYPE, (n,), the dataset's rows.
        usable: intp, (m,), increasing: those with a label.

    Returns:
        TEST_ROW_DTYPE, (m,); of period and depth the mean of the logarithms, as of the model.

    Raises:
        DataError: a row was tested less often than another, or has another label now.
    """
    together = np.concatenate(tested)
    times = np.bincount(together["row"], minlength=len(table))
    if len(times) != len(table) or not _is_even(times, usable):
        raise DataError(
            f"Expected each of the {len(usable):,} labelled rows to be tested once with each seed, "
            f"received test rows of {int((times[usable] > 0).sum()):,} of them"
            f"{', some of them more than once' if times.max() > times[usable].min() else ''}: the "
            "folds were not dealt in the same way. Start the study again."
        )
    found = np.zeros(len(usable), TEST_ROW_DTYPE)
    found["row"] = usable
    place = np.searchsorted(usable, together["row"])
    for name in ("true", "group"):
        found[name][place] = together[name]
    if not np.array_equal(found["true"], read_column(table, "label")[usable]):
        raise DataError("The labels of the table are not those that the study was trained with.")
    for name in ("probabilities", "period", "depth_ppm"):
        # As in the joined model: of period and depth the mean of the logarithms.
        values = together[name].astype(np.float64)
        of_member = values if name == "probabilities" else np.log(values)
        sums = np.zeros((len(usable), *values.shape[1:]))
        np.add.at(sums, place, of_member)
        mean = sums / times[usable].reshape(-1, *(1,) * (sums.ndim - 1))
        found[name] = mean if name == "probabilities" else np.exp(mean)
    found["predicted"] = found["probabilities"].argmax(axis=1)
    return found


def _is_even(times: NDArray[np.integer], usable: Index) -> bool:
    """Whether each usable row was tested equally often, and no other row at all."""
    of_usable = times[usable]
    return bool(of_usable.min() > 0 and of_usable.min() == of_usable.max()) and (
        int(times.sum()) == int(of_usable.sum())
    )


def _evaluate(
    spec: TrainingSpec,
    table: Rows,
    evidence: Rows | None,
    split: Split,
    tested: NDArray[np.void],
    members: list[_Member],
) -> dict[str, Any]:
    """The evaluation of the members, each on rows that it never saw."""
    rows = read_rows(table, split.test)
    true, probabilities = tested["true"], tested["probabilities"].astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    groups = split.test_groups
    draws = draw_labels(true, probabilities, groups, spec.seed)
    evaluation = evaluate(
        true,
        probabilities,
        period=(rows["period"], tested["period"]),
        depth=(rows["depth"], tested["depth_ppm"]),
        stars=groups,
        seed=spec.seed,
        draws=draws,
    )
    evaluation["abstention"] = abstention(
        true, probabilities, _threshold(members), CERTAIN_PRECISION, groups, spec.seed
    )
    evaluation["baseline"] = None
    evaluation["groups"] = _groups(spec, table, evidence, split)
    evaluation["dataset_version"] = spec.dataset_version
    evaluation["test_rows_sha256"] = test_rows_sha256(spec, split)
    evaluation["of_members"] = {
        "members": len(members),
        "folds": len({each.file.fold for each in members}),
        "seeds": len({each.file.seed for each in members}),
    }
    return evaluation


def _threshold(members: list[_Member]) -> float | None:
    """The middle one of the members' thresholds; None where half of them have none.

    Each was chosen on validation rows of its own. One that is chosen on the test rows would be
    measured on what it was chosen from.
    """
    found = [(each.manifest.get("abstention") or {}).get("threshold") for each in members]
    known = [each for each in found if each is not None]
    return median(known) if 2 * len(known) > len(found) else None


def _groups(
    spec: TrainingSpec, table: Rows, evidence: Rows | None, split: Split
) -> dict[str, Any] | None:
    if spec.grouping == "star":
        return None
    groups = row_groups(table, evidence)
    labels = read_column(table, "label")[split.test]
    return described_groups(describe_groups(groups, split.test, labels), split.test_groups)


def _describe(
    spec: TrainingSpec,
    table: Rows,
    split: Split,
    tested: NDArray[np.void],
    evaluation: dict[str, Any],
    members: list[_Member],
) -> dict[str, Any]:
    """The manifest, without what is said of the files."""
    manifest = describe_model(spec, split, read_rows(table, split.train), {}, evaluation)
    manifest["abstention"] = {"threshold": _threshold(members), "precision": CERTAIN_PRECISION}
    manifest["joined"] = {
        "study": spec.joined_study,
        "members": [_described(each) for each in members],
    }
    true, probabilities = tested["true"], tested["probabilities"].astype(np.float64)
    manifest["verdict"] = {"part": "test", **against_guessing(true, true, probabilities)}
    return manifest


def _described(member: _Member) -> dict[str, Any]:
    return {
        "file": member.file.path.name,
        "sha256": member.file.sha256,
        "seed": member.file.seed,
        "fold": member.file.fold,
        "temperature": member.manifest.get("temperature"),
        "tested_rows": len(member.tested),
    }
