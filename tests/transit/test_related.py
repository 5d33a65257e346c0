"""What a model keeps of its table, and relations as they are looked up and shown."""

import numpy as np
import pytest

from backend.transit import related
from backend.transit.columns import COLUMNS, NEIGHBOUR_COLUMNS, RELATION_COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.related import (
    KNOWN_DTYPE,
    RELATED_DTYPE,
    Other,
    RelatedRows,
    as_table,
    describe_relations,
    keep_known,
    relations_of,
)

UNKNOWN = dict.fromkeys(NEIGHBOUR_COLUMNS, float("nan"))


def table(rows, **columns):
    found = np.zeros(rows, ROW_DTYPE)
    found["line"] = 2 + np.arange(rows)
    for name in COLUMNS:
        found[name] = np.arange(rows) + 1.5
    for name, values in columns.items():
        found[name] = values
    return found


def related_rows(rows, sibling, match, known=None, evidence=None):
    found = np.zeros(len(rows), RELATED_DTYPE)
    found["values"] = np.nan
    found["values"][:, 0] = np.arange(len(rows))
    found["sibling"], found["match"] = sibling, match
    return RelatedRows(found, rows, evidence, np.zeros(0, KNOWN_DTYPE) if known is None else known)


def test_what_is_kept_of_a_table_is_all_that_others_are_related_by_and_no_label():
    rows = table(3, star=[b"1", b"2", b""], label=[0, 1, 2])
    evidence = no_evidence(3)
    evidence["name"], evidence["epoch"], evidence["depth_err"] = [b"K1", b"K2", b""], 2.4e6, 7.0
    known = keep_known(rows, evidence, seed=0)
    assert "label" not in KNOWN_DTYPE.names
    assert known["row"].tolist() == [0, 1, 2]
    again, beside = as_table(known)
    for name in ("line", "star", *COLUMNS):
        assert np.array_equal(again[name], rows[name])
    assert (again["label"] == -1).all()
    for name in ("name", "epoch", "ra", "dec", "period_err"):
        assert np.array_equal(beside[name], evidence[name], equal_nan=name != "name")
    assert np.isnan(beside["depth_err"]).all()


def test_of_a_long_table_whole_stars_are_kept(monkeypatch):
    monkeypatch.setattr(related, "MAX_KNOWN", 50)
    rows = table(90, star=[b"%d" % (i // 3) for i in range(90)])
    known = keep_known(rows, no_evidence(90), seed=1)
    assert len(known) == 48
    assert (np.diff(known["row"]) > 0).all()
    assert set(np.unique(known["star"], return_counts=True)[1]) == {3}
    assert known.tobytes() == keep_known(rows, no_evidence(90), seed=1).tobytes()
    assert not np.array_equal(known["row"], keep_known(rows, no_evidence(90), seed=2)["row"])


def test_relations_are_found_by_the_lines_of_their_rows():
    rows = table(4)
    found = relations_of(related_rows(rows, -1, -1), rows[[3, 1]])
    assert found is not None
    assert found.values[:, 0].tolist() == [3, 1]
    assert relations_of(None, rows) is None


@pytest.mark.parametrize("line", [0, 99])
def test_the_relations_of_another_table_are_refused(line):
    rows = table(2)
    other = rows[:1].copy()
    other["line"] = line
    with pytest.raises(LookupError):
        related_rows(rows, -1, -1).of_lines(other["line"])


def test_a_match_is_called_by_its_name_or_its_star_and_a_sibling_by_its_name_alone():
    """They may be of the model's table; the star would not tell which sibling it is."""
    rows = table(3, star=[b"1", b"2", b""])
    evidence = no_evidence(3)
    evidence["name"] = [b"K1", b"", b""]
    known = keep_known(table(9, star=b"kic"), no_evidence(9), seed=0)[5:]
    found = related_rows(rows, [1, 0, 3], [2, 4, -1], known, evidence).at(np.arange(3))
    assert found.siblings == [
        Other("", 3, False, 1),
        Other("K1", 2, False, 0),
        Other("", 7, True, 5),
    ]
    assert found.matches == [Other("", 4, False, 2), Other("kic", 8, True, 6), None]


def test_rows_without_evidence_are_called_by_their_star():
    (match,) = related_rows(table(1, star=b"9"), [-1], [0]).at(np.array([0])).matches
    assert match == Other("9", 2, False, 0)


def test_a_star_of_too_many_rows_leaves_room_for_the_others(monkeypatch):
    monkeypatch.setattr(related, "MAX_KNOWN", 50)
    rows = table(160, star=[b"lumped"] * 110 + [b"%d" % (i // 2) for i in range(50)])
    known = keep_known(rows, no_evidence(160), seed=0)
    assert len(known) == 50
    assert b"lumped" not in known["star"]


def test_relations_are_shown_without_a_number_that_is_none():
    values = UNKNOWN | {"candidates_on_star": 2.0, "sibling_period_ratio": 1.5}
    shown = describe_relations(values, Other("K1.02", 9, False, 7), None)
    assert shown is not None
    assert shown["candidates_on_star"] == 2
    assert isinstance(shown["candidates_on_star"], int)
    assert shown["match_separation"] is None
    assert shown["sibling"] == {
        "name": "K1.02",
        "line": 9,
        "in_training_table": False,
        "row": 7,
    }
    assert len(shown["sentences"]) == 1


def test_uncertainties_alone_say_nothing_of_neighbours():
    assert describe_relations(UNKNOWN, None, None) is None
    rows = related_rows(table(1), [-1], [-1])
    some = rows.at(np.array([0]))
    values = some.values.copy()
    values[:] = np.nan
    values[0, RELATION_COLUMNS.index("depth_err")] = 0.1
    assert some._replace(values=values).described() == [None]
