"""A person's own feed: her bookings and no others, in her language, for as long as its address lives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from instruments.people import disable
from instruments.timespan import TimeSpan
from portal import calendars
from portal.auth import feeds
from scheduling.changing import move
from scheduling.deciding import approve
from tests.fixtures.calendars import events, never_built

APPROVAL = [{"kind": "approval", "parameters": {}}]


def test_a_feed_holds_ones_own_bookings_and_no_others(
    client: FlaskClient, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable, an_instrument: Callable, a_span: Callable
) -> None:
    person = a_person(language="en")
    instrument = an_instrument(building="Science Hall", room="201", contact="Dr Li", phone="0351-1234")
    mine = a_booking(instrument=instrument, viewer=a_viewer(person=person), note="two samples")
    a_booking(instrument=instrument, span=a_span(9))
    answer = client.get(feed_of(person))
    (shown,) = events(answer)
    assert str(shown["UID"]) == f"{mine.uid}@localhost"
    assert str(shown["SUMMARY"]) == "Scanning electron microscope"
    assert (shown["DTSTART"].dt, shown["DTEND"].dt) == (mine.start_at, mine.end_at)
    assert str(shown["LOCATION"]) == "201 Science Hall"
    assert str(shown["URL"]) == f"http://localhost/bookings/{mine.id}"
    assert str(shown["STATUS"]) == "CONFIRMED"
    assert "Dr Li" in str(shown["DESCRIPTION"])
    assert "two samples" in str(shown["DESCRIPTION"])
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_feed_speaks_its_persons_language(
    client: FlaskClient, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable
) -> None:
    person = a_person(language="zh")
    a_booking(viewer=a_viewer(person=person))
    (shown,) = events(client.get(feed_of(person)))  # the browser asks for English
    assert str(shown["SUMMARY"]) == "扫描电子显微镜"


def test_a_move_keeps_the_uid_and_raises_the_sequence(
    client: FlaskClient, session: Session, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable, a_span: Callable, now: datetime
) -> None:
    person = a_person()
    viewer = a_viewer(person=person)
    booking, address = a_booking(viewer=viewer), feed_of(person)
    (before,) = events(client.get(address))
    moved = move(session, booking.id, a_span(30, 2), viewer=viewer, now=now)
    (after,) = events(client.get(address))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == moved.start_at


def test_a_request_is_tentative_until_it_is_approved(
    client: FlaskClient, session: Session, a_booking: Callable, an_instrument: Callable, a_manager: Callable, a_person: Callable, a_viewer: Callable,
    feed_of: Callable, now: datetime
) -> None:  # fmt: skip
    instrument, person = an_instrument(rules=APPROVAL), a_person(language="en")
    booking, address = a_booking(instrument=instrument, viewer=a_viewer(person=person)), feed_of(person)
    first = client.get(address)
    (waiting,) = events(first)
    assert str(waiting["STATUS"]) == "TENTATIVE"
    assert "waiting for approval" in str(waiting["SUMMARY"])
    approve(session, booking.id, viewer=a_manager(instrument), now=now)
    second = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    (confirmed,) = events(second)
    assert str(confirmed["STATUS"]) == "CONFIRMED"


def test_a_feed_that_did_not_change_is_not_built(
    client: FlaskClient, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = a_person()
    a_booking(viewer=a_viewer(person=person))
    address = feed_of(person)
    mark = client.get(address).headers["ETag"]
    monkeypatch.setattr(calendars, "person_calendar", never_built)
    assert client.get(address, headers={"If-None-Match": mark}).status_code == 304


def test_a_feed_dies_when_revoked_renewed_or_its_person_shut_out(
    client: FlaskClient, session: Session, a_person: Callable, feed_of: Callable, now: datetime
) -> None:
    person = a_person()
    first = feed_of(person)
    mark = client.get(first).headers["ETag"]
    second = feed_of(person)
    assert client.get(first, headers={"If-None-Match": mark}).status_code == 404
    assert client.get(second).status_code == 200
    feeds.revoke(session, person.id, now=now)
    assert client.get(second, headers={"If-None-Match": mark}).status_code == 404
    third = feed_of(person)
    disable(person, "left")
    assert client.get(third).status_code == 404


@pytest.mark.parametrize("secret", ["x", "%00", "..%2f..", "' OR 1=1 --", "a" * 5000, "\u202e"])
def test_a_guessed_address_leads_nowhere(client: FlaskClient, a_person: Callable, secret: str) -> None:
    a_person()
    assert client.get(f"/calendars/feeds/{secret}.ics").status_code == 404


def test_times_before_and_after_the_window_are_left_out(
    client: FlaskClient, a_booking: Callable, a_person: Callable, a_viewer: Callable, feed_of: Callable, now: datetime
) -> None:
    person = a_person()
    long_ago = now - timedelta(days=200)
    a_booking(viewer=a_viewer(person=person), span=TimeSpan(long_ago, long_ago + timedelta(hours=1)), at=long_ago - timedelta(hours=1))
    recent = now - timedelta(days=20)
    a_booking(viewer=a_viewer(person=person), span=TimeSpan(recent, recent + timedelta(hours=1)), at=recent - timedelta(hours=1))
    (shown,) = events(client.get(feed_of(person)))
    assert shown["DTSTART"].dt.astimezone(UTC) == recent


def test_a_feed_opens_nothing_else(client: FlaskClient, a_person: Callable, feed_of: Callable) -> None:
    answer = client.get(feed_of(a_person()))
    assert "Set-Cookie" not in answer.headers
    assert client.get("/me").status_code in (302, 401)
