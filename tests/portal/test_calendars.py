"""The public calendar of an instrument: when it is taken, closed and open, nobody's name, and 304 without any building."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy.orm import Session

from instruments.closures import close
from instruments.holidays import set_day
from portal import calendars, clock
from scheduling.changing import cancel, move
from tests.fixtures.calendars import events, never_built

HOSTILE = "电镜\r\nATTENDEE:mailto:evil@example.org\r\nBEGIN:VEVENT\x1b\u2028"  # a zero byte PostgreSQL itself refuses


def test_busy_times_are_public_and_name_nobody(client: FlaskClient, a_booking: Callable, a_person: Callable, a_viewer: Callable) -> None:
    person = a_person(name="王小明", email="secret.wang@example.org")
    booking = a_booking(viewer=a_viewer(person=person), note="secret sample", purpose="development")
    answer = client.get(f"/calendars/instruments/{booking.instrument_id}.ics")
    (busy,) = events(answer)
    assert busy["DTSTART"].dt == booking.start_at
    assert busy["DTEND"].dt == booking.end_at
    assert str(busy["SUMMARY"]) == "Busy"
    for word in ("王小明", "secret", booking.uid):
        assert word not in answer.text


def test_buffers_are_busy_too(client: FlaskClient, a_booking: Callable, an_instrument: Callable) -> None:
    booking = a_booking(instrument=an_instrument(setup_minutes=30, cleanup_minutes=15))
    (busy,) = events(client.get(f"/calendars/instruments/{booking.instrument_id}.ics"))
    assert busy["DTSTART"].dt == booking.start_at - timedelta(minutes=30)
    assert busy["DTEND"].dt == booking.end_at + timedelta(minutes=15)


def test_an_instrument_with_two_places_is_busy_when_both_are(
    client: FlaskClient, a_booking: Callable, an_instrument: Callable, a_span: Callable
) -> None:
    instrument = an_instrument(lanes=2)
    a_booking(instrument=instrument, span=a_span(1, 4))
    address = f"/calendars/instruments/{instrument.id}.ics"
    assert events(client.get(address)) == []
    second = a_booking(instrument=instrument, span=a_span(3, 4))
    (busy,) = events(client.get(address))
    assert (busy["DTSTART"].dt, busy["DTEND"].dt) == (second.start_at, second.start_at + timedelta(hours=2))


def test_opening_hours_and_closures_are_said(client: FlaskClient, session: Session, an_instrument: Callable, a_span: Callable, now: datetime) -> None:
    instrument = an_instrument(hours=[(day, 540, 1080) for day in range(5)])
    close(session, instrument, a_span(24, 3), kind="maintenance", reason="更换灯丝", time_zone="Asia/Shanghai", now=now, by=None)
    answer = client.get(f"/calendars/instruments/{instrument.id}.ics")
    (closed,) = events(answer)
    assert str(closed["SUMMARY"]) == "Closed (Maintenance): 更换灯丝"
    (availability,) = Calendar.from_ical(answer.data).walk("VAVAILABILITY")
    days = {str(one["RRULE"]["BYDAY"]) for one in availability.walk("AVAILABLE") if "RRULE" in one}
    assert len(days) == 5


def test_the_calendar_speaks_the_readers_language(client: FlaskClient, a_booking: Callable) -> None:
    booking = a_booking()
    (busy,) = events(client.get(f"/calendars/instruments/{booking.instrument_id}.ics?lang=zh"))
    assert str(busy["SUMMARY"]) == "已占用"


@pytest.mark.parametrize("publication", ["draft", "submitted", "refused", "suspended", "retired"])
def test_an_instrument_that_is_not_published_has_no_calendar(client: FlaskClient, an_instrument: Callable, publication: str) -> None:
    instrument = an_instrument(publication=publication)
    assert client.get(f"/calendars/instruments/{instrument.id}.ics").status_code == 404
    assert client.get("/calendars/instruments/999999.ics").status_code == 404


def test_nothing_is_built_when_nothing_changed(client: FlaskClient, a_booking: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/calendars/instruments/{a_booking().instrument_id}.ics"
    mark = client.get(address).headers["ETag"]
    monkeypatch.setattr(calendars, "busy_calendar", never_built)
    monkeypatch.setattr(calendars, "openings", never_built)
    again = client.get(address, headers={"If-None-Match": mark})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == mark
    with pytest.raises(AssertionError):  # without the mark it would be
        client.get(address)


def test_the_same_state_gives_the_same_bytes_all_day(client: FlaskClient, a_booking: Callable, now: datetime) -> None:
    address = f"/calendars/instruments/{a_booking().instrument_id}.ics"
    first = client.get(address)
    with clock.freeze(now + timedelta(hours=5)):
        second = client.get(address)
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
    with clock.freeze(now + timedelta(hours=20)):
        assert client.get(address).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("change", ["book", "cancel", "move", "close", "hours", "holiday", "rename", "language"])
def test_whatever_changes_is_noticed(
    client: FlaskClient, session: Session, a_booking: Callable, an_instrument: Callable, a_viewer: Callable, a_span: Callable, now: datetime, change: str
) -> None:
    instrument, viewer = an_instrument(), a_viewer()
    booking = a_booking(instrument=instrument, viewer=viewer)
    address = f"/calendars/instruments/{instrument.id}.ics"
    mark = client.get(address).headers["ETag"]
    if change == "book":
        a_booking(instrument=instrument, span=a_span(10))
    elif change == "cancel":
        cancel(session, booking.id, viewer=viewer, now=now)
    elif change == "move":
        move(session, booking.id, a_span(12), viewer=viewer, now=now)
    elif change == "close":
        close(session, instrument, a_span(50, 2), kind="fault", reason="x", time_zone="Asia/Shanghai", now=now, by=None)
    elif change == "holiday":
        set_day(session, date(2026, 12, 24), is_workday=False, worked_as=0, name_zh="校庆", name_en="Anniversary")
    elif change == "hours":
        instrument.schedule_version += 1
    elif change == "rename":
        instrument.name_en = "New name"
    query = "?lang=zh" if change == "language" else ""
    answer = client.get(address + query, headers={"If-None-Match": mark})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != mark


def test_the_number_of_statements_does_not_grow(
    client: FlaskClient, statements: Callable, a_booking: Callable, an_instrument: Callable, a_span: Callable, feed_of: Callable,
    a_person: Callable, a_viewer: Callable,
) -> None:  # fmt: skip
    instrument, person = an_instrument(), a_person()
    viewer = a_viewer(person=person)
    addresses = [f"/calendars/instruments/{instrument.id}.ics", feed_of(person)]
    a_booking(instrument=instrument, viewer=viewer)
    before = []
    for address in addresses:
        with statements() as seen:
            client.get(address)
        before.append(len(seen))
    for number in range(2, 12):
        a_booking(instrument=instrument if number % 2 else an_instrument(), viewer=viewer, span=a_span(number * 3))
    for address, few in zip(addresses, before, strict=True):
        with statements() as seen:
            assert len(events(client.get(address))) >= 5
        assert len(seen) <= few


def test_too_many_bookings_shorten_the_window_and_not_the_truth(
    client: FlaskClient, a_booking: Callable, an_instrument: Callable, a_span: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    instrument = an_instrument()
    made = [a_booking(instrument=instrument, span=a_span(hours)) for hours in (1, 3, 5, 7)]
    monkeypatch.setattr(calendars, "MOST_EVENTS", 3)
    answer = client.get(f"/calendars/instruments/{instrument.id}.ics")
    assert len(events(answer)) == 3
    (availability,) = Calendar.from_ical(answer.data).walk("VAVAILABILITY")
    assert availability["DTEND"].dt == made[3].start_at


def test_hostile_names_and_notes_stay_text(
    client: FlaskClient, session: Session, an_instrument: Callable, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable,
    a_span: Callable, now: datetime
) -> None:  # fmt: skip
    person = a_person(language="zh")
    instrument = an_instrument(name_zh=HOSTILE, building=HOSTILE, room=HOSTILE, contact=HOSTILE)
    a_booking(instrument=instrument, viewer=a_viewer(person=person), note=HOSTILE)
    close(session, instrument, a_span(50, 2), kind="fault", reason=HOSTILE, time_zone="Asia/Shanghai", now=now, by=None)
    for address, count in ((feed_of(person), 1), (f"/calendars/instruments/{instrument.id}.ics", 2)):
        answer = client.get(address)
        assert len(events(answer)) == count
        assert all("ATTENDEE" not in one for one in events(answer))
        assert b"\r\nATTENDEE" not in answer.data


def test_reading_a_calendar_writes_nothing(client: FlaskClient, statements: Callable, a_booking: Callable) -> None:
    address = f"/calendars/instruments/{a_booking().instrument_id}.ics"
    with statements() as seen:
        client.get(address)
        client.head(address)
    assert not [one for one in seen if one.split()[0] in ("INSERT", "UPDATE", "DELETE")]


def test_only_get_and_head_are_answered(client: FlaskClient, a_booking: Callable) -> None:
    address = f"/calendars/instruments/{a_booking().instrument_id}.ics"
    assert client.post(address).status_code in (400, 405)
