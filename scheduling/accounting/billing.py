"""Charge what happened: a use that was confirmed, a booking missed or cancelled too late. Prices come from the rates, never from a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer, load_viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, NotFound, OutOfOrder, Refused, Sentence
from instruments.people import Person
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import Bill, add_charge, add_manual_line
from scheduling.accounting.holds import release
from scheduling.accounting.spending import refusals_for, shares_of
from scheduling.accounting.splits import WHOLE
from scheduling.pricing.lines import Priced
from scheduling.rates import UseFacts, price_usage, use_facts
from scheduling.usage import UsageRecord


def make_charge(session: Session, usage: UsageRecord, *, now: datetime, facts: UseFacts | None = None) -> Charge | None:
    """Make the draft of what a confirmed use costs; None where the instrument has no rates: then nothing stays held either.

    `facts` are what prices of uses rest on, where they were read for many at once.
    """
    if usage.status != "confirmed":
        raise OutOfOrder(Sentence("请先确认该使用记录。", "Confirm this use first."))
    facts = facts or use_facts(session, [usage])
    version, priced = price_usage(session, usage, now=now, facts=facts)
    if priced is None:
        if usage.booking_id is not None:
            release(session, [usage.booking_id], now=now)
        return None
    quote = facts.quotes.get(usage.booking_id or 0)
    bill = Bill(
        "use", usage.instrument, usage.person, usage.start_at, priced, version, usage, usage.booking, usage.group_id, usage.organisation_id,
        quote.total if quote else None, shares_of(quote),
    )  # fmt: skip
    return add_charge(session, bill, now=now)


def check_not_charged(session: Session, usage: UsageRecord) -> None:
    """Refuse to open a use again whose charge stands."""
    stands = (Charge.usage_id == usage.id, Charge.status != "reversed", Charge.reverses_id.is_(None))
    if session.scalar(select(Charge.id).where(*stands)) is not None:
        raise OutOfOrder(Sentence("该使用已计费，请先撤销收费。", "This use is charged. Reverse the charge first."))


def charge_by_hand(
    session: Session, instrument_id: int, person: Person, label: str, amount: Decimal, *, reason: str, viewer: Viewer, now: datetime,
    account_id: int | None = None,
) -> Charge:  # fmt: skip
    """Make the draft of a charge for something that is no use, as the instrument's manager: one line of her own, with its reason."""
    instrument = session.get(Instrument, instrument_id)
    if instrument is None or not viewer.may_inspect(instrument):
        raise NotFound
    if not viewer.may_manage(instrument):
        raise Forbidden
    if account_id is not None:
        refusals = refusals_for(
            session, account_id, amount, person=load_viewer(session, person), provider_id=instrument.organisation_id, now=now
        )
        if refusals:
            raise Refused(refusals)
    shares = ((account_id, WHOLE),) if account_id is not None else ()
    made = add_charge(session, Bill("manual", instrument, person, now, Priced((), None), shares=shares), now=now)
    return add_manual_line(session, made.id, label, amount, reason=reason, viewer=viewer, now=now)
