"""Who is told what: one letter per person and event, in her language, with the entry for her calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.roles import grant
from portal import notices
from portal.notices import booked_notice, notice
from portal.outbox import OutboxMessage
from scheduling.bookings import Booking
from scheduling.changing import cancel, move
from scheduling.deciding import approve, decline
from scheduling.reserving import Wish, book
from tests.fixtures.letters import entries_of, method_of, text_of

APPROVAL = [{"kind": "approval", "parameters": {}}]


def test_who_booked_is_told_when_where_and_whom_to_ask(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable, now: datetime
) -> None:
    person = a_person(language="en", name="Ada")
    instrument = an_instrument(building="Science Hall", room="201", contact="Dr Li", phone="0351-1234", email="li@example.org")
    viewer = a_viewer(person=person)
    booking = a_booking(instrument=instrument, viewer=viewer)
    tell(booked_notice, [booking], now, actor=viewer)
    letters = arrived()
    assert list(letters) == [person.email]
    letter = letters[person.email]
    assert letter["Subject"] == "Booked: Scanning electron microscope, Mon 23 Nov, 10:00-11:00"
    text = text_of(letter)
    for words in ("Dear Ada,", "Your booking stands", "JSM-7900F", "Mon 23 Nov, 10:00-11:00", "201 Science Hall", "Dr Li 0351-1234 li@example.org",
                  f"http://localhost/bookings/{booking.id}"):  # fmt: skip
        assert words in text
    (entry,) = entries_of(letter)
    assert str(entry["UID"]) == f"{booking.uid}@localhost"
    assert str(entry["STATUS"]) == "CONFIRMED"
    assert str(entry["ORGANIZER"]) == "mailto:portal@localhost"
    assert method_of(letter) == "PUBLISH"


def test_the_same_in_chinese(tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, a_booking: Callable, now: datetime) -> None:
    person = a_person(language="zh")
    viewer = a_viewer(person=person)
    tell(booked_notice, [a_booking(viewer=viewer)], now, actor=viewer)
    letter = arrived()[person.email]
    assert letter["Subject"] == "已预约：扫描电子显微镜，11月23日 周一 10:00-11:00"
    assert "您的预约已确认" in text_of(letter)
    assert str(entries_of(letter)[0]["SUMMARY"]) == "扫描电子显微镜"


def test_a_request_goes_to_who_asked_and_to_those_who_decide(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable, a_manager: Callable, now: datetime
) -> None:
    instrument, person = an_instrument(rules=APPROVAL), a_person(language="en", name="Ada")
    manager = a_manager(instrument, person=a_person(language="en"))
    booking = a_booking(instrument=instrument, viewer=a_viewer(person=person), note="two films\nplease")
    tell(booked_notice, [booking], now)
    letters = arrived()
    assert set(letters) == {person.email, manager.email}
    asked, to_decide = letters[person.email], letters[manager.email]
    assert str(entries_of(asked)[0]["STATUS"]) == "TENTATIVE"
    assert "You will hear the answer" in text_of(asked)
    assert to_decide["Subject"].startswith("To decide: Scanning electron microscope")
    assert "Ada" in text_of(to_decide)
    assert "A manager approves each booking" in text_of(to_decide)
    assert "管理员" not in text_of(to_decide)
    assert person.organisation.name_en in text_of(to_decide)
    assert "> two films\n> please" in text_of(to_decide).replace("\r\n", "\n")
    assert "http://localhost/manage/requests" in text_of(to_decide)


def test_approval_and_refusal_carry_the_managers_words(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable,
    a_manager: Callable, a_span: Callable, now: datetime
) -> None:  # fmt: skip
    instrument, person = an_instrument(rules=APPROVAL), a_person(language="en")
    manager, viewer = a_manager(instrument), a_viewer(person=person)
    first, second = (a_booking(instrument=instrument, viewer=viewer, span=a_span(hours)) for hours in (2, 5))
    tell(notice, approve(session, first.id, viewer=manager, now=now, note="bring gloves"), "approved", now, actor=manager)
    letter = arrived()[person.email]
    assert "> bring gloves" in text_of(letter)
    assert str(entries_of(letter)[0]["STATUS"]) == "CONFIRMED"
    tell(notice, decline(session, second.id, viewer=manager, now=now, reason="the gun is weak"), "declined", now, actor=manager)
    letter = arrived()[person.email]
    assert "> the gun is weak" in text_of(letter)
    assert method_of(letter) == "CANCEL"
    assert str(entries_of(letter)[0]["STATUS"]) == "CANCELLED"


def test_a_move_keeps_the_entry_and_raises_its_sequence(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, a_booking: Callable, a_span: Callable, now: datetime
) -> None:
    person = a_person(language="en")
    viewer = a_viewer(person=person)
    old = a_booking(viewer=viewer)
    tell(booked_notice, [old], now)
    first = entries_of(arrived()[person.email])[0]
    new = move(session, old.id, a_span(30, 2), viewer=viewer, now=now)
    tell(notice, new, "changed", now, actor=viewer, before=old)
    letter = arrived()[person.email]
    (second,) = entries_of(letter)
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert "It was Mon 23 Nov, 10:00-11:00." in text_of(letter)
    cancel(session, new.id, viewer=viewer, now=now)
    tell(notice, new, "cancelled", now, actor=viewer)
    (third,) = entries_of(arrived()[person.email])
    assert third["UID"] == first["UID"]
    assert third["SEQUENCE"] > second["SEQUENCE"]


def test_a_move_that_must_be_approved_is_told_to_those_who_decide(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable,
    a_manager: Callable, a_span: Callable, now: datetime
) -> None:  # fmt: skip
    instrument, person = an_instrument(rules=APPROVAL), a_person(language="en")
    manager, viewer = a_manager(instrument), a_viewer(person=person)
    old = a_booking(instrument=instrument, viewer=viewer)
    new = move(session, old.id, a_span(30), viewer=viewer, now=now)
    tell(notice, new, "changed", now, actor=viewer, before=old)
    letters = arrived()
    assert set(letters) == {person.email, manager.email}
    assert "needs the lab manager's approval" in text_of(letters[person.email])


def test_whoever_cancels_somebody_elses_booking_is_named_with_the_reason(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable,
    a_manager: Callable, now: datetime
) -> None:  # fmt: skip
    instrument, person = an_instrument(), a_person(language="en")
    manager = a_manager(instrument, person=a_person(name="Li Na", organisation=instrument.organisation))
    booking = a_booking(instrument=instrument, viewer=a_viewer(person=person))
    tell(notice, cancel(session, booking.id, viewer=manager, now=now, reason="a fault"), "cancelled", now, actor=manager)
    text = text_of(arrived()[person.email])
    assert "Li Na has cancelled your booking." in text
    assert "> a fault" in text


def test_several_instruments_booked_together_make_one_letter(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, an_instrument: Callable, a_span: Callable, now: datetime
) -> None:
    person = a_person(language="en")
    instruments = [an_instrument(), an_instrument(name_en="Raman"), an_instrument(rules=APPROVAL)]
    made = book(session, Wish(tuple(one.id for one in instruments), a_span()), viewer=load_viewer(session, person), now=now)
    tell(booked_notice, made, now)
    letter = arrived()[person.email]
    assert letter["Subject"] == "Asked for: Scanning electron microscope and 2 more"
    assert len(entries_of(letter)) == 3
    assert "Raman" in text_of(letter)
    assert "Waiting for approval" in text_of(letter)


def test_a_closure_that_hits_many_bookings_makes_one_letter_per_person(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable, a_span: Callable, now: datetime
) -> None:
    instrument, people = an_instrument(), [a_person(language="en"), a_person(language="zh")]
    hit = [a_booking(instrument=instrument, viewer=a_viewer(person=people[n % 2]), span=a_span(2 * n + 1)) for n in range(6)]
    tell(notice, hit, "closed", now, reason="the cooling water fails")
    letters = arrived()
    assert set(letters) == {person.email for person in people}
    assert "> the cooling water fails" in text_of(letters[people[0].email])
    assert text_of(letters[people[0].email]).count("/bookings/") == 3


def test_the_same_event_is_told_once(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, a_booking: Callable, letters: Callable, now: datetime
) -> None:
    booking = a_booking(viewer=a_viewer(person=a_person()))
    tell(booked_notice, [booking], now)
    arrived()
    tell(booked_notice, [booking], now)
    assert arrived() == {}
    assert len(letters()) == 1


def test_what_happens_later_does_not_change_the_letter(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable, now: datetime
) -> None:
    person = a_person(language="en")
    viewer, instrument = a_viewer(person=person), an_instrument(name_en="Before")
    booking = a_booking(viewer=viewer, instrument=instrument)
    tell(booked_notice, [booking], now)
    instrument.name_en = "After"
    cancel(session, booking.id, viewer=viewer, now=now)
    letter = arrived()[person.email]
    assert letter["Subject"].startswith("Booked: Before")
    assert str(entries_of(letter)[0]["STATUS"]) == "CONFIRMED"


def test_who_is_shut_out_gets_no_letter(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, a_booking: Callable, now: datetime
) -> None:
    person = a_person()
    booking = a_booking(viewer=a_viewer(person=person))
    person.status = "disabled"
    tell(notice, booking, "cancelled", now)
    assert arrived() == {}


def test_the_instruments_zone_is_named_where_it_is_not_the_portals(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_booking: Callable, now: datetime
) -> None:
    person = a_person(language="en")
    booking = a_booking(viewer=a_viewer(person=person), instrument=an_instrument(time_zone="Europe/Berlin"))
    tell(booked_notice, [booking], now)
    text = text_of(arrived()[person.email])
    assert "03:00-04:00" in text
    assert "Central European" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_is_written_in_both_languages_and_stays_harmless(
    tell: Callable, arrived: Callable, a_person: Callable, a_viewer: Callable, a_booking: Callable, language: str, now: datetime
) -> None:
    person = a_person(language=language)
    booking = a_booking(viewer=a_viewer(person=person), note="<b>&\r\n\x1b[0m")
    for kind in notices.CALENDAR:
        tell(notice, booking, kind, now, reason="因为 because\r\nBcc: all@example.org", before=booking, actor=Viewer(person_id=99, name="Li\r\nNa"))
        letter = arrived()[person.email]
        text = text_of(letter)
        assert letter["Bcc"] is None
        assert letter["Subject"].isprintable()
        assert f"/bookings/{booking.id}" in text
        assert not [word for word in ("{", "None", "\n\n\n") if word in text.replace("\r\n", "\n")], kind
        assert not [line for line in text.splitlines() if line.startswith("Bcc")]
        assert all(c.isprintable() or c in "\r\n" for c in text)


def test_managers_of_the_facility_and_then_administrators_decide(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, an_instrument: Callable, a_facility: Callable,
    a_booking: Callable, a_span: Callable, now: datetime
) -> None:  # fmt: skip
    facility = a_facility()
    in_facility = an_instrument(rules=APPROVAL, facility=facility, organisation=facility.organisation)
    alone = an_instrument(rules=APPROVAL)
    keeper, administrator, gone = a_person(), a_person(), a_person(status="disabled")
    grant(session, keeper, "manager", facility=facility, now=now)
    grant(session, gone, "manager", instrument=alone, now=now)
    grant(session, administrator, "organisation_admin", organisation=alone.organisation, now=now)
    for instrument, to in ((in_facility, keeper), (alone, administrator)):
        booking: Booking = a_booking(instrument=instrument, viewer=a_viewer())
        tell(booked_notice, [booking], now)
        assert set(arrived()) == {to.email, booking.person.email}


def test_a_letter_that_cannot_be_laid_out_stops_no_other(
    tell: Callable, arrived: Callable, session: Session, a_person: Callable, a_viewer: Callable, a_booking: Callable, letters: Callable, now: datetime
) -> None:
    first, second = a_person(), a_person()
    for person in (first, second):
        tell(booked_notice, [a_booking(viewer=a_viewer(person=person))], now)
    session.commit()
    broken = letters()[0]
    session.get_one(OutboxMessage, broken.id).facts = {"bookings": [{"id": "no such facts"}]}
    assert set(arrived()) == {second.email}
    again = letters()[0]
    assert again.sent_at is None
    assert "KeyError" in again.last_error
