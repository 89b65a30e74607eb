"""Qualifications: asked for, granted with grade and expiry, refused, revoked, asked for again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from instruments.errors import Invalid, OutOfOrder
from instruments.qualifications import ask, grant_qualification, qualification_of, refuse_qualification, revoke_qualification


@pytest.fixture
def asked(session, a_person, an_instrument, now):
    """Somebody's request for an instrument."""
    found = ask(session, a_person(), an_instrument(), note=" 已参加培训 ", now=now)
    session.flush()
    return found


def test_it_is_asked_for_with_a_note(asked):
    assert (asked.status, asked.note, asked.grade, asked.answer) == ("asked", "已参加培训", 1, "")
    assert not asked.holds_on(date(2026, 11, 23))


def test_it_is_not_asked_for_twice(session, asked, now):
    with pytest.raises(OutOfOrder):
        ask(session, asked.person, asked.instrument, now=now)


def test_a_grant_has_a_grade_an_expiry_and_who_gave_it(session, asked, a_person, now):
    manager = a_person()
    grant_qualification(
        session, asked.person_id, asked.instrument_id, grade=3, expires_on=date(2027, 6, 30), by=manager.id, now=now, answer="欢迎"
    )
    assert (asked.status, asked.grade, asked.decided_by, asked.decided_at, asked.answer) == ("granted", 3, manager.id, now, "欢迎")
    assert asked.holds_on(date(2027, 6, 30))
    assert not asked.holds_on(date(2027, 7, 1))


def test_a_grant_needs_no_request_and_may_be_changed(session, a_person, an_instrument, now):
    person, instrument = a_person(), an_instrument()
    for grade in (1, 2):
        grant_qualification(session, person.id, instrument.id, grade=grade, expires_on=None, by=None, now=now)
        session.flush()
    assert qualification_of(session, person.id, instrument.id).grade == 2


@pytest.mark.parametrize(("changes", "field"), [
    ({"grade": 0}, "grade"), ({"grade": 5}, "grade"), ({"expires_on": date(2026, 11, 22)}, "expires_on"), ({"answer": "x" * 501}, "answer"),
])  # fmt: skip
def test_a_grant_that_makes_no_sense_is_refused(session, asked, now, changes, field):
    with pytest.raises(Invalid) as caught:
        grant_qualification(
            session, asked.person_id, asked.instrument_id, **{"grade": 1, "expires_on": None, "by": None, "now": now} | changes
        )  # fmt: skip
    assert caught.value.field == field


def test_today_is_the_instrument_s_today(session, a_person, an_instrument):
    early = datetime(2026, 11, 23, 22, tzinfo=UTC)  # Tuesday the 24th in Shanghai
    person, instrument = a_person(), an_instrument()
    with pytest.raises(Invalid):
        grant_qualification(session, person.id, instrument.id, grade=1, expires_on=date(2026, 11, 23), by=None, now=early)
    grant_qualification(session, person.id, instrument.id, grade=1, expires_on=date(2026, 11, 23), by=None, now=early - timedelta(days=1))
    session.flush()
    assert ask(session, person, instrument, now=early).status == "asked"


def test_whoever_holds_one_does_not_ask_until_it_has_expired(session, asked, now):
    grant_qualification(session, asked.person_id, asked.instrument_id, grade=1, expires_on=date(2026, 12, 1), by=None, now=now)
    with pytest.raises(OutOfOrder):
        ask(session, asked.person, asked.instrument, now=now)
    assert ask(session, asked.person, asked.instrument, now=now + timedelta(days=9)).status == "asked"


def test_a_refusal_has_a_reason_and_one_may_ask_again(session, asked, now):
    refuse_qualification(asked, by=asked.person_id, now=now, answer="请先参加培训")
    assert (asked.status, asked.answer) == ("refused", "请先参加培训")
    assert ask(session, asked.person, asked.instrument, now=now).answer == ""


def test_a_granted_one_is_taken_back_with_a_reason(session, asked, now):
    grant_qualification(session, asked.person_id, asked.instrument_id, grade=1, expires_on=None, by=None, now=now)
    revoke_qualification(asked, by=asked.person_id, now=now, answer="违规操作")
    assert not asked.holds_on(date(2026, 11, 24))


@pytest.mark.parametrize("answer", ["", "  ", "x" * 501])
def test_without_a_sensible_reason_nothing_is_refused_or_taken_back(session, asked, now, answer):
    with pytest.raises(Invalid):
        refuse_qualification(asked, by=1, now=now, answer=answer)
    grant_qualification(session, asked.person_id, asked.instrument_id, grade=1, expires_on=None, by=None, now=now)
    with pytest.raises(Invalid):
        revoke_qualification(asked, by=1, now=now, answer=answer)
    assert asked.status == "granted"


def test_only_what_is_asked_is_refused_and_only_what_is_granted_is_taken_back(session, asked, now):
    with pytest.raises(OutOfOrder):
        revoke_qualification(asked, by=1, now=now, answer="原因")
    grant_qualification(session, asked.person_id, asked.instrument_id, grade=1, expires_on=None, by=None, now=now)
    with pytest.raises(OutOfOrder):
        refuse_qualification(asked, by=1, now=now, answer="原因")


def test_a_note_that_is_too_long_is_refused(session, a_person, an_instrument, now):
    with pytest.raises(Invalid) as caught:
        ask(session, a_person(), an_instrument(), note="x" * 501, now=now)
    assert caught.value.field == "note"
