"""Rule books: versions in force from an instant on; the past is never rewritten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Changed, Invalid, OutOfOrder
from instruments.rulebooks import in_force, publish_rules, rule_book_history, withdraw_rules

DAY = timedelta(days=1)
NOTICE, HORIZON = {"kind": "notice", "parameters": {"minutes": 60}}, {"kind": "horizon", "parameters": {"days": 14}}


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(rules=[NOTICE])


@pytest.fixture
def publish(session, instrument, now):
    def make(entries, valid_from, **more):
        book = publish_rules(session, instrument, entries, valid_from=valid_from, by=None, now=now, **more)
        session.flush()
        return book

    return make


def test_each_version_is_in_force_until_the_next(session, instrument, publish, now):
    publish([HORIZON], now + DAY)
    books = rule_book_history(session, [instrument.id])[instrument.id]
    assert [in_force(books, at) for at in (now, now + DAY - timedelta(seconds=1), now + DAY)] == [[NOTICE], [NOTICE], [HORIZON]]
    assert [book.number for book in books] == [1, 2]


def test_before_the_first_version_there_are_no_rules(session, instrument, now):
    assert in_force(rule_book_history(session, [instrument.id])[instrument.id], now - 20 * 365 * DAY) == []


def test_a_version_from_the_same_instant_replaces_the_other(session, instrument, publish, now):
    for entries in ([HORIZON], []):
        publish(entries, now + DAY)
    assert [book.entries for book in rule_book_history(session, [instrument.id])[instrument.id]] == [[NOTICE], []]


def test_rules_do_not_change_the_past(publish, now):
    with pytest.raises(Invalid) as caught:
        publish([], now - timedelta(seconds=1))
    assert caught.value.field == "valid_from"
    assert publish([], now).number == 2


def test_rules_for_a_far_future_are_refused(publish, now):
    with pytest.raises(Invalid):
        publish([], now + 2000 * DAY)


def test_whoever_started_from_an_older_version_is_told(publish, now):
    publish([HORIZON], now, seen=1)
    with pytest.raises(Changed):
        publish([], now + DAY, seen=1)


def test_a_version_not_in_force_yet_may_be_taken_back(session, instrument, publish, now):
    coming = publish([HORIZON], now + DAY)
    withdraw_rules(session, instrument, coming, now=now)
    session.flush()
    (left,) = rule_book_history(session, [instrument.id])[instrument.id]
    with pytest.raises(OutOfOrder):
        withdraw_rules(session, instrument, left, now=now)


def test_what_is_remembered_of_the_schedule_is_forgotten(instrument, publish, now):
    before = instrument.schedule_version
    publish([], now)
    assert instrument.schedule_version == before + 1
