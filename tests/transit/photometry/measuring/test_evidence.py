"""What is usual of the numbers: quantiles of planets and of false positives."""

import json

import numpy as np
import pytest

from backend.transit.columns import LABELS, NO_LABEL
from backend.transit.photometry.evidence import EVIDENCE, LEAST_ROWS, usual_numbers

PLANET, FALSE_POSITIVE = LABELS.index("CONFIRMED"), LABELS.index("FALSE POSITIVE")
DEPTH, SHIFT = EVIDENCE.index("depth"), EVIDENCE.index("transit_shift")


def rows(labels, **columns):
    """Numbers of rows, unknown but for those named."""
    made = np.full((len(labels), len(EVIDENCE)), np.nan, np.float32)
    for name, values in columns.items():
        made[:, EVIDENCE.index(name)] = values
    return made, np.array(labels, np.int8)


def test_quantiles_are_of_the_rows_of_each_label_alone():
    labels = [PLANET] * 11 + [FALSE_POSITIVE] * 21 + [LABELS.index("CANDIDATE"), NO_LABEL]
    depths = [*range(11), *range(100, 121), 9e9, -9e9]
    usual = usual_numbers(*rows(labels, depth=depths))
    assert tuple(usual) == ("planets", "false_positives")
    planets, others = usual["planets"], usual["false_positives"]
    assert (planets["rows"], others["rows"]) == (11, 21)
    assert tuple(planets["numbers"]) == EVIDENCE
    assert planets["numbers"]["depth"] == {"p10": 1.0, "median": 5.0, "p90": 9.0, "rows": 11}
    assert others["numbers"]["depth"] == {"p10": 102.0, "median": 110.0, "p90": 118.0, "rows": 21}


def test_an_even_number_of_rows_has_its_quantiles_between_two():
    numbers = usual_numbers(*rows([PLANET] * 12, depth=range(12)))["planets"]["numbers"]
    assert numbers["depth"]["median"] == 5.5
    assert numbers["depth"]["p10"] == pytest.approx(1.1)


def test_too_few_rows_have_nothing_usual():
    depths = [float(n) for n in range(LEAST_ROWS)]
    enough = usual_numbers(*rows([PLANET] * LEAST_ROWS, depth=depths))["planets"]
    assert enough["numbers"]["depth"]["rows"] == LEAST_ROWS
    assert enough["numbers"]["dip_depth"] is None
    depths[0] = np.nan
    too_few = usual_numbers(*rows([PLANET] * LEAST_ROWS, depth=depths))["planets"]
    assert (too_few["rows"], too_few["numbers"]["depth"]) == (LEAST_ROWS, None)


def test_no_rows_at_all_have_nothing_usual():
    usual = usual_numbers(*rows([]))
    assert usual["planets"] == {"rows": 0, "numbers": dict.fromkeys(EVIDENCE)}


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_counts_nowhere(strange):
    depths = [strange] * 5 + list(range(11))
    usual = usual_numbers(*rows([PLANET] * 16, depth=depths))
    assert usual["planets"]["rows"] == 16
    assert usual["planets"]["numbers"]["depth"] == {
        "p10": 1.0, "median": 5.0, "p90": 9.0, "rows": 11,
    }  # fmt: skip
    json.dumps(usual, allow_nan=False)


def test_the_largest_numbers_that_a_record_holds_stay_finite():
    largest = np.finfo(np.float32).max
    usual = usual_numbers(*rows([PLANET] * 10, transit_shift=[-largest] * 5 + [largest] * 5))
    assert usual["planets"]["numbers"]["transit_shift"]["median"] == 0.0
    json.dumps(usual, allow_nan=False)
