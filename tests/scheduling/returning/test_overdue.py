"""What is overdue: returns of the last period that is over, once their day has passed."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduling.returning.overdue import overdue_returns


def counted(session, ids, now):
    return {(one.layout.kind, one.period.code): (one.count, one.days) for one in overdue_returns(session, ids, now=now)}


def test_who_has_handed_in_owes_nothing(session, an_organisation, an_instrument, a_return, now):
    ours, theirs = an_organisation(), an_organisation()
    for one in (ours, theirs):
        an_instrument(organisation=one)
    before = counted(session, None, now)
    assert before["service_records", "2026-Q3"][0] == 2
    assert counted(session, (ours.id,), now)["service_records", "2026-Q3"][0] == 1
    a_return(ours, signed=True)
    session.flush()
    assert counted(session, None, now)["service_records", "2026-Q3"] == (1, before["service_records", "2026-Q3"][1])
    assert ("service_records", "2026-Q3") not in counted(session, (ours.id,), now)


def test_nothing_is_overdue_while_there_is_time(session, an_organisation, an_instrument):
    an_instrument(organisation=an_organisation())
    assert ("service_records", "2026-Q3") not in counted(session, None, datetime(2026, 10, 5, tzinfo=UTC))


def test_organisations_without_instruments_owe_nothing(session, an_organisation, now):
    an_organisation()
    assert counted(session, None, now) == {}
