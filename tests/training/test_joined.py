"""What is measured of a joined model: each row by members that never saw it."""

import numpy as np
import pytest

from backend.transit.simulation.catalogue import simulate

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def joined():
    from backend.training.results import joined

    return joined


@pytest.fixture
def table():
    return simulate(60, seed=5)


def measured_by(table, rows, confirmed, period=2.0):
    from backend.training.results.save import TEST_ROW_DTYPE

    found = np.zeros(len(rows), TEST_ROW_DTYPE)
    found["row"] = found["group"] = rows
    found["true"] = table["label"][rows]
    found["probabilities"] = [0.1, confirmed, 0.9 - confirmed]
    found["period"] = found["depth_ppm"] = period
    return found


def folds(table, confirmed=0.5, period=2.0):
    rows = np.arange(len(table))
    return [measured_by(table, rows[fold::3], confirmed, period) for fold in range(3)]


def test_several_seeds_are_averaged_as_the_model_averages_its_members(joined, table):
    members = [*folds(table, 0.2, 2.0), *folds(table, 0.6, 8.0)]
    found = joined.mean_by_row(members, table, np.arange(len(table)))
    assert found["row"].tolist() == list(range(len(table)))
    assert np.allclose(found["probabilities"][:, 1], 0.4)
    assert np.allclose(found["period"], 4.0)
    assert np.array_equal(found["true"], table["label"])


def test_rows_that_were_not_tested_once_with_each_seed_are_refused(joined, table):
    usable = np.arange(len(table))
    first, second, third = folds(table)
    for members in ([first, second], [first, second, third, first], [first, second, third[1:]]):
        with pytest.raises(joined.DataError, match="not dealt in the same way"):
            joined.mean_by_row(members, table, usable)
    with pytest.raises(joined.DataError, match="not dealt in the same way"):
        joined.mean_by_row([first, second, third], table, usable[:-1])


def test_labels_that_are_others_now_are_refused(joined, table):
    members = folds(table)
    members[0]["true"] = (members[0]["true"] + 1) % 3
    with pytest.raises(joined.DataError, match="not those that the study was trained with"):
        joined.mean_by_row(members, table, np.arange(len(table)))
