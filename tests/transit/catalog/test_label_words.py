"""Words in a column of labels: which are known, and how many rows have each."""

from collections import Counter

from backend.transit.catalog.label_words import LabelWords


def words(cells, said=None):
    found = LabelWords(said or {})
    for start in range(0, len(cells), 50):
        found.add(Counter(cells[start : start + 50]))
    return found


def test_unknown_words_are_counted_the_most_frequent_first():
    found = words(["PC", "maybe", "sure", "sure", "", "UNK"])
    assert found.unknown() == {"sure": 2, "maybe": 1}


def test_words_that_were_said_are_known():
    assert words(["sure", "maybe"], {"sure": 1}).unknown() == {"maybe": 1}


def test_of_a_column_of_comments_the_first_hundred_words_are_named_and_the_rest_is_counted():
    found = words([f"comment {i}" for i in range(250)] + ["PC", ""]).unknown()
    assert len(found) == 101
    assert found["comment 0"] == 1
    assert list(found)[-1] == "…"
    assert found["…"] == 150


def test_a_known_word_behind_a_hundred_others_is_no_unknown_one():
    found = words([f"comment {i}" for i in range(100)] + ["CONFIRMED"] * 3)
    assert sum(found.unknown().values()) == 100


def test_labels_are_binary_if_they_are_0_and_1_alone():
    assert words(["0", "1", "1.0", ""]).are_binary()
    assert not words(["0", "1", "2"]).are_binary()
    assert not words(["0", "1"], {"0": 2}).are_binary()
    assert not words(["1", "1"]).are_binary()
