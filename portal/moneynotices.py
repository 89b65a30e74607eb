"""Who is told what of money by mail, as it happens: objections and their answers, spends decided, statements, vouchers, claims.

Each letter goes out once under the name of its event and reader. Letters that gather a day are in portal/moneyticks.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.people import Person
from portal.cycles import within
from portal.links import outside_path
from portal.notices import notice
from portal.outbox import enqueue
from portal.recipients import administrators_of, answering_for, managers_of, pis_of, province_administrators
from portal.statementrows import pick
from scheduling.accounting.charges import Charge
from scheduling.accounting.claims import STATUSES as CLAIM_STATUSES
from scheduling.accounting.claims import Claim
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.holds import Hold, open_holds
from scheduling.accounting.statements import Statement
from scheduling.accounting.vouchers import Voucher

LISTED = 50  # as many things one letter names; of the rest it gives the number
WORDS = {"page": outside_path, "pick": pick, "listed": LISTED}


def tell(session: Session, people: Iterable[Person], kind: str, event: str, context: Mapping[str, Any], now: datetime) -> None:
    """Write one letter to each of these people who is active; `event` names what happened, once and for all."""
    for person in people:
        if person.status == "active":
            enqueue(session, to=person, kind=kind, context={**WORDS, **context}, now=now, key=f"{kind}/{event}/{person.id}")


def disputed_notice(session: Session, one: Charge, now: datetime) -> None:
    """Tell the managers that somebody objects to a charge."""
    last = one.disputes[-1]
    by = session.get_one(Person, last.by)
    managers = managers_of(session, [one.instrument])[one.instrument_id]
    tell(session, managers, "charge-disputed", str(last.id), {"one": one, "by": by, "reason": last.reason}, now)


def answered_notice(session: Session, one: Charge, now: datetime) -> None:
    """Tell the paying side what was answered to its objection: the user, who objected, and the PIs of the group."""
    last = one.disputes[-1]
    people = [one.person, session.get_one(Person, last.by)]
    if one.group_id is not None:
        people += pis_of(session, [one.group_id]).get(one.group_id, [])
    told = {person.id: person for person in people}.values()
    tell(session, told, "charge-answered", str(last.id), {"one": one, "last": last}, now)


def spend_notice(session: Session, hold: Hold, now: datetime, *, actor: Viewer) -> None:
    """Tell who booked what the PI said: that the booking is paid for, once nobody else is asked, or that it is cancelled."""
    if hold.approval == "refused":
        notice(session, hold.booking, "unfunded", now, actor=actor, reason=hold.reason)
    elif not any(other.approval == "asked" for other in open_holds(session, [hold.booking_id])):
        notice(session, hold.booking, "funded", now, actor=actor, reason=hold.reason)


def statements_notice(session: Session, closed: PeriodClose, now: datetime) -> None:
    """Tell who answers for the accounts of the statements just made: one letter to each, with those that are hers to read."""
    made = session.scalars(
        select(Statement)
        .where(Statement.organisation_id == closed.organisation_id, Statement.month == closed.month)
        .options(joinedload(Statement.account))
        .order_by(Statement.id)
    ).all()
    answering = answering_for(session, {one.account_id: one.account for one in made}.values())
    theirs: dict[int, tuple[Person, list[Statement]]] = {}
    for one in made:
        for person in answering[one.account_id]:
            theirs.setdefault(person.id, (person, []))[1].append(one)
    for person, rows in theirs.values():
        tell(session, [person], "statements-issued", str(closed.id), {"rows": rows, "first": rows[0], "period": within}, now)


def voucher_notice(session: Session, one: Voucher, now: datetime) -> None:
    """Tell the applicant that a voucher is granted or refused."""
    session.flush()
    tell(session, [one.applicant], "voucher-decided", f"{one.id}/{one.version}", {"one": one}, now)


def claim_notice(session: Session, one: Claim, now: datetime) -> None:
    """Tell of a claim's way: the provider what waits for it, the province what the provider confirmed, the firm all that is said to it."""
    session.flush()
    event, context = f"{one.id}/{one.version}", {"one": one, "status": CLAIM_STATUSES[one.status]}
    waits: Sequence[Person] = ()
    if one.status == "submitted":
        waits = administrators_of(session, one.organisation_id)
    elif one.status == "confirmed":
        waits = province_administrators(session)
    tell(session, waits, "claim-waits", event, context, now)
    if one.status in ("confirmed", "returned", "settled", "refused"):
        people = session.scalars(select(Person).where(Person.id.in_({one.made_by, one.submitted_by or one.made_by})).order_by(Person.id)).all()
        tell(session, people, "claim-moved", event, context, now)
