"""Who is told what by mail: one letter per person and event, however many bookings the event concerns.

Each letter says what happened, to which instrument, when and where, whom to ask and what comes next, and carries the calendar entry.
Of what happens to bookings only the facts are written down, because somebody waits for the lock; `written` makes the letter of them later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.people import Person
from instruments.qualifications import GRADES, Qualification
from portal import ical
from portal.config import settings
from portal.formats import when
from portal.language import current_language, in_language, name, t
from portal.letters import render
from portal.links import outside_path
from portal.mail import sender_address
from portal.outbox import OutboxMessage, enqueue, enqueue_facts
from portal.recipients import administrators_of, managers_of, province_administrators
from portal.told import Reader, ToldBooking
from scheduling.bookings import STATUSES, Booking
from scheduling.ical import invitation

Told = Booking | ToldBooking
PUBLISH, CANCEL = "PUBLISH", "CANCEL"
# What is told to the person who booked, and what her calendar is told with it.
CALENDAR = {
    "requested": PUBLISH, "confirmed": PUBLISH, "approved": PUBLISH, "changed": PUBLISH, "reminder": PUBLISH,
    "declined": CANCEL, "cancelled": CANCEL, "expired": CANCEL, "no-show": "", "closed": "", "funded": "", "unfunded": CANCEL,
}  # fmt: skip
PUBLICATION = {"accept": "accepted", "send_back": "sent-back", "suspend": "suspended", "resume": "accepted", "retire": "retired"}


def notice(
    session: Session, bookings: Booking | Sequence[Booking], kind: str, now: datetime, *, actor: Viewer | None = None,
    reason: str = "", before: Booking | None = None,
) -> None:  # fmt: skip
    """Tell the people who booked: requested, confirmed, approved, declined, changed, cancelled, reminder, expired, no-show or closed.

    'funded' and 'unfunded' tell what the PI said to the spend.
    What must be decided on, new or moved, is told to those who decide as well. `before` is the booking a change started from;
    `reason` is said where the booking carries none of its own; 'closed' means that the booking stands, but the instrument will be shut.
    """
    told = [bookings] if isinstance(bookings, Booking) else list(bookings)
    session.flush()  # ids and versions are part of the key
    was = ToldBooking.of(before).kept() if before else None
    for reader, theirs in _by_person(told, actor):
        facts = {
            "reader": reader.name, "actor": _other(actor, reader), "reason": reason or theirs[0].reason, "before": was,
            "bookings": [ToldBooking.of(one).kept() for one in theirs],
        }  # fmt: skip
        key = key_of(f"booking-{kind}", theirs, reader)
        enqueue_facts(session, to=reader, kind=f"booking-{kind}", facts=facts, method=CALENDAR[kind], now=now, key=key)
    waiting = [one for one in told if one.status == "requested"]
    if waiting and kind in ("requested", "changed"):
        _ask_for_decision(session, waiting, now)


def written(message: OutboxMessage) -> tuple[str, str, str | None]:
    """Lay out a letter of which only the facts are kept: (subject, text, calendar part)."""
    facts = message.facts or {}
    bookings = [ToldBooking.read(kept) for kept in facts["bookings"]]
    before = ToldBooking.read(facts["before"]) if facts.get("before") else None
    context = {**facts, "bookings": bookings, "before": before, **_words(bookings)}
    subject, body = render(message.kind, message.language, context)
    if not message.ics_method:
        return subject, body, None
    with in_language(message.language):
        organizer = sender_address(settings(), "").addr_spec
        entries = [ical.entry_of(one, organizer=organizer) for one in bookings]
        return subject, body, invitation(entries, method=message.ics_method).decode()


def booked_notice(session: Session, bookings: Sequence[Booking], now: datetime, *, actor: Viewer | None = None) -> None:
    """Tell of new bookings, made together: that they stand, or that some of them wait for approval."""
    notice(session, bookings, "requested" if any(one.status == "requested" for one in bookings) else "confirmed", now, actor=actor)


def _ask_for_decision(session: Session, waiting: Sequence[Booking], now: datetime) -> None:
    for manager, theirs in _by_manager(session, waiting):
        facts = {"reader": manager.name, "bookings": [ToldBooking.of(one, with_person=True).kept() for one in theirs]}
        key = key_of("booking-to-decide", theirs, manager)
        enqueue_facts(session, to=manager, kind="booking-to-decide", facts=facts, method="", now=now, key=key)


def unstarted_notice(session: Session, manager: Person, bookings: Sequence[Booking], *, day: str, now: datetime) -> None:
    """Tell a manager, once a day at most, of bookings that nobody started."""
    context = {"bookings": bookings, **_words(bookings)}
    enqueue(session, to=manager, kind="booking-unstarted", context=context, now=now, key=f"unstarted/{day}/{manager.id}")


def qualification_notice(session: Session, qualification: Qualification, kind: str, now: datetime) -> None:
    """Tell the manager that a qualification is asked for, or the person that it is granted, refused or revoked."""
    session.flush()
    to = managers_of(session, [qualification.instrument])[qualification.instrument_id] if kind == "asked" else [qualification.person]
    stamp = (qualification.decided_at if kind != "asked" else None) or qualification.asked_at
    context = {"qualification": qualification, "instrument": qualification.instrument, "grade": GRADES[qualification.grade], **_words(())}
    for person in to:
        key = f"qualification-{kind}/{qualification.id}/{stamp:%Y%m%d%H%M%S%f}/{person.id}"
        enqueue(session, to=person, kind=f"qualification-{kind}", context=context, now=now, key=key)


def person_notice(session: Session, person: Person, kind: str, now: datetime) -> None:
    """Tell a person that she is admitted, refused or disabled."""
    session.flush()
    context = {"note": person.status_note, **_words(())}
    enqueue(session, to=person, kind=f"person-{kind}", context=context, now=now, key=f"person-{kind}/{person.id}/{person.version}")


def waiting_notice(session: Session, person: Person, now: datetime) -> None:
    """Tell the administrators of her organisation that a person waits to be admitted."""
    session.flush()
    context = {"person_name": person.name, "person_email": person.email, "url": outside_path("/organisation/people?status=waiting")}
    for administrator in administrators_of(session, person.organisation_id):
        key = f"person-waiting/{person.id}/{person.version}/{administrator.id}"
        enqueue(session, to=administrator, kind="person-waiting", context=context, now=now, key=key)


def instrument_notice(session: Session, instrument: Instrument, step: str, now: datetime) -> None:
    """Tell the province that an instrument is submitted, or its managers what became of it (a step of instruments.publication)."""
    session.flush()
    if step == "submit":
        kind, to = "submitted", province_administrators(session)
    elif step in PUBLICATION:
        kind, to = PUBLICATION[step], managers_of(session, [instrument])[instrument.id]
    else:
        return
    context = {"instrument": instrument, "note": instrument.publication_note, **_words(())}
    for person in to:
        key = f"instrument-{kind}/{instrument.id}/{instrument.version}/{person.id}"
        enqueue(session, to=person, kind=f"instrument-{kind}", context=context, now=now, key=key)


def key_of(kind: str, bookings: Sequence[Booking], reader: Reader) -> str:
    """Name an event for one person; the same event tells her nothing new. A booking is reminded of once."""
    if kind == "booking-reminder":
        return f"{kind}/{bookings[0].id}"
    first = bookings[0]
    if len(bookings) == 1:
        return f"{kind}/{first.id}/{first.version}/{reader.person_id}"
    all_of_them = ",".join(f"{one.id}:{one.version}" for one in bookings)
    return f"{kind}/{hashlib.sha256(all_of_them.encode()).hexdigest()[:32]}/{reader.person_id}"


def _words(bookings: Sequence[Told]) -> dict[str, Any]:
    """Give the templates what they need to name things; called while the letter is written, in its language."""
    return {"what": lambda: _what(bookings), "place": ical.place, "contact": ical.contact, "page": outside_path, "states": STATUSES, "reasons": _reasons}


def _what(bookings: Sequence[Told]) -> str:
    first = bookings[0]
    if len(bookings) > 1:
        return t("{first} 等 {n} 项", "{first} and {others} more", first=name(first.instrument), n=len(bookings), others=len(bookings) - 1)
    return t("{what}，{at}", "{what}, {at}", what=name(first.instrument), at=when(first.span, first.instrument.time_zone))


def _reasons(one: Told) -> str:
    """Give the reasons why a booking needs approval in the reader's language; they are kept as "中文 / English", a line each."""
    lines = []
    for line in one.approval_reasons.splitlines():
        parts = line.split(" / ")
        half = len(parts) // 2
        both = parts[:half], parts[half:]
        lines.append(line if len(parts) % 2 else " / ".join(both[0] if current_language() == "zh" else both[1]))
    return "\n".join(lines)


def _other(actor: Viewer | None, reader: Reader) -> str:
    """Name whoever did it, unless it was the reader herself."""
    return actor.name if actor is not None and not actor.is_anonymous and actor.person_id != reader.person_id else ""


def _by_person(bookings: Iterable[Booking], actor: Viewer | None) -> list[tuple[Reader, list[Booking]]]:
    """Sort bookings by who made them; who is shut out is not written to."""
    found: dict[int, tuple[Reader, list[Booking]]] = {}
    for one in bookings:
        if one.person_id in found:
            found[one.person_id][1].append(one)
        elif actor is not None and actor.person_id == one.person_id:  # known already, and the way of every booking
            found[one.person_id] = (Reader.of(actor), [one])
        elif one.person.status == "active":
            found[one.person_id] = (Reader.of(one.person), [one])
    return list(found.values())


def _by_manager(session: Session, bookings: Sequence[Booking]) -> list[tuple[Reader, list[Booking]]]:
    managers = managers_of(session, {one.instrument_id: one.instrument for one in bookings}.values())
    found: dict[int, tuple[Reader, list[Booking]]] = {}
    for one in bookings:
        for manager in managers[one.instrument_id]:
            found.setdefault(manager.id, (Reader.of(manager), []))[1].append(one)
    return list(found.values())
