"""The split of the rows by star and by group; nothing here needs TensorFlow."""

import numpy as np
import pytest

from backend.training.spec import DataError
from backend.training.split import (
    Fold,
    check_groups,
    check_trainable,
    split_by_fold,
    split_by_group,
    split_by_star,
    split_rows,
    usable_rows,
)
from backend.transit.columns import COLUMNS, ROW_DTYPE
from backend.transit.ephemerides import no_evidence
from backend.transit.keys import star_groups
from backend.transit.split_groups import row_groups


def rows_of(labels, stars=None, **columns):
    """Rows with these labels; without `stars` each is on a star of its own."""
    rows = np.zeros(len(labels), dtype=ROW_DTYPE)
    for name in COLUMNS:
        rows[name] = columns.get(name, np.nan)
    rows["label"] = labels
    rows["star"] = np.arange(len(labels)).astype("S48") if stars is None else stars
    return rows


def many_rows(stars=400, seed=5):
    """Stars with one to five rows each, of mixed labels."""
    random = np.random.default_rng(seed)
    star = np.repeat(np.arange(stars), random.integers(1, 6, stars))
    return rows_of(random.integers(0, 3, len(star)), stars=star.astype("S48"))


def parts_of(split):
    return split.train, split.validation, split.test


def test_no_star_is_in_two_parts_and_every_usable_row_is_in_one():
    rows = many_rows()
    rows["label"][::7] = -1
    parts = parts_of(split_by_star(rows, 0.15, 0.15, seed=3))
    stars = [set(rows["star"][part]) for part in parts]
    assert not stars[0] & stars[1]
    assert not stars[0] & stars[2]
    assert not stars[1] & stars[2]
    assert sorted(np.concatenate(parts)) == list(np.flatnonzero(rows["label"] >= 0))


def test_the_parts_have_the_fractions_that_were_asked_for():
    rows = many_rows(stars=2000)
    _, validation, test = parts_of(split_by_star(rows, 0.2, 0.1, seed=3))
    assert len(validation) / len(rows) == pytest.approx(0.2, abs=0.02)
    assert len(test) / len(rows) == pytest.approx(0.1, abs=0.02)


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    rows = many_rows()
    first, again, other = (split_by_star(rows, 0.15, 0.15, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


def test_a_test_split_of_zero_gives_no_test_rows():
    split = split_by_star(many_rows(), 0.15, 0.0, seed=3)
    assert len(split.test) == 0
    assert len(split.validation) > 0


def test_the_rarest_class_that_is_allowed_is_in_every_part():
    rows = rows_of([0] * 500 + [1] * 500 + [2] * 10)
    for seed in range(20):
        for part in parts_of(split_by_star(rows, 0.05, 0.05, seed)):
            assert set(rows["label"][part]) == {0, 1, 2}


def test_rows_without_an_identifier_share_a_star_when_their_stellar_columns_are_equal():
    rows = rows_of([0, 1, 2, 0], stars=b"", steff=5777.0, srad=1.0, slogg=4.4, tmag=11.0)
    rows["tmag"][3] = 12.0
    groups = star_groups(rows)
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] != groups[0]


def test_rows_that_lack_the_same_stellar_column_still_share_a_star():
    rows = rows_of([0, 1], stars=b"", steff=5777.0, srad=1.0, tmag=11.0)
    assert len(set(star_groups(rows))) == 1


@pytest.mark.parametrize("known", [{}, {"tmag": 11.0}, {"tmag": 11.0, "steff": 6000.0}])
def test_rows_of_which_little_is_known_are_stars_of_their_own(known):
    assert len(set(star_groups(rows_of([0, 1, 2], stars=b"", **known)))) == 3


def test_a_named_star_and_an_unnamed_one_are_never_the_same():
    same = {"steff": 5777.0, "srad": 1.0, "slogg": 4.4, "tmag": 11.0}
    rows = rows_of([0, 1, 2], stars=[b"7", b"", b"7"], **same)
    groups = star_groups(rows)
    assert groups[0] == groups[2] != groups[1]


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        ([0, 1] * 20, ["50", "40"]),
        ([1] * 100, ["CONFIRMED", "100"]),
        ([0] * 100 + [2] * 9, ["10", "FALSE POSITIVE", "9"]),
        ([-1] * 100, ["0", "100"]),
    ],
)
def test_what_cannot_be_trained_is_refused_with_its_numbers(labels, numbers):
    with pytest.raises(DataError) as refusal:
        check_trainable(rows_of(labels), 0.15, 0.15)
    for number in numbers:
        assert number in str(refusal.value)


def test_stars_are_counted_and_not_rows():
    rows = rows_of([0] * 60 + [1] * 60)
    rows["star"][60:] = b"one star"
    with pytest.raises(DataError, match="CONFIRMED on 1"):
        check_trainable(rows, 0.15, 0.15)


def test_fractions_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(DataError, match=r"0\.5"):
        check_trainable(many_rows(), 0.5, 0.5)


def test_two_classes_are_enough():
    check_trainable(rows_of([0, 1] * 30), 0.15, 0.15)


def test_the_smallest_table_that_is_allowed_can_be_trained_on_and_split():
    rows = rows_of([0] * 40 + [1] * 10)
    check_trainable(rows, 0.45, 0.45)
    parts = parts_of(split_by_star(rows, 0.05, 0.05, seed=1))
    assert [np.bincount(rows["label"][part]).tolist() for part in parts] == [
        [36, 8],
        [2, 1],
        [2, 1],
    ]


def test_every_class_that_is_too_scarce_is_named():
    with pytest.raises(DataError, match="CANDIDATE on 3, FALSE POSITIVE on 9"):
        check_trainable(rows_of([0] * 3 + [1] * 60 + [2] * 9), 0.15, 0.15)


def test_a_seed_gives_the_split_that_it_gave_in_earlier_releases():
    split = split_by_star(rows_of([0, 1] * 30), 0.1, 0.1, seed=1)
    assert split.validation.tolist() == [6, 9, 10, 14, 35, 47]
    assert split.test.tolist() == [20, 21, 38, 46, 55, 59]


def test_a_star_counts_for_the_rarest_of_its_labels():
    # Each star has a row of the common class; only the last ten have one of the rare class too.
    rows = rows_of([0] * 60 + [2] * 10, stars=[*range(60), *range(50, 60)])
    split = split_by_star(rows, 0.1, 0.1, seed=1)
    for part in (split.validation, split.test):
        assert (rows["label"][part] == 2).sum() == 1


def grouped(numbers, labels):
    """A table in which rows with one number are one group, and its groups."""
    rows = rows_of(labels, stars=np.array(numbers).astype("S48"), period=np.arange(len(labels)))
    return rows, row_groups(rows, None)


def clusters(seed=2):
    """A thousand groups, one of 60 false positives and some of five rows."""
    random = np.random.default_rng(seed)
    sizes = np.concatenate([[60], np.full(40, 5), random.integers(1, 3, 959)])
    labels = np.repeat(random.integers(0, 3, len(sizes)), sizes)
    labels[:60] = 2
    return grouped(np.repeat(np.arange(len(sizes)), sizes), labels)


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_and_each_part_has_its_share_of_every_class(seed):
    rows, groups = clusters()
    split = split_by_group(rows, groups, 0.2, 0.1, seed)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts)) == list(range(len(rows)))
    numbers = [set(groups.number[part]) for part in parts]
    assert not numbers[0] & numbers[1]
    assert not numbers[0] & numbers[2]
    assert not numbers[1] & numbers[2]
    for label in range(3):
        of_class = np.count_nonzero(rows["label"] == label)
        for part, fraction in ((split.validation, 0.2), (split.test, 0.1)):
            share = np.count_nonzero(rows["label"][part] == label) / of_class
            assert share == pytest.approx(fraction, abs=0.003)


def test_a_large_group_is_in_each_part_in_some_split():
    rows, groups = clusters()
    where = set()
    for seed in range(60):
        split = split_by_group(rows, groups, 0.3, 0.3, seed)
        where |= {name for name in ("train", "validation", "test") if 0 in getattr(split, name)}
    assert where == {"train", "validation", "test"}


def test_a_group_that_is_larger_than_a_part_is_trained_on():
    rows, groups = grouped([0] * 300 + list(range(1, 301)), [0, 1] * 300)
    for seed in range(10):
        split = split_by_group(rows, groups, 0.1, 0.1, seed)
        assert set(range(300)) <= set(split.train)
        assert len(split.test) == pytest.approx(30, abs=31)


def test_the_same_seed_gives_the_same_groups_and_another_seed_others():
    rows, groups = clusters()
    one, again, other = (split_by_group(rows, groups, 0.15, 0.15, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.test, again.test)
    assert not np.array_equal(one.test, other.test)


def test_pairs_alone_fill_every_part():
    rows, groups = grouped(np.repeat(np.arange(60), 2), np.repeat([0, 1, 2] * 20, 2))
    for seed in range(10):
        split = split_by_group(rows, groups, 0.1, 0.1, seed)
        for part in (split.train, split.validation, split.test):
            assert set(rows["label"][part]) == {0, 1, 2}


def test_a_class_in_too_few_groups_is_refused_with_the_number():
    labels = [0] * 100 + [1] * 100
    numbers = [*range(100), *np.repeat(np.arange(200, 209), 12)[:100]]
    rows, groups = grouped(numbers, labels)
    with pytest.raises(DataError, match=r"CONFIRMED in at least 10 groups.* received 9"):
        split_by_group(rows, groups, 0.15, 0.15, 0)


@pytest.mark.parametrize("grouping", ["star", "rows", "ephemeris"])
@pytest.mark.parametrize("number", [9, 10])
@pytest.mark.parametrize("unlabelled", [0, 3])
def test_what_the_split_refuses_is_refused_before(grouping, number, unlabelled):
    """Twelve rows of one class, each on its star, of so many ephemerides or all different."""
    rows = rows_of([0] * 40 + [1] * 12 + [-1] * unlabelled)
    rows["period"] = 1.5 + 0.37 * np.arange(len(rows))
    rows["period"][40:52] = 40.7 + np.minimum(np.arange(12), number - 1)
    rows["duration"], rows["depth"] = 3, 500
    if grouping == "ephemeris":
        rows["depth"] += np.arange(len(rows))
    evidence = no_evidence(len(rows))
    evidence["epoch"] = 2_455_000.5
    refusals = []
    for refuse in (
        lambda: check_groups(rows, evidence, grouping),
        lambda: split_rows(rows, evidence, grouping, (0.15, 0.15), 0),
    ):
        try:
            refuse()
        except DataError as error:
            refusals.append(str(error))
    assert len(refusals) == (0 if grouping == "star" or number == 10 else 2)
    assert len(set(refusals)) <= 1


def test_no_test_rows_are_asked_for_and_none_are_given():
    rows, groups = clusters()
    split = split_by_group(rows, groups, 0.15, 0.0, 0)
    assert len(split.test) == len(split.test_groups) == 0


def test_test_rows_of_one_group_have_one_number():
    rows, groups = clusters()
    split = split_by_group(rows, groups, 0.2, 0.2, 3)
    same = split.test_groups[:, np.newaxis] == split.test_groups
    number = groups.number[split.test]
    assert np.array_equal(same, number[:, np.newaxis] == number)


def test_twins_are_in_one_part_though_they_name_no_star():
    """Of 45 equal pairs without a star none is parted; by star nearly all would be."""
    rows = rows_of([0, 1, 2] * 90, stars=b"", duration=2.0, depth=300.0)
    rows["period"] = np.tile(np.arange(135) + 1.0, 2)
    for seed in range(3):
        split = split_rows(rows, None, "rows", (0.15, 0.15), seed)
        twin = (split.test + 135) % 270
        assert set(twin) == set(split.test)
        by_star = split_rows(rows, None, "star", (0.15, 0.15), seed)
        assert len(set((by_star.test + 135) % 270) & set(by_star.test)) < len(by_star.test) / 2


def test_shared_eclipses_are_in_one_part_only_where_the_spec_says_so():
    rows = many_rows()
    rows["duration"] = 3.0
    rows["period"] = 2.0 + np.arange(len(rows)) * 0.01
    stars = np.unique(rows["star"])
    one, other = (np.flatnonzero(rows["star"] == star)[0] for star in stars[:2])
    rows["period"][other] = rows["period"][one]
    evidence = no_evidence(len(rows))
    evidence["epoch"] = 2_455_000.0 + np.arange(len(rows)) * 0.37
    evidence["epoch"][other] = evidence["epoch"][one]
    groups = row_groups(rows, evidence)
    assert groups.matches is not None
    together = 0
    for seed in range(20):
        split = split_rows(rows, evidence, "ephemeris", (0.3, 0.3), seed)
        together += ({one, other} <= set(split.test)) + ({one, other} <= set(split.train))
        assert len({one, other} & set(split.test)) != 1
        assert split.groups is not None
        assert split.groups["shared_ephemerides"]["rows"] >= 2
    assert together
    without = split_rows(rows, evidence, "rows", (0.3, 0.3), 0).groups
    assert without is not None
    assert without["shared_ephemerides"] is None


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_class_that_is_nearly_always_beside_a_rarer_one_may_have_few_groups_of_its_own(groups):
    """25 stars have a candidate beside their planets; up to three have planets alone."""
    numbers = [*np.repeat(np.arange(25), 3), *(np.arange(groups) + 100)]
    rows, found = grouped(numbers, [1, 1, 0] * 25 + [1] * groups)
    for seed in range(5):
        split = split_by_group(rows, found, 0.15, 0.15, seed)
        assert len(split.train) + len(split.validation) + len(split.test) == len(rows)
        assert set(rows["label"][split.test]) == {0, 1}
        assert len(set(split.train) & set(range(75, 75 + groups))) >= 1


def test_mixed_labels_can_always_be_split():
    for seed in range(60):
        random = np.random.default_rng(seed)
        labels = random.choice(3, 100, p=[0.6, 0.2, 0.2])
        rows, groups = grouped(np.repeat(np.arange(25), 4), labels)
        try:
            split = split_by_group(rows, groups, 0.2, 0.2, seed)
        except DataError:
            continue
        assert min(map(len, (split.train, split.validation, split.test))) > 0


def folded(table, groups, folds=5, seed=3, training_seed=0):
    return [
        split_by_fold(table, groups, Fold(folds, number, seed), 0.2, training_seed)
        for number in range(1, folds + 1)
    ]


@pytest.mark.parametrize("folds", [2, 5, 20])
def test_each_row_is_tested_in_one_fold_by_a_network_that_saw_nothing_of_its_group(folds):
    table, groups = clusters()
    splits = folded(table, groups, folds)
    tested = np.concatenate([each.test for each in splits])
    assert sorted(tested) == usable_rows(table).tolist()
    for split in splits:
        seen = groups.number[np.concatenate([split.train, split.validation])]
        assert not set(groups.number[split.test]) & set(seen)
        assert not set(groups.number[split.train]) & set(groups.number[split.validation])
        labels = table["label"]
        assert set(labels[split.train]) == set(labels[split.validation]) == set(labels)


def test_folds_have_their_share_of_every_class():
    table, groups = clusters()
    counts = np.array([np.bincount(table["label"][each.test]) for each in folded(table, groups)])
    largest = np.bincount(groups.number).max()
    assert (np.ptp(counts, axis=0) <= largest).all()


def test_a_training_seed_changes_what_is_validated_and_not_what_is_tested():
    table, groups = clusters()
    one, other = (folded(table, groups, training_seed=each)[1] for each in (0, 1))
    assert one.test.tolist() == other.test.tolist()
    assert one.validation.tolist() != other.validation.tolist()
    another = folded(table, groups, seed=4)[1]
    assert one.test.tolist() != another.test.tolist()


@pytest.mark.parametrize("seed", range(10))
def test_as_many_folds_as_groups_of_a_class_leave_none_without_rows(seed):
    table, groups = grouped(np.repeat(np.arange(40), 2), np.repeat([0, 1], 40))
    assert min(len(each.test) for each in folded(table, groups, 20, seed)) >= 4


def test_more_folds_than_groups_of_a_class_are_refused_with_the_number():
    table, _ = grouped(np.repeat(np.arange(30), 2), np.repeat([0, 1], [40, 20]))
    check_groups(table, None, "rows", 10)
    with pytest.raises(
        DataError, match=r"CONFIRMED in at least 11 groups .* 11 folds, received 10"
    ):
        check_groups(table, None, "rows", 11)
