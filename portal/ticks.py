"""What the ticks do. Each is harmless to repeat: rows are claimed, letters have unique keys, verbs look again under their locks."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from threading import Event

import structlog
from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session, joinedload

from instruments.database import is_sqlite
from instruments.people import Person
from instruments.timespan import zone
from portal import delivery, files, idempotency, importruns, outbox, sealing
from portal.auth import limits, mailed, sessions
from portal.config import settings
from portal.evenings import LOOK_BACK, evening_after
from portal.notices import notice, unstarted_notice
from portal.outbox import OutboxMessage
from portal.recipients import managers_of
from portal.transactions import reading, writing
from portal.turns import is_alone
from scheduling import attempts
from scheduling.accounting.charging import finalise_due
from scheduling.accounting.missed import charge_missed
from scheduling.bookings import Booking
from scheduling.deciding import expire_requests
from scheduling.desk import due_no_shows
from scheduling.matching import match_due
from scheduling.pricebands import refresh_prices
from scheduling.statistics.keeping import note_new_day
from scheduling.statistics.keeping import work_off as work_off_notes
from scheduling.switchedon import work_off
from scheduling.unended import note_unended

GRACE = timedelta(minutes=30)
BATCH, CHARGES = 200, 200
log = structlog.get_logger()


def deliver(_now: datetime, stop: Event) -> None:
    """Send the mail that is due."""
    sent = delivery.deliver(stop)
    if sent:
        log.info("mail_sent", letters=sent)


def expire(now: datetime, stop: Event) -> None:
    """Let requests lapse that nobody decided in time, and tell those who asked."""
    while not stop.is_set():
        with writing() as session:
            lapsed = expire_requests(session, now=now, most=BATCH) if is_alone(session, "expire") else []
            for one in lapsed:
                notice(session, one, "expired", now)
        if lapsed:
            log.info("requests_lapsed", requests=len(lapsed))
        if len(lapsed) < BATCH:
            return


def no_shows(now: datetime, _stop: Event) -> None:
    """Release bookings nobody came to, where the instrument's rules say so, and tell those who booked."""
    with writing() as session:
        missed = due_no_shows(session, now=now) if is_alone(session, "no-shows") else []
        for one in missed:
            notice(session, one, "no-show", now)
    if missed:
        log.info("no_shows", bookings=len(missed))


def unstarted(now: datetime, _stop: Event) -> None:
    """Tell managers, each evening in one letter, of the day's bookings that nobody started."""
    with writing() as session:
        if not is_alone(session, "unstarted"):
            return
        for (manager, day), bookings in _unstarted_by_manager(session, now).items():
            unstarted_notice(session, manager, bookings, day=day.isoformat(), now=now)


def unended(now: datetime, _stop: Event) -> None:
    """Put uses nobody ended into the problem queue."""
    with writing() as session:
        found = note_unended(session, now=now) if is_alone(session, "unended") else []
    if found:
        log.info("uses_unended", uses=len(found))


def _unstarted_by_manager(session: Session, now: datetime) -> dict[tuple[Person, date], list[Booking]]:
    late = [one for one in _late(session, now) if _evening_of(one) <= now]
    managers = managers_of(session, {one.instrument_id: one.instrument for one in late}.values())
    found: dict[tuple[Person, date], list[Booking]] = {}
    for one in late:
        day = _evening_of(one).astimezone(zone(one.instrument.time_zone)).date()
        for manager in managers[one.instrument_id]:
            found.setdefault((manager, day), []).append(one)
    return found


def _late(session: Session, now: datetime) -> list[Booking]:
    rows = session.scalars(
        select(Booking)
        .options(joinedload(Booking.instrument), joinedload(Booking.person))
        .where(Booking.status == "confirmed", Booking.start_at > now - LOOK_BACK, Booking.start_at <= now - GRACE)
        .order_by(Booking.start_at, Booking.id)
    )
    return list(rows)


def _evening_of(one: Booking) -> datetime:
    """Give the first evening after the booking should have been started."""
    return evening_after(one.start_at + GRACE, one.instrument.time_zone)


def charges(now: datetime, stop: Event) -> None:
    """Put charges on the books that nobody objected to in time, and draft the fees for bookings missed or cancelled too late."""
    for name, work in (("finalise", finalise_due), ("missed", charge_missed)):
        while not stop.is_set():
            with writing() as session:
                done = len(work(session, now=now, most=CHARGES)) if is_alone(session, f"charges-{name}") else 0
            if done:
                log.info("charges_done", step=name, charges=done)
            if done < CHARGES:
                break


def remind(now: datetime, stop: Event) -> None:
    """Remind people of bookings about to begin; who booked within that time needs no reminder."""
    ahead = timedelta(hours=settings().reminder_hours)
    if not ahead:
        return
    with reading() as session:
        waiting = _to_remind(session, now, ahead)
    for first in range(0, len(waiting), BATCH):
        if stop.is_set():
            return
        with writing() as session:
            chosen = waiting[first : first + BATCH]
            for one in session.scalars(select(Booking).options(joinedload(Booking.person)).where(Booking.id.in_(chosen))):
                if one.status == "confirmed":
                    notice(session, one, "reminder", now)


def _to_remind(session: Session, now: datetime, ahead: timedelta) -> list[int]:
    key = literal("booking-reminder/") + cast(Booking.id, String)
    reminded = select(OutboxMessage.id).where(OutboxMessage.key == key).exists()
    rows = session.execute(
        select(Booking.id, Booking.start_at, Booking.created_at, Booking.decided_at)
        .where(Booking.status == "confirmed", Booking.start_at > now, Booking.start_at <= now + ahead, ~reminded)
        .order_by(Booking.start_at, Booking.id)
    )
    return [row.id for row in rows if max(row.created_at, row.decided_at or row.created_at) <= row.start_at - ahead]


def seal(_now: datetime, stop: Event) -> None:
    """Chain the audit entries that are not sealed yet."""
    sealed = sealing.seal(stop)
    if sealed:
        log.info("audit_sealed", entries=sealed)


def imports(now: datetime, stop: Event) -> None:
    """Bring in the lists that wait, batch by batch."""
    importruns.work(now, stop)


def figures(now: datetime, stop: Event) -> None:
    """Make the figures anew that something has changed, and let them reach into each new day."""
    with writing() as session:
        if is_alone(session, "new-day"):
            note_new_day(session, now=now)
    done = 1
    while done and not stop.is_set():
        began = time.monotonic()
        with writing() as session:
            done = work_off_notes(session, now=now)
            has_one_writer = is_sqlite(session)
        if done and has_one_writer:
            stop.wait(time.monotonic() - began)  # others get their turn


def readings(now: datetime, stop: Event) -> None:
    """Make switched-on intervals of what gateways have sent, and match them with uses."""
    worked = 1
    while worked and not stop.is_set():
        with writing() as session:
            worked = work_off(session)
    matched = 1
    while matched and not stop.is_set():
        with writing() as session:
            matched = match_due(session, now=now) if is_alone(session, "readings") else 0
        if matched:
            log.info("readings_matched", intervals=matched)


def prices(now: datetime, _stop: Event) -> None:
    """Let the search know what an hour costs, where rates have changed or come into force."""
    with writing() as session:
        changed = refresh_prices(session, now=now) if is_alone(session, "prices") else 0
    if changed:
        log.info("prices_indexed", instruments=changed)


def prune(now: datetime, _stop: Event) -> None:
    """Forget what nobody needs any more: guesses, dead links and logins, old idempotency keys, texts of old letters, old lists and files, refusals."""
    importruns.prune(now)
    files.prune(now)
    for forget in (limits.prune, mailed.prune, sessions.prune, idempotency.forget_keys, outbox.prune, attempts.prune):
        with writing() as session:
            forget(session, now=now)
