"""Closures: first the bookings they meet are shown, then they are made, and those people are told."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from instruments.access import load_viewer
from instruments.closures import Closure, close
from instruments.people import Person
from instruments.roles import grant
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking
from scheduling.desk import start

WHEN = {
    "scope": "instrument", "start": "2026-11-27T15:00", "end": "2026-11-27T17:00", "kind": "maintenance", "reason": "更换灯丝", "repeats": "",
    "repeat_every": "1",
}  # fmt: skip
WRONG = (
    ({"start": ""}, "start"), ({"start": "morgen"}, "start"), ({"end": "2026-11-27T14:00"}, "end"), ({"reason": ""}, "reason"),
    ({"reason": "x" * 301}, "reason"), ({"kind": "party"}, "kind"), ({"repeats": "weekly"}, "repeat_until"),
    ({"repeats": "weekly", "repeat_until": "x"}, "repeat_until"), ({"start": "0001-01-01T00:00"}, "start"),
    ({"repeats": "weekly", "repeat_every": "0", "repeat_until": "2026-12-31"}, "repeat_every"),
    ({"start": "2026-11-27T15:00+08:00"}, "start"), ({"scope": "facility"}, "scope"), ({"end": "2099-01-01T00:00"}, "end"),
)  # fmt: skip


@pytest.fixture
def address(instrument):
    return f"/instruments/{instrument.id}/closures"


@pytest.fixture
def booked(instrument, a_booking, a_span, a_viewer, a_person):
    """A booking on Friday from four to six, by somebody with a name."""
    return a_booking(instrument=instrument, span=a_span(4 * 24 + 7, 2), viewer=a_viewer(person=a_person(name="李小龙", language="en")))


@pytest.fixture
def confirm(post, address):
    """`confirm(page, treat=...)` presses the button under what the closure meets."""

    def press(page, **fields):
        form = page.text.partition('class="panel look"')[2].partition("</form>")[0]
        sent = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)}
        return post(address, make="1", **{"treat": "cancel"} | {k: v for k, v in sent.items() if k != "csrf_token"} | fields)

    return press


def closures(session):
    session.expire_all()
    return session.scalars(select(Closure)).all()


def test_before_it_is_made_the_bookings_it_meets_are_shown_and_nothing_happens(post, address, booked, session):
    page = post(f"{address}?lang=en", look="1", **WHEN)
    assert page.status_code == 200
    assert "李小龙" in page.text
    assert "Fri 27 Nov, 16:00-18:00" in page.text
    assert closures(session) == []
    assert session.get(Booking, booked.id).status == "confirmed"


def test_it_cancels_and_tells(post, address, confirm, booked, session, letters_of):
    assert confirm(post(address, look="1", **WHEN)).status_code == 302
    (made,) = closures(session)
    assert made.reason == "更换灯丝"
    assert session.get(Booking, booked.id).status == "cancelled"
    (letter,) = letters_of("booking-cancelled")
    assert "更换灯丝" in str(letter.facts or letter.body)


def test_or_it_lets_them_stand_and_tells(post, address, confirm, booked, session, letters_of):
    assert confirm(post(address, look="1", **WHEN), treat="keep").status_code == 302
    session.expire_all()
    assert session.get(Booking, booked.id).status == "confirmed"
    assert len(letters_of("booking-closed")) == 1
    assert letters_of("booking-cancelled") == []


def test_a_use_that_is_running_is_never_cancelled(manager, post, address, confirm, instrument, a_booking, a_span, session, now):
    running = a_booking(instrument=instrument, span=a_span(0, 3))
    start(session, running.id, viewer=_manager_of(session, instrument, now), now=now)
    today = WHEN | {"start": "2026-11-23T10:00", "end": "2026-11-23T12:00"}
    page = post(f"{address}?lang=en", look="1", **today)
    assert "will not be cancelled" in page.text
    assert confirm(page).status_code == 302
    session.expire_all()
    assert session.get(Booking, running.id).status == "running"


def _manager_of(session, instrument, now):
    person = session.scalars(select(Person)).first()
    grant(session, person, "manager", instrument=instrument, now=now)
    session.flush()
    return load_viewer(session, person)


def test_a_booking_made_meanwhile_is_shown_before_it_is_closed(post, address, confirm, instrument, a_booking, a_span, session):
    page = post(address, look="1", **WHEN)
    late = a_booking(instrument=instrument, span=a_span(4 * 24 + 6, 1))
    again = confirm(page)
    assert again.status_code == 409
    assert closures(session) == []
    assert session.get(Booking, late.id).status == "confirmed"
    assert confirm(again).status_code == 302
    session.expire_all()
    assert session.get(Booking, late.id).status == "cancelled"


def test_a_recurring_one_shows_its_next_times_and_can_be_lifted_for_a_day(manager, post, address, confirm, session):
    page = post(f"{address}?lang=en", look="1", **WHEN | {"repeats": "weekly", "repeat_until": "2026-12-31"})
    assert "5 times in all" in page.text
    assert "Fri 4 Dec, 15:00-17:00" in page.text
    confirm(page)
    (made,) = closures(session)
    assert post(f"{address}/{made.id}/lift", on="2026-12-04").status_code == 302
    session.expire_all()
    assert made.lifted_days == ["2026-12-04"]
    assert "Fri 4 Dec" not in manager.get(f"/manage{address}?lang=en").text.partition("<main")[2]


def test_it_is_lifted_once(post, address, confirm, session):
    confirm(post(address, look="1", **WHEN))
    (made,) = closures(session)
    assert post(f"{address}/{made.id}/lift").status_code == 302
    assert post(f"{address}/{made.id}/lift").status_code == 409


def test_what_cannot_be_is_told_beside_its_field(post, address, session):
    for fields, field in WRONG:
        for step in ("look", "make"):
            answer = post(f"{address}?lang=en", **WHEN | fields | {step: "1"})
            assert answer.status_code == 422, fields
            assert f'href="#{field}"' in answer.text, fields
    assert closures(session) == []


def test_a_facility_s_closure_meets_all_its_instruments(somebody_with, post, a_facility, an_instrument, a_booking, a_span, session, codes, letters_of):
    facility = a_facility()
    first, second = (an_instrument(organisation=facility.organisation, facility_id=facility.id) for _ in range(2))
    hit = [a_booking(instrument=one, span=a_span(4 * 24 + 6, 2)) for one in (first, second)]
    browser = somebody_with("manager", facility=facility)
    fields = WHEN | {"scope": "facility"}
    page = post(f"/instruments/{first.id}/closures?lang=en", browser, look="1", **fields)
    assert "closes all 2 instruments" in page.text
    hits = re.search(r'name="hits" value="([^"]*)"', page.text)[1]
    assert post(f"/instruments/{first.id}/closures", browser, make="1", treat="cancel", hits=hits, **fields).status_code == 302
    session.expire_all()
    assert {session.get(Booking, one.id).status for one in hit} == {"cancelled"}
    assert len(letters_of("booking-cancelled")) == 2


def test_who_manages_one_instrument_does_not_lift_its_facility_s_closure(somebody_with, post, session, a_facility, an_instrument, now, codes):
    facility = a_facility()
    one = an_instrument(organisation=facility.organisation, facility_id=facility.id)
    span = TimeSpan(now.replace(day=25), now.replace(day=26))
    made = close(session, facility, span, kind="other", reason="停电", time_zone="Asia/Shanghai", now=now, by=None)
    session.flush()
    of_one, of_all = somebody_with("manager", instrument=one), somebody_with("manager", facility=facility)
    assert "停电" in of_one.get(f"/manage/instruments/{one.id}/closures").text
    assert post(f"/instruments/{one.id}/closures/{made.id}/lift", of_one).status_code == 403
    assert post(f"/instruments/{one.id}/closures/{made.id}/lift", of_all).status_code == 302
