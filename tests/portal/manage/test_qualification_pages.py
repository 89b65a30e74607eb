"""Qualifications at the manager's: answered, granted by address, extended many at once, taken back; the person is told each time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from instruments.qualifications import Qualification, ask, grant_qualification


@pytest.fixture
def address(instrument):
    return f"/instruments/{instrument.id}/qualifications"


@pytest.fixture
def asked(session, instrument, a_person, now):
    found = ask(session, a_person(name="学员甲", language="en"), instrument, note="做过三年透射", now=now)
    session.flush()
    return found


@pytest.fixture
def a_holder(session, instrument, a_person, now):
    def make(expires_on=None, **changes):
        person = a_person(**changes)
        made = grant_qualification(session, person.id, instrument.id, grade=1, expires_on=expires_on, by=None, now=now)
        session.flush()
        return made

    return make


def fresh(session, one):
    session.expire_all()
    return session.get(Qualification, one.id)


def test_a_request_is_shown_with_its_note_on_both_pages(manager, address, asked):
    for path in (f"/manage{address}", "/manage/qualifications"):
        page = manager.get(path).text
        assert "学员甲" in page
        assert "做过三年透射" in page


def test_it_is_granted_with_grade_expiry_and_note_and_the_person_is_told(post, asked, session, letters_of):
    answer = post(f"/qualifications/{asked.id}/grant", grade="2", expires_on="2027-12-31", answer="欢迎使用")
    assert answer.status_code == 302
    found = fresh(session, asked)
    assert (found.status, found.grade, found.expires_on, found.answer) == ("granted", 2, date(2027, 12, 31), "欢迎使用")
    assert len(letters_of("qualification-granted")) == 1


def test_it_is_refused_with_a_reason_and_the_person_is_told(post, asked, session, letters_of):
    assert post(f"/qualifications/{asked.id}/refuse").status_code == 422
    assert post(f"/qualifications/{asked.id}/refuse", answer="请先参加培训").status_code == 302
    assert fresh(session, asked).status == "refused"
    assert len(letters_of("qualification-refused")) == 1
    assert post(f"/qualifications/{asked.id}/refuse", answer="再次").status_code == 409


def test_a_granted_one_is_changed_and_taken_back(post, a_holder, session, letters_of):
    held = a_holder()
    assert post(f"/qualifications/{held.id}/grant", grade="4", expires_on="").status_code == 302
    assert fresh(session, held).grade == 4
    assert post(f"/qualifications/{held.id}/revoke", answer="违规操作").status_code == 302
    assert fresh(session, held).status == "revoked"
    assert len(letters_of("qualification-revoked")) == 1


def test_it_is_granted_by_address_to_who_has_not_asked(post, address, a_person, instrument, session):
    person = a_person(email="new.user@example.org")
    assert post(address, email=" New.User@example.org ", grade="1", expires_on="2027-06-30").status_code == 302
    found = session.scalars(select(Qualification).where(Qualification.person_id == person.id)).one()
    assert (found.instrument_id, found.status, found.expires_on) == (instrument.id, "granted", date(2027, 6, 30))


def test_what_cannot_be_granted_is_told_and_what_was_typed_stays(post, address, a_person, session):
    person = a_person(email="known@example.org")
    gone = a_person(status="disabled")
    for fields in (
        {"email": "nobody@example.org"}, {"email": gone.email}, {"grade": "7"}, {"expires_on": "2026-11-22"}, {"expires_on": "soon"},
        {"answer": "x" * 501},
    ):  # fmt: skip
        answer = post(f"{address}?lang=en", **{"email": person.email, "grade": "1", "expires_on": ""} | fields)
        assert answer.status_code == 422, fields
        assert 'role="alert"' in answer.text
    assert session.scalars(select(Qualification)).all() == []


def test_those_about_to_end_are_extended_together(manager, post, address, a_holder, session, letters_of, now):
    soon = [a_holder(now.date() + timedelta(days=number), name=f"快到期{number}") for number in (5, 20)]
    later = a_holder(now.date() + timedelta(days=300), name="还早")
    page = manager.get(f"/manage{address}").text.partition('id="ending"')[2].partition("</section>")[0]
    assert "快到期5" in page
    assert "还早" not in page
    assert post("/qualifications/extend", ids=[one.id for one in soon], expires_on="2027-12-31").status_code == 302
    assert {fresh(session, one).expires_on for one in soon} == {date(2027, 12, 31)}
    assert fresh(session, later).expires_on == now.date() + timedelta(days=300)
    assert len(letters_of("qualification-granted")) == 2


def test_foreign_ones_are_not_extended_with_the_others(post, a_holder, an_instrument, a_person, session, now):
    own = a_holder(now.date() + timedelta(days=5))
    foreign = grant_qualification(session, a_person().id, an_instrument().id, grade=1, expires_on=None, by=None, now=now)
    session.flush()
    assert post("/qualifications/extend", ids=[own.id, foreign.id], expires_on="2027-12-31").status_code == 404
    assert fresh(session, own).expires_on == now.date() + timedelta(days=5)
    assert post("/qualifications/extend", expires_on="2027-12-31").status_code == 422


def test_the_way_back_never_leads_elsewhere(post, asked):
    answer = post(f"/qualifications/{asked.id}/grant", grade="1", next="//evil.example.org/")
    assert answer.location == "/manage/qualifications"


def test_people_are_found_by_name_and_listed_a_page_at_a_time(manager, address, a_holder):
    for number in range(33):
        a_holder(name=f"学员{number:02}")
    first = manager.get(f"/manage{address}?lang=en").text
    assert first.count('data-label="Grade"') == 30
    assert manager.get(f"/manage{address}?q=学员07").text.count('data-label="') < 8


def test_it_costs_the_same_for_many_as_for_few(manager, address, a_holder, session, statements):
    counts = []
    for more in (2, 15):
        for _ in range(more):
            a_holder()
        session.commit()
        with statements() as seen:
            manager.get(f"/manage{address}")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 14, seen


def test_nobody_asking_and_nobody_qualified_says_what_to_do(manager, address):
    assert "grant it by address" in manager.get(f"/manage{address}?lang=en").text
