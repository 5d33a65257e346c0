"""Wrong tokens: counted by address, refused beyond the limit, logged and recorded within bounds."""

import logging
import tracemalloc
from dataclasses import replace

import pytest

from backend.config import Settings
from backend.database import audit
from backend.database.connection import DatabaseBusy
from backend.errors import TooMany
from backend.services import wrong_tokens
from backend.services.wrong_tokens import OTHERS, WrongTokens, source_of

LIMIT = 3


class Clock:
    """A time that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tokens(database, clock):
    return WrongTokens(replace(Settings(), wrong_tokens=LIMIT), database, clock)


def refused(tokens, address):
    """The seconds to wait, or None if the token is only wrong."""
    try:
        tokens.count(address)
    except TooMany as error:
        return int(error.headers["Retry-After"])
    return None


def recorded(database):
    keep = audit.Keep(100, 1)
    with database.read() as connection:
        found = audit.entries(
            connection, keep, workspace_id=None, action=None, limit=100, before=None
        )
    return [(each["action"], each["address"], each["detail"]) for each in reversed(found)]


def test_an_address_is_refused_after_its_limit_until_its_minute_is_over(tokens, clock):
    assert [refused(tokens, "192.0.2.1") for _ in range(LIMIT + 1)] == [None] * LIMIT + [60]
    clock.now += 42.5
    assert refused(tokens, "192.0.2.1") == 18
    clock.now += 17.4
    assert refused(tokens, "192.0.2.1") == 1
    clock.now += 0.2
    assert refused(tokens, "192.0.2.1") is None


def test_a_refusal_says_what_is_expected(tokens):
    for _ in range(LIMIT):
        refused(tokens, "192.0.2.1")
    with pytest.raises(TooMany, match=r"at most 3 wrong tokens a minute .* 60 seconds") as raised:
        tokens.count("192.0.2.1")
    assert raised.value.status == 429


def test_one_address_does_not_count_for_another(tokens):
    for _ in range(LIMIT + 1):
        refused(tokens, "192.0.2.1")
    assert refused(tokens, "192.0.2.2") is None


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "an unknown address"),
        (None, "an unknown address"),
        ("x\r\ny" * 1000, "an unknown address"),
    ],
)
def test_what_is_counted_together(address, source):
    assert source_of(address) == source


def test_a_full_table_keeps_every_count_and_lets_all_others_share_one(tokens, monkeypatch, clock):
    monkeypatch.setattr(wrong_tokens, "MOST_ADDRESSES", 10)
    for _ in range(LIMIT + 1):
        refused(tokens, "192.0.2.0")
    for number in range(1, 10):
        refused(tokens, f"192.0.2.{number}")
    clock.now += 10
    flood = [refused(tokens, f"198.51.100.{number}") for number in range(200)]
    assert flood == [None] * LIMIT + [60] * (200 - LIMIT)
    assert refused(tokens, "192.0.2.0") == 50
    assert refused(tokens, "192.0.2.9") is None
    clock.now += 50  # the table is empty again; what the others shared is not used
    assert refused(tokens, "198.51.100.7") is None


def test_a_flood_from_many_addresses_takes_little_memory(tokens, clock):
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(50_000):
        refused(tokens, f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
        clock.now += 0.0001
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20e6


def test_a_report_is_one_line_and_a_bounded_number_of_entries(tokens, database, caplog):
    caplog.set_level(logging.WARNING)
    for number in range(100):
        for _ in range(5 if number == 7 else 1):
            refused(tokens, f"192.0.2.{number}")
    tokens.report()
    tokens.report()
    (line,) = caplog.messages
    assert line == (
        "104 wrong tokens, 2 of them beyond the limit from 100 addresses; most from 192.0.2.7: 5"
    )
    entries = recorded(database)
    assert len(entries) == wrong_tokens.MOST_RECORDED + 1
    assert entries[0] == (
        "sign_in_failed",
        "192.0.2.7",
        "5 wrong tokens, 2 of them beyond the limit",
    )
    assert entries[1] == ("sign_in_failed", "192.0.2.0", "1 wrong token")
    assert entries[-1] == ("sign_in_failed", OTHERS, "80 wrong tokens")


def test_what_came_last_is_reported_at_the_end(tokens, database):
    tokens.start()
    refused(tokens, "192.0.2.1")
    tokens.close()
    assert recorded(database) == [("sign_in_failed", "192.0.2.1", "1 wrong token")]


def test_without_wrong_tokens_there_is_no_report(tokens, database, caplog):
    tokens.start()
    tokens.close()
    assert not caplog.messages
    assert recorded(database) == []


def test_a_busy_database_loses_entries_but_not_the_reporter(tokens, database, monkeypatch, caplog):
    def busy(*_):
        raise DatabaseBusy

    with monkeypatch.context() as patch:
        patch.setattr(type(database), "write", busy)
        tokens.count("192.0.2.1")
        tokens.report()
    assert "they are not in the audit log: The database is locked" in caplog.text
    tokens.count("192.0.2.1")
    tokens.report()
    assert recorded(database)
