"""The letters about money that gather: spends that wait for the PI, and each evening charges to look at and problems of uses.

All of it is read from what there is, so that no way of booking, confirming or recording can forget to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from threading import Event

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.people import Person
from instruments.timespan import zone
from portal.evenings import LOOK_BACK, evening_after
from portal.formats import HOME
from portal.moneynotices import tell
from portal.outbox import OutboxMessage
from portal.recipients import answering_for, managers_of
from portal.transactions import writing
from portal.turns import is_alone
from scheduling.accounting.charges import Charge
from scheduling.accounting.holds import Hold
from scheduling.bookings import Booking
from scheduling.usage import UsageRecord
from scheduling.usageproblems import KINDS, UsageProblem, count_problems_of

SETTLING = timedelta(minutes=5)  # what was begun before an evening is committed by then
SLICE = 500


def spends(now: datetime, _stop: Event) -> None:
    """Ask PIs to approve spends: one letter for all the bookings somebody made at once on an account."""
    with writing() as session:
        if not is_alone(session, "spends"):
            return
        asked: dict[tuple[int, int, datetime], list[Hold]] = {}
        for hold in _asked(session, now):
            asked.setdefault((hold.account_id, hold.person_id, hold.placed_at), []).append(hold)
        answering = answering_for(session, {holds[0].account_id: holds[0].account for holds in asked.values()}.values())
        for (account_id, person_id, placed_at), holds in asked.items():
            event = f"{account_id}/{person_id}/{placed_at:%Y%m%d%H%M%S%f}"
            people = _untold(session, "spend-to-approve", event, answering[account_id])
            tell(session, people, "spend-to-approve", event, {"holds": holds, "first": holds[0]}, now)


def _asked(session: Session, now: datetime) -> Iterable[Hold]:
    return session.scalars(
        select(Hold)
        .where(Hold.status == "open", Hold.approval == "asked", Hold.placed_at > now - LOOK_BACK)
        .options(
            joinedload(Hold.account),
            joinedload(Hold.booking).options(joinedload(Booking.instrument), joinedload(Booking.person)),
        )
        .order_by(Hold.placed_at, Hold.id)
    )


def _untold(session: Session, kind: str, event: str, people: Iterable[Person]) -> list[Person]:
    """Give those who have not had this letter, so that it is not laid out again and again."""
    keys = {f"{kind}/{event}/{person.id}": person for person in people}
    known = set(session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.in_(list(keys)))))
    return [person for key, person in keys.items() if key not in known]


def to_review(now: datetime, stop: Event) -> None:
    """Show people, each evening in one letter, the charges put to them that day."""
    with writing() as session:
        if not is_alone(session, "to-review"):
            return
        for (person_id, day), ids in _to_review(session, now).items():
            if stop.is_set():
                return
            people = _untold(session, "charges-to-review", day.isoformat(), [session.get_one(Person, person_id)])
            if people:
                context = {"charges": _charges(session, ids), "count": len(ids)}
                tell(session, people, "charges-to-review", day.isoformat(), context, now)


def _to_review(session: Session, now: datetime) -> dict[tuple[int, date], list[int]]:
    """Give the charges put to people since their last evening, by person and day."""
    rows = session.execute(
        select(Charge.id, Charge.person_id, Charge.confirmed_at)
        .where(Charge.status == "review", Charge.review_until > now, Charge.confirmed_at > now - LOOK_BACK)
        .order_by(Charge.used_at, Charge.id)
    )
    found: dict[tuple[int, date], list[int]] = {}
    for charge_id, person_id, confirmed_at in rows:
        evening = evening_after(confirmed_at, HOME)
        if evening + SETTLING <= now:
            found.setdefault((person_id, evening.astimezone(zone(HOME)).date()), []).append(charge_id)
    return found


def _charges(session: Session, ids: list[int]) -> list[Charge]:
    asked = select(Charge).where(Charge.id.in_(ids[:SLICE])).options(joinedload(Charge.instrument)).order_by(Charge.used_at, Charge.id)
    return list(session.scalars(asked))


def problems(now: datetime, _stop: Event) -> None:
    """Tell managers, each evening in one letter, of the problems of uses that came up that day and are still open."""
    with writing() as session:
        if not is_alone(session, "problems"):
            return
        for (manager, day, time_zone), found in _by_manager(session, now).items():
            event = f"{day}/{time_zone}"
            people = _untold(session, "problems-open", event, [manager])
            if people:
                waiting = count_problems_of(session, {one.instrument_id for one in found})
                tell(session, people, "problems-open", event, {"problems": found, "waiting": waiting, "kinds": KINDS}, now)


def _by_manager(session: Session, now: datetime) -> dict[tuple[Person, date, str], list[UsageProblem]]:
    new = [one for one in _new_problems(session, now) if evening_after(one.opened_at, one.instrument.time_zone) + SETTLING <= now]
    managers = managers_of(session, {one.instrument_id: one.instrument for one in new}.values()) if new else {}
    found: dict[tuple[Person, date, str], list[UsageProblem]] = {}
    for one in new:
        time_zone = one.instrument.time_zone
        day = evening_after(one.opened_at, time_zone).astimezone(zone(time_zone)).date()
        for manager in managers[one.instrument_id]:
            found.setdefault((manager, day, time_zone), []).append(one)
    return found


def _new_problems(session: Session, now: datetime) -> Iterable[UsageProblem]:
    return session.scalars(
        select(UsageProblem)
        .where(UsageProblem.resolved_at.is_(None), UsageProblem.opened_at > now - LOOK_BACK)
        .options(joinedload(UsageProblem.instrument), joinedload(UsageProblem.usage).joinedload(UsageRecord.person))
        .order_by(UsageProblem.opened_at, UsageProblem.id)
    )
